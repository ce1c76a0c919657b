import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts, minor } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { type Call, NotThere } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { CONTACTS, DEALS } from './api.ts';
import { keyOf } from './contact.ts';
import type manifest from './manifest.ts';

/** A deal and a contact, looked up and put into our words. */

export interface Reader {
  readonly call: Call;
  readonly settings: Context<typeof manifest>['settings'];
}

const Text = z.string().nullish();
const Time = z.iso.datetime({ offset: true });
const History = z.array(z.object({ value: z.string(), timestamp: Time }));

const Deal = z.object({
  id: z.string().min(1).max(40),
  properties: z.object({ amount: Text, deal_currency_code: Text }),
  propertiesWithHistory: z.object({ dealstage: History.default([]) }),
  associations: z
    .object({ contacts: z.object({ results: z.array(z.object({ id: z.string(), type: Text })) }).optional() })
    .optional(),
});
type Deal = z.output<typeof Deal>;

/** Between entering and leaving the won stages. */
interface Spell {
  readonly from: string;
  readonly until?: string;
}

/**
 * A deal that is won is a sale; one that leaves the won stages takes it back. It may be won again, hence the time in the
 * order's name: a stage that was hit by mistake, and left again, costs the buyer nothing.
 */
export async function readDeal(id: string, { call, settings }: Reader): Promise<readonly Fact[]> {
  const query = new URLSearchParams({
    properties: 'amount,deal_currency_code',
    propertiesWithHistory: 'dealstage',
    associations: 'contacts',
  });
  const deal = await thereOr(async () => read(Deal, await call('GET', `${DEALS}/${id}?${query}`)));
  if (!deal) return [];
  const spells = spellsOf(deal.propertiesWithHistory.dealstage, settings.wonStages);
  const undone = spells.flatMap(({ from, until }) => (until === undefined ? [] : [{ from, until }]));
  const current = spells.find(({ until }) => until === undefined);
  if (spells.length === 0) return [];
  const currency = (deal.properties.deal_currency_code || settings.currency).toUpperCase();
  return facts([
    ...undone.map(({ from, until }) => ({
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
    })),
    ...(current ? [await sale(deal, current, currency, { call, settings })] : []),
  ]);
}

const orderOf = ({ id }: Deal, from: string): string => `${id}:${Date.parse(from)}`;

/** HubSpot writes the newest first. */
function spellsOf(history: z.output<typeof History>, wonStages: readonly string[]): Spell[] {
  const spells: Spell[] = [];
  for (const { value, timestamp } of history.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp))) {
    const last = spells.at(-1);
    const isOpen = last !== undefined && last.until === undefined;
    if (wonStages.includes(value)) {
      if (!isOpen) spells.push({ from: timestamp });
    } else if (isOpen) spells.splice(-1, 1, { ...last, until: timestamp });
  }
  return spells;
}

async function sale(deal: Deal, { from }: Spell, currency: string, reader: Reader) {
  if (!deal.properties.amount) throw new Permanent('the deal was won and has no amount');
  // HubSpot does not say what of it is tax.
  const amount = minor(deal.properties.amount, currency);
  const [buyer] = (deal.associations?.contacts?.results ?? []).toSorted(primaryFirst);
  return {
    type: 'sale' as const,
    source: 'hubspot',
    factId: `hubspot:deal:${orderOf(deal, from)}:won`,
    orderId: orderOf(deal, from),
    occurredAt: from,
    identities: buyer ? await buyerOf(buyer.id, reader) : [],
    currency,
    netMinor: amount,
    grossMinor: amount,
    lines: [],
  };
}

/** A deal may have several contacts: points are one person's. The same one each time, hence the lowest number else. */
const primaryFirst = (a: { id: string; type?: string | null }, b: { id: string; type?: string | null }): number =>
  Number(isPrimary(b)) - Number(isPrimary(a)) || a.id.localeCompare(b.id, 'en', { numeric: true });
const isPrimary = ({ type }: { type?: string | null }): boolean => type?.includes('primary') ?? false;

const Contact = z.object({
  id: z.string().min(1).max(40),
  updatedAt: Time,
  properties: z.looseObject({
    email: Text,
    phone: Text,
    mobilephone: Text,
    firstname: Text,
    lastname: Text,
    hs_email_optout: Text,
  }),
  propertiesWithHistory: z.object({ hs_email_optout: History.default([]) }).optional(),
});
type Contact = z.output<typeof Contact>;

async function contactOf(id: string, { call, settings }: Reader): Promise<Contact | undefined> {
  const query = new URLSearchParams({
    properties: ['email', 'phone', 'mobilephone', 'firstname', 'lastname', keyOf(settings)].join(','),
    propertiesWithHistory: 'hs_email_optout',
  });
  return thereOr(async () => read(Contact, await call('GET', `${CONTACTS}/${id}?${query}`)));
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

async function buyerOf(id: string, reader: Reader) {
  const contact = await contactOf(id, reader);
  return contact ? identitiesOf(contact, reader) : [];
}

/** Changes of a member's contact; of somebody else only where the merchant wants all of them enrolled. */
export async function readContact(id: string, reader: Reader): Promise<readonly Fact[]> {
  const contact = await contactOf(id, reader);
  if (!contact || !(reader.settings.enrolContacts || memberIdOf(contact, reader))) return [];
  const { updatedAt, properties, propertiesWithHistory } = contact;
  const name = [properties.firstname, properties.lastname].filter(Boolean).join(' ').slice(0, 200);
  const about = { source: 'hubspot', identities: identitiesOf(contact, reader) };
  const [word] = propertiesWithHistory?.hs_email_optout ?? [];
  return facts([
    {
      ...about,
      type: 'member',
      factId: `hubspot:contact:${contact.id}:${updatedAt}`,
      occurredAt: updatedAt,
      profile: { ...(name && { name }) },
    },
    ...(word?.value === 'true'
      ? [
          {
            ...about,
            type: 'consent' as const,
            factId: `hubspot:contact:${contact.id}:opted-out:${word.timestamp}`,
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

/** What was deleted since has nothing to tell. */
async function thereOr<Thing>(look: () => Promise<Thing>): Promise<Thing | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}
