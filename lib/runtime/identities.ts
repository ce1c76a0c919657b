import type { Identity } from '../loyalty/facts.ts';

/**
 * One way of writing for one identity, since members are found by it. A phone number in international form needs no
 * number plan; `phone-numbers.ts` reads the others, for those functions that can afford to carry every country's.
 */
export function internationalPhone(text: string): string | undefined {
  const number = text.trim().replace(/\(0\)|[\s().\-/]/g, '');
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined;
}

/** Case tells no two mailboxes apart in practice, and people type it either way. */
export function foldedEmail(text: string): string | undefined {
  const email = text.trim().normalize('NFC').toLowerCase();
  return /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/.test(email) && email.length <= 200 ? email : undefined;
}

/** As a scanner reads it or a hand types it. */
export function plainCard(text: string): string | undefined {
  const card = text.replace(/[\s-]/g, '').toUpperCase();
  return /^[0-9A-Z]{3,64}$/.test(card) ? card : undefined;
}

/** `undefined` when it cannot be an identity of its type. Those of connectors are theirs: nothing is changed in them. */
export function normalized(
  { type, value }: Identity,
  phone: (text: string) => string | undefined = internationalPhone,
): Identity | undefined {
  const one = written(type, value, phone);
  return one === undefined ? undefined : { type, value: one };
}

function written(type: string, value: string, phone: (text: string) => string | undefined): string | undefined {
  switch (type) {
    case 'phone':
      return phone(value);
    case 'email':
      return foldedEmail(value);
    case 'card':
      return plainCard(value);
    default:
      return value;
  }
}
