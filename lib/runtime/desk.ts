import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Beside } from './journal.ts';

/**
 * What waits for somebody of staff: approvals, reviews, disputes. Two rows each: one by its id, which stays a while after
 * the end, so that who asks again is answered; and one in the queue, oldest first, while it waits. What came of it is an
 * entry of the journal: the row only says which.
 */
export interface Matter<About> {
  readonly id: string;
  readonly memberId: string;
  readonly at: string;
  readonly about: About;
  /** The entry that ended it. */
  readonly endedBy?: string;
}

export type Desk<About> = ReturnType<typeof openDesk<About>>;

export type DeskKind = 'approval' | 'review' | 'dispute';

/** As long as an order may be asked about. */
const ENDED_DAYS = 400;
const ATTEMPTS = 6;

export function openDesk<About>({
  client,
  table,
  kind,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  kind: DeskKind;
  now?: () => Date;
}) {
  const idKey = (id: string) => ({ pk: `DESK#${kind}#${id}`, sk: 'M' });
  const queueKey = ({ id, at }: Pick<Matter<About>, 'id' | 'at'>) => ({ pk: `DESK#${kind}`, sk: `${at}#${id}` });
  const put = (row: object, condition?: string): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: marshall(row, { removeUndefinedValues: true }),
      ...(condition && { ConditionExpression: condition }),
    },
  });

  const opening = (matter: Matter<About>, condition: string): Beside[] => [
    { name: 'desk', item: put({ ...idKey(matter.id), ...matter }, condition) },
    { name: 'desk-queue', item: put({ ...queueKey(matter), ...matter }) },
  ];

  const ending = (matter: Matter<About>, endedBy: string): Beside[] => {
    const ttl = Math.floor(now().getTime() / 1_000) + ENDED_DAYS * 86_400;
    return [
      { name: 'desk', item: put({ ...idKey(matter.id), ...matter, endedBy, ttl }) },
      { name: 'desk-queue', item: { Delete: { TableName: table, Key: marshall(queueKey(matter)) } } },
    ];
  };

  /** `false` where a condition does not hold. Transactions that meet are tried again. */
  async function write(parts: readonly Beside[]): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.send(new TransactWriteItemsCommand({ TransactItems: parts.map(({ item }) => item) }));
        return true;
      } catch (error) {
        const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
        if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) return false;
        if (attempt === ATTEMPTS || !reasons.some(({ Code }) => Code === 'TransactionConflict')) throw error;
        await wait(Math.random() * 10 * 2 ** attempt);
      }
    }
  }

  const read = (item: Record<string, unknown>): Matter<About> => {
    const { pk: _, sk: __, ttl: ___, ...matter } = item;
    return matter as unknown as Matter<About>;
  };

  return {
    /** To be written with the entry that brings it here, or not at all. */
    opening: (matter: Matter<About>) => opening(matter, 'attribute_not_exists(pk)'),
    /** To be written with the entry that ends it. */
    ending,

    /** `false` when it is here, or was; with `again`, when it is here. */
    open: (matter: Matter<About>, { again = false } = {}): Promise<boolean> =>
      write(
        opening(matter, again ? 'attribute_not_exists(pk) OR attribute_exists(endedBy)' : 'attribute_not_exists(pk)'),
      ),

    /** For an end that was booked without it. Twice does no harm. */
    async end(matter: Matter<About>, endedBy: string): Promise<void> {
      await write(ending(matter, endedBy));
    },

    async get(id: string): Promise<Matter<About> | undefined> {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: marshall(idKey(id)), ConsistentRead: true }),
      );
      return Item && read(unmarshall(Item));
    },

    /** Those that wait, the oldest first. `next` is the `after` of the page that follows. */
    async waiting({
      after,
      limit,
    }: {
      readonly after?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly matters: readonly Matter<About>[]; readonly next?: string }> {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: after === undefined ? 'pk = :desk' : 'pk = :desk AND sk > :after',
          ExpressionAttributeValues: marshall({
            ':desk': `DESK#${kind}`,
            ...(after !== undefined && { ':after': after }),
          }),
          ConsistentRead: true,
          // One more, to know whether it is the last page.
          Limit: limit + 1,
        }),
      );
      const matters = Items.map((item) => read(unmarshall(item)));
      const last = matters.length > limit ? matters[limit - 1] : undefined;
      return { matters: matters.slice(0, limit), ...(last && { next: queueKey(last).sk }) };
    },
  };
}
