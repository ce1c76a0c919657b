import { createHash } from 'node:crypto';
import type { Context, Receipt, RoleOf, SinkEvent } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { openSquare } from './api.ts';
import { adjust, findAccount, openAccount } from './loyalty.ts';
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
  if (!member?.standing) return NOTHING_THERE;
  const square = openSquare(context);
  const valuesOf = (wanted: string) => member.identities.flatMap(({ type, value }) => (type === wanted ? value : []));
  const phones = valuesOf('phone');
  const balance = member.standing.available;
  const opening = context.settings.openAccounts ? phones.find(isWhereItIsSold) : undefined;
  const account =
    (await findAccount({ phones, customers: valuesOf('square') }, square)) ??
    (opening === undefined ? undefined : await openAccount(opening, keyOf('open', event.memberId), square));
  if (!account) return NOTHING_THERE;
  if (account.balance === balance) return { vendorId: account.id };
  // From what to what: a second try after a lost answer finds it done, or does the very same thing under the same key.
  const key = keyOf(event.id, account.id, String(account.balance), String(balance));
  return { vendorId: await adjust(account, balance, key, square) };
}

/** At most 128 characters are taken, and ids may be longer. */
const keyOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url');

/** AU, CA and US, FR, IE, JP, ES, UK: no other number can open an account. */
const isWhereItIsSold = (phone: string): boolean => /^\+(61|1|33|353|81|34|44)\d/.test(phone);
