import { type Account, type Day, NEVER } from './account.ts';
import { byDate, negated } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import { type Points, points } from './points.ts';
import { type Situation, sparse } from './situation.ts';

export const expiryKey = (through: Day): string => keyOf('sweep', through, 'expiry');

/** Takes out what could be spent through that day and no longer; `undefined` when there is nothing. */
export function decideExpiry(account: Account, through: Day, situation: Situation): Draft | undefined {
  const past: Record<string, Points> = {};
  for (const [date, amount] of byDate(account.buckets))
    if (date !== NEVER && date <= through && amount > 0) past[date] = amount;
  const lost = points(Object.values(past).reduce((sum, amount) => sum + amount, 0));
  if (lost === 0) return undefined;
  return {
    key: expiryKey(through),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['expiry', through]),
    detail: { kind: 'expired', points: lost, through },
    change: sparse({ buckets: negated(past) }),
    trace: [{ step: 'expired', points: points(-lost) }],
  };
}
