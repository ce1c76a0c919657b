import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ActivityFact, SaleFact } from '../loyalty/facts.ts';
import { shortPeriodOf } from '../loyalty/period.ts';
import type { Program } from '../loyalty/program.ts';
import { log, reasonOf } from './log.ts';

/** Longer than any period, and than a sale that is told late. */
const KEPT_DAYS = 3;

type Limit = 'salesPerStaff' | 'salesPerLocation' | 'salesPerSource';
const LIMITS: readonly {
  readonly limit: Limit;
  readonly flag: string;
  readonly of: (sale: SaleFact) => string | undefined;
}[] = [
  { limit: 'salesPerStaff', flag: 'sales-per-staff', of: ({ staffId }) => staffId },
  { limit: 'salesPerLocation', flag: 'sales-per-location', of: ({ locationId }) => locationId },
  { limit: 'salesPerSource', flag: 'sales-per-source', of: ({ source }) => source },
];

export const watchesVelocity = ({ fraud }: Pick<Program, 'fraud'>): boolean =>
  LIMITS.some(({ limit }) => fraud[limit] !== undefined);

/**
 * How much one of the staff, one place and one source sell in an hour or a day. Read before a sale is decided, and counted
 * once it is booked, each in a row of its own that goes by itself: many sales at once may slip by before the first of them
 * is counted, which is no harm where a person looks afterwards. A till never waits for a count that cannot be had.
 */
export function openVelocity({
  client,
  table,
  program: { fraud, timeZone },
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  program: Pick<Program, 'fraud' | 'timeZone'>;
  now?: () => Date;
}) {
  /** The counters that the sale is about, with what each may come to. */
  const countersOf = (sale: SaleFact) =>
    LIMITS.flatMap(({ limit, flag, of }) => {
      const [velocity, whose] = [fraud[limit], of(sale)];
      if (!velocity || whose === undefined) return [];
      const period = shortPeriodOf(velocity.per, timeZone, sale.occurredAt);
      // Till and shop count apart: their names for staff and places are their own.
      const Key = { pk: { S: `F#${flag}#${sale.source}#${whose}` }, sk: { S: period } };
      return [{ flag, max: velocity.max, Key }];
    });

  return {
    /** Names the limits that were reached before this sale. */
    async flagsOf(fact: SaleFact | ActivityFact): Promise<readonly string[]> {
      if (fact.type !== 'sale') return [];
      try {
        const found = await Promise.all(
          countersOf(fact).map(async ({ flag, max, Key }) => {
            const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
            return Number(Item?.times?.N ?? 0) >= max ? [flag] : [];
          }),
        );
        return found.flat();
      } catch (error) {
        log.warn('nobody could look how much was sold', { reason: reasonOf(error) });
        return [];
      }
    },

    /** After it was booked, so that a sale that is told again counts once. */
    async count(sale: SaleFact): Promise<void> {
      const ttl = String(Math.floor(now().getTime() / 1_000) + KEPT_DAYS * 86_400);
      const counted = await Promise.allSettled(
        countersOf(sale).map(({ Key }) =>
          client.send(
            new UpdateItemCommand({
              TableName: table,
              Key,
              UpdateExpression: 'ADD times :one SET #ttl = :ttl',
              ExpressionAttributeNames: { '#ttl': 'ttl' },
              ExpressionAttributeValues: { ':one': { N: '1' }, ':ttl': { N: ttl } },
            }),
          ),
        ),
      );
      for (const one of counted)
        if (one.status === 'rejected') log.warn('a sale was not counted', { reason: reasonOf(one.reason) });
    },
  };
}
