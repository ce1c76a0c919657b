import * as z from 'zod';
import { DecimalAmount } from '../money.ts';
import { PointsAmount } from '../points.ts';
import { BasisPoints, Id, Limit } from './fields.ts';

/** What the member gets. */
export const Value = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('item'), sku: z.string().min(1).max(100).optional() }),
  z.strictObject({ kind: z.literal('amount-off'), amount: DecimalAmount }),
  z.strictObject({
    kind: z.literal('percent-off'),
    percentBp: BasisPoints.max(10_000),
    maximum: DecimalAmount.optional(),
  }),
  z.strictObject({ kind: z.literal('shipping') }),
  z.strictObject({ kind: z.literal('experience') }),
]);
export type Value = z.output<typeof Value>;

export const Reward = z.strictObject({
  id: Id,
  name: z.string().min(1).max(100),
  /** Points for one. */
  cost: PointsAmount,
  /** To be paid beside the points. */
  cash: DecimalAmount.optional(),
  value: Value.prefault({ kind: 'item' }),
  /** More of it for more points, beside the one above: 500 points for 5.00, 900 for 10.00. */
  steps: z
    .array(z.strictObject({ cost: PointsAmount, value: Value }))
    .max(20)
    .default([]),
  tier: Id.optional(),
  /** Both days are in. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  perMember: Limit.optional(),
  /** How many there are, over all members. Counted in the Program table, where staff can add to it. */
  stock: z.int().nonnegative().max(1_000_000_000).optional(),
  /** A code to show or to type at checkout: made by us, or taken from a list that the merchant has loaded. */
  code: z
    .strictObject({ from: z.enum(['generated', 'list']), validDays: z.int().min(1).max(3_650).default(90) })
    .optional(),
});
export type Reward = z.output<typeof Reward>;

export const Redemption = z.strictObject({
  /** Points to money: this many points are worth one smallest unit; absent, points buy rewards only. */
  pointsPerMinor: z.number().min(0.000_001).optional(),
  /** Points as money come in multiples of this, and not fewer than the least. */
  stepPoints: PointsAmount.default(1),
  minPoints: PointsAmount.default(1),
  maxPoints: PointsAmount.optional(),
  /** How long an authorization holds points. */
  holdMinutes: z
    .int()
    .min(1)
    .max(60 * 24 * 30)
    .default(60),
  /** Whether a redemption for an order may spend what that order has just earned. */
  sameOrder: z.enum(['counts', 'waits']).default('counts'),
});
