import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts, minor } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import type { Call } from '../kit/json-api.ts';
import { shape } from '../kit/read.ts';
import { CONTACTS, CONTACTS_OF_DEALS, DEALS, readAll } from './api.ts';
import { keyOf } from './contact.ts';
import type manifest from './manifest.ts';

/** Deals and contacts, looked up and put into our words. */

export interface Reader {
  readonly call: Call;
  readonly settings: Context<typeof manifest>['settings'];
}

/** What was found. Its facts are read one by one, so that one that cannot be read keeps nobody from the others. */
export interface Thing {
  readonly id: string;
  readonly facts: () => readonly Fact[];
}

/** More are not taken at a time where a history is asked for. */
export const AT_ONCE = 50;

const Id = z.union([z.string().min(1).max(40), z.int().positive().transform(String)]);
const Text = z.string().nullish();
const Time = z.iso.datetime({ offset: true });
const History = z.array(z.object({ value: z.string(), timestamp: Time }));
const Named = z.looseObject({ id: Id });

const Deal = z.object({
  id: Id,
  properties: z.object({ amount: Text, deal_currency_code: Text }),
  propertiesWithHistory: z.object({ dealstage: History.default([]) }),
});
type Deal = z.output<typeof Deal>;

/** Between entering and leaving the won stages. */
interface Spell {
  readonly from: string;
  readonly until?: string;
}

/** At most `AT_ONCE`. */
export async function readDeals(ids: readonly string[], reader: Reader): Promise<readonly Thing[]> {
  const found = await readAll(
    DEALS,
    {
      inputs: ids.map((id) => ({ id })),
      properties: ['amount', 'deal_currency_code'],
      propertiesWithHistory: ['dealstage'],
    },
    reader.call,
  );
  const deals = found.map((one) => ({ id: shape(Named, one).id, one, deal: Deal.safeParse(one).data }));
  const sold = deals.flatMap(({ deal }) => (deal && current(spellsOf(deal, reader)) ? [deal.id] : []));
  const buyers = await buyersOf(sold, reader);
  return deals.map(({ id, one, deal }) => ({
    id,
    facts: () => factsOfDeal(deal ?? shape(Deal, one), buyers.get(id) ?? [], reader),
  }));
}

/**
 * A deal that is won is a sale; one that leaves the won stages takes it back. It may be won again, hence the time in the
 * order's name: a stage that was hit by mistake, and left again, costs the buyer nothing.
 */
function factsOfDeal(deal: Deal, buyer: Fact['identities'], reader: Reader): readonly Fact[] {
  const currency = (deal.properties.deal_currency_code || reader.settings.currency).toUpperCase();
  const spells = spellsOf(deal, reader);
  const sold = current(spells);
  return facts([
    ...spells.flatMap(({ from, until }) =>
      until === undefined
        ? []
        : [
            {
              type: 'refund' as const,
              source: 'hubspot',
              factId: `hubspot:deal:${orderOf(deal, from)}:undone`,
              refundId: `undone:${orderOf(deal, from)}`,
              orderId: orderOf(deal, from),
              occurredAt: until,
              identities: [],
              currency,
              extent: { kind: 'everything' as const },
              reason: 'cancelled' as const,
            },
          ],
    ),
    ...(sold ? [sale(deal, sold, currency, buyer)] : []),
  ]);
}

const orderOf = ({ id }: Deal, from: string): string => `${id}:${Date.parse(from)}`;

/** HubSpot writes the newest first. */
function spellsOf({ propertiesWithHistory: { dealstage } }: Deal, { settings }: Reader): readonly Spell[] {
  const spells: Spell[] = [];
  for (const { value, timestamp } of dealstage.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))) {
    const open = current(spells);
    if (settings.wonStages.includes(value)) {
      if (!open) spells.push({ from: timestamp });
    } else if (open) spells.splice(-1, 1, { ...open, until: timestamp });
  }
  return spells;
}

/** Only the last can be open. */
const current = (spells: readonly Spell[]): Spell | undefined =>
  spells.at(-1)?.until === undefined ? spells.at(-1) : undefined;

function sale(deal: Deal, { from }: Spell, currency: string, buyer: Fact['identities']) {
  if (!deal.properties.amount) throw new Permanent('the deal was won and has no amount');
  // HubSpot does not say what of it is tax.
  const amount = minor(deal.properties.amount, currency);
  return {
    type: 'sale' as const,
    source: 'hubspot',
    factId: `hubspot:deal:${orderOf(deal, from)}:won`,
    orderId: orderOf(deal, from),
    occurredAt: from,
    identities: buyer,
    currency,
    netMinor: amount,
    grossMinor: amount,
    lines: [],
  };
}

