import { describe, expect, it } from '@jest/globals';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { refund, sale, visit } from '../ledger/world.ts';
import { Counter, goods, onePerEuro, type Rules } from './counter.ts';

type Rounding = NonNullable<NonNullable<ProgramInput['stacking']>['rounding']>;
const rounded = (rounding: Rounding, changes: Partial<ProgramInput> = {}) =>
  new Counter({ rules: [onePerEuro], stacking: { rounding }, ...changes });

describe('a fraction of a point', () => {
  it.each<[Rounding, number, number]>([
    ['down', 199, 1],
    ['nearest', 149, 1],
    ['nearest', 150, 2],
    ['up', 101, 2],
    ['up', 100, 1],
    ['up', 0, 0],
    ['carry', 199, 1],
  ])('is rounded %s: %d cents make %d', (rounding, minor, earned) => {
    expect(rounded(rounding).tell(sale('o', minor))).toBe(earned);
  });

  it.each<[Rounding, number]>([
    ['down', 2],
    ['nearest', 2],
    ['up', 3],
    ['carry', 2],
  ])('under a factor, %s: 1.50 and 1.5 times make %d', (rounding, earned) => {
    const multipliers = [{ id: 'more', bp: 15_000 }];
    // Down is twice down, on the spend and then on the factor: 1 and 1.5 make 1.
    expect(rounded(rounding, { multipliers }).tell(sale('o', 150))).toBe(rounding === 'down' ? 1 : earned);
  });

  it.each<[Rounding, number]>([
    ['down', 0],
    ['nearest', 1],
    ['up', 1],
    ['carry', 0],
  ])('of a weight, %s: 750 g at a point a kilo make %d', (rounding, earned) => {
    const rules: Rules = [{ id: 'r', on: 'sale', earn: { kind: 'per-item', points: 1 } }];
    const lines = [goods('1', 900, { quantity: 0.75 })];
    expect(rounded(rounding, { rules }).tell(sale('o', 900, { lines }))).toBe(earned);
  });

  it('is rounded for each rule, once over the whole order: splitting a bill never pays', () => {
    const lines = [goods('1', 150), goods('2', 150)];
    expect([
      rounded('down').tell(sale('o', 300, { lines })),
      rounded('down').tellAll(sale('o', 150), sale('p', 150)),
    ]).toEqual([3, [1, 1]]);
  });
});

describe('a remainder that is kept', () => {
  it('becomes a point as soon as there is a whole one', () => {
    const counter = rounded('carry');
    const earned = counter.tellAll(...[60, 60, 60, 60, 60].map((minor, at) => sale(`o${at}`, minor)));
    expect([earned, counter.account.carry]).toEqual([[0, 1, 0, 1, 1], 0]);
  });

  it('comes from all rules, and from activities', () => {
    const rules: Rules = [
      onePerEuro,
      { id: 'half', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '2.00', base: 'gross' } },
      { id: 'visit', on: 'activity', earn: { kind: 'flat', points: 1 } },
    ];
    const multipliers = [{ id: 'more', bp: 12_500 }];
    const counter = rounded('carry', { rules, multipliers });
    // 1.25 × (0.50 + 0.25) and 1.25 × 1, in thousandths: 625 + 312 and 1,250.
    expect([counter.tellAll(sale('o', 50), visit('v')), counter.account.carry]).toEqual([[0, 2], 187]);
  });

  it('goes back with the goods: a point, if less than nothing would be left', () => {
    const counter = rounded('carry');
    const earned = counter.tellAll(
      sale('a', 160),
      sale('b', 160),
      refund('a', 'r', 150),
      refund('b', 's', { kind: 'everything' }),
    );
    // 1.60, 3.20, 1.70 and 0.10 in all.
    expect([earned, counter.account.carry]).toEqual([[1, 2, -2, -1], 100]);
  });

  it('is worth nothing to split: the same whether bought at once or in a hundred', () => {
    const [one, many] = [rounded('carry'), rounded('carry')];
    one.tell(sale('o', 12_345));
    many.tellAll(...Array.from({ length: 100 }, (_, at) => sale(`o${at}`, at < 45 ? 124 : 123)));
    expect([many.account.lifetime, many.account.carry]).toEqual([one.account.lifetime, one.account.carry]);
  });
});
