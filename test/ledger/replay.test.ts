import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { saleTold } from '../../lib/loyalty/replay/told.ts';
import { openTotals } from '../../lib/loyalty/replay/totals.ts';
import { type Replayed, type Result, replay, type Story } from '../../lib/loyalty/replay.ts';
import { readStory } from '../../lib/runtime/stories.ts';
import { MemoryClient } from './memory-client.ts';
import { ledgerOn, program, programInput, refund, sale, TestClock, visit } from './world.ts';

/** The program of these tests: 7 points a euro, 5 a visit, coffee for 30, dinner for 600 from gold (1,000 points) on, 12 months. */
const IN_USE: Partial<ProgramInput> = { redemption: { pointsPerMinor: 1, holdMinutes: 60 }, referrals: undefined };

const M = 'm_told';
let story: Story;

/** March to May 2026: two sales, one of them half returned, visits, a coffee, a dinner that is refused, points by hand. */
beforeAll(async () => {
  const clock = new TestClock('2026-03-10T12:00:00Z');
  const ledger = ledgerOn(new MemoryClient().asClient(), clock, IN_USE);
  await ledger.sale(M, sale('o1', 10_000));
  clock.to('2026-03-20T12:00:00Z');
  await ledger.activity(M, visit('v1', { occurredAt: '2026-03-20T12:00:00Z' }));
  await ledger.refund(M, refund('o1', 'f1', 5_000));
  clock.to('2026-04-02T12:00:00Z');
  await ledger.authorize(M, { redemptionId: 'coffee', rewardId: 'coffee', capture: true });
  await ledger.authorize(M, { redemptionId: 'dinner', rewardId: 'dinner', capture: true });
  clock.to('2026-05-15T12:00:00Z');
  await ledger.sale(M, sale('o2', 4_000, { occurredAt: '2026-05-15T12:00:00Z' }));
  await ledger.adjust(M, { adjustmentId: 'a1', points: -20, reason: 'correction', by: 'staff-1', belowZero: false });
  const told = await readStory(ledger, M);
  if (!told) throw new Error('no story');
  story = told;
});

const asked = (changes: Partial<ProgramInput>, more: { since?: string; until?: string } = {}): Replayed =>
  replay(story, {
    current: program(IN_USE),
    changed: program({ ...IN_USE, ...changes }),
    since: '2026-01-01T00:00:00Z',
    until: '2026-06-01T12:00:00Z',
    ...more,
  });

const rules = (points: number) =>
  programInput.rules.map((rule) =>
    rule.id === 'spend' ? { ...rule, earn: { ...rule.earn, points } } : rule,
  ) as NonNullable<ProgramInput['rules']>;

// 350 kept of o1, 5 for the visit, 280 for o2; 30 for a coffee, 20 by hand.
const BOOKED: Result = {
  spendable: 585,
  pending: 0,
  held: 0,
  outstanding: 585,
  owed: 0,
  lifetime: 615,
  tier: 'base',
  byRule: { spend: 980, visit: 5 },
  redeemed: 1,
  refused: 1,
};

