import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Day } from '../../lib/loyalty/account.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { openDuties } from '../../lib/runtime/duties.ts';
import { SHARDS, shardOf } from '../../lib/runtime/items.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openOccasions } from '../../lib/runtime/occasions.ts';
import { openReports } from '../../lib/runtime/reports.ts';
import { type Dated, type Duty, openSweeps, type SweepMessage } from '../../lib/runtime/sweeps.ts';
import { MEASURED } from '../../scripts/generate/scale/measured.ts';
import { startDynamoDb, type Tables } from '../dynamodb.ts';
import { TestClock } from '../ledger/world.ts';
import { type Crowd, crowdProgram, join, journals, memberIds, type Reason } from './crowd.ts';
import { CountedQueue, Meter, type Used } from './meter.ts';
import { type Figure, inFlight } from './report.ts';

/** As the event source mapping hands them out: so many functions at once, so many messages each. */
const FUNCTIONS = 5;
const BATCH = 10;

/** Entries of the journals that statements are made of. */
const JOURNAL = 24;

/** What sets somebody due, and the sweep that finds them. */
const SWEPT = {
  reminder: 'points',
  expiry: 'points',
  absence: 'absences',
  activation: 'reviews',
  birthday: 'birthdays',
  anniversary: 'anniversaries',
} as const satisfies Partial<Record<Reason, Duty | Dated>>;
export type Swept = keyof typeof SWEPT;

export const ALL = Object.keys(SWEPT) as readonly Swept[];

/** Two nights in which one duty finds some members each. */
const dayOf = (reason: Swept, on: Day): Day => (reason === 'expiry' ? addDays(on, 1) : on);

/** One night of one duty. */
export interface Night {
  readonly duty: string;
  readonly members: number;
  readonly due: number;
  /** What the coordinator used, and what the workers did. */
  readonly finding: Used;
  readonly doing: Used;
  readonly batchesSent: number;
  readonly messages: number;
  readonly ms: number;
  readonly processorMs: number;
}

const sum = (a: Used, b: Used): Used => ({
  requests: a.requests + b.requests,
  readUnits: a.readUnits + b.readUnits,
  writeUnits: a.writeUnits + b.writeUnits,
  indexUnits: a.indexUnits + b.indexUnits,
});

/** All that one due member used, finding included. */
const perDue = ({ finding, doing, due, batchesSent }: Night) => {
  const { requests, readUnits, writeUnits, indexUnits } = sum(finding, doing);
  return {
    readUnits: readUnits / due,
    requests: (requests + batchesSent) / due,
    writeUnits: writeUnits / due,
    indexUnits: indexUnits / due,
  };
};

