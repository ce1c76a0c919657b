import type { Day } from '../../../lib/loyalty/account.ts';
import { addDays } from '../../../lib/loyalty/calendar.ts';
import { Campaign, type CampaignInput } from '../../../lib/loyalty/campaign.ts';
import type { Chance } from '../random.ts';
import { timeAt } from './club.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** A campaign, and what staff do with it when. */
export interface Offer {
  readonly campaign: Campaign;
  readonly createdAt: number;
  /** Absent: it stays a draft. */
  readonly scheduledAt?: number;
  readonly stopped?: { readonly at: number; readonly how: 'end' | 'cancel' };
  /** A time inside of it at which very many come at once. */
  readonly rushAt: number;
}

/** One about every five weeks. */
export function drawOffers(chance: Chance, timeZone: string, from: Day, days: number): Offer[] {
  const offers: Offer[] = [];
  for (let day = 10 + chance.below(20); day < days - 10; day += 20 + chance.below(30)) {
    const startsAt = timeAt(timeZone, addDays(from, day), '00:00') + chance.below(48 * 60) * MINUTE_MS;
    const endsAt = startsAt + (1 + chance.below(21)) * DAY_MS - chance.below(20 * 60) * MINUTE_MS;
    const dice = chance();
    const inside = startsAt + Math.floor(chance() * (endsAt - startsAt));
    const before = startsAt - 1 - chance.below(DAY_MS);
    const createdAt = startsAt - DAY_MS - chance.below(5 * DAY_MS);
    offers.push({
      campaign: Campaign.parse(drawCampaign(chance, `offer-${offers.length + 1}`, startsAt, endsAt)),
      createdAt,
      ...(dice > 0.05 && { scheduledAt: createdAt + chance.below(DAY_MS / 2) }),
      ...(dice > 0.7 && {
        stopped: { at: dice > 0.9 ? before : inside, how: dice > 0.8 ? ('cancel' as const) : ('end' as const) },
      }),
      rushAt: startsAt + Math.floor(0.3 * (endsAt - startsAt)),
    });
  }
  return offers;
}

function drawCampaign(chance: Chance, id: string, startsAt: number, endsAt: number): CampaignInput {
  const common = {
    id,
    name: `An offer called ${id}`,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    holdOutBp: chance.oneOf([0, 1_000, 5_000]),
    ...(chance() < 0.3 && { segment: { is: 'tier-in' as const, tiers: ['silver', 'gold'] } }),
  };
  const limits = {
    ...(chance() < 0.5 && { budgetPoints: 50 + chance.below(400) }),
    ...(chance() < 0.4 && { perMember: { max: 1 + chance.below(3), per: chance.oneOf(['day', 'ever'] as const) } }),
  };
  switch (chance.below(4)) {
    case 0:
      return { ...common, effect: { kind: 'reward', reward: { id: `gift-${id}`, name: 'A present', cost: 20 } } };
    case 1:
      return { ...common, ...limits, effect: { kind: 'multiplier', bp: chance.oneOf([15_000, 20_000]) } };
    default:
      return {
        ...common,
        ...limits,
        effect: { kind: 'bonus', on: chance.oneOf(['sale', 'activity']), points: 5 + chance.below(20) },
        ...(chance() < 0.3 && { when: [{ is: 'weekday' as const, days: ['sat' as const, 'sun' as const] }] }),
      };
  }
}
