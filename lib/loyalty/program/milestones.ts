import * as z from 'zod';
import { Id } from './fields.ts';

/** A count that is worth a word: the hundredth visit, each thousand points. Told at once, with what reached it. */
export const Milestone = z.strictObject({
  id: Id,
  /** Points that were ever earned; purchases; visits, of which a purchase is one. */
  of: z.enum(['visits', 'purchases', 'points']),
  /** Each time, or once; one of the two. */
  every: z.int().min(2).max(1_000_000_000).optional(),
  at: z.int().min(1).max(1_000_000_000).optional(),
});
export type Milestone = z.output<typeof Milestone>;
