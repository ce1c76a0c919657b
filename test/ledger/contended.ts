import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { MemoryClient } from './memory-client.ts';

/**
 * A table on which transactions meet, as they do in AWS and never on DynamoDB Local: each takes a few milliseconds, and
 * one that names an item of another that is under way is refused with a conflict.
 */
export function contended(memory: MemoryClient, { ms }: { readonly ms: number }) {
  const underWay = new Set<string>();
  const seen = { transactions: 0, conflicts: 0 };
  const keysOf = (items: readonly TransactWriteItem[]) =>
    items.map(({ Put, Update, Delete, ConditionCheck }) => {
      const { TableName } = Put ?? Update ?? Delete ?? ConditionCheck ?? {};
      const { pk, sk, memberId, key } = Put?.Item ?? (Update ?? Delete ?? ConditionCheck)?.Key ?? {};
      return `${TableName} ${pk?.S ?? memberId?.S} ${sk?.S ?? key?.S}`;
    });
  const send = async (command: unknown): Promise<unknown> => {
    if (!(command instanceof TransactWriteItemsCommand)) {
      await wait(ms / 2);
      return memory.send(command);
    }
    const keys = keysOf(command.input.TransactItems ?? []);
    seen.transactions += 1;
    if (keys.some((key) => underWay.has(key))) {
      seen.conflicts += 1;
      await wait(ms / 2);
      throw new TransactionCanceledException({
        message: 'Transaction cancelled',
        $metadata: {},
        CancellationReasons: keys.map((key) => ({ Code: underWay.has(key) ? 'TransactionConflict' : 'None' })),
      });
    }
    for (const key of keys) underWay.add(key);
    try {
      await wait(ms);
      return await memory.send(command);
    } finally {
      for (const key of keys) underWay.delete(key);
    }
  };
  return { client: { send } as unknown as DynamoDBClient, seen };
}
