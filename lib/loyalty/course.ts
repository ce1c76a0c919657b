import type { LoyaltyEvent } from './events.ts';
import type { Purpose, ReceiptFact } from './facts.ts';

/**
 * The course of one message to a member, over all channels: one state, so that whoever holds an old copy of it (a queue
 * that delivers twice, a worker that was thought dead, a message that staff send round again) finds that it is not his
 * turn. Each channel has one turn at most. `waiting` → `handed` → `sending` → `sent`; and when a channel does not carry
 * it, `undone` → `handed` to the next.
 */
export type CourseState =
  /** For what may be said along with it, for a decent hour, for room in the week. */
  | 'waiting'
  /** It lies in the queue of `connector`. */
  | 'handed'
  /** The vendor is being told, and no word yet. */
  | 'sending'
  /** Surely not sent, and will be tried again there. */
  | 'retry'
  /** Will never work there as it is, and there is no other channel: parked. */
  | 'failed'
  | 'sent'
  /** May have been sent; the vendor can be asked. */
  | 'asking'
  /** May have been sent, and nobody can say. It is not sent again. */
  | 'unknown'
  /** Not sent by `connector`: the planner is to see to it. */
  | 'undone'
  /** Said along with another one. */
  | 'merged'
  /** Not said at all. */
  | 'dropped';

/** A channel that had its turn in vain. */
export interface Tried {
  readonly connector: string;
  readonly because: string;
}

export interface Course {
  readonly messageId: string;
  readonly memberId: string;
  readonly state: CourseState;
  /** What it is about. None: an answer to what the member wrote. */
  readonly events: readonly LoyaltyEvent[];
  readonly purpose: Purpose;
  /** When we first heard of it. */
  readonly since: string;
  /** When we last moved it on. */
  readonly at: string;
  /** Of `waiting`: until when. */
  readonly until?: string;
  /** Whose turn it is, or was last. */
  readonly connector?: string;
  readonly tried: readonly Tried[];
  /** Tries at the connector. */
  readonly attempts: number;
  /** Of them, those that failed while the vendor was well. */
  readonly failures?: number;
  /** The message of the connector's queue that was worked on last. */
  readonly queueMessage?: string;
  readonly vendorId?: string;
  readonly reason?: string;
  /** What the vendor reported since, of this turn. */
  readonly receipt?: ReceiptFact['status'];
  /** Of `merged`: what it was said with. */
  readonly into?: string;
}

/** Whoever works on a message of a connector's queue. */
export interface Turn {
  readonly connector: string;
  readonly queueMessage: string;
  /** The queue has brought it before. */
  readonly again: boolean;
  readonly now: Date;
  /** The vendor can be asked what became of a message. */
  readonly canAsk: boolean;
}

/** What is to be done with it. */
export type Claim =
  | { readonly kind: 'send'; readonly course: Course }
  /** Ask the vendor first: a try may have been sent. */
  | { readonly kind: 'ask'; readonly course: Course }
  /** Nobody can say what became of the try before. */
  | { readonly kind: 'give-up'; readonly course: Course }
  /** It is somebody else's turn, or over. */
  | { readonly kind: 'nothing' }
  /** Not at this moment. */
  | { readonly kind: 'later'; readonly seconds: number; readonly because: string }
  /** It only passes on its way to the dead letters. */
  | { readonly kind: 'parked'; readonly because: string };

/** Longer than any function lives: whoever began so long ago is not working on it any more. */
const ABANDONED_MS = 15 * 60_000;
/** Shorter than any queue hides what is worked on; two workers may be handed the same at once, which is not seeing it again. */
const HIDDEN_MS = 60_000;
/** What a vendor has taken, it may list a little later. */
const ASK_AFTER_SECONDS = 60;

/** What there is to do for somebody who holds a copy of it. */
export function claimOf(course: Course | undefined, turn: Turn): Claim {
  if (!course || course.connector !== turn.connector) return { kind: 'nothing' };
  const { state, at, queueMessage, reason } = course;
  const { now } = turn;
  const isMine = queueMessage === turn.queueMessage;
  const age = now.getTime() - Date.parse(at);
  switch (state) {
    case 'handed':
    case 'retry':
      return { kind: 'send', course: begun(course, turn) };
    case 'failed':
      // Unless staff have sent it round again.
      return isMine && turn.again
        ? { kind: 'parked', because: reason ?? 'failed before' }
        : { kind: 'send', course: begun(course, turn) };
    case 'sending':
      // The queue hides a message while it is worked on: seeing it again later means that the work on it broke off.
      if (age <= (isMine ? HIDDEN_MS : ABANDONED_MS))
        return { kind: 'later', seconds: 60, because: 'another copy of the message is being sent' };
      return turn.canAsk
        ? { kind: 'ask', course: { ...course, state: 'asking', queueMessage: turn.queueMessage, reason: BROKEN_OFF } }
        : { kind: 'give-up', course: { ...course, state: 'unknown', reason: BROKEN_OFF } };
    case 'asking':
      return age < ASK_AFTER_SECONDS * 1_000
        ? { kind: 'later', seconds: ASK_AFTER_SECONDS, because: 'the vendor is asked once it can know' }
        : { kind: 'ask', course };
    default:
      return { kind: 'nothing' };
  }
}

const BROKEN_OFF = 'a try before this one ended without a word';

const begun = (course: Course, { connector, queueMessage, now }: Turn): Course => ({
  ...course,
  state: 'sending',
  connector,
  queueMessage,
  attempts: course.attempts + 1,
  // Staff who send it round again begin anew.
  ...(course.state === 'failed' && { failures: 0 }),
  at: now.toISOString(),
});

/** Nobody else has said meanwhile what came of the try; or only that he does not know, where `end` is certain. */
export const isStill = (course: Course | undefined, claimed: Course, end: CourseState): course is Course =>
  course !== undefined &&
  course.connector === claimed.connector &&
  course.attempts === claimed.attempts &&
  (course.state === 'sending' || course.state === 'asking' || (course.state === 'unknown' && end === 'sent'));
