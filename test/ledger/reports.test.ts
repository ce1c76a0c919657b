import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { FLOWS } from '../../lib/loyalty/ageing.ts';
import { Campaign, type CampaignInput } from '../../lib/loyalty/campaign.ts';
import { isHeldOut } from '../../lib/loyalty/campaigning.ts';
import { type Entry, keyOf } from '../../lib/loyalty/entry.ts';
import type { Points } from '../../lib/loyalty/points.ts';
import {
  DIMENSIONS,
  type Done,
  type Measure,
  type Summary,
  sumTallies,
  type Tally,
  tally,
} from '../../lib/loyalty/tally.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import { openReports, type Reports } from '../../lib/runtime/reports.ts';
import { openSurroundings } from '../../lib/runtime/surroundings.ts';
import { lives } from '../simulation/life.ts';
import { drawProgram } from '../simulation/program.ts';
import { type Chance, chanceOf } from '../simulation/random.ts';
import { movedBy } from '../simulation/totals.ts';
import { Died, MemoryClient } from './memory-client.ts';
import { itemBytes } from './size.ts';
import { program, refund, sale, TestClock, tables } from './world.ts';

const TABLE = 'test-reports';
const TO = '9999-12-31';

const campaign = (id: string, more: Partial<CampaignInput> = {}): Campaign =>
  Campaign.parse({
    id,
    name: id,
    startsAt: '2026-01-10T00:00:00Z',
    endsAt: '2026-03-31T00:00:00Z',
    effect: { kind: 'bonus', points: 10 },
    holdOutBp: 5_000,
    ...more,
  });
const CAMPAIGNS = [
  campaign('once', { perMember: { max: 1, per: 'ever' } }),
  campaign('large', { when: [{ is: 'minimum-spend', amount: '50.00' }] }),
  campaign('all', { holdOutBp: 0, effect: { kind: 'multiplier', bp: 15_000 } }),
];

/** Members who buy, return, give, spend, are merged and parted and let points lapse: their journals, and the program. */
async function journals(seed: number, events: number) {
  const chance = chanceOf(seed);
  const program = { ...drawProgram(chance), inactivity: { daysAfter: [10, 30] } };
  const clock = new TestClock('2026-01-01T12:00:00Z');
  const memory = new MemoryClient();
  const campaignsFor = async () => ({ campaigns: CAMPAIGNS });
  const ledger = openLedger({
    client: memory.asClient(),
    tables,
    program,
    version: 'test',
    now: clock.now,
    random: () => 0,
    surroundings: openSurroundings({ program, tagsOf: async () => [], campaignsFor }),
  });
  const brought = { importId: 'old-1', from: 'old', points: 120 as Points, lastActivityOn: '2025-11-30' };
  await ledger.opening('m_3', brought);
  const members = Array.from({ length: 12 }, (_, i) => `m_${i}`);
  let told = 0;
  for (const act of lives(chance, clock.at, members, 600)) {
    if (act.at > clock.at) clock.at = act.at;
    await act.tell(ledger);
    if (chance() < 0.03) await ledger.merge(chance.oneOf(members), chance.oneOf(members), 'staff-1');
    if (chance() < 0.01) await ledger.unmerge(chance.oneOf(members), chance.oneOf(members), 'staff-1');
    if (chance() < 0.02) await ledger.expire(chance.oneOf(members), clock.at.toISOString().slice(0, 10));
    if (chance() < 0.1) await ledger.missed(chance.oneOf(members));
    if (told === 150)
      await ledger.note('m_5', { kind: 'erased' }, { source: 'member', object: 'self', at: clock.at.toISOString() });
    told += 1;
    if (told >= events) break;
  }
  const everybody = [...(memory.tables.get(tables.entries)?.keys() ?? [])];
  const lists = await Promise.all(everybody.map((memberId) => ledger.entries(memberId)));
  return { chance, program, ledger, lists, entries: lists.flat() };
}

let told: ReturnType<typeof journals> | undefined;
/** A life that several tests look at. */
const seven = () => {
  told ??= journals(7, 400);
  return told;
};

