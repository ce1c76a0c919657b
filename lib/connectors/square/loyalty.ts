import * as z from 'zod';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { LoyaltyAccount, Nothing } from './bodies.ts';

/** Square’s own Loyalty: a seller has one program, made in the Dashboard. */

const Program = z.object({ program: z.object({ id: z.string().min(1) }) });

export const mainProgram = async (square: Call): Promise<string> =>
  read(Program, await square('GET', '/v2/loyalty/programs/main')).program.id;

const One = z.object({ loyalty_account: LoyaltyAccount });

export const accountOf = async (id: string, square: Call): Promise<LoyaltyAccount> =>
  read(One, await square('GET', `/v2/loyalty/accounts/${encodeURIComponent(id)}`)).loyalty_account;

const Accounts = z.union([z.object({ loyalty_accounts: z.array(LoyaltyAccount) }), Nothing]);

/** By the phones first, which open accounts, then by Square’s own ids of the customer. */
export async function findAccount(
  { phones, customers }: { phones: readonly string[]; customers: readonly string[] },
  square: Call,
): Promise<LoyaltyAccount | undefined> {
  const queries = [
    ...(phones.length > 0 ? [{ mappings: phones.map((phone_number) => ({ phone_number })) }] : []),
    ...(customers.length > 0 ? [{ customer_ids: customers }] : []),
  ];
  for (const query of queries) {
    const answer = read(Accounts, await square('POST', '/v2/loyalty/accounts/search', { query, limit: 1 }));
    const [account] = 'loyalty_accounts' in answer ? answer.loyalty_accounts : [];
    if (account) return account;
  }
  return undefined;
}

export async function openAccount(phone: string, idempotencyKey: string, square: Call): Promise<LoyaltyAccount> {
  const answer = await square('POST', '/v2/loyalty/accounts', {
    loyalty_account: { program_id: await mainProgram(square), mapping: { phone_number: phone } },
    idempotency_key: idempotencyKey,
  });
  return read(One, answer).loyalty_account;
}

const Adjusted = z.object({ event: z.object({ id: z.string().min(1) }) });

/** The event that it made there. */
export async function adjust(
  account: LoyaltyAccount,
  to: number,
  idempotencyKey: string,
  square: Call,
): Promise<string> {
  const answer = await square('POST', `/v2/loyalty/accounts/${encodeURIComponent(account.id)}/adjust`, {
    adjust_points: { points: to - account.balance, reason: 'Stampbook' },
    ...(to < 0 && { allow_negative_balance: true }),
    idempotency_key: idempotencyKey,
  });
  return read(Adjusted, answer).event.id;
}
