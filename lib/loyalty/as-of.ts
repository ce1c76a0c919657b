import type { Account, Buckets, Day, Instant } from './account.ts';
import { isPast, spendable } from './buckets.ts';
import { dayIn } from './calendar.ts';
import { type Entry, evolve, newAccount } from './entry.ts';
import type { Points } from './points.ts';

/** An instant; or a day in the merchant's zone, which means its end. */
export type Moment = Day | Instant;

/** What the books said at some time. */
export interface Standing {
  readonly account: Account;
  readonly day: Day;
  /** What could be spent then: points whose date had passed do not count, whether or not a sweep had been there. */
  readonly spendable: Points;
}

const isDay = (moment: Moment): boolean => moment.length === 10;

export const dayOf = (moment: Moment, zone: string): Day => (isDay(moment) ? moment : dayIn(zone, moment));

/**
 * Folds what was posted by then. It goes by when an entry was posted and not by when its fact happened, so that a sale
 * which is told late changes no balance that somebody has seen. Ends at the first entry after it, also where a later one
 * bears an earlier time because a clock was behind: without that first one the later is no sum.
 */
export function asOf(entries: readonly Entry[], moment: Moment, zone: string): Standing {
  const account = folded(until(entries, moment, zone), entries[0]);
  const day = dayOf(moment, zone);
  return { account, day, spendable: spendable(account.buckets, day) };
}

/** The entries that had been posted by then, in the order of `seq`. */
export function until(entries: readonly Entry[], moment: Moment, zone: string): readonly Entry[] {
  const limit = isDay(moment) ? '' : new Date(moment).toISOString();
  const after = entries.findIndex(({ recordedAt }) =>
    isDay(moment) ? dayIn(zone, recordedAt) > moment : new Date(recordedAt).toISOString() > limit,
  );
  return after === -1 ? entries : entries.slice(0, after);
}

/** The account that these entries make. The tier that the first of them found was the member's before it. */
export function folded(entries: readonly Entry[], first: Entry | undefined = entries[0]): Account {
  const start = newAccount(first?.memberId ?? '', first?.tierFrom ?? first?.after.tier ?? '');
  return entries.reduce<Account>(evolve, start);
}

/** What the merchant owes to the member in points, spendable or not yet: debts of members are not set off against it. */
export function outstanding({ account, day }: Pick<Standing, 'account' | 'day'>): number {
  return sum(alive(account.buckets, day)) + account.pending + account.held;
}

/** What a member owes: a refund took back what had been spent. */
export const owed = ({ account }: Pick<Standing, 'account'>): number => -(account.buckets.owed ?? 0);

const alive = (buckets: Buckets, day: Day): Buckets =>
  Object.fromEntries(Object.entries(buckets).filter(([date, points]) => points > 0 && !isPast(date, day)));

const sum = (buckets: Buckets): number => Object.values(buckets).reduce((total, points) => total + points, 0);
