import type { Replayed, Result } from '../replay.ts';

/** What the members' results come to together: what a merchant decides by. */
export interface Totals {
  readonly members: number;
  /** Those who would have another balance, another tier or other points on their way. */
  readonly differing: number;
  readonly booked: Sum;
  readonly changed: Sum;
  /** Of those who differ, those to whom it matters most. */
  readonly largest: readonly Replayed[];
}

type Sum = Pick<Result, 'outstanding' | 'owed' | 'redeemed' | 'refused' | 'byRule'>;

/** Adds members up one by one: a million of them need not be in memory at once. */
export function openTotals(shown: number) {
  const counts = { members: 0, differing: 0 };
  const [booked, changed] = [openSum(), openSum()];
  let largest: Replayed[] = [];
  return {
    add(one: Replayed): void {
      counts.members += 1;
      booked.add(one.booked);
      changed.add(one.changed);
      if (!differs(one)) return;
      counts.differing += 1;
      largest.push(one);
      // Sorted only now and then: most of what comes is not among the largest.
      if (largest.length >= 2 * shown + 100) largest = first(largest, shown);
    },
    sum: (): Totals => ({ ...counts, booked: booked.sum(), changed: changed.sum(), largest: first(largest, shown) }),
  };
}

const differs = ({ booked, changed }: Replayed): boolean =>
  (['spendable', 'pending', 'held', 'owed', 'tier'] as const).some((what) => booked[what] !== changed[what]);

/** What the member would have more, spendable or not yet; debts set off. */
export const gain = ({ booked, changed }: Replayed): number => netOf(changed) - netOf(booked);

const netOf = ({ spendable, pending, held }: Result): number => spendable + pending + held;

const first = (all: readonly Replayed[], shown: number): Replayed[] =>
  [...all]
    .sort((a, b) => Math.abs(gain(b)) - Math.abs(gain(a)) || a.memberId.localeCompare(b.memberId))
    .slice(0, shown);

function openSum() {
  const sum = { outstanding: 0, owed: 0, redeemed: 0, refused: 0 };
  const byRule: Record<string, number> = {};
  return {
    add(result: Result): void {
      for (const what of ['outstanding', 'owed', 'redeemed', 'refused'] as const) sum[what] += result[what];
      for (const [rule, points] of Object.entries(result.byRule)) byRule[rule] = (byRule[rule] ?? 0) + points;
    },
    sum: (): Sum => ({ ...sum, byRule }),
  };
}
