import { afterAll, describe, expect, it } from '@jest/globals';
import { announce } from '../../lib/loyalty/announce.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openDuties } from '../../lib/runtime/duties.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import fc from '../fast-check.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, program, programInput, sale, TestClock, tables, visit } from './world.ts';

const counts = { crashPoints: 0, nights: 0 };
afterAll(() => {
  process.stdout.write(`\nabsences: ${counts.crashPoints} crash points, ${counts.nights} nights\n`);
});

const M = 'm_away';

const offer = (days: number, points: number) => ({
  id: `back-${days}`,
  on: 'activity' as const,
  when: [
    { is: 'activity' as const, activities: ['inactive'] },
    { is: 'days-away' as const, days: [days] },
  ],
  multiplied: false,
  earn: { kind: 'flat' as const, points },
  expiry: { kind: 'months' as const, months: 1, until: 'day' as const },
});
/** Nothing for the first step. */
const offers = { rules: [...programInput.rules, offer(60, 50), offer(90, 200)] } satisfies Partial<ProgramInput>;

class Nights {
  readonly clock = new TestClock('2026-03-01T11:00:00Z');
  readonly memory = new MemoryClient();
  readonly changes: Partial<ProgramInput>;
  readonly ledger: Ledger;
  /** How often the sweep has found the member. */
  looks = 0;
  private swept = '';

  constructor(daysAfter: number[] = [30, 60, 90], more: Partial<ProgramInput> = {}) {
    this.changes = { inactivity: { daysAfter }, ...more };
    this.ledger = ledgerOn(this.memory.asClient(), this.clock, this.changes);
  }

  duties(ledger = this.ledger) {
    const { clock, changes } = this;
    return openDuties({ till: ledger, program: program(changes), now: clock.now, remindsThrough: [] });
  }

  get due(): string | undefined {
    return this.memory.tables.get(tables.accounts)?.get(M)?.get('')?.inactiveDue?.S?.slice(0, 10);
  }

  async buy(day: string, told = day): Promise<void> {
    this.clock.to(`${told}T11:00:00Z`);
    await this.ledger.sale(M, sale(`o-${day}-${told}`, 1_000, { occurredAt: `${day}T10:00:00Z` }));
  }

  /** As the sweep looks: on the days since the last one, and on that one once more. */
  async night(day: string): Promise<void> {
    this.clock.to(`${day}T01:30:00Z`);
    counts.nights += 1;
    if (this.due !== undefined && this.due >= this.swept && this.due <= day) {
      this.looks += 1;
      await this.duties().absences(M);
    }
    this.swept = day;
  }

  async nights(from: string, through: string): Promise<void> {
    for (let day = from; day <= through; day = addDays(day, 1)) await this.night(day);
  }

  /** `day days/rung since`. */
  async noticed(): Promise<string[]> {
    return (await this.ledger.entries(M)).flatMap(({ recordedAt, detail }) =>
      detail.kind === 'inactive'
        ? [`${recordedAt.slice(5, 10)} ${detail.days}/${detail.rung} since ${detail.since.slice(5)}`]
        : [],
    );
  }

  /** `day points` */
  async offered(): Promise<string[]> {
    return (await this.ledger.entries(M)).flatMap(({ recordedAt, detail }) =>
      detail.kind === 'activity' && detail.activity === 'inactive'
        ? [`${recordedAt.slice(5, 10)} ${detail.earned}`]
        : [],
    );
  }

  async sound(): Promise<void> {
    expect(checkMember(M, await this.ledger.entries(M), await this.ledger.account(M))).toBeUndefined();
  }
}

