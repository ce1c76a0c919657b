import type { Account } from './account.ts';
import { isPast, keptIn } from './buckets.ts';
import type { Entry } from './entry.ts';
import { keptOf } from './kept.ts';
import { bucketOf, isLot, stagesOf, waitsFor } from './lots.ts';
import { type Situation, today } from './situation.ts';

/**
 * What an order has earned, as far as it can be spent already, where the program lets it wait. Which points of a bucket
 * are the order's nobody knows: those that were spent since count as others, while there are any. `ofOrder`: all that is
 * booked about it.
 */
export function earnedBySameOrder(account: Account, ofOrder: readonly Entry[], situation: Situation): number {
  const { program } = situation;
  if (program.redemption.sameOrder !== 'waits') return 0;
  const sale = ofOrder.map(({ detail }) => detail).find((detail) => detail.kind === 'sale');
  if (sale?.kind !== 'sale') return 0;
  const extents = ofOrder.flatMap(({ detail }) => (detail.kind === 'refund' ? [detail.extent] : []));
  const declined = ofOrder.flatMap(({ detail }) => (detail.kind === 'declined' ? [waitsFor(detail.lot)] : []));
  // What waits cannot be spent on anything; what was declined is gone.
  const elsewhere = new Set([...Object.keys(account.lots).map(waitsFor), ...declined]);
  const spendableNow = (place: string) =>
    !isPast(keptIn(bucketOf(place), account, program), today(situation)) &&
    !stagesOf(place).some((stage) => isLot(stage) && elsewhere.has(waitsFor(stage)));
  return Object.entries(keptOf(sale, extents).byPlace)
    .filter(([place]) => spendableNow(place))
    .reduce((sum, [, points]) => sum + points, 0);
}
