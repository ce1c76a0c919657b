import { describe, expect, it } from '@jest/globals';
import { type Entry, keyOf } from '../../lib/loyalty/entry.ts';
import { DIMENSIONS, type Measure, type Summary, sumTallies, type Tally, tally } from '../../lib/loyalty/tally.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { openReports, type Reports } from '../../lib/runtime/reports.ts';
import { lives } from '../simulation/life.ts';
import { drawProgram } from '../simulation/program.ts';
import { type Chance, chanceOf } from '../simulation/random.ts';
import { movedBy } from '../simulation/totals.ts';
import { Died, MemoryClient } from './memory-client.ts';
import { TestClock, tables } from './world.ts';

const TABLE = 'test-reports';
const TO = '9999-12-31';

/** Members who buy, return, give, spend, are merged and parted and let points lapse: their journals, and the program. */
async function journals(seed: number, events: number) {
  const chance = chanceOf(seed);
  const program = drawProgram(chance);
  const clock = new TestClock('2026-01-01T12:00:00Z');
  const memory = new MemoryClient();
  const ledger = openLedger({
    client: memory.asClient(),
    tables,
    program,
    version: 'test',
    now: clock.now,
    random: () => 0,
  });
  const members = Array.from({ length: 12 }, (_, i) => `m_${i}`);
  let told = 0;
  for (const act of lives(chance, clock.at, members, 600)) {
    if (act.at > clock.at) clock.at = act.at;
    await act.tell(ledger);
    if (chance() < 0.03) await ledger.merge(chance.oneOf(members), chance.oneOf(members), 'staff-1');
    if (chance() < 0.01) await ledger.unmerge(chance.oneOf(members), chance.oneOf(members), 'staff-1');
    if (chance() < 0.02) await ledger.expire(chance.oneOf(members), clock.at.toISOString().slice(0, 10));
    told += 1;
    if (told >= events) break;
  }
  const everybody = [...(memory.tables.get(tables.entries)?.keys() ?? [])];
  const lists = await Promise.all(everybody.map((memberId) => ledger.entries(memberId)));
  return { chance, program, ledger, lists, entries: lists.flat() };
}

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
function fromJournals(lists: readonly (readonly Entry[])[], timeZone: string) {
  const members: Summary[] = [];
  const lines: Tally[] = [];
  for (const entries of lists) {
    let summary: Summary | undefined;
    for (const entry of entries) {
      const counted = tally(summary, entry, { timeZone });
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
      for (const by of ['source', 'tier'])
        for (const measure of ['issued', 'redeemed', 'outstanding', 'entries', 'netMinor'] as const)
          expect([by, measure, total(there.tallies, measure, by)]).toEqual([
            by,
            measure,
            total(there.tallies, measure),
          ]);
      expect(looked).toBeGreaterThan(0);
    },
  );

  it('and what is outstanding is what came in less what went out, on each day', async () => {
    const { lists, program } = await journals(7, 400);
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

  it('join once, are active once a day and once a month, and leave once', () => {
    const active = (seq: number, recordedAt: string) =>
      entry(seq, { kind: 'updated' }, { recordedAt, change: { activeOn: recordedAt.slice(0, 10) } });
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
      'cohort 2026-03-10 2026-03': { joined: 1, active: 1, activeInMonth: 1 },
      'cohort 2026-03-11 2026-03': { active: 1 },
      'cohort 2026-04-01 2026-03': { active: 1, activeInMonth: 1 },
      'cohort 2026-04-02 2026-03': { left: 1 },
    });
  });

  it('of a campaign count once in their arm, with the squares of what each bought', () => {
    const sale = (seq: number, netMinor: number, campaigns: readonly object[]) =>
      entry(seq, {
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
      } as unknown as Entry['detail']);
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
      netMinorSquared: 700 * 700,
    });
    expect(tallies['campaign 2026-03-10 double/held']).toEqual({
      entries: 1,
      sales: 1,
      netMinor: 400,
      members: 1,
      netMinorSquared: 160_000,
    });
  });
});
