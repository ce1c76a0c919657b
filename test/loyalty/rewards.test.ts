import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { append, type Draft, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import { offerOf } from '../../lib/loyalty/offer.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideCapture, decideRedemption, decideRelease, type Redemption } from '../../lib/loyalty/redeem.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import fc from '../fast-check.ts';
import { program } from '../ledger/world.ts';

/** What members get for points, worked out by hand. */

const NOON = '2026-03-10T12:00:00Z';

const catalogue: Partial<ProgramInput> = {
  tiers: [
    { id: 'base', name: 'Base', from: 0 },
    { id: 'gold', name: 'Gold', from: 1_000 },
  ],
  rewards: [
    { id: 'coffee', name: 'A coffee', cost: 30 },
    {
      id: 'voucher',
      name: 'Off the bill',
      cost: 500,
      value: { kind: 'amount-off', amount: '5.00' },
      steps: [
        { cost: 900, value: { kind: 'amount-off', amount: '10.00' } },
        { cost: 1_600, value: { kind: 'amount-off', amount: '20.00' } },
      ],
    },
    {
      id: 'tenth-off',
      name: 'A tenth off',
      cost: 200,
      value: { kind: 'percent-off', percentBp: 1_000, maximum: '15' },
    },
    { id: 'shipping', name: 'Free shipping', cost: 80, value: { kind: 'shipping' } },
    { id: 'tasting', name: 'A tasting', cost: 300, cash: '12.50', value: { kind: 'experience' } },
    { id: 'dinner', name: 'A dinner', cost: 600, tier: 'gold' },
    { id: 'spring', name: 'A tulip', cost: 10, from: '2026-03-10', to: '2026-03-31' },
    { id: 'mug', name: 'A mug', cost: 60, perMember: { max: 2, per: 'month' } },
    { id: 'print', name: 'A print', cost: 40, stock: 3 },
  ],
  redemption: { pointsPerMinor: 1, stepPoints: 100, minPoints: 200, maxPoints: 1_000 },
};

const at = (when = NOON, changes: Partial<ProgramInput> = {}): Situation => ({
  program: program({ ...catalogue, ...changes }),
  now: new Date(when),
});

const withPoints = (amount: number, more: Partial<Account> = {}): Account => ({
  ...newAccount('m', 'base'),
  available: points(amount),
  buckets: { '2027-03-31': points(amount) },
  ...more,
});

const ask = (asked: Partial<Redemption>): Redemption => ({ redemptionId: 'r', capture: true, ...asked });

const posted = (account: Account, draft: Draft | { refused: string }, when = NOON) => {
  if ('refused' in draft) throw new Error(draft.refused);
  return append(account, draft, { recordedAt: new Date(when).toISOString(), program: 'test' });
};

const hold = (account: Account, asked: Partial<Redemption>, situation = at()) =>
  posted(account, decideRedemption(account, ask({ capture: false, ...asked }), situation), situation.now.toISOString());

describe('a reward', () => {
  it.each<[string, Partial<Redemption>, object]>([
    ['an item', { rewardId: 'coffee' }, { points: 30, value: { kind: 'item' } }],
    ['an amount off', { rewardId: 'voucher' }, { points: 500, value: { kind: 'amount-off', amount: '5.00' } }],
    [
      'its second step, which is more of it for more points',
      { rewardId: 'voucher', step: 2 },
      { points: 1_600, step: 2, value: { kind: 'amount-off', amount: '20.00' } },
    ],
    [
      'a share off, with a maximum',
      { rewardId: 'tenth-off' },
      { points: 200, value: { kind: 'percent-off', percentBp: 1_000, maximum: '15' } },
    ],
    ['shipping', { rewardId: 'shipping' }, { points: 80, value: { kind: 'shipping' } }],
    [
      'an experience, with cash beside the points',
      { rewardId: 'tasting' },
      { points: 300, cashMinor: 1_250, value: { kind: 'experience' } },
    ],
    ['points as money', { points: 300 }, { points: 300, value: { kind: 'amount-off', amount: '3.00' } }],
    ['a piece of the stock', { rewardId: 'print' }, { points: 40, stock: true, value: { kind: 'item' } }],
  ])('%s', (_, asked, expected) => {
    const { detail } = decideRedemption(withPoints(2_000), ask(asked), at());
    const { step, rewardId } = asked;
    expect(detail).toEqual({
      kind: 'redeemed',
      redemptionId: 'r',
      from: { '2027-03-31': (expected as { points: number }).points },
      ...(rewardId && { rewardId }),
      ...(step && { step }),
      ...expected,
    });
  });

  it.each<[string, number, Partial<Redemption>, string]>([
    ['that is not in the catalogue', 2_000, { rewardId: 'yacht' }, 'unknown-reward'],
    ['of a higher tier', 2_000, { rewardId: 'dinner' }, 'tier-too-low'],
    ['at a step that it has not', 2_000, { rewardId: 'voucher', step: 3 }, 'wrong-step'],
    ['without steps, at its first', 2_000, { rewardId: 'coffee', step: 1 }, 'wrong-step'],
    ['that costs one point more than there are', 29, { rewardId: 'coffee' }, 'not-enough-points'],
    ['at a step that costs one point more', 899, { rewardId: 'voucher', step: 1 }, 'not-enough-points'],
    ['for points as money between two steps', 2_000, { points: 250 }, 'wrong-step'],
    ['for fewer points than the least', 2_000, { points: 100 }, 'wrong-step'],
    ['for more points than the most', 2_000, { points: 1_100 }, 'wrong-step'],
  ])('%s is refused', (_, there, asked, because) => {
    const { detail, change } = decideRedemption(withPoints(there), ask(asked), at());
    expect({ detail, change }).toEqual({
      detail: expect.objectContaining({ kind: 'refused', redemptionId: 'r', because }),
      change: {},
    });
  });

  it('refusals come in their order: what is missing last is only found out when all else is well', () => {
    const everything = {
      tiers: catalogue.tiers,
      rewards: [
        {
          id: 'all',
          name: 'All conditions',
          cost: 100,
          tier: 'gold',
          from: '2026-03-10',
          to: '2026-03-20',
          perMember: { max: 1, per: 'ever' as const },
          stock: 0,
        },
      ],
    };
    const gone = { gone: true };
    const rich = withPoints(1_000, { window: { '2026': 1_000 } });
    const once = { counters: { 'reward:all@': 1 } };
    const told = (account: Account, when: string, step?: number) =>
      decideRedemption(account, ask({ rewardId: 'all', step }), at(when, everything), gone).detail;
    const because = (detail: Draft['detail']) => (detail.kind === 'refused' ? detail.because : detail.kind);
    expect([
      because(told(withPoints(0, once), '2026-03-09T12:00:00Z', 9)),
      because(told(withPoints(0, once), '2026-03-21T12:00:00Z', 9)),
      because(told(withPoints(0, once), '2026-03-15T12:00:00Z', 9)),
      because(told({ ...withPoints(0, once), window: { '2026': 1_000 } }, '2026-03-15T12:00:00Z', 9)),
      because(told(withPoints(0, { window: { '2026': 1_000 } }), '2026-03-15T12:00:00Z', 9)),
      because(told(withPoints(0, { window: { '2026': 1_000 } }), '2026-03-15T12:00:00Z')),
      because(told(rich, '2026-03-15T12:00:00Z')),
    ]).toEqual([
      'not-available-yet',
      'no-longer-available',
      'tier-too-low',
      'limit-reached',
      'wrong-step',
      'not-enough-points',
      'out-of-stock',
    ]);
  });

  it.each([
    ['the last minute before its first day', '2026-03-09T22:59:00Z', 'not-available-yet'],
    ['the first minute of its first day', '2026-03-09T23:00:00Z', 'redeemed'],
    // Summer time began on the 29th.
    ['the last minute of its last day', '2026-03-31T21:59:00Z', 'redeemed'],
    ['the first minute after its last day', '2026-03-31T22:00:00Z', 'no-longer-available'],
  ])('can be had in its days, by the merchant’s clock: %s', (_, when, expected) => {
    const { detail } = decideRedemption(withPoints(100), ask({ rewardId: 'spring' }), at(when));
    expect(detail.kind === 'refused' ? detail.because : detail.kind).toBe(expected);
  });
});

describe('a limit for each member', () => {
  const take = (account: Account, when: string) =>
    posted(account, decideRedemption(account, ask({ rewardId: 'mug' }), at(when)), when);

  it('counts by the calendar of the merchant, and anew in the next month', () => {
    let { account } = take(withPoints(1_000), '2026-03-10T12:00:00Z');
    account = take(account, '2026-03-31T21:59:00Z').account;
    const third = take(account, '2026-03-31T21:59:30Z').entry.detail;
    const april = take(account, '2026-03-31T22:00:00Z');
    expect({ third, april: april.entry.detail.kind, counters: april.account.counters }).toEqual({
      third: expect.objectContaining({ because: 'limit-reached' }),
      april: 'redeemed',
      counters: { 'reward:mug@2026-03': 2, 'reward:mug@2026-04': 1 },
    });
  });

  it.each(['voided', 'lapsed'] as const)('what is put aside counts, and no more once it was %s', (because) => {
    const held = hold(withPoints(1_000), { rewardId: 'mug' }, at('2026-03-31T21:30:00Z'));
    // It ends in the next month, and gives back what it had counted in the one before.
    const later = at('2026-04-01T12:00:00Z');
    const back = posted(held.account, decideRelease(held.account, 'r', because, later, held.entry));
    expect([held.account.counters, back.account.counters]).toEqual([{ 'reward:mug@2026-03': 1 }, {}]);
  });

  it('a capture goes on counting', () => {
    const held = hold(withPoints(1_000), { rewardId: 'mug' });
    const spent = posted(held.account, decideCapture(held.account, 'r', undefined, at(), held.entry));
    expect(spent.account.counters).toEqual({ 'reward:mug@2026-03': 1 });
  });
});

describe('points as money', () => {
  const worth = (amount: number, pointsPerMinor: number, more: object = {}) =>
    offerOf({ points: amount }, program({ redemption: { pointsPerMinor, ...more } }))?.value;

  it.each([
    // 33 / 0.55 is 59.99… in floating point.
    [33, 0.55, '0.60'],
    [1, 0.2, '0.05'],
    [999, 10, '0.99'],
    [10, 10, '0.01'],
    [1_000_000_000, 0.000_001, '10000000000000.00'],
  ])('%d points, of which %d make a cent, are %s', (amount, rate, expected) => {
    expect(worth(amount, rate)).toEqual({ kind: 'amount-off', amount: expected });
  });

  it('that would be worth nothing cannot be spent', () => {
    expect(worth(9, 10)).toBeUndefined();
  });

  it('is never worth more when it is spent in two parts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 50_000 }).map((rate) => rate / 1_000),
        (a, b, rate) => {
          const minor = (amount: number) => {
            const value = worth(amount, rate);
            return value?.kind === 'amount-off' ? Math.round(Number(value.amount) * 100) : 0;
          };
          expect(minor(a) + minor(b)).toBeLessThanOrEqual(minor(a + b));
        },
      ),
    );
  });

  it('are none where the program has no price for them', () => {
    const { detail } = decideRedemption(withPoints(100), ask({ points: 50 }), at(NOON, { redemption: {} }));
    expect(detail).toMatchObject({ kind: 'refused', because: 'points-buy-rewards-only' });
  });
});

