import { type Entry, entryIdOf } from './entry.ts';
import type { EventType, LoyaltyEvent } from './events.ts';
import { bucketOf } from './lots.ts';

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
    case 'erased':
      say('member.erased', {});
      break;
    case 'sale':
    case 'activity': {
      const object = detail.kind === 'sale' ? detail.orderId : detail.activityId;
      const waiting = sum(entry.change.lots);
      const bucket = bucketOf(detail.to);
      if (detail.earned > 0) {
        say('points.earned', {
          points: detail.earned,
          ...(waiting > 0 && { pending: Math.min(waiting, detail.earned) }),
          source: entry.source,
          object,
          ...(detail.kind === 'activity' && { activity: detail.activity }),
          ...(bucket !== 'never' && { nextExpiryOn: bucket }),
        });
      }
      for (const rewardId of detail.unlocked) say('reward.unlocked', { rewardId }, `.${rewardId}`);
      for (const flag of detail.flags ?? []) say('fraud.flagged', { because: flag, object }, `.${flag}`);
      for (const { id, of, count } of detail.milestones ?? [])
        say('milestone.reached', { milestoneId: id, of, count }, `.${id}`);
      if (detail.kind === 'activity' && detail.activity === 'birthday') say('birthday', { points: detail.earned });
      if (detail.kind === 'activity' && detail.activity === 'anniversary' && detail.years !== undefined)
        say('anniversary', { years: detail.years, points: detail.earned });
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
        say('reward.redeemed', {
          redemptionId: detail.redemptionId,
          rewardId: detail.rewardId,
          points: detail.points,
          ...(detail.code && { codeId: detail.code }),
        });
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
    case 'reminded':
      say('points.expiring', {
        points: detail.points,
        on: detail.on,
        through: detail.through,
        daysBefore: detail.daysBefore,
        last: detail.last,
      });
      break;
    case 'statement': {
      const { kind: _, ...month } = detail;
      say('statement.ready', month);
      break;
    }
    case 'messaged': {
      const [{ id, held }] = detail.campaigns;
      if (!held) say('campaign.message', { campaignId: id });
      break;
    }
    case 'inactive':
      say('member.inactive', { days: detail.days, rung: detail.rung });
      break;
    case 'expired':
      say('points.expired', { points: detail.points, through: detail.through });
      break;
    case 'activated':
      // Said yes to while staff look: the points come with their yes.
      if (detail.points > 0) say('points.activated', { points: detail.points, because: detail.because });
      for (const rewardId of detail.unlocked ?? []) say('reward.unlocked', { rewardId }, `.${rewardId}`);
      break;
    case 'declined':
      say('points.declined', { points: detail.points, because: detail.because });
      break;
    case 'adjusted':
    case 'undone':
      if (detail.points !== 0) say('points.adjusted', { points: detail.points, reason: detail.reason });
      break;
    case 'gift-sent':
    case 'gift-received':
      say('points.gifted', {
        points: detail.points,
        direction: detail.kind === 'gift-sent' ? 'sent' : 'received',
        giftId: detail.giftId,
      });
      break;
    case 'referral-rewarded':
      say('referral.completed', { points: detail.points });
      break;
    case 'referral-reversed':
      // One that was never paid is no news.
      if (detail.points > 0) say('referral.reversed', { points: detail.points });
      break;
    case 'merged-into':
      say('member.merged', { into: detail.with, points: detail.points });
      break;
    case 'dispute-opened':
      say('dispute.opened', {
        disputeId: detail.disputeId,
        ...(detail.entry !== undefined && { about: `${entry.memberId}.${detail.entry}` }),
      });
      break;
    case 'dispute-closed':
      say('dispute.closed', { disputeId: detail.disputeId, outcome: detail.outcome });
      break;
    case 'authorized':
    case 'released':
    case 'code-used':
    case 'code-revoked':
    case 'refused':
    case 'consent':
    case 'reminder-told':
    case 'tier-reviewed':
    case 'tier-granted':
    case 'tier-grant-ended':
    case 'referred':
    case 'merged-from':
    case 'unmerged':
    case 'imported':
    case 'history':
      break;
  }
  // A tier that a member brings along is news to nobody.
  if (entry.tierFrom !== undefined && detail.kind !== 'imported')
    say('tier.changed', { from: entry.tierFrom, to: tier });
  return told;
}

const sum = (amounts: Readonly<Record<string, number>> = {}): number =>
  Object.values(amounts).reduce((total, amount) => total + amount, 0);
