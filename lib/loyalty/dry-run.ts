import { folded } from './as-of.ts';
import type { Campaign } from './campaign.ts';
import { isHeldOut, partOfCampaign, subjectOf } from './campaigning.ts';
import type { Program } from './program.ts';
import { replay, type Story } from './replay.ts';
import { isIn, type Person } from './segmenting.ts';
import { today } from './situation.ts';
import { type Summary, tally } from './tally.ts';

export interface Rehearsal {
  readonly memberId: string;
  readonly points: number;
  /** Something would have come of it: points; or it means the member today, where it gives none. */
  readonly meant: boolean;
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
  const held = isHeldOut(campaign, memberId);
  if (campaign.effect.kind === 'message' || campaign.effect.kind === 'reward')
    return { memberId, points: 0, meant: isMeant(campaign, story, program, until, person), held };
  const { budgetPoints: _, ...unlimited } = campaign;
  const { changed } = replay(story, {
    current: program,
    changed: program,
    since,
    until,
    campaigns: [...beside, { ...unlimited, startsAt: since, endsAt: after(until), holdOutBp: 0 }],
    person,
  });
  const points = changed.byRule[partOfCampaign(campaign.id)] ?? 0;
  return { memberId, points, meant: points > 0, held };
}

/** Words and rewards are for those whom the segment means, whatever they did: asked of them as they are at the end. */
function isMeant(
  { segment }: Campaign,
  { entries }: Story,
  program: Program,
  until: string,
  person: Person | undefined,
): boolean {
  // Erased.
  if (!person) return false;
  if (!segment) return true;
  const situation = { program, now: new Date(until) };
  let summary: Summary | undefined;
  for (const entry of entries) summary = tally(summary, entry, program).summary;
  const subject = {
    ...subjectOf(folded(entries, entries[0]), situation, person),
    ...(summary && {
      joinedOn: summary.joinedOn,
      spentMinor: summary.spentMinor,
      location: summary.location ?? null,
    }),
  };
  return isIn(segment, subject, today(situation), program.currency);
}

/** The end of a campaign is not in it, and the end of the question is. */
const after = (moment: string): string => new Date(Date.parse(moment) + 1).toISOString();