const Associated = z.array(
  z.object({
    from: z.object({ id: Id }),
    to: z.array(z.object({ toObjectId: Id, associationTypes: z.array(z.object({ label: Text })).default([]) })),
  }),
);
type Associate = z.output<typeof Associated>[number]['to'][number];

/** By deal: all that is known about whom it was sold to. */
async function buyersOf(dealIds: readonly string[], reader: Reader): Promise<Map<string, Fact['identities']>> {
  const inputs = dealIds.map((id) => ({ id }));
  const associated = shape(Associated, await readAll(CONTACTS_OF_DEALS, { inputs }, reader.call));
  const chosen = new Map(
    associated.flatMap(({ from, to }): [string, string][] => {
      const [buyer] = to.toSorted(primaryFirst);
      return buyer ? [[from.id, buyer.toObjectId]] : [];
    }),
  );
  const contacts = new Map(
    (await contactsOf([...new Set(chosen.values())], reader)).map((contact) => [contact.id, contact]),
  );
  return new Map(
    [...chosen].map(([deal, contact]) => {
      const buyer = contacts.get(contact);
      return [deal, buyer ? identitiesOf(buyer, reader) : []];
    }),
  );
}

/** A deal may have several contacts: points are one person's. The same one each time, hence the lowest number else. */
const primaryFirst = (a: Associate, b: Associate): number =>
  Number(isPrimary(b)) - Number(isPrimary(a)) || a.toObjectId.localeCompare(b.toObjectId, 'en', { numeric: true });
const isPrimary = ({ associationTypes }: Associate): boolean =>
  associationTypes.some(({ label }) => /^primary/i.test(label ?? ''));

const Contact = z.object({
  id: Id,
  updatedAt: Time,
  properties: z.looseObject({ email: Text, phone: Text, mobilephone: Text, firstname: Text, lastname: Text }),
  propertiesWithHistory: z.object({ hs_email_optout: History.default([]) }).optional(),
});
type Contact = z.output<typeof Contact>;

async function contactsOf(ids: readonly string[], { call, settings }: Reader): Promise<readonly Contact[]> {
  const found = await readAll(
    CONTACTS,
    {
      inputs: ids.map((id) => ({ id })),
      properties: ['email', 'phone', 'mobilephone', 'firstname', 'lastname', keyOf(settings)],
      propertiesWithHistory: ['hs_email_optout'],
    },
    call,
  );
  return shape(z.array(Contact), found);
}

const memberIdOf = ({ properties }: Contact, { settings }: Reader): string | undefined => {
  const id = properties[keyOf(settings)];
  return typeof id === 'string' && id !== '' ? id : undefined;
};

const identitiesOf = (contact: Contact, reader: Reader) =>
  identities([
    ['member', memberIdOf(contact, reader)],
    ['hubspot', contact.id],
    ['email', contact.properties.email],
    ['phone', contact.properties.mobilephone],
    ['phone', contact.properties.phone],
  ]);

/** At most `AT_ONCE`. */
export const readContacts = async (ids: readonly string[], reader: Reader): Promise<readonly Thing[]> =>
  (await contactsOf(ids, reader)).map((contact) => ({ id: contact.id, facts: () => factsOfContact(contact, reader) }));

/** Changes of a member's contact; of somebody else only where the merchant wants all of them enrolled. */
function factsOfContact(contact: Contact, reader: Reader): readonly Fact[] {
  if (!reader.settings.enrolContacts && memberIdOf(contact, reader) === undefined) return [];
  const { id, updatedAt, properties, propertiesWithHistory } = contact;
  const name = [properties.firstname, properties.lastname].filter(Boolean).join(' ').slice(0, 200);
  const about = { source: 'hubspot', identities: identitiesOf(contact, reader) };
  const [word] = propertiesWithHistory?.hs_email_optout ?? [];
  return facts([
    {
      ...about,
      type: 'member',
      factId: `hubspot:contact:${id}:${updatedAt}`,
      occurredAt: updatedAt,
      profile: { ...(name && { name }) },
    },
    ...(word?.value === 'true'
      ? [
          {
            ...about,
            type: 'consent' as const,
            factId: `hubspot:contact:${id}:opted-out:${word.timestamp}`,
            occurredAt: word.timestamp,
            channel: 'email' as const,
            purpose: 'marketing' as const,
            granted: false,
            proof: 'HubSpot: opted out of all e-mail',
          },
        ]
      : []),
  ]);
}
