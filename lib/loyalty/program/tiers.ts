import * as z from 'zod';
import { BasisPoints, Id } from './fields.ts';

export const Tier = z.strictObject({
  id: Id,
  name: z.string().min(1).max(60),
  /** What reaches it, in what `qualify.by` says; equality is in. Money in whole major units. */
  from: z.int().nonnegative(),
  multiplierBp: BasisPoints.default(10_000),
  /** What it brings besides, in words that members and tills are shown. */
  benefits: z.array(z.string().min(1).max(200)).max(20).default([]),
});

/**
 * How a tier is reached and lost. Never by the balance: spending points costs no tier. It is reached at once. It is
 * kept for the period in which it was reached and `keep` more, then one step less for as long again if the landing is
 * soft.
 */
export const Qualify = z.strictObject({
  by: z.enum(['points', 'spend', 'visits']).default('points'),
  window: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('calendar-year') }),
      /** The month in which it is and those before it, so many together. */
      z.strictObject({ kind: z.literal('rolling'), months: z.int().min(1).max(24) }),
    ])
    .prefault({ kind: 'calendar-year' }),
  /** In years, or with a rolling window in months. */
  keep: z.int().min(0).max(12).default(1),
  /** A review takes a tier so many days after it could. */
  graceDays: z.int().min(0).max(92).default(0),
  softLanding: z.boolean().default(false),
  /** Whether the sale that reaches a tier is multiplied by it already. */
  reachingSaleEarns: z.enum(['at-old-tier', 'at-new-tier']).default('at-old-tier'),
});
