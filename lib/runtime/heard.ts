import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

/** Some channels take free words only for a while after a member has written there; nobody asks for longer than this. */
const KEEP_DAYS = 90;

export type Heard = ReturnType<typeof openHeard>;

/** When a member last wrote to us, and where. */
export function openHeard({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  const key = (memberId: string, connector: string) => ({ pk: { S: `HEARD#${memberId}` }, sk: { S: connector } });
  return {
    /** What comes late, or again, changes nothing. */
    async note(memberId: string, connector: string, at: string): Promise<void> {
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: key(memberId, connector),
            UpdateExpression: 'SET heardAt = :at, #ttl = :ttl',
            ConditionExpression: 'attribute_not_exists(heardAt) OR heardAt < :at',
            ExpressionAttributeNames: { '#ttl': 'ttl' },
            ExpressionAttributeValues: {
              // In one way of writing, so that the later one is the greater.
              ':at': { S: new Date(at).toISOString() },
              ':ttl': { N: String(Math.floor(now().getTime() / 1000) + KEEP_DAYS * 86_400) },
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    },

    async at(memberId: string, connector: string): Promise<string | undefined> {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: key(memberId, connector), ConsistentRead: true }),
      );
      return Item?.heardAt?.S;
    },
  };
}
