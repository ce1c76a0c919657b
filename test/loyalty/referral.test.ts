import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { decideSale } from '../../lib/loyalty/accrue.ts';
import { append, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import { explain } from '../../lib/loyalty/explain.ts';
import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import {
  decideReferral,
  decideReferralReversal,
  decideReferralReward,
  referralFactOf,
  referralStanding,
} from '../../lib/loyalty/referral.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import { program, programInput, refund, sale } from '../ledger/world.ts';

const stamp = { recordedAt: '2026-03-10T12:00:00.000Z', program: 'test' };
const referrals = { referrerPoints: 50, friendPoints: 20 };
const withReferrals = (changes: Partial<ProgramInput> = {}): Partial<ProgramInput> => ({ referrals, ...changes });
const at = (changes = withReferrals(), when = '2026-03-10T12:00:00Z') => ({
  program: program(changes),
  now: new Date(when),
});
const post = (account: Account, draft: Parameters<typeof append>[1]) => append(account, draft, stamp);
const brought = (on = '2026-03-01', purchases = 0): Account => ({
  ...newAccount('friend', 'base'),
  purchases,
  referredBy: { memberId: 'ada', on },
});
const ada = newAccount('ada', 'base');

describe('a friend says whose code it was', () => {
  const asked = { by: 'ada', code: 'BCDF-GHJK', chain: [], hasBought: false };

  it('and nobody gets anything for it yet', () => {
    const draft = decideReferral(newAccount('friend', 'base'), asked, at());
    if ('refused' in draft) throw new Error(draft.refused);
    const { account, entry } = post(newAccount('friend', 'base'), draft);
    expect(account).toMatchObject({ available: 0, referredBy: { memberId: 'ada', on: '2026-03-10' } });
    expect(explain(entry)).toEqual([{ text: 'came with the code of a member' }]);
  });

  it.each([
    ['the program has no referrals', {}, {}, {}, 'no-referrals'],
    ['it is the friend’s own', { by: 'friend' }, {}, withReferrals(), 'self-referral'],
    ['the friend brought the one who brought it', { chain: ['ben', 'friend'] }, {}, withReferrals(), 'referral-ring'],
    ['the friend has bought before', {}, { purchases: 1 }, withReferrals(), 'not-new'],
    ['the friend has bought, and returned it', { hasBought: true }, {}, withReferrals(), 'not-new'],
  ])('but not when %s', (_, more, standing, changes, refused) => {
    const account = { ...newAccount('friend', 'base'), ...standing };
    expect(decideReferral(account, { ...asked, ...more }, at(changes))).toEqual({ refused });
  });
});

describe('the friend’s part', () => {
  const earned = (account: Account, fact: SaleFact, changes = withReferrals({ rules: flat })) => {
    const { detail } = decideSale(account, fact, at(changes));
    return detail.kind === 'sale' ? [detail.earned, detail.referredBy] : [];
  };
  const flat = [{ ...programInput.rules[0], when: [], earn: { kind: 'flat', points: 1 } }] as ProgramInput['rules'];
  const over = (minimumSpend: string, withinDays = 90) =>
    withReferrals({ rules: flat, referrals: { ...referrals, minimumSpend, withinDays } });
  it.each([
    ['comes with the first order', '2026-03-01', sale('o', 1_000), over('0'), [21, 'ada']],
    ['comes with an order of exactly the minimum', '2026-03-01', sale('o', 1_000), over('10.00'), [21, 'ada']],
    ['waits for another order below it', '2026-03-01', sale('o', 999), over('10.00'), [1, undefined]],
    ['comes on the last day', '2026-03-01', sale('o', 1_000), over('0', 9), [21, 'ada']],
    ['does not come a day later', '2026-03-01', sale('o', 1_000), over('0', 8), [1, undefined]],
    ['does not come with an order from before', '2026-03-11', sale('o', 1_000), over('0'), [1, undefined]],
  ])('%s', (_, on, fact, changes, expected) => {
    expect(earned(brought(on), fact, changes)).toEqual(expected);
  });
});

/** The friend's order, and what was booked for it afterwards. */
function order(refunds: readonly RefundFact['extent'][], changes = withReferrals(), more: Partial<SaleFact> = {}) {
  const situation = at(changes);
  const sold = post(brought(), decideSale(brought(), sale('o', 1_000, more), situation));
  let { account } = sold;
  const before: Entry[] = [];
  for (const [index, extent] of refunds.entries()) {
    const next = post(
      account,
      decideRefund(account, refund('o', `f${index}`, extent), situation, sold.entry, [...before]),
    );
    before.push(next.entry);
    account = next.account;
  }
  return { entries: [sold.entry, ...before], friend: account, sale: sold.entry };
}
const ended = (kind: 'activated' | 'declined', lot: string): Entry =>
  ({ detail: { kind, lot, points: points(1), because: 'test' } }) as unknown as Entry;

describe('a friend’s order', () => {
  const half: RefundFact['extent'] = { kind: 'amount', netMinor: 500, grossMinor: 500 };
  const confirmation = withReferrals({ pending: { kind: 'confirmation' } });
  const large = withReferrals({ fraud: { largestSale: '5.00' } });
  const both = withReferrals({ pending: { kind: 'confirmation' }, fraud: { largestSale: '5.00' } });
  it.each([
    ['stands', [], withReferrals(), [], 'stands'],
    ['stands when half of it went back', [half], withReferrals(), [], 'stands'],
    ['is gone when all of it went back', [half, half], withReferrals(), [], 'gone'],
    ['is gone when it was cancelled', [{ kind: 'everything' }], withReferrals(), [], 'gone'],
    [
      'stands while its points wait for a day',
      [],
      withReferrals({ pending: { kind: 'days', days: 14 } }),
      [],
      'stands',
    ],
    ['waits for its confirmation', [], confirmation, [], 'waits'],
    ['stands once it is confirmed', [], confirmation, [ended('activated', '@till#o')], 'stands'],
    ['is gone when it is declined', [], confirmation, [ended('declined', '@till#o')], 'gone'],
    ['waits for staff to look', [], large, [], 'waits'],
    ['stands once they have', [], large, [ended('activated', '@review:till#o')], 'stands'],
    ['waits for the other yes', [], both, [ended('activated', '@review:till#o')], 'waits'],
    ['waits for staff, though it is confirmed', [], both, [ended('activated', '@till#o')], 'waits'],
    ['is gone when it is declined under review', [], both, [ended('declined', '@till#o')], 'gone'],
    [
      'is gone when confirmed and then cancelled',
      [{ kind: 'everything' }],
      confirmation,
      [ended('activated', '@till#o')],
      'gone',
    ],
  ] as const)('%s', (_, refunds, changes, ends, kind) => {
    const { entries } = order(refunds, changes as Partial<ProgramInput>);
    expect(referralStanding([...entries, ...ends]).kind).toBe(kind);
  });

  it('of somebody whom nobody brought is none', () => {
    const nobody = newAccount('friend', 'base');
    const { entry } = post(nobody, decideSale(nobody, sale('o', 1_000), at()));
    expect(referralStanding([entry])).toEqual({ kind: 'none' });
    expect(referralStanding([])).toEqual({ kind: 'none' });
    expect(referralFactOf(entry, program(withReferrals()))).toBeUndefined();
  });

  it('is told of when it is booked and when nothing is left of it, by the friend and the order', () => {
    const { entries } = order([half, half]);
    const facts = entries.map((entry) => referralFactOf(entry, program(withReferrals())));
    expect(facts).toMatchObject([
      { type: 'referral', factId: 'referral:friend.1', source: 'till', memberId: 'friend', orderId: 'o' },
      undefined as never,
      { type: 'referral', factId: 'referral:friend.3', source: 'till', memberId: 'friend', orderId: 'o' },
    ]);
  });
});

describe('the referrer', () => {
  const { sale: friends } = order([]);

  it('is paid, with points that live as long as if they were earned that day', () => {
    const { account, entry } = post(ada, decideReferralReward(ada, friends, at()));
    expect(account).toMatchObject({ buckets: { '2027-03-31': 50 }, lifetime: 50, window: { 2026: 50 } });
    expect(explain(entry)).toEqual([{ text: 'a friend has bought for the first time: 50 points', points: 50 }]);
  });

  it('waits as long as the friend’s return window is open', () => {
    const pending = withReferrals({ pending: { kind: 'days', days: 14 } });
    const { account } = post(ada, decideReferralReward(ada, friends, at(pending)));
    expect(account).toMatchObject({ available: 0, pending: 50, lots: { '2026-03-24/2027-03-31': 50 } });
  });

  it('does not wait once it is over', () => {
    const pending = withReferrals({ pending: { kind: 'days', days: 14 } });
    const { account } = post(ada, decideReferralReward(ada, friends, at(pending, '2026-03-24T12:00:00Z')));
    expect(account).toMatchObject({ available: 50, pending: 0, buckets: { '2027-03-31': 50 } });
  });

  it('pays a debt with it', () => {
    const owing = { ...ada, available: points(-20), buckets: { owed: points(-20) } };
    expect(post(owing, decideReferralReward(owing, friends, at())).account.buckets).toEqual({ '2027-03-31': 30 });
  });

  it('reaches a tier by it, and falls back when the order returns', () => {
    const near = { ...ada, window: { 2026: 950 } };
    const up = post(near, decideReferralReward(near, friends, at()));
    const down = post(up.account, decideReferralReversal(up.account, friends, up.entry, at()));
    expect([up.account.tier, down.account.tier, down.account.window]).toEqual(['gold', 'base', { 2026: 950 }]);
  });

  it.each([
    ['the first', 0, 50],
    ['the last that the limit allows', 2, 50],
    ['one more', 3, 0],
  ])('gets for %s friend of the month what the limit leaves', (_, before, expected) => {
    const limited = withReferrals({ referrals: { ...referrals, limit: { max: 3, per: 'month' } } });
    const known = { ...ada, counters: { 'sharing:referrals@2026-03': before } };
    const { account, entry } = post(known, decideReferralReward(known, friends, at(limited)));
    expect([account.available, account.counters['sharing:referrals@2026-03']]).toEqual([
      expected,
      Math.min(before + 1, 3),
    ]);
    expect(entry.trace[0]?.step).toBe(expected === 0 ? 'referral-limit' : 'referral-rewarded');
  });

  it('is not paid later for a friend of a month whose limit was reached', () => {
    const limited = withReferrals({ referrals: { ...referrals, limit: { max: 3, per: 'month' } } });
    const known = { ...ada, counters: { 'sharing:referrals@2026-03': 3 } };
    const draft = decideReferralReward(known, friends, at(limited, '2026-04-10T12:00:00Z'));
    expect(post(known, draft).account.available).toBe(0);
  });

  describe('loses it again when the friend’s order is gone', () => {
    const limited = withReferrals({ referrals: { ...referrals, limit: { max: 3, per: 'month' } } });
    const paid = post(ada, decideReferralReward(ada, friends, at(limited)));

    it('and has room in the limit as before', () => {
      const { account, entry } = post(
        paid.account,
        decideReferralReversal(paid.account, friends, paid.entry, at(limited)),
      );
      expect({ ...account, seq: 0, headHash: '', lastActivityOn: undefined }).toEqual({
        ...ada,
        lastActivityOn: undefined,
      });
      expect(entry.detail).toEqual({ kind: 'referral-reversed', friend: 'friend', points: 50, to: '2027-03-31' });
    });

    it('out of the lot in which it waits', () => {
      const pending = withReferrals({ pending: { kind: 'days', days: 14 } });
      const waiting = post(ada, decideReferralReward(ada, friends, at(pending)));
      const { account } = post(
        waiting.account,
        decideReferralReversal(waiting.account, friends, waiting.entry, at(pending)),
      );
      expect(account).toMatchObject({ available: 0, pending: 0, lots: {}, lifetime: 0 });
    });

    it.each([
      ['allow', { owed: -50 }, undefined],
      ['stop-at-zero', {}, 50],
    ] as const)('though it is spent: %s', (whenSpent, buckets, letGo) => {
      const spent = { ...paid.account, available: points(0), buckets: {} };
      const policy = withReferrals({ refunds: { whenSpent } });
      const { account, entry } = post(spent, decideReferralReversal(spent, friends, paid.entry, at(policy)));
      expect(account.buckets).toEqual(buckets);
      expect(entry.detail).toMatchObject({ points: 50, ...(letGo && { letGo }) });
    });

    it('and what has lapsed is not taken a second time', () => {
      const lapsed = { ...paid.account, available: points(10), buckets: { '2028-12-31': points(10) } };
      const late = at(withReferrals(), '2027-04-02T12:00:00Z');
      const { account, entry } = post(lapsed, decideReferralReversal(lapsed, friends, paid.entry, late));
      expect(account.buckets).toEqual({ '2028-12-31': 10 });
      expect(entry.trace).toEqual([
        { step: 'referral-reversed', points: -50 },
        { step: 'lapsed-before', points: 50 },
      ]);
    });
  });

  it('to whom nothing was paid yet gets an entry that says that nothing will be', () => {
    const { account, entry } = post(ada, decideReferralReversal(ada, friends, undefined, at()));
    expect(account).toMatchObject({ available: 0, lifetime: 0 });
    expect(entry).toMatchObject({ detail: { kind: 'referral-reversed', friend: 'friend', points: 0 }, change: {} });
  });
});
