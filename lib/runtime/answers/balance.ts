import { type Moment, owed, type Standing } from '../../loyalty/as-of.ts';
import { isPast } from '../../loyalty/buckets.ts';

export interface BalanceAnswer {
  readonly memberId: string;
  /** The day or the instant that was asked for. */
  readonly asOf: Moment;
  /** What could be spent then. */
  readonly balance: number;
  readonly pending: number;
  readonly held: number;
  /** Part of the balance: what a refund took back after it was spent. */
  readonly owed: number;
  readonly lifetime: number;
  readonly tier: string;
  /** How many entries there were: the last of them has this `seq`. */
  readonly seq: number;
  /** Last day on which they can be spent, or `never` → points. */
  readonly buckets: Readonly<Record<string, number>>;
}

export function balanceAnswer(memberId: string, asOf: Moment, standing: Standing, firstTier: string): BalanceAnswer {
  const { account, day, spendable } = standing;
  return {
    memberId,
    asOf,
    balance: spendable,
    pending: account.pending,
    held: account.held,
    owed: owed(standing),
    lifetime: account.lifetime,
    tier: account.tier || firstTier,
    seq: account.seq,
    buckets: Object.fromEntries(
      Object.entries(account.buckets).filter(([date]) => date !== 'owed' && !isPast(date, day)),
    ),
  };
}
