import type { Account, Day } from '../loyalty/account.ts';
import { spendable } from '../loyalty/buckets.ts';
import type { Detail } from '../loyalty/detail.ts';
import { type Entry, entryIdOf } from '../loyalty/entry.ts';
import { explain, type Sentence } from '../loyalty/explain.ts';
import type { Identity } from '../loyalty/facts.ts';
import { formatAmount } from '../loyalty/money.ts';
import type { Value } from '../loyalty/program/rewards.ts';
import type { Outcome } from './journal.ts';
import type { Member } from './members.ts';
import { type Answer, problem } from './problem.ts';

/**
 * What the API says about entries. Each answer is made from the entry alone, so that whoever asks again, whatever
 * happened since, reads the very same body.
 */

export interface Standing {
  readonly entryId: string;
  /** What the member can spend, less what is owed. */
  readonly balance: number;
  readonly pending: number;
  readonly held: number;
  readonly tier: string;
}

export interface EarnedAnswer extends Standing {
  readonly earned: number;
  /** Rewards that came into reach. */
  readonly unlocked: readonly string[];
  /** What an earlier redemption paid for this order. */
  readonly spent?: { readonly redemptionId: string; readonly points: number };
  readonly trace: readonly Sentence[];
}

export interface RefundAnswer extends Standing {
  readonly status: 'booked' | 'waiting';
  /** Taken back of what the order had earned. */
  readonly reversed: number;
  /** Given back of what was spent on the order. */
  readonly returned: number;
  readonly flags: readonly string[];
  readonly trace: readonly Sentence[];
}

export interface RedemptionAnswer extends Standing {
  readonly redemptionId: string;
  readonly status: 'held' | 'captured' | 'released';
  readonly points: number;
  readonly rewardId?: string | undefined;
  readonly orderId?: string | undefined;
  /** Until then the points are put aside. */
  readonly lapsesAt?: string | undefined;
  /** Given back of what was held. */
  readonly released?: number | undefined;
  /** Which of the reward's steps. */
  readonly step?: number | undefined;
  /** What the member gets for it. */
  readonly value?: Value | undefined;
  /** To be paid beside the points. */
  readonly cash?: string | undefined;
  readonly currency?: string | undefined;
  /** To show or to type, and the last day on which it can be. */
  readonly code?: string | undefined;
  readonly codeValidThrough?: string | undefined;
}

export const standing = (entry: Entry): Standing => ({
  entryId: entryIdOf(entry),
  balance: entry.after.available,
  pending: entry.after.pending,
  held: entry.after.held,
  tier: entry.after.tier,
});

export function earnedAnswer(entry: Entry): EarnedAnswer {
  const detail = detailOf(entry, 'sale', 'activity');
  const spent = detail.kind === 'sale' ? detail.spent : undefined;
  return {
    ...standing(entry),
    earned: detail.earned,
    unlocked: detail.unlocked,
    ...(spent && { spent: { redemptionId: spent.redemptionId, points: spent.points } }),
    trace: explain(entry),
  };
}

export function refundAnswer(entry: Entry): RefundAnswer {
  const { early, reversed, returned, flags } = detailOf(entry, 'refund');
  return { ...standing(entry), status: early ? 'waiting' : 'booked', reversed, returned, flags, trace: explain(entry) };
}

/** `code` is the row of the one that was given out with it; the entry has only its name. */
export function redemptionAnswer(
  entry: Entry,
  currency: string,
  code?: { readonly code: string; readonly validThrough?: string },
): RedemptionAnswer {
  const detail = detailOf(entry, 'authorized', 'redeemed', 'released');
  const { redemptionId, points } = detail;
  if (detail.kind === 'released')
    return { ...standing(entry), redemptionId, status: 'released', points: 0, released: points };
  const { rewardId, orderId, lapsesAt, released, step, value, cashMinor } = detail;
  return {
    ...standing(entry),
    redemptionId,
    status: detail.kind === 'authorized' ? 'held' : 'captured',
    points,
    rewardId,
    orderId,
    lapsesAt,
    released,
    step,
    value,
    cash: cashMinor === undefined ? undefined : formatAmount(cashMinor, currency),
    currency: cashMinor !== undefined || value?.kind === 'amount-off' ? currency : undefined,
    code: code?.code,
    codeValidThrough: code?.validThrough,
  };
}

