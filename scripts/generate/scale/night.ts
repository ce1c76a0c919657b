import { MEASURED, OURS, type Work } from './measured.ts';
import {
  IN_FLIGHT_MAX,
  MAPPING,
  PARTITION,
  PRICES,
  PROCESSOR,
  TABLE_AT_FIRST,
  TABLE_DOUBLES_SECONDS,
  TABLE_WRITE_UNITS,
} from './quotas.ts';

/**
 * A night in steps of a second: a queue in the order in which messages came, functions that are added as Lambda adds them,
 * pages that bring the next page behind all that waits already, and tables and indexes that take so much a second and no
 * more. What one member costs was measured; how fast AWS answers was not.
 */

export interface Shop {
  readonly members: number;
  /** Functions that work at the same time. */
  readonly functions: number;
  readonly shards: number;
  /** Write units a second that the tables bear at the beginning: what they have borne before, or were warmed to. */
  readonly warm?: number;
}

type Name = keyof typeof MEASURED;

/** Who is due that night, as a share of all members, and when their sweep begins. */
export interface Due {
  readonly duty: Name;
  readonly share: number;
  readonly atMinute: number;
  /** All of them stand in the same shards of one index; else whoever is due is found in a scan, or moves in no index. */
  readonly inIndex: boolean;
}

const yearly = 1 / 365;

/** A year's duties, spread over it. */
const USUAL: readonly Due[] = [
  { duty: 'reminder', share: 3 * yearly, atMinute: 0, inIndex: true },
  { duty: 'expiry', share: yearly, atMinute: 0, inIndex: true },
  { duty: 'activation', share: 2 * yearly, atMinute: 0, inIndex: true },
  { duty: 'absence', share: 3 * yearly, atMinute: 2, inIndex: true },
  { duty: 'birthday', share: yearly, atMinute: 5, inIndex: false },
  { duty: 'anniversary', share: yearly, atMinute: 10, inIndex: false },
];

export const NIGHTS: Readonly<Record<'ordinary' | 'month' | 'worst', readonly Due[]>> = {
  ordinary: USUAL,
  month: [...USUAL, { duty: 'statement', share: 1, atMinute: 25, inIndex: false }],
  worst: [
    { duty: 'expiry', share: 1, atMinute: 0, inIndex: true },
    ...USUAL.filter(({ duty }) => duty !== 'expiry' && duty !== 'reminder'),
    { duty: 'monthly', share: 1, atMinute: 15, inIndex: false },
    { duty: 'monthly', share: 1, atMinute: 20, inIndex: false },
    { duty: 'statement', share: 1, atMinute: 25, inIndex: false },
  ],
};

export type Limit = 'functions' | 'warming up' | 'table quota' | 'index partitions';

export interface Outcome {
  readonly due: number;
  readonly seconds: number;
  /** How long the message waited that waited longest. */
  readonly oldestSeconds: number;
  /** What held the night up most of its seconds. */
  readonly limit: Limit;
  readonly inFlight: number;
  readonly dollars: number;
}

/** Seconds in which one function does a batch: the calls of each message one after the other, the messages side by side. */
export const batchSeconds = ({ requests }: Work): number =>
  OURS.invocationSeconds +
  Math.max(requests * OURS.callSeconds, (OURS.batch * requests * OURS.processorSecondsPerCall) / PROCESSOR);

/** Seconds in which one function finds a page: a query, and its messages by tens, one batch after the other. */
const pageSeconds = (page: number): number =>
  (1 + page / 10) * Math.max(OURS.callSeconds, OURS.processorSecondsPerCall / PROCESSOR);

interface Waiting {
  readonly due: Due;
  /** Members to do; or those of a shard that are still to be found. */
  count: number;
  readonly shard?: true;
  readonly since: number;
}

