import { describe, expect, it } from '@jest/globals';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { sale, visit } from '../ledger/world.ts';
import { Counter, goods, onePerEuro, type Rules } from './counter.ts';

const flat = (id: string, points: number, more: Partial<Rules[number]> = {}): Rules[number] => ({
  id,
  on: 'sale',
  earn: { kind: 'flat', points },
  ...more,
});
const double = { id: 'double', bp: 20_000 };
const triple = { id: 'triple', bp: 30_000 };
const half = { id: 'half', bp: 5_000 };
const gold = [{ id: 'base', name: 'Gold', from: 0, multiplierBp: 15_000 }];
const hundred = sale('o', 10_000);

describe('several rules', () => {
  it.each<[string, Rules, NonNullable<ProgramInput['groups']>, number]>([
    ['without a group add up', [onePerEuro, flat('a', 10), flat('b', 5)], [], 115],
    [
      'of a group that takes the best: one counts',
      [flat('a', 10, { group: 'bonus' }), flat('b', 30, { group: 'bonus' }), flat('c', 20, { group: 'bonus' })],
      [{ id: 'bonus', takes: 'best' }],
      30,
    ],
    [
      'of a group that takes the first: the first that applies counts',
      [
        flat('a', 90, { group: 'bonus', when: [{ is: 'minimum-spend', amount: '500.00' }] }),
        flat('b', 10, { group: 'bonus' }),
        flat('c', 20, { group: 'bonus' }),
      ],
      [{ id: 'bonus', takes: 'first' }],
      10,
    ],
    [
      'of two groups: one of each counts, beside those without',
      [
        onePerEuro,
        flat('a', 10, { group: 'one' }),
        flat('b', 30, { group: 'one' }),
        flat('c', 7, { group: 'two' }),
        flat('d', 9, { group: 'two' }),
      ],
      [
        { id: 'one', takes: 'best' },
        { id: 'two', takes: 'first' },
      ],
      137,
    ],
  ])('%s', (_, rules, groups, earned) => {
    expect(new Counter({ rules, groups }).tell(hundred)).toBe(earned);
  });

  it('of which two give the same: the first in the file, and the other is named as left out', () => {
    const counter = new Counter({
      rules: [flat('a', 10, { group: 'bonus' }), flat('b', 10, { group: 'bonus' })],
      groups: [{ id: 'bonus', takes: 'best' }],
    });
    counter.tell(hundred);
    expect(counter.lastEntry.trace).toEqual([
      { step: 'rule', rule: 'a', points: 10 },
      { step: 'group', rule: 'b', points: 10 },
    ]);
  });

  it('are compared after their multipliers: 60 that are not multiplied lose against 40 that are doubled', () => {
    const counter = new Counter({
      rules: [flat('a', 60, { group: 'bonus', multiplied: false }), flat('b', 40, { group: 'bonus' })],
      groups: [{ id: 'bonus', takes: 'best' }],
      multipliers: [double],
    });
    expect(counter.tell(hundred)).toBe(80);
  });

  it('each count on the goods that they mean: a line may earn twice', () => {
    const rules: Rules = [
      onePerEuro,
      { ...onePerEuro, id: 'coffee', when: [{ is: 'category-in', categories: ['coffee'] }] },
    ];
    const lines = [goods('1', 1_000, { category: 'coffee' }), goods('2', 500)];
    expect(new Counter({ rules }).tell(sale('o', 1_500, { lines }))).toBe(25);
  });
});

describe('several multipliers', () => {
  it.each<[string, Partial<ProgramInput>, number]>([
    [
      'multiply: 1.5 × 2 × 3',
      { stacking: { multipliers: 'multiply' }, multipliers: [double, triple], tiers: gold },
      900,
    ],
    [
      'add their surplus: 1 + 0.5 + 1 + 2',
      { stacking: { multipliers: 'add' }, multipliers: [double, triple], tiers: gold },
      450,
    ],
    ['only the largest counts', { stacking: { multipliers: 'best' }, multipliers: [double, triple], tiers: gold }, 300],
    ['the tier’s may be the largest', { stacking: { multipliers: 'best' }, tiers: gold }, 150],
    [
      'together no more than the limit',
      { stacking: { maxBp: 25_000 }, multipliers: [double, triple], tiers: gold },
      250,
    ],
    ['may make less of it', { multipliers: [half] }, 50],
    ['may make less, beside the tier: 1.5 × 0.5', { multipliers: [half], tiers: gold }, 75],
    ['may make nothing of it', { multipliers: [{ id: 'none', bp: 0 }] }, 0],
    ['never less than nothing', { stacking: { multipliers: 'add' }, multipliers: [half, { id: 'none', bp: 0 }] }, 0],
    ['that do not apply do nothing', { multipliers: [{ ...double, when: [{ is: 'weekday', days: ['sun'] }] }] }, 100],
    ['the largest may be less than once', { stacking: { multipliers: 'best' }, multipliers: [half] }, 50],
  ])('%s', (_, changes, earned) => {
    expect(new Counter({ rules: [onePerEuro], ...changes }).tell(hundred)).toBe(earned);
  });

  it('leave alone what is not to be multiplied, and apply to activities too', () => {
    const rules: Rules = [
      onePerEuro,
      flat('welcome', 20, { multiplied: false }),
      { id: 'visit', on: 'activity', earn: { kind: 'flat', points: 5 } },
    ];
    expect(new Counter({ rules, multipliers: [double], tiers: gold }).tellAll(hundred, visit('v'))).toEqual([320, 15]);
  });

  it('are named with what they do, and the limit with what it leaves', () => {
    const counter = new Counter({
      rules: [onePerEuro],
      multipliers: [double, triple],
      tiers: gold,
      stacking: { maxBp: 25_000 },
    });
    counter.tell(hundred);
    expect(counter.lastEntry.trace).toEqual([
      { step: 'rule', rule: 'spend', amountMinor: 10_000, points: 250 },
      { step: 'tier', rule: 'base', bp: 15_000 },
      { step: 'multiplier', rule: 'double', bp: 20_000 },
      { step: 'multiplier', rule: 'triple', bp: 30_000 },
      { step: 'factor-limit', bp: 25_000 },
    ]);
  });
});
