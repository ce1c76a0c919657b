import { afterAll, describe, expect, it } from '@jest/globals';
import { announce } from '../../lib/loyalty/announce.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { entryIdOf } from '../../lib/loyalty/entry.ts';
import type { ReminderFact } from '../../lib/loyalty/facts.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openDuties } from '../../lib/runtime/duties.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import fc from '../fast-check.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, program, sale, TestClock, tables } from './world.ts';

const counts = { crashPoints: 0, nights: 0 };
afterAll(() => {
  process.stdout.write(`\nreminders: ${counts.crashPoints} crash points, ${counts.nights} nights\n`);
});

const M = 'm_reminded';
const base = {
  expiry: { kind: 'months', months: 2, until: 'day' },
  expiryReminders: [30, 7, 1],
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  rewards: [],
} satisfies Partial<ProgramInput>;

/** A member, the nights, and channels that say what became of what they were asked for. */
class Nights {
  readonly clock = new TestClock('2026-03-01T11:00:00Z');
  readonly memory = new MemoryClient();
  readonly changes: Partial<ProgramInput>;
  readonly channels: readonly string[];
  ledger: Ledger;
  swept = '';

  constructor(changes: Partial<ProgramInput> = {}, channels: readonly string[] = ['sms']) {
    this.changes = { ...base, ...changes };
    this.channels = channels;
    this.ledger = ledgerOn(this.memory.asClient(), this.clock, this.changes);
  }

  get day(): string {
    return this.clock.at.toISOString().slice(0, 10);
  }

  at(day: string, time = '01:30:00Z'): this {
    this.clock.to(`${day}T${time}`);
    return this;
  }

  async earn(day: string, order: string, netMinor = 1_000): Promise<void> {
    await this.ledger.sale(M, sale(order, netMinor, { occurredAt: `${day}T10:00:00Z` }));
  }

  duties(ledger = this.ledger) {
    const { clock, channels, changes } = this;
    return openDuties({ till: ledger, program: program(changes), now: clock.now, remindsThrough: channels });
  }

  /** The sweep of that night, if the index names the member on a day since the last one; no sweep looks further back. */
  async night(day: string): Promise<void> {
    this.at(day);
    counts.nights += 1;
    const due = (await this.due()) ?? '9999';
    if (due >= this.swept && due <= day) await this.duties().points(M);
    this.swept = day;
  }

  async nights(from: string, through: string, answer?: 'sent' | 'impossible'): Promise<void> {
    for (let day = from; day <= through; day = addDays(day, 1)) {
      await this.night(day);
      if (answer) await this.answer(answer);
    }
  }

  async due(): Promise<string | undefined> {
    return this.memory.tables.get(tables.accounts)?.get(M)?.get('')?.expiryDue?.S?.slice(0, 10);
  }

  async entries() {
    return this.ledger.entries(M);
  }

  /** The newest reminder's channels, or one of them, say what became of it. */
  async answer(outcome: 'sent' | 'impossible', by = this.channels[0] ?? '') {
    const asked = (await this.entries()).filter(({ detail }) => detail.kind === 'reminded').at(-1);
    if (!asked) return undefined;
    const fact: ReminderFact = {
      type: 'reminder',
      factId: `reminder:${entryIdOf(asked)}:${by}`,
      source: by,
      occurredAt: this.clock.at.toISOString(),
      identities: [{ type: 'member', value: M }],
      memberId: M,
      entryId: entryIdOf(asked),
      outcome,
    };
    return this.ledger.reminderTold(fact);
  }

  /** `day kind points`, of what reminders and expiry have posted. */
  async story(): Promise<string[]> {
    return (await this.entries()).flatMap(({ recordedAt, detail }) => {
      const day = recordedAt.slice(5, 10);
      if (detail.kind === 'reminded')
        return [
          `${day} reminded of ${detail.points} on ${detail.on.slice(5)}, ${detail.daysBefore} days before${detail.last ? ', last' : ''}`,
        ];
      if (detail.kind === 'reminder-told') return [`${day} ${detail.by} ${detail.outcome}`];
      return detail.kind === 'expired' ? [`${day} expired ${detail.points} of ${detail.through.slice(5)}`] : [];
    });
  }

  async sound(): Promise<void> {
    expect(checkMember(M, await this.entries(), await this.ledger.account(M))).toBeUndefined();
  }
}

