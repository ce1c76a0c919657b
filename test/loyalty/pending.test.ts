import { describe, expect, it } from '@jest/globals';
import { announce } from '../../lib/loyalty/announce.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { Life, onePerEuro } from './life.ts';

const days = { pending: { kind: 'days', days: 14 } } satisfies Partial<ProgramInput>;
const confirmation = { pending: { kind: 'confirmation' } } satisfies Partial<ProgramInput>;
const tiers = [
  { id: 'base', name: 'Base', from: 0 },
  { id: 'gold', name: 'Gold', from: 100 },
];
const flagged = { flags: ['velocity'] };

describe('points that wait for a day', () => {
  it('cannot be spent before it, and can on it', () => {
    const life = new Life(days).on('2026-03-10');
    life.buy('o', 40);
    expect({ ...life.points, lots: life.account.lots, buckets: life.account.buckets }).toEqual({
      available: 0,
      pending: 40,
      held: 0,
      lifetime: 40,
      lots: { '2026-03-24/2027-03-31': 40 },
      buckets: {},
    });
    expect(life.on('2026-03-23').sweepLots('2026-03-23')).toBe('nothing');
    life.on('2026-03-24').sweepLots('2026-03-24');
    expect({ ...life.points, lots: life.account.lots, buckets: life.account.buckets }).toEqual({
      available: 40,
      pending: 0,
      held: 0,
      lifetime: 40,
      lots: {},
      buckets: { '2027-03-31': 40 },
    });
  });

  it('of many orders of one day are one lot, and come in one entry', () => {
    const life = new Life({ ...days, rewards: [{ id: 'cake', name: 'A cake', cost: 50 }] }).on('2026-03-10');
    life.buy('a', 40);
    life.buy('b', 20);
    const entry = life.on('2026-03-24').sweepLots('2026-03-24') as Entry;
    expect(entry.detail).toEqual({
      kind: 'activated',
      lot: '2026-03-24',
      points: 60,
      because: 'day-has-come',
      unlocked: ['cake'],
    });
    expect(announce(entry).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'points.activated', data: { points: 60, because: 'day-has-come' } },
      { type: 'reward.unlocked', data: { rewardId: 'cake' } },
    ]);
    expect(life.sweepLots('2026-03-24')).toBe('nothing');
  });

  it.each([
    // Fourteen days after noon of the 10th, and after the first minutes of the 11th in Berlin.
    ['2026-03-10T22:59:59Z', '2026-03-24/2027-03-31'],
    ['2026-03-10T23:00:00Z', '2026-03-25/2027-03-31'],
    // Over the night in which the clocks go forward.
    ['2026-03-28T22:59:59Z', '2026-04-11/2027-03-31'],
    ['2026-03-28T23:00:00Z', '2026-04-12/2027-03-31'],
  ])('a sale at %s waits in %s', (occurredAt, lot) => {
    const life = new Life(days).on(occurredAt);
    life.buy('o', 1);
    expect(life.account.lots).toEqual({ [lot]: 1 });
  });

  it('that are told so late that the wait is over do not wait', () => {
    const life = new Life(days).on('2026-05-01');
    life.buy('o', 40, { occurredAt: '2026-04-17T12:00:00Z' });
    life.buy('p', 40, { occurredAt: '2026-04-18T12:00:00Z' });
    expect({ buckets: life.account.buckets, lots: life.account.lots }).toEqual({
      buckets: { '2027-04-30': 40 },
      lots: { '2026-05-02/2027-04-30': 40 },
    });
  });

  it('that would lapse before they can be spent live as long as they wait', () => {
    const life = new Life({ ...days, expiry: { kind: 'fixed', on: '2026-12-31' } }).on('2026-12-24');
    life.buy('o', 40);
    expect(life.account.lots).toEqual({ '2027-01-07/2027-01-07': 40 });
  });
});

describe('a refund before the points can be spent', () => {
  it.each([
    ['of everything leaves nothing', undefined, { available: 0, pending: 0, held: 0, lifetime: 0 }],
    ['of a part leaves the rest', 15, { available: 0, pending: 25, held: 0, lifetime: 25 }],
  ])('%s', (_, euros, left) => {
    for (const pending of [days, confirmation]) {
      const life = new Life(pending).on('2026-03-10');
      life.buy('o', 40);
      life.return('o', euros);
      expect(life.points).toEqual(left);
    }
  });

  it('takes from its own order’s lot, whatever else the member has', () => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy('a', 10);
    life.say('activated', 'a');
    life.buy('b', 40);
    life.return('b');
    expect({ ...life.points, lots: life.account.lots }).toEqual({
      available: 10,
      pending: 0,
      held: 0,
      lifetime: 10,
      lots: {},
    });
    expect(life.say('activated', 'b')).toBe('nothing-waits');
  });
});

