import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { decideSale } from '../../lib/loyalty/accrue.ts';
import { append, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideEarlyRefund, decideRefund } from '../../lib/loyalty/refund.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { program, programInput, refund, sale } from '../ledger/world.ts';

const stamp = { recordedAt: '2026-03-10T12:00:00.000Z', program: 'test' };
const at = (changes: Partial<ProgramInput> = {}, when = '2026-03-10T12:00:00Z'): Situation => ({
  program: program(changes),
  now: new Date(when),
});
const onePerEuro = {
  rules: [{ ...programInput.rules[0], when: [], earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'net' } }],
} as Partial<ProgramInput>;

/** Sells, refunds in that order, and tells what each refund booked. */
function play(
  fact: SaleFact,
  refunds: readonly RefundFact[],
  options: { spent?: number; start?: Account; situation?: Situation } = {},
) {
  const situation = options.situation ?? at();
  let account = options.start ?? newAccount('m', 'base');
  const spent = options.spent
    ? { redemptionId: 'r', points: points(options.spent), from: { '2027-03-31': points(options.spent) } }
    : undefined;
  const sold = append(account, decideSale(account, fact, situation, spent), stamp);
  account = sold.account;
  const before: Entry[] = [];
  for (const one of refunds) {
    const next = append(account, decideRefund(account, one, situation, sold.entry, before), stamp);
    before.push(next.entry);
    account = next.account;
  }
  const booked = before.map(({ detail }) => (detail.kind === 'refund' ? [detail.reversed, detail.returned] : []));
  const flags = before.flatMap(({ detail }) => (detail.kind === 'refund' ? detail.flags : []));
  return { booked, flags, account, available: account.available, lifetime: account.lifetime };
}

const lineOf = (id: string, netMinor: number, category?: string) => ({
  id,
  quantity: 1,
  netMinor,
  grossMinor: netMinor,
  ...(category && { category }),
});
const linesBack = (...lines: [string, number][]): RefundFact['extent'] => ({
  kind: 'lines',
  lines: lines.map(([id, minor]) => ({ id, netMinor: minor, grossMinor: minor })),
});

describe('a refund takes back what the returned goods had earned', () => {
  it('ten refunds of $1 on an order of $10 leave nothing, and no point is lost on the way', () => {
    const { booked, available } = play(
      sale('o', 1_000),
      Array.from({ length: 10 }, (_, i) => refund('o', `r${i}`, 100)),
    );
    expect({ total: booked.reduce((sum, [reversed = 0]) => sum + reversed, 0), available }).toEqual({
      total: 70,
      available: 0,
    });
  });

  it('of a third, by the amount that is kept: 3.33 of 10.00 at a point a euro keeps six', () => {
    expect(play(sale('o', 1_000), [refund('o', 'r', 333)], { situation: at(onePerEuro) }).available).toBe(6);
  });

  it('of half an order that earned 70 and spent 150: 35 back, 75 given back', () => {
    expect(play(sale('o', 1_000, { redemptionId: 'r' }), [refund('o', 'r', 500)], { spent: 150 }).booked).toEqual([
      [35, 75],
    ]);
  });

  it('and all of both, once all is returned in any split', () => {
    const { booked, available } = play(
      sale('o', 1_000, { redemptionId: 'r' }),
      [refund('o', 'a', 333), refund('o', 'b', 333), refund('o', 'c', 334)],
      { spent: 151 },
    );
    expect({ sums: [0, 1].map((i) => booked.reduce((sum, one) => sum + (one[i] ?? 0), 0)), available }).toEqual({
      sums: [70, 151],
      available: 151,
    });
  });

  it('by line: goods that did not earn take nothing with them', () => {
    const fact = sale('o', 3_000, { lines: [lineOf('a', 1_000), lineOf('g', 2_000, 'gift-card')] });
    expect(
      play(fact, [refund('o', 'r1', linesBack(['g', 2_000])), refund('o', 'r2', linesBack(['a', 1_000]))]).booked,
    ).toEqual([
      [0, 0],
      [70, 0],
    ]);
  });

  it('by the multiplier that the sale was given, whatever the tier is now', () => {
    const gold = { ...newAccount('m', 'base'), window: { '2026': 1_000 }, tier: 'gold' };
    expect(play(sale('o', 1_000), [refund('o', 'r', 500), refund('o', 's', 500)], { start: gold }).booked).toEqual([
      [53, 0],
      [52, 0],
    ]);
  });

  it('by the rule that the sale was given, whatever the program says now', () => {
    const account = newAccount('m', 'base');
    const sold = append(account, decideSale(account, sale('o', 1_000), at()), stamp);
    const draft = decideRefund(sold.account, refund('o', 'r', 500), at(onePerEuro), sold.entry, []);
    expect(draft.change).toEqual({ buckets: { '2027-03-31': -35 }, lifetime: -35, window: { '2026': -35 } });
  });

  it('within what the daily limit left: the goods that are kept would have earned that much anyway', () => {
    const capped: Partial<ProgramInput> = { ...onePerEuro, caps: [{ id: 'daily', points: 60, per: 'day' }] };
    expect(
      play(sale('o', 10_000), [refund('o', 'a', 4_000), refund('o', 'b', 3_000)], { situation: at(capped) }).booked,
    ).toEqual([
      [0, 0],
      [30, 0],
    ]);
  });

  it('never more than the order earned: refunds beyond the order are clamped and flagged', () => {
    const { booked, flags } = play(sale('o', 1_000), [refund('o', 'a', 900), refund('o', 'b', 900)]);
    expect({ booked, flags }).toEqual({
      booked: [
        [63, 0],
        [7, 0],
      ],
      flags: ['refund-exceeds-order'],
    });
  });

  it('by the sale’s own share of net, when only the money paid back is known', () => {
    const back = refund('o', 'r', { kind: 'amount', grossMinor: 595 });
    expect(play(sale('o', 1_000, { grossMinor: 1_190 }), [back]).booked).toEqual([[35, 0]]);
  });

  it('a refund of all that was paid, with tip and shipping, is no more than the order', () => {
    const fact = sale('o', 1_000, { paidMinor: 1_500 });
    const { booked, flags } = play(fact, [refund('o', 'r', { kind: 'amount', grossMinor: 1_500 })]);
    expect({ booked, flags }).toEqual({ booked: [[70, 0]], flags: [] });
  });

  it('everything at once when the order is cancelled or charged back', () => {
    expect(play(sale('o', 1_000), [refund('o', 'x', { kind: 'everything' }, { reason: 'chargeback' })]).booked).toEqual(
      [[70, 0]],
    );
  });
});

