import { type Entry, entryIdOf } from '../../loyalty/entry.ts';
import { explain, type Sentence } from '../../loyalty/explain.ts';
import type { Flagged } from '../../loyalty/flagged.ts';
import { type Standing, standing } from '../answers.ts';
import type { Matter } from '../desk.ts';
import type { Asked, Disputed } from '../staff.ts';

/** What the API says about what staff do by hand. */

export interface AdjustmentAnswer extends Standing {
  readonly status: 'booked';
  readonly adjustmentId?: string;
  /** The entry that was undone. */
  readonly undoes?: string;
  readonly points: number;
  readonly reason: string;
  readonly by: string;
  readonly approvedBy?: string | undefined;
  readonly trace: readonly Sentence[];
}

export interface DeclinedAnswer extends Standing {
  readonly status: 'declined';
  readonly points: number;
  readonly by: string;
}

/** Something that waits for a second person. */
export interface ApprovalAnswer {
  readonly status: 'waiting';
  readonly approvalId: string;
  readonly memberId: string;
  readonly adjustmentId?: string;
  readonly undoes?: string;
  readonly points: number;
  readonly reason: string;
  readonly by: string;
  readonly askedAt: string;
  readonly note?: string;
}

export interface ReviewAnswer {
  readonly source: string;
  readonly object: string;
  readonly memberId: string;
  readonly entryId: string;
  readonly because: readonly string[];
  readonly points: number;
  readonly flaggedAt: string;
}

export interface ReviewedAnswer extends Standing {
  readonly status: 'approved' | 'declined';
  readonly points: number;
}

export interface TierGrantAnswer extends Standing {
  readonly grantId: string;
  readonly status: 'granted' | 'ended';
  readonly granted?: string;
  readonly through?: string;
}

export interface DisputeAnswer {
  readonly disputeId: string;
  readonly memberId: string;
  readonly entryId?: string | undefined;
  readonly by: string;
  readonly openedAt: string;
  readonly text?: string;
}

export interface DisputeStateAnswer extends Standing {
  readonly disputeId: string;
  readonly status: 'open' | 'closed';
  readonly outcome?: 'upheld' | 'rejected' | 'withdrawn';
  readonly adjustmentId?: string | undefined;
}

export function adjustmentAnswer(entry: Entry): AdjustmentAnswer {
  const { detail } = entry;
  if (detail.kind !== 'adjusted' && detail.kind !== 'undone') throw unfit(entry);
  const { points, reason, by, approvedBy } = detail;
  return {
    ...standing(entry),
    status: 'booked',
    ...(detail.kind === 'adjusted' ? { adjustmentId: detail.adjustmentId } : { undoes: undoneBy(entry) }),
    points,
    reason,
    by,
    approvedBy,
    trace: explain(entry),
  };
}

/** The key of an undoing names the entry that it undoes. */
const undoneBy = ({ key }: Entry): string => key.split('#')[2] ?? '';

export function declinedAnswer(entry: Entry): DeclinedAnswer {
  const { detail } = entry;
  if (detail.kind !== 'refused' || detail.redemptionId !== undefined || !('by' in detail)) throw unfit(entry);
  return { ...standing(entry), status: 'declined', points: detail.points ?? 0, by: detail.by };
}

/** A booked entry, or the no that was said. */
export const decisionAnswer = (entry: Entry): AdjustmentAnswer | DeclinedAnswer =>
  entry.detail.kind === 'refused' ? declinedAnswer(entry) : adjustmentAnswer(entry);

export function approvalAnswer({ id, memberId, at, about }: Matter<Asked>, note?: string): ApprovalAnswer {
  const { points, reason, by } =
    about.what === 'adjustment' ? about.adjustment : { ...about.undo, points: about.points };
  return {
    status: 'waiting',
    approvalId: id,
    memberId,
    ...(about.what === 'adjustment' ? { adjustmentId: about.adjustment.adjustmentId } : { undoes: about.entryId }),
    points,
    reason,
    by,
    askedAt: at,
    ...(note !== undefined && { note }),
  };
}

export const reviewAnswer = ({ memberId, at, about }: Matter<Flagged>): ReviewAnswer => ({
  source: about.source,
  object: about.object,
  memberId,
  entryId: about.entryId,
  because: about.flags,
  points: about.points,
  flaggedAt: at,
});

export function reviewedAnswer(entry: Entry): ReviewedAnswer {
  const { detail } = entry;
  if (detail.kind !== 'activated' && detail.kind !== 'declined') throw unfit(entry);
  return {
    ...standing(entry),
    status: detail.kind === 'activated' ? 'approved' : 'declined',
    points: detail.points,
  };
}

export function tierGrantAnswer(entry: Entry): TierGrantAnswer {
  const { detail } = entry;
  if (detail.kind === 'tier-grant-ended') return { ...standing(entry), grantId: detail.grantId, status: 'ended' };
  if (detail.kind !== 'tier-granted') throw unfit(entry);
  const { grantId, tier, through } = detail;
  return { ...standing(entry), grantId, status: 'granted', granted: tier, through };
}

export const disputeAnswer = ({ id, memberId, at, about }: Matter<Disputed>, text?: string): DisputeAnswer => ({
  disputeId: id,
  memberId,
  entryId: about.entryId,
  by: about.by,
  openedAt: at,
  ...(text !== undefined && { text }),
});

export function disputeStateAnswer(entry: Entry): DisputeStateAnswer {
  const { detail } = entry;
  if (detail.kind === 'dispute-opened') return { ...standing(entry), disputeId: detail.disputeId, status: 'open' };
  if (detail.kind !== 'dispute-closed') throw unfit(entry);
  const { disputeId, outcome, adjustmentId } = detail;
  return { ...standing(entry), disputeId, status: 'closed', outcome, adjustmentId };
}

const unfit = (entry: Entry): Error => new Error(`entry ${entryIdOf(entry)} is of kind ${entry.detail.kind}`);
