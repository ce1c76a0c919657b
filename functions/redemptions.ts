import type { Identity } from '../lib/loyalty/facts.ts';
import { answered, redemptionAnswer, unknownMember } from '../lib/runtime/answers.ts';
import { captureRedemption, postRedemption, voidRedemption } from '../lib/runtime/api/redemptions.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import type { Outcome } from '../lib/runtime/journal.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { members, orders, supplies, till } from '../lib/runtime/shop.ts';

/** Points spent: at once, or put aside first and then captured or given back. */
export const handler = api(
  endpoint(postRedemption, async ({ member, ...asked }, { source }) => {
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    const outcome = await till().authorize(memberId, { ...asked, source });
    // So that the till can end it by its id alone, at once; the relay writes it too, should this be the last we do.
    if (!asked.capture && outcome.kind === 'posted') await orders().keepRedemption(asked.redemptionId, memberId);
    return redeemed(outcome);
  }),

  endpoint(captureRedemption, ({ id, member, points }) =>
    ended(id, member, (memberId) => till().capture(memberId, { redemptionId: id, points })),
  ),

  endpoint(voidRedemption, ({ id, member }) =>
    ended(id, member, (memberId) => till().void(memberId, { redemptionId: id, reason: 'voided' })),
  ),
);

async function ended(
  id: string,
  member: Identity | undefined,
  end: (memberId: string) => Promise<Outcome>,
): Promise<Answer> {
  const memberId = member ? await members().find(member) : await orders().memberOfRedemption(id);
  if (memberId === undefined) return member ? unknownMember(member) : unknownRedemption;
  const outcome = await end(memberId);
  return outcome.kind === 'refused' && outcome.because === 'no-such-redemption' ? unknownRedemption : redeemed(outcome);
}

/** With the code that was given out, also to whoever asks again. */
async function redeemed(outcome: Outcome): Promise<Answer> {
  const detail = 'entry' in outcome ? outcome.entry?.detail : undefined;
  const given = detail?.kind === 'redeemed' && detail.code ? await supplies().codes.row(detail.code) : undefined;
  return answered(outcome, (entry) => redemptionAnswer(entry, merchant().program.currency, given));
}

const unknownRedemption = problem(404, 'unknown-redemption', { detail: 'check the id, or send member beside it' });
