import type { Identity } from '../../loyalty/facts.ts';

/** A number that says its own country → E.164, without the number plans of the world: they are 100 KB. */
export function internationalPhone(text: string): string | undefined {
  const number = text.trim().replace(/\(0\)|[\s().\-/]/g, '');
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined;
}

/** Lower case, or `undefined` for what is no address. */
export function email(text: string): string | undefined {
  const address = text.trim().normalize('NFC').toLowerCase();
  return /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(address) && address.length <= 200 ? address : undefined;
}

/** As a scanner reads it or a hand types it. */
export function card(text: string): string | undefined {
  const number = text.replace(/[\s-]/g, '').toUpperCase();
  return /^[0-9A-Z]{3,64}$/.test(number) ? number : undefined;
}

/**
 * All that is known about who it was, best first. What is missing or cannot be normalised is left out: a wrong number
 * must not keep a sale from the member's e-mail. `phone` reads numbers; that of `national-phone.ts` knows national ones.
 */
export function identities(
  known: readonly (readonly [type: string, value: string | null | undefined])[],
  phone: (text: string) => string | undefined = internationalPhone,
): Identity[] {
  const readers: Readonly<Record<string, (text: string) => string | undefined>> = { phone, email, card };
  const found = new Map<string, Identity>();
  for (const [type, raw] of known) {
    if (!raw) continue;
    const value = readers[type] ? readers[type](raw) : raw.trim();
    if (value && value.length <= 200) found.set(`${type}:${value}`, { type, value });
  }
  return [...found.values()].slice(0, 10);
}
