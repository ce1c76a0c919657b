import * as z from 'zod';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { keyOf } from './api.ts';
import { LoyaltyAccount, listOf } from './bodies.ts';

/** Square’s own Loyalty: a seller has one program, made in the Dashboard. */

const Program = z.object({ program: z.object({ id: z.string().min(1) }) });

export const mainProgram = async (square: Call): Promise<string> =>
  read(Program, await square('GET', '/v2/loyalty/programs/main')).program.id;

const One = z.object({ loyalty_account: LoyaltyAccount });

export const accountOf = async (id: string, square: Call): Promise<LoyaltyAccount> =>
  read(One, await square('GET', `/v2/loyalty/accounts/${encodeURIComponent(id)}`)).loyalty_account;

const Accounts = listOf('loyalty_accounts', LoyaltyAccount);

/** By the phones first, which open accounts, then by Square’s own ids of the customer. Several where two members became one. */
export async function findAccounts(
  { phones, customers }: { phones: readonly string[]; customers: readonly string[] },
  square: Call,
): Promise<readonly LoyaltyAccount[]> {
  const queries = [
    ...(phones.length > 0 ? [{ mappings: phones.map((phone_number) => ({ phone_number })) }] : []),
    ...(customers.length > 0 ? [{ customer_ids: customers }] : []),
  ];
  for (const query of queries) {
    const { items } = read(Accounts, await square('POST', '/v2/loyalty/accounts/search', { query, limit: 30 }));
    if (items.length > 0) return items;
  }
  return [];
}

export async function openAccount(phone: string, idempotencyKey: string, square: Call): Promise<LoyaltyAccount> {
  const answer = await square('POST', '/v2/loyalty/accounts', {
    loyalty_account: { program_id: await mainProgram(square), mapping: { phone_number: phone } },
    idempotency_key: idempotencyKey,
  });
  return read(One, answer).loyalty_account;
}

const Adjusted = z.object({ event: z.object({ id: z.string().min(1) }) });

/** The event that it made there, or the account where nothing is to be done. */
export async function settle(
  { id, balance }: LoyaltyAccount,
  to: number,
  { eventId, reason = 'Stampbook' }: { eventId: string; reason?: string },
  square: Call,
): Promise<string> {
  if (balance === to) return id;
  const answer = await square('POST', `/v2/loyalty/accounts/${encodeURIComponent(id)}/adjust`, {
    adjust_points: { points: to - balance, reason },
    ...(to < 0 && { allow_negative_balance: true }),
    // From what to what: a second try after a lost answer finds it done, or does the very same thing under the same key.
    idempotency_key: keyOf(eventId, id, String(balance), String(to)),
  });
  return read(Adjusted, answer).event.id;
}
