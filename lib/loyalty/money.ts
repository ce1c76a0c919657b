import * as z from 'zod';

// The currencies that Node's ICU knows are the ISO 4217 list; asking it keeps us from carrying a copy, but takes its time.
let currencies: ReadonlySet<string> | undefined;
function isCurrency(code: string): boolean {
  currencies ??= new Set(Intl.supportedValuesOf('currency'));
  return currencies.has(code);
}

/** ISO 4217, upper case. */
export const Currency = z.string().refine(isCurrency, {
  // Amounts cannot be looked at without it.
  abort: true,
  error: (issue) => `unknown currency ${JSON.stringify(issue.input)}: use an ISO 4217 code such as EUR`,
});

/** ISO 4217 counts two digits for all but these. ICU counts what people pay with, which is fewer for some (HUF, COP). */
const DIGITS: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};
const digitsByCurrency = new Map(
  Object.entries(DIGITS).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)] as const)),
);

/** How many digits follow the decimal point: EUR 2, JPY 0, KWD 3. */
export const minorDigits = (currency: string): number => digitsByCurrency.get(currency) ?? 2;

/** More than this is a typing error in every currency we know, and it keeps sums far from 2^53. */
const MAX_MINOR = 1_000_000_000_000;

/**
 * Reads a decimal string in major units ("12.34") into minor units, exactly; `undefined` when the text is not an
 * amount of that currency (a fraction of a cent, a sign, an exponent, too large).
 */
export function parseAmount(text: string, currency: string): number | undefined {
  const match = /^(\d{1,13})(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  const digits = minorDigits(currency);
  const fraction = match[2] ?? '';
  // Trailing zeros are no fraction of a cent: Shopify writes "0.0", some tills "5.000".
  if (/[1-9]/.test(fraction.slice(digits))) return undefined;
  const minor = Number(match[1] + fraction.slice(0, digits).padEnd(digits, '0'));
  return minor <= MAX_MINOR ? minor : undefined;
}

/** The other way: 1234 → "12.34". */
export function formatAmount(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency);
  const sign = amountMinor < 0 ? '-' : '';
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** A non-negative amount in major units, as a till or a merchant's file writes it. */
export const DecimalAmount = z.string().regex(/^\d{1,13}(\.\d+)?$/, {
  error: (issue) =>
    `not an amount: ${JSON.stringify(issue.input)}; write major units as a decimal string, such as "12.34"`,
});
