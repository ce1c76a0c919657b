import { giftAnswer, type ReferralCodeAnswer, referralAnswer } from '../lib/runtime/answers/sharing.ts';
import { answered, unknownMember } from '../lib/runtime/answers.ts';
import { postGift, postReferral, postReferralCode } from '../lib/runtime/api/sharing.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { problem } from '../lib/runtime/problem.ts';
import { ledger, members, referralCodes } from '../lib/runtime/shop.ts';

/** What members do for one another: bring friends, and give points. */
export const handler = api(
  endpoint(postReferralCode, async ({ id }) => {
    const memberId = await members().find({ type: 'member', value: id });
    if (memberId === undefined) return unknownMember({ type: 'member' });
    const { referrals } = merchant().program;
    if (!referrals) return problem(409, 'refused', { because: 'no-referrals' });
    const { code, isNew } = await referralCodes().codeOf(memberId);
    const link = referrals.link?.replaceAll('{code}', code);
    const body: ReferralCodeAnswer = { memberId, code, ...(link !== undefined && { link }) };
    return { status: isNew ? 201 : 200, body };
  }),

  endpoint(postReferral, async ({ code: typed, member }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    const owner = await referralCodes().ownerOf(typed);
    if (!owner) return unknownCode;
    const outcome = await ledger().refer(memberId, { by: owner.memberId, code: owner.code });
    return outcome.kind === 'refused' && outcome.because === 'unknown-code'
      ? unknownCode
      : answered(outcome, referralAnswer);
  }),

  endpoint(postGift, async ({ giftId, from, to, points }) => {
    const [giver, receiver] = [await members().find(from), await members().find(to)];
    if (giver === undefined) return unknownMember(from);
    if (receiver === undefined) return unknownMember(to);
    return answered(await ledger().give(giver, { giftId, to: receiver, points }), giftAnswer);
  }),
);

const unknownCode = problem(404, 'unknown-referral-code', {
  detail: 'nobody has this code: ask the friend for it again',
});
