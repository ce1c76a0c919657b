import type * as z from 'zod';
import { lotObjectOf } from '../lib/loyalty/lot-ends.ts';
import { lotAnswer } from '../lib/runtime/answers/lots.ts';
import { answered, earnedAnswer, unknownMember } from '../lib/runtime/answers.ts';
import { activityFact, confirmActivity, declineActivity, postActivity } from '../lib/runtime/api/activities.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import type { Answer } from '../lib/runtime/problem.ts';
import { members, till } from '../lib/runtime/shop.ts';

/** What a member did that is no sale: came by, played, booked, said what they thought. */
export const handler = api(
  endpoint(postActivity, async (input, { source }) => {
    const memberId = await members().find(input.member);
    if (memberId === undefined) return unknownMember(input.member);
    const fact = activityFact(input, { source, at: new Date().toISOString() });
    return answered(await till().activity(memberId, fact), earnedAnswer);
  }),

  endpoint(confirmActivity, (input, { source }) => waited('confirmLot', input, source)),
  endpoint(declineActivity, (input, { source }) => waited('declineLot', input, source)),
);

async function waited(
  end: 'confirmLot' | 'declineLot',
  { member, reason, source, ...done }: z.output<typeof confirmActivity.input>,
  by: string,
): Promise<Answer> {
  const memberId = await members().find(member);
  if (memberId === undefined) return unknownMember(member);
  const said = { source: source ?? by, object: lotObjectOf(done), by, ...(reason && { because: reason }) };
  return answered(await till()[end](memberId, said), lotAnswer);
}
