import { describe, expect, it } from '@jest/globals';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { refund, sale, visit } from '../ledger/world.ts';
import { Counter, onePerEuro, type Rules } from './counter.ts';

const on = (day: string, orderId: string, minor = 10_000): SaleFact =>
  sale(orderId, minor, { occurredAt: `${day}T12:00:00Z` });
const capped = (per: 'day' | 'week' | 'month' | 'year' | 'ever', points = 150): Partial<ProgramInput> => ({
  rules: [onePerEuro],
  caps: [{ id: 'cap', points, per }],
});

describe('a cap', () => {
  it.each<[string, Partial<ProgramInput>, string[], number[]]>([
    ['of a day, and the next one anew', capped('day'), ['2026-03-10', '2026-03-10', '2026-03-11'], [100, 50, 100]],
    [
      'of a week, which begins on Monday',
      capped('week'),
      ['2026-03-08', '2026-03-09', '2026-03-15', '2026-03-16'],
      [100, 100, 50, 100],
    ],
    [
      'of a week across the turn of the year',
      capped('week'),
      ['2026-12-31', '2027-01-01', '2027-01-04'],
      [100, 50, 100],
    ],
    ['of a month', capped('month'), ['2026-03-31', '2026-04-01', '2026-04-30'], [100, 100, 50]],
    ['of a year', capped('year'), ['2026-01-01', '2026-12-31', '2027-01-01'], [100, 50, 100]],
    ['for ever', capped('ever'), ['2026-01-01', '2027-01-01', '2028-01-01'], [100, 50, 0]],
    [
      'of the day on which it was bought, however late it is told',
      capped('day'),
      ['2026-03-11', '2026-03-10', '2026-03-11'],
      [100, 100, 50],
    ],
  ])('%s', (_, changes, days, earned) => {
    const counter = new Counter(changes);
    expect(counter.tellAll(...days.map((day, at) => on(day, `o${at}`)))).toEqual(earned);
  });

  it('is of the shop’s day: 23:30 UTC in March is the next one', () => {
    const late = sale('b', 10_000, { occurredAt: '2026-03-10T23:30:00Z' });
    expect(new Counter(capped('day')).tellAll(on('2026-03-10', 'a'), late)).toEqual([100, 100]);
  });

  it('counts after multipliers, all rules together or those that it names', () => {
    const rules: Rules = [
      onePerEuro,
      { id: 'thanks', on: 'sale', earn: { kind: 'flat', points: 40 } },
      { id: 'visit', on: 'activity', earn: { kind: 'flat', points: 40 } },
    ];
    const multipliers = [{ id: 'double', bp: 20_000 }];
    const all = { rules, multipliers, caps: [{ id: 'all', points: 250, per: 'day' as const }] };
    const named = { ...all, caps: [{ id: 'thanks', points: 50, per: 'day' as const, rules: ['thanks', 'visit'] }] };
    const told = [on('2026-03-10', 'a'), visit('v')];
    expect([new Counter(all).tellAll(...told), new Counter(named).tellAll(...told)]).toEqual([
      [250, 0],
      [250, 0],
    ]);
  });

  it('the narrowest of several counts, and is named', () => {
    const counter = new Counter({
      rules: [onePerEuro],
      caps: [
        { id: 'wide', points: 90, per: 'month' },
        { id: 'narrow', points: 30, per: 'day' },
      ],
    });
    counter.tell(on('2026-03-10', 'a'));
    expect([counter.lastEntry.trace.at(-1), counter.account.counters]).toEqual([
      { step: 'cap', rule: 'narrow', points: -70 },
      { 'narrow@2026-03-10': 30, 'wide@2026-03': 30 },
    ]);
  });

  it('stays used when goods go back: buying and returning makes no room', () => {
    const counter = new Counter(capped('day'));
    expect(
      counter.tellAll(
        on('2026-03-10', 'a'),
        refund('a', 'r', { kind: 'everything' }),
        on('2026-03-10', 'b'),
        on('2026-03-10', 'c'),
      ),
    ).toEqual([100, -100, 50, 0]);
  });

  it('leaves a sale what it was given, until less than that is kept', () => {
    const counter = new Counter(capped('day', 60));
    expect(
      counter.tellAll(on('2026-03-10', 'a'), refund('a', 'r', 3_000), refund('a', 's', 2_000), refund('a', 't', 5_000)),
    ).toEqual([60, 0, -10, -50]);
  });

  it('counts points that remainders make, so that many small sales do not slip through', () => {
    const counter = new Counter({ ...capped('day', 3), stacking: { rounding: 'carry' } });
    const earned = counter.tellAll(...Array.from({ length: 10 }, (_, at) => on('2026-03-10', `o${at}`, 90)));
    expect([earned, counter.account.counters]).toEqual([[0, 1, 1, 1, 0, 0, 0, 0, 0, 0], { 'cap@2026-03-10': 3 }]);
  });
});

describe('a budget over all members', () => {
  const rules: Rules = [{ ...onePerEuro, budgetPoints: 1_000 }];
  it.each([
    ['gives what was put aside', { spend: 70 }, 70],
    ['never more than the rule does', { spend: 500 }, 100],
    ['nothing where nothing was left', {}, 0],
  ])('%s', (_, budgets, earned) => {
    expect(new Counter({ rules }, {}, { budgets }).tell(on('2026-03-10', 'a'))).toBe(earned);
  });
  it('is not looked at where nobody counts it', () => {
    expect(new Counter({ rules }).tell(on('2026-03-10', 'a'))).toBe(100);
  });
});