describe('a refund after they came', () => {
  it.each([
    ['by their day', (life: Life) => life.on('2026-03-24').sweepLots('2026-03-24'), days],
    ['by a yes', (life: Life) => life.say('activated', 'o'), confirmation],
  ])('%s takes them from where they are', (_, end, pending) => {
    const life = new Life(pending).on('2026-03-10');
    life.buy('o', 40);
    end(life);
    life.return('o', 15);
    expect(life.points).toEqual({ available: 25, pending: 0, held: 0, lifetime: 25 });
    life.return('o');
    expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
  });
});

describe('points that wait for a yes', () => {
  it('stay until somebody says so, however long that takes', () => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy('o', 40);
    expect(life.account.lots).toEqual({ '@till#o/2027-03-31': 40 });
    expect(life.on('2027-03-30').sweepLots('2027-03-30')).toBe('nothing');
    const entry = life.say('activated', 'o') as Entry;
    expect({ key: entry.key, detail: entry.detail, points: life.points }).toEqual({
      key: 'E#till#o#lot',
      detail: { kind: 'activated', lot: '@till#o', points: 40, because: 'said', by: 'till' },
      points: { available: 40, pending: 0, held: 0, lifetime: 40 },
    });
  });

  it('whose date has passed meanwhile live for the days of grace', () => {
    const life = new Life({ ...confirmation, refunds: { graceDays: 10 } }).on('2026-03-10');
    life.buy('o', 40);
    life.on('2027-05-02').say('activated', 'o');
    expect(life.account.buckets).toEqual({ '2027-05-12': 40 });
    life.on('2027-05-05').return('o', 15);
    expect(life.account.buckets).toEqual({ '2027-05-12': 25 });
  });

  it('pay what is owed first', () => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy('a', 40);
    life.say('activated', 'a');
    life.spend(40);
    life.return('a');
    life.buy('b', 100);
    life.say('activated', 'b');
    expect(life.account.buckets).toEqual({ '2027-03-31': 60 });
  });

  it.each(['a/b', 'a%2Fb', 'a#b', 'review:x', '@x'])('are found by whatever number the order has: %s', (orderId) => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy(orderId, 40);
    life.buy('other', 2);
    expect(Object.values(life.account.lots)).toEqual([40, 2]);
    const entry = life.say('activated', orderId) as Entry;
    expect(entry.change.buckets).toEqual({ '2027-03-31': 40 });
  });

  it('of two orders whose numbers look alike in a place are two lots', () => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy('a/b', 40);
    life.buy('a%2Fb', 2);
    life.say('declined', 'a/b');
    expect(life.points).toEqual({ available: 0, pending: 2, held: 0, lifetime: 2 });
  });

  it('of an activity are found by what it was and its number', () => {
    const rules = [
      {
        id: 'tour',
        on: 'activity',
        when: [{ is: 'activity', activities: ['booking'] }],
        earn: { kind: 'flat', points: 5 },
      },
    ] as ProgramInput['rules'];
    const life = new Life({ ...confirmation, rules, qualify: { by: 'points' } }).on('2026-03-10');
    life.visit('7', { activity: 'booking' });
    expect(life.account.lots).toEqual({ '@till#booking:7/2027-03-31': 5 });
    const entry = life.say('declined', 'booking:7') as Entry;
    expect({ key: entry.key, points: life.points, window: life.account.window }).toEqual({
      key: 'E#till#booking:7#lot',
      points: { available: 0, pending: 0, held: 0, lifetime: 0 },
      window: {},
    });
  });

  it('by a rule of its own wait beside points that do not', () => {
    const rules = [
      ...onePerEuro.rules,
      { id: 'bonus', on: 'sale', earn: { kind: 'flat', points: 7 }, pending: { kind: 'confirmation' } },
    ] as ProgramInput['rules'];
    const life = new Life({ rules }).on('2026-03-10');
    life.buy('o', 40);
    expect(life.points).toEqual({ available: 40, pending: 7, held: 0, lifetime: 47 });
    life.say('declined', 'o');
    life.return('o');
    expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
  });
});

