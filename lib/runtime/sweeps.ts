import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Day } from '../loyalty/account.ts';
import { addDays } from '../loyalty/calendar.ts';
import { SHARDS } from './ledger.ts';

/** Which index tells who is due, for what. */
export const DUTIES = { points: 'expiryDue', holds: 'reviewDue' } as const;
export type Duty = keyof typeof DUTIES;

/** `sweep`: find out who is due. `rest`: go on with one day's shard where a page ended. `member`: do it, for one. */
export const SweepMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sweep'), duty: z.enum(['points', 'holds']) }),
  z.object({
    kind: z.literal('rest'),
    duty: z.enum(['points', 'holds']),
    day: z.iso.date(),
    shard: z
      .int()
      .min(0)
      .max(SHARDS - 1),
    after: z.string(),
  }),
  z.object({ kind: z.literal('member'), duty: z.enum(['points', 'holds']), memberId: z.string() }),
]);
export type SweepMessage = z.output<typeof SweepMessage>;

/** Members that one query names. What is left over becomes a message of its own, so that no day is too large for a function's time. */
const PAGE = 1_000;

/** Days that are looked through at once, when there are several to catch up with. */
const STRETCH = 8;
const SHARD_NUMBERS = Array.from({ length: SHARDS }, (_, shard) => shard);

export interface SweepsOptions {
  readonly client: DynamoDBClient;
  readonly tables: { readonly accounts: string; readonly program: string };
  readonly queue: { readonly client: SQSClient; readonly url: string };
  readonly page?: number;
}

/**
 * Finds who is due and sends a message for each. A cursor a duty remembers the last day that was looked through, so that
 * days on which no sweep ran are caught up, in their order. Twice, late or half, a sweep does no harm: what a message
 * sets off is booked once.
 */
export function openSweeps({ client, tables, queue, page = PAGE }: SweepsOptions) {
  const cursorKey = (duty: Duty) => ({ pk: { S: `S#${duty}` }, sk: { S: 'S' } });

  async function cursor(duty: Duty): Promise<Day | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tables.program, Key: cursorKey(duty), ConsistentRead: true }),
    );
    return Item?.day?.S;
  }

  async function send(messages: readonly SweepMessage[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 10) {
      const Entries = messages
        .slice(from, from + 10)
        .map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
      const { Failed = [] } = await queue.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      if (Failed.length > 0)
        throw new Error(`the sweeps queue refused ${Failed.length} of ${Entries.length} messages: ${Failed[0]?.Code}`);
    }
  }

  /** One page of those who are due that day, in one shard. */
  async function enqueue(duty: Duty, day: Day, shard: number, after?: string): Promise<void> {
    const index = DUTIES[duty];
    const due = `${day}#${shard}`;
    const from: Record<string, AttributeValue> | undefined =
      after === undefined ? undefined : { memberId: { S: after }, [index]: { S: due } };
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: tables.accounts,
        IndexName: index,
        KeyConditionExpression: '#due = :due',
        ExpressionAttributeNames: { '#due': index },
        ExpressionAttributeValues: { ':due': { S: due } },
        Limit: page,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    const ids = Items.flatMap(({ memberId }) => memberId?.S ?? []);
    const members = ids.map((memberId): SweepMessage => ({ kind: 'member', duty, memberId }));
    const last = LastEvaluatedKey?.memberId?.S;
    await send(last === undefined ? members : [...members, { kind: 'rest', duty, day, shard, after: last }]);
  }

  return {
    enqueue,

    /**
     * Everybody who is due up to and on that day. The last day of the sweep before is looked through once more: what
     * falls due in the middle of a day falls due after that day's first sweep. `since` is for the first sweep of all.
     */
    async sweep(duty: Duty, { since, through }: { readonly since: Day; readonly through: Day }): Promise<void> {
      const last = await cursor(duty);
      for (let from = last ?? since; from <= through; from = addDays(from, STRETCH)) {
        const stretch = Array.from({ length: STRETCH }, (_, index) => addDays(from, index)).filter(
          (day) => day <= through,
        );
        await Promise.all(stretch.flatMap((day) => SHARD_NUMBERS.map((shard) => enqueue(duty, day, shard))));
        const reached = stretch.at(-1);
        if (reached === undefined || reached === last) continue;
        // Stretch by stretch, so that a catching up that is cut short goes on where it was.
        await client.send(
          new PutItemCommand({ TableName: tables.program, Item: { ...cursorKey(duty), day: { S: reached } } }),
        );
      }
    },
  };
}
