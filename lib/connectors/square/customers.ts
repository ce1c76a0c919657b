import * as z from 'zod';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Receipt } from '../contract.ts';
import { type Call, orNothing } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { listOf } from './bodies.ts';
import { findAccounts, settle } from './loyalty.ts';

/** Our member id in the customer’s reference id: of somebody who was erased here, nothing else is left to be found by there. */

const Customer = z.object({ id: z.string().min(1), reference_id: z.string().nullish() });
const One = z.object({ customer: Customer });
const Customers = listOf('customers', Customer);

const pathOf = (id: string): string => `/v2/customers/${encodeURIComponent(id)}`;

/** `was`: before the accounts of two were joined. Other systems have numbers for customers too: theirs stay. */
export async function mark(
  customerIds: readonly string[],
  { as, was }: { as: string; was: string },
  square: Call,
): Promise<void> {
  for (const id of customerIds) {
    const there = await orNothing(square('GET', pathOf(id)));
    if (there === undefined) continue;
    const { reference_id: reference } = read(One, there).customer;
    if (reference !== as && (!reference || reference === was)) await square('PUT', pathOf(id), { reference_id: as });
  }
}

/**
 * The customer goes last: found no more, nobody would know what is left to be done. Nothing is written to the customer
 * before: that would come back as news of somebody whom nobody here knows, and enrol the member again.
 */
export async function forget({ id: eventId, memberId }: LoyaltyEvent, square: Call): Promise<Receipt | undefined> {
  const query = { filter: { reference_id: { exact: memberId } } };
  const { items } = read(Customers, await square('POST', '/v2/customers/search', { query }));
  // Square compares without regard to capitals.
  const theirs = items.filter(({ reference_id: reference }) => reference === memberId);
  for (const { id } of theirs) {
    const accounts = await findAccounts({ phones: [], customers: [id] }, square);
    const told = { eventId, reason: 'Stampbook: the member was erased' };
    for (const account of accounts) await settle(account, 0, told, square);
    await orNothing(square('DELETE', pathOf(id)));
  }
  const [first] = theirs;
  return first && { vendorId: first.id };
}
