import { describe, expect, it } from '@jest/globals';
import { lastDayOf, spendable } from '../../lib/loyalty/buckets.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { Expiry } from '../../lib/loyalty/program/expiry.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import fc from '../fast-check.ts';
import { programInput } from '../ledger/world.ts';
import { Life } from './life.ts';

const day = (months = 12) => ({ expiry: { kind: 'months', months, until: 'day' } }) satisfies Partial<ProgramInput>;
const inactivity = { expiry: { kind: 'inactivity', months: 12, until: 'day' } } satisfies Partial<ProgramInput>;

describe('the last day', () => {
  const months = (count: number, until: string) => Expiry.parse({ kind: 'months', months: count, until });
  it.each([
    [months(12, 'day'), '2026-03-10', '2027-03-10'],
    [months(12, 'day'), '2027-03-01', '2028-03-01'],
    // 29 February has no next year; the month's last day is what is left of it.
    [months(12, 'day'), '2028-02-29', '2029-02-28'],
    [months(48, 'day'), '2028-02-29', '2032-02-29'],
    [months(1, 'day'), '2027-01-31', '2027-02-28'],
    [months(1, 'day'), '2028-01-31', '2028-02-29'],
    [months(12, 'end-of-month'), '2027-02-10', '2028-02-29'],
    [months(12, 'end-of-month'), '2026-03-31', '2027-03-31'],
    [months(12, 'end-of-quarter'), '2026-01-01', '2027-03-31'],
    [months(12, 'end-of-quarter'), '2026-03-31', '2027-03-31'],
    [months(12, 'end-of-quarter'), '2026-04-01', '2027-06-30'],
    [months(12, 'end-of-quarter'), '2026-08-15', '2027-09-30'],
    [months(1, 'end-of-quarter'), '2026-12-31', '2027-03-31'],
    [months(12, 'end-of-year'), '2026-01-01', '2027-12-31'],
    [months(12, 'end-of-year'), '2026-12-31', '2027-12-31'],
    [Expiry.parse({ kind: 'fixed', on: '2026-06-30' }), '2026-03-10', '2026-06-30'],
    [Expiry.parse({ kind: 'fixed', on: '2026-06-30' }), '2026-06-30', '2026-06-30'],
    [Expiry.parse({ kind: 'fixed', on: '2026-06-30' }), '2026-07-01', '2027-06-30'],
    [Expiry.parse({ kind: 'fixed', on: '2028-02-29' }), '2028-03-01', '2029-02-28'],
    [Expiry.parse({ kind: 'fixed', on: '2028-02-29' }), '2031-03-01', '2032-02-29'],
    [Expiry.parse({ kind: 'none' }), '2026-03-10', 'never'],
  ])('under %j, of what is earned on %s, is %s', (expiry, earnedOn, last) => {
    expect(lastDayOf(expiry, earnedOn)).toBe(last);
  });

  it.each([
    // One minute before midnight and one after, in Berlin, in winter and in summer.
    ['2026-03-10T23:59:00+01:00', '2027-03-10'],
    ['2026-03-11T00:01:00+01:00', '2027-03-11'],
    ['2026-07-10T23:59:00+02:00', '2027-07-10'],
    ['2026-07-11T00:01:00+02:00', '2027-07-11'],
  ])('of a sale at %s is that of the merchant’s calendar: %s', (when, last) => {
    const life = new Life(day()).on(when);
    life.buy('o', 10);
    expect(life.account.buckets).toEqual({ [last]: 10 });
  });
});

