import type { Buckets, Day, Instant, RefundExtent } from './account.ts';
import type { Reached } from './milestones.ts';
import type { Points } from './points.ts';
import type { Value } from './program/rewards.ts';

/** How a rule valued an order, kept so that a refund is valued by the same rule and not by today's. */
export interface Part {
  readonly rule: string;
  readonly points: Points;
  /** Thousandths, where the program keeps the remainder; else whole points. */
  readonly milli?: number;
  /** Absent for a flat award, which stays until the whole order is returned. */
  readonly rate?:
    | {
        readonly points: number;
        readonly perMinor: number;
        readonly bp: number;
        readonly base: 'net' | 'gross';
        readonly before?: true;
        readonly rounding?: 'nearest' | 'up' | 'carry';
      }
    | {
        readonly points: number;
        readonly perItem: true;
        readonly bp: number;
        readonly rounding?: 'nearest' | 'up' | 'carry';
      };
  /** What a cap or a budget left of it; it gives no more than that, whatever is returned. */
  readonly room?: Points;
  /** Places in the sale's lines of those that did not count. */
  readonly without?: readonly number[];
  /** Where its points went: the bucket, or the lot that they wait in. Absent: where the sale's did. */
  readonly to?: string;
  /** What a campaign adds to what this rule gives. */
  readonly of?: string;
}

/**
 * A campaign that meant this member and had something to give: what it gave, or that the member is in its hold-out. One
 * that holds members out is noted for all that members do while it is on, also where it gives nothing: its effect is the
 * difference in that.
 */
export type CampaignNoted = { readonly id: string } & (
  | { readonly points: number; readonly held?: undefined }
  | { readonly held: true; readonly points?: undefined }
);

export interface Spent {
  readonly redemptionId: string;
  readonly points: Points;
  readonly from: Buckets;
}

/** Goods as they were told, without what is empty. Short names, since a basket of ten has ten of each. */
export interface SoldLine {
  readonly id: string;
  readonly net: number;
  /** Absent where it is the net. */
  readonly gross?: number;
  /** Before discounts; absent where there were none. */
  readonly listNet?: number;
  readonly listGross?: number;
  /** Absent: one. */
  readonly quantity?: string;
  readonly sku?: string;
  readonly category?: string;
  readonly tags?: readonly string[];
}

