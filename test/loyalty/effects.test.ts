import { describe, expect, it } from '@jest/globals';
import { Campaign, type CampaignInput } from '../../lib/loyalty/campaign.ts';
import { isHeldOut } from '../../lib/loyalty/campaigning.ts';
import { effectsOf, isMeasured, sideOf } from '../../lib/loyalty/effects.ts';
import type { Amounts, Tally } from '../../lib/loyalty/tally.ts';
import { program } from '../ledger/world.ts';

const spring = (more: Partial<CampaignInput> = {}): Campaign =>
  Campaign.parse({
    id: 'spring',
    name: 'Spring',
    startsAt: '2026-03-10T08:00:00Z',
    endsAt: '2026-03-20T08:00:00Z',
    effect: { kind: 'bonus', points: 10 },
    holdOutBp: 2_000,
    ...more,
  });

/** What members have spent, each so much in that many visits; with nothing: was not there. */
function arm(of: string, spent: readonly number[]): Tally {
  const came = spent.filter((one) => one > 0);
  const squares = came.reduce((sum, one) => sum + BigInt(one) ** 2n, 0n);
  const amounts: Amounts = {
    members: came.length,
    netMinor: came.reduce((sum, one) => sum + one, 0) + 500,
    refundedMinor: 500,
    spentSquared: Number(squares % 1_000_000_000n),
    spentSquaredBillions: Number(squares / 1_000_000_000n),
    purchases: came.length,
    purchasesSquared: came.length,
    visits: came.length * 2,
    visitsSquared: came.length * 4,
    earned: came.length * 10,
    earnedSquared: came.length * 100,
  };
  return { by: 'campaign', day: '2026-03-12', of, amounts };
}

const repeated = (count: number, each: readonly number[]): number[] =>
  Array.from({ length: count }, (_, at) => each[at % each.length] ?? 0);

const effects = (given: readonly number[], held: readonly number[], currency = 'EUR') =>
  effectsOf(
    [spring()],
    [arm('spring', given), arm('spring/held', held)],
    { spring: { given: given.length, held: held.length } },
    { ...program(), currency },
  );

describe('the effect of a campaign', () => {
  it('is what its members did more than those it was kept from, with how sure that is', () => {
    const rows = effects(repeated(400, [1_000, 2_000, 0, 3_000]), repeated(100, [1_000, 0, 0, 2_000]));
    const head = { campaign: 'spring', given: 400, heldOut: 100 };
    expect(rows.slice(0, 2)).toEqual([
      {
        ...{ ...head, of: 'came', perGiven: 7_500, perHeldOut: 5_000, difference: 2_500, low: 1_440, high: 3_541 },
        ...{ inAll: 100, verdict: 'more' },
      },
      {
        ...{
          ...head,
          of: 'spent',
          perGiven: '15.00',
          perHeldOut: '7.50',
          difference: '7.50',
          low: '5.52',
          high: '9.48',
        },
        ...{ inAll: '3000.00', verdict: 'more' },
      },
    ]);
    expect(rows.map(({ of }) => of)).toEqual(['came', 'spent', 'purchases', 'visits', 'points']);
  });

  it('may be less, or none that could be seen', () => {
    const verdicts = (given: number[], held: number[]) => effects(given, held).map(({ verdict }) => verdict)[1];
    expect(verdicts(repeated(200, [500]), repeated(200, [900, 1_100]))).toBe('less');
    expect(verdicts(repeated(200, [900, 1_100]), repeated(200, [1_100, 900, 1_000]))).toBe('no-difference-seen');
  });

  it.each([
    ['few are held out', repeated(400, [1_000]), repeated(29, [1_000])],
    ['few have come at all', repeated(400, [1_000]), [...repeated(9, [1_000]), ...repeated(300, [0])]],
    ['nobody is held out', repeated(400, [1_000]), []],
  ])('is not told where %s', (_, given, held) => {
    for (const row of effects(given, held))
      expect(row).toMatchObject({ difference: null, low: null, high: null, inAll: null, verdict: 'too-few-to-tell' });
  });

  it('is not told where there was no time to count who is on which side', () => {
    const [row] = effectsOf([spring()], [arm('spring', [1_000])], {}, program());
    expect(row).toMatchObject({ given: null, heldOut: null, verdict: 'too-many-to-count' });
  });

  it('is exact in currencies of small coins, whose squares are larger than a number holds', () => {
    const given = repeated(60, [900_000_001, 900_000_003]);
    const [, row] = effects(given, repeated(60, [900_000_000, 900_000_002]), 'VND');
    expect(row).toMatchObject({ perGiven: '900000002', perHeldOut: '900000001', difference: '1' });
  });

  it('is asked of campaigns with a hold-out that were on in these days', () => {
    const on = (more: Partial<CampaignInput>, from: string, to: string) =>
      isMeasured(spring(more), program(), { from, to });
    expect([
      on({}, '2026-03-20', '2026-04-30'),
      on({}, '2026-03-21', '2026-04-30'),
      on({}, '2026-02-01', '2026-03-10'),
      on({}, '2026-02-01', '2026-03-09'),
      on({ holdOutBp: 0 }, '2026-03-01', '2026-03-31'),
    ]).toEqual([true, false, true, false, false]);
  });
});

describe('a member', () => {
  const side = (joinedOn: string, leftOn?: string, to = '2026-04-30') =>
    sideOf(spring(), { memberId: 'm_1', joinedOn, leftOn }, program(), to);
  const own = isHeldOut(spring(), 'm_1') ? 'held' : 'given';

  it.each([
    ['who was there before', side('2025-01-01'), own],
    ['who joined on the last day', side('2026-03-20'), own],
    ['who joined after it', side('2026-03-21'), undefined],
    ['who has not joined yet on that day', side('2026-03-15', undefined, '2026-03-14'), undefined],
    ['who left while it was on', side('2025-01-01', '2026-03-10'), own],
    ['who left before it', side('2025-01-01', '2026-03-09'), undefined],
  ])('%s is on its side, or on none', (_, is, expected) => {
    expect(is).toBe(expected);
  });
});
