import type { Day } from '../loyalty/account.ts';
import type { Program } from '../loyalty/program.ts';
import type { Segment } from '../loyalty/segment.ts';
import { judge, type Person, type Subject } from '../loyalty/segmenting.ts';
import type { Summary } from '../loyalty/tally.ts';
import type { Member } from './members.ts';
import { cursorOf, type Reports } from './reports.ts';

/** Read from the read model at once. */
const PAGE = 500;

export interface SegmentsOptions {
  readonly reports: Pick<Reports, 'members'>;
  /** Profiles, of those of whom the sums alone do not say it. */
  readonly people: (memberIds: readonly string[]) => Promise<ReadonlyMap<string, Member>>;
  readonly program: Pick<Program, 'currency'>;
  readonly page?: number;
}

export interface Found {
  readonly memberIds: readonly string[];
  /** How many members were looked at. */
  readonly looked: number;
  /** The `after` with which to go on; absent: that was all. */
  readonly next?: string;
}

/** Who is in a segment, from the read model: page by page, since nobody knows beforehand how many there are. */
export function openSegments({ reports, people, program, page = PAGE }: SegmentsOptions) {
  async function meant(segment: Segment, summaries: readonly Summary[], today: Day): Promise<Summary[]> {
    const { currency } = program;
    const told = summaries
      .filter(({ left }) => left === undefined)
      .map((summary) => {
        const subject = subjectOf(summary);
        return { summary, subject, isIn: judge(segment, subject, today, currency) };
      });
    const open = told.filter(({ isIn }) => isIn === undefined).map(({ summary }) => summary.memberId);
    const found = open.length === 0 ? new Map<string, Member>() : await people(open);
    return told
      .filter(({ summary, subject, isIn }) => {
        if (isIn !== undefined) return isIn;
        const person = found.get(summary.memberId);
        // Erased or merged this moment.
        return person !== undefined && judge(segment, { ...subject, person: personOf(person) }, today, currency);
      })
      .map(({ summary }) => summary);
  }

  return {
    /** Goes on while there is time, up to so many members. */
    async find(
      segment: Segment,
      {
        after,
        limit,
        today,
        hasTime,
      }: {
        readonly after?: string | undefined;
        readonly limit: number;
        readonly today: Day;
        readonly hasTime: () => boolean;
      },
    ): Promise<Found> {
      const memberIds: string[] = [];
      let looked = 0;
      let next = after;
      do {
        const read = await reports.members({ after: next, limit: page });
        const found = await meant(segment, read.summaries, today);
        for (const { memberId } of found) {
          memberIds.push(memberId);
          if (memberIds.length < limit) continue;
          looked += read.summaries.findIndex((one) => one.memberId === memberId) + 1;
          return { memberIds, looked, next: cursorOf(memberId) };
        }
        looked += read.summaries.length;
        next = read.next;
      } while (next !== undefined && hasTime());
      return { memberIds, looked, ...(next !== undefined && { next }) };
    },
  };
}

export const subjectOf = (summary: Summary): Subject => ({
  tier: summary.tier,
  balance: summary.available,
  lifetime: summary.lifetime,
  visits: summary.visits,
  purchases: summary.purchases,
  lastActiveOn: summary.lastActiveOn ?? null,
  joinedOn: summary.joinedOn,
  spentMinor: summary.spentMinor,
  location: summary.location ?? null,
});

export const personOf = ({ profile, tags = [], consents }: Pick<Member, 'profile' | 'tags' | 'consents'>): Person => ({
  birthday: profile.birthday,
  locale: profile.locale,
  tags,
  consents,
});