describe('when the points are spent already, the program says what happens', () => {
  const sold = (policy: 'allow' | 'owe' | 'stop-at-zero') => {
    const situation = at({ refunds: { whenSpent: policy } });
    const account = newAccount('m', 'base');
    const { entry, account: rich } = append(account, decideSale(account, sale('o', 1_000), situation), stamp);
    const poor = { ...rich, available: points(10), buckets: { '2027-03-31': points(10) } };
    return append(poor, decideRefund(poor, refund('o', 'r', 1_000), situation, entry, []), stamp);
  };

  it.each([
    ['allow', 'all of later earnings', { '2027-03-31': 10 }],
    ['owe', 'their part of later earnings', { owed: -25, '2027-03-31': 35 }],
  ] as const)('%s: the rest is paid by %s', (whenSpent, _, buckets) => {
    const { account } = sold(whenSpent);
    const situation = at({ refunds: { whenSpent, offsetBp: 5_000 } });
    const later = append(account, decideSale(account, sale('p', 1_000), situation), stamp).account;
    expect([account.buckets, later.buckets]).toEqual([{ owed: -60 }, buckets]);
  });

  it('stop at zero: the rest is let go, and staff hear of it', () => {
    const { account, entry } = sold('stop-at-zero');
    expect({ available: account.available, detail: entry.detail }).toMatchObject({
      available: 0,
      detail: { reversed: 70, letGo: 60, flags: ['refund-after-spend'] },
    });
  });

  it('points that lapsed before the refund are not taken a second time', () => {
    const account = newAccount('m', 'base');
    const { entry, account: then } = append(account, decideSale(account, sale('o', 1_000), at()), stamp);
    const swept = { ...then, available: points(100), buckets: { '2028-03-31': points(100) } };
    const draft = decideRefund(swept, refund('o', 'r', 1_000), at({}, '2027-04-02T12:00:00Z'), entry, []);
    expect(draft.change.buckets).toBeUndefined();
  });

  it('spent points that come back after their date live for the days of grace', () => {
    const situation = at();
    const account = newAccount('m', 'base');
    const spent = { redemptionId: 'r', points: points(40), from: { '2026-03-31': points(40) } };
    const { entry, account: then } = append(
      account,
      decideSale(account, sale('o', 1_000, { redemptionId: 'r' }), situation, spent),
      stamp,
    );
    const draft = decideRefund(then, refund('o', 'r', 1_000), at({}, '2026-05-01T12:00:00Z'), entry, []);
    expect(draft.change.buckets).toEqual({ '2026-05-31': 40, '2027-03-31': -70 });
  });
});

describe('a refund that comes before its order', () => {
  it('waits in the account, and the order is settled with it', () => {
    const account = newAccount('m', 'base');
    const draft = decideEarlyRefund(account, refund('o', 'r', 500));
    if ('refused' in draft) throw new Error(draft.refused);
    const waiting = append(account, draft, stamp).account;
    const sold = append(waiting, decideSale(waiting, sale('o', 1_000), at()), stamp);
    expect({ early: waiting.early, available: sold.account.available, left: sold.account.early }).toEqual({
      early: { 'till#o': [{ id: 'r', extent: { kind: 'amount', netMinor: 500, grossMinor: 500 } }] },
      available: 35,
      left: {},
    });
  });
});
