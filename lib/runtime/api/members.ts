import * as z from 'zod';
import { phoneIn } from '../../connectors/kit/phone-numbers.ts';
import { Channel } from '../../loyalty/channels.ts';
import type { Identity } from '../../loyalty/facts.ts';
import { Profile } from '../../loyalty/profile.ts';
import { merchant } from '../config.ts';
import { always, Card, Email, ForeignId, identityOf, namesOne, readAs, SourceName, Text, whoIs } from './fields.ts';
import { route } from './route.ts';

/** As people write it, with or without the country. In a query a plus may have become a space. */
const Phone = readAs(
  (text) => phoneIn(merchant().country)(text.replace(/^ /, '+')),
  'is not a phone number: write it like "+4915112345678"',
);

/** Yes or no, for all that comes that way or for one purpose. */
const Word = z.union(
  [z.boolean(), z.strictObject({ transactional: z.boolean().optional(), marketing: z.boolean().optional() })],
  {
    error: () => 'is neither yes nor no: send true, false, or {"transactional": true, "marketing": false}',
  },
);

const consents = {
  /** For each channel that the member was asked about. */
  consents: z.partialRecord(Channel, Word).optional(),
  /** Where that can be looked up: "form 17", "ticked at sign-up". */
  consentProof: Text(500).optional(),
};

/** What rules ask for with `member-tag-in`. */
const Tag = ForeignId.regex(/^\S(.*\S)?$/u, 'begins or ends with a space: leave it out');

const { locale, birthday } = Profile.shape;
const name = Text(200);

const identities = {
  phone: Phone.optional(),
  email: Email.optional(),
  card: Card.optional(),
  /** Under what names other systems know the member. */
  ids: z
    .array(z.strictObject({ source: SourceName, id: ForeignId }))
    .max(5)
    .optional(),
};

export const postMember = route('POST /v1/members', 'pos', () =>
  z
    .strictObject({
      ...identities,
      profile: z.strictObject({ name: name.optional(), locale, birthday }).optional(),
      ...consents,
    })
    .superRefine((given, context) => {
      const member = (given ?? {}) as Record<string, unknown>;
      const some =
        ['phone', 'email', 'card'].some((field) => member[field] !== undefined) ||
        (Array.isArray(member.ids) && member.ids.length > 0);
      if (!some)
        context.addIssue({
          code: 'custom',
          path: ['phone'],
          message: 'is missing: send one of phone, email, card, ids at least',
          input: undefined,
        });
    }, always),
);

export const findMember = route('GET /v1/members', 'pos', () =>
  z.strictObject(whoIs(Phone)).superRefine(namesOne, always).transform(identityOf),
);

const id = Text(100);
export const getMember = route('GET /v1/members/{id}', 'pos', () => z.strictObject({ id }));

export const patchMember = route('PATCH /v1/members/{id}', 'staff', () =>
  z
    .strictObject({
      id,
      /** `null` takes it away. */
      phone: Phone.nullable().optional(),
      email: Email.nullable().optional(),
      card: Card.nullable().optional(),
      profile: z
        .strictObject({ name: name.nullable().optional(), locale: locale.nullable(), birthday: birthday.nullable() })
        .optional(),
      /** Tag → given or taken away; the others stay. */
      tags: z.record(Tag, z.boolean()).optional(),
      ...consents,
    })
    .superRefine((given, context) => {
      const { id: _, ...change } = (given ?? {}) as Record<string, unknown>;
      if (Object.keys(change).length === 0)
        context.addIssue({ code: 'custom', message: 'changes nothing: send a field to change', input: undefined });
    }, always),
);

/** The code that a member writes in a chat, to be known there. */
export const postLinkCode = route('POST /v1/members/{id}/link-codes', 'staff', () => z.strictObject({ id }));

export const deleteMember = route('DELETE /v1/members/{id}', 'admin', () => z.strictObject({ id }));

export const listEntries = route('GET /v1/members/{id}/entries', 'staff', () =>
  z.strictObject({
    id,
    /** The `seq` of the last entry that you have. */
    after: z.coerce.number().int().nonnegative().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
);

export const listMatches = route('GET /v1/members/{id}/matches', 'staff', () => z.strictObject({ id }));

const others = {
  id,
  /** Who goes, or comes back. */
  memberId: Text(100),
  staffId: ForeignId.optional(),
};
export const mergeMember = route('POST /v1/members/{id}/merge', 'staff', () => z.strictObject(others));
export const unmergeMember = route('POST /v1/members/{id}/unmerge', 'staff', () => z.strictObject(others));

export const exportMember = route('GET /v1/members/{id}/export', 'admin', () =>
  z.strictObject({
    id,
    /** The `next` of the page before. */
    after: z.coerce.number().int().nonnegative().default(0),
    limit: z.coerce.number().int().min(1).max(1_000).default(500),
  }),
);

export function identitiesOf({ phone, email, card, ids = [] }: z.output<typeof postMember.input>): Identity[] {
  return [
    ...(phone === undefined ? [] : [{ type: 'phone', value: phone }]),
    ...(email === undefined ? [] : [{ type: 'email', value: email }]),
    ...(card === undefined ? [] : [{ type: 'card', value: card }]),
    ...ids.map(({ source, id }) => ({ type: source, value: id })),
  ];
}
