import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import { decideExpiry } from '../../lib/loyalty/lapse.ts';
import { points } from '../../lib/loyalty/points.ts';
import { decideCapture, decideRedemption, decideRelease } from '../../lib/loyalty/redeem.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { program } from '../ledger/world.ts';

const stamp = { recordedAt: '2026-03-10T12:00:00.000Z', program: 'test' };
const at = (when = '2026-03-10T12:00:00Z', changes: Parameters<typeof program>[0] = {}): Situation => ({
  program: program(changes),
  now: new Date(when),
});
const withBuckets = (buckets: Record<string, number>): Account => ({
  ...newAccount('m', 'base'),
  available: points(Object.values(buckets).reduce((a, b) => a + b, 0)),
  buckets: Object.fromEntries(Object.entries(buckets).map(([date, amount]) => [date, points(amount)])),
});
const spend = (account: Account, amount: number, situation = at(), capture = true) =>
  append(account, decideRedemption(account, { redemptionId: 'r', points: amount, capture }, situation), stamp);

describe('a redemption', () => {
  it('spends what expires first, and what never expires last', () => {
    const account = withBuckets({ never: 50, '2027-01-31': 20, '2026-12-31': 30 });
    expect(spend(account, 60).account.buckets).toEqual({ never: 40 });
  });

  it('cannot use points whose date has passed in the merchant’s zone, though no sweep was there', () => {
    const account = withBuckets({ '2026-03-31': 100 });
    // 31 March 23:59 and 1 April 00:01 in Berlin, which is on summer time since the 29th.
    const before = spend(account, 100, at('2026-03-31T21:59:00Z')).entry.detail.kind;
    const after = spend(account, 100, at('2026-03-31T22:01:00Z')).entry.detail.kind;
    expect([before, after]).toEqual(['redeemed', 'refused']);
  });

  it('earn 10, redeem 6, redeem 6: the second is refused', () => {
    const once = spend(withBuckets({ never: 10 }), 6).account;
    expect(spend(once, 6).entry.detail).toMatchObject({ kind: 'refused', because: 'not-enough-points' });
  });

  it.each([
    ['a reward that is not there', { rewardId: 'yacht' }, 'unknown-reward'],
    ['a reward of a higher tier', { rewardId: 'dinner' }, 'tier-too-low'],
    ['more points than there are', { points: 1_001 }, 'not-enough-points'],
  ])('is refused for %s', (_, asked, because) => {
    const account = withBuckets({ never: 1_000 });
    expect(decideRedemption(account, { redemptionId: 'r', capture: true, ...asked }, at()).detail).toMatchObject({
      kind: 'refused',
      because,
    });
  });

  it('what is owed cannot be spent', () => {
    expect(spend(withBuckets({ owed: -10 }), 1).entry.detail.kind).toBe('refused');
  });

  it('what is owed has to be earned first, unless later earnings pay it in part: then the rest can be spent', () => {
    const owing = withBuckets({ owed: -10, never: 50 });
    const when = (whenSpent: 'allow' | 'owe') => at(undefined, { refunds: { whenSpent, offsetBp: 5_000 } });
    const kinds = [
      [50, 'allow'],
      [50, 'owe'],
      [51, 'owe'],
    ] as const;
    expect(kinds.map(([amount, policy]) => spend(owing, amount, when(policy)).entry.detail.kind)).toEqual([
      'refused',
      'redeemed',
      'refused',
    ]);
    // A hold that is given back is no earning, of which the debt would get its part.
    const held = spend(owing, 50, when('owe'), false).account;
    const draft = decideRelease(held, 'r', 'voided', when('owe'));
    if ('refused' in draft) throw new Error(draft.refused);
    expect(append(held, draft, stamp).account.buckets).toEqual(owing.buckets);
  });
});

describe('a hold', () => {
  const held = spend(withBuckets({ '2026-12-31': 30, never: 50 }), 60, at(), false).account;

  it('leaves its buckets, and goes back to the same ones when it is voided', () => {
    const draft = decideRelease(held, 'r', 'voided', at());
    if ('refused' in draft) throw new Error(draft.refused);
    const back = append(held, draft, stamp).account;
    expect([held.buckets, held.held, back.buckets, back.held]).toEqual([
      { never: 20 },
      60,
      { '2026-12-31': 30, never: 50 },
      0,
    ]);
  });

  it('captured in part spends what expires first and releases the rest', () => {
    const draft = decideCapture(held, 'r', 40, at());
    if ('refused' in draft) throw new Error(draft.refused);
    expect(append(held, draft, stamp).account).toMatchObject({ buckets: { never: 40 }, held: 0, available: 40 });
  });

  it.each([
    ['capturing more than is held', () => decideCapture(held, 'r', 61, at()), 'more-than-held'],
    ['capturing after its time', () => decideCapture(held, 'r', 60, at('2026-03-10T13:00:00Z')), 'lapsed'],
    ['lapsing before its time', () => decideRelease(held, 'r', 'lapsed', at('2026-03-10T12:59:59Z')), 'not-yet'],
    ['ending one that is not there', () => decideCapture(held, 'other', 1, at()), 'no-such-redemption'],
  ])('refuses %s', (_, decide, because) => {
    expect(decide()).toEqual({ refused: because });
  });
});

describe('expiry', () => {
  it('takes out what could be spent through that day, and nothing later', () => {
    const account = withBuckets({ '2026-02-28': 10, '2026-03-31': 20, '2026-04-30': 40, never: 80 });
    expect(decideExpiry(account, '2026-03-31', at('2026-04-01T03:30:00Z'))?.change).toEqual({
      buckets: { '2026-02-28': -10, '2026-03-31': -20 },
    });
  });

  it('does nothing where there is nothing', () => {
    expect(decideExpiry(withBuckets({ never: 80 }), '2026-03-31', at())).toBeUndefined();
  });
});