export function simulate(shop: Shop, night: readonly Due[]): Outcome {
  const queue: Waiting[] = [];
  let [head, second, seconds, oldest, bought] = [0, 0, 0, 0, 0];
  const most = Math.min(shop.functions, MAPPING.most, IN_FLIGHT_MAX / OURS.batch);
  let [warm, steady] = [shop.warm ?? TABLE_AT_FIRST, 0];
  const held: Record<Limit, number> = { functions: 0, 'warming up': 0, 'table quota': 0, 'index partitions': 0 };
  const starts = night.map((due) => ({ due, at: due.atMinute * 60, left: Math.round(shop.members * due.share) }));
  const all = starts.reduce((sum, { left }) => sum + left, 0);
  let [left, next] = [all, 0];
  starts.sort((a, b) => a.at - b.at);

  for (; left > 0; second += 1) {
    while (starts[next] && (starts[next]?.at ?? 0) <= second) {
      const { due, left: count } = starts[next] as (typeof starts)[number];
      // The coordinator finds the first page of each shard itself; that it takes some seconds for it does not show here.
      for (let shard = 0; shard < shop.shards; shard += 1)
        queue.push({ due, count: count / shop.shards, shard: true, since: second });
      next += 1;
    }
    const functions = Math.min(most, MAPPING.first + MAPPING.moreEachSecond * second);
    let time = functions;
    // Tables of accounts and of entries take half of a posting each.
    let units = Math.min(warm, TABLE_WRITE_UNITS);
    const room = new Map<Due, number>();
    let stopped: Limit | undefined;
    let used = 0;
    while (time > 0 && head < queue.length && !stopped) {
      const first = queue[head] as Waiting;
      oldest = Math.max(oldest, second - first.since);
      if (first.shard) {
        const found = Math.min(OURS.page, first.count);
        time -= pageSeconds(found);
        head += 1;
        if (found > 0) queue.push({ due: first.due, count: found, since: second });
        if (first.count > found) queue.push({ ...first, count: first.count - found, since: second });
        continue;
      }
      const work = MEASURED[first.due.duty];
      const each = batchSeconds(work) / OURS.batch;
      const inIndex = room.get(first.due) ?? shop.shards * PARTITION.writeUnits;
      const table = units / (work.writeUnits / 2);
      const may = Math.min(first.count, time / each, table, first.due.inIndex ? inIndex : Number.POSITIVE_INFINITY);
      first.count -= may;
      left -= may;
      used += (may * work.writeUnits) / 2;
      time -= may * each;
      units -= (may * work.writeUnits) / 2;
      if (first.due.inIndex) room.set(first.due, inIndex - may);
      if (first.count < 1e-6) head += 1;
      else if (units < 1e-6) stopped = warm < TABLE_WRITE_UNITS ? 'warming up' : 'table quota';
      else if (first.due.inIndex && (room.get(first.due) ?? 0) < 1e-6) stopped = 'index partitions';
    }
    if (left < 1e-3) left = 0;
    // A function that is refused waits and tries again: it is paid for all the same.
    bought += stopped ? functions : functions - Math.max(0, time);
    if (stopped || head < queue.length) held[stopped ?? 'functions'] += 1;
    seconds = second + 1;
    // Twice the peak of the last half hour, once it has been reached for half an hour.
    steady = used > warm * 0.9 ? steady + 1 : 0;
    if (steady >= TABLE_DOUBLES_SECONDS) [warm, steady] = [warm * 2, 0];
    if (head > 100_000) {
      queue.splice(0, head);
      head = 0;
    }
  }
  const [limit] = (Object.entries(held) as [Limit, number][]).sort(([, a], [, b]) => b - a)[0] ?? ['functions'];
  return {
    due: all,
    seconds,
    oldestSeconds: oldest,
    limit: limit as Limit,
    inFlight: most * OURS.batch,
    dollars: dollarsOf(shop.members, night, bought),
  };
}

/** What it costs, the telling and the counting of each entry included. */
function dollarsOf(members: number, night: readonly Due[], functionSeconds: number): number {
  const millions = night.reduce(
    (sum, { duty, share }) => {
      const { readUnits, writeUnits, indexUnits } = MEASURED[duty];
      const due = share * members;
      return {
        reads: sum.reads + due * (readUnits + OURS.findingReadUnits),
        writes: sum.writes + due * (writeUnits + indexUnits + OURS.countingWriteUnits),
        due: sum.due + due,
      };
    },
    { reads: 0, writes: 0, due: 0 },
  );
  const batches = millions.due / OURS.batch;
  return (
    (millions.reads * PRICES.readUnits +
      millions.writes * PRICES.writeUnits +
      // Sent, received and deleted by tens.
      3 * batches * PRICES.queueRequests +
      batches * PRICES.invocations +
      millions.due * PRICES.events) /
      1e6 +
    functionSeconds * 0.5 * PRICES.gigabyteSecond
  );
}
