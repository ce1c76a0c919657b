import * as z from 'zod';

/** What Stripe's events hold, as far as we read it. */

/** A thin event (`v2.core.event`) has no object inside. */
export const Notice = z.object({ object: z.string(), type: z.string(), account: z.string().nullish() });

const Amount = z.int().nonnegative();
const Currency = z
  .string()
  .length(3)
  .transform((code) => code.toUpperCase());
/** Unix seconds, up to the year 9999. */
const Time = z
  .int()
  .nonnegative()
  .max(253_402_300_799)
  .transform((seconds) => new Date(seconds * 1000).toISOString());
/** An id, or the whole object where the merchant has it expanded. */
const Reference = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)]).nullish();
const Metadata = z.record(z.string(), z.string()).nullish();

const about = <Shape extends z.ZodRawShape>(shape: Shape) => z.object({ data: z.object({ object: z.object(shape) }) });

export const PaymentIntent = about({
  id: z.string(),
  object: z.literal('payment_intent'),
  status: z.literal('succeeded'),
  amount_received: Amount,
  currency: Currency,
  amount_details: z.object({ tip: z.object({ amount: Amount.nullish() }).nullish() }).nullish(),
  customer: Reference,
  receipt_email: z.string().nullish(),
  created: Time,
  metadata: Metadata,
});

export const CheckoutSession = about({
  id: z.string(),
  object: z.literal('checkout.session'),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_total: Amount.nullable(),
  currency: Currency.nullable(),
  total_details: z.object({ amount_shipping: Amount.nullish(), amount_tax: Amount }).nullish(),
  payment_intent: Reference,
  customer: Reference,
  customer_details: z
    .object({
      email: z.string().nullish(),
      phone: z.string().nullish(),
      address: z.object({ country: z.string().nullish() }).nullish(),
    })
    .nullish(),
  customer_email: z.string().nullish(),
  client_reference_id: z.string().nullish(),
  created: Time,
  metadata: Metadata,
});

export const Refund = about({
  id: z.string(),
  object: z.literal('refund'),
  status: z.string().nullable(),
  amount: Amount,
  currency: Currency,
  payment_intent: Reference,
  charge: Reference,
  created: Time,
});

/** Of an event the id and the time are read here: the object has none of its change. */
export const CustomerEvent = about({
  id: z.string(),
  object: z.literal('customer'),
  email: z.string().nullish(),
  phone: z.string().nullish(),
  name: z.string().nullish(),
  address: z.object({ country: z.string().nullish() }).nullish(),
  metadata: Metadata,
}).extend({ id: z.string(), created: Time });

export const Dispute = about({
  id: z.string(),
  object: z.literal('dispute'),
  status: z.string(),
  amount: Amount,
  currency: Currency,
  payment_intent: Reference,
  charge: z.union([z.string(), z.object({ id: z.string(), amount: Amount })]),
  created: Time,
});
