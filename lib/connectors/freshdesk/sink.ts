import * as z from 'zod';
import type { MemberCopy, Receipt, RoleOf } from '../contract.ts';
import { orNothing } from '../kit/json-api.ts';
import { type Desk, isSame, keepPerson, type Mark, NOBODY, type Person, type StandingFields } from '../kit/people.ts';
import { read } from '../kit/read.ts';
import { type FreshdeskContext, openFreshdesk, Taken } from './api.ts';
import manifest from './manifest.ts';

/** How a member stands, in fields of the contact. */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { contactFields } = context.settings;
    if (!contactFields) return told.map(() => NOBODY);
    const desk = deskOf(contactFields, context);
    const receipts: Receipt[] = [];
    for (const one of told) receipts.push(await keepPerson(one, desk));
    return receipts;
  },
};

function deskOf(fields: StandingFields, context: FreshdeskContext): Desk {
  const call = openFreshdesk(context);
  const listed = async (query: Readonly<Record<string, string>>, isMeant: (contact: Contact) => boolean) => {
    const contacts = read(Contacts, await call('GET', `/contacts?${new URLSearchParams(query)}`));
    const contact = contacts.find(isMeant);
    return contact && personOf(contact);
  };
  const find: Desk['find'] = {
    externalId: (value) =>
      listed({ unique_external_id: value }, (contact) => isSame(contact.unique_external_id ?? '', value)),
    email: (value) => listed({ email: value }, (contact) => isSame(contact.email ?? '', value)),
    phone: async (value) =>
      (await listed({ mobile: value }, ({ mobile }) => mobile === value)) ??
      listed({ phone: value }, ({ phone }) => phone === value),
    async id(value) {
      const answer = await orNothing(call('GET', `/contacts/${encodeURIComponent(value)}`));
      return answer === undefined ? undefined : personOf(read(Contact, answer));
    },
  };
  return {
    id: manifest.id,
    fields,
    find,

    async mark(id, mark) {
      await call('PUT', `/contacts/${id}`, marked(mark));
    },

    ...(context.settings.makeContacts && {
      async make(member, mark) {
        try {
          return personOf(
            read(Contact, await call('POST', '/contacts', { ...profileOf(member, mark), ...marked(mark) })),
          ).id;
        } catch (error) {
          if (error instanceof Taken) return undefined;
          throw error;
        }
      },
    }),
  };
}

const marked = ({ values, externalId }: Mark) => ({ unique_external_id: externalId, custom_fields: values });

function profileOf({ identities, name }: MemberCopy, { externalId }: Mark) {
  const of = (wanted: string) => identities.find(({ type }) => type === wanted)?.value;
  const [email, mobile] = [of('email'), of('phone')];
  return { name: name ?? `Member ${externalId}`, ...(email && { email }), ...(mobile && { mobile }) };
}

const Text = z.string().nullish();
const Contact = z.object({
  id: z.int().positive(),
  email: Text,
  mobile: Text,
  phone: Text,
  unique_external_id: Text,
});
type Contact = z.output<typeof Contact>;
const Contacts = z.array(Contact);

const personOf = ({ id, unique_external_id: externalId }: Contact): Person => ({ id: String(id), externalId });