describe('no reminder, no expiry', () => {
  it('the ladder is climbed down, and points lapse the night after their day', async () => {
    const life = new Nights();
    await life.earn('2026-03-01', 'o');
    expect(await life.due()).toBe('2026-04-01');
    await life.nights('2026-03-02', '2026-05-05', 'sent');
    expect(await life.story()).toEqual([
      '04-01 reminded of 70 on 05-01, 30 days before',
      '04-01 sms sent',
      '04-24 reminded of 70 on 05-01, 7 days before',
      '04-24 sms sent',
      '04-30 reminded of 70 on 05-01, 1 days before, last',
      '04-30 sms sent',
      '05-02 expired 70 of 05-01',
    ]);
    expect((await life.ledger.account(M))?.reminders).toBeUndefined();
    expect(await life.due()).toBeUndefined();
    await life.sound();
  });

  it('a merchant who wants no reminders has none, and points lapse on their day', async () => {
    const life = new Nights({ expiryReminders: [] });
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-03-02', '2026-05-05');
    expect(await life.story()).toEqual(['05-02 expired 70 of 05-01']);
  });

  it.each(['impossible'] as const)('a reminder that is %s is proof as well', async (outcome) => {
    const life = new Nights({ expiryReminders: [1] });
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-03-02', '2026-05-05', outcome);
    expect((await life.story()).slice(1)).toEqual(['04-30 sms impossible', '05-02 expired 70 of 05-01']);
  });

  it('without any channel that is impossible from the start, and stands in the journal', async () => {
    const life = new Nights({ expiryReminders: [1] }, []);
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-03-02', '2026-05-05');
    expect(await life.story()).toEqual([
      '04-30 reminded of 70 on 05-01, 1 days before, last',
      '05-02 expired 70 of 05-01',
    ]);
  });

  it('as long as nobody says that it was sent, points live on, to be spent, and the member is told of each new day', async () => {
    const life = new Nights({ expiryReminders: [1] });
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-03-02', '2026-05-04');
    expect(await life.story()).toEqual([
      '04-30 reminded of 70 on 05-01, 1 days before, last',
      '05-02 reminded of 70 on 05-03, 1 days before, last',
      '05-04 reminded of 70 on 05-05, 1 days before, last',
    ]);
    life.at('2026-05-05', '12:00:00Z');
    expect((await life.ledger.authorize(M, { redemptionId: 'r', points: 20, capture: true })).kind).toBe('posted');
    // Sent on the very day: too late to be a warning.
    await life.answer('sent');
    await life.nights('2026-05-06', '2026-05-10', 'sent');
    expect((await life.story()).slice(3)).toEqual([
      '05-05 sms sent',
      '05-06 reminded of 50 on 05-07, 1 days before, last',
      '05-06 sms sent',
      '05-08 expired 50 of 05-07',
    ]);
    await life.sound();
  });

  it('of several channels one is enough; impossible it is when all have said so', async () => {
    const one = new Nights({ expiryReminders: [1] }, ['sms', 'mail']);
    await one.earn('2026-03-01', 'o');
    await one.nights('2026-03-02', '2026-04-30');
    await one.answer('impossible', 'sms');
    expect((await one.ledger.account(M))?.reminders?.['2026-05-01']).toMatchObject({ waits: ['mail'] });
    await one.answer('sent', 'mail');
    expect((await one.ledger.account(M))?.reminders?.['2026-05-01']).toMatchObject({ told: 'sent', on: '2026-04-30' });
    await one.night('2026-05-02');
    expect((await one.story()).at(-1)).toBe('05-02 expired 70 of 05-01');

    const none = new Nights({ expiryReminders: [1] }, ['sms', 'mail']);
    await none.earn('2026-03-01', 'o');
    await none.nights('2026-03-02', '2026-04-30');
    await none.answer('impossible', 'mail');
    await none.night('2026-05-02');
    expect((await none.story()).at(-1)).toBe('05-02 reminded of 70 on 05-03, 1 days before, last');
    await none.answer('impossible', 'mail');
    await none.answer('impossible', 'sms');
    await none.nights('2026-05-03', '2026-05-04');
    expect((await none.story()).at(-1)).toBe('05-04 expired 70 of 05-03');
  });
});

