import type { Points } from './points.ts';

/** `YYYY-MM-DD` in the merchant's zone. */
export type Day = string;
/** RFC 3339 in UTC. */
export type Instant = string;

/** Points that leave no earlier than never, and points that are owed: a refund took back what had been spent. */
export const NEVER = 'never';
export const OWED = 'owed';

/** Last day on which they can be spent → points. Besides days, the keys `never` and `owed` (whose points are negative). */
export type Buckets = Readonly<Record<Day | typeof NEVER | typeof OWED, Points>>;

/** Points that are put aside for a redemption; they go back to the buckets they came from. */
export interface Hold {
  readonly points: Points;
  readonly from: Buckets;
  readonly lapsesAt: Instant;
  readonly rewardId?: string;
  readonly orderId?: string;
}

/**
 * All that is needed to decide about a member's next entry. Nothing in it is personal. It is `entries.reduce(evolve)`:
 * the journal is the truth, the account its sum.
 */
export interface Account {
  readonly memberId: string;
  /** How many entries there are; the next one gets `seq + 1`. */
  readonly seq: number;
  /** Hash of the newest entry. */
  readonly headHash: string;
  /** What the member can spend, less what is owed: may be negative. Always the sum of the buckets. */
  readonly available: Points;
  readonly pending: Points;
  readonly held: Points;
  /** All that was ever earned, less what was taken back. */
  readonly lifetime: Points;
  readonly buckets: Buckets;
  readonly holds: Readonly<Record<string, Hold>>;
  /** Calendar year → points earned in it, less what was taken back of them: the window that tiers look at. */
  readonly earnedByYear: Readonly<Record<string, Points>>;
  /** Day → points that count against the daily cap. Only the newest few days are kept. */
  readonly cappedByDay: Readonly<Record<Day, Points>>;
  /** `source#order` → refunds that came before their order. */
  readonly early: Readonly<Record<string, readonly EarlyRefund[]>>;
  readonly visits: number;
  readonly lastActivityOn?: Day;
  readonly tier: string;
}

/** What a refund says before its order is known; kept whole, since it is worth nothing without the order's lines. */
export interface EarlyRefund {
  readonly id: string;
  readonly extent: RefundExtent;
}

export type RefundExtent =
  | { readonly kind: 'everything' }
  | { readonly kind: 'lines'; readonly lines: readonly RefundLine[] }
  | { readonly kind: 'amount'; readonly netMinor?: number | undefined; readonly grossMinor: number };
export interface RefundLine {
  readonly id: string;
  readonly netMinor: number;
  readonly grossMinor: number;
}
