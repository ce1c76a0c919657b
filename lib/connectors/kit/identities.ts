import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Identity } from '../../loyalty/facts.ts';

const E164 = /^\+[1-9]\d{6,14}$/;

/** E.164, or `undefined`. Parsed only where it is not in that form already; a national number needs its country. */
export function phone(text: string, country?: string | null): string | undefined {
  const trimmed = text.trim();
  if (E164.test(trimmed)) return trimmed;
  if (trimmed.length > 40) return undefined;
  const hint = country && isSupportedCountry(country) ? (country as CountryCode) : undefined;
  const parsed = parsePhoneNumberFromString(trimmed, hint);
  return parsed?.isPossible() && E164.test(parsed.number) ? parsed.number : undefined;
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
 * must not keep a sale from the member's e-mail.
 */
export function identities(
  known: readonly (readonly [type: string, value: string | null | undefined])[],
  country?: string | null,
): Identity[] {
  const found = new Map<string, Identity>();
  for (const [type, raw] of known) {
    if (!raw) continue;
    const value = normalized(type, raw, country);
    if (value && value.length <= 200) found.set(`${type}:${value}`, { type, value });
  }
  return [...found.values()].slice(0, 10);
}

function normalized(type: string, raw: string, country: string | null | undefined): string | undefined {
  if (type === 'phone') return phone(raw, country);
  if (type === 'email') return email(raw);
  return type === 'card' ? card(raw) : raw.trim();
}