describe('points that come after the last reminder', () => {
  it('of a sale told late are told of first, and can be spent until the day that is named', async () => {
    const life = new Nights({ expiryReminders: [7, 1] });
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-03-02', '2026-05-02', 'sent');
    life.at('2026-05-02', '12:00:00Z');
    await life.earn('2026-03-01', 'late', 2_000);
    await life.nights('2026-05-03', '2026-05-08', 'sent');
    expect((await life.story()).slice(-4)).toEqual([
      '05-02 expired 70 of 05-01',
      '05-03 reminded of 140 on 05-04, 1 days before, last',
      '05-03 sms sent',
      '05-05 expired 140 of 05-04',
    ]);
  });

  it('or come back on the last day, live a day longer than their reminder', async () => {
    const life = new Nights({ expiryReminders: [1] });
    await life.earn('2026-03-01', 'o');
    await life.night('2026-04-29');
    await life.ledger.authorize(M, { redemptionId: 'r', points: 40, capture: false });
    await life.nights('2026-04-30', '2026-04-30', 'sent');
    life.at('2026-05-01', '12:00:00Z');
    await life.ledger.void(M, { redemptionId: 'r', reason: 'voided' });
    await life.nights('2026-05-02', '2026-05-06', 'sent');
    expect(await life.story()).toEqual([
      '04-30 reminded of 30 on 05-01, 1 days before, last',
      '04-30 sms sent',
      '05-02 reminded of 70 on 05-03, 1 days before, last',
      '05-02 sms sent',
      '05-04 expired 70 of 05-03',
    ]);
  });

  it('spent and earned again in between were not spoken of', async () => {
    const life = new Nights({ expiry: { kind: 'fixed', on: '2026-05-01' }, expiryReminders: [1] });
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-04-30', '2026-04-30', 'sent');
    life.at('2026-05-01', '12:00:00Z');
    await life.ledger.authorize(M, { redemptionId: 'r', points: 70, capture: true });
    await life.earn('2026-05-01', 'new');
    await life.nights('2026-05-02', '2026-05-06', 'sent');
    expect((await life.story()).slice(-3)).toEqual([
      '05-02 reminded of 70 on 05-03, 1 days before, last',
      '05-02 sms sent',
      '05-04 expired 70 of 05-03',
    ]);
  });
});

describe('dates close to each other', () => {
  it('fall into one message, which says from when to when', async () => {
    const life = new Nights();
    for (const day of ['2026-03-01', '2026-03-03', '2026-03-06', '2026-03-20']) await life.earn(day, day);
    await life.nights('2026-03-21', '2026-04-01');
    const [asked, ...more] = (await life.entries()).filter(({ detail }) => detail.kind === 'reminded');
    expect(more).toEqual([]);
    expect(asked && announce(asked)).toEqual([
      expect.objectContaining({
        type: 'points.expiring',
        data: { points: 210, on: '2026-05-01', through: '2026-05-06', daysBefore: 30, last: false },
      }),
    ]);
  });

  it('make no more messages than there are weeks', async () => {
    const life = new Nights({ expiryReminders: [30] });
    for (let day = '2026-03-01'; day <= '2026-03-28'; day = addDays(day, 1)) await life.earn(day, day);
    await life.nights('2026-03-29', '2026-06-10', 'sent');
    const story = await life.story();
    expect(story.filter((line) => line.includes('reminded'))).toHaveLength(4);
    expect(story.filter((line) => line.includes('expired'))).toHaveLength(28);
    expect((await life.ledger.account(M))?.available).toBe(0);
  });
});

describe('nights that are missed, doubled or broken off', () => {
  it('a pause of months ends in one last reminder, and nothing lapses before it', async () => {
    const life = new Nights();
    await life.earn('2026-03-01', 'o');
    await life.nights('2026-07-10', '2026-07-14', 'sent');
    expect(await life.story()).toEqual([
      '07-10 reminded of 70 on 07-11, 1 days before, last',
      '07-10 sms sent',
      '07-12 expired 70 of 07-11',
    ]);
  });

  it('twice, and by two at once, it is one reminder', async () => {
    const life = new Nights();
    await life.earn('2026-03-01', 'o');
    life.at('2026-04-01');
    await Promise.all([life.duties().points(M), life.duties().points(M), life.duties().points(M)]);
    await life.duties().points(M);
    expect(await life.story()).toHaveLength(1);
    expect((await life.answer('sent'))?.kind).toBe('posted');
    expect((await life.answer('sent'))?.kind).toBe('refused');
    expect((await life.answer('impossible'))?.kind).toBe('refused');
  });

  it('the word of a message that was followed by another one changes nothing', async () => {
    const life = new Nights({ expiryReminders: [1] });
    await life.earn('2026-03-01', 'o');
    await life.night('2026-04-30');
    const [first] = (await life.entries()).filter(({ detail }) => detail.kind === 'reminded');
    await life.night('2026-05-02');
    const late: ReminderFact = {
      type: 'reminder',
      factId: 'late',
      source: 'sms',
      occurredAt: life.clock.at.toISOString(),
      identities: [],
      memberId: M,
      entryId: first ? entryIdOf(first) : '',
      outcome: 'sent',
    };
    expect((await life.ledger.reminderTold(late)).kind).toBe('refused');
  });

  it.each([
    ['a first reminder', '2026-04-01', false],
    ['a last reminder', '2026-04-30', false],
    ['an expiry', '2026-05-02', true],
    ['a new day', '2026-05-02', false],
  ] as const)(
    'every call of %s as a crash point: brought again, it ends as if nothing had happened',
    async (_, day, told) => {
      const attempt = async (mishap?: { at: number; kind: Mishap }) => {
        const life = new Nights();
        await life.earn('2026-03-01', 'o');
        await life.nights('2026-03-28', addDays(day, -1), told ? 'sent' : undefined);
        life.at(day);
        const first = life.memory.restarted();
        first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
        try {
          await life.duties(ledgerOn(first.asClient(), life.clock, life.changes)).points(M);
        } catch (error) {
          if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
        }
        await life.duties().points(M);
        await life.sound();
        return { calls: first.calls, account: await life.ledger.account(M), story: await life.story() };
      };
      const clean = await attempt();
      for (let at = 1; at <= clean.calls; at += 1) {
        for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
          counts.crashPoints += 1;
          const { account, story } = await attempt({ at, kind });
          expect({ at, kind, account, story }).toEqual({ at, kind, account: clean.account, story: clean.story });
        }
      }
    },
  );
});

