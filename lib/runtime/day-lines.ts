import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Day } from '../loyalty/account.ts';
import { SHARDS } from './items.ts';

export type Line = Record<string, AttributeValue>;

/** Lines whose sort keys begin with a day (`<day>#<name>`), of all shards over which they are spread; both days are in. */
export async function linesOfDays(
  { client, table }: { client: DynamoDBClient; table: string },
  keyOf: (shard: number) => string,
  { from, to }: { readonly from: Day; readonly to: Day },
): Promise<Line[]> {
  async function linesOf(shard: number): Promise<Line[]> {
    const found: Line[] = [];
    let next: Line | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          // A dollar sign comes right after the hash that parts the day from the name.
          ExpressionAttributeValues: { ':pk': { S: keyOf(shard) }, ':from': { S: from }, ':to': { S: `${to}$` } },
          ConsistentRead: true,
          ...(next && { ExclusiveStartKey: next }),
        }),
      );
      found.push(...(page.Items ?? []));
      next = page.LastEvaluatedKey;
    } while (next);
    return found;
  }
  return (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => linesOf(shard)))).flat();
}

/** What of a line's sort key is its day, and what its name. */
export const namedIn = ({ sk }: Line): { readonly day: Day; readonly name: string } => ({
  day: sk?.S?.slice(0, 10) ?? '',
  name: sk?.S?.slice(11) ?? '',
});
