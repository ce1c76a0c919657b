import type * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import { identities } from '../kit/identities.ts';
import { nationalPhone } from '../kit/national-phone.ts';
import type { Customer } from './bodies.ts';

export type Draft = z.input<typeof Fact>;

export function customer(body: Customer): Draft {
  const name = [body.given_name, body.family_name].filter(Boolean).join(' ').slice(0, 200);
  return {
    type: 'member',
    source: 'square',
    // Each change is a thing of its own that happened.
    factId: `square:customer:${body.id}:${body.updated_at}`,
    occurredAt: body.updated_at,
    identities: identities(
      [
        ['square', body.id],
        ['email', body.email_address],
        ['phone', body.phone_number],
      ],
      nationalPhone(body.address?.country),
    ),
    profile: { ...(name && { name }), ...(body.birthday && { birthday: body.birthday }) },
  };
}
