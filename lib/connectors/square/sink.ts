import type { Context, Receipt, RoleOf, SinkEvent } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { keyOf, openSquare } from './api.ts';
import { forget, mark } from './customers.ts';
import { findAccounts, openAccount, settle } from './loyalty.ts';
import type manifest from './manifest.ts';

/** Makes the balance of Square Loyalty what ours is. Whatever the event: told twice or late, the end is the same. */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { ledgerMode } = context.settings;
    if (ledgerMode !== 'mirror-out')
      throw new Permanent(`with ledgerMode ${ledgerMode} nothing is written to Square: take the events off its list`);
    const receipts: Receipt[] = [];
    for (const one of told) receipts.push(await follow(one, context));
    return receipts;
  },
};

/** There is no account to keep, and none to be opened. */
const NOTHING_THERE: Receipt = { vendorId: 'none' };

async function follow({ event, member }: SinkEvent, context: Context<typeof manifest>): Promise<Receipt> {
  const square = openSquare(context);
  const deletes = context.settings.onErasure === 'delete';
  if (event.type === 'member.erased' && deletes) return (await forget(event, square)) ?? NOTHING_THERE;
  if (!member?.standing) return NOTHING_THERE;
  const valuesOf = (wanted: string) => member.identities.flatMap(({ type, value }) => (type === wanted ? value : []));
  const phones = valuesOf('phone');
  const customers = valuesOf('square');
  if (deletes) await mark(customers, { as: member.mergedInto ?? event.memberId, was: event.memberId }, square);
  const balance = member.standing.available;
  const opening = context.settings.openAccounts ? phones.find(isWhereItIsSold) : undefined;
  const [found, ...others] = await findAccounts({ phones, customers }, square);
  const account =
    found ??
    (opening === undefined ? undefined : await openAccount(opening, keyOf('open', event.memberId, opening), square));
  if (!account) return NOTHING_THERE;
  const told = { eventId: event.id };
  // First: the same points must not be there twice.
  for (const other of others) await settle(other, 0, told, square);
  return { vendorId: await settle(account, balance, told, square) };
}

/** AU, CA and US, FR, IE, JP, ES, UK: no other number can open an account. */
const isWhereItIsSold = (phone: string): boolean => /^\+(61|1|33|353|81|34|44)\d/.test(phone);