describe('on the last day and after it', () => {
  // Earned on the last Sunday of October 2025 and of March 2026, when the clocks of Berlin change.
  it.each([
    ['2026-01-25', '2026-10-25', '2026-10-25T23:59:00+01:00', '2026-10-26T00:01:00+01:00'],
    ['2026-02-28', '2026-11-28', '2026-11-28T23:59:00+01:00', '2026-11-29T00:01:00+01:00'],
    ['2026-06-29', '2027-03-29', '2027-03-29T23:59:00+02:00', '2027-03-30T00:01:00+02:00'],
  ])('points of %s can be spent through %s, to the minute', (earnedOn, last, before, after) => {
    const inTime = new Life(day(9)).on(earnedOn);
    inTime.buy('o', 50);
    expect(Object.keys(inTime.account.buckets)).toEqual([last]);
    const spent = inTime.on(before).spend(50) as Entry;
    expect(spent.detail.kind).toBe('redeemed');

    const late = new Life(day(9)).on(earnedOn);
    late.buy('o', 50);
    // Nobody has swept yet: they cannot be spent all the same.
    const refused = late.on(after).spend(50) as Entry;
    expect(refused.detail).toMatchObject({ kind: 'refused', because: 'not-enough-points' });
    expect(spendable(late.account.buckets, addDays(last, 1))).toBe(0);
    late.sweepPoints(last);
    expect(late.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 50 });
  });

  it('a sale at 23:59 lapses a day before one at 00:01', () => {
    const life = new Life(day()).on('2026-03-28T23:59:00+01:00');
    life.buy('a', 10);
    life.on('2026-03-29T00:01:00+01:00').buy('b', 20);
    life.on('2027-03-29T03:30:00+02:00').sweepPoints('2027-03-28');
    expect(life.account.buckets).toEqual({ '2027-03-29': 20 });
  });

  it('the earliest are spent first, those that never lapse last', () => {
    const rules = [
      { id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } },
      { id: 'gift', on: 'activity', earn: { kind: 'flat', points: 30 }, expiry: { kind: 'none' } },
      {
        id: 'soon',
        on: 'sale',
        earn: { kind: 'flat', points: 5 },
        expiry: { kind: 'fixed', on: '2026-12-31' },
      },
    ] as ProgramInput['rules'];
    const life = new Life({ ...day(), rules }).on('2026-03-10');
    life.visit('v');
    life.buy('o', 20);
    expect(life.account.buckets).toEqual({ never: 30, '2027-03-10': 20, '2026-12-31': 5 });
    life.spend(15);
    expect(life.account.buckets).toEqual({ never: 30, '2027-03-10': 10 });
    life.spend(15);
    expect(life.account.buckets).toEqual({ never: 25 });
  });
});

