import { card, email, internationalPhone } from '../connectors/kit/identities.ts';
import type { Identity } from '../loyalty/facts.ts';

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
