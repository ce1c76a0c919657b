import type * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import { Permanent } from '../kit/errors.ts';
import { codesTyped, minor, total } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { nationalPhone } from '../kit/national-phone.ts';
import type { Customer, LineItem, Order, Refund } from './bodies.ts';

/** Shopify's orders, refunds and customers in our words, whether we were told of them or looked them up. */

type Draft = z.input<typeof Fact>;

/** What has been paid, if only once. */
export const PAID: ReadonlySet<string> = new Set(['paid', 'partially_refunded', 'refunded']);

export function paid(order: Order): Draft[] {
  if (order.test) return [];
  // The topic is not signed, the body is: a cancelled or unpaid order sent again under this topic earns nothing.
  if (!PAID.has(order.financial_status ?? '')) throw new Permanent('the topic says paid, the order does not');
  return [
    {
      ...about(order),
      type: 'sale',
      factId: `shopify:order:${order.id}:paid`,
      orderId: order.id,
      currency: order.currency,
      ...goods(order),
      ...(order.total_price && { paidMinor: minor(order.total_price, order.currency) }),
      ...codesTyped(order.discount_codes),
      ...(order.location_id && { locationId: order.location_id }),
      ...(order.user_id && { staffId: order.user_id }),
    },
  ];
}

export function cancelled(order: Order): Draft[] {
  if (order.test) return [];
  if (!order.cancelled_at) throw new Permanent('the topic says cancelled, the order does not');
  // Never paid, so never earned: a refund would wait for its sale for ever.
  if (!PAID.has(order.financial_status ?? '')) return [];
  return [
    {
      ...about(order),
      occurredAt: order.cancelled_at,
      type: 'refund',
      factId: `shopify:order:${order.id}:cancelled`,
      refundId: `cancelled:${order.id}`,
      orderId: order.id,
      currency: order.currency,
      extent: { kind: 'everything' },
      reason: 'cancelled',
    },
  ];
}

const about = (order: Order) => ({
  source: 'shopify',
  occurredAt: order.processed_at ?? order.created_at,
  identities: identities(
    [
      ['shopify', order.customer?.id],
      ['email', order.customer?.email],
      ['phone', order.customer?.phone],
      ['email', order.email],
      ['phone', order.phone],
    ],
    nationalPhone(order.billing_address?.country_code ?? order.customer?.default_address?.country_code),
  ),
});

/** Shipping and tips are no goods. Gift cards are a category of their own: a merchant may not want to reward money for money. */
function goods(order: Order) {
  const of = (amount: string) => minor(amount, order.currency);
  const taxed = (amountMinor: number, taxMinor: number) =>
    order.taxes_included
      ? { netMinor: Math.max(0, amountMinor - taxMinor), grossMinor: amountMinor }
      : { netMinor: amountMinor, grossMinor: amountMinor + taxMinor };
  const taxOf = (taxLines: LineItem['tax_lines']) => total((taxLines ?? []).map(({ price }) => of(price)));

  const items = order.line_items.filter((item) => item.quantity > 0 && !item.tip);
  const amounts = items.map((item) => {
    const discount = item.discount_allocations
      ? total(item.discount_allocations.map(({ amount }) => of(amount)))
      : of(item.total_discount ?? '0');
    return of(item.price) * item.quantity - discount;
  });
  const subtotal = of(order.subtotal_price);
  const shippingTax = total((order.shipping_lines ?? []).map(({ tax_lines }) => taxOf(tax_lines)));
  const goodsTax = Math.max(0, of(order.total_tax) - shippingTax);
  // Edited orders, duties, and more lines than a fact can hold: then the order's own total is what counts.
  if (items.length > 200 || total(amounts) !== subtotal || amounts.some((amount) => amount < 0)) {
    return { ...taxed(subtotal, goodsTax), lines: [] };
  }
  const told = items.map((item) => taxOf(item.tax_lines));
  const taxes = total(told) > 0 ? told : spread(goodsTax, amounts);
  const lines = items.map((item, index) => ({
    id: item.id,
    ...(item.sku && { sku: item.sku }),
    ...(item.gift_card && { category: 'gift-card' }),
    quantity: item.quantity,
    ...taxed(amounts[index] ?? 0, taxes[index] ?? 0),
  }));
  return {
    netMinor: total(lines.map((line) => line.netMinor)),
    grossMinor: total(lines.map((line) => line.grossMinor)),
    lines,
  };
}

