import * as z from 'zod';
import { Activity, ToldActivity } from './activities.ts';
import { Channel, Purpose } from './channels.ts';
import { Currency } from './money.ts';
import { Profile } from './profile.ts';

// In files of their own, since a till's function starts sooner without the shapes of all facts.
export { Activity, Channel, Profile, Purpose, ToldActivity };

/**
 * What happened elsewhere, in our words. Connectors and the HTTP API make facts; `functions/accrue` decides what they
 * are worth. A `factId` names the thing that happened, not the delivery that told us.
 */

/** `type` is `phone` (E.164), `email` (lower case), `card`, `member` (our own id) or the id of a connector. */
export const Identity = z.object({
  type: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/),
  value: z.string().min(1).max(200),
});
export type Identity = z.output<typeof Identity>;

const Minor = z.int().nonnegative();

export const Line = z.object({
  id: z.string().min(1).max(100),
  sku: z.string().max(100).optional(),
  category: z.string().max(100).optional(),
  tags: z.array(z.string().min(1).max(100)).max(20).optional(),
  quantity: z.number().positive().default(1),
  /** Goods after discounts, without tax, shipping and tip. */
  netMinor: Minor,
  /** The same with tax. */
  grossMinor: Minor,
  /** Both before discounts; absent where there were none. */
  listNetMinor: Minor.optional(),
  listGrossMinor: Minor.optional(),
});
export type Line = z.output<typeof Line>;

const base = {
  factId: z.string().min(1).max(200),
  occurredAt: z.iso.datetime({ offset: true }),
  /** Who says so: a connector's id, or the `source` of the API key. Part of the business key. */
  source: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/),
  /** All that is known about who it was, best first. Empty: a guest. */
  identities: z.array(Identity).max(10),
  /** Looked up afterwards and not told: it adds what is missing, and corrects nothing that was told before. */
  found: z.literal(true).optional(),
};

export const SaleFact = z.object({
  ...base,
  type: z.literal('sale'),
  orderId: z.string().min(1).max(100),
  currency: Currency,
  /** The whole order's goods after discounts, without tax, shipping and tip. */
  netMinor: Minor,
  /** What the buyer paid for the goods, with tax; without tip and shipping. */
  grossMinor: Minor,
  /** All that was paid, with tip and shipping, where that is more: a refund of money may be up to it. */
  paidMinor: Minor.optional(),
  /** May be empty where the source sends only a total. Else every goods line, and their sums are the totals above. */
  lines: z.array(Line).max(200),
  locationId: z.string().max(100).optional(),
  staffId: z.string().max(100).optional(),
  /** The authorized redemption that paid for part of this order; the sale captures it. */
  redemptionId: z.string().max(100).optional(),
  /** What was typed at the checkout of a shop that takes codes: those that are ours have been used by it. */
  codes: z.array(z.string().min(1).max(100)).max(20).optional(),
});
export type SaleFact = z.output<typeof SaleFact>;

export const RefundFact = z.object({
  ...base,
  type: z.literal('refund'),
  refundId: z.string().min(1).max(100),
  orderId: z.string().min(1).max(100),
  currency: Currency,
  /** `everything`: the order was cancelled or charged back. Else goods by line, or an amount of goods and no lines. */
  extent: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('everything') }),
    z.object({
      kind: z.literal('lines'),
      lines: z
        .array(
          z.object({ id: z.string(), netMinor: Minor, grossMinor: Minor, quantity: z.number().positive().optional() }),
        )
        .min(1)
        .max(200),
    }),
    // Absent net: only what was paid back is known; its net share is the sale's.
    z.object({ kind: z.literal('amount'), netMinor: Minor.optional(), grossMinor: Minor }),
  ]),
  reason: z.enum(['return', 'cancelled', 'chargeback', 'correction']).default('return'),
  staffId: z.string().max(100).optional(),
});
export type RefundFact = z.output<typeof RefundFact>;

