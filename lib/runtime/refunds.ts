import type { RefundFact } from '../loyalty/facts.ts';
import type { Outcome } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { Orders } from './orders.ts';
import { forOrder, type WaitingRoom } from './waiting-room.ts';

/** Its sale may be waiting itself, for the buyer to enrol; and an order may be told a year late. */
const WAITING_DAYS = 400;

/** Books a refund for whoever the order was booked for. While nobody knows the order, the refund waits for it. */
export async function bookRefund(
  {
    orders,
    waitingRoom,
    ledger,
  }: { orders: Orders; waitingRoom: Pick<WaitingRoom, 'put'>; ledger: Pick<Ledger, 'refund'> },
  fact: RefundFact,
): Promise<Outcome | { readonly kind: 'waiting' }> {
  const { source, orderId } = fact;
  let memberId = await orders.memberOfOrder(source, orderId);
  if (memberId === undefined) {
    await waitingRoom.put(fact, [forOrder(source, orderId)], WAITING_DAYS);
    // The order may have come in between, and its looking into the waiting room been over before this was in it.
    memberId = await orders.memberOfOrder(source, orderId);
  }
  return memberId === undefined ? { kind: 'waiting' } : ledger.refund(memberId, fact);
}
