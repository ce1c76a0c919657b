import * as z from 'zod';

/** The last day on which points can be spent. */
export const Expiry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** So many months after they were earned, at the end of that day, month, quarter or year. */
  z.strictObject({
    kind: z.literal('months'),
    months: z.int().min(1).max(120),
    until: z.enum(['day', 'end-of-month', 'end-of-quarter', 'end-of-year']).default('end-of-month'),
  }),
  /** So many months after the member last earned or spent: every purchase keeps all points alive. */
  z.strictObject({
    kind: z.literal('inactivity'),
    months: z.int().min(1).max(120),
    until: z.enum(['day', 'end-of-month']).default('end-of-month'),
  }),
  /** On this day, whenever they were earned; those that are earned after it, a year later. */
  z.strictObject({ kind: z.literal('fixed'), on: z.iso.date() }),
]);
export type Expiry = z.output<typeof Expiry>;
