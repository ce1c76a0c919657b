import type { Account, Day } from './account.ts';
import { byDate } from './buckets.ts';
import { dayIn } from './calendar.ts';
import { waitsFor } from './lots.ts';
import type { Program } from './program.ts';
import { nextReviewOn, tierOf } from './tiers.ts';

/** When somebody has to look at an account again: the sweeps' indexes are made of these. */

/** The first day on which something can be lost that is there today. */
export const nextExpiry = (account: Pick<Account, 'buckets'>): Day | undefined =>
  byDate(account.buckets).find(([date]) => date !== 'never')?.[0];

/**
 * The first day on which a hold may lapse, a lot is ripe, or the tier would be another one, by the merchant's calendar.
 * Never a day before `on`, the day of the writing: no sweep looks further back.
 */
export function nextReview(account: Account, program: Program, on: Day | undefined): Day | undefined {
  // Nothing is left there: it is all with the account that it went into.
  if (account.mergedInto) return undefined;
  const days = [
    ...Object.values(account.holds).map(({ lapsesAt }) => dayIn(program.timeZone, lapsesAt)),
    ...Object.keys(account.lots)
      .filter((lot) => !lot.startsWith('@'))
      .map(waitsFor),
  ];
  // An entry that has nothing to do with tiers leaves one as it is, also one that time has changed already.
  const tier = on && (tierOf(program, account, on).id === account.tier ? nextReviewOn(program, account, on) : on);
  if (tier) days.push(tier);
  const [first] = days.sort();
  return first !== undefined && on !== undefined && first < on ? on : first;
}
