import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { checkMember, type Fault } from '../loyalty/verify.ts';
import type { Ledger } from './ledger.ts';

/** Proves one member's balance from the entries; `undefined` when all is right. */
export async function auditMember(
  ledger: Pick<Ledger, 'account' | 'entries'>,
  memberId: string,
): Promise<Fault | undefined> {
  for (;;) {
    const before = await ledger.account(memberId);
    const entries = await ledger.entries(memberId);
    const after = await ledger.account(memberId);
    // Somebody posted while we read: what we hold is of two moments, and says nothing.
    if (before?.headHash !== after?.headHash) continue;
    return checkMember(memberId, entries, after);
  }
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
