import { type AttributeValue, type DynamoDBClient, QueryCommand, type Update } from '@aws-sdk/client-dynamodb';
import type { Day } from '../loyalty/account.ts';
import { DELIVERY_MEASURES, type DeliveryLine, type DeliveryMeasure } from '../loyalty/report-tables.ts';
import { SHARDS, shardOf } from './items.ts';

/**
 * How often each connector was told something, by the day on which it came of it: lines beside the deliveries, added to
 * in the very transaction that notes what became of one. Deliveries are forgotten after some months, these are not.
 */

const keyOf = (shard: number) => `DELIVERED#${shard}`;

/** One more of it. Events are spread over several lines, which are summed when they are read. */
export const countDelivery = (
  table: string,
  { connector, eventId, day, what }: { connector: string; eventId: string; day: Day; what: readonly DeliveryMeasure[] },
): Update => ({
  TableName: table,
  Key: { pk: { S: keyOf(shardOf(eventId)) }, sk: { S: `${day}#${connector}` } },
  UpdateExpression: `ADD ${what.map((_, at) => `#w${at} :one`).join(', ')}`,
  ExpressionAttributeNames: Object.fromEntries(what.map((one, at) => [`#w${at}`, one])),
  ExpressionAttributeValues: { ':one': { N: '1' } },
});

export type DeliveryCounts = ReturnType<typeof openDeliveryCounts>;

export const openDeliveryCounts = ({ client, table }: { client: DynamoDBClient; table: string }) => ({
  /** Both days are in. */
  async lines({ from, to }: { readonly from: Day; readonly to: Day }): Promise<DeliveryLine[]> {
    const shards = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => pages(keyOf(shard), from, to)));
    return shards.flat().map((item) => {
      const sk = item.sk?.S ?? '';
      const amounts = Object.fromEntries(DELIVERY_MEASURES.map((one) => [one, Number(item[one]?.N ?? 0)]));
      return { day: sk.slice(0, 10), connector: sk.slice(11), amounts };
    });

    async function pages(pk: string, first: Day, last: Day) {
      const found: Record<string, AttributeValue>[] = [];
      let next: Record<string, AttributeValue> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
            // A dollar sign comes right after the hash that parts the day from the name.
            ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: first }, ':to': { S: `${last}$` } },
            ConsistentRead: true,
            ...(next && { ExclusiveStartKey: next }),
          }),
        );
        found.push(...(page.Items ?? []));
        next = page.LastEvaluatedKey;
      } while (next);
      return found;
    }
  },
});
