import type { Campaign } from '../loyalty/campaign.ts';
import type { ActivityFact, SaleFact } from '../loyalty/facts.ts';
import type { Program } from '../loyalty/program.ts';
import { type Person, sourcesOf } from '../loyalty/segmenting.ts';
import type { Situation } from '../loyalty/situation.ts';

/** What a decision about a sale or an activity needs to know that is neither in the account nor in the fact. */
export type Around = Pick<Situation, 'memberTags' | 'flags' | 'campaigns' | 'person'>;

/** The campaigns, and who the member is where one of them asks. */
export type CampaignsAround = (memberId: string) => Promise<Pick<Situation, 'campaigns' | 'person' | 'memberTags'>>;

/** Asked once for each sale and each activity that is told, before anything is decided. A quote counts nothing. */
export type Surroundings = (
  memberId: string,
  fact: SaleFact | ActivityFact,
  asked: { readonly quote: boolean },
) => Promise<Around>;

/** Whether a rule or a multiplier asks what the member is tagged with. Only then somebody has to look. */
export const asksForTags = ({ rules, multipliers }: Pick<Program, 'rules' | 'multipliers'>): boolean =>
  [...rules, ...multipliers].some(({ when }) => when.some(({ is }) => is === 'member-tag-in'));

export interface SurroundingsOptions {
  readonly program: Program;
  /** What staff and segments have tagged the member with. */
  readonly tagsOf: (memberId: string) => Promise<readonly string[]>;
  readonly campaignsFor?: CampaignsAround;
  /** Why somebody should look at it before its points can be spent. Nothing of it stops a till. */
  readonly flagsOf?: (...asked: Parameters<Surroundings>) => Promise<readonly string[]>;
}

export function openSurroundings({ program, tagsOf, campaignsFor, flagsOf }: SurroundingsOptions): Surroundings {
  const tagged = asksForTags(program);
  return async (memberId, fact, asked) => {
    const [memberTags, campaigns, flags] = await Promise.all([
      tagged ? tagsOf(memberId) : undefined,
      campaignsFor?.(memberId),
      flagsOf?.(memberId, fact, asked),
    ]);
    return { ...(memberTags && { memberTags }), ...campaigns, ...(flags && flags.length > 0 && { flags }) };
  };
}

/** Looks a member up only where a campaign's segment, or a condition of it, asks who that is. */
export function openCampaignsAround(
  current: () => Promise<readonly Campaign[]>,
  personOf: (memberId: string) => Promise<Person | undefined>,
): CampaignsAround {
  return async (memberId) => {
    const campaigns = await current();
    if (campaigns.length === 0) return {};
    const tagged = campaigns.some(({ when }) => when.some(({ is }) => is === 'member-tag-in'));
    const asks = tagged || campaigns.some(({ segment }) => segment && sourcesOf(segment).has('person'));
    const person = asks ? await personOf(memberId) : undefined;
    return { campaigns, ...(person && { person }), ...(tagged && { memberTags: person?.tags ?? [] }) };
  };
}
