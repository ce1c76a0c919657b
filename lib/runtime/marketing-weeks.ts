import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

const WEEK_MS = 7 * 86_400_000;
const ATTEMPTS = 16;

/** Message → when it was given a place. */
type Places = Readonly<Record<string, string>>;

/**
 * How much advertising a member gets in any seven days: each message takes a place before it is sent, and keeps it; what
 * comes to nothing gives it back.
 */
export function openMarketingWeeks({
  client,
  table,
  perWeek,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  perWeek: number;
  now?: () => Date;
}) {
  const keyOf = (memberId: string) => ({ pk: { S: `MARKETING#${memberId}` }, sk: { S: 'W' } });

  async function read(memberId: string): Promise<{ places: Places; rev: number }> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(memberId), ConsistentRead: true }),
    );
    const row = Item ? unmarshall(Item) : {};
    return { places: (row.places ?? {}) as Places, rev: Number(row.rev ?? 0) };
  }

  async function write(memberId: string, places: Places, rev: number): Promise<boolean> {
    try {
      await client.send(
        new PutItemCommand({
          TableName: table,
          Item: {
            ...keyOf(memberId),
            ...marshall({ places, rev: rev + 1, ttl: Math.floor((now().getTime() + 2 * WEEK_MS) / 1000) }),
          },
          ...(rev === 0
            ? { ConditionExpression: 'attribute_not_exists(pk)' }
            : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { N: String(rev) } } }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** What a look at the places comes to, and how they are to be; without `next` they stay as they are. */
  interface Step<Answer> {
    readonly answer: Answer;
    readonly next?: Places;
  }

  /** Takes the step from how the week stands, again whenever somebody was faster. */
  async function change<Answer>(memberId: string, step: (places: Places) => Step<Answer>): Promise<Answer> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const { places, rev } = await read(memberId);
      const { answer, next } = step(places);
      if (!next || (await write(memberId, next, rev))) return answer;
    }
    throw new Error(`the week of ${memberId} was changed by others ${ATTEMPTS} times`);
  }

  return {
    /** `undefined`: it has its place, now or since before. Else when there is room. */
    take: (memberId: string, messageId: string): Promise<Date | undefined> =>
      change(memberId, (places) => {
        if (places[messageId] !== undefined) return { answer: undefined };
        const since = now().getTime() - WEEK_MS;
        const taken = Object.entries(places)
          .filter(([, at]) => Date.parse(at) > since)
          .sort(([, a], [, b]) => Date.parse(a) - Date.parse(b));
        if (taken.length >= perWeek) {
          const [, leaves = now().toISOString()] = taken[taken.length - perWeek] ?? [];
          return { answer: new Date(Date.parse(leaves) + WEEK_MS) };
        }
        return { answer: undefined, next: Object.fromEntries([...taken, [messageId, now().toISOString()]]) };
      }),

    /** Nothing was sent, and nothing will be: another may have its place. Of one that has none nothing is written. */
    giveBack: (memberId: string, messageId: string): Promise<void> =>
      change(memberId, ({ [messageId]: place, ...left }) => ({
        answer: undefined,
        ...(place !== undefined && { next: left }),
      })),
  };
}

export type MarketingWeeks = ReturnType<typeof openMarketingWeeks>;
