import type { Account, Day } from './account.ts';
import { byDate } from './buckets.ts';
import { waitsFor } from './lots.ts';
import type { Program } from './program.ts';
import { nextReviewOn } from './tiers.ts';

/** When somebody has to look at an account again: the sweeps' indexes are made of these. */

/** The first day on which something can be lost that is there today. */
export const nextExpiry = (account: Pick<Account, 'buckets'>): Day | undefined =>
  byDate(account.buckets).find(([date]) => date !== 'never')?.[0];

/** The first day on which a hold may lapse (UTC), a lot is ripe, or the tier would be another one. */
export function nextReview(account: Account, program: Program, on: Day | undefined): Day | undefined {
  const days = [
    ...Object.values(account.holds).map(({ lapsesAt }) => lapsesAt.slice(0, 10)),
    ...Object.keys(account.lots)
      .filter((lot) => !lot.startsWith('@'))
      .map(waitsFor),
  ];
  const tier = on && nextReviewOn(program, account, on);
  if (tier) days.push(tier);
  return days.sort()[0];
}