/** What was asked and what came of it, by kind. All that an answer or an event says is read from here. */
export type Detail =
  | { readonly kind: 'enrolled' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'consent'; readonly channel: string; readonly purpose?: string; readonly granted: boolean }
  | {
      readonly kind: 'sale';
      readonly orderId: string;
      readonly currency: string;
      readonly netMinor: number;
      readonly grossMinor: number;
      readonly paidMinor?: number;
      readonly lines: readonly SoldLine[];
      readonly locationId?: string;
      readonly staffId?: string;
      readonly parts: readonly Part[];
      /** The remainder that the sale began with, in thousandths, where the program keeps one. */
      readonly carried?: number;
      /** What is kept of the award after refunds that came early; without any, all of it. */
      readonly earned: Points;
      /** Bucket or lot of whatever has no other of its own. */
      readonly to: string;
      /** What it counts towards a tier: where, by what, and how much. */
      readonly window: { readonly key: string; readonly by: 'points' | 'spend' | 'visits'; readonly amount: number };
      readonly spent?: Spent;
      readonly returned?: Points;
      /** Net of the goods that had gone back before the sale was told, where it is in the program's currency. */
      readonly backMinor?: number;
      readonly unlocked: readonly string[];
      /** Why it waits for somebody to look at it. */
      readonly flags?: readonly string[];
      /** It is the order that a referral waited for. */
      readonly referredBy?: string;
      readonly campaigns?: readonly CampaignNoted[];
      readonly milestones?: readonly Reached[];
    }
  | {
      readonly kind: 'refund';
      readonly orderId: string;
      readonly refundId: string;
      readonly reason: string;
      readonly extent: RefundExtent;
      /** Taken back of what the order earned, and of that: owed, and let go (spent or lapsed before). */
      readonly reversed: Points;
      readonly letGo?: Points;
      /** Given back of what was spent on the order. */
      readonly returned: Points;
      /** Net of the goods that went back with it, where the sale was in the program's currency. */
      readonly backMinor?: number;
      /** Those of the order; `points` is what is taken back of what the campaign gave, below zero. */
      readonly campaigns?: readonly CampaignNoted[];
      /** By bucket or lot: what of the order's points is kept now. */
      readonly kept?: Readonly<Record<string, Points>>;
      /** Thousandths that are kept, where the program keeps the remainder. */
      readonly keptMilli?: number;
      /** Of what it had counted towards a tier, this is left. */
      readonly windowLeft?: number;
      /** The order was not known yet. */
      readonly early?: boolean;
      readonly flags: readonly string[];
      /** Nothing is left of the order that a referral was paid for. */
      readonly undoesReferralOf?: string;
    }
  | {
      readonly kind: 'activity';
      readonly activity: string;
      readonly activityId: string;
      readonly years?: number;
      readonly daysAway?: number;
      readonly earned: Points;
      readonly to: string;
      readonly parts: readonly Part[];
      readonly locationId?: string;
      readonly unlocked: readonly string[];
      readonly flags?: readonly string[];
      readonly campaigns?: readonly CampaignNoted[];
      readonly milestones?: readonly Reached[];
    }
  | {
      readonly kind: 'authorized' | 'redeemed';
      readonly redemptionId: string;
      readonly points: Points;
      readonly from: Buckets;
      readonly rewardId?: string;
      /** Which of the reward's steps, from 1; absent: the reward itself. */
      readonly step?: number;
      /** What the member gets, as the program said it then. */
      readonly value?: Value;
      /** To be paid beside the points, in minor units. */
      readonly cashMinor?: number;
      readonly orderId?: string;
      readonly lapsesAt?: Instant;
      /** A capture of less than was held. */
      readonly released?: Points;
      /** A piece of the stock was taken with it. */
      readonly stock?: true;
      /** A code was given out with it: the name under which it is kept, which is not the code. */
      readonly code?: string;
    }
  /** A code ends once: somebody got something for it, or staff took it back. */
  | {
      readonly kind: 'code-used' | 'code-revoked';
      readonly code: string;
      readonly redemptionId: string;
      readonly rewardId: string;
      /** The caller's own name for the use. */
      readonly useId?: string;
      readonly orderId?: string;
      readonly by?: string;
    }
  | {
      readonly kind: 'refused';
      readonly redemptionId: string;
      readonly because: string;
      readonly rewardId?: string;
      readonly points?: Points;
    }
  | {
      readonly kind: 'refused';
      readonly redemptionId?: undefined;
      readonly giftId: string;
      readonly because: string;
      readonly points: Points;
    }
  /** A decision of staff that was not to be: the balance, or the second person, said no. */
  | {
      readonly kind: 'refused';
      readonly redemptionId?: undefined;
      /** The key that it would have been booked under. */
      readonly of: string;
      readonly because: string;
      readonly points?: Points;
      readonly by: string;
    }
  | {
      readonly kind: 'released';
      readonly redemptionId: string;
      readonly points: Points;
      readonly rewardId?: string;
      readonly because: 'voided' | 'lapsed';
    }
  | { readonly kind: 'expired'; readonly points: Points; readonly through: Day }
  /** What a month, `YYYY-MM`, has brought; `closingBalance` is that of its end. */
  | {
      readonly kind: 'statement';
      readonly period: string;
      readonly earned: Points;
      readonly redeemed: Points;
      readonly expired: Points;
      readonly closingBalance: Points;
      readonly nextExpiryOn?: Day;
      readonly nextExpiryPoints?: Points;
    }
  /** The member is to be told which points lapse soon: those of dates from `on` through `through`. */
  | {
      readonly kind: 'reminded';
      readonly points: Points;
      readonly on: Day;
      readonly through: Day;
      readonly daysBefore: number;
      /** No other reminder comes before one of these dates. */
      readonly last: boolean;
      /** Channels that were asked; none: nobody can tell the member. */
      readonly asked: readonly string[];
    }
  /** A campaign's message was the member's turn: to be sent, or kept back from the hold-out share. */
  | { readonly kind: 'messaged'; readonly campaigns: readonly [CampaignNoted] }
  /** The member was there last on `since`, and now for so many days not: step `rung` of the ladder. */
  | { readonly kind: 'inactive'; readonly since: Day; readonly days: number; readonly rung: number }
  /** What a channel made of it: the proof that a member was warned, or could not be. */
  | {
      readonly kind: 'reminder-told';
      readonly reminder: string;
      readonly by: string;
      readonly outcome: 'sent' | 'impossible';
      readonly because?: string;
    }
  /** Points that waited can be spent, `because` their day has come or somebody said so; or they are gone. */
  | {
      readonly kind: 'activated' | 'declined';
      /** What they waited for: a day, or `@` and a name. */
      readonly lot: string;
      readonly points: Points;
      readonly because: string;
      readonly by?: string;
      readonly unlocked?: readonly string[];
      /** Of what the order or the activity had counted towards a tier, this is left. */
      readonly windowLeft?: number;
    }
  | { readonly kind: 'tier-reviewed'; readonly on: Day }
  | {
      readonly kind: 'tier-granted';
      readonly grantId: string;
      readonly tier: string;
      readonly through: Day;
      readonly by: string;
    }
  | { readonly kind: 'tier-grant-ended'; readonly grantId: string; readonly by: string }
  /** Points by hand. `note` is kept beside the member's profile, where it can be erased. */
  | {
      readonly kind: 'adjusted';
      readonly adjustmentId: string;
      readonly points: Points;
      readonly reason: string;
      readonly to?: string;
      readonly letGo?: Points;
      readonly by: string;
      readonly approvedBy?: string;
    }
  /** Undoes another entry of this journal. */
  | {
      readonly kind: 'undone';
      readonly entry: number;
      readonly of: string;
      readonly points: Points;
      readonly letGo?: Points;
      readonly reason: string;
      readonly by: string;
      readonly approvedBy?: string;
    }
  | {
      readonly kind: 'gift-sent' | 'gift-received';
      readonly giftId: string;
      readonly points: Points;
      readonly with: string;
    }
  | { readonly kind: 'referred'; readonly by: string; readonly code: string }
  /** What a referrer gets for a friend, and loses again when the friend's order is returned. */
  | {
      readonly kind: 'referral-rewarded' | 'referral-reversed';
      readonly friend: string;
      readonly points: Points;
      readonly to?: string;
      readonly letGo?: Points;
    }
  | {
      readonly kind: 'merged-into' | 'merged-from';
      readonly with: string;
      readonly points: Points;
      readonly by: string;
    }
  | { readonly kind: 'unmerged'; readonly with: string; readonly points: Points; readonly by: string }
  | { readonly kind: 'dispute-opened'; readonly disputeId: string; readonly entry?: number; readonly by: string }
  | {
      readonly kind: 'dispute-closed';
      readonly disputeId: string;
      readonly outcome: 'upheld' | 'rejected' | 'withdrawn';
      readonly adjustmentId?: string;
      readonly by: string;
    }
  /** What the member had where it came from. */
  | {
      readonly kind: 'imported';
      readonly importId: string;
      readonly points: Points;
      readonly lifetime: Points;
      readonly from: string;
    }
  /** Something that happened before the move, for the story only: its points are in the imported balance. */
  | {
      readonly kind: 'history';
      readonly importId: string;
      readonly what: string;
      readonly points: Points;
      readonly from: string;
    };
