import * as z from 'zod';
import type { Context, Found } from '../contract.ts';
import { facts, found } from '../kit/facts.ts';
import { shape } from '../kit/read.ts';
import { type Admin, openAdmin } from './admin.ts';
import { Order, Refund } from './bodies.ts';
import type manifest from './manifest.ts';
import { cancelled, PAID, paid, refunded } from './words.ts';

/**
 * The orders that have changed since, with what was refunded since. Each is asked for on its own, so that no query is
 * dearer than Shopify allows, and put into the shape of the webhooks, so that it says what they would have said.
 */
export async function reconcile(since: Date, context: Context<typeof manifest>, after?: string): Promise<Found> {
  const admin = await openAdmin(context);
  const query = `updated_at:>='${since.toISOString()}'`;
  const { orders } = shape(Changed, await admin(CHANGED, { query, after: after ?? null }));
  const refunds: string[] = [];
  const sales = await found(
    orders.nodes.map(({ id }) => id),
    async (id) => {
      const order = await orderOf(admin, id);
      if (!order) return [];
      refunds.push(...order.refunds.filter((refund) => new Date(refund.createdAt ?? 0) >= since).map((one) => one.id));
      const body = shape(Order, asTold(order));
      if (!PAID.has(body.financial_status ?? '')) return [];
      return facts([...paid(body), ...(body.cancelled_at ? cancelled(body) : [])]);
    },
  );
  const returns = await found(refunds, async (id) => {
    const refund = await refundOf(admin, id);
    return refund ? facts(refunded(shape(Refund, refundAsTold(refund)))) : [];
  });
  return {
    facts: [...sales.facts, ...returns.facts],
    unreadable: [...sales.unreadable, ...returns.unreadable],
    ...(orders.pageInfo.hasNextPage && orders.pageInfo.endCursor && { next: orders.pageInfo.endCursor }),
  };
}

/** As many as the vendor lets us ask for at the same time. */
const CHANGED = `query Changed($query: String!, $after: String) {
  orders(first: 5, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id }
    pageInfo { hasNextPage endCursor }
  }
}`;

const MONEY = '{ shopMoney { amount } }';

