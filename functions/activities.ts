import { answered, earnedAnswer, unknownMember } from '../lib/runtime/answers.ts';
import { activityFact, postActivity } from '../lib/runtime/api/activities.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { ledger, members } from '../lib/runtime/shop.ts';

/** What a member did that is no sale: came by, played, booked, said what they thought. */
export const handler = api(
  endpoint(postActivity, async (input, { source }) => {
    const memberId = await members().find(input.member);
    if (memberId === undefined) return unknownMember(input.member);
    const fact = activityFact(input, { source, at: new Date().toISOString() });
    return answered(await ledger().activity(memberId, fact), earnedAnswer);
  }),
);
