import { describe, expect, it } from '@jest/globals';
import { csvOf, needsOf, type ReportRequest, reportOf } from '../../lib/loyalty/report-tables.ts';
import type { Amounts, Dimension, Tally } from '../../lib/loyalty/tally.ts';
import { program } from '../ledger/world.ts';

const line = (by: Dimension, day: string, of: string, amounts: Amounts): Tally => ({ by, day, of, amounts });
const rows = (request: ReportRequest, tallies: readonly Tally[]) => reportOf(request, { tallies }, program()).rows;

describe('a report', () => {
  it('of what is outstanding begins with what was there before, and is worth what points can pay', () => {
    const request = { name: 'liability', from: '2026-03-30', to: '2026-04-02', by: 'month' } as const;
    expect(needsOf(request)).toEqual({ by: 'total' });
    const tallies = [
      line('total', '2025-12-31', 'all', { outstanding: 500 }),
      line('total', '2026-03-31', 'all', { outstanding: 40 }),
      line('total', '2026-04-01', 'all', { outstanding: -140 }),
      line('total', '2026-04-03', 'all', { outstanding: 9_000 }),
    ];
    expect(rows(request, tallies)).toEqual([
      { month: '2026-03', outstanding: 540, worth: '5.40' },
      { month: '2026-04', outstanding: 400, worth: '4.00' },
    ]);
  });

  it('of rewards has the most wanted first', () => {
    const request = { name: 'rewards', from: '2026-03-01', to: '2026-03-31' } as const;
    const tallies = [
      line('reward', '2026-03-01', 'coffee', { redemptions: 2, redeemed: 60 }),
      line('reward', '2026-03-02', 'dinner', { redemptions: 3, redeemed: 1_800 }),
      line('reward', '2026-03-03', 'coffee', { redemptions: 4, redeemed: 120 }),
      // Put aside, and never fetched.
      line('reward', '2026-03-03', 'mug', { entries: 2 }),
    ];
    expect(rows(request, tallies)).toEqual([
      { reward: 'coffee', redemptions: 6, points: 180 },
      { reward: 'dinner', redemptions: 3, points: 1_800 },
    ]);
  });

  it('of campaigns has a line for those who got it and one for those who were held out', () => {
    const request = { name: 'campaigns', from: '2026-03-01', to: '2026-03-31' } as const;
    const tallies = [
      line('campaign', '2026-03-01', 'spring', {
        members: 3,
        sales: 4,
        netMinor: 10_000,
        refundedMinor: 100,
        issued: 40,
        reversed: 4,
      }),
      line('campaign', '2026-03-01', 'spring/held', { members: 1, sales: 1, netMinor: 2_500 }),
    ];
    const one = { campaign: 'spring' };
    expect(rows(request, tallies)).toEqual([
      {
        ...{ ...one, arm: 'given', members: 3, sales: 4, sold: '100.00', refunded: '1.00', spentPerMember: '33.00' },
        ...{ points: 40, reversed: 4 },
      },
      {
        ...{ ...one, arm: 'held-out', members: 1, sales: 1, sold: '25.00', refunded: '0.00', spentPerMember: '25.00' },
        ...{ points: 0, reversed: 0 },
      },
    ]);
  });

  it('of redemptions shares what was spent by what was issued, less what went back of either', () => {
    const request = { name: 'redemptions', from: '2026-03-01', to: '2026-03-31', by: 'tier' } as const;
    expect(needsOf(request)).toEqual({ by: 'tier', from: '2026-03-01' });
    const tallies = [
      line('tier', '2026-03-01', 'base', {
        issued: 330,
        reversed: 20,
        declined: 10,
        redeemed: 110,
        returned: 10,
        redemptions: 2,
      }),
      line('tier', '2026-03-01', 'gold', { redeemed: 50, redemptions: 1 }),
      line('tier', '2026-03-02', 'none', { entries: 4 }),
    ];
    expect(rows(request, tallies)).toEqual([
      { tier: 'base', redemptions: 2, redeemed: 110, returned: 10, issued: 330, reversed: 30, redeemedBp: 3_333 },
      { tier: 'gold', redemptions: 1, redeemed: 50, returned: 0, issued: 0, reversed: 0, redeemedBp: null },
    ]);
  });

  it('is a spreadsheet in which no name is a formula', () => {
    const columns = ['staff', 'change'];
    const table = {
      columns,
      rows: [
        { staff: '=1+1', change: -5 },
        { staff: 'Eva, "the boss"', change: null },
      ],
    };
    expect(csvOf(table)).toBe('staff,change\n\'=1+1,-5\n"Eva, ""the boss""",\n');
  });
});
