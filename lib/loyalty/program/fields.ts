import * as z from 'zod';
import { PointsAmount } from '../points.ts';

/** Words that several parts of a program share. */

export const Id = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, {
  error: (issue) =>
    `${JSON.stringify(issue.input)} is not an id: lower-case letters, digits and hyphens, such as "double-tuesday"`,
});
export const Names = z.array(z.string().min(1).max(100)).min(1);
/** 10,000 is once, 15,000 is half as many again. */
export const BasisPoints = z.int().min(0).max(1_000_000);

/** A stretch of the calendar in the merchant's zone, after which a count begins anew. Weeks begin on Monday. */
export const Period = z.enum(['day', 'week', 'month', 'year', 'ever']);
export type Period = z.output<typeof Period>;

/** So many in a period. */
export const Limit = z.strictObject({ max: PointsAmount, per: Period });
