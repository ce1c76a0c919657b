import { events, type LoyaltyEvent } from '../../loyalty/events.ts';
import type { DeployedMerchant } from '../config.ts';
import { optionalIn } from './values.ts';

type Kind = LoyaltyEvent['type'];
type DataOf<K extends Kind> = Extract<LoyaltyEvent, { type: K }>['data'];

/** Something of each kind as it may happen here, with all that can be said of it. */
function dataOf({ program }: DeployedMerchant): { readonly [K in Kind]: DataOf<K> } {
  const rewardId = program.rewards[0]?.id ?? '';
  const [lowest, higher = lowest] = program.tiers;
  return {
    'member.enrolled': { source: 'api' },
    'member.updated': {},
    'member.erased': {},
    'member.merged': { into: 'm_2', points: 120 },
    'points.earned': {
      points: 42,
      pending: 10,
      source: 'api',
      object: 'A-1',
      activity: 'visit',
      nextExpiryOn: '2027-03-31',
    },
    'points.activated': { points: 10, because: 'days' },
    'points.declined': { points: 10, because: 'days' },
    'points.adjusted': { points: 25, reason: 'goodwill' },
    'points.gifted': { points: 20, direction: 'sent', giftId: 'g-1' },
    'points.redeemed': { points: 30, redemptionId: 'r-1', rewardId, orderId: 'A-1' },
    'points.reversed': { points: 12, returned: 30, orderId: 'A-1', reason: 'return' },
    'member.inactive': { days: 30, rung: 1 },
    'points.expiring': { points: 42, on: '2027-03-01', through: '2027-03-31', daysBefore: 30, last: true },
    'points.expired': { points: 42, through: '2027-03-31' },
    'milestone.reached': { milestoneId: 'visits', of: 'visits', count: 10 },
    birthday: { points: 30 },
    anniversary: { years: 2, points: 20 },
    'statement.ready': {
      period: '2026-03',
      earned: 120,
      redeemed: 30,
      expired: 0,
      closingBalance: 1_290,
      nextExpiryOn: '2027-03-31',
      nextExpiryPoints: 42,
    },
    'campaign.message': { campaignId: 'rehearsal' },
    'reward.unlocked': { rewardId },
    'reward.redeemed': { redemptionId: 'r-1', rewardId, points: 30, codeId: 'c-1' },
    'tier.changed': { from: lowest?.id ?? '', to: higher?.id ?? '' },
    'referral.completed': { points: 50 },
    'referral.reversed': { points: 50 },
    'dispute.opened': { disputeId: 'd-1', about: 'm_1.3' },
    'dispute.closed': { disputeId: 'd-1', outcome: 'upheld' },
    'fraud.flagged': { because: 'sale-too-large', object: 'A-1' },
  };
}

/** What else a field may hold, where a text may well ask which. */
const OTHERS: Readonly<Record<string, readonly unknown[]>> = {
  points: [1, 0, -25],
  returned: [0],
  years: [1],
  days: [1],
  rung: [2, 3],
  direction: ['received'],
  of: ['purchases', 'points'],
  outcome: ['rejected', 'withdrawn'],
  activity: ['birthday'],
  through: ['2027-03-01'],
};

const around = (data: object, kind: Kind, { program }: DeployedMerchant, available = 1_290): LoyaltyEvent =>
  ({
    id: `m_1.7.${kind}`,
    type: kind,
    memberId: 'm_1',
    entryId: 'm_1.7',
    occurredAt: '2026-03-31T10:00:00Z',
    balance: { available, pending: 10, held: 0 },
    tier: program.tiers[Math.min(1, program.tiers.length - 1)]?.id ?? '',
    data,
  }) as LoyaltyEvent;

/** What a preview is made of. */
export const exampleOf = (kind: Kind, merchant: DeployedMerchant): LoyaltyEvent =>
  around(dataOf(merchant)[kind], kind, merchant);

/** Every way in which it may happen, as far as a text can tell: with and without what may be missing, and in all its forms. */
export function examplesOf(kind: Kind, merchant: DeployedMerchant): readonly LoyaltyEvent[] {
  const whole: Readonly<Record<string, unknown>> = dataOf(merchant)[kind];
  const optional = optionalIn(kind);
  const bare = Object.fromEntries(Object.entries(whole).filter(([name]) => !optional.includes(name)));
  const without = optional.map((name) => Object.fromEntries(Object.entries(whole).filter(([one]) => one !== name)));
  const shape: Record<string, { safeParse(value: unknown): { success: boolean } }> = events[kind].shape.data.shape;
  const changed = Object.keys(whole).flatMap((name) =>
    (OTHERS[name] ?? [])
      .filter((value) => shape[name]?.safeParse(value).success)
      .map((value) => ({ ...whole, [name]: value })),
  );
  return [
    ...[whole, bare, ...pairsKept(kind, without), ...changed].map((data) => around(data, kind, merchant)),
    // Whoever has spent it all.
    around(whole, kind, merchant, 0),
  ];
}

/** These come and go together. */
const pairsKept = (kind: Kind, data: readonly object[]): readonly object[] => (kind === 'statement.ready' ? [] : data);