/** What is told by one of these is told of every entry. */
const WHOLE: Readonly<Record<string, readonly Measure[]>> = {
  source: ['issued', 'redeemed', 'outstanding', 'entries', 'netMinor', 'refundedMinor'],
  tier: ['issued', 'redeemed', 'outstanding', 'entries', 'netMinor', 'refundedMinor'],
  cohort: [...FLOWS, 'netMinor', 'refundedMinor', 'joined', 'left', 'activeInMonth', 'lapsed'],
  issue: FLOWS,
};

/** The stream's batches: some come twice, some late, some before those that they follow. */
function batches(chance: Chance, entries: readonly Entry[]): Entry[][] {
  const inOrder = [...entries].sort((a, b) => a.recordedAt.localeCompare(b.recordedAt) || a.seq - b.seq);
  const cut: Entry[][] = [];
  for (let from = 0; from < inOrder.length; ) {
    const size = 1 + chance.below(40);
    cut.push(inOrder.slice(from, from + size));
    from += size;
  }
  const told = cut.flatMap((batch, at) => {
    const once = [{ batch, at: at + (chance() < 0.2 ? chance.below(8) : 0) }];
    return chance() < 0.3 ? [...once, { batch, at: at + chance.below(5) }] : once;
  });
  return told.sort((a, b) => a.at - b.at).map(({ batch }) => batch);
}

async function everything(reports: Reports) {
  const tallies = (await Promise.all(DIMENSIONS.map((by) => reports.tallies(by, { to: TO })))).flat();
  const members: Summary[] = [];
  let after: string | undefined;
  do {
    const page = await reports.members({ after, limit: 5 });
    members.push(...page.summaries);
    after = page.next;
  } while (after !== undefined);
  return { tallies: byName(tallies), members: members.sort((a, b) => a.memberId.localeCompare(b.memberId)) };
}

/** What the journals say, gone through once and in order. */
function fromJournals(lists: readonly (readonly Entry[])[], timeZone: string, currency = 'EUR') {
  const members: Summary[] = [];
  const lines: Tally[] = [];
  for (const entries of lists) {
    let summary: Summary | undefined;
    for (const entry of entries) {
      const counted = tally(summary, entry, { timeZone, currency });
      summary = counted.summary;
      lines.push(...counted.tallies);
    }
    if (summary) members.push(summary);
  }
  return {
    tallies: byName(sumTallies(lines)),
    members: members.sort((a, b) => a.memberId.localeCompare(b.memberId)),
  };
}

const byName = (tallies: readonly Tally[]): Record<string, Partial<Record<Measure, number>>> =>
  Object.fromEntries(
    tallies
      .map(({ by, day, of, amounts }) => [
        `${by} ${day} ${of}`,
        Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0)),
      ])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );

const total = (tallies: Readonly<Record<string, Partial<Record<string, number>>>>, measure: Measure, by = 'total') =>
  Object.entries(tallies).reduce(
    (sum, [name, amounts]) => (name.startsWith(`${by} `) ? sum + (amounts[measure] ?? 0) : sum),
    0,
  );

const heldBy = (members: readonly Summary[]) =>
  members.reduce((sum, { available, pending, held }) => sum + available + pending + held, 0);

