import { programAnswer } from '../lib/runtime/answers/program.ts';
import {
  adjustmentAnswer,
  approvalAnswer,
  decisionAnswer,
  disputeAnswer,
  disputeStateAnswer,
  reviewAnswer,
  reviewedAnswer,
  tierGrantAnswer,
} from '../lib/runtime/answers/staff.ts';
import { answered, unknownMember } from '../lib/runtime/answers.ts';
import { getProgram } from '../lib/runtime/api/program.ts';
import {
  approveRequest,
  approveReview,
  closeDispute,
  declineRequest,
  declineReview,
  endTierGrant,
  listApprovals,
  listDisputes,
  listReviews,
  postAdjustment,
  postDispute,
  postTierGrant,
  undoEntry,
} from '../lib/runtime/api/staff.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { budgets, ledger, members } from '../lib/runtime/shop.ts';
import { disputeNote, type StaffOutcome } from '../lib/runtime/staff.ts';
import { approvals, disputes, reviews, staff, staffNotes } from '../lib/runtime/staffing.ts';

/** What staff do by hand, and what waits for them. */
export const handler = api(
  endpoint(getProgram, async () => {
    const { program, version } = merchant();
    const limited = program.rules.filter(({ budgetPoints }) => budgetPoints !== undefined);
    const used = await Promise.all(limited.map(async ({ id }) => [id, (await budgets().used(id)) ?? 0] as const));
    return { status: 200, body: programAnswer(program, version, Object.fromEntries(used)) };
  }),

  endpoint(postAdjustment, async ({ member, staffId, note, ...asked }, { keyId }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    return said(await staff().adjust(memberId, { ...asked, by: staffId }, { keyId, note }), adjustmentAnswer);
  }),

  endpoint(undoEntry, async ({ entryId, reason, note, staffId }, { keyId }) =>
    said(await staff().undo(entryId, { reason, by: staffId }, { keyId, note }), adjustmentAnswer),
  ),

  endpoint(listApprovals, async (page) => {
    const { matters, next } = await approvals().waiting(page);
    const notes = await Promise.all(matters.map(({ memberId, id }) => staffNotes().read(memberId, id)));
    const waiting = matters.map((matter, index) => approvalAnswer(matter, notes[index]?.text));
    return { status: 200, body: { approvals: waiting, next } };
  }),

  endpoint(approveRequest, async ({ id, staffId }, { keyId }) =>
    said(await staff().approve(id, { staffId, keyId }), decisionAnswer),
  ),

  endpoint(declineRequest, async ({ id, staffId }, { keyId }) =>
    said(await staff().decline(id, { staffId, keyId }), decisionAnswer),
  ),

  endpoint(postTierGrant, async ({ member, staffId, ...grant }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    return answered(await ledger().grantTier(memberId, { ...grant, by: staffId }), tierGrantAnswer);
  }),

  endpoint(endTierGrant, async ({ member, staffId, grantId }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    return answered(await ledger().endGrant(memberId, { grantId, by: staffId }), tierGrantAnswer);
  }),

  endpoint(listReviews, async (page) => {
    const { matters, next } = await reviews().waiting(page);
    return { status: 200, body: { reviews: matters.map(reviewAnswer), next } };
  }),

  endpoint(approveReview, async ({ staffId, ...flagged }, { keyId }) =>
    said(await staff().review(flagged, 'activated', { staffId, keyId }), reviewedAnswer),
  ),

  endpoint(declineReview, async ({ staffId, ...flagged }, { keyId }) =>
    said(await staff().review(flagged, 'declined', { staffId, keyId }), reviewedAnswer),
  ),

  endpoint(postDispute, async ({ member, staffId, ...asked }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    return said(await staff().dispute(memberId, { ...asked, by: staffId ?? 'member' }), disputeStateAnswer);
  }),

  endpoint(listDisputes, async (page) => {
    const { matters, next } = await disputes().waiting(page);
    const notes = await Promise.all(matters.map(({ memberId, id }) => staffNotes().read(memberId, disputeNote(id))));
    return {
      status: 200,
      body: { disputes: matters.map((matter, index) => disputeAnswer(matter, notes[index]?.text)), next },
    };
  }),

  endpoint(closeDispute, async ({ id, outcome, staffId, adjustment }, { keyId }) =>
    said(
      await staff().closeDispute({ disputeId: id, outcome, by: staffId }, { keyId, adjustment }),
      disputeStateAnswer,
    ),
  ),
);

function said(outcome: StaffOutcome, bodyOf: Parameters<typeof answered>[1]): Answer {
  switch (outcome.kind) {
    case 'waiting':
      return { status: 202, body: approvalAnswer(outcome.matter) };
    case 'unknown':
      return outcome.what === 'member' ? unknownMember({ type: 'member' }) : problem(404, `unknown-${outcome.what}`);
    case 'unknown-reason':
      return problem(400, 'invalid-request', {
        errors: [{ path: 'reason', message: `is none of the program’s: use one of ${outcome.reasons.join(', ')}` }],
      });
    default:
      return answered(outcome, bodyOf);
  }
}
