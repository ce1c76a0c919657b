import * as z from 'zod';
import type { Receipt, RoleOf } from '../contract.ts';
import { orNothing } from '../kit/json-api.ts';
import { type Desk, isSame, keepPerson, NOBODY, type Person, type StandingFields } from '../kit/people.ts';
import { read } from '../kit/read.ts';
import { openZendesk, type ZendeskContext } from './api.ts';
import manifest from './manifest.ts';

/** How a member stands, in fields of the user. */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { userFields } = context.settings;
    if (!userFields) return told.map(() => NOBODY);
    const desk = deskOf(userFields, context);
    const receipts: Receipt[] = [];
    for (const one of told) receipts.push(await keepPerson(one, desk));
    return receipts;
  },
};

function deskOf(fields: StandingFields, context: ZendeskContext): Desk {
  const call = openZendesk(context);
  const search = async (query: Readonly<Record<string, string>>, isMeant: (user: User) => boolean) => {
    const { users } = read(Users, await call('GET', `/users/search?${new URLSearchParams(query)}`));
    const user = users.find(isMeant);
    return user && personOf(user);
  };
  return {
    id: manifest.id,
    fields,

    find: {
      externalId: (value) => search({ external_id: value }, (user) => isSame(user.external_id ?? '', value)),
      email: (value) => search({ query: `email:${value}` }, (user) => isSame(user.email ?? '', value)),
      async id(value) {
        const answer = await orNothing(call('GET', `/users/${encodeURIComponent(value)}`));
        return answer === undefined ? undefined : personOf(read(One, answer).user);
      },
    },

    async mark(id, { values, externalId }) {
      await call('PUT', `/users/${id}`, { user: { user_fields: values, external_id: externalId } });
    },

    ...(context.settings.makeUsers && {
      /** Should there be one with this address by now, it is that one. Without a mail that asks to confirm it. */
      async make({ identities, name }, { values, externalId }) {
        const email = identities.find(({ type }) => type === 'email')?.value;
        const user = {
          name: name ?? `Member ${externalId}`,
          email,
          external_id: externalId,
          user_fields: values,
          skip_verify_email: true,
        };
        return personOf(read(One, await call('POST', '/users/create_or_update', { user })).user).id;
      },
    }),
  };
}

const User = z.object({
  id: z.int().positive(),
  email: z.string().nullish(),
  external_id: z.string().nullish(),
  role: z.string().nullish(),
});
type User = z.output<typeof User>;
const Users = z.object({ users: z.array(User) });
const One = z.object({ user: User });

/** Agents are changed by administrators alone. */
const personOf = ({ id, external_id: externalId, role }: User): Person => ({
  id: String(id),
  externalId,
  isStaff: role === 'agent' || role === 'admin',
});
