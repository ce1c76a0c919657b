import { createHash, randomInt } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { LINK_LETTERS, NUMBER_DIGITS } from '../loyalty/replies.ts';

/** How long a member may take to say yes. */
export const MINUTES_TO_CONFIRM = 30;
/** Whoever says yes once more, days later, gets the answer that was given then, and nothing else happens. */
const KEEP_DAYS = 30;

/** What a member was asked: whether that is to be redeemed, for so many points. */
export interface AskedRedemption {
  readonly redemptionId: string;
  /** Says yes to this one, and to no other of the same member. */
  readonly number: string;
  readonly rewardId: string;
  readonly step?: number | undefined;
  /** What was said to be its price. */
  readonly cost: number;
  /** Spent at once, or put aside for the counter. */
  readonly capture: boolean;
  readonly until: string;
}

export type AskedRedemptions = ReturnType<typeof openAskedRedemptions>;

/** Redemptions that were asked for by a reply and wait for a yes. Each has its id from the reply that asked for it. */
export function openAskedRedemptions({
  client,
  table,
  now = () => new Date(),
  random = () => String(randomInt(10 ** NUMBER_DIGITS)).padStart(NUMBER_DIGITS, '0'),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
  random?: () => string;
}) {
  const partition = (memberId: string) => `ASKED#${memberId}`;
  const rowOf = (item: Parameters<typeof unmarshall>[0]): AskedRedemption => {
    const { pk: _, sk: redemptionId, ttl: __, ...row } = unmarshall(item);
    return { ...(row as Omit<AskedRedemption, 'redemptionId'>), redemptionId };
  };

  /** Of one member: a handful. */
  async function all(memberId: string): Promise<AskedRedemption[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :member',
        ExpressionAttributeValues: { ':member': { S: partition(memberId) } },
        ConsistentRead: true,
      }),
    );
    return Items.map(rowOf);
  }

  async function there(memberId: string, redemptionId: string): Promise<AskedRedemption | undefined> {
    const Key = { pk: { S: partition(memberId) }, sk: { S: redemptionId } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && rowOf(Item);
  }

  function freshNumber(taken: readonly AskedRedemption[]): string {
    const numbers = new Set(taken.map(({ number }) => number));
    let number = random();
    while (numbers.has(number)) number = random();
    return number;
  }

  return {
    /** Notes what is asked; of the same reply once more, what was asked then. */
    async ask(
      memberId: string,
      wanted: Pick<AskedRedemption, 'redemptionId' | 'rewardId' | 'step' | 'cost' | 'capture'>,
    ): Promise<AskedRedemption> {
      const before = await all(memberId);
      const known = before.find(({ redemptionId }) => redemptionId === wanted.redemptionId);
      if (known) return known;
      const at = now().getTime();
      const asked: AskedRedemption = {
        ...wanted,
        number: freshNumber(before),
        until: new Date(at + MINUTES_TO_CONFIRM * 60_000).toISOString(),
      };
      const { redemptionId, ...row } = asked;
      const item = {
        pk: partition(memberId),
        sk: redemptionId,
        ...row,
        ttl: Math.floor(at / 1000) + KEEP_DAYS * 86_400,
      };
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: marshall(item, { removeUndefinedValues: true }),
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        return asked;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return (await there(memberId, redemptionId)) ?? asked;
      }
    },

    all,
  };
}

/** Made of the reply that asks for it: however often that comes, it is one redemption. To be read out at a counter. */
export function redemptionIdFor({ source, factId }: { readonly source: string; readonly factId: string }): string {
  const bytes = createHash('sha256').update(`${source}\n${factId}`).digest();
  const letters = [...bytes.subarray(0, 10)].map((byte) => LINK_LETTERS[byte % LINK_LETTERS.length]).join('');
  return `R-${letters.slice(0, 5)}-${letters.slice(5)}`;
}
