import * as z from 'zod';
import { Id } from '../../loyalty/program/fields.ts';
import { always, ForeignId, MemberRef, Text } from './fields.ts';
import { route } from './route.ts';

/** Who of the staff it is, by the merchant's own name for them: no personal data is meant. */
const staffId = ForeignId;
/** Free words; they stand beside the profile, not in the journal. */
const note = Text(500).optional();
/** One of the program's `staff.reasons`. */
const reason = Id;

const POINTS_MAX = 1_000_000_000;
const SignedPoints = z
  .int()
  .min(-POINTS_MAX)
  .max(POINTS_MAX)
  .refine((points) => points !== 0, 'is nothing: send the points to give, or below zero to take');

export const postAdjustment = route('POST /v1/adjustments', 'staff', () =>
  z.strictObject({
    adjustmentId: ForeignId,
    member: MemberRef,
    points: SignedPoints,
    reason,
    note,
    staffId,
    /** Take it even if there is less. */
    belowZero: z.boolean().default(false),
  }),
);

const Page = z.strictObject({
  /** The `next` of the page before. */
  after: Text(300).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
// An approval's id is one of ours and holds one of theirs.
const approvalId = Text(200);

export const listApprovals = route('GET /v1/approvals', 'staff', () => Page);
export const approveRequest = route('POST /v1/approvals/{id}/approve', 'staff', () =>
  z.strictObject({ id: approvalId, staffId }),
);
export const declineRequest = route('POST /v1/approvals/{id}/decline', 'staff', () =>
  z.strictObject({ id: approvalId, staffId }),
);

export const undoEntry = route('POST /v1/entries/{entryId}/undo', 'staff', () =>
  z.strictObject({ entryId: Text(120), reason, note, staffId }),
);

export const postTierGrant = route('POST /v1/tier-grants', 'staff', () =>
  z.strictObject({ grantId: ForeignId, member: MemberRef, tier: Id, through: z.iso.date(), staffId }),
);
export const endTierGrant = route('POST /v1/tier-grants/{grantId}/end', 'staff', () =>
  z.strictObject({ grantId: ForeignId, member: MemberRef, staffId }),
);

const flagged = { source: Text(100), object: Text(200) };
export const listReviews = route('GET /v1/reviews', 'staff', () => Page);
export const approveReview = route('POST /v1/reviews/{source}/{object}/approve', 'staff', () =>
  z.strictObject({ ...flagged, staffId }),
);
export const declineReview = route('POST /v1/reviews/{source}/{object}/decline', 'staff', () =>
  z.strictObject({ ...flagged, staffId }),
);

// Members open them in their app, whose key is a till's.
export const postDispute = route('POST /v1/disputes', 'pos', () =>
  z.strictObject({
    disputeId: ForeignId,
    member: MemberRef,
    entryId: Text(120).optional(),
    text: Text(2_000),
    /** Absent: the member said it. */
    staffId: staffId.optional(),
  }),
);
export const listDisputes = route('GET /v1/disputes', 'staff', () => Page);
export const closeDispute = route('POST /v1/disputes/{id}/close', 'staff', () =>
  z
    .strictObject({
      id: ForeignId,
      outcome: z.enum(['upheld', 'rejected', 'withdrawn']),
      staffId,
      /** What makes it good. */
      adjustment: z.strictObject({ points: SignedPoints, reason }).optional(),
    })
    .superRefine((given, context) => {
      const { outcome, adjustment } = (given ?? {}) as { outcome?: unknown; adjustment?: unknown };
      if (adjustment !== undefined && outcome !== undefined && outcome !== 'upheld')
        context.addIssue({
          code: 'custom',
          path: ['adjustment'],
          message: 'makes good what was right: send it with the outcome "upheld", or not at all',
          input: undefined,
        });
    }, always),
);
