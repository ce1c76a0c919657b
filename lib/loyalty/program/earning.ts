import * as z from 'zod';
import { DecimalAmount } from '../money.ts';
import { PointsAmount } from '../points.ts';
import { Condition } from './conditions.ts';
import { Expiry } from './expiry.ts';
import { BasisPoints, Id, Period } from './fields.ts';

export const Action = z.discriminatedUnion('kind', [
  /** Points for each `amount` spent, in proportion: 7 points for each 2.00 are 10.5 for 3.00, rounded as the program says. */
  z.strictObject({
    kind: z.literal('per-amount'),
    points: PointsAmount,
    amount: DecimalAmount,
    /** Without tax or with it. */
    base: z.enum(['net', 'gross']),
    /** What was paid, or what it would have been without discounts. */
    discounts: z.enum(['after', 'before']).default('after'),
  }),
  /** Points for each piece of the goods that count. */
  z.strictObject({ kind: z.literal('per-item'), points: PointsAmount }),
  z.strictObject({ kind: z.literal('flat'), points: PointsAmount }),
]);
export type Action = z.output<typeof Action>;

/** Until when points wait before they can be spent. */
export const Pending = z.discriminatedUnion('kind', [
  /** The return window: this many days after the purchase they become spendable. */
  z.strictObject({ kind: z.literal('days'), days: z.int().min(1).max(365) }),
  /** Until somebody says so: the guest came, the goods were handed over. */
  z.strictObject({ kind: z.literal('confirmation') }),
]);
export type Pending = z.output<typeof Pending>;

export const Rule = z.strictObject({
  id: Id,
  on: z.enum(['sale', 'activity']),
  when: z.array(Condition).default([]),
  earn: Action,
  /** Whether multipliers apply to what this rule gives. */
  multiplied: z.boolean().default(true),
  /** One of the program's groups: of its rules that apply, one counts. */
  group: Id.optional(),
  /** Instead of the program's own. */
  pending: Pending.optional(),
  expiry: Expiry.optional(),
  /** No more than this over all members, ever. */
  budgetPoints: PointsAmount.optional(),
});
export type Rule = z.output<typeof Rule>;

export const Group = z.strictObject({
  id: Id,
  /** The rule that gives most, or the one that stands first in the file. */
  takes: z.enum(['best', 'first']),
});

export const Multiplier = z.strictObject({ id: Id, when: z.array(Condition).default([]), bp: BasisPoints });
export type Multiplier = z.output<typeof Multiplier>;

/** Rules give this much together, to one member in one period. */
export const Cap = z.strictObject({
  id: Id,
  points: PointsAmount,
  per: Period,
  /** Absent: all of them. */
  rules: z.array(Id).min(1).optional(),
});
export type Cap = z.output<typeof Cap>;

/** How what several rules and multipliers say becomes one number. */
export const Stacking = z.strictObject({
  /** Of several multipliers: one after the other, the tier's first and then as the file has them; their surplus added; or the largest. */
  multipliers: z.enum(['multiply', 'add', 'best']).default('multiply'),
  /** No factor is larger than this. */
  maxBp: BasisPoints.optional(),
  /** A fraction of a point, for each rule: dropped, rounded, or kept with the member until it is a whole one. */
  rounding: z.enum(['down', 'nearest', 'up', 'carry']).default('down'),
});