describe('a changed program over what happened', () => {
  it('is the same where nothing changed', () => {
    expect(asked({})).toEqual({ memberId: M, decided: 7, booked: BOOKED, changed: BOOKED });
  });

  it.each<[string, Partial<ProgramInput>, Partial<Result>]>([
    [
      'ten points a euro, and the refund takes back half of them',
      { rules: rules(10) },
      // 500 and 5 and 400, of which 30 and 20 went.
      { spendable: 855, outstanding: 855, lifetime: 885, byRule: { spend: 1_400, visit: 5 } },
    ],
    [
      'a dinner that could be paid is had',
      {
        rewards: [
          { id: 'coffee', name: 'A coffee', cost: 30 },
          { id: 'dinner', name: 'A dinner', cost: 300 },
        ],
      },
      { spendable: 285, outstanding: 285, redeemed: 2, refused: 0 },
    ],
    [
      'a coffee that cannot be paid any more is refused',
      { rewards: [{ id: 'coffee', name: 'A coffee', cost: 400 }] },
      { spendable: 615, outstanding: 615, redeemed: 0, refused: 2 },
    ],
    [
      'a tier that is reached, at once and for what comes then',
      {
        tiers: [
          { id: 'base', name: 'Base', from: 0 },
          { id: 'gold', name: 'Gold', from: 300, multiplierBp: 15_000 },
        ],
      },
      // 420 for o2 as a member of gold; the visit is not multiplied.
      { spendable: 725, outstanding: 725, lifetime: 755, tier: 'gold', byRule: { spend: 1_120, visit: 5 } },
    ],
    [
      'a tier by money, counted from what was sold before too',
      {
        qualify: { by: 'spend' },
        tiers: [
          { id: 'base', name: 'Base', from: 0 },
          { id: 'gold', name: 'Gold', from: 90 },
        ],
      },
      { tier: 'gold' },
    ],
    [
      'points that live a month have lapsed by now, but for those that are young',
      { expiry: { kind: 'months', months: 1, until: 'day' } },
      { spendable: 260, outstanding: 260 },
    ],
    [
      'points that wait for half a year still wait, and nothing can be had for them',
      { pending: { kind: 'days', days: 180 } },
      // The points by hand are taken from what is not there yet.
      { spendable: -20, pending: 635, outstanding: 635, owed: 20, redeemed: 0, refused: 2 },
    ],
    [
      'a limit a day',
      { caps: [{ id: 'daily', points: 100, per: 'day' }] },
      // The half of o1 that is kept would give 350, of which the limit leaves all 100.
      { spendable: 155, outstanding: 155, lifetime: 185, byRule: { spend: 200, visit: 5 } },
    ],
    [
      'a rule that is no more',
      { rules: rules(7).filter(({ id }) => id !== 'visit') },
      { spendable: 580, outstanding: 580, lifetime: 610, byRule: { spend: 980 } },
    ],
    ['members who owe nothing', { refunds: { whenSpent: 'stop-at-zero' } }, {}],
  ])('%s', (_, changes, expected) => {
    expect(asked(changes)).toMatchObject({ booked: BOOKED, changed: { ...BOOKED, ...expected } });
  });

  it('leaves what was before the days that are asked about', () => {
    const { decided, changed } = asked({ rules: rules(10) }, { since: '2026-05-01T00:00:00Z' });
    // Only o2 is decided again: 350 + 5 − 30 + 400 − 20; of rules, what they gave since then.
    expect({ decided, spendable: changed.spendable, byRule: changed.byRule }).toEqual({
      decided: 2,
      spendable: 705,
      byRule: { spend: 400 },
    });
  });

  it('takes back by the stored rule what was sold before those days', () => {
    const { changed } = asked({ rules: rules(10) }, { since: '2026-03-15T00:00:00Z' });
    // The refund is of a sale at 7 points a euro: 350 of them are kept.
    expect(changed.spendable).toBe(350 + 5 - 30 + 400 - 20);
  });

  it('counts a tier by money also from what was sold before those days', () => {
    const tiers = [
      { id: 'base', name: 'Base', from: 0 },
      { id: 'gold', name: 'Gold', from: 90 },
    ];
    const { changed } = asked({ qualify: { by: 'spend' }, tiers }, { since: '2026-05-01T00:00:00Z' });
    expect(changed.tier).toBe('gold');
  });

  it('says nothing of what is later', () => {
    const { booked, changed } = asked({ rules: rules(10) }, { until: '2026-03-15T00:00:00Z' });
    expect([booked.spendable, changed.spendable]).toEqual([700, 1_000]);
  });

  it('of nobody is nothing', () => {
    const nobody = replay(
      { entries: [] },
      { current: program(), changed: program(), since: '2026-01-01', until: '2026-06-01' },
    );
    expect(nobody).toMatchObject({ decided: 0, booked: { outstanding: 0 }, changed: { outstanding: 0 } });
  });
});

describe('what was told is read back whole', () => {
  it.each<[string, Partial<SaleFact>]>([
    ['a total', {}],
    ['with tax, tip and place', { grossMinor: 1_200, paidMinor: 1_500, locationId: 'l1', staffId: 's1' }],
    [
      'lines with weights, discounts and tags',
      {
        netMinor: 900,
        grossMinor: 1_000,
        lines: [
          {
            id: '1',
            quantity: 0.75,
            netMinor: 500,
            grossMinor: 600,
            listNetMinor: 700,
            sku: 'a',
            category: 'b',
            tags: ['c'],
          },
          { id: '2', quantity: 1, netMinor: 400, grossMinor: 400 },
        ],
      },
    ],
  ])('%s', async (_, more) => {
    const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock());
    const first = await ledger.sale('m_a', sale('o', 1_000, more));
    if (first.kind !== 'posted' || first.entry.detail.kind !== 'sale') throw new Error('not posted');
    const again = await ledger.sale('m_b', saleTold(first.entry, first.entry.detail));
    if (again.kind !== 'posted') throw new Error('not posted');
    expect(again.entry.detail).toEqual(first.entry.detail);
    expect(again.entry.fingerprint).toBe(first.entry.fingerprint);
  });
});

describe('all members together', () => {
  const result = (spendable: number, more: Partial<Result> = {}): Result => ({
    ...BOOKED,
    spendable,
    outstanding: Math.max(0, spendable),
    byRule: { spend: spendable },
    ...more,
  });
  const one = (memberId: string, booked: Result, changed: Result): Replayed => ({
    memberId,
    decided: 1,
    booked,
    changed,
  });

  it('add up, and those come first to whom it matters most', () => {
    const totals = openTotals(2);
    totals.add(one('same', result(10), result(10)));
    totals.add(one('little', result(10), result(11)));
    totals.add(one('loses', result(50), result(-20, { owed: 20 })));
    totals.add(one('gains', result(0), result(69)));
    const { members, differing, booked, changed, largest } = totals.sum();
    expect({ members, differing, booked, changed, largest: largest.map(({ memberId }) => memberId) }).toEqual({
      members: 4,
      differing: 3,
      booked: { outstanding: 70, owed: 0, redeemed: 4, refused: 4, byRule: { spend: 70 } },
      changed: { outstanding: 90, owed: 20, redeemed: 4, refused: 4, byRule: { spend: 70 } },
      largest: ['loses', 'gains'],
    });
  });

  it('keep the largest of many', () => {
    const totals = openTotals(3);
    for (let index = 0; index < 1_000; index += 1)
      totals.add(one(`m_${index}`, result(0), result((index * 7_919) % 1_000)));
    expect(totals.sum().largest.map(({ changed }) => changed.spendable)).toEqual([999, 998, 997]);
  });
});