describe('whatever happens', () => {
  type Act = {
    readonly do: 'earn' | 'late' | 'spend' | 'hold' | 'void' | 'sent' | 'impossible' | 'nothing';
    readonly n: number;
  };
  const act = fc.record<Act>({
    do: fc.constantFrom<Act['do']>('earn', 'late', 'spend', 'hold', 'void', 'sent', 'sent', 'impossible', 'nothing'),
    n: fc.integer({ min: 1, max: 60 }),
  });

  it('nothing lapses without a last reminder that was sent before that day or could not be, and all of it does in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 10, maxLength: 60 }),
        fc.constantFrom<number[]>([30, 7, 1], [5], [10, 3], [1]),
        async (acts, expiryReminders) => {
          const life = new Nights({ expiryReminders, expiry: { kind: 'months', months: 1, until: 'day' } });
          await life.earn('2026-03-01', 'first');
          let day = '2026-03-02';
          for (const [index, { do: what, n }] of acts.entries()) {
            await life.night(day);
            life.at(day, '10:00:00Z');
            if (what === 'earn') await life.earn(day, `o${index}`, n * 100);
            if (what === 'late') await life.earn(addDays(day, -n), `o${index}`, n * 100);
            if (what === 'spend')
              await life.ledger.authorize(M, { redemptionId: `r${index}`, points: n, capture: true });
            if (what === 'hold') await life.ledger.authorize(M, { redemptionId: 'h', points: n, capture: false });
            if (what === 'void') await life.ledger.void(M, { redemptionId: 'h', reason: 'voided' });
            if (what === 'sent' || what === 'impossible') await life.answer(what);
            day = addDays(day, 1 + (n % 3));
          }
          life.at(day, '10:00:00Z');
          await life.ledger.void(M, { redemptionId: 'h', reason: 'voided' });
          await life.nights(day, addDays(day, 45), 'sent');
          expect((await life.ledger.account(M))?.available).toBe(0);
          await life.sound();
          const entries = await life.entries();
          const last = Math.min(...expiryReminders);
          for (const [index, { detail, change, recordedAt }] of entries.entries()) {
            if (detail.kind !== 'expired') continue;
            for (const [date, lost] of Object.entries(change.buckets ?? {})) {
              expect(date < recordedAt.slice(0, 10)).toBe(true);
              const earlier = entries.slice(0, index);
              const asked = earlier.findLast(({ change: { reminds } }) => reminds?.dates[date]);
              expect(asked?.change.reminds?.dates[date]?.rung).toBe(last);
              expect(asked?.change.reminds?.dates[date]?.points).toBeGreaterThanOrEqual(-lost);
              const told = earlier.find(
                ({ detail: one }) => one.kind === 'reminder-told' && asked && one.reminder === entryIdOf(asked),
              );
              expect(told?.detail).toBeDefined();
              if (told?.detail.kind === 'reminder-told' && told.detail.outcome === 'sent')
                expect(told.recordedAt.slice(0, 10) < date).toBe(true);
            }
          }
        },
      ),
      { numRuns: 25, seed: 20_261_122 },
    );
  }, 120_000);
});
