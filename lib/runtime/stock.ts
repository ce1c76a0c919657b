import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Reward } from '../loyalty/program/rewards.ts';
import { LedgerBusy } from './journal.ts';

/**
 * How many pieces of a reward are left, over all members: one row each, which begins with what the program says and is
 * written in the transaction of the redemption that takes a piece.
 */
export type Stock = ReturnType<typeof openStock>;

type Counted = Pick<Reward, 'id' | 'stock'>;

/** `added-before`: this delivery was counted already. */
export type Added = 'added' | 'added-before' | 'conflict' | 'fewer-than-that';

const ATTEMPTS = 8;

export function openStock({ client, table }: { client: DynamoDBClient; table: string }) {
  const row = (rewardId: string) => ({ pk: { S: 'STOCK' }, sk: { S: rewardId } });
  const delivery = (rewardId: string, stockId: string) => ({ pk: { S: `STOCK#${rewardId}` }, sk: { S: stockId } });

  /** Changes the number; `least` is what must be there. The first change begins with what the program says. */
  const changing = ({ id, stock = 0 }: Counted, by: number, least: number): TransactWriteItem => ({
    Update: {
      TableName: table,
      Key: row(id),
      UpdateExpression: 'SET pieces = if_not_exists(pieces, :first) + :by',
      ConditionExpression: stock >= least ? 'attribute_not_exists(pieces) OR pieces >= :least' : 'pieces >= :least',
      ExpressionAttributeValues: {
        ':first': { N: String(stock) },
        ':by': { N: String(by) },
        ':least': { N: String(least) },
      },
    },
  });

  return {
    /** Takes a piece, or fails with the transaction that it is in. */
    taking: (reward: Counted): TransactWriteItem => changing(reward, -1, 1),

    /** What was put aside comes back. The row is there, since the piece was taken from it. */
    givingBack: (rewardId: string): TransactWriteItem => ({
      Update: {
        TableName: table,
        Key: row(rewardId),
        UpdateExpression: 'SET pieces = pieces + :by',
        ConditionExpression: 'attribute_exists(pieces)',
        ExpressionAttributeValues: { ':by': { N: '1' } },
      },
    }),

    /** What staff put on the shelf, or took off it. Told twice, it is counted once. */
    async add(reward: Counted, stockId: string, pieces: number): Promise<Added> {
      const Key = delivery(reward.id, stockId);
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(
            new TransactWriteItemsCommand({
              TransactItems: [
                {
                  Put: {
                    TableName: table,
                    Item: { ...Key, pieces: { N: String(pieces) } },
                    ConditionExpression: 'attribute_not_exists(pk)',
                  },
                },
                changing(reward, pieces, Math.max(0, -pieces)),
              ],
            }),
          );
          return 'added';
        } catch (error) {
          if (!(error instanceof TransactionCanceledException)) throw error;
          const [told, counted] = error.CancellationReasons ?? [];
          if (told?.Code === 'ConditionalCheckFailed') {
            const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
            return Number(Item?.pieces?.N) === pieces ? 'added-before' : 'conflict';
          }
          if (counted?.Code === 'ConditionalCheckFailed') return 'fewer-than-that';
          // Else it was somebody who redeemed at that very moment.
          if (told?.Code !== 'TransactionConflict' && counted?.Code !== 'TransactionConflict') throw error;
          if (attempt === ATTEMPTS) throw new LedgerBusy(`nothing was counted after ${ATTEMPTS} tries`);
          await wait(Math.random() * 4 * 2 ** attempt);
        }
      }
    },

    /** Reward → pieces that are left, of those of which one was ever taken or added. */
    async left(): Promise<ReadonlyMap<string, number>> {
      const found = new Map<string, number>();
      let from: Record<string, never> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :stock',
            ExpressionAttributeValues: { ':stock': { S: 'STOCK' } },
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        for (const { sk, pieces } of page.Items ?? []) found.set(sk?.S ?? '', Number(pieces?.N));
        from = page.LastEvaluatedKey as Record<string, never> | undefined;
      } while (from);
      return found;
    },
  };
}
