import { minorDigits } from '../../loyalty/money.ts';
import { Permanent } from '../kit/errors.ts';

// Stripe's own list; it is not quite ISO 4217 (krónur and shillings have cents there).
const NO_DECIMALS = new Set([
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'JPY',
  'KMF',
  'KRW',
  'MGA',
  'PYG',
  'RWF',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
]);
const THREE_DECIMALS = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** Stripe's smallest unit → ours. They are the same but for a few currencies. */
export function minorOf(amount: number, currency: string): number {
  const theirs = NO_DECIMALS.has(currency) ? 0 : THREE_DECIMALS.has(currency) ? 3 : 2;
  let ours: number;
  try {
    ours = minorDigits(currency);
  } catch (cause) {
    throw new Permanent('not an ISO 4217 currency', { cause });
  }
  // Fewer digits with us: Stripe's own rules leave nothing but zeros there.
  return Math.round(amount * 10 ** (ours - theirs));
}
