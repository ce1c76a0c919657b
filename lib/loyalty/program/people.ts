import * as z from 'zod';
import { DecimalAmount } from '../money.ts';
import { PointsAmount } from '../points.ts';
import { Id, Limit } from './fields.ts';

/** Both get something once the friend has bought for the first time, and nothing stays when that order is returned. */
export const Referrals = z.strictObject({
  referrerPoints: PointsAmount,
  friendPoints: PointsAmount,
  /** What the friend's order must come to. */
  minimumSpend: DecimalAmount.default('0'),
  /** The friend's first order comes within so many days. */
  withinDays: z.int().min(1).max(365).default(90),
  /** So many friends that one member is paid for. */
  limit: Limit.optional(),
  /** Where a friend begins, with the code in it: "https://shop.example/?ref={code}". */
  link: z
    .string()
    .max(500)
    .refine((link) => link.startsWith('https://') && link.includes('{code}') && URL.canParse(link), {
      error: 'is not a link with a code in it: write it like "https://shop.example/?ref={code}"',
    })
    .optional(),
});

/** Points from one member to another. */
export const Gifts = z.strictObject({
  minPoints: PointsAmount.default(1),
  /** What one member gives away, in points. */
  limit: Limit.optional(),
});

/** What staff may do by hand. */
export const Staff = z.strictObject({
  /** The reasons that an adjustment may have. */
  reasons: z.array(Id).min(1).default(['goodwill', 'correction', 'complaint', 'promotion']),
  /** From so many points on, either way, a second person must say yes. */
  approvalFromPoints: PointsAmount.default(1_000),
});

const Velocity = z.strictObject({ max: z.int().positive(), per: z.enum(['hour', 'day']) });

/** What looks wrong. The sale is booked all the same; its points wait until somebody has looked. */
export const Fraud = z.strictObject({
  salesPerMember: Velocity.optional(),
  salesPerStaff: Velocity.optional(),
  salesPerLocation: Velocity.optional(),
  salesPerSource: Velocity.optional(),
  /** An order of more than this. */
  largestSale: DecimalAmount.optional(),
  /** Refunds to purchases, in basis points, once there are five purchases. */
  refundRatioBp: z.int().min(1).max(10_000).optional(),
});
