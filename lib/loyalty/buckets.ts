import { type Buckets, type Day, NEVER, OWED } from './account.ts';
import { addDays, addMonths, endOfMonth } from './calendar.ts';
import { type Points, points } from './points.ts';
import type { Program } from './program.ts';

/** Points sorted by the last day on which they can be spent. All amounts here are what moves, never negative. */

/** Earliest first, those that never expire last. `owed` is no date and is left out. */
export const byDate = (buckets: Buckets): readonly (readonly [string, Points])[] =>
  Object.entries(buckets)
    .filter(([date]) => date !== OWED)
    .sort(([a], [b]) => compareDates(a, b));

const compareDates = (a: string, b: string): number =>
  a === b ? 0 : a === NEVER ? 1 : b === NEVER ? -1 : a < b ? -1 : 1;

export const isPast = (date: string, today: Day): boolean => date !== NEVER && date !== OWED && date < today;

/** What can be spent today. A date that has passed does not count, whether or not a sweep has been there. */
export function spendable(buckets: Buckets, today: Day): Points {
  let sum = buckets[OWED] ?? 0;
  for (const [date, amount] of byDate(buckets)) if (!isPast(date, today)) sum += amount;
  return points(sum);
}

/** The last day on which points earned on `day` can be spent. */
export function lastDayOf(program: Program, day: Day): Day | typeof NEVER {
  if (program.expiry.kind === 'none') return NEVER;
  const date = addMonths(day, program.expiry.months);
  return program.expiry.until === 'day' ? date : endOfMonth(date);
}

/** Puts points in; what is owed is paid first. */
export function credit(buckets: Buckets, additions: Buckets): Buckets {
  let debt = -(buckets[OWED] ?? 0);
  const change: Record<string, Points> = {};
  for (const [date, amount] of byDate(additions)) {
    const paid = Math.min(debt, amount);
    if (paid > 0) change[OWED] = points((change[OWED] ?? 0) + paid);
    if (amount > paid) change[date] = points(amount - paid);
    debt -= paid;
  }
  return change;
}

/** Takes up to `amount`, earliest date first, from the buckets that `wanted` accepts. */
export function take(
  buckets: Buckets,
  amount: number,
  wanted: (date: string) => boolean,
): { readonly from: Buckets; readonly taken: Points } {
  const from: Record<string, Points> = {};
  let left = amount;
  for (const [date, there] of byDate(buckets)) {
    if (left === 0) break;
    if (!wanted(date) || there <= 0) continue;
    const part = Math.min(there, left);
    from[date] = points(part);
    left -= part;
  }
  return { from, taken: points(amount - left) };
}

/** Of points that were taken, those that live longest: what a member gets back first. */
export function longestLived(from: Buckets, amount: number): Buckets {
  const result: Record<string, Points> = {};
  let left = amount;
  for (const [date, there] of [...byDate(from)].reverse()) {
    const part = Math.min(there, left);
    if (part > 0) result[date] = points(part);
    left -= part;
  }
  return result;
}

/** Points that come back with a date that has passed live for the days of grace. */
export function withGrace(additions: Buckets, program: Program, today: Day): Buckets {
  let result: Buckets = {};
  for (const [date, amount] of byDate(additions)) {
    const to = isPast(date, today) ? addDays(today, program.refunds.graceDays) : date;
    result = plus(result, { [to]: amount });
  }
  return result;
}

export function plus(a: Buckets, b: Buckets): Buckets {
  const result: Record<string, Points> = { ...a };
  for (const [date, amount] of Object.entries(b)) {
    const value = points((result[date] ?? 0) + amount);
    if (value === 0) delete result[date];
    else result[date] = value;
  }
  return result;
}

export const minus = (a: Buckets, b: Buckets): Buckets => plus(a, negated(b));

export const negated = (buckets: Buckets): Buckets =>
  Object.fromEntries(Object.entries(buckets).map(([date, amount]) => [date, points(-amount)]));
