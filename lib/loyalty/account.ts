import type { Points } from './points.ts';
import type { Reminders } from './reminded.ts';

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
 * Points that wait before they can be spent. `<activation day>/<bucket>` for those that a date sets free, all of that date
 * together; `@<lot>/<bucket>` for those that somebody has to say yes or no to.
 */
export type Lots = Readonly<Record<string, Points>>;

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
  /** The sum of the lots. */
  readonly pending: Points;
  /** The sum of the holds. */
  readonly held: Points;
  /** All that was ever earned, pending or not, less what was taken back. */
  readonly lifetime: Points;
  readonly buckets: Buckets;
  readonly lots: Lots;
  readonly holds: Readonly<Record<string, Hold>>;
  /**
   * What counts towards a tier, by the calendar year in which it happened, or by the month where the program's window
   * rolls: points, money in minor units, or visits, as the program says.
   */
  readonly window: Readonly<Record<string, number>>;
  /** A tier that staff have given, through that day. */
  readonly granted?: { readonly id: string; readonly tier: string; readonly through: Day };
  /** What has been counted towards a limit: `<what>@<period>` → points or times. */
  readonly counters: Readonly<Record<string, number>>;
  /** Thousandths of a point that are kept until they are a whole one; 0 to 999. */
  readonly carry: number;
  readonly early: Readonly<Record<string, readonly EarlyRefund[]>>;
  readonly visits: number;
  readonly purchases: number;
  /** Last day on which the member did something that keeps points alive. */
  readonly lastActivityOn?: Day;
  /**
   * Under an expiry by inactivity: the oldest last day of which the points are still alive. They stand in the bucket of
   * the last activity now; those of an older day have lapsed.
   */
  readonly keptFrom?: Day;
  /** What the member was told about dates on which points lapse. */
  readonly reminders?: Reminders;
  /** Who brought the member, until the first order that qualifies has come. */
  readonly referredBy?: { readonly memberId: string; readonly on: Day };
  /** Where this account went when it was found to be somebody's second one; nothing else is posted here then. */
  readonly mergedInto?: string;
  /** Accounts that went into this one: their journals are part of this member's story. */
  readonly absorbed?: readonly string[];
  /** Accounts that this one was a part of once: what was booked there for it is not booked again here. */
  readonly formerly?: readonly string[];
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
  /** How many pieces; absent: in proportion to the money. */
  readonly quantity?: number | undefined;
}

/** The journals in which something that concerns this account may stand. */
export const journalsOf = ({
  memberId,
  absorbed = [],
  formerly = [],
}: Pick<Account, 'memberId' | 'absorbed' | 'formerly'>): readonly string[] => [memberId, ...absorbed, ...formerly];
