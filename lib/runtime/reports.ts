import { setTimeout as wait } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Day } from '../loyalty/account.ts';
import type { Campaign } from '../loyalty/campaign.ts';
import { type Sides, sideOf } from '../loyalty/effects.ts';
import type { Entry } from '../loyalty/entry.ts';
import type { Program } from '../loyalty/program.ts';
import {
  type Amounts,
  type Dimension,
  MEASURES,
  nameOf,
  type Summary,
  sumTallies,
  type Tally,
  tally,
} from '../loyalty/tally.ts';
import { type Line, linesOfDays, namedIn } from './day-lines.ts';
import { SHARDS, shardOf } from './items.ts';
import { isOvertaken } from './overtaken.ts';

/** What DynamoDB takes in one transaction, and reads in one batch. */
const ITEMS_MAX = 100;

const ATTEMPTS = 12;

const BEFORE_ALL_DAYS = '0';

export interface ReportsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly program: Pick<Program, 'timeZone' | 'currency'>;
  /** A member's whole journal: asked for where the stream brings a later entry than the next one. */
  readonly journal: (memberId: string) => Promise<readonly Entry[]>;
  readonly random?: () => number;
}

/** Too many counted the same at once. Nothing was written; try again. */
export class ReportsBusy extends Error {
  override readonly name = 'ReportsBusy';
}

export type Reports = ReturnType<typeof openReports>;

/**
 * The read model: a row for each member, which says up to which entry it is counted, and the sums by day. Both are
 * written in one transaction, on condition that the member's row is what was read: whatever comes twice, late, in another
 * order or after a crash is counted once. The stream says that there is something to count; what, the journal says.
 */
