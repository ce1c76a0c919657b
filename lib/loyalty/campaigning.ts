import { createHash } from 'node:crypto';
import type { Account, Instant } from './account.ts';
import { spendable } from './buckets.ts';
import type { Campaign } from './campaign.ts';
import type { CampaignNoted } from './detail.ts';
import { countedUnder, counterOf } from './period.ts';
import type { Reward } from './program/rewards.ts';
import type { Program } from './program.ts';
import { isIn, type Person, type Subject } from './segmenting.ts';
import { type Situation, today } from './situation.ts';

/**
 * What a campaign gives is a part of the award by itself, under a name of its own: so it is limited, counted, reported and
 * given back on a refund like the part of any rule, and the rules' own parts are what they would be without it.
 */

const PREFIX = 'campaign:';

/** No rule can be called so. */
export const partOfCampaign = (id: string): string => `${PREFIX}${id}`;

/** A campaign that is in force for an occasion; `held`: the member is in its hold-out share, and gets nothing. */
export interface InForce {
  readonly campaign: Campaign;
  readonly held: boolean;
}

/** The same members for as long as the campaign is called the same, and others for each campaign. */
export function isHeldOut({ id, holdOutBp }: Pick<Campaign, 'id' | 'holdOutBp'>, memberId: string): boolean {
  if (holdOutBp === 0) return false;
  const hash = createHash('sha256').update(`${id}#${memberId}`).digest().readUInt32BE(0);
  return hash % 10_000 < holdOutBp;
}

/** By the time of what happened, however late it is told, and however late a schedule was. */
export const isOn = ({ startsAt, endsAt }: Pick<Campaign, 'startsAt' | 'endsAt'>, at: Instant | Date): boolean => {
  const moment = new Date(at).getTime();
  return Date.parse(startsAt) <= moment && moment < Date.parse(endsAt);
};

/** `place`: where it happens that is decided about, if it happens anywhere. */
export function subjectOf(
  account: Account,
  situation: Situation,
  person: Person | undefined,
  place?: string | undefined,
): Subject {
  return {
    tier: account.tier,
    balance: spendable(account.buckets, today(situation)),
    lifetime: account.lifetime,
    visits: account.visits,
    purchases: account.purchases,
    lastActiveOn: account.lastActivityOn ?? null,
    ...(place !== undefined && { location: place }),
    ...(person && { person }),
  };
}

/** Those that are on at that time, and mean this member. */
export function meaning(
  account: Account,
  at: Instant | Date,
  situation: Situation,
  place?: string | undefined,
): readonly InForce[] {
  const { campaigns = [], program, person } = situation;
  return campaigns.flatMap((campaign) => {
    if (!isOn(campaign, at)) return [];
    if (campaign.effect.kind === 'message') {
      // Whom it means was settled when it was their turn.
      if (!wasTold(account, campaign)) return [];
    } else if (campaign.segment) {
      const subject = subjectOf(account, situation, person, place);
      if (!isIn(campaign.segment, subject, today(situation), program.currency)) return [];
    }
    return [{ campaign, held: isHeldOut(campaign, account.memberId) }];
  });
}

/** Of those, the ones that have not given as much as one member gets. */
export function inForce(
  account: Account,
  at: Instant | Date,
  day: string,
  situation: Situation,
  place?: string | undefined,
): readonly InForce[] {
  return meaning(account, at, situation, place).filter(
    ({ campaign, held }) => held || !isUsedUp(campaign, account, day),
  );
}

/** A campaign's message has been the member's turn, held out or not. */
export const toldCounter = ({ id }: Pick<Campaign, 'id'>): string => counterOf(partOfCampaign(id), 'ever', '');
const wasTold = ({ counters }: Pick<Account, 'counters'>, campaign: Pick<Campaign, 'id'>): boolean =>
  (counters[toldCounter(campaign)] ?? 0) > 0;

const counterFor = ({ id, perMember }: Campaign, counters: Account['counters'], day: string): string | undefined =>
  perMember && countedUnder(counters, partOfCampaign(id), perMember.per, day);

function isUsedUp(campaign: Campaign, { counters }: Account, day: string): boolean {
  const counter = counterFor(campaign, counters, day);
  return counter !== undefined && (counters[counter] ?? 0) >= (campaign.perMember?.max ?? 0);
}

/**
 * Notes and counts for what campaigns gave after all limits. `touched`: those that had something to give for the occasion.
 * `meant`: all that mean the member. One with a hold-out is noted also where it gives nothing, to both sides alike: who
 * buys little, or has had all that one member gets, is part of its effect.
 */
export function campaignsBooked(
  touched: readonly InForce[],
  meant: readonly InForce[],
  parts: readonly { readonly rule: string; readonly points: number }[],
  { counters }: Pick<Account, 'counters'>,
  day: string,
): { readonly notes: readonly CampaignNoted[]; readonly counters: Readonly<Record<string, number>> } {
  const counted: Record<string, number> = {};
  const gave = new Set(touched.map(({ campaign }) => campaign.id));
  const measured = meant.filter(({ campaign }) => campaign.holdOutBp > 0 && !gave.has(campaign.id));
  const notes = [...touched, ...measured].map(({ campaign, held }): CampaignNoted => {
    if (held) return { id: campaign.id, held: true };
    const name = partOfCampaign(campaign.id);
    const given = parts.filter(({ rule }) => rule === name).reduce((sum, { points }) => sum + points, 0);
    const counter = given > 0 ? counterFor(campaign, counters, day) : undefined;
    if (counter !== undefined) counted[counter] = 1;
    return { id: campaign.id, points: given };
  });
  return { notes, counters: counted };
}

/** The parts that share a budget of a campaign, and how much that is. */
export const campaignBudgets = (campaigns: readonly Campaign[] = []): Readonly<Record<string, number>> =>
  Object.fromEntries(
    campaigns.flatMap(({ id, budgetPoints }) =>
      budgetPoints === undefined ? [] : [[partOfCampaign(id), budgetPoints] as const],
    ),
  );

/** Rewards of campaigns, on or not: what was put aside of one is fetched after its end. */
export const campaignRewards = (campaigns: readonly Campaign[] = []): readonly Reward[] =>
  campaigns.flatMap(({ effect }) => (effect.kind === 'reward' ? [effect.reward] : []));

/** The program with the rewards that this member can have now beside its own. */
export function withRewards(account: Account, situation: Situation): Program {
  const { campaigns = [], program, now } = situation;
  if (!campaigns.some(({ effect }) => effect.kind === 'reward')) return program;
  const had = inForce(account, now, today(situation), situation).filter(({ held }) => !held);
  const rewards = campaignRewards(had.map(({ campaign }) => campaign));
  return rewards.length === 0 ? program : { ...program, rewards: [...program.rewards, ...rewards] };
}
