import { type Account, OWED } from '../account.ts';
import { plus } from '../buckets.ts';
import { claw } from '../claw.ts';
import type { Change } from '../entry.ts';
import { points } from '../points.ts';
import { type Situation, sparse } from '../situation.ts';

/**
 * A change as it was booked, for an account that may have come to other points meanwhile: what it takes and is not there
 * is taken from elsewhere, as a refund would take it.
 */
export function carried(account: Account, change: Change, situation: Situation): Change {
  const short: Record<string, number> = {};
  const there = (name: 'buckets' | 'lots') =>
    Object.fromEntries(
      Object.entries(change[name] ?? {}).map(([place, delta]) => {
        const left = (account[name][place] ?? 0) + delta;
        if (left >= 0 || delta >= 0 || place === OWED) return [place, delta];
        short[place] = -left;
        return [place, points(delta - left)];
      }),
    );
  const [buckets, lots] = [there('buckets'), there('lots')];
  if (Object.keys(short).length === 0) return change;
  const after = { ...account, buckets: plus(account.buckets, buckets), lots: plus(account.lots, lots) };
  const more = claw(after, short, situation);
  return sparse({ ...change, buckets: plus(buckets, more.buckets), lots: plus(lots, more.lots) });
}
