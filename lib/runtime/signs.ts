import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { log, reasonOf } from './log.ts';

/** What was last seen of a source, for those who ask whether it is well. */
export interface Signs {
  /** Something came whose proof was good. */
  readonly heardAt?: string;
  /** The vendor was asked to send to us, and this is what only the merchant can put right. */
  readonly subscribedAt?: string;
  readonly differences?: readonly string[];
}

/** A busy source is noted once in a while by each process, not with each thing it tells. */
const NOTED_MS = 60_000;

export function openSigns({
  client,
  table,
  connector,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  connector: string;
  now?: () => Date;
}) {
  const Key = { pk: { S: `SIGNS#${connector}` }, sk: { S: 'SIGNS' } };
  let notedAt = Number.NEGATIVE_INFINITY;

  /** Whoever does something for a source does not stop for want of a note about it. */
  async function note(signs: Signs): Promise<void> {
    const entries = Object.entries(signs);
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall(Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value]))),
        }),
      );
    } catch (error) {
      log.warn('what was seen of a source could not be noted', { reason: reasonOf(error) });
    }
  }

  return {
    async heard(): Promise<void> {
      const at = now();
      if (at.getTime() - notedAt < NOTED_MS) return;
      notedAt = at.getTime();
      await note({ heardAt: at.toISOString() });
    },
    subscribed: (differences: readonly string[]): Promise<void> =>
      note({ subscribedAt: now().toISOString(), differences }),
    async read(): Promise<Signs> {
      const { Item = {} } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return unmarshall(Item) as Signs;
    },
  };
}
