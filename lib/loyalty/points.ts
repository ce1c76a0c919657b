import * as z from 'zod';

/** A whole number of points. Branded, so that money and factors cannot be added to it by mistake. */
export type Points = number & { readonly __unit: 'points' };

export const NO_POINTS = 0 as Points;

/** Throws on a fraction or an unsafe integer: a ledger that rounds in silence is not one. */
export function points(value: number): Points {
  if (!Number.isSafeInteger(value)) throw new RangeError(`points are whole numbers, not ${value}`);
  return (value === 0 ? 0 : value) as Points; // never -0, which JSON and hashes would tell apart
}

/** A positive whole number of points, as it stands in a request or a merchant's file. */
export const PointsAmount = z.int().positive().max(1_000_000_000);
