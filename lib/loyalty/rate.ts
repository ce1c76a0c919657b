import { type Points, points } from './points.ts';

/** Rounds down twice, on the spend and then on the tier, so that splitting a bill never pays. */
export function atRate(amountMinor: number, rate: { points: number; perMinor: number; bp: number }): Points {
  // Thirteen digits of money times nine of points leave the safe integers.
  const base = (BigInt(amountMinor) * BigInt(rate.points)) / BigInt(rate.perMinor);
  return points(Number((base * BigInt(rate.bp)) / 10_000n));
}
