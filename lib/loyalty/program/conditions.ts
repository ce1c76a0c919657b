import * as z from 'zod';
import { DecimalAmount } from '../money.ts';
import { Id, Names } from './fields.ts';

const Weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
export type Weekday = z.output<typeof Weekday>;

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, {
  error: (issue) => `${JSON.stringify(issue.input)} is not a time of day: write it like "16:30"`,
});

const is = <Word extends string, Arguments extends z.ZodRawShape>(word: Word, args: Arguments) =>
  z.strictObject({ is: z.literal(word), ...args });

/** What must be so for a rule or a multiplier to apply. All of a rule's conditions must hold. */
export const Condition = z.discriminatedUnion('is', [
  // Which goods count. A sale without lines counts whole, unless goods were asked for by name.
  is('category-in', { categories: Names }),
  is('category-not-in', { categories: Names }),
  is('sku-in', { skus: Names }),
  is('sku-not-in', { skus: Names }),
  is('tag-in', { tags: Names }),
  is('tag-not-in', { tags: Names }),
  /** What counts of the order reaches this. */
  is('minimum-spend', { amount: DecimalAmount }),
  /** The member's first, as far as we were told. */
  is('first-purchase', {}),
  /** The tenth, the twentieth … purchase, or visit. */
  is('every', { nth: z.int().min(2).max(1_000), of: z.enum(['purchase', 'visit']) }),
  is('activity', { activities: Names }),
  /** Of the activity `inactive`: these steps of `inactivity.daysAfter`. */
  is('days-away', { days: z.array(z.int().min(1).max(1_000)).min(1).max(10) }),
  is('location-in', { locations: Names }),
  is('location-not-in', { locations: Names }),
  is('source-in', { sources: Names }),
  is('source-not-in', { sources: Names }),
  /** In the merchant's zone, as the three below. */
  is('weekday', { days: z.array(Weekday).min(1) }),
  /** From the first minute up to the second; past midnight where the second is earlier. */
  is('hours', { from: TimeOfDay, to: TimeOfDay }),
  /** Both days are in. */
  is('between', { from: z.iso.date().optional(), to: z.iso.date().optional() }),
  is('tier-in', { tiers: z.array(Id).min(1) }),
  /** A tag that staff or a segment gave the member. */
  is('member-tag-in', { tags: Names }),
]);
export type Condition = z.output<typeof Condition>;

/** Those about goods and money, which only a sale has. */
export const OF_SALES: ReadonlySet<Condition['is']> = new Set([
  'category-in',
  'category-not-in',
  'sku-in',
  'sku-not-in',
  'tag-in',
  'tag-not-in',
  'minimum-spend',
  'first-purchase',
]);
