import type { Account } from '../../loyalty/account.ts';
import { type Entry, entryIdOf } from '../../loyalty/entry.ts';
import { explain, type Sentence } from '../../loyalty/explain.ts';
import type { Fact } from '../../loyalty/facts.ts';
import type { Likeness } from '../../loyalty/names.ts';
import { type EntryAnswer, entryAnswer, type MemberAnswer, type Standing, standing } from '../answers.ts';
import type { LinkCode } from '../link-codes.ts';
import type { BesideProfile, Match, Member } from '../members.ts';
import type { MergedMember } from '../one-person.ts';

/** What the API says about who is who, and about all that is held of somebody. */

export interface MergeAnswer extends Standing {
  /** Who there is afterwards, and who went there or came back. */
  readonly memberId: string;
  readonly with: string;
  /** How many points came with it; less than zero: went with it. */
  readonly points: number;
  readonly trace: readonly Sentence[];
}

/** Of the host's entry. */
export function mergeAnswer(entry: Entry): MergeAnswer {
  const { detail } = entry;
  if (detail.kind !== 'merged-from' && detail.kind !== 'unmerged')
    throw new Error(`entry ${entryIdOf(entry)} is of kind ${detail.kind}`);
  return {
    ...standing(entry),
    memberId: entry.memberId,
    with: detail.with,
    points: detail.points,
    trace: explain(entry),
  };
}

export interface MatchAnswer extends Likeness {
  readonly memberId: string;
  readonly profile: Member['profile'];
  readonly identities: Member['identities'];
  readonly enrolledAt: string;
}

export const matchAnswer = ({ member, score, agree, differ }: Match): MatchAnswer => {
  const { memberId, profile, identities, enrolledAt } = member;
  return { memberId, score, agree, differ, profile, identities, enrolledAt };
};

/** To be written by the member in the chat that is to be linked, until then. */
export interface LinkCodeAnswer extends LinkCode {
  readonly memberId: string;
}

/** All that is held of somebody; a long journal comes in pages, and the rest with the first of them. */
export interface ExportAnswer {
  readonly member: MemberAnswer & Pick<Member, 'source' | 'profileAt'>;
  /** Rows of members that were merged into this one, as they were. */
  readonly merged: readonly Pick<
    MergedMember,
    'memberId' | 'mergedInto' | 'identities' | 'profile' | 'consents' | 'tags' | 'enrolledAt' | 'source'
  >[];
  readonly account: Pick<Account, 'buckets' | 'lots' | 'holds' | 'window' | 'visits' | 'purchases'> | undefined;
  /** What staff wrote, and what was said in disputes. */
  readonly notes: readonly Readonly<Record<string, unknown>>[];
  /** What was told and waits, for its order or for its time. */
  readonly waiting: readonly Fact[];
  readonly entries: readonly (EntryAnswer & { readonly key: string })[];
  /** The `after` of the next page. */
  readonly next?: number;
}

export function exportAnswer(
  described: MemberAnswer,
  { source, profileAt }: Member,
  held: {
    readonly merged: readonly MergedMember[];
    readonly account: Account | undefined;
    readonly notes: readonly (BesideProfile & { readonly memberId: string })[];
    readonly waiting: readonly Fact[];
    readonly entries: readonly Entry[];
  },
  page: { readonly after: number; readonly limit: number },
): ExportAnswer {
  const { account } = held;
  const first = page.after === 0;
  const next = page.after + page.limit;
  return {
    member: { ...described, source, profileAt },
    merged: first ? held.merged.map(mergedAnswer) : [],
    account: account && {
      buckets: account.buckets,
      lots: account.lots,
      holds: account.holds,
      window: account.window,
      visits: account.visits,
      purchases: account.purchases,
    },
    notes: first ? held.notes.map(({ sk: _, ...note }) => note) : [],
    waiting: first ? held.waiting : [],
    entries: held.entries.slice(page.after, next).map((entry) => ({ ...entryAnswer(entry), key: entry.key })),
    ...(next < held.entries.length && { next }),
  };
}

const mergedAnswer = (row: MergedMember): ExportAnswer['merged'][number] => {
  const { memberId, mergedInto, identities, profile, consents, tags, enrolledAt, source } = row;
  return { memberId, mergedInto, identities, profile, consents, ...(tags && { tags }), enrolledAt, source };
};
