import type { Day, Instant } from './account.ts';
import type { Refusal } from './redeem.ts';
import type { Choice } from './replies.ts';

/** What members are answered when they write to us. */
export type Answer =
  | {
      readonly kind: 'points';
      readonly balance: number;
      readonly pending: number;
      readonly held: number;
      /** What lapses first, where something does. */
      readonly expiring?: { readonly points: number; readonly on: Day } | undefined;
    }
  | {
      readonly kind: 'rewards';
      readonly inReach: readonly Choice[];
      /** How many more are in reach and not told. */
      readonly more: number;
      /** The cheapest of the others, and what is missing to it. */
      readonly next?: { readonly choice: Choice; readonly missing: number } | undefined;
    }
  /** Whether it is really meant. */
  | { readonly kind: 'asked'; readonly choice: Choice; readonly number: string; readonly minutes: number }
  /** With its code. */
  | {
      readonly kind: 'given';
      readonly name: string;
      readonly code: string;
      readonly through?: Day | undefined;
      readonly balance: number;
    }
  /** Put aside, to be had at the counter. */
  | { readonly kind: 'aside'; readonly name: string; readonly redemptionId: string; readonly until: Instant }
  | { readonly kind: 'refused'; readonly because: Refusal; readonly missing?: number | undefined }
  | {
      readonly kind:
        | 'not-the-number'
        | 'too-late'
        | 'not-as-asked'
        | 'help'
        | 'started'
        | 'linked'
        | 'no-such-code'
        | 'linked-elsewhere';
    };