describe('promise 17: the totals of the program are the sum over its members', () => {
  it.each([1, 2, 3])(
    'at the same position of the stream, whatever comes twice, late or half (seed %i)',
    async (seed) => {
      const { chance, program, ledger, lists, entries } = await journals(seed, 300);
      const memory = new MemoryClient();
      const mishaps = chanceOf(seed + 100);
      let client = memory;
      const mishap = () => {
        const dice = mishaps();
        return dice < 0.05 ? 'conflict' : dice < 0.1 ? 'lost' : dice < 0.14 ? 'fail' : dice < 0.18 ? 'die' : undefined;
      };
      const open = (on: MemoryClient) =>
        openReports({ client: on.asClient(), table: TABLE, program, journal: ledger.entries, random: () => 0 });
      /** Lambda hands a batch to another process when one has failed or died. */
      const counted = async (batch: Entry[]) => {
        for (;;) {
          try {
            return await open(client).count(batch);
          } catch (error) {
            if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
            client = memory.restarted();
            client.mishap = mishap;
          }
        }
      };
      client.mishap = mishap;
      let looked = 0;
      for (const batch of batches(chance, entries)) {
        // Two shards at a time, and now and then the same batch by two at once.
        const same =
          chance() < 0.2 ? [batch, batch] : [batch.filter((_, at) => at % 2 === 0), batch.filter((_, at) => at % 2)];
        await Promise.all(same.map(counted));
        if (chance() < 0.3) {
          const { tallies, members } = await everything(open(memory.restarted()));
          expect(total(tallies, 'outstanding')).toBe(heldBy(members));
          expect(total(tallies, 'entries')).toBe(members.reduce((sum, { lastSeq }) => sum + lastSeq, 0));
          looked += 1;
        }
      }
      const there = await everything(open(memory.restarted()));
      expect(there).toEqual(fromJournals(lists, program.timeZone));
      expect(total(there.tallies, 'entries')).toBe(entries.length);
      expect(total(there.tallies, 'outstanding')).toBe(entries.reduce((sum, entry) => sum + movedBy(entry), 0));
      for (const [by, measures] of Object.entries(WHOLE))
        for (const measure of measures)
          expect([by, measure, total(there.tallies, measure, by)]).toEqual([
            by,
            measure,
            total(there.tallies, measure),
          ]);
      expect(looked).toBeGreaterThan(0);
    },
  );

  it('and what is outstanding is what came in less what went out, on each day', async () => {
    const { lists, program } = await seven();
    const { tallies } = fromJournals(lists, program.timeZone);
    for (const [name, amounts] of Object.entries(tallies)) {
      if (!name.startsWith('total ')) continue;
      const of = (measure: Measure) => amounts[measure] ?? 0;
      const came = of('issued') + of('opened') + of('adjusted') + of('returned') + of('moved');
      const went = of('redeemed') + of('expired') + of('declined') + of('reversed');
      expect([name, of('outstanding')]).toEqual([name, came - went]);
    }
    expect(total(tallies, 'moved')).toBe(0);
  });

  it('and of what came in each month there is as much left as its members have of it', async () => {
    const { lists, program } = await seven();
    const { tallies, members } = fromJournals(lists, program.timeZone);
    const left: Record<string, number> = {};
    for (const [name, amounts] of Object.entries(tallies)) {
      const [by, , month = ''] = name.split(' ');
      if (by !== 'issue') continue;
      const of = (measure: Measure) => amounts[measure] ?? 0;
      left[month] =
        (left[month] ?? 0) +
        (of('issued') + of('opened') + of('adjusted') + of('returned') + of('moved')) -
        (of('redeemed') + of('expired') + of('declined') + of('reversed'));
    }
    const had: Record<string, number> = {};
    for (const { ages, available, pending, held } of members) {
      for (const [month, points] of Object.entries(ages?.there ?? {})) had[month] = (had[month] ?? 0) + points;
      const sum = Object.values(ages?.there ?? {}).reduce((all, one) => all + one, 0);
      expect(sum).toBe(available + pending + held);
    }
    const some = ([, points]: [string, number]) => points !== 0;
    expect(Object.fromEntries(Object.entries(left).filter(some))).toEqual(
      Object.fromEntries(Object.entries(had).filter(some)),
    );
    expect(Object.keys(had).length).toBeGreaterThan(3);
  });

  it('and of a campaign they are the sums over what each of its members did, and the squares of it', async () => {
    const { lists, program } = await seven();
    const { tallies, members } = fromJournals(lists, program.timeZone);
    for (const arm of ['once', 'once/held', 'large', 'large/held', 'all']) {
      const done = members.flatMap(({ campaigns }) => campaigns?.[arm] ?? []);
      const sumOf = (measure: Measure) =>
        Object.entries(tallies).reduce(
          (sum, [name, amounts]) =>
            /^campaign \S+ (.*)$/.exec(name)?.[1] === arm ? sum + (amounts[measure] ?? 0) : sum,
          0,
        );
      const over = (what: (one: Done) => number) => done.reduce((sum, one) => sum + what(one), 0);
      expect({
        arm,
        spent: sumOf('netMinor') - sumOf('refundedMinor'),
        squares: sumOf('spentSquaredBillions') * 1e9 + sumOf('spentSquared'),
        earned: sumOf('earned'),
        visits: sumOf('visits'),
        purchases: sumOf('purchasesSquared'),
        members: sumOf('members'),
      }).toEqual({
        arm,
        spent: over(({ spentMinor }) => spentMinor),
        squares: over(({ spentMinor }) => spentMinor ** 2),
        earned: over(({ earned }) => earned),
        visits: over(({ visits }) => visits),
        purchases: over(({ purchases }) => purchases ** 2),
        members: over(({ came }) => Number(came)),
      });
      expect(sumOf('members')).toBeGreaterThan(2);
    }
  });

  it('and whoever is away or gone is one of the members', async () => {
    const { lists, program } = await seven();
    const { tallies, members } = fromJournals(lists, program.timeZone);
    expect(total(tallies, 'lapsed')).toBe(members.filter(({ lapsed }) => lapsed).length);
    expect(total(tallies, 'joined') - total(tallies, 'left')).toBe(members.filter(({ left }) => !left).length);
    expect(total(tallies, 'wonBack')).toBeGreaterThan(0);
  });
});

