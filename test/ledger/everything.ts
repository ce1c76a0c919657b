import { Campaign } from '../../lib/loyalty/campaign.ts';
import type { Detail } from '../../lib/loyalty/detail.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import { MemoryClient } from './memory-client.ts';
import { ledgerOn, programInput, refund, sale, TestClock, visit } from './world.ts';

/** A little of everything that can happen between members, so that whatever reads journals can be tried on all kinds of entries. */

export const EVERYTHING: Partial<ProgramInput> = {
  rules: [
    ...programInput.rules,
    {
      id: 'booking',
      on: 'activity',
      when: [{ is: 'activity', activities: ['booking'] }],
      earn: { kind: 'flat', points: 40 },
      pending: { kind: 'confirmation' },
    },
    {
      id: 'slow',
      on: 'sale',
      when: [{ is: 'location-in', locations: ['outlet'] }],
      earn: { kind: 'flat', points: 50 },
      pending: { kind: 'days', days: 14 },
    },
  ],
  redemption: { pointsPerMinor: 1, holdMinutes: 60 },
  refunds: { whenSpent: 'owe', offsetBp: 5_000 },
  expiryReminders: [7],
  gifts: {},
  referrals: { referrerPoints: 100, friendPoints: 60 },
  fraud: { largestSale: '900.00' },
};

const NEWS = Campaign.parse({
  id: 'news',
  name: 'News',
  startsAt: '2026-03-01T00:00:00Z',
  endsAt: '2026-04-01T00:00:00Z',
  effect: { kind: 'message', texts: { en: 'News!' } },
});

export const ADA = 'm_ada';
/** Brought by Ada, and given points by her. */
export const BEN = 'm_ben';
/** Ada's second card. */
export const CAT = 'm_cat';

/** Each kind of entry, and whether it may move points. A new one needs a line here, and somewhere below. */
export const MOVES: Readonly<Record<Detail['kind'], boolean>> = {
  enrolled: false,
  updated: false,
  erased: false,
  consent: false,
  sale: true,
  refund: true,
  activity: true,
  authorized: true,
  redeemed: true,
  refused: false,
  released: true,
  expired: true,
  activated: true,
  declined: true,
  'tier-reviewed': false,
  'tier-granted': false,
  'tier-grant-ended': false,
  adjusted: true,
  undone: true,
  'gift-sent': true,
  'gift-received': true,
  referred: false,
  'referral-rewarded': true,
  'referral-reversed': true,
  'merged-into': true,
  'merged-from': true,
  unmerged: true,
  'dispute-opened': false,
  'dispute-closed': false,
  imported: true,
  history: false,
  'code-used': false,
  'code-revoked': false,
  statement: false,
  reminded: true,
  'reminder-told': false,
  inactive: false,
  messaged: false,
};