describe('points of the same order', () => {
  it.each([
    [100, 'redeemed'],
    [101, 'refused'],
  ])('of 150, 50 from the order itself: %d can be spent on it: %s', (amount, kind) => {
    const situation = at(NOON, { redemption: { pointsPerMinor: 1, sameOrder: 'waits' } });
    const draft = decideRedemption(withPoints(150), ask({ points: amount }), situation, { fromSameOrder: 50 });
    expect(draft.detail.kind).toBe(kind);
  });
});

describe('a capture', () => {
  const big = withPoints(2_000);
  const captured = (held: { account: Account; entry: Entry }, amount?: number, situation = at()) => {
    const draft = decideCapture(held.account, 'r', amount, situation, held.entry);
    return 'refused' in draft ? draft : draft.detail;
  };

  it('of all of it is worth what was said when it was put aside, whatever the program says since', () => {
    const held = hold(big, { rewardId: 'voucher', step: 1 });
    const dearer = at(NOON, { rewards: [{ id: 'voucher', name: 'Off the bill', cost: 5_000 }] });
    expect(captured(held, undefined, dearer)).toEqual({
      kind: 'redeemed',
      redemptionId: 'r',
      points: 900,
      from: { '2027-03-31': 900 },
      rewardId: 'voucher',
      step: 1,
      value: { kind: 'amount-off', amount: '10.00' },
    });
  });

  it.each<[string, Partial<Redemption>, number, object]>([
    [
      'a lower step of the reward',
      { rewardId: 'voucher', step: 2 },
      900,
      { points: 900, released: 700, step: 1, value: { kind: 'amount-off', amount: '10.00' } },
    ],
    [
      'the reward itself, of one of its steps',
      { rewardId: 'voucher', step: 2 },
      500,
      { points: 500, released: 1_100, value: { kind: 'amount-off', amount: '5.00' } },
    ],
    ['fewer points as money', { points: 500 }, 300, { released: 200, value: { kind: 'amount-off', amount: '3.00' } }],
    [
      'all of it by its number, with the cash beside it',
      { rewardId: 'tasting' },
      300,
      { points: 300, cashMinor: 1_250 },
    ],
  ])('of a part: %s', (_, asked, amount, expected) => {
    expect(captured(hold(big, asked), amount)).toMatchObject({ kind: 'redeemed', ...expected });
  });

  it.each<[string, Partial<Redemption>, number, string]>([
    ['a coffee for one point', { rewardId: 'coffee' }, 1, 'wrong-step'],
    ['what is no step of the reward', { rewardId: 'voucher', step: 2 }, 1_000, 'wrong-step'],
    ['points between two steps', { points: 500 }, 250, 'wrong-step'],
    ['more than was put aside', { rewardId: 'voucher' }, 900, 'more-than-held'],
  ])('of %s is refused', (_, asked, amount, refused) => {
    expect(captured(hold(big, asked), amount)).toEqual({ refused });
  });

  it('of a part is worth no more than the whole was, should the program be more generous by then', () => {
    const held = hold(big, { points: 500 });
    const generous = at(NOON, { redemption: { pointsPerMinor: 0.1 } });
    expect(captured(held, 300, generous)).toMatchObject({ value: { kind: 'amount-off', amount: '5.00' } });
  });
});