describe('an entry', () => {
  it('that the stream brings before those that it follows is counted with them', async () => {
    const { ledger, program, lists } = await journals(11, 200);
    const memory = new MemoryClient();
    const asked: string[] = [];
    const journal = (memberId: string) => {
      asked.push(memberId);
      return ledger.entries(memberId);
    };
    const reports = openReports({ client: memory.asClient(), table: TABLE, program, journal });
    const [longest = []] = [...lists].sort((a, b) => b.length - a.length);
    const last = longest.at(-1);
    await reports.count(last ? [last] : []);
    expect((await reports.summary(last?.memberId ?? ''))?.lastSeq).toBe(longest.length);
    await reports.count(longest);
    expect([...new Set(asked)]).toEqual([last?.memberId]);
    expect((await everything(reports)).tallies).toEqual(fromJournals([longest], program.timeZone).tallies);
  });

  it('of a program that is older than its reports brings the whole journal, in as many steps as it takes', async () => {
    const { ledger, program, lists } = await journals(12, 500);
    const memory = new MemoryClient();
    const sizes: number[] = [];
    const client = {
      send: (command: { readonly input: { readonly TransactItems?: readonly unknown[] } }) => {
        if (command.input.TransactItems) sizes.push(command.input.TransactItems.length);
        return memory.send(command);
      },
    } as unknown as ReturnType<MemoryClient['asClient']>;
    const reports = openReports({ client, table: TABLE, program, journal: ledger.entries });
    await reports.count(lists.flatMap((entries) => entries.slice(-1)));
    expect(await everything(reports)).toEqual(fromJournals(lists, program.timeZone));
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100);
  });
});