describe('a member who stays away', () => {
  it('is noticed step by step, each once, and no more after the last', async () => {
    const life = new Nights();
    await life.buy('2026-03-01');
    await life.nights('2026-03-02', '2026-12-31');
    expect(await life.noticed()).toEqual([
      '03-31 30/1 since 03-01',
      '04-30 60/2 since 03-01',
      '05-30 90/3 since 03-01',
    ]);
    expect(life.due).toBeUndefined();
    expect(life.looks).toBe(3);
    const entry = (await life.ledger.entries(M)).find(({ detail }) => detail.kind === 'inactive');
    expect(entry && announce(entry)).toEqual([
      expect.objectContaining({ type: 'member.inactive', data: { days: 30, rung: 1 } }),
    ]);
    await life.sound();
  });

  it('and comes back is watched anew', async () => {
    const life = new Nights();
    await life.buy('2026-03-01');
    await life.nights('2026-03-02', '2026-06-30');
    await life.buy('2026-06-30');
    expect(life.due).toBe('2026-07-30');
    await life.nights('2026-07-01', '2026-08-10');
    expect((await life.noticed()).slice(3)).toEqual(['07-30 30/1 since 06-30']);
  });

  it('between steps that are far apart is not lost sight of', async () => {
    const life = new Nights([30, 200]);
    await life.buy('2026-03-01');
    await life.nights('2026-03-02', '2026-04-01');
    await life.buy('2026-04-01');
    await life.nights('2026-04-02', '2026-06-01');
    expect(await life.noticed()).toEqual(['03-31 30/1 since 03-01', '05-01 30/1 since 04-01']);
  });

  it('is noticed at the step that was reached when sweeps did not run', async () => {
    const life = new Nights();
    await life.buy('2026-03-01');
    await life.nights('2026-05-10', '2026-06-10');
    expect(await life.noticed()).toEqual(['05-10 60/2 since 03-01', '05-30 90/3 since 03-01']);
  });

  it('is not noticed in a program that does not ask', async () => {
    const life = new Nights();
    const ledger = ledgerOn(life.memory.asClient(), life.clock);
    await ledger.sale(M, sale('o', 1_000));
    expect(life.due).toBeUndefined();
  });
});