describe('where activity keeps points alive', () => {
  const lazy: Partial<ProgramInput> = { expiry: { kind: 'inactivity', months: 6, until: 'day' } };
  const alive = (when: string) => at(when, lazy);
  const account: Account = {
    ...newAccount('m', 'base'),
    available: points(1_000),
    buckets: { '2026-07-10': points(1_000) },
    lastActivityOn: '2026-01-10',
  };

  it('a redemption keeps what is left', () => {
    const spent = posted(account, decideRedemption(account, ask({ rewardId: 'coffee' }), alive(NOON)));
    expect(spent.account).toMatchObject({ buckets: { '2026-09-10': 970 }, lastActivityOn: '2026-03-10' });
  });

  it('what was put aside meanwhile is kept alive too', () => {
    const held = hold(account, { rewardId: 'coffee' }, alive(NOON));
    const other = decideRedemption(
      held.account,
      ask({ redemptionId: 's', rewardId: 'coffee' }),
      alive('2026-03-20T12:00:00Z'),
    );
    const active = posted(held.account, other).account;
    const back = posted(
      active,
      decideRelease(active, 'r', 'voided', alive('2026-03-21T12:00:00Z'), held.entry),
    ).account;
    expect([active.buckets, back.buckets]).toEqual([{ '2026-09-20': 940 }, { '2026-09-20': 970 }]);
  });

  it('what had lapsed stays lapsed', () => {
    const late = decideRedemption(account, ask({ rewardId: 'coffee' }), alive('2026-07-11T12:00:00Z'));
    expect(late.detail).toMatchObject({ kind: 'refused', because: 'not-enough-points' });
  });
});