export async function everything(): Promise<{ ledger: Ledger; clock: TestClock; entries: readonly Entry[] }> {
  const clock = new TestClock('2026-03-10T12:00:00Z');
  const ledger = ledgerOn(new MemoryClient().asClient(), clock, EVERYTHING);
  const on = (day: string) => {
    const at = `${day}T12:00:00Z`;
    clock.to(at);
    return { occurredAt: at };
  };
  const note = (memberId: string) =>
    ledger.note(memberId, { kind: 'enrolled' }, { source: 'till', object: 'self', at: clock.at.toISOString() });

  for (const memberId of [ADA, BEN, CAT]) await note(memberId);
  await ledger.opening(ADA, {
    importId: 'L-17',
    from: 'smile: io;',
    points: points(500),
    expiring: { '2026-12-31': points(200) },
    pending: points(30),
    pendingUntil: '2026-04-01',
  });
  await ledger.history(ADA, [
    { importId: 'L-18', from: 'smile', what: 'purchase', points: points(20), at: '2025-07-01T00:00:00Z' },
  ]);

  // Buys, spends, gives back.
  await ledger.sale(ADA, sale('o 1;x', 10_000, on('2026-03-11')));
  await ledger.authorize(ADA, { redemptionId: 'r:1 ;  x', points: 200, capture: false });
  await ledger.sale(ADA, sale('o2', 2_000, { redemptionId: 'r:1 ;  x', ...on('2026-03-11') }));
  await ledger.authorize(ADA, { redemptionId: 'r2', points: 100, capture: false });
  await ledger.void(ADA, { redemptionId: 'r2', reason: 'voided' });
  await ledger.authorize(ADA, { redemptionId: 'r3', rewardId: 'coffee', capture: true });
  await ledger.authorize(ADA, { redemptionId: 'r4', rewardId: 'no-such', capture: true });
  await ledger.refund(ADA, refund('o2', 'f1', { kind: 'everything' }, on('2026-03-12')));
  await ledger.refund(ADA, refund('o9', 'early', { kind: 'everything' }, on('2026-03-12')));

  // Points that wait for a day, for somebody's word, for somebody to look.
  await ledger.sale(ADA, sale('o3', 1_000, { locationId: 'outlet', ...on('2026-03-13') }));
  await ledger.activity(ADA, visit('v1', on('2026-03-14')));
  await ledger.activity(ADA, visit('b1', { activity: 'booking', ...on('2026-03-14') }));
  await ledger.activity(ADA, visit('b2', { activity: 'booking', ...on('2026-03-14') }));
  await ledger.confirmLot(ADA, { source: 'till', object: 'booking:b1', by: 'staff-1' });
  await ledger.declineLot(ADA, { source: 'till', object: 'booking:b2', by: 'staff-1' });
  await ledger.sale(ADA, sale('large', 100_000, on('2026-03-15')));
  await ledger.declineLot(ADA, { source: 'till', object: 'large', by: 'staff-1', of: 'review' });

  // Members for one another.
  await ledger.refer(BEN, { by: ADA, code: 'ADA-1' });
  await ledger.sale(BEN, sale('friend-1', 8_000, on('2026-03-16')));
  await ledger.settleReferral({ memberId: BEN, source: 'till', orderId: 'friend-1' });
  await ledger.give(ADA, { giftId: 'g1', to: BEN, points: 70 });
  await ledger.refund(BEN, refund('friend-1', 'f1', { kind: 'everything' }, on('2026-03-17')));
  await ledger.settleReferral({ memberId: BEN, source: 'till', orderId: 'friend-1' });

  // Staff.
  const given = await ledger.adjust(ADA, {
    adjustmentId: 'a1',
    points: 90,
    reason: 'goodwill',
    by: 'staff-1',
    belowZero: false,
  });
  await ledger.adjust(ADA, { adjustmentId: 'a2', points: -40, reason: 'correction', by: 'staff-1', belowZero: false });
  if (given.kind === 'posted') await ledger.undo(given.entry, { reason: 'correction', by: 'staff-2' });
  await ledger.grantTier(BEN, { grantId: 't1', tier: 'gold', through: '2026-06-30', by: 'staff-1' });
  await ledger.endGrant(BEN, { grantId: 't1', by: 'staff-1' });
  await ledger.openDispute(BEN, { disputeId: 'd1', by: 'member' }, []);
  await ledger.closeDispute(BEN, { disputeId: 'd1', outcome: 'rejected', by: 'staff-1' }, []);

  // Two accounts of one person, who were not.
  await ledger.sale(CAT, sale('c1', 3_000, on('2026-03-18')));
  await ledger.merge(ADA, CAT, 'staff-1');
  await ledger.sale(CAT, sale('c2', 1_000, on('2026-03-19')));
  await ledger.unmerge(ADA, CAT, 'staff-1');

  await ledger.message(ADA, NEWS, { person: { tags: [], consents: {} } });

  // A debt, what pays it, and what time does.
  await ledger.authorize(BEN, { redemptionId: 'all', points: 50, capture: true });
  await ledger.adjust(BEN, { adjustmentId: 'a3', points: -100, reason: 'correction', by: 'staff-1', belowZero: true });
  await ledger.sale(BEN, sale('pays', 1_500, on('2026-04-02')));
  for (const memberId of [ADA, BEN, CAT]) await ledger.review(memberId);
  // Nobody reminded her in time: the last day is put off by the week that it should have been.
  on('2027-01-01');
  await ledger.remind(ADA, []);
  on('2027-01-09');
  await ledger.expire(ADA, '2027-01-08');
  on('2027-04-24');
  for (const memberId of [ADA, BEN, CAT]) await ledger.remind(memberId, ['twilio-sms']);
  for (const memberId of [ADA, BEN, CAT]) {
    const reminders = Object.values((await ledger.account(memberId))?.reminders ?? {});
    for (const { entry } of reminders)
      await ledger.reminderTold({
        type: 'reminder',
        factId: `told-${entry}`,
        occurredAt: clock.at.toISOString(),
        source: 'twilio-sms',
        identities: [],
        memberId,
        entryId: entry,
        outcome: 'sent',
      });
  }
  on('2027-05-01');
  for (const memberId of [ADA, BEN, CAT]) await ledger.expire(memberId, '2027-04-30');
  on('2028-01-02');
  for (const memberId of [ADA, BEN, CAT]) await ledger.review(memberId);
  const entries = (await Promise.all([ADA, BEN, CAT].map((memberId) => ledger.entries(memberId)))).flat();
  return { ledger, clock, entries };
}