/** By their share, and nothing is lost to rounding: for orders that name their tax only as a whole. */
function spread(amount: number, shares: readonly number[]): number[] {
  const whole = total(shares);
  let share = 0;
  let given = 0;
  return shares.map((each) => {
    share += each;
    const due = whole === 0 ? 0 : Number((BigInt(amount) * BigInt(share)) / BigInt(whole)) - given;
    given += due;
    return due;
  });
}

export function refunded(refund: Refund): Draft[] {
  const money = refund.transactions.filter(({ kind, status }) => kind === 'refund' && status === 'success');
  if (refund.transactions.length > 0 && refund.transactions.every(({ test }) => test)) return [];
  // The goods are in the shop's currency; a transaction may be in the buyer's.
  const currency =
    refund.refund_line_items.find((item) => item.subtotal_set)?.subtotal_set?.shop_money.currency_code ??
    refund.transactions[0]?.currency;
  if (!currency) {
    if (refund.refund_line_items.length === 0) return [];
    throw new Permanent('the refund names no currency');
  }
  const of = (amount: string) => minor(amount.replace(/^-/, ''), currency);
  const shipping = total(
    (refund.order_adjustments ?? [])
      .filter(({ kind }) => kind === 'shipping_refund')
      .map((each) => of(each.amount) + of(each.tax_amount ?? '0')),
  );
  const cash = Math.max(0, total(money.map(({ amount }) => of(amount))) - shipping);

  const included = pricesIncludeTax(refund, cash, of);
  const lines = new Map<string, { id: string; netMinor: number; grossMinor: number }>();
  for (const item of refund.refund_line_items) {
    const subtotal = of(item.subtotal);
    const tax = of(item.total_tax);
    const line = lines.get(item.line_item_id) ?? { id: item.line_item_id, netMinor: 0, grossMinor: 0 };
    line.netMinor += included ? Math.max(0, subtotal - tax) : subtotal;
    line.grossMinor += included ? subtotal : subtotal + tax;
    lines.set(line.id, line);
  }
  if (lines.size === 0 && cash === 0) return [];
  const all = [...lines.values()];
  const sums = {
    netMinor: total(all.map((line) => line.netMinor)),
    grossMinor: total(all.map((line) => line.grossMinor)),
  };
  return [
    {
      type: 'refund',
      source: 'shopify',
      factId: `shopify:refund:${refund.id}`,
      refundId: refund.id,
      orderId: refund.order_id,
      occurredAt: refund.processed_at ?? refund.created_at,
      identities: [],
      currency,
      extent:
        // Money without goods: how much of it was tax is not told.
        all.length === 0
          ? { kind: 'amount', grossMinor: cash }
          : all.length > 200
            ? { kind: 'amount', ...sums }
            : { kind: 'lines', lines: all },
      reason: 'return',
    },
  ];
}

/**
 * A refund does not repeat the order's `taxes_included`, but its own figures tell: tax that was added is `rate` of the
 * subtotal, tax that is contained is less. Without rates, the money that went back decides.
 */
function pricesIncludeTax(refund: Refund, cash: number, of: (amount: string) => number): boolean {
  let added = 0;
  let contained = 0;
  let told = 0;
  let subtotals = 0;
  for (const item of refund.refund_line_items) {
    const subtotal = of(item.subtotal);
    subtotals += subtotal;
    const rate = total((item.line_item?.tax_lines ?? []).map((tax) => tax.rate ?? 0));
    if (rate === 0) continue;
    told += of(item.total_tax);
    added += subtotal * rate;
    contained += (subtotal * rate) / (1 + rate);
  }
  if (told > 0) return Math.abs(told - contained) < Math.abs(told - added);
  return cash > 0 && cash === subtotals;
}

export function customer(body: Customer): Draft {
  const changedAt = body.updated_at ?? body.created_at ?? '';
  const name = [body.first_name, body.last_name].filter(Boolean).join(' ').slice(0, 200);
  return {
    type: 'member',
    source: 'shopify',
    // Each change is a thing of its own that happened.
    factId: `shopify:customer:${body.id}:${changedAt}`,
    occurredAt: changedAt,
    identities: identities(
      [
        ['shopify', body.id],
        ['email', body.email],
        ['phone', body.phone],
      ],
      nationalPhone(body.default_address?.country_code),
    ),
    profile: name ? { name } : {},
  };
}
