import * as z from 'zod';
import { Profile, RefundFact, ToldActivity } from '../../loyalty/facts.ts';
import { DecimalAmount } from '../../loyalty/money.ts';

/**
 * What any system may send us: `{ type, id?, timestamp, data }`. Amounts are decimal strings in major units, so that
 * nobody has to guess what a cent is. `docs/connectors/webhook.md` is made from these schemas.
 */

const Text = (max: number) => z.string().min(1).max(max);

const Customer = z
  .object({
    member: Text(100).nullish().describe('Our own member id.'),
    id: Text(200).nullish().describe('The sender’s id of the customer.'),
    card: Text(200).nullish(),
    email: z.string().max(320).nullish(),
    phone: z.string().max(40).nullish().describe('Best in E.164: `+4930123456`.'),
  })
  .describe('All that is known; nothing of it for a guest.');

const Line = z.object({
  id: Text(100),
  sku: Text(100).nullish(),
  category: Text(100).nullish(),
  tags: z.array(Text(100)).max(20).nullish().describe('Words that rules may ask for.'),
  quantity: z.number().positive().default(1).describe('May be a weight.'),
  total: DecimalAmount.describe('Goods after discounts, with tax.'),
  net: DecimalAmount.nullish().describe('The same without tax; absent: no tax in it.'),
  list_total: DecimalAmount.nullish().describe('Before discounts, with tax; absent: there were none.'),
  list_net: DecimalAmount.nullish().describe('The same without tax; absent: no tax in it.'),
});

const money = {
  currency: z.string().length(3).describe('ISO 4217.'),
  lines: z.array(Line).max(200).nullish().describe('All goods or nothing: they add up to the totals.'),
};

const body = <Type extends string, Data extends z.ZodRawShape>(type: Type, data: Data) =>
  z.object({
    type: z.literal(type),
    id: Text(150).nullish().describe('Id of this message. Needed where there is no `webhook-id` header.'),
    timestamp: z.iso.datetime({ offset: true }).describe('When it happened.'),
    data: z.object(data),
  });

const named = Text(100).nullish();

export const bodies = {
  'order.paid': body('order.paid', {
    customer: Customer.nullish(),
    order: z.object({
      id: Text(100),
      total: DecimalAmount.describe('What was paid for the goods, with tax; without tip and shipping.'),
      net: DecimalAmount.nullish().describe('The same without tax; absent: no tax in it.'),
      ...money,
      redemption: Text(100).nullish().describe('The authorized redemption that paid for a part.'),
    }),
    location: named,
    staff: named,
  }),
  'order.refunded': body('order.refunded', {
    customer: Customer.nullish(),
    order: z.object({
      id: Text(100).describe('Id of the refund itself.'),
      refund_of: Text(100).describe('Id of the order.'),
      total: DecimalAmount.nullish().describe(
        'Goods that were given back, with tax; absent, and no lines: everything.',
      ),
      net: DecimalAmount.nullish(),
      ...money,
      reason: RefundFact.shape.reason.nullish(),
    }),
    staff: named,
  }),
  activity: body('activity', {
    customer: Customer,
    activity: z.object({
      kind: ToldActivity,
      id: Text(100).nullish().describe('Id of the visit, booking …; absent: that of the message.'),
    }),
    location: named,
  }),
  'member.updated': body('member.updated', {
    customer: Customer.describe('Enrols when nobody is known by any of it.'),
    profile: z
      .object({
        name: Profile.shape.name.nullable(),
        locale: Profile.shape.locale.nullable(),
        birthday: Profile.shape.birthday.nullable(),
      })
      .nullish(),
  }),
} as const;
export type BodyType = keyof typeof bodies;
export type Body<Type extends BodyType> = z.output<(typeof bodies)[Type]>;

export const Notice = z.object({ type: z.string(), id: Text(150).nullish() });
