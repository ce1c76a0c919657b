import * as z from 'zod';
import type { Channel, Purpose } from './facts.ts';

/** What we tell the world, in the past tense, after it was committed. No personal data: ids and numbers only. */

const Balance = z.object({ available: z.int(), pending: z.int(), held: z.int() });

const envelope = {
  /** The same for every delivery of this event: `<entry id>.<type>`. */
  id: z.string(),
  memberId: z.string(),
  entryId: z.string(),
  occurredAt: z.iso.datetime({ offset: true }),
  balance: Balance,
  tier: z.string(),
};

const event = <Type extends string, Data extends z.ZodRawShape>(type: Type, data: Data) =>
  z.object({ ...envelope, type: z.literal(type), data: z.object(data) });

export const events = {
  'member.enrolled': event('member.enrolled', { source: z.string() }),
  'member.updated': event('member.updated', {}),
  'member.erased': event('member.erased', {}),
  'member.merged': event('member.merged', { into: z.string(), points: z.int() }),
  'points.earned': event('points.earned', {
    points: z.int().positive(),
    /** Of them, these wait before they can be spent. */
    pending: z.int().positive().optional(),
    source: z.string(),
    object: z.string(),
    /** What was done, where it was no purchase: `visit`, `review`, `birthday` … */
    activity: z.string().optional(),
    nextExpiryOn: z.iso.date().optional(),
  }),
  'points.activated': event('points.activated', { points: z.int().positive(), because: z.string() }),
  'points.declined': event('points.declined', { points: z.int().positive(), because: z.string() }),
  'points.adjusted': event('points.adjusted', { points: z.int(), reason: z.string() }),
  'points.gifted': event('points.gifted', {
    points: z.int().positive(),
    direction: z.enum(['sent', 'received']),
    giftId: z.string(),
  }),
  'points.redeemed': event('points.redeemed', {
    points: z.int().positive(),
    redemptionId: z.string(),
    rewardId: z.string().optional(),
    orderId: z.string().optional(),
  }),
  'points.reversed': event('points.reversed', {
    /** Taken back from what the order had earned. */
    points: z.int().nonnegative(),
    /** Given back of what was spent on the order. */
    returned: z.int().nonnegative(),
    orderId: z.string(),
    reason: z.string(),
  }),
  /** The member has stayed away for so many days: the ladder's step `rung`, from 1. */
  'member.inactive': event('member.inactive', { days: z.int().positive(), rung: z.int().positive() }),
  /** Of the dates from `on` through `through`; `last`: no other reminder comes before one of them. */
  'points.expiring': event('points.expiring', {
    points: z.int().positive(),
    on: z.iso.date(),
    through: z.iso.date(),
    daysBefore: z.int(),
    last: z.boolean(),
  }),
  'points.expired': event('points.expired', { points: z.int().positive(), through: z.iso.date() }),
  'milestone.reached': event('milestone.reached', {
    milestoneId: z.string(),
    of: z.enum(['visits', 'purchases', 'points']),
    count: z.int().positive(),
  }),
  birthday: event('birthday', {
    /** What the program gave for it. */
    points: z.int().nonnegative(),
  }),
  anniversary: event('anniversary', { years: z.int().positive(), points: z.int().nonnegative() }),
  'statement.ready': event('statement.ready', {
    /** The month: `2026-03`. */
    period: z.string(),
    /** Less what was taken back. */
    earned: z.int(),
    redeemed: z.int(),
    expired: z.int().nonnegative(),
    /** What could be spent at the month's end. */
    closingBalance: z.int(),
    nextExpiryOn: z.iso.date().optional(),
    nextExpiryPoints: z.int().positive().optional(),
  }),
  /** The words are the campaign's own: whoever sends them looks them up. */
  'campaign.message': event('campaign.message', { campaignId: z.string() }),
  'reward.unlocked': event('reward.unlocked', { rewardId: z.string() }),
  'reward.redeemed': event('reward.redeemed', {
    redemptionId: z.string(),
    rewardId: z.string(),
    points: z.int(),
    /** Under which name the code is kept that came with it: no one can use that. */
    codeId: z.string().optional(),
  }),
  'tier.changed': event('tier.changed', { from: z.string(), to: z.string() }),
  'referral.completed': event('referral.completed', { points: z.int().nonnegative() }),
  'referral.reversed': event('referral.reversed', { points: z.int().nonnegative() }),
  'dispute.opened': event('dispute.opened', { disputeId: z.string(), about: z.string().optional() }),
  'dispute.closed': event('dispute.closed', { disputeId: z.string(), outcome: z.string() }),
  'fraud.flagged': event('fraud.flagged', { because: z.string(), object: z.string() }),
} as const;