describe('members', () => {
  const entry = (seq: number, detail: Entry['detail'], more: Partial<Entry> = {}): Entry => ({
    memberId: 'm_1',
    key: keyOf('till', String(seq), detail.kind),
    seq,
    source: 'till',
    occurredAt: '2026-03-10T12:00:00Z',
    recordedAt: '2026-03-10T12:00:00Z',
    detail,
    change: {},
    after: { available: 0, pending: 0, held: 0, lifetime: 0, tier: 'base' } as Entry['after'],
    trace: [],
    program: 'test',
    fingerprint: '',
    prevHash: '',
    hash: '',
    ...more,
  });
  const timeZone = 'Europe/Berlin';
  const told = (entries: readonly Entry[]) => fromJournals([entries], timeZone);

  it('count on the merchant’s days, also those of 23 and of 25 hours', () => {
    const at = (seq: number, recordedAt: string) => entry(seq, { kind: 'updated' }, { recordedAt });
    const { tallies } = told([
      at(1, '2026-03-28T22:59:59Z'),
      at(2, '2026-03-28T23:00:00Z'),
      at(3, '2026-03-29T21:59:59Z'),
      at(4, '2026-03-29T22:00:00Z'),
      at(5, '2026-10-24T22:00:00Z'),
      at(6, '2026-10-25T22:59:59Z'),
      at(7, '2026-10-25T23:00:00Z'),
    ]);
    const days = Object.entries(tallies).filter(([name]) => name.startsWith('total'));
    expect(days.map(([name, { entries }]) => [name.slice(6, 16), entries])).toEqual([
      ['2026-03-28', 1],
      ['2026-03-29', 2],
      ['2026-03-30', 1],
      ['2026-10-25', 2],
      ['2026-10-26', 1],
    ]);
  });

  it('are not active where an account is brought, merged or given something', () => {
    const change = { activeOn: '2026-03-01' };
    const points = 10 as Points;
    const { tallies } = told([
      entry(1, { kind: 'imported', importId: '1', points, lifetime: points, from: 'old' }, { change }),
      entry(2, { kind: 'merged-from', with: 'm_2', points, by: 'eva' }, { change }),
      entry(3, { kind: 'adjusted', adjustmentId: 'a', points, reason: 'goodwill', by: 'eva' }, { change }),
    ]);
    expect(tallies['total 2026-03-10 all']).toMatchObject({
      joined: 1,
      entries: 3,
      opened: 10,
      moved: 10,
      adjusted: 10,
    });
    expect(tallies['total 2026-03-10 all']).not.toHaveProperty('active');
  });

  it('are away from the first word of it until they come back, and no longer once they are gone', () => {
    const away = (seq: number, rung: number) =>
      entry(seq, { kind: 'inactive', since: '2026-01-01', days: 30 * rung, rung });
    const back = entry(4, { kind: 'redeemed', redemptionId: 'r', points: 5 as Points, from: {} });
    const { tallies, members } = told([
      entry(1, { kind: 'enrolled' }),
      away(2, 1),
      away(3, 2),
      back,
      away(5, 1),
      entry(6, { kind: 'erased' }),
    ]);
    expect(members[0]).not.toHaveProperty('lapsed');
    expect(tallies['total 2026-03-10 all']).toMatchObject({ wonBack: 1, left: 1, active: 1 });
    expect(tallies['total 2026-03-10 all']).not.toHaveProperty('lapsed');
    const { tallies: open, members: there } = told([entry(1, { kind: 'enrolled' }), away(2, 1), away(3, 2)]);
    expect([there[0]?.lapsed, open['total 2026-03-10 all']?.lapsed]).toEqual([true, 1]);
  });

  it('of another currency buy, and add no money', () => {
    const sold = (seq: number, currency: string) =>
      entry(seq, {
        ...{
          kind: 'sale',
          orderId: String(seq),
          currency,
          netMinor: 500,
          grossMinor: 500,
          lines: [],
          parts: [],
          earned: 0,
        },
        ...{ to: 'never', window: { key: '2026', by: 'points', amount: 0 }, unlocked: [] },
      } as unknown as Entry['detail']);
    const { tallies, members } = told([sold(1, 'EUR'), sold(2, 'USD')]);
    expect(tallies['total 2026-03-10 all']).toMatchObject({ sales: 2, netMinor: 500 });
    expect(members[0]?.spentMinor).toBe(500);
  });

  it('join once, are active once a day and once a month, and leave once', () => {
    const active = (seq: number, recordedAt: string) =>
      entry(seq, visited, { recordedAt, change: { activeOn: recordedAt.slice(0, 10) } });
    const visited: Entry['detail'] = {
      ...({ kind: 'activity', activity: 'visit', activityId: 'v', to: 'never', parts: [], unlocked: [] } as const),
      earned: 0 as Points,
    };
    const { tallies } = told([
      entry(1, { kind: 'enrolled' }),
      active(2, '2026-03-10T13:00:00Z'),
      active(3, '2026-03-10T22:59:59Z'),
      // Past midnight in Berlin.
      active(4, '2026-03-10T23:00:00Z'),
      active(5, '2026-04-01T08:00:00Z'),
      entry(6, { kind: 'erased' }, { recordedAt: '2026-04-02T08:00:00Z' }),
    ]);
    const people = Object.entries(tallies).filter(([name]) => name.startsWith('cohort'));
    expect(Object.fromEntries(people)).toEqual({
      'cohort 2026-03-01 2026-03': { joined: 1, activeInMonth: 1 },
      'cohort 2026-04-01 2026-03': { activeInMonth: 1, left: 1 },
    });
    const days = Object.entries(tallies).filter(([name, { active }]) => name.startsWith('total') && active);
    expect(days.map(([name, { active }]) => [name, active])).toEqual([
      ['total 2026-03-10 all', 1],
      ['total 2026-03-11 all', 1],
      ['total 2026-04-01 all', 1],
    ]);
  });

  it('of a campaign count once in their arm, with the squares of what each bought', () => {
    const sale = (seq: number, netMinor: number, campaigns: readonly object[]) =>
      entry(
        seq,
        {
          kind: 'sale',
          orderId: String(seq),
          currency: 'EUR',
          netMinor,
          grossMinor: netMinor,
          lines: [],
          parts: [],
          earned: 0,
          to: 'never',
          window: { key: '2026', by: 'points', amount: 0 },
          unlocked: [],
          campaigns,
        } as unknown as Entry['detail'],
        { change: { visits: 1, activeOn: '2026-03-10' } },
      );
    const { tallies } = told([
      sale(1, 300, [{ id: 'spring', points: 10 }]),
      sale(2, 400, [
        { id: 'spring', points: 5 },
        { id: 'double', held: true },
      ]),
    ]);
    expect(tallies['campaign 2026-03-10 spring']).toEqual({
      issued: 15,
      entries: 2,
      sales: 2,
      netMinor: 700,
      members: 1,
      spentSquared: 700 * 700,
      visits: 2,
      visitsSquared: 4,
    });
    expect(tallies['campaign 2026-03-10 double/held']).toEqual({
      entries: 1,
      sales: 1,
      netMinor: 400,
      members: 1,
      spentSquared: 160_000,
      visits: 1,
      visitsSquared: 1,
    });
  });
});