describe('points that are declined', () => {
  const orders: readonly [name: string, steps: readonly ((life: Life) => unknown)[]][] = [
    ['then refunded: nothing is taken twice', [(l) => l.say('declined', 'o'), (l) => l.return('o')]],
    [
      'then refunded in part, and the rest',
      [(l) => l.say('declined', 'o'), (l) => l.return('o', 15), (l) => l.return('o')],
    ],
    ['after a refund of a part', [(l) => l.return('o', 15), (l) => l.say('declined', 'o')]],
    ['between two refunds', [(l) => l.return('o', 15), (l) => l.say('declined', 'o'), (l) => l.return('o')]],
  ];
  describe.each(['down', 'nearest', 'up', 'carry'] as const)('where fractions are rounded %s', (rounding) => {
    it.each(orders)('%s', (_, steps) => {
      const life = new Life({ ...confirmation, tiers, stacking: { rounding } }).on('2026-03-10');
      // Another order whose points, and whose part of a point, are nobody's business.
      life.buy('other', 10.7);
      life.say('activated', 'other');
      const before = { ...life.points, carry: life.account.carry, window: life.account.window };
      life.buy('o', 120.5);
      expect(life.account.tier).toBe('gold');
      for (const step of steps) step(life);
      life.return('o');
      expect({
        ...life.points,
        carry: life.account.carry,
        window: life.account.window,
        tier: life.account.tier,
      }).toEqual({
        ...before,
        tier: 'base',
      });
    });
  });

  it.each([
    ['points', {}, 'base'],
    ['spend', { '2026': 12_000 }, 'gold'],
    ['visits', { '2026': 1 }, 'base'],
  ] as const)('count towards no tier where %s count, or as before', (by, window, tier) => {
    const life = new Life({ ...confirmation, tiers, qualify: { by } }).on('2026-03-10');
    life.buy('o', 120);
    life.say('declined', 'o');
    expect({ window: life.account.window, tier: life.account.tier, lifetime: life.account.lifetime }).toEqual({
      window,
      tier,
      lifetime: 0,
    });
  });
});

describe('points that staff look at', () => {
  it.each([
    ['nothing else', {}, '@review:till#o/2027-03-31', { buckets: { '2027-03-31': 120 }, lots: {} }],
    [
      'their day',
      days,
      '@review:till#o/2026-03-24/2027-03-31',
      { buckets: {}, lots: { '2026-03-24/2027-03-31': 120 } },
    ],
    ['a yes', confirmation, '@review:till#o/@till#o/2027-03-31', { buckets: {}, lots: { '@till#o/2027-03-31': 120 } }],
  ])('wait for that first, and then for %s', (_, pending, lot, after) => {
    const life = new Life(pending).on('2026-03-10');
    life.buy('o', 120, {}, flagged);
    expect(life.account.lots).toEqual({ [lot]: 120 });
    const entry = life.say('activated', 'o', 'review') as Entry;
    expect({ key: entry.key, buckets: life.account.buckets, lots: life.account.lots }).toEqual({
      key: 'E#till#o#looked-at',
      ...after,
    });
    life.return('o', 20);
    expect(life.account.available + life.account.pending).toBe(100);
    life.return('o');
    expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
  });

  it('come at once where their day has come meanwhile', () => {
    const life = new Life(days).on('2026-03-10');
    life.buy('o', 120, {}, flagged);
    life.on('2026-03-24').say('activated', 'o', 'review');
    expect(life.account.buckets).toEqual({ '2027-03-31': 120 });
  });

  it('keep a yes that came before', () => {
    const life = new Life(confirmation).on('2026-03-10');
    life.buy('o', 120, {}, flagged);
    const yes = life.say('activated', 'o') as Entry;
    expect({ points: life.points, told: announce(yes) }).toEqual({
      points: { available: 0, pending: 120, held: 0, lifetime: 120 },
      told: [],
    });
    life.say('activated', 'o', 'review');
    expect(life.account.buckets).toEqual({ '2027-03-31': 120 });
    life.return('o');
    expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
  });

  it('go at a no of either', () => {
    for (const stage of ['lot', 'review'] as const) {
      const life = new Life(confirmation).on('2026-03-10');
      life.buy('o', 120, {}, flagged);
      life.say('declined', 'o', stage);
      expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
      expect(life.say('activated', 'o', 'review')).toBe('nothing-waits');
      life.return('o');
      expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
    }
  });

  it.each(['points', 'spend', 'visits'] as const)('and decline lift no tier, by %s neither', (by) => {
    const life = new Life({
      tiers: [
        { id: 'base', name: 'Base', from: 0 },
        { id: 'gold', name: 'Gold', from: 1 },
      ],
      qualify: { by },
    }).on('2026-03-10');
    life.buy('o', 120, {}, flagged);
    life.say('declined', 'o', 'review');
    expect({ window: life.account.window, tier: life.account.tier }).toEqual({ window: {}, tier: 'base' });
    life.return('o');
    expect(life.account.window).toEqual({});
  });
});
