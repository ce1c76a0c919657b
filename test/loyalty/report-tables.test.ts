import { describe, expect, it } from '@jest/globals';
import { Campaign } from '../../lib/loyalty/campaign.ts';
import type { Program } from '../../lib/loyalty/program.ts';
import { csvOf, firstDayOf, needsOf, REPORTS, type ReportRequest, reportOf } from '../../lib/loyalty/report-tables.ts';
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

  it('of breakage says what each month’s points became, and expects of the rest what became of months that have run off', () => {
    const request = { name: 'breakage', from: '2026-01-15', to: '2026-03-10' } as const;
    expect(needsOf(request)).toEqual({ by: 'issue' });
    const tallies = [
      // Run off: of a thousand, two hundred were taken back, and of the others a quarter has lapsed.
      line('issue', '2025-12-01', '2025-12', { issued: 900, opened: 100 }),
      line('issue', '2026-01-01', '2025-12', { redeemed: 650, returned: 50, reversed: 150, declined: 50 }),
      line('issue', '2026-03-01', '2025-12', { expired: 200 }),
      line('issue', '2026-01-01', '2026-01', { issued: 400, adjusted: -20, moved: 20 }),
      line('issue', '2026-02-01', '2026-01', { redeemed: 100 }),
      // Spent fast, and not among those that have run off: an older month has not.
      line('issue', '2026-02-01', '2026-02', { issued: 100, redeemed: 100 }),
      line('issue', '2026-04-01', '2026-01', { expired: 300 }),
    ];
    expect(rows(request, tallies)).toEqual([
      {
        ...{ month: '2026-01', issued: 400, reversed: 0, redeemed: 100, expired: 0, outstanding: 300 },
        ...{ expiredBp: 0, expectedBp: 1_875 },
      },
      {
        ...{ month: '2026-02', issued: 100, reversed: 0, redeemed: 100, expired: 0, outstanding: 0 },
        ...{ expiredBp: 0, expectedBp: 0 },
      },
    ]);
    const [december] = rows({ ...request, from: '2025-12-01' }, tallies);
    expect(december).toMatchObject({ reversed: 200, redeemed: 600, expired: 200, outstanding: 0, expiredBp: 2_500 });
    // Before any month has run off nobody knows.
    expect(rows({ ...request, to: '2026-02-28' }, tallies)[0]).toMatchObject({ outstanding: 300, expectedBp: null });
  });

  it('of those who joined in a month says what they did in each since, less what went back', () => {
    const request = { name: 'cohorts', from: '2026-02-10', to: '2026-03-10' } as const;
    const tallies = [
      line('cohort', '2025-12-01', '2025-12', { joined: 4, activeInMonth: 4, issued: 100 }),
      line('cohort', '2026-02-01', '2025-12', {
        ...{ activeInMonth: 1, issued: 90, reversed: 10, declined: 5 },
        ...{ redeemed: 40, returned: 15, netMinor: 9_000, refundedMinor: 1_000 },
      }),
      line('cohort', '2026-04-01', '2025-12', { activeInMonth: 1 }),
    ];
    expect(rows(request, tallies)).toEqual([
      {
        ...{ cohort: '2025-12', month: '2026-02', age: 2, size: 4, active: 1, activeBp: 2_500 },
        ...{ earned: 75, redeemed: 25, sold: '80.00' },
      },
    ]);
  });

  it('of members says who stays away, where the program says what that is', () => {
    const request = { name: 'members', from: '2026-03-01', to: '2026-03-02' } as const;
    const tallies = [
      line('total', '2026-02-01', 'all', { joined: 5, lapsed: 2 }),
      line('total', '2026-03-02', 'all', { lapsed: -1, wonBack: 1, active: 1, left: 1 }),
    ];
    const told = (inactivity: Program['inactivity']) =>
      reportOf(request, { tallies }, { ...program(), inactivity }).rows.map(({ members, lapsed, wonBack }) => [
        members,
        lapsed,
        wonBack,
      ]);
    expect(told({ daysAfter: [30] })).toEqual([
      [5, 2, 0],
      [4, 1, 1],
    ]);
    expect(told(undefined)).toEqual([
      [5, null, null],
      [4, null, null],
    ]);
  });

  it('of deliveries has a line for each connector and day, or month', () => {
    const request = { name: 'deliveries', from: '2026-03-01', to: '2026-03-31' } as const;
    expect(needsOf(request)).toBeUndefined();
    const deliveries = [
      { day: '2026-03-02', connector: 'webhook', amounts: { delivered: 2 } },
      { day: '2026-03-01', connector: 'webhook', amounts: { delivered: 1, failed: 3, parked: 1 } },
      { day: '2026-03-01', connector: 'slack', amounts: { skipped: 1 } },
      { day: '2026-03-02', connector: 'webhook', amounts: { delivered: 5 } },
    ];
    const told = (by: 'day' | 'month') => reportOf({ ...request, by }, { tallies: [], deliveries }, program()).rows;
    const none = { delivered: 0, failed: 0, parked: 0, unsure: 0, skipped: 0, confirmed: 0, bounced: 0 };
    expect(told('day')).toEqual([
      { ...none, day: '2026-03-01', connector: 'slack', skipped: 1 },
      { ...none, day: '2026-03-01', connector: 'webhook', delivered: 1, failed: 3, parked: 1 },
      { ...none, day: '2026-03-02', connector: 'webhook', delivered: 7 },
    ]);
    expect(told('month')).toHaveLength(2);
  });

  it.each([
    ['points', '2026-03-31', '2026-03-02'],
    ['breakage', '2026-03-31', '2025-04-01'],
    ['cohorts', '2026-01-01', '2025-02-01'],
  ] as const)('of %s to %s begins on %s where nobody says it', (name, to, from) => {
    expect(firstDayOf(name, to)).toBe(from);
  });

  it.each(REPORTS)('of %s has no column that is in no row, and none that is missing', (name) => {
    const on = { day: '2026-03-01', amounts: { issued: 1, redemptions: 1, outstanding: 1, joined: 1, members: 40 } };
    const tallies = [
      { ...on, by: 'total', of: 'spring' },
      { ...on, by: 'total', of: 'spring/held' },
    ] as const;
    const spring = Campaign.parse({
      ...{ id: 'spring', name: 'Spring', startsAt: '2026-03-01T00:00:00Z', endsAt: '2026-03-02T00:00:00Z' },
      ...{ effect: { kind: 'bonus', points: 1 }, holdOutBp: 5_000 },
    });
    const table = reportOf(
      { name, from: '2026-03-01', to: '2026-03-01' },
      {
        tallies:
          name === 'breakage' || name === 'cohorts' ? tallies.map((one) => ({ ...one, of: '2026-03' })) : tallies,
        campaigns: [spring],
        sides: { spring: { given: 50, held: 50 } },
        deliveries: [{ day: '2026-03-01', connector: 'slack', amounts: {} }],
      },
      program(),
    );
    expect(table.rows.length).toBeGreaterThan(0);
    for (const row of table.rows) expect(Object.keys(row).sort()).toEqual([...table.columns].sort());
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
