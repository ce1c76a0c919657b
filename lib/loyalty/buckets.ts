import { type Account, type Buckets, type Day, type Lots, NEVER, OWED } from './account.ts';
import { addDays, addMonths, endOfMonth } from './calendar.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import type { Expiry } from './program/expiry.ts';
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

/**
 * What a redemption may take. Where a debt is paid from later earnings, their other part is the member's to spend while
 * there still is one; else all of it goes against what is owed first.
 */
export function payable(buckets: Buckets, today: Day, { refunds }: Pick<Program, 'refunds'>): Points {
  const owed = refunds.whenSpent === 'owe' ? (buckets[OWED] ?? 0) : 0;
  return points(spendable(buckets, today) - owed);
}

/** The last day on which points can be spent that are earned on `day`, or that an activity on `day` keeps alive. */
export function lastDayOf(expiry: Expiry, day: Day): Day | typeof NEVER {
  switch (expiry.kind) {
    case 'none':
      return NEVER;
    case 'fixed': {
      let on = expiry.on;
      for (let years = 1; on < day; years += 1) on = addMonths(expiry.on, 12 * years);
      return on;
    }
    case 'months':
    case 'inactivity': {
      const date = addMonths(day, expiry.months);
      switch (expiry.until) {
        case 'day':
          return date;
        case 'end-of-month':
          return endOfMonth(date);
        case 'end-of-quarter':
          return endOfMonth(addMonths(`${date.slice(0, 7)}-01`, (12 - Number(date.slice(5, 7))) % 3));
        case 'end-of-year':
          return `${date.slice(0, 4)}-12-31`;
      }
    }
  }
}

/**
 * Under an expiry by inactivity, whatever the member does moves what was alive on to the new last day. Points that have
 * lapsed already stay where they are, and so does everything when somebody tells late of what was done before.
 */
export function keptAlive(
  account: Pick<Account, 'buckets' | 'lots' | 'lastActivityOn' | 'keptFrom'>,
  { expiry }: Pick<Program, 'expiry'>,
  activeOn: Day,
  today: Day,
): { readonly buckets: Buckets; readonly lots: Lots; readonly keptFrom?: Day } {
  const none = { buckets: {}, lots: {} };
  const { lastActivityOn } = account;
  if (expiry.kind !== 'inactivity' || (lastActivityOn !== undefined && activeOn <= lastActivityOn)) return none;
  const to = lastDayOf(expiry, activeOn);
  const from = lastActivityOn && lastDayOf(expiry, lastActivityOn);
  if (from === undefined || isPast(from, today)) return { ...none, keptFrom: to };
  const keptFrom = account.keptFrom === undefined ? { keptFrom: from } : {};
  if (from === to) return { ...none, ...keptFrom };
  const there = account.buckets[from] ?? NO_POINTS;
  const lots: Record<string, Points> = {};
  for (const [lot, amount] of Object.entries(account.lots)) {
    if (!lot.endsWith(`/${from}`)) continue;
    lots[lot] = points(-amount);
    lots[`${lot.slice(0, -from.length)}${to}`] = amount;
  }
  return { buckets: there > 0 ? { [from]: points(-there), [to]: there } : {}, lots, ...keptFrom };
}

/** The bucket in which points stand now that went into that one: another one where the member has kept them alive since. */
export function keptIn(
  date: string,
  { lastActivityOn, keptFrom }: Pick<Account, 'lastActivityOn' | 'keptFrom'>,
  { expiry }: Pick<Program, 'expiry'>,
): string {
  if (expiry.kind !== 'inactivity' || date === NEVER || date === OWED) return date;
  if (lastActivityOn === undefined || keptFrom === undefined || date < keptFrom) return date;
  const now = lastDayOf(expiry, lastActivityOn);
  return date < now ? now : date;
}

/** Puts earned points in; what is owed is paid first, or as much of it as the program's part of them can pay. */
export function credit(buckets: Buckets, additions: Buckets, { refunds }: Pick<Program, 'refunds'>): Buckets {
  return settling(buckets, additions, paysDebtsWhole({ refunds }) ? 10_000 : refunds.offsetBp);
}

/** Puts points back that were set aside: they are no earning, so that a debt which later earnings pay takes none of them. */
export function giveBack(buckets: Buckets, additions: Buckets, program: Pick<Program, 'refunds'>): Buckets {
  return settling(buckets, additions, paysDebtsWhole(program) ? 10_000 : 0);
}

/** Whether whatever comes in goes to what is owed, as long as there is something owed. */
export const paysDebtsWhole = ({ refunds }: Pick<Program, 'refunds'>): boolean => refunds.whenSpent !== 'owe';

function settling(buckets: Buckets, additions: Buckets, offsetBp: number): Buckets {
  let debt = -(buckets[OWED] ?? 0);
  const change: Record<string, Points> = {};
  for (const [date, amount] of byDate(additions)) {
    const paid = Math.min(debt, Math.ceil((amount * offsetBp) / 10_000));
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

/**
 * Points that come back with a date that has passed live for the days of grace; those that would have been kept alive
 * meanwhile, as `kept` says, live as long as what was.
 */
export function withGrace(
  additions: Buckets,
  program: Program,
  today: Day,
  kept: Pick<Account, 'lastActivityOn' | 'keptFrom'> = {},
): Buckets {
  let result: Buckets = {};
  for (const [date, amount] of byDate(additions)) {
    const now = keptIn(date, kept, program);
    const to = isPast(now, today) ? addDays(today, program.refunds.graceDays) : now;
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
