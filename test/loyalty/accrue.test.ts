import { describe, expect, it } from '@jest/globals';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import { explain } from '../../lib/loyalty/explain.ts';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { program, programInput, sale, visit } from '../ledger/world.ts';

const now = new Date('2026-03-10T12:00:00Z');
const newcomer = newAccount('m', 'base');
const gold = { ...newcomer, window: { '2026': 1_000 }, tier: 'gold' };
const at = (changes: Partial<ProgramInput> = {}, when = now): Situation => ({ program: program(changes), now: when });

function earned(fact: SaleFact, account = newcomer, situation = at()): number {
  const { detail } = decideSale(account, fact, situation);
  return detail.kind === 'sale' ? detail.earned : Number.NaN;
}

const line = (id: string, netMinor: number, category?: string) => ({
  id,
  quantity: 1,
  netMinor,
  grossMinor: netMinor,
  ...(category && { category }),
});

describe('a sale earns points', () => {
  it('for each full amount, rounded down once over the whole order', () => {
    expect(earned(sale('o', 1_000))).toBe(70);
    expect(earned(sale('o', 1_099))).toBe(76);
    expect(earned(sale('o', 14))).toBe(0);
  });

  it('half as many again for a gold member, rounded down', () => {
    expect(earned(sale('o', 1_099), gold)).toBe(114);
  });

  it('at the tier that stood before it: the sale that reaches a tier does not earn at it', () => {
    const almost = { ...newcomer, window: { '2026': 999 } };
    const draft = decideSale(almost, sale('o', 1_000), at());
    expect({ earned: earned(sale('o', 1_000), almost), tier: draft.tier }).toEqual({ earned: 70, tier: 'gold' });
  });

  it.each([
    ['exactly at the threshold: equality is in', 930, 1_000, 'gold'],
    ['one point below it', 929, 1_000, 'base'],
  ])('and reaches a tier, %s', (_, had, netMinor, tier) => {
    expect(decideSale({ ...newcomer, window: { '2026': had } }, sale('o', netMinor), at()).tier).toBe(tier);
  });

  it('on goods that count, and not on the others', () => {
    expect(earned(sale('o', 3_000, { lines: [line('a', 1_000), line('b', 2_000, 'gift-card')] }))).toBe(70);
  });

  it('on the net or on the gross amount, as the rule says', () => {
    const rules = [
      { ...programInput.rules[0], earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } },
    ] as ProgramInput['rules'];
    expect(earned(sale('o', 1_000, { grossMinor: 1_190 }), newcomer, at({ rules }))).toBe(11);
  });

  it('up to the daily limit, over all that was earned on that day in the merchant’s zone', () => {
    const account = { ...newcomer, counters: { 'daily@2026-03-10': 4_950 } };
    expect(earned(sale('o', 10_000), account)).toBe(50);
    // 23:30 in London is the next day in Berlin.
    expect(earned(sale('o', 10_000, { occurredAt: '2026-03-10T23:30:00Z' }), account)).toBe(700);
  });

  it.each([
    ['in another currency', sale('o', 1_000, { currency: 'USD' }), 'other-currency'],
    ['before the program began', sale('o', 1_000, { occurredAt: '2025-12-31T22:59:59Z' }), 'before-program'],
  ] as const)('but none when it is %s', (_, fact, because) => {
    const draft = decideSale(newcomer, fact, at());
    expect({ earned: earned(fact), trace: draft.trace }).toEqual({ earned: 0, trace: [{ step: because }] });
  });

  it('but none from a rule whose minimum is not reached; the minimum itself is in', () => {
    const rules = [
      { ...programInput.rules[0], when: [{ is: 'minimum-spend', amount: '5.00' }] },
    ] as ProgramInput['rules'];
    expect([earned(sale('o', 499), newcomer, at({ rules })), earned(sale('o', 500), newcomer, at({ rules }))]).toEqual([
      0, 35,
    ]);
  });

  it.each([
    ['the last day of the month, a year on', '2026-03-10T12:00:00Z', '2027-03-31'],
    ['by the merchant’s calendar: 23:30 UTC on the 31st is the 1st in Berlin', '2026-03-31T23:30:00Z', '2027-04-30'],
    ['February has 28 days, or 29', '2027-02-10T12:00:00Z', '2028-02-29'],
  ])('that can be spent until %s', (_, occurredAt, lastDay) => {
    const { detail } = decideSale(newcomer, sale('o', 1_000, { occurredAt }), at());
    expect(detail.kind === 'sale' && detail.to).toBe(lastDay);
  });

  it('and says why, in words', () => {
    const fact = sale('o', 1_099);
    const { entry } = append(gold, decideSale(gold, fact, at()), { recordedAt: now.toISOString(), program: 'v' });
    expect(explain(entry)).toEqual([
      { text: 'spend: 114 points for 10.99 EUR', points: 114, rule: 'spend' },
      { text: 'tier gold multiplies by 1.5', rule: 'gold' },
    ]);
  });

  it('and unlocks the rewards that were out of reach before', () => {
    const { detail } = decideSale(newcomer, sale('o', 1_000), at());
    expect(detail.kind === 'sale' && detail.unlocked).toEqual(['coffee']);
  });
});

describe('an activity earns', () => {
  it('a flat award, without the tier when the rule says so', () => {
    const { detail } = decideActivity(gold, visit('v1'), at());
    expect(detail).toEqual({
      kind: 'activity',
      activity: 'visit',
      activityId: 'v1',
      earned: 5,
      to: '2027-03-31',
      parts: [{ rule: 'visit', points: 5 }],
      unlocked: [],
    });
  });

  it('nothing when no rule is about it', () => {
    const draft = decideActivity(newcomer, visit('s1', { activity: 'share' }), at());
    expect(draft.trace).toEqual([{ step: 'no-rule' }]);
  });
});
