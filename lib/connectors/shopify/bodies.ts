import * as z from 'zod';

/**
 * What Shopify's webhooks hold, as far as we read it. The topic travels in a header that nobody signs, so a body has to
 * prove what it is: each of these needs something that the others do not have.
 */

const Id = z.union([z.int().positive(), z.string().regex(/^\d{1,20}$/)]).transform(String);
const Time = z.string().nullish();
/** Decimal strings, except in refunds, which have numbers. */
const Amount = z.union([z.string(), z.number().nonnegative().transform(String)]);
const TaxLines = z.array(z.object({ price: Amount, rate: z.number().nonnegative().nullish() })).nullish();

const Person = z.object({
  id: Id,
  email: z.string().nullish(),
  phone: z.string().nullish(),
  default_address: z.object({ country_code: z.string().nullish() }).nullish(),
});

const LineItem = z.object({
  id: Id,
  sku: z.string().nullish(),
  quantity: z.int().nonnegative(),
  price: Amount,
  gift_card: z.boolean().nullish(),
  /** Present when the line is no goods but a tip. */
  tip: z.unknown().optional(),
  total_discount: Amount.nullish(),
  /** Also holds this line's share of a discount on the whole order. */
  discount_allocations: z.array(z.object({ amount: Amount })).nullish(),
  tax_lines: TaxLines,
});
export type LineItem = z.output<typeof LineItem>;

export const Order = z.object({
  id: Id,
  test: z.boolean().nullish(),
  financial_status: z.string().nullable(),
  cancelled_at: Time,
  created_at: z.string(),
  processed_at: Time,
  currency: z.string(),
  taxes_included: z.boolean(),
  /** Goods after discounts; with tax when `taxes_included`. */
  subtotal_price: Amount,
  total_price: Amount.optional(),
  total_tax: Amount,
  shipping_lines: z.array(z.object({ tax_lines: TaxLines })).nullish(),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  customer: Person.nullish(),
  billing_address: z.object({ country_code: z.string().nullish() }).nullish(),
  line_items: z.array(LineItem),
  discount_codes: z.array(z.object({ code: z.string() })).nullish(),
  location_id: Id.nullish(),
  user_id: Id.nullish(),
});
export type Order = z.output<typeof Order>;

export const Refund = z.object({
  id: Id,
  order_id: Id,
  created_at: z.string(),
  processed_at: Time,
  refund_line_items: z.array(
    z.object({
      line_item_id: Id,
      subtotal: Amount,
      total_tax: Amount,
      subtotal_set: z.object({ shop_money: z.object({ currency_code: z.string() }) }).nullish(),
      line_item: z.object({ tax_lines: TaxLines }).nullish(),
    }),
  ),
  order_adjustments: z
    .array(z.object({ kind: z.string().nullish(), amount: z.string(), tax_amount: z.string().nullish() }))
    .nullish(),
  transactions: z.array(
    z.object({
      kind: z.string(),
      status: z.string(),
      amount: Amount,
      currency: z.string().nullish(),
      test: z.boolean().nullish(),
    }),
  ),
});
export type Refund = z.output<typeof Refund>;

export const Customer = Person.extend({
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
}).refine((customer) => customer.updated_at ?? customer.created_at, 'neither created_at nor updated_at');
export type Customer = z.output<typeof Customer>;
