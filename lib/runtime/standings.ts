import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Standing } from '../connectors/contract.ts';
import { byDate, spendable } from '../loyalty/buckets.ts';
import { dayIn } from '../loyalty/calendar.ts';
import { fromAccountItem } from './items.ts';

/** How somebody's account stands, and after how many entries: a higher `seq` has overtaken it. */
export interface Stood {
  readonly seq: number;
  readonly standing: Standing;
}

export type Standings = ReturnType<typeof openStandings>;

/** How members' accounts stand, for those who keep a copy of it. */
export function openStandings({
  client,
  table,
  timeZone,
  firstTier,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  /** The merchant's, in which somebody joined on a day, and points lapse on one. */
  timeZone: string;
  firstTier: string;
  now?: () => Date;
}) {
  const itemOf = async (memberId: string) => {
    const Key = { memberId: { S: memberId } };
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item && fromAccountItem(Item);
  };

  return {
    /** Before the first entry: nothing of everything. */
    async of({ memberId, enrolledAt }: { memberId: string; enrolledAt: string }): Promise<Stood> {
      const account = await itemOf(memberId);
      const today = dayIn(timeZone, now());
      const next = byDate(account?.buckets ?? {}).find(
        ([date, points]) => /^\d/.test(date) && date >= today && points > 0,
      );
      return {
        seq: account?.seq ?? 0,
        standing: {
          available: account ? spendable(account.buckets, today) : 0,
          pending: account?.pending ?? 0,
          held: account?.held ?? 0,
          lifetime: account?.lifetime ?? 0,
          tier: account?.tier || firstTier,
          visits: account?.visits ?? 0,
          enrolledOn: dayIn(timeZone, enrolledAt),
          ...(next && { nextExpiryOn: next[0], nextExpiryPoints: next[1] }),
        },
      };
    },

    /** After how many entries it stands now. */
    seq: async (memberId: string): Promise<number> => (await itemOf(memberId))?.seq ?? 0,
  };
}
