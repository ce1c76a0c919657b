import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Account } from '../loyalty/account.ts';
import type { Entry } from '../loyalty/entry.ts';
import { checkMember, type Fault } from '../loyalty/verify.ts';
import type { Ledger } from './ledger.ts';

/** An account and the entries that it is the sum of, as they stood at one time. */
interface MemberJournal {
  readonly memberId: string;
  readonly account: Account | undefined;
  readonly entries: readonly Entry[];
}

/** Reads both, though others may post meanwhile. `known`: the account, where it was read before. */
export async function readJournal(
  ledger: Pick<Ledger, 'account' | 'entries'>,
  memberId: string,
  known?: Account,
): Promise<MemberJournal> {
  const account = known ?? (await ledger.account(memberId));
  const entries = await ledger.entries(memberId);
  const seq = account?.seq ?? 0;
  if (entries.length <= seq) return { memberId, account, entries };
  // Entries that the account does not count are a fault; or somebody posted while we read, and what was there before is meant.
  const posted = (await ledger.account(memberId))?.headHash !== account?.headHash;
  return { memberId, account, entries: posted ? entries.filter((entry) => entry.seq <= seq) : entries };
}

/** Proves one member's balance from the entries; `undefined` when all is right. */
export async function auditMember(
  ledger: Pick<Ledger, 'account' | 'entries'>,
  memberId: string,
  known?: Account,
): Promise<Fault | undefined> {
  const { account, entries } = await readJournal(ledger, memberId, known);
  return checkMember(memberId, entries, account);
}

/**
 * Everybody who has an account or an entry, each once: an account that was deleted is found by its entries. Holds the
 * ids in memory, about a hundred bytes a member.
 */
export async function* everyMember(
  client: DynamoDBClient,
  tables: { readonly accounts: string; readonly entries: string },
): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (const table of [tables.accounts, tables.entries]) {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({
          TableName: table,
          ProjectionExpression: 'memberId',
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      for (const { memberId } of page.Items ?? []) {
        if (!memberId?.S || seen.has(memberId.S)) continue;
        seen.add(memberId.S);
        yield memberId.S;
      }
      from = page.LastEvaluatedKey;
    } while (from);
  }
}