/** A shop whose members grow in number, and its nights. The real coordinator, ledger and duties; time stands still in each. */
export async function openNights(client: DynamoDBClient, tables: Tables) {
  const meter = new Meter(client, tables.accounts);
  const metered = meter.asClient();
  const queue = new CountedQueue();
  const clock = new TestClock();
  const program = crowdProgram;
  const till = openLedger({ client: metered, tables, program, version: 'bench', now: clock.now });
  const people = openMembers({ client: metered, table: tables.members, timeZone: program.timeZone });
  const duties = openDuties({ till, program, now: clock.now, remindsThrough: ['twilio-sms'] });
  const occasions = openOccasions({ till, members: people, program, now: clock.now });
  const sweeps = openSweeps({ client: metered, tables, queue: { client: queue.asClient(), url: 'sweeps' } });
  const crowd: Crowd = { client, tables, meter, newId: memberIds() };
  let members = 0;

  const isFinding = (message: SweepMessage) => message.kind !== 'member' && message.kind !== 'on-day';

  /** What functions/expire does with it. */
  async function handle(message: SweepMessage): Promise<void> {
    switch (message.kind) {
      case 'rest':
        return sweeps.enqueue(message.duty, message.day, message.shard, message.after);
      case 'among':
        return sweeps.among(message.duty, message.day, message.born, message.shard, message.after);
      case 'everyone':
        return sweeps.everyone(message.duty, message.day, message.part, message.after);
      case 'member':
        return duties[message.duty](message.memberId);
      case 'on-day':
        return occasions[message.duty](message.memberId, message.day);
      default:
        throw new Error(`nobody sends a ${message.kind} here`);
    }
  }

  /** Finds all who are due, then does it for each of them. */
  async function night(duty: Duty | Dated, on: Day, expected: number, name: string): Promise<Night> {
    // The night before, as every night, so that this one looks through its own day and that one.
    clock.to(`${addDays(on, -1)}T02:30:00Z`);
    await sweeps.sweep(duty, { since: addDays(on, -1), through: addDays(on, -1), by: 'the night before' });
    queue.waiting = [];
    clock.to(`${on}T02:30:00Z`);
    meter.take();
    queue.requests = 0;
    const [started, busy] = [performance.now(), process.cpuUsage()];
    await sweeps.sweep(duty, { since: on, through: on, by: 'this night' });
    const due: SweepMessage[] = [];
    for (let next = queue.receive(BATCH); next.length > 0; next = queue.receive(BATCH)) {
      for (const message of next.filter(isFinding)) await handle(message);
      due.push(...next.filter((message) => !isFinding(message)));
    }
    const finding = meter.take();
    if (due.length !== expected) throw new Error(`${duty}: ${due.length} were found, not ${expected}`);
    const batches = Array.from({ length: Math.ceil(due.length / BATCH) }, (_, index) =>
      due.slice(index * BATCH, (index + 1) * BATCH),
    );
    await inFlight(FUNCTIONS, batches, (batch) => Promise.all(batch.map(handle)));
    const { user, system } = process.cpuUsage(busy);
    return {
      duty: name,
      members,
      due: due.length,
      finding,
      doing: meter.take(),
      batchesSent: queue.requests,
      messages: due.length,
      ms: performance.now() - started,
      processorMs: (user + system) / 1_000,
    };
  }

  return {
    meter,
    clock,
    till,
    tables,
    metered,

    /** As many members as that; among them, for each reason, so many who are due for it. */
    async grow(to: number, on: Day, due: number): Promise<void> {
      for (const reason of ALL) members += (await join(crowd, reason, dayOf(reason, on), due)).length;
      members += (await join(crowd, 'nothing', on, to - members)).length;
    },

    night: (reason: Swept, on: Day, due: number) => night(SWEPT[reason], dayOf(reason, on), due, reason),

    /** What a page of everybody costs to find; what is done for them is measured on a sample. */
    async finding(duty: 'monthly', on: Day): Promise<{ readonly used: Used; readonly found: number }> {
      clock.to(`${on}T02:30:00Z`);
      meter.take();
      await Promise.all(Array.from({ length: SHARDS }, (_, part) => sweeps.everyone(duty, on, part)));
      let found = 0;
      for (let next = queue.receive(BATCH); next.length > 0; next = queue.receive(BATCH)) {
        for (const message of next) {
          if (isFinding(message)) await handle(message);
          else found += 1;
        }
      }
      return { used: meter.take(), found };
    },

    /** The rounds, for members with a journal, as the queue would bring them. */
    async round(
      duty: 'monthly' | 'statements',
      lastOfMonth: Day,
      count: number,
    ): Promise<Night & { readonly memberIds: readonly string[] }> {
      const on = addDays(lastOfMonth, 1);
      const ids = await journals(crowd, lastOfMonth, count, JOURNAL);
      members += ids.length;
      clock.to(`${on}T02:30:00Z`);
      meter.take();
      const [started, busy] = [performance.now(), process.cpuUsage()];
      await inFlight(FUNCTIONS * BATCH, ids, (memberId) => handle({ kind: 'on-day', duty, day: on, memberId }));
      const { user, system } = process.cpuUsage(busy);
      return {
        duty: duty === 'monthly' ? 'monthly' : 'statement',
        members,
        due: ids.length,
        finding: { requests: 0, readUnits: 0, writeUnits: 0, indexUnits: 0 },
        doing: meter.take(),
        batchesSent: 0,
        messages: ids.length,
        ms: performance.now() - started,
        processorMs: (user + system) / 1_000,
        memberIds: ids,
      };
    },

    /** What the reports' count of these entries costs, in batches as the stream brings them. */
    async counted(memberIds: readonly string[]): Promise<{ readonly used: Used; readonly entries: number }> {
      const reports = openReports({ client: metered, table: tables.reports, program, journal: till.entries });
      const all: (readonly Entry[])[] = [];
      await inFlight(FUNCTIONS, memberIds, async (memberId) => {
        all.push(await till.entries(memberId));
      });
      // What came before stands in the books already.
      const newest = all.flatMap((entries) => entries.slice(-1));
      const before = all.flatMap((entries) => entries.slice(0, -1));
      await inBatches(before, (batch) => reports.count(batch));
      meter.take();
      await inBatches(newest, (batch) => reports.count(batch));
      return { used: meter.take(), entries: newest.length };
    },
  };
}

/** The share of the fullest of so many shards, and what it would be if all were equal. */
export function busiestShare(ids: Iterable<string>): number {
  const load = Array.from({ length: SHARDS }, () => 0);
  let all = 0;
  for (const id of ids) {
    load[shardOf(id)] = (load[shardOf(id)] ?? 0) + 1;
    all += 1;
  }
  return Math.max(...load) / all;
}

