import * as z from 'zod';

/**
 * What WooCommerce’s webhooks and its REST API hold, as far as we read it. The topic travels in a header that nobody
 * signs, so a body has to prove what it is: each of these needs something that the others do not have.
 */

const Optional = z.string().nullish();
const Id = z.int().positive();
/** Decimal strings in the order’s currency, with as many digits as the shop is set to. */
const Amount = z.string().regex(/^-?\d{1,13}(\.\d{1,20})?$/);

const Billing = z.object({ email: Optional, phone: Optional, country: Optional }).nullish();

const LineItem = z.object({
  id: Id,
  sku: Optional,
  quantity: z.number(),
  /** Before discounts, without tax. */
  subtotal: Amount.nullish(),
  subtotal_tax: Amount.nullish(),
  /** After them, without tax: also where the shop’s prices contain it. */
  total: Amount,
  total_tax: Amount,
});
export type LineItem = z.output<typeof LineItem>;

export const Order = z.object({
  id: Id,
  status: z.string(),
  currency: z.string(),
  /** GMT, without saying so. */
  date_created_gmt: z.string(),
  date_modified_gmt: z.string(),
  date_paid_gmt: Optional,
  date_completed_gmt: Optional,
  /** With tax, shipping and fees. */
  total: Amount,
  /** 0: a guest. */
  customer_id: z.int().nonnegative(),
  billing: Billing,
  line_items: z.array(LineItem),
  coupon_lines: z.array(z.object({ code: z.string() })).nullish(),
  refunds: z.array(z.object({ id: Id, total: Amount })).nullish(),
});
export type Order = z.output<typeof Order>;

const Charge = z.object({ total: Amount, total_tax: Amount.nullish() });
export type Charge = z.output<typeof Charge>;

/** As it is looked up: what went back stands below zero in it. */
export const Refund = z.object({
  id: Id,
  line_items: z.array(
    Charge.extend({ meta_data: z.array(z.object({ key: z.string(), value: z.unknown() })).nullish() }),
  ),
  shipping_lines: z.array(Charge).nullish(),
  fee_lines: z.array(Charge).nullish(),
});
export type Refund = z.output<typeof Refund>;

/** All that is said of what is gone. */
export const Deleted = z.strictObject({ id: Id });

export const Customer = z.object({
  id: Id,
  email: z.string(),
  first_name: Optional,
  last_name: Optional,
  date_created_gmt: Optional,
  date_modified_gmt: Optional,
  billing: Billing,
});
export type Customer = z.output<typeof Customer>;
