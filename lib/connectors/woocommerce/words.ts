import { createHash } from 'node:crypto';
import type * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import { minorDigits } from '../../loyalty/money.ts';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { codesTyped, minor, total } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { nationalPhone } from '../kit/national-phone.ts';
import type { Charge, Customer, LineItem, Order, Refund } from './bodies.ts';
import type manifest from './manifest.ts';

/** WooCommerce’s orders and customers in our words, whether we were told of them or looked them up. */

type Draft = z.input<typeof Fact>;
/** The refunds of an order. */
type LookUp = (orderId: number) => Promise<readonly Refund[]>;
type Settings = Pick<Context<typeof manifest>['settings'], 'earnOn'>;

/** An order is told with every change of it, as it stands when the telling is made, which may be later than the change. */
export async function ordered(order: Order, { earnOn }: Settings, lookUp: LookUp): Promise<Draft[]> {
  if (earnOn.includes(order.status)) return [sold(order), ...(await refunded(order, lookUp))];
  // What never earned has nothing to give back: it would wait for its sale for ever.
  if (!hasEarned(order, earnOn)) return [];
  switch (order.status) {
    case 'refunded':
      // All of it goes back: by which lines makes no difference.
      return [...(await refunded(order, async () => [])), whole(order, 'return', changedAt(order))];
    case 'cancelled':
    case 'trash':
      return [whole(order, 'cancelled', changedAt(order))];
    default:
      return [];
  }
}

/** Where it stood before is not told, but when it was paid and completed is. */
const hasEarned = (order: Order, earnOn: Settings['earnOn']): boolean =>
  earnOn.some((status) => Boolean(status === 'completed' ? order.date_completed_gmt : order.date_paid_gmt));

/** Of an order that was deleted only its number is told. If it never earned, this waits for it and is forgotten. */
export const deleted = (id: number, now: Date, currency: string): Draft[] => [
  whole({ id, currency }, 'cancelled', now.toISOString()),
];

const sold = (order: Order): Draft => ({
  ...about(order),
  type: 'sale',
  factId: `woocommerce:order:${order.id}:earned`,
  occurredAt: utc(order.date_completed_gmt ?? order.date_paid_gmt ?? order.date_created_gmt),
  ...goods(order),
  paidMinor: Math.max(0, amount(order.total, order.currency)),
  ...codesTyped(order.coupon_lines),
});

async function refunded(order: Order, lookUp: LookUp): Promise<Draft[]> {
  const named = (order.refunds ?? []).flatMap(({ id, total: money }) => {
    const paidMinor = Math.abs(amount(money, order.currency));
    return paidMinor === 0 ? [] : { id, paidMinor };
  });
  if (named.length === 0) return [];
  const known = new Map((await lookUp(order.id)).map((refund) => [refund.id, refund]));
  return named.flatMap(({ id, paidMinor }): Draft[] => {
    const extent = extentOf(paidMinor, known.get(id), order.currency);
    if (!extent) return [];
    return [
      {
        ...about(order),
        type: 'refund',
        factId: `woocommerce:refund:${id}`,
        refundId: String(id),
        occurredAt: changedAt(order),
        identities: [],
        extent,
      },
    ];
  });
}

/** Shipping and fees are no goods. Where the lines do not come to what was paid back, the money decides. */
function extentOf(paidMinor: number, refund: Refund | undefined, currency: string) {
  const back = (text: string | null | undefined) => Math.abs(amount(text ?? '0', currency));
  const grossOf = (charge: Charge) => back(charge.total) + back(charge.total_tax);
  const charges = [...(refund?.shipping_lines ?? []), ...(refund?.fee_lines ?? [])];
  const grossMinor = Math.max(0, paidMinor - total(charges.map(grossOf)));
  if (grossMinor === 0) return undefined;
  const lines = (refund?.line_items ?? []).flatMap((item) => {
    const id = item.meta_data?.find(({ key }) => key === '_refunded_item_id')?.value;
    const line = { id: String(id ?? ''), netMinor: back(item.total), grossMinor: grossOf(item) };
    return line.grossMinor === 0 ? [] : line;
  });
  // Each is rounded on its own.
  const off = Math.abs(total(lines.map((line) => line.grossMinor)) - grossMinor);
  const fit =
    lines.length > 0 && lines.length <= 200 && off <= lines.length && lines.every(({ id }) => /^\d+$/.test(id));
  return fit ? { kind: 'lines' as const, lines } : { kind: 'amount' as const, grossMinor };
}