describe('points that live as long as the member is active', () => {
  it('are all of them: not those of one rule alone', () => {
    const { error } = Program.safeParse({
      ...programInput,
      rules: [{ ...programInput.rules[0], expiry: { kind: 'inactivity', months: 6 } }],
    });
    expect(error?.issues.map(({ path, message }) => ({ path, message }))).toEqual([
      {
        path: ['rules', 0, 'expiry', 'kind'],
        message: 'an activity keeps all points alive or none: set inactivity for the whole program, in expiry',
      },
    ]);
  });

  const regular = () => {
    const life = new Life(inactivity).on('2026-03-10');
    life.buy('a', 10);
    return life;
  };

  it('all move with a purchase, those that wait too', () => {
    const life = new Life({ ...inactivity, pending: { kind: 'days', days: 14 } }).on('2026-03-10');
    life.buy('a', 10);
    life.on('2026-03-24').sweepLots('2026-03-24');
    life.on('2026-04-01').buy('b', 20);
    life.on('2026-04-05').buy('c', 40);
    expect({ buckets: life.account.buckets, lots: life.account.lots }).toEqual({
      buckets: { '2027-04-05': 10 },
      lots: { '2026-04-15/2027-04-05': 20, '2026-04-19/2027-04-05': 40 },
    });
    // Bought in another place of the calendar than where they are now: found all the same.
    life.return('b');
    expect({ buckets: life.account.buckets, lots: life.account.lots }).toEqual({
      buckets: { '2027-04-05': 10 },
      lots: { '2026-04-19/2027-04-05': 40 },
    });
  });

  it.each([
    ['a purchase', (life: Life) => life.buy('b', 1), 11],
    ['a redemption', (life: Life) => life.spend(1), 9],
    ['points put aside', (life: Life) => life.hold(1, 'r'), 9],
    ['something that earns nothing', (life: Life) => life.visit('v'), 10],
  ])('all move with %s', (_, act, left) => {
    const life = regular();
    act(life.on('2026-09-01'));
    expect(life.account.buckets).toEqual({ '2027-09-01': left });
  });

  it('do not move back for what is told late', () => {
    const life = regular();
    life.on('2026-09-01').buy('b', 20, { occurredAt: '2026-02-01T12:00:00Z' });
    expect({ buckets: life.account.buckets, last: life.account.lastActivityOn }).toEqual({
      buckets: { '2027-03-10': 30 },
      last: '2026-03-10',
    });
  });

  it('stay lapsed, whether or not a sweep came by in between', () => {
    const [swept, unswept] = [regular(), regular()];
    swept.on('2027-03-11').sweepPoints('2027-03-10');
    swept.on('2027-04-01').buy('b', 20);
    unswept.on('2027-04-01').buy('b', 20);
    expect(unswept.account.buckets).toEqual({ '2027-03-10': 10, '2028-04-01': 20 });
    unswept.sweepPoints('2027-03-31');
    expect([swept.account.buckets, unswept.account.buckets]).toEqual([{ '2028-04-01': 20 }, { '2028-04-01': 20 }]);
  });

  it('keep what was put aside when it comes back', () => {
    const life = regular();
    life.on('2026-04-01').hold(10, 'r');
    life.on('2026-04-15').buy('b', 20);
    life.letGo('r');
    expect(life.account.buckets).toEqual({ '2027-04-15': 30 });
  });

  it('are taken back by a refund from where they are now, also after their first day is over', () => {
    const life = regular();
    life.on('2027-01-01').buy('b', 20);
    // A year after the first purchase its points are alive: the second one kept them.
    life.on('2027-06-01').return('a');
    expect(life.points).toEqual({ available: 20, pending: 0, held: 0, lifetime: 20 });
    expect(life.account.buckets).toEqual({ '2028-01-01': 20 });
  });

  it('are owed when they were spent meanwhile', () => {
    const life = regular();
    life.on('2027-01-01').spend(10);
    life.on('2027-06-01').return('a');
    expect(life.account.buckets).toEqual({ owed: -10 });
  });

  it('are not taken a second time once they have lapsed', () => {
    const life = regular();
    life.on('2027-04-01').buy('b', 20);
    life.sweepPoints('2027-03-31');
    const entry = life.return('a') as Entry;
    expect({ buckets: life.account.buckets, detail: entry.detail }).toMatchObject({
      buckets: { '2028-04-01': 20 },
      detail: { reversed: 10, letGo: 10 },
    });
  });

  it('come back from an order as living as the others', () => {
    const life = new Life(inactivity).on('2026-03-10');
    life.buy('a', 50);
    const held = life.on('2026-03-11').hold(50, 'r') as Entry;
    if (held.detail.kind !== 'authorized') throw new Error('not held');
    const { points, from } = held.detail;
    life.buy('b', 100, { redemptionId: 'r' }, {}, { redemptionId: 'r', points, from });
    life.on('2026-09-01').buy('c', 1);
    life.on('2027-05-01').return('b');
    expect(Object.keys(life.account.buckets)).toEqual(['2027-09-01']);
  });

  it('whatever happens, are in one living bucket and add up', () => {
    const step = fc.record({
      days: fc.integer({ min: 0, max: 250 }),
      late: fc.integer({ min: 0, max: 60 }),
      what: fc.constantFrom('buy', 'spend', 'return', 'hold', 'letGo', 'sweep'),
      amount: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const life = new Life(inactivity);
        let today = '2026-02-01';
        const bought: string[] = [];
        const held: string[] = [];
        for (const [index, { days, late, what, amount }] of steps.entries()) {
          today = addDays(today, days);
          life.on(today);
          const id = `${what}${index}`;
          if (what === 'buy') {
            life.buy(id, amount, { occurredAt: `${addDays(today, -late)}T11:00:00Z` });
            bought.push(id);
          }
          if (what === 'return') for (const one of bought.splice(0, 1)) life.return(one);
          if (what === 'spend' && spendable(life.account.buckets, today) >= amount) life.spend(amount, id);
          if (what === 'hold' && spendable(life.account.buckets, today) >= amount) {
            life.hold(amount, id);
            held.push(id);
          }
          if (what === 'letGo') for (const one of held.splice(0, 1)) life.letGo(one);
          if (what === 'sweep') life.sweepPoints(addDays(today, -1));
          const living = Object.keys(life.account.buckets).filter((date) => date !== 'owed' && date >= today);
          expect(living.length).toBeLessThanOrEqual(1);
          const last = life.account.lastActivityOn;
          if (living.length === 1 && last) expect(living).toEqual([lastDayOf(life.situation.program.expiry, last)]);
        }
        expect(life.points.lifetime).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });
});
