import * as z from 'zod';

/** What Square sends and answers, as far as we read it. Amounts are integers in minor units. */

const Id = z.string().min(1).max(192);
const Optional = z.string().nullish();

const Cursor = z.string().nullish();
/** A page of a list. Where it would be empty it is left out, and there is nothing else but a cursor, if any. */
export const listOf = <Item extends z.ZodType>(name: string, item: Item) =>
  z
    .union([z.object({ [name]: z.array(item), cursor: Cursor }), z.strictObject({ cursor: Cursor })])
    .transform((page) => ({
      items: ((page as Record<string, unknown>)[name] ?? []) as z.output<Item>[],
      cursor: (page as { cursor?: string | null }).cursor || undefined,
    }));

/** May be below zero: a return in an exchange, a rounding of cash. */
const Money = z.object({ amount: z.int(), currency: z.string() });
export type Money = z.output<typeof Money>;
const Amount = Money.nullish();

export const Payment = z.object({
  id: Id,
  status: z.string(),
  created_at: z.string(),
  location_id: Optional,
  order_id: Optional,
  customer_id: Optional,
  buyer_email_address: Optional,
  team_member_id: Optional,
  /** Goods and tax, without the tip. */
  amount_money: Money,
  total_money: Amount,
});
export type Payment = z.output<typeof Payment>;

export const Refund = z.object({
  id: Id,
  status: Optional,
  payment_id: Optional,
  order_id: Optional,
  location_id: Optional,
  amount_money: Money,
  updated_at: z.string(),
});
export type Refund = z.output<typeof Refund>;

const LineItem = z.object({
  uid: Optional,
  quantity: z.string(),
  item_type: Optional,
  catalog_object_id: Optional,
  total_money: Amount,
  total_tax_money: Amount,
  /** The line’s share of charges on the whole order. */
  total_service_charge_money: Amount,
});
export type LineItem = z.output<typeof LineItem>;

const ReturnedItem = z.object({
  source_line_item_uid: Optional,
  total_money: Amount,
  total_tax_money: Amount,
});

export const Order = z.object({
  id: Id,
  state: Optional,
  location_id: Optional,
  customer_id: Optional,
  created_at: z.string(),
  line_items: z.array(LineItem).nullish(),
  tenders: z.array(z.object({ created_at: Optional, customer_id: Optional })).nullish(),
  returns: z
    .array(
      z.object({
        source_order_id: Optional,
        return_line_items: z.array(ReturnedItem).nullish(),
        return_amounts: z.object({ tip_money: Amount, service_charge_money: Amount }).nullish(),
      }),
    )
    .nullish(),
  total_money: Amount,
  total_tax_money: Amount,
  total_tip_money: Amount,
  total_service_charge_money: Amount,
  rounding_adjustment: z.object({ amount_money: Amount }).nullish(),
  net_amount_due_money: Amount,
});
export type Order = z.output<typeof Order>;

export const Customer = z.object({
  id: Id,
  updated_at: z.string(),
  given_name: Optional,
  family_name: Optional,
  email_address: Optional,
  phone_number: Optional,
  /** `YYYY-MM-DD`; the year is `0000` where only the day is known. */
  birthday: Optional,
  address: z.object({ country: Optional }).nullish(),
});
export type Customer = z.output<typeof Customer>;

export const LoyaltyAccount = z.object({
  id: Id,
  balance: z.int().default(0),
  customer_id: Optional,
  created_at: Optional,
  mapping: z.object({ phone_number: Optional }).nullish(),
});
export type LoyaltyAccount = z.output<typeof LoyaltyAccount>;

const Points = z.object({ points: z.int() });
export const LoyaltyEvent = z.object({
  id: Id,
  type: z.string(),
  created_at: z.string(),
  loyalty_account_id: Id,
  source: z.string(),
  accumulate_points: z.object({ points: z.int().nullish() }).nullish(),
  accumulate_promotion_points: Points.nullish(),
  create_reward: Points.nullish(),
  delete_reward: Points.nullish(),
  adjust_points: Points.nullish(),
  expire_points: Points.nullish(),
  other_event: Points.nullish(),
});
export type LoyaltyEvent = z.output<typeof LoyaltyEvent>;
