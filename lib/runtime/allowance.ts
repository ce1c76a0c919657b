import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';

/** Stretches of time in which something is counted, after which the count begins anew. */
const MS = { hour: 3_600_000, day: 86_400_000 };

export type Allowance = ReturnType<typeof openAllowance>;

/**
 * So many different things within an hour or a day, and no more. Each has a name: told again, it is not counted again,
 * and what was allowed stays allowed. The row holds no more names than are allowed.
 */
export function openAllowance({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  return {
    /** Whether `name` is one of the first `max` that were told of `what` in this hour or day (of UTC). */
    async allows(what: string, name: string, max: number, per: keyof typeof MS): Promise<boolean> {
      const period = Math.floor(now().getTime() / MS[per]);
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: { pk: { S: `ALLOW#${what}` }, sk: { S: `${per}#${period}` } },
            UpdateExpression: 'ADD #names :one SET #ttl = :ttl',
            ConditionExpression: 'attribute_not_exists(#names) OR size(#names) < :max OR contains(#names, :name)',
            ExpressionAttributeNames: { '#names': 'names', '#ttl': 'ttl' },
            ExpressionAttributeValues: {
              ':one': { SS: [name] },
              ':name': { S: name },
              ':max': { N: String(max) },
              ':ttl': { N: String(Math.floor(((period + 2) * MS[per]) / 1000)) },
            },
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },
  };
}
