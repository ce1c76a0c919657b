import { card, email } from '../connectors/kit/identities.ts';
import type { Identity } from '../loyalty/facts.ts';

/**
 * A phone number in international form, which needs no number plan to be read. The kit's `phone` reads the others, for
 * those functions that can afford to carry every country's.
 */
export function internationalPhone(text: string): string | undefined {
  const number = text.trim().replace(/\(0\)|[\s().\-/]/g, '');
  return /^\+[1-9]\d{6,14}$/.test(number) ? number : undefined;
}

/** One way of writing for one identity, since members are found by it; `undefined` when it cannot be one of its type. */
export function normalized({ type, value }: Identity, phone = internationalPhone): Identity | undefined {
  const one = written(type, value, phone);
  return one === undefined ? undefined : { type, value: one };
}

function written(type: string, value: string, phone: (text: string) => string | undefined): string | undefined {
  switch (type) {
    case 'phone':
      return phone(value);
    case 'email':
      return email(value);
    case 'card':
      return card(value);
    default:
      // Other systems' ids are theirs: nothing is changed in them.
      return value;
  }
}