export type EventType = keyof typeof events;
export const EventType = z.enum(Object.keys(events) as [EventType, ...EventType[]]);
export const LoyaltyEvent = z.discriminatedUnion(
  'type',
  Object.values(events) as [(typeof events)['points.earned'], ...(typeof events)[EventType][]],
);
export type LoyaltyEvent = { [T in EventType]: z.output<(typeof events)[T]> }[EventType];

const programEvent = <Type extends string, Data extends z.ZodRawShape>(type: Type, data: Data) =>
  z.object({
    /** The same for every delivery of this event. */
    id: z.string(),
    type: z.literal(type),
    campaignId: z.string(),
    occurredAt: z.iso.datetime({ offset: true }),
    data: z.object(data),
  });

const campaign = {
  name: z.string(),
  kind: z.string(),
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: z.iso.datetime({ offset: true }),
  briefing: z.string().optional(),
};

/** What happens to all members at once, and to no account. */
export const programEvents = {
  'campaign.started': programEvent('campaign.started', campaign),
  'campaign.ended': programEvent('campaign.ended', campaign),
} as const;

export type ProgramEventType = keyof typeof programEvents;
export const ProgramEvent = z.discriminatedUnion('type', [
  programEvents['campaign.started'],
  programEvents['campaign.ended'],
]);
export type ProgramEvent = z.output<typeof ProgramEvent>;

/** What a connector can be told. */
export const Told = z.enum([...EventType.options, ...(Object.keys(programEvents) as ProgramEventType[])]);
export type Told = z.output<typeof Told>;

/** What a channel is asked to send: rendered, addressed, with consent checked. */
export interface Message {
  /** The same for every attempt, on whichever channel. */
  readonly id: string;
  readonly channel: Channel;
  /** In the channel's own form: E.164 for SMS and WhatsApp. */
  readonly to: string;
  readonly locale: string;
  /** What it is about: of several events, the weightiest. `reply`: an answer to what the member wrote. */
  readonly kind: EventType | 'reply';
  readonly purpose: Purpose;
  readonly text: string;
  /** Of an e-mail. */
  readonly subject?: string;
  readonly html?: string;
  /** What the text was made of, for vendors that fill a template of their own. */
  readonly values: Readonly<Record<string, string | number>>;
  /** Which template of the vendor's says the same, where it takes no free text. */
  readonly template?: { readonly name: string; readonly values: readonly string[] };
  /** Where a member says no to more of it, without a word to anybody: for List-Unsubscribe. */
  readonly unsubscribeUrl?: string;
  /** When the member last wrote to us on this channel. */
  readonly heardAt?: string;
  /** Pointless after that. */
  readonly notAfter?: string;
  /** Where the vendor should report what became of it. */
  readonly receiptUrl?: string;
}

/** What staff should know. `fields` are shown as a table; nothing in it is personal unless the merchant's setting says so. */
export interface Alert {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

/** A case for the support desk; the same `externalId` goes to the same case. */
export interface Ticket {
  readonly externalId: string;
  readonly memberId: string;
  readonly subject: string;
  readonly text: string;
  /** `solved`: what it was about has ended, here or there. */
  readonly status: 'open' | 'solved';
  /** Who asks; absent where the merchant keeps names from the desk. */
  readonly requester?: { readonly email?: string; readonly phone?: string; readonly name?: string };
}