export function openReports({ client, table, program, journal, random = Math.random }: ReportsOptions) {
  const summaryKey = (memberId: string) => ({ pk: { S: `S#${shardOf(memberId)}` }, sk: { S: memberId } });

  async function summaries(memberIds: readonly string[]): Promise<Map<string, Summary>> {
    const found = new Map<string, Summary>();
    let wanted = memberIds.map(summaryKey);
    for (let tries = 1; wanted.length > 0; tries += 1) {
      const now = wanted.slice(0, ITEMS_MAX);
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: now, ConsistentRead: true } } }),
      );
      for (const item of Responses?.[table] ?? []) {
        const summary = toSummary(item);
        found.set(summary.memberId, summary);
      }
      const left = (UnprocessedKeys?.[table]?.Keys ?? []) as typeof wanted;
      if (left.length > 0) await pause(tries);
      wanted = [...left, ...wanted.slice(ITEMS_MAX)];
    }
    return found;
  }

  const pause = (attempt: number) => wait(random() * Math.min(500, 5 * 2 ** attempt));

  /** Those of a member that are not counted yet, without a gap. */
  async function fresh(told: readonly Entry[], before: Summary | undefined): Promise<readonly Entry[]> {
    const lastSeq = before?.lastSeq ?? 0;
    const news = told.filter(({ seq }) => seq > lastSeq).sort((a, b) => a.seq - b.seq);
    if (news.every(({ seq }, index) => seq === lastSeq + 1 + index)) return news;
    const [first] = news;
    const all = first ? await journal(first.memberId) : [];
    return all.filter(({ seq }) => seq > lastSeq).sort((a, b) => a.seq - b.seq);
  }

  /** As much as one transaction holds. `undefined`: there is nothing left to count. */
  async function nextTransaction(
    byMember: ReadonlyMap<string, readonly Entry[]>,
  ): Promise<{ readonly items: TransactWriteItem[]; readonly isAll: boolean } | undefined> {
    const known = await summaries([...byMember.keys()]);
    const after = new Map<string, Summary>();
    const lines: Tally[] = [];
    const names = new Set<string>();
    let isAll = true;
    fill: for (const [memberId, told] of byMember) {
      const before = known.get(memberId);
      for (const entry of await fresh(told, before)) {
        const counted = tally(after.get(memberId) ?? before, entry, program);
        const more = counted.tallies.filter((line) => !names.has(nameOf(line))).length;
        const size = names.size + more + after.size + (after.has(memberId) ? 0 : 1);
        if (size > ITEMS_MAX) {
          isAll = false;
          break fill;
        }
        lines.push(...counted.tallies);
        for (const line of counted.tallies) names.add(nameOf(line));
        after.set(memberId, counted.summary);
      }
    }
    const [first] = after.keys();
    if (first === undefined) return undefined;
    const puts = [...after.values()].map((summary) => putSummary(summary, known.get(summary.memberId)));
    // Any shard would do: they are summed when they are read. So those who count at the same time seldom meet.
    const sums = sumTallies(lines).filter(({ amounts }) => Object.keys(amounts).length > 0);
    return { items: [...puts, ...sums.map((line) => addTally(line, shardOf(first)))], isAll };
  }

  const putSummary = (summary: Summary, before: Summary | undefined): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...summaryKey(summary.memberId), ...marshall(summary, { removeUndefinedValues: true }) },
      ...(before
        ? {
            ConditionExpression: 'lastSeq = :seq',
            ExpressionAttributeValues: { ':seq': { N: String(before.lastSeq) } },
          }
        : { ConditionExpression: 'attribute_not_exists(pk)' }),
    },
  });

  const addTally = ({ day, by, of, amounts }: Tally, shard: number): TransactWriteItem => {
    const told = Object.entries(amounts);
    return {
      Update: {
        TableName: table,
        Key: { pk: { S: `T#${by}#${shard}` }, sk: { S: `${day}#${of}` } },
        UpdateExpression: `ADD ${told.map((_, index) => `#m${index} :m${index}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(told.map(([measure], index) => [`#m${index}`, measure])),
        ExpressionAttributeValues: Object.fromEntries(
          told.map(([, amount], index) => [`:m${index}`, { N: String(amount) }]),
        ),
      },
    };
  };

  return {
    /** Counts entries in whatever order they come; what is counted already is passed over. */
    async count(entries: readonly Entry[]): Promise<void> {
      const byMember = Map.groupBy(entries, ({ memberId }) => memberId);
      for (let attempt = 1; attempt <= ATTEMPTS; ) {
        const next = await nextTransaction(byMember);
        if (!next) return;
        try {
          await client.send(new TransactWriteItemsCommand({ TransactItems: next.items }));
          if (next.isAll) return;
          attempt = 1;
        } catch (error) {
          if (!isOvertaken(error)) throw error;
          await pause(attempt);
          attempt += 1;
        }
      }
      throw new ReportsBusy(`nothing was counted in ${ATTEMPTS} tries`);
    },

    /** The sums of each day, both days in. Absent `from`: since the beginning. */
    async tallies(
      by: Dimension,
      { from, to }: { readonly from?: Day | undefined; readonly to: Day },
    ): Promise<Tally[]> {
      const since = from || BEFORE_ALL_DAYS;
      const lines = await linesOfDays({ client, table }, (shard) => `T#${by}#${shard}`, { from: since, to });
      return sumTallies(lines.map((line) => toTally(by, line))).sort((a, b) =>
        a.day === b.day ? a.of.localeCompare(b.of) : a.day < b.day ? -1 : 1,
      );
    },

    /** How many members are on either side of campaigns at a day's end. Nobody's, when there is no time to ask everybody. */
    async sides(
      campaigns: readonly Campaign[],
      { to, hasTime }: { readonly to: Day; readonly hasTime: () => boolean },
    ): Promise<Sides> {
      if (campaigns.length === 0) return {};
      const counts = Object.fromEntries(campaigns.map(({ id }) => [id, { given: 0, held: 0 }]));
      const shard = async (pk: string): Promise<boolean> => {
        let next: Record<string, AttributeValue> | undefined;
        do {
          if (!hasTime()) return false;
          const page = await client.send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: 'pk = :pk',
              ExpressionAttributeValues: { ':pk': { S: pk } },
              ProjectionExpression: 'memberId, joinedOn, leftOn',
              ...(next && { ExclusiveStartKey: next }),
            }),
          );
          for (const { memberId, joinedOn, leftOn } of page.Items ?? []) {
            const who = { memberId: memberId?.S ?? '', joinedOn: joinedOn?.S ?? '', leftOn: leftOn?.S };
            for (const campaign of campaigns) {
              const side = sideOf(campaign, who, program, to);
              const count = counts[campaign.id];
              if (side && count) count[side] += 1;
            }
          }
          next = page.LastEvaluatedKey;
        } while (next);
        return true;
      };
      const done = await Promise.all(Array.from({ length: SHARDS }, (_, each) => shard(`S#${each}`)));
      return done.every(Boolean) ? counts : {};
    },

    async summary(memberId: string): Promise<Summary | undefined> {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: summaryKey(memberId) }));
      return Item && toSummary(Item);
    },

    /** Everybody, page by page. `next` is the `after` of the page that follows, whatever was in this one. */
    async members({
      after = `0#`,
      limit,
    }: {
      readonly after?: string | undefined;
      readonly limit: number;
    }): Promise<{ readonly summaries: readonly Summary[]; readonly next?: string }> {
      const shard = Number(after.slice(0, after.indexOf('#')));
      const last = after.slice(after.indexOf('#') + 1);
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND sk > :last',
          ExpressionAttributeValues: { ':pk': { S: `S#${shard}` }, ':last': { S: last || ' ' } },
          ConsistentRead: true,
          Limit: limit,
        }),
      );
      const found = Items.map(toSummary);
      const end = found.at(-1);
      // A page may be shorter than asked for and not be the last one: only an empty one ends a shard.
      const next = end ? cursorOf(end.memberId) : shard + 1 < SHARDS ? `${shard + 1}#` : undefined;
      return { summaries: found, ...(next !== undefined && { next }) };
    },
  };
}

/** The `after` with which to go on behind this member. */
export const cursorOf = (memberId: string): string => `${shardOf(memberId)}#${memberId}`;

const toSummary = (item: Record<string, AttributeValue>): Summary => {
  const { pk: _, sk: __, ...summary } = unmarshall(item);
  return summary as unknown as Summary;
};

function toTally(by: Dimension, line: Line): Tally {
  const { day, name: of } = namedIn(line);
  const amounts: Amounts = Object.fromEntries(
    MEASURES.flatMap((measure) => (line[measure]?.N === undefined ? [] : [[measure, Number(line[measure].N)]])),
  );
  return { by, day, of, amounts };
}