const ORDER = `query Order($id: ID!, $after: String) {
  order(id: $id) {
    legacyResourceId test displayFinancialStatus cancelledAt createdAt processedAt currencyCode taxesIncluded email phone discountCodes
    subtotalPriceSet ${MONEY} totalPriceSet ${MONEY} totalTaxSet ${MONEY}
    customer {
      legacyResourceId
      defaultEmailAddress { emailAddress }
      defaultPhoneNumber { phoneNumber }
      defaultAddress { countryCodeV2 }
    }
    billingAddress { countryCodeV2 }
    retailLocation { legacyResourceId }
    shippingLines(first: 10) { nodes { taxLines { priceSet ${MONEY} } } }
    refunds(first: 50) { id createdAt }
    lineItems(first: 50, after: $after) {
      nodes {
        id sku quantity isGiftCard
        originalUnitPriceSet ${MONEY}
        discountAllocations { allocatedAmountSet ${MONEY} }
        taxLines { priceSet ${MONEY} rate }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const REFUND = `query Refund($id: ID!, $after: String) {
  refund(id: $id) {
    legacyResourceId createdAt processedAt
    order { legacyResourceId currencyCode }
    refundShippingLines(first: 10) { nodes { subtotalAmountSet ${MONEY} taxAmountSet ${MONEY} } }
    transactions(first: 20) { nodes { kind status test amountSet ${MONEY} } }
    refundLineItems(first: 50, after: $after) {
      nodes {
        lineItem { id taxLines { priceSet ${MONEY} rate } }
        subtotalSet ${MONEY}
        totalTaxSet ${MONEY}
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const Page = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
const Changed = z.object({ orders: z.object({ nodes: z.array(z.object({ id: z.string() })), pageInfo: Page }) });
const list = <Node extends z.ZodType>(node: Node) => z.object({ nodes: z.array(node) });
const paged = <Node extends z.ZodType>(node: Node) => z.object({ nodes: z.array(node), pageInfo: Page });

/** In the shop's currency. */
const Money = z.object({ shopMoney: z.object({ amount: z.string() }) }).transform(({ shopMoney }) => shopMoney.amount);
/** `gid://shopify/LineItem/1` is what a webhook calls 1. */
const Gid = z.string().transform((gid) => gid.split('/').at(-1) ?? gid);
const Known = z.object({ legacyResourceId: z.string() });
const Tax = z.object({ priceSet: Money, rate: z.number().nullish() });
const Place = z.object({ countryCodeV2: z.string().nullish() }).nullish();

const OrderNode = z.object({
  legacyResourceId: z.string(),
  test: z.boolean(),
  displayFinancialStatus: z.string().nullable(),
  cancelledAt: z.string().nullable(),
  createdAt: z.string(),
  processedAt: z.string(),
  currencyCode: z.string(),
  taxesIncluded: z.boolean(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  discountCodes: z.array(z.string()),
  subtotalPriceSet: Money,
  totalPriceSet: Money,
  totalTaxSet: Money.nullable(),
  customer: Known.extend({
    defaultEmailAddress: z.object({ emailAddress: z.string() }).nullish(),
    defaultPhoneNumber: z.object({ phoneNumber: z.string() }).nullish(),
    defaultAddress: Place,
  }).nullable(),
  billingAddress: Place,
  retailLocation: Known.nullable(),
  shippingLines: list(z.object({ taxLines: z.array(Tax) })),
  refunds: z.array(z.object({ id: z.string(), createdAt: z.string().nullable() })),
  lineItems: paged(
    z.object({
      id: Gid,
      sku: z.string().nullable(),
      quantity: z.int(),
      isGiftCard: z.boolean(),
      originalUnitPriceSet: Money,
      discountAllocations: z.array(z.object({ allocatedAmountSet: Money })),
      taxLines: z.array(Tax),
    }),
  ),
});
type OrderNode = z.output<typeof OrderNode>;

const RefundNode = z.object({
  legacyResourceId: z.string(),
  createdAt: z.string().nullable(),
  processedAt: z.string(),
  order: Known.extend({ currencyCode: z.string() }),
  refundShippingLines: list(z.object({ subtotalAmountSet: Money, taxAmountSet: Money })),
  transactions: list(z.object({ kind: z.string(), status: z.string(), test: z.boolean(), amountSet: Money })),
  refundLineItems: paged(
    z.object({ lineItem: z.object({ id: Gid, taxLines: z.array(Tax) }), subtotalSet: Money, totalTaxSet: Money }),
  ),
});
type RefundNode = z.output<typeof RefundNode>;

/** Whole: with all its lines, however many there are. `undefined`: it is gone. */
async function orderOf(admin: Admin, id: string): Promise<OrderNode | undefined> {
  const pages = await pagesOf(admin, ORDER, id, (data) => {
    const { order } = shape(z.object({ order: OrderNode.nullable() }), data);
    return order && { node: order, page: order.lineItems.pageInfo };
  });
  const [first] = pages;
  return first && { ...first, lineItems: { ...first.lineItems, nodes: pages.flatMap((page) => page.lineItems.nodes) } };
}

async function refundOf(admin: Admin, id: string): Promise<RefundNode | undefined> {
  const pages = await pagesOf(admin, REFUND, id, (data) => {
    const { refund } = shape(z.object({ refund: RefundNode.nullable() }), data);
    return refund && { node: refund, page: refund.refundLineItems.pageInfo };
  });
  const nodes = pages.flatMap((page) => page.refundLineItems.nodes);
  const [first] = pages;
  return first && { ...first, refundLineItems: { ...first.refundLineItems, nodes } };
}

async function pagesOf<Node>(
  admin: Admin,
  document: string,
  id: string,
  read: (data: unknown) => { node: Node; page: z.output<typeof Page> } | null,
): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ; ) {
    const one = read(await admin(document, { id, after }));
    if (!one) return nodes;
    nodes.push(one.node);
    after = one.page.endCursor;
    if (!one.page.hasNextPage || after === null) return nodes;
  }
}

const taxes = (lines: readonly z.output<typeof Tax>[]) =>
  lines.map(({ priceSet, rate }) => ({ price: priceSet, rate }));

/** As `orders/paid` would have told it. */
const asTold = (order: OrderNode): z.input<typeof Order> => ({
  id: order.legacyResourceId,
  test: order.test,
  financial_status: order.displayFinancialStatus?.toLowerCase() ?? null,
  cancelled_at: order.cancelledAt,
  created_at: order.createdAt,
  processed_at: order.processedAt,
  currency: order.currencyCode,
  taxes_included: order.taxesIncluded,
  subtotal_price: order.subtotalPriceSet,
  total_price: order.totalPriceSet,
  total_tax: order.totalTaxSet ?? '0',
  shipping_lines: order.shippingLines.nodes.map(({ taxLines }) => ({ tax_lines: taxes(taxLines) })),
  email: order.email,
  phone: order.phone,
  customer: order.customer && {
    id: order.customer.legacyResourceId,
    email: order.customer.defaultEmailAddress?.emailAddress,
    phone: order.customer.defaultPhoneNumber?.phoneNumber,
    default_address: { country_code: order.customer.defaultAddress?.countryCodeV2 },
  },
  billing_address: order.billingAddress && { country_code: order.billingAddress.countryCodeV2 },
  line_items: order.lineItems.nodes.map((line) => ({
    id: line.id,
    sku: line.sku,
    quantity: line.quantity,
    price: line.originalUnitPriceSet,
    gift_card: line.isGiftCard,
    discount_allocations: line.discountAllocations.map(({ allocatedAmountSet }) => ({ amount: allocatedAmountSet })),
    tax_lines: taxes(line.taxLines),
  })),
  discount_codes: order.discountCodes.map((code) => ({ code })),
  location_id: order.retailLocation?.legacyResourceId,
});

/** As `refunds/create` would have told it. */
const refundAsTold = (refund: RefundNode): z.input<typeof Refund> => ({
  id: refund.legacyResourceId,
  order_id: refund.order.legacyResourceId,
  created_at: refund.createdAt ?? refund.processedAt,
  processed_at: refund.processedAt,
  refund_line_items: refund.refundLineItems.nodes.map(({ lineItem, subtotalSet, totalTaxSet }) => ({
    line_item_id: lineItem.id,
    subtotal: subtotalSet,
    total_tax: totalTaxSet,
    subtotal_set: { shop_money: { currency_code: refund.order.currencyCode } },
    line_item: { tax_lines: taxes(lineItem.taxLines) },
  })),
  order_adjustments: refund.refundShippingLines.nodes.map(({ subtotalAmountSet, taxAmountSet }) => ({
    kind: 'shipping_refund',
    amount: subtotalAmountSet,
    tax_amount: taxAmountSet,
  })),
  transactions: refund.transactions.nodes.map(({ kind, status, test, amountSet }) => ({
    kind: kind.toLowerCase(),
    status: status.toLowerCase(),
    test,
    amount: amountSet,
    currency: refund.order.currencyCode,
  })),
});