describe('a campaign with a hold-out', () => {
  it('notes all that members do while it is on, to both sides alike, and what refunds took back of it', async () => {
    const clock = new TestClock('2026-01-12T09:00:00Z');
    const once = campaign('once', { perMember: { max: 1, per: 'ever' } });
    const theProgram = program({ caps: [] });
    const ledger = openLedger({
      client: new MemoryClient().asClient(),
      tables,
      program: theProgram,
      version: 'test',
      now: clock.now,
      random: () => 0,
      surroundings: openSurroundings({
        program: theProgram,
        tagsOf: async () => [],
        campaignsFor: async () => ({ campaigns: [once] }),
      }),
    });
    const names = Array.from({ length: 20 }, (_, at) => `m_${at}`);
    const given = names.find((one) => !isHeldOut(once, one)) ?? '';
    const held = names.find((one) => isHeldOut(once, one)) ?? '';
    for (const member of [given, held]) {
      const order = (id: string, net: number) => sale(`${member}-${id}`, net, { lines: [] });
      // One comes back before the order is told, one after it, in two halves.
      const part = (id: string, refundId: string, grossMinor: number) =>
        refund(`${member}-${id}`, refundId, { kind: 'amount', grossMinor });
      await ledger.refund(member, part('c', 'r0', 300));
      for (const id of ['a', 'b', 'c']) await ledger.sale(member, order(id, 1_000));
      for (const [at, amount] of [400, 600].entries()) await ledger.refund(member, part('a', `r${at}`, amount));
      await ledger.refund(member, part('a', 'r1', 600));
    }
    const lists = await Promise.all([given, held].map((member) => ledger.entries(member)));
    const { members, tallies } = fromJournals(lists, theProgram.timeZone);
    const done = (member: string) =>
      Object.entries(members.find(({ memberId }) => memberId === member)?.campaigns ?? {});
    const [[arm, a] = []] = done(given);
    const [[other, b] = []] = done(held);
    expect([arm, other]).toEqual(['once', 'once/held']);
    expect(a).toMatchObject({ spentMinor: 1_700, purchases: 2, visits: 2, came: true });
    // What it gave for the first order went back with it, so that the two have the same again.
    expect(b).toEqual(a);
    const line = tallies['campaign 2026-01-12 once'];
    expect(line).toMatchObject({ issued: 10, reversed: 10, sales: 3, netMinor: 3_000, refundedMinor: 1_300 });
    expect(tallies['campaign 2026-01-12 once/held']).not.toHaveProperty('issued');
  });
});