function detailOf<Kind extends Detail['kind']>(
  entry: Entry,
  ...kinds: readonly Kind[]
): Extract<Detail, { kind: Kind }> {
  const { detail } = entry;
  if (!(kinds as readonly string[]).includes(detail.kind))
    throw new Error(`entry ${entryIdOf(entry)} is of kind ${detail.kind}`);
  return detail as Extract<Detail, { kind: Kind }>;
}

/** 201 the first time, 200 ever after, 409 for what is not to be: other content under the same id, or a rule that says no. */
export function answered(
  outcome: Outcome,
  bodyOf: (entry: Entry) => object,
  first: (entry: Entry) => number = () => 201,
): Answer {
  switch (outcome.kind) {
    case 'posted':
      return { status: first(outcome.entry), body: bodyOf(outcome.entry) };
    case 'replayed':
      return { status: 200, body: bodyOf(outcome.entry) };
    case 'conflict':
      return problem(409, 'conflict', {
        detail: 'this id stands for something else',
        differences: outcome.differences,
      });
    case 'refused':
      return problem(409, 'refused', { because: outcome.because });
  }
}

/** Nobody is known by that: names the kind of identity, and does not repeat it. */
export const unknownMember = ({ type }: Pick<Identity, 'type'>): Answer =>
  problem(404, 'unknown-member', {
    detail: `no member has this ${WORDS[type] ?? `id of ${type}`}: enrol with POST /v1/members`,
  });

const WORDS: Readonly<Record<string, string>> = { phone: 'phone', email: 'e-mail', card: 'card', member: 'id' };

export interface MemberAnswer {
  readonly memberId: string;
  readonly identities: Member['identities'];
  readonly profile: Member['profile'];
  readonly consents: Member['consents'];
  readonly tags: readonly string[];
  readonly enrolledAt: string;
  /** What can be spent today: points whose date has passed do not count, whether or not a sweep has taken them out. */
  readonly balance: number;
  readonly pending: number;
  readonly held: number;
  readonly lifetime: number;
  readonly tier: string;
}

export function memberAnswer(
  { memberId, identities, profile, consents, tags = [], enrolledAt }: Member,
  account: Account | undefined,
  today: Day,
  firstTier: string,
): MemberAnswer {
  return {
    memberId,
    identities,
    profile,
    consents,
    tags,
    enrolledAt,
    balance: account ? spendable(account.buckets, today) : 0,
    pending: account?.pending ?? 0,
    held: account?.held ?? 0,
    lifetime: account?.lifetime ?? 0,
    tier: account?.tier ?? firstTier,
  };
}

export interface EntryAnswer {
  readonly entryId: string;
  readonly seq: number;
  readonly kind: Detail['kind'];
  readonly source: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  /** What it did to the points that can be spent. */
  readonly points: number;
  readonly balance: number;
  readonly pending: number;
  readonly held: number;
  readonly tier: string;
  readonly detail: object;
  readonly trace: readonly Sentence[];
  readonly program: string;
  readonly hash: string;
}

export function entryAnswer(entry: Entry): EntryAnswer {
  const { seq, source, occurredAt, recordedAt, program, hash } = entry;
  const { kind, ...detail } = entry.detail;
  const points = Object.values(entry.change.buckets ?? {}).reduce((sum, amount) => sum + amount, 0);
  return {
    ...standing(entry),
    seq,
    kind,
    source,
    occurredAt,
    recordedAt,
    points,
    detail,
    trace: explain(entry),
    program,
    hash,
  };
}