const whole = (
  { id, currency }: Pick<Order, 'id' | 'currency'>,
  reason: 'return' | 'cancelled',
  at: string,
): Draft => ({
  type: 'refund',
  source: 'woocommerce',
  factId: `woocommerce:order:${id}:${reason === 'return' ? 'refunded' : 'cancelled'}`,
  refundId: `${reason === 'return' ? 'refunded' : 'cancelled'}:${id}`,
  orderId: String(id),
  occurredAt: at,
  identities: [],
  currency,
  extent: { kind: 'everything' },
  reason,
});

const about = (order: Order) => ({
  source: 'woocommerce',
  orderId: String(order.id),
  currency: order.currency,
  identities: identities(
    [
      ['woocommerce', order.customer_id === 0 ? undefined : String(order.customer_id)],
      ['email', order.billing?.email],
      ['phone', order.billing?.phone],
    ],
    nationalPhone(order.billing?.country),
  ),
});

const changedAt = (order: Order): string => utc(order.date_modified_gmt);

/** `2026-11-20T15:10:00` is meant in GMT. */
export const utc = (time: string): string => (/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);

/** Shipping and fees are no goods, and stand in lists of their own. */
function goods(order: Order) {
  const lines = order.line_items.filter(({ quantity }) => quantity > 0).map((item) => lineOf(item, order.currency));
  const sums = {
    netMinor: total(lines.map((line) => line.netMinor)),
    grossMinor: total(lines.map((line) => line.grossMinor)),
  };
  // More lines than a fact can hold, or one that takes something off the others: the sum of them is what counts.
  const isWhole = lines.length <= 200 && lines.every(({ netMinor, grossMinor }) => netMinor >= 0 && grossMinor >= 0);
  return isWhole
    ? { ...sums, lines }
    : { netMinor: Math.max(0, sums.netMinor), grossMinor: Math.max(0, sums.grossMinor), lines: [] };
}

function lineOf(item: LineItem, currency: string) {
  const of = (text: string | null | undefined) => amount(text ?? '0', currency);
  const netMinor = of(item.total);
  const listNetMinor = of(item.subtotal);
  return {
    id: String(item.id),
    ...(item.sku && { sku: item.sku }),
    quantity: item.quantity,
    netMinor,
    grossMinor: netMinor + of(item.total_tax),
    ...(listNetMinor > netMinor && { listNetMinor, listGrossMinor: listNetMinor + of(item.subtotal_tax) }),
  };
}

/** Shops may reckon with more digits than the currency has: half a cent and more is one. */
function amount(text: string, currency: string): number {
  const [, sign, units = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  // Refuses what is no currency, before its digits are counted.
  const whole = minor(units, currency);
  const digits = minorDigits(currency);
  const kept = Number(fraction.slice(0, digits).padEnd(digits, '0') || 0);
  const sum = whole + kept + (Number(fraction[digits] ?? 0) >= 5 ? 1 : 0);
  return sign ? -sum : sum;
}

export function customer(body: Customer): Draft {
  const name = [body.first_name, body.last_name].filter(Boolean).join(' ').slice(0, 200);
  const known = identities(
    [
      ['woocommerce', String(body.id)],
      ['email', body.email],
      ['phone', body.billing?.phone],
    ],
    nationalPhone(body.billing?.country),
  );
  const changed = body.date_modified_gmt ?? body.date_created_gmt;
  if (!changed) throw new Permanent('the customer has no date');
  // By what is said and not by when: writing the points into the customer’s record is a change of it too.
  const content = createHash('sha256')
    .update(JSON.stringify([name, known]))
    .digest('base64url')
    .slice(0, 22);
  return {
    type: 'member',
    source: 'woocommerce',
    factId: `woocommerce:customer:${body.id}:${content}`,
    occurredAt: utc(changed),
    identities: known,
    profile: name ? { name } : {},
  };
}
