import { type Entry, entryIdOf } from './entry.ts';
import type { EventType, LoyaltyEvent } from './events.ts';

type DataOf<T extends EventType> = Extract<LoyaltyEvent, { type: T }>['data'];

/** What the world hears of an entry. A pure function of it, so that telling twice says the same, under the same ids. */
export function announce(entry: Entry): LoyaltyEvent[] {
  const told: LoyaltyEvent[] = [];
  const { available, pending, held, tier } = entry.after;
  const say = <T extends EventType>(type: T, data: DataOf<T>, suffix = '') => {
    told.push({
      id: `${entryIdOf(entry)}.${type}${suffix}`,
      type,
      memberId: entry.memberId,
      entryId: entryIdOf(entry),
      occurredAt: entry.occurredAt,
      balance: { available, pending, held },
      tier,
      data,
    } as LoyaltyEvent);
  };
  const { detail } = entry;
  switch (detail.kind) {
    case 'enrolled':
      say('member.enrolled', { source: entry.source });
      break;
    case 'updated':
      say('member.updated', {});
      break;
    case 'sale':
    case 'activity': {
      const object = detail.kind === 'sale' ? detail.orderId : detail.activityId;
      if (detail.earned > 0) {
        say('points.earned', {
          points: detail.earned,
          source: entry.source,
          object,
          ...(detail.bucket !== 'never' && { nextExpiryOn: detail.bucket }),
        });
      }
      for (const rewardId of detail.unlocked) say('reward.unlocked', { rewardId }, `.${rewardId}`);
      break;
    }
    case 'redeemed':
      say('points.redeemed', {
        points: detail.points,
        redemptionId: detail.redemptionId,
        ...(detail.rewardId && { rewardId: detail.rewardId }),
        ...(detail.orderId && { orderId: detail.orderId }),
      });
      if (detail.rewardId)
        say('reward.redeemed', { redemptionId: detail.redemptionId, rewardId: detail.rewardId, points: detail.points });
      break;
    case 'refund':
      if (detail.reversed > 0 || detail.returned > 0) {
        say('points.reversed', {
          points: detail.reversed,
          returned: detail.returned,
          orderId: detail.orderId,
          reason: detail.reason,
        });
      }
      for (const flag of detail.flags) say('fraud.flagged', { because: flag, object: detail.orderId }, `.${flag}`);
      break;
    case 'expired':
      say('points.expired', { points: detail.points, through: detail.through });
      break;
    case 'authorized':
    case 'released':
    case 'refused':
    case 'erased':
    case 'consent':
      break;
  }
  if (entry.tierFrom !== undefined) say('tier.changed', { from: entry.tierFrom, to: tier });
  return told;
}