const SIZES = [10_000, 30_000, 100_000];
const DUE = 500;
/** By how much the dearest size may cost more than the cheapest. */
const APART_MAX = 0.05;

/** A stream brings a hundred at once. */
async function inBatches<T>(list: readonly T[], work: (batch: readonly T[]) => Promise<void>): Promise<void> {
  for (let from = 0; from < list.length; from += 100) await work(list.slice(from, from + 100));
}

const apart = (values: readonly number[]): number => Math.max(...values) / Math.min(...values) - 1;

/** What a night costs, by the number of members that are due and that there are. */
export async function sweeps(): Promise<Figure[]> {
  const dynamo = await startDynamoDb();
  try {
    const nights = await openNights(dynamo.client, await dynamo.createTables());
    const found: Night[] = [];
    const scans: number[] = [];
    let on = '2026-12-09';
    for (const size of SIZES) {
      on = addDays(on, 2);
      const seeding = performance.now();
      await nights.grow(size, on, DUE);
      process.stderr.write(`  ${size} members in ${((performance.now() - seeding) / 1_000).toFixed(0)} s\n`);
      for (const reason of ALL) found.push(await nights.night(reason, on, DUE));
      const scan = await nights.finding('monthly', '2026-12-01');
      if (scan.found !== size) throw new Error(`${scan.found} of ${size} members were found for everybody’s day`);
      scans.push(scan.used.readUnits / size);
    }
    const busiest = busiestShare(nights.meter.memberIds());
    const rounds = [
      await nights.round('monthly', '2026-11-30', DUE),
      await nights.round('statements', '2026-11-30', DUE),
    ];
    const counted = await nights.counted(rounds[0]?.memberIds ?? []);
    return [
      ...ALL.flatMap((reason) => figuresOf(found.filter(({ duty }) => duty === reason))),
      ...rounds.flatMap((round) => ownFigures(round)),
      {
        name: 'read units to find one of everybody are apart by',
        value: 100 * apart(scans),
        unit: '%',
        budget: { atMost: 100 * APART_MAX },
      },
      { name: 'read units to find one of everybody', value: scans.at(-1) ?? Number.NaN, unit: 'RU' },
      {
        name: `the fullest of ${SHARDS} shards of an index holds, of ${SIZES.at(-1)} members`,
        value: 100 * busiest,
        unit: '%',
        // A twentieth more than if all were equal.
        budget: { atMost: (100 * 1.05) / SHARDS },
      },
      { name: 'write units of the reports for an entry', value: counted.used.writeUnits / counted.entries, unit: 'WU' },
    ];
  } finally {
    await dynamo.stop();
  }
}

/** One duty at several sizes: that its cost follows those who are due. */
function figuresOf(nights: readonly Night[]): Figure[] {
  const costs = nights.map(perDue);
  const [last] = nights.slice(-1);
  if (!last) return [];
  const same = (what: 'readUnits' | 'requests', said: string): Figure[] => [
    ...nights.map((night, index) => ({
      name: `${night.duty}: ${said} per due, of ${night.members} members`,
      value: costs[index]?.[what] ?? Number.NaN,
      unit: '',
    })),
    {
      name: `${last.duty}: these are apart by`,
      value: 100 * apart(costs.map((cost) => cost[what])),
      unit: '%',
      budget: { atMost: 100 * APART_MAX },
    },
  ];
  return [...same('readUnits', 'read units'), ...same('requests', 'requests'), ...ownFigures(last)];
}

const ownFigures = (night: Night): Figure[] => [
  { name: `${night.duty}: write units per due, tables`, value: perDue(night).writeUnits, unit: 'WU' },
  { name: `${night.duty}: write units per due, indexes`, value: perDue(night).indexUnits, unit: 'WU' },
  ...agreeing(night),
  {
    name: `${night.duty}: members on DynamoDB Local, ${FUNCTIONS} × ${BATCH} at once`,
    value: (1_000 * night.due) / night.ms,
    unit: '/s',
  },
  { name: `${night.duty}: our own processor time per due`, value: night.processorMs / night.due, unit: 'ms' },
];

/** What docs/scale.md reckons with is what was measured. */
function agreeing(night: Night): Figure[] {
  const expected = MEASURED[night.duty as keyof typeof MEASURED];
  return (['readUnits', 'requests', 'writeUnits', 'indexUnits'] as const).map((what) => ({
    name: `${night.duty}: ${what} of the work itself, beyond those in docs/scale.md`,
    value: night.doing[what] / night.due - expected[what],
    unit: '',
    budget: { atMost: 0 },
  }));
}
