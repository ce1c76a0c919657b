import * as z from 'zod';
import { Permanent } from '../kit/errors.ts';
import type { Call } from '../kit/json-api.ts';
import { read, shape } from '../kit/read.ts';
import { listOf, Order, Payment } from './bodies.ts';

/** How what a payment or a refund only names is had. */
export interface LookUp {
  order(id: string): Promise<Order>;
  payment(id: string): Promise<Payment>;
}

export const lookingUp = (square: Call): LookUp => ({
  order: async (id) =>
    read(z.object({ order: Order }), await square('GET', `/v2/orders/${encodeURIComponent(id)}`)).order,
  payment: async (id) =>
    read(z.object({ payment: Payment }), await square('GET', `/v2/payments/${encodeURIComponent(id)}`)).payment,
});

/** Each is read by whoever asks for it: one that cannot be read keeps nobody from the others. */
const Orders = listOf('orders', z.looseObject({ id: z.string() }));

/** The same, with the orders of a whole page got in one call. */
export async function havingLookedUp(orderIds: readonly string[], square: Call): Promise<LookUp> {
  const order_ids = [...new Set(orderIds)];
  const { items } =
    order_ids.length === 0
      ? { items: [] }
      : read(Orders, await square('POST', '/v2/orders/batch-retrieve', { order_ids }));
  const orders = new Map(items.map((order) => [order.id, order]));
  return {
    ...lookingUp(square),
    async order(id) {
      const order = orders.get(id);
      // Square leaves out what there is not.
      if (!order) throw new Permanent('Square has no such order');
      return shape(Order, order);
    },
  };
}
