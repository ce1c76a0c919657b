import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Found, Reconciling } from '../connectors/contract.ts';

export interface ReconcilingOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly connector: string;
  readonly rhythm: Reconciling;
  /** Longer than a page may take: whoever has said nothing for so long is not at it any more. */
  readonly leaseMs: number;
  readonly now: () => Date;
}

/** What a look back came to. `begun`: not at its end when the time was. `busy`: somebody else is at it. */
export interface Reconciled {
  readonly kind: 'done' | 'begun' | 'busy';
  readonly since?: string;
  readonly pages: number;
}

/** One row a connector. Times are ISO texts. */
interface Row {
  /** Nothing that happened before is taken in this way. */
  readonly from?: string;
  /** What changed at the vendor before was looked up. */
  readonly through?: string;
  /** The look back that is on its way: when it began, from when on it looks, and the page it has come to. */
  readonly startedAt?: string;
  readonly since?: string;
  readonly after?: string;
}

/** Vendors' page marks do not keep for ever: one that was left for so long begins with its first page again. */
const PAGE_MARK_MS = 24 * 3_600_000;

/**
 * Looks up what happened at a vendor since the last time, page by page. How far it has come stands in a row, so that
 * messages only say "go on": one too many, one that is late or one that died in the middle ends in the same place. The
 * row moves once a page's facts are handed over, and its time only with the last page: a vendor that is away for a day
 * is asked about that day when it is back. One looks at a time; a lease that nobody renews runs out.
 */
export function openReconciling({ client, table, connector, rhythm, leaseMs, now }: ReconcilingOptions) {
  const key = { pk: { S: `RECONCILE#${connector}` }, sk: { S: 'RECONCILE' } };
  const before = (time: string | Date, minutes: number) =>
    new Date(new Date(time).getTime() - minutes * 60_000).toISOString();

  /** Changes the row, if it is ours: what stands in it then, or `undefined`. */
  async function change(
    set: Readonly<Record<string, string | number | undefined>>,
    condition: string,
    values: Record<string, AttributeValue>,
  ): Promise<Row | undefined> {
    const [kept, gone] = [Object.entries(set), Object.entries(set)].map((entries, index) =>
      entries.filter(([, value]) => (value === undefined) === (index === 1)),
    ) as [[string, string | number][], [string, undefined][]];
    const update = [
      ...(kept.length > 0 ? [`SET ${kept.map(([name]) => `#${name} = :${name}`).join(', ')}`] : []),
      ...(gone.length > 0 ? [`REMOVE ${gone.map(([name]) => `#${name}`).join(', ')}`] : []),
    ].join(' ');
    const written = kept.map(([name, value]): [string, AttributeValue] => [
      `:${name}`,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]);
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: key,
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: Object.fromEntries(
            [...new Set([...Object.keys(set), 'busyUntil'])].map((name) => [`#${name}`, name]),
          ),
          ExpressionAttributeValues: { ...Object.fromEntries(written), ...values },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return unmarshall(Attributes) as Row;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  const claim = (busyUntil: number) =>
    change({ busyUntil }, 'attribute_not_exists(#busyUntil) OR #busyUntil < :now', {
      ':now': { N: String(now().getTime()) },
    });
  const whileHeld = (set: Parameters<typeof change>[0], held: number) =>
    change(set, '#busyUntil = :held', { ':held': { N: String(held) } });

  /** The look back that is on its way, or the next one. */
  function roundOf({ from, through, since, startedAt, after }: Row) {
    const floor = from ?? before(now(), rhythm.lookBackDays * 24 * 60);
    if (since !== undefined && startedAt !== undefined && now().getTime() - Date.parse(startedAt) < PAGE_MARK_MS)
      return { floor, since, startedAt, after };
    const last = [through, now().toISOString()].sort()[0] as string;
    const next = through === undefined ? floor : before(last, rhythm.overlapMinutes);
    return { floor, since: since ?? next, startedAt: now().toISOString(), after: undefined };
  }

  return {
    /** Goes on for as long as there is time. `take` is given each page, and what happened before which it leaves out. */
    async goOn(
      ask: (since: Date, after: string | undefined) => Promise<Found>,
      take: (page: Found, floor: Date) => Promise<void>,
      hasTime: () => boolean,
    ): Promise<Reconciled> {
      let held = now().getTime() + leaseMs;
      const row = await claim(held);
      if (!row) return { kind: 'busy', pages: 0 };
      const { floor, since, startedAt, after: begin } = roundOf(row);
      let pages = 0;
      try {
        for (let after = begin; ; ) {
          const page = await ask(new Date(since), after);
          await take(page, new Date(floor));
          pages += 1;
          after = page.next;
          const more = after !== undefined && hasTime();
          const until = more ? Math.max(held + 1, now().getTime() + leaseMs) : undefined;
          const reached =
            after === undefined
              ? { from: floor, through: startedAt, startedAt: undefined, since: undefined, after }
              : { from: floor, startedAt, since, after };
          // Whoever took over after our lease had run out goes on from where we were: what we did twice is the same.
          if (!(await whileHeld({ ...reached, busyUntil: until }, held))) return { kind: 'busy', since, pages };
          if (until === undefined) return { kind: after === undefined ? 'done' : 'begun', since, pages };
          held = until;
        }
      } catch (error) {
        // Whoever tries again goes on at once.
        await whileHeld({ busyUntil: undefined }, held);
        throw error;
      }
    },
  };
}
