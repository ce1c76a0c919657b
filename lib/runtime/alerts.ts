import type { Alert, LoyaltyEvent, ProgramEvent } from '../loyalty/events.ts';
import type { DeployedMerchant } from './config.ts';

/** What staff should hear of, and when it is not worth a word: `undefined`. Ids and numbers, nobody's name. */
export function alertFor(event: LoyaltyEvent, { program, alerts }: DeployedMerchant): Alert | undefined {
  const field = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [{ name, value: String(value) }];
  const about = [...field('Member', event.memberId), ...field('Entry', event.entryId)];
  switch (event.type) {
    case 'points.redeemed': {
      const { points, rewardId, orderId, redemptionId } = event.data;
      const from = alerts?.redemptionFromPoints;
      if (from === undefined || points < from) return undefined;
      const reward = program.rewards.find(({ id }) => id === rewardId)?.name ?? rewardId;
      return {
        id: event.id,
        title: `${points} points redeemed`,
        text: `A redemption of ${from} points or more, in ${program.name}.`,
        fields: [
          ...field('Points', points),
          ...field('Reward', reward),
          ...field('Order', orderId),
          ...field('Redemption', redemptionId),
          ...field('Balance', event.balance.available),
          ...about,
        ],
      };
    }
    case 'tier.changed': {
      const levelOf = (tier: string) => program.tiers.findIndex(({ id }) => id === tier);
      const nameOf = (tier: string) => program.tiers[levelOf(tier)]?.name ?? tier;
      const { from, to } = event.data;
      if (!alerts?.tiers?.includes(to) || levelOf(to) < levelOf(from)) return undefined;
      return {
        id: event.id,
        title: `${nameOf(to)} reached`,
        text: `A member of ${program.name} rose from ${nameOf(from)} to ${nameOf(to)}.`,
        fields: [...field('Balance', event.balance.available), ...about],
      };
    }
    case 'fraud.flagged':
      return {
        id: event.id,
        title: 'Something to look at',
        text: `An entry of ${program.name} was flagged: ${event.data.because}.`,
        fields: [...field('Because', event.data.because), ...field('About', event.data.object), ...about],
      };
    case 'dispute.opened':
      return {
        id: event.id,
        title: 'A dispute',
        text: `A member of ${program.name} says that something is wrong. The words are in the list of disputes.`,
        fields: [
          ...field('Dispute', event.data.disputeId),
          ...field('About', event.data.about),
          ...field('Balance', event.balance.available),
          ...about,
        ],
      };
    default:
      return undefined;
  }
}

/** The briefing at the start of a campaign, and a word at its end. */
export function briefingFor({ id, type, data, campaignId }: ProgramEvent, { program }: DeployedMerchant): Alert {
  const begins = type === 'campaign.started';
  const at = (moment: string) =>
    new Date(moment).toLocaleString('en-GB', { timeZone: program.timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return {
    id,
    title: begins ? `${data.name} begins` : `${data.name} is over`,
    text: (begins && data.briefing) || `A campaign of ${program.name}.`,
    fields: [
      { name: 'Campaign', value: campaignId },
      { name: 'Kind', value: data.kind },
      { name: 'From', value: at(data.startsAt) },
      { name: 'Until', value: at(data.endsAt) },
    ],
  };
}
