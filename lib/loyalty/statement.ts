import type { Account } from './account.ts';
import { asOf, until } from './as-of.ts';
import { addDays, addMonths, endOfMonth } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, type Entry, keyOf } from './entry.ts';
import { type Points, points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';

/** `YYYY-MM` */
export type Month = string;

export const statementKey = (month: Month): string => keyOf('sweep', month, 'statement');

/** In the order in which they are checked. */
export type NoStatement = 'month-not-over' | 'nothing-to-say';

/**
 * What a month has brought to a member. It goes by when entries were posted, so that each is in one statement, and the
 * same comes of it whenever it is made. Those to whom nothing happened get none.
 */
export function decideStatement(
  account: Account,
  month: Month,
  entries: readonly Entry[],
  situation: Situation,
): Draft | { readonly refused: NoStatement } {
  const first = `${month}-01`;
  const last = endOfMonth(first);
  if (last >= today(situation)) return { refused: 'month-not-over' };
  const { timeZone } = situation.program;
  const before = until(entries, addDays(first, -1), timeZone);
  const ofMonth = until(entries, last, timeZone).slice(before.length);
  const sums = ofMonth.map(movement);
  const total = (name: keyof ReturnType<typeof movement>) => points(sums.reduce((sum, one) => sum + one[name], 0));
  const [earned, redeemed, expired] = [total('earned'), total('redeemed'), total('expired')];
  if (earned === 0 && redeemed === 0 && expired === 0) return { refused: 'nothing-to-say' };
  const then = asOf(entries, last, timeZone);
  const [next] = Object.entries(then.account.buckets)
    .filter(([date, amount]) => /^\d/.test(date) && date > last && amount > 0)
    .sort();
  return {
    key: statementKey(month),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['statement', month]),
    detail: {
      kind: 'statement',
      period: month,
      earned,
      redeemed,
      expired,
      closingBalance: then.spendable,
      ...(next && { nextExpiryOn: next[0], nextExpiryPoints: next[1] }),
    },
    change: sparse({}),
    trace: [],
  };
}

export const monthBefore = (day: string): Month => addMonths(day, -1).slice(0, 7);

/** From an entry's words: what a merge or a move brings along was earned before. */
function movement({ detail, change }: Entry): { earned: number; redeemed: number; expired: number } {
  const nothing = { earned: 0, redeemed: 0, expired: 0 };
  const earned: Points | 0 = change.lifetime ?? 0;
  switch (detail.kind) {
    case 'imported':
    case 'history':
    case 'merged-from':
    case 'merged-into':
    case 'unmerged':
      return nothing;
    case 'redeemed':
      return { ...nothing, redeemed: detail.points };
    case 'sale':
    case 'refund':
      return { ...nothing, earned, redeemed: -(detail.returned ?? 0) };
    case 'expired':
      return { ...nothing, expired: detail.points };
    default:
      return { ...nothing, earned };
  }
}