describe('what counting costs', () => {
  /** Batches as the stream brings them; the calls and the write units that each entry takes. */
  async function counted(entries: readonly Entry[], ledger: Pick<Ledger, 'entries'>, size: number) {
    const memory = new MemoryClient();
    const used = { units: 0, transactions: 0, largest: 0 };
    const client = {
      send: (command: unknown) => {
        if (command instanceof TransactWriteItemsCommand) {
          used.transactions += 1;
          for (const { Put, Update } of command.input.TransactItems ?? []) {
            const bytes = Put ? itemBytes(Put.Item ?? {}) : 200;
            // A line of sums is numbers under short names: it never comes near a kilobyte.
            used.units += 2 * Math.ceil(bytes / 1024);
            expect(Update || Put).toBeDefined();
            used.largest = Math.max(used.largest, bytes);
          }
        }
        return memory.send(command);
      },
    } as unknown as ReturnType<MemoryClient['asClient']>;
    const theProgram = program();
    const reports = openReports({ client, table: TABLE, program: theProgram, journal: ledger.entries });
    const batches: Entry[][] = [];
    for (let at = 0; at < entries.length; at += size) batches.push(entries.slice(at, at + size));
    for (const batch of batches) await reports.count(batch);
    for (const rows of memory.tables.get(TABLE)?.values() ?? [])
      for (const row of rows.values()) expect(itemBytes(row)).toBeLessThan(1024);
    return { ...used, each: used.units / entries.length, batches: batches.length };
  }

  /** A busy day of a chain: everybody buys once, at ten places from thirty people. */
  async function busyDay() {
    const clock = new TestClock('2026-03-10T09:00:00Z');
    const ledger = openLedger({
      client: new MemoryClient().asClient(),
      tables,
      program: program(),
      version: 'test',
      now: clock.now,
      random: () => 0,
    });
    const members = Array.from({ length: 300 }, (_, at) => `m_${at}`);
    for (const [at, member] of members.entries())
      await ledger.sale(member, sale(`o${at}`, 1_000, { locationId: `l${at % 10}`, staffId: `s${at % 30}` }));
    return { ledger, entries: (await Promise.all(members.map((member) => ledger.entries(member)))).flat() };
  }

  it('is less than four write units an entry where the stream is full, and at most eighteen where entries come one by one', async () => {
    const { ledger, entries } = await busyDay();
    const full = await counted(entries, ledger, 100);
    const single = await counted(entries.slice(0, 50), ledger, 1);
    expect(full.batches).toBe(3);
    expect(full.transactions).toBeLessThanOrEqual(2 * full.batches);
    expect(full.each).toBeLessThan(4);
    expect(single.each).toBeLessThanOrEqual(18);
    expect(single.transactions).toBe(50);
    process.stdout.write(`counting: ${full.each.toFixed(2)} write units an entry, ${single.each} one by one\n`);
  });

  it('is a row of less than a kilobyte for a member of three years with points of every month', async () => {
    const row = {
      ...({ memberId: '01K0ABCDEFGHJKMNPQRSTVWXYZ', lastSeq: 4_321, tier: 'platinum', available: 12_345 } as const),
      ...({
        pending: 1_234,
        held: 500,
        lifetime: 123_456,
        visits: 1_234,
        purchases: 1_200,
        spentMinor: 98_765_432,
      } as const),
      ...({
        joinedOn: '2023-01-31',
        lastActiveOn: '2026-01-31',
        countedOn: '2026-01-31',
        location: 'berlin-mitte',
      } as const),
      ages: {
        there: Object.fromEntries(Array.from({ length: 24 }, (_, at) => [`2024-${at}x`, 1_234])),
        spent: Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`2025-${at}x`, 1_234])),
      },
      campaigns: Object.fromEntries(
        ['spring', 'summer-2025/held'].map((id) => [
          id,
          { spentMinor: 123_456, purchases: 12, visits: 15, earned: 1_234, came: true },
        ]),
      ),
    };
    expect(itemBytes(marshall({ pk: 'S#7', sk: row.memberId, ...row }))).toBeLessThan(1_024);
  });
});