describe('an offer to come back for', () => {
  it('is another one for each step, once for each absence', async () => {
    const life = new Nights([30, 60, 90], offers);
    await life.buy('2026-03-01');
    await life.nights('2026-03-02', '2026-08-01');
    expect(await life.offered()).toEqual(['04-30 50', '05-30 200']);
    expect((await life.ledger.account(M))?.buckets).toMatchObject({ '2026-05-30': 50, '2026-06-30': 200 });
    await life.buy('2026-08-02');
    await life.nights('2026-08-03', '2026-10-02');
    expect((await life.offered()).slice(2)).toEqual(['10-01 50']);
    await life.sound();
  });

  it('is no deed: who was offered something still stays away', async () => {
    const life = new Nights([30, 60, 90], offers);
    await life.buy('2026-03-01');
    await life.nights('2026-03-02', '2026-08-01');
    expect((await life.ledger.account(M))?.lastActivityOn).toBe('2026-03-01');
    expect((await life.noticed()).length).toBe(3);
    expect(life.due).toBeUndefined();
  });

  it.each([
    ['without the activity', [{ is: 'days-away', days: [60] }], 'rules.0.when.0.is'],
    [
      'at no step',
      [
        { is: 'activity', activities: ['inactive'] },
        { is: 'days-away', days: [45] },
      ],
      'rules.0.when.1.days.0',
    ],
  ] as const)('%s is refused before anything is built', (_, when, path) => {
    const rule = { ...offer(60, 50), when: [...when] };
    const checked = Program.safeParse({ ...programInput, inactivity: { daysAfter: [30, 60] }, rules: [rule] });
    expect(checked.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

describe('a member who comes', () => {
  it('moves no index, however often', async () => {
    const life = new Nights();
    for (let day = '2026-03-01'; day <= '2026-03-29'; day = addDays(day, 1)) {
      await life.buy(day);
      await life.ledger.activity(M, visit(`v-${day}`, { occurredAt: `${day}T12:00:00Z` }));
      expect(life.due).toBe('2026-03-31');
    }
    await life.night('2026-03-31');
    expect(await life.noticed()).toEqual([]);
    // Looked at once in a month, and put off to the day on which it could be true.
    expect(life.due).toBe('2026-04-28');
    await life.sound();
  });

  it('at the moment of the sweep is either noticed before or not at all, and watched on', async () => {
    for (let order = 0; order < 12; order += 1) {
      const life = new Nights();
      await life.buy('2026-03-01');
      life.clock.to('2026-03-31T10:00:00Z');
      let calls = 0;
      const slow = life.memory.restarted();
      slow.mishap = () => {
        calls += 1;
        return calls === order ? 'conflict' : undefined;
      };
      const ledger = ledgerOn(slow.asClient(), life.clock, life.changes);
      const sales = [0, 1, 2].map(async (n) => {
        for (let turn = 0; turn < order + n; turn += 1) await Promise.resolve();
        return life.ledger.sale(M, sale(`at-once-${n}`, 100, { occurredAt: '2026-03-31T10:00:00Z' }));
      });
      const outcomes = await Promise.all([life.duties(ledger).absences(M), life.duties().absences(M), ...sales]);
      expect(outcomes.slice(2)).toMatchObject([{ kind: 'posted' }, { kind: 'posted' }, { kind: 'posted' }]);
      expect((await life.noticed()).length).toBeLessThanOrEqual(1);
      await life.duties().absences(M);
      expect(life.due).toBe('2026-04-30');
      await life.sound();
    }
  });

  it('and whose last visit is told late is watched from today', async () => {
    const life = new Nights();
    await life.buy('2026-03-01', '2026-07-01');
    expect(life.due).toBe('2026-07-01');
    await life.nights('2026-07-02', '2026-07-05');
    expect(await life.noticed()).toEqual(['07-02 90/3 since 03-01']);
  });
});

describe('an account that went into another one', () => {
  it('is not watched any more; the other is', async () => {
    const life = new Nights();
    await life.buy('2026-03-01');
    await life.ledger.merge('m_host', M, 'staff');
    expect(life.due).toBeUndefined();
    const host = life.memory.tables.get(tables.accounts)?.get('m_host')?.get('');
    expect(host?.inactiveDue?.S?.slice(0, 10)).toBe('2026-03-31');
  });
});

describe('every call as a crash point', () => {
  it.each(['2026-03-31', '2026-05-30'])(
    'of the look on %s: brought again, it ends as if nothing had happened',
    async (day) => {
      const attempt = async (mishap?: { at: number; kind: Mishap }) => {
        const life = new Nights([30, 60, 90], offers);
        await life.buy('2026-03-01');
        await life.nights('2026-03-02', addDays(day, -1));
        life.clock.to(`${day}T01:30:00Z`);
        const first = life.memory.restarted();
        first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
        try {
          await life.duties(ledgerOn(first.asClient(), life.clock, life.changes)).absences(M);
        } catch (error) {
          if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
        }
        await life.duties().absences(M);
        await life.sound();
        return { calls: first.calls, noticed: await life.noticed(), offered: await life.offered(), due: life.due };
      };
      const clean = await attempt();
      for (let at = 1; at <= clean.calls; at += 1) {
        for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
          counts.crashPoints += 1;
          expect({ at, kind, ...(await attempt({ at, kind })), calls: 0 }).toEqual({ at, kind, ...clean, calls: 0 });
        }
      }
    },
  );
});

describe('whatever happens', () => {
  it('each step of each absence is noticed on its day, once, and nothing else is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom<number[]>([7, 14, 21], [10], [5, 30], [3, 4]),
        async (gaps, daysAfter) => {
          const life = new Nights(daysAfter);
          const expected: string[] = [];
          let day = '2026-03-01';
          await life.buy(day);
          for (const gap of [...gaps, 60]) {
            const next = addDays(day, gap);
            await life.nights(addDays(day, 1), next);
            for (const [at, days] of daysAfter.entries())
              if (days <= gap) expected.push(`${addDays(day, days).slice(5)} ${days}/${at + 1} since ${day.slice(5)}`);
            await life.buy(next);
            day = next;
          }
          expect(await life.noticed()).toEqual(expected);
          await life.sound();
        },
      ),
      { numRuns: 25, seed: 20_261_122 },
    );
  }, 60_000);
});
