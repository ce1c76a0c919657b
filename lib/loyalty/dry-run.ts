import type { Campaign } from './campaign.ts';
import { isHeldOut, partOfCampaign } from './campaigning.ts';
import type { Program } from './program.ts';
import { replay, type Story } from './replay.ts';
import type { Person } from './segmenting.ts';

export interface Rehearsal {
  readonly memberId: string;
  readonly points: number;
  /** The member would be in the hold-out share, and get nothing. */
  readonly held: boolean;
}

/**
 * What a campaign would have given a member, had it been on all that time: the member's own story, decided again. Others
 * that were on then are told beside it, and what is known of the person is what is known today.
 */
export function rehearse(
  campaign: Campaign,
  story: Story,
  question: {
    readonly program: Program;
    readonly since: string;
    readonly until: string;
    readonly others?: readonly Campaign[];
    readonly person?: Person | undefined;
  },
): Rehearsal {
  const { program, since, until, others = [], person } = question;
  const memberId = story.entries[0]?.memberId ?? '';
  const beside = others.filter(({ id }) => id !== campaign.id);
  const { budgetPoints: _, ...unlimited } = campaign;
  const { changed } = replay(story, {
    current: program,
    changed: program,
    since,
    until,
    campaigns: [...beside, { ...unlimited, startsAt: since, endsAt: after(until), holdOutBp: 0 }],
    person,
  });
  return {
    memberId,
    points: changed.byRule[partOfCampaign(campaign.id)] ?? 0,
    held: isHeldOut(campaign, memberId),
  };
}

/** The end of a campaign is not in it, and the end of the question is. */
const after = (moment: string): string => new Date(Date.parse(moment) + 1).toISOString();