describe('whatever is put aside, spent and given back', () => {
  const step = fc.record({
    do: fc.constantFrom('hold', 'spend', 'capture', 'void'),
    id: fc.integer({ min: 0, max: 3 }),
    rewardId: fc.constantFrom('coffee', 'voucher', 'mug', undefined),
    points: fc.constantFrom(200, 300, 500, 900),
  });

  it('promises 1, 2, 3, 9: the journal adds up, and a limit counts what was not given back', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let account: Account = newAccount('m', 'base');
        const entries: Entry[] = [];
        const post = (draft: Draft | { refused: string }) => {
          if ('refused' in draft || entries.some(({ key }) => key === draft.key)) return;
          const next = append(account, draft, { recordedAt: new Date(NOON).toISOString(), program: 'test' });
          account = next.account;
          entries.push(next.entry);
        };
        for (const one of steps) {
          const redemptionId = `r${one.id}`;
          const started = entries.find(
            ({ detail }) => detail.kind === 'authorized' && detail.redemptionId === redemptionId,
          );
          const { rewardId } = one;
          const asked = ask({ redemptionId, rewardId, points: rewardId ? undefined : one.points });
          // Points out of nowhere, as an import brings them.
          if (entries.length === 0)
            post({
              ...decideRedemption(account, ask({ redemptionId: 'none', rewardId: 'none' }), at()),
              change: { buckets: { '2027-03-31': points(2_500) } },
            });
          if (one.do === 'hold') post(decideRedemption(account, { ...asked, capture: false }, at()));
          else if (one.do === 'spend') post(decideRedemption(account, asked, at()));
          else if (one.do === 'capture') post(decideCapture(account, redemptionId, undefined, at(), started));
          else post(decideRelease(account, redemptionId, 'voided', at(), started));
        }
        expect(checkMember('m', entries, account.seq === 0 ? undefined : account)).toBeUndefined();
        const mugs = (kind: string) =>
          entries.filter(({ detail }) => detail.kind === kind && 'rewardId' in detail && detail.rewardId === 'mug');
        const taken = new Set(
          [...mugs('authorized'), ...mugs('redeemed')].map(
            ({ detail }) => 'redemptionId' in detail && detail.redemptionId,
          ),
        );
        expect(account.counters['reward:mug@2026-03'] ?? 0).toBe(taken.size - mugs('released').length);
      }),
      { numRuns: 300 },
    );
  });
});