export const ActivityFact = z.object({
  ...base,
  type: z.literal('activity'),
  activity: Activity,
  activityId: z.string().min(1).max(100),
  /** Of an anniversary: which one. */
  years: z.int().positive().optional(),
  /** Of an absence: the step of `inactivity.daysAfter` that was reached. */
  daysAway: z.int().positive().optional(),
  locationId: z.string().max(100).optional(),
  staffId: z.string().max(100).optional(),
});
export type ActivityFact = z.output<typeof ActivityFact>;

/** A profile was made or changed at the source. Enrols when nobody is known by any of the identities. */
export const MemberFact = z.object({ ...base, type: z.literal('member'), profile: Profile });
export type MemberFact = z.output<typeof MemberFact>;

/** A member said yes or no to a channel (STOP, START, unsubscribe, a box that was ticked). */
export const ConsentFact = z.object({
  ...base,
  type: z.literal('consent'),
  channel: Channel,
  /** Absent: whatever comes that way. */
  purpose: Purpose.optional(),
  granted: z.boolean(),
  proof: z.string().max(500),
});
export type ConsentFact = z.output<typeof ConsentFact>;

/** A member answered in words. */
export const ReplyFact = z.object({ ...base, type: z.literal('reply'), channel: Channel, text: z.string().max(2_000) });
export type ReplyFact = z.output<typeof ReplyFact>;

/** What became of a message: `vendorId` is what the channel's `send` returned. Receipts only move forward. */
export const ReceiptFact = z.object({
  ...base,
  type: z.literal('receipt'),
  vendorId: z.string().min(1).max(200),
  /** Our own name of the message, where the vendor repeats it: known also when the answer to `send` was lost. */
  messageId: z.string().min(1).max(200).optional(),
  status: z.enum(['accepted', 'sent', 'delivered', 'read', 'failed']),
  reason: z.string().max(500).optional(),
});
export type ReceiptFact = z.output<typeof ReceiptFact>;

/**
 * Something was booked for the order of a friend whom a member had brought. Told by ourselves; what follows from it
 * stands in the friend's journal, so that it does no harm late, twice or in another order.
 */
export const ReferralFact = z.object({
  ...base,
  type: z.literal('referral'),
  /** The friend. */
  memberId: z.string().min(1).max(100),
  orderId: z.string().min(1).max(100),
});
export type ReferralFact = z.output<typeof ReferralFact>;

/** What became of the last reminder that points lapse. Told by ourselves, once the message was handed over, or could not be. */
export const ReminderFact = z.object({
  ...base,
  type: z.literal('reminder'),
  memberId: z.string().min(1).max(100),
  /** The entry that asked for it. */
  entryId: z.string().min(1).max(200),
  outcome: z.enum(['sent', 'impossible']),
  because: z.string().max(200).optional(),
});
export type ReminderFact = z.output<typeof ReminderFact>;

/** A support desk has decided a dispute. It has no word in what is decided here already, nor in points. */
export const DisputeFact = z.object({
  ...base,
  type: z.literal('dispute'),
  disputeId: z.string().min(1).max(100),
  outcome: z.enum(['upheld', 'rejected', 'withdrawn']),
});
export type DisputeFact = z.output<typeof DisputeFact>;

/** Where another ledger is the one that counts: it has moved a member’s points by so many, and ours follows. */
export const MirroredFact = z.object({
  ...base,
  type: z.literal('mirrored'),
  /** The other ledger’s own name for it. */
  movementId: z.string().min(1).max(100),
  points: z
    .int()
    .min(-1_000_000_000)
    .max(1_000_000_000)
    .refine((points) => points !== 0, 'nothing has moved'),
  because: z.enum(['earned', 'redeemed', 'returned', 'expired', 'corrected']),
});
export type MirroredFact = z.output<typeof MirroredFact>;

export const Fact = z.discriminatedUnion('type', [
  SaleFact,
  RefundFact,
  ActivityFact,
  MemberFact,
  ConsentFact,
  ReplyFact,
  ReceiptFact,
  ReferralFact,
  ReminderFact,
  DisputeFact,
  MirroredFact,
]);
export type Fact = z.output<typeof Fact>;
