import type { DynamoDBClient, Update } from '@aws-sdk/client-dynamodb';
import type { Day } from '../loyalty/account.ts';
import { DELIVERY_MEASURES, type DeliveryLine, type DeliveryMeasure } from '../loyalty/report-tables.ts';
import { linesOfDays, namedIn } from './day-lines.ts';
import { shardOf } from './items.ts';

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

export const openDeliveryCounts = (beside: { client: DynamoDBClient; table: string }) => ({
  /** Both days are in. */
  async lines(days: { readonly from: Day; readonly to: Day }): Promise<DeliveryLine[]> {
    return (await linesOfDays(beside, keyOf, days)).map((line) => {
      const { day, name: connector } = namedIn(line);
      const amounts = Object.fromEntries(DELIVERY_MEASURES.map((one) => [one, Number(line[one]?.N ?? 0)]));
      return { day, connector, amounts };
    });
  },
});
