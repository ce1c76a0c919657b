import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { total } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import type { LineItem, Money, Order, Payment, Refund } from './bodies.ts';
import type { LookUp } from './look-up.ts';
import type manifest from './manifest.ts';
import type { Draft } from './words.ts';

/**
 * Payments and refunds of Square in our words. A payment says neither tax nor goods, and a bill that is split is paid by
 * several: so the order is looked up, and the order is the sale.
 */

type Settings = Context<typeof manifest>['settings'];

export async function sold(payment: Payment, { locationIds }: Settings, lookUp: LookUp): Promise<Draft[]> {
  if (payment.status !== 'COMPLETED') return [];
  if (locationIds && !locationIds.includes(payment.location_id ?? '')) return [];
  if (!payment.order_id) return [soldAlone(payment)];
  const order = await lookUp.order(payment.order_id);
  return isPaid(order) ? [soldAs(order, payment)] : [];
}

/** A split bill is a sale once nothing of it is due: the payment that makes it so tells of it. */
const isPaid = (order: Order): boolean => order.state === 'COMPLETED' || order.net_amount_due_money?.amount === 0;

/** Without an order, what was paid is all that is known. */
const soldAlone = (payment: Payment): Draft => ({
  type: 'sale',
  source: 'square',
  factId: `square:payment:${payment.id}`,
  orderId: payment.id,
  occurredAt: payment.created_at,
  identities: identities([
    ['square', payment.customer_id],
    ['email', payment.buyer_email_address],
  ]),
  currency: payment.amount_money.currency,
  netMinor: payment.amount_money.amount,
  grossMinor: payment.amount_money.amount,
  ...(payment.total_money && { paidMinor: payment.total_money.amount }),
  lines: [],
  ...(payment.location_id && { locationId: payment.location_id }),
  ...(payment.team_member_id && { staffId: payment.team_member_id }),
});

function soldAs(order: Order, payment: Payment): Draft {
  const { total_money: paid } = order;
  if (!paid) throw new Permanent('the order has no total');
  const locationId = order.location_id ?? payment.location_id;
  // When the last of it was paid: the same whichever payment tells of it.
  const paidAt = (order.tenders ?? []).flatMap(({ created_at: at }) => at ?? []).toSorted();
  return {
    type: 'sale',
    source: 'square',
    factId: `square:order:${order.id}`,
    orderId: order.id,
    occurredAt: paidAt.at(-1) ?? order.created_at,
    identities: identities([
      ['square', order.customer_id],
      ...(order.tenders ?? []).map((tender) => ['square', tender.customer_id] as const),
      ['square', payment.customer_id],
      ['email', payment.buyer_email_address],
    ]),
    currency: paid.currency,
    paidMinor: paid.amount,
    ...goods(order, paid),
    ...(locationId && { locationId }),
    ...(payment.team_member_id && { staffId: payment.team_member_id }),
  };
}

/** Tips and charges for service are no goods. Gift cards are a category of their own: money for money. */
function goods(order: Order, paid: Money) {
  const of = (money: Money | null | undefined) => money?.amount ?? 0;
  const gross = Math.max(0, paid.amount - of(order.total_tip_money) - of(order.total_service_charge_money));
  const whole = { netMinor: Math.max(0, gross - of(order.total_tax_money)), grossMinor: gross };
  const lines = (order.line_items ?? []).map((item, index) => lineOf(item, index));
  const sums = {
    netMinor: total(lines.map((line) => line.netMinor)),
    grossMinor: total(lines.map((line) => line.grossMinor)),
  };
  // Cash is rounded on the whole bill, which is no goods either.
  const off = Math.abs(sums.grossMinor - gross);
  const fits = off <= Math.abs(of(order.rounding_adjustment?.amount_money));
  const readable = lines.every(({ netMinor, quantity }) => netMinor >= 0 && quantity > 0);
  // More lines than a fact can hold, or charges on lines that we do not know: the order's own total is what counts.
  return lines.length === 0 || lines.length > 200 || !fits || !readable ? { ...whole, lines: [] } : { ...sums, lines };
}

function lineOf(item: LineItem, index: number) {
  const grossMinor = (item.total_money?.amount ?? 0) - (item.total_service_charge_money?.amount ?? 0);
  return {
    id: item.uid ?? String(index + 1),
    ...(item.catalog_object_id && { sku: item.catalog_object_id.slice(0, 100) }),
    ...(item.item_type === 'GIFT_CARD' && { category: 'gift-card' }),
    quantity: Number(item.quantity),
    netMinor: grossMinor - (item.total_tax_money?.amount ?? 0),
    grossMinor,
  };
}

export async function refunded(refund: Refund, lookUp: LookUp): Promise<Draft[]> {
  if (refund.status !== 'COMPLETED') return [];
  const { currency } = refund.amount_money;
  const about = { type: 'refund' as const, source: 'square', occurredAt: refund.updated_at, identities: [], currency };
  // What goes back has an order of its own, which names the one that it was bought with.
  const order = refund.order_id ? await lookUp.order(refund.order_id) : undefined;
  const [back] = order?.returns ?? [];
  if (order && back?.source_order_id) {
    const lines = returnedLines(back);
    if (lines)
      return [
        {
          ...about,
          // The goods come back once, to however many cards the money goes.
          factId: `square:return:${order.id}`,
          refundId: `return:${order.id}`,
          orderId: back.source_order_id,
          extent: { kind: 'lines', lines },
        },
      ];
  }
  const bought = back?.source_order_id ?? (await orderPaidBy(refund, lookUp));
  const { tip_money: tip, service_charge_money: charge } = back?.return_amounts ?? {};
  const grossMinor = Math.max(0, refund.amount_money.amount - (tip?.amount ?? 0) - (charge?.amount ?? 0));
  if (grossMinor === 0) return [];
  return [
    {
      ...about,
      factId: `square:refund:${refund.id}`,
      refundId: refund.id,
      orderId: bought,
      extent: { kind: 'amount', grossMinor },
    },
  ];
}

/** Each line once; `undefined` when something of it is no line of the order: then the money decides. */
function returnedLines({ return_line_items: items }: NonNullable<Order['returns']>[number]) {
  const lines = new Map<string, { id: string; netMinor: number; grossMinor: number }>();
  for (const { source_line_item_uid: id, total_money: money, total_tax_money: tax } of items ?? []) {
    if (!id || !money) return undefined;
    const line = lines.get(id) ?? { id, netMinor: 0, grossMinor: 0 };
    line.grossMinor += money.amount;
    line.netMinor += money.amount - (tax?.amount ?? 0);
    lines.set(id, line);
  }
  return lines.size > 0 && lines.size <= 200 ? [...lines.values()] : undefined;
}

async function orderPaidBy({ payment_id: id }: Refund, lookUp: LookUp): Promise<string> {
  if (!id) throw new Permanent('the refund names neither an order nor a payment');
  const payment = await lookUp.payment(id);
  return payment.order_id ?? payment.id;
}
