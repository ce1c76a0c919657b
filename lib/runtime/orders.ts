import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

/** Whose an order or a redemption is: for those who know its number and not the member. */
export type Orders = ReturnType<typeof openOrders>;

/** As long as a refund may be told, after a sale that was told as late as it may be. */
const ORDER_DAYS = 800;
/** Longer than any program holds points. */
const REDEMPTION_DAYS = 60;

export function openOrders({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  const order = (source: string, orderId: string) => ({ pk: { S: `O#${source}#${orderId}` }, sk: { S: 'O' } });
  const redemption = (redemptionId: string) => ({ pk: { S: `R#${redemptionId}` }, sk: { S: 'R' } });

  async function memberAt(Key: ReturnType<typeof order>): Promise<string | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item?.memberId?.S;
  }

  async function keep(Key: ReturnType<typeof order>, memberId: string, days: number): Promise<void> {
    const ttl = String(Math.floor(now().getTime() / 1000) + days * 86_400);
    await client.send(
      new PutItemCommand({ TableName: table, Item: { ...Key, memberId: { S: memberId }, ttl: { N: ttl } } }),
    );
  }

  return {
    memberOfOrder: (source: string, orderId: string) => memberAt(order(source, orderId)),
    keepOrder: (source: string, orderId: string, memberId: string) =>
      keep(order(source, orderId), memberId, ORDER_DAYS),
    memberOfRedemption: (redemptionId: string) => memberAt(redemption(redemptionId)),
    keepRedemption: (redemptionId: string, memberId: string) =>
      keep(redemption(redemptionId), memberId, REDEMPTION_DAYS),
  };
}
