import type * as z from 'zod';
import { lotAnswer } from '../lib/runtime/answers/lots.ts';
import { answered, earnedAnswer, refundAnswer, unknownMember } from '../lib/runtime/answers.ts';
import {
  confirmSale,
  declineSale,
  postRefund,
  postSale,
  quoteSale,
  refundFact,
  saleFact,
} from '../lib/runtime/api/sales.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { bookRefund } from '../lib/runtime/refunds.ts';
import { members, orders, till, waitingRoom } from '../lib/runtime/shop.ts';

const at = () => new Date().toISOString();

/** What a till says was sold, and taken back. */
export const handler = api(
  endpoint(postSale, async (input, { source }) => {
    const memberId = await members().find(input.member);
    if (memberId === undefined) return unknownMember(input.member);
    return answered(await till().sale(memberId, saleFact(input, { source, at: at() })), earnedAnswer);
  }),

  endpoint(quoteSale, async (input, { source }) => {
    const memberId = await members().find(input.member);
    if (memberId === undefined) return unknownMember(input.member);
    const fact = saleFact({ ...input, orderId: input.orderId ?? 'quote' }, { source, at: at() });
    const { entry } = await till().quote(memberId, fact);
    // Nothing stands in the journal, so there is nothing to refer to.
    const { entryId: _, ...quote } = earnedAnswer(entry);
    return { status: 200, body: quote };
  }),

  endpoint(postRefund, async (input, { source }) => {
    const { member } = input;
    const fact = refundFact(input, { source, at: at() }, member ? [member] : []);
    if (!member) {
      const outcome = await bookRefund({ orders: orders(), waitingRoom: waitingRoom(), ledger: till() }, fact);
      if (outcome.kind === 'waiting') return { status: 202, body: { status: 'waiting' } };
      return answered(outcome, refundAnswer);
    }
    const memberId = await members().find(member);
    if (memberId === undefined) return unknownMember(member);
    return answered(await till().refund(memberId, fact), refundAnswer, (entry) =>
      refundAnswer(entry).status === 'waiting' ? 202 : 201,
    );
  }),

  endpoint(confirmSale, (input, { source }) => waited('confirmLot', input, source)),
  endpoint(declineSale, (input, { source }) => waited('declineLot', input, source)),
);

async function waited(
  end: 'confirmLot' | 'declineLot',
  { orderId, member, reason, source: teller }: z.output<typeof confirmSale.input>,
  by: string,
): Promise<Answer> {
  const source = teller ?? by;
  const memberId = member ? await members().find(member) : await orders().memberOfOrder(source, orderId);
  if (memberId === undefined) return member ? unknownMember(member) : unknownOrder;
  const said = { source, object: orderId, by, ...(reason && { because: reason }) };
  return answered(await till()[end](memberId, said), lotAnswer);
}

const unknownOrder = problem(404, 'unknown-order', { detail: 'check the number, or send member beside it' });
