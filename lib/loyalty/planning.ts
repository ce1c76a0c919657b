import { dayIn } from './calendar.ts';
import { type Consents, hasAgreed } from './consents.ts';
import type { EventType, LoyaltyEvent } from './events.ts';
import type { Channel, Identity, Purpose } from './facts.ts';
import { decentTime, endOfDay, type QuietHours } from './quiet-hours.ts';
import { isByReply } from './replies.ts';

/** What decides whether, when and where a member is written to about something. Nothing here is done, only decided. */

/** To win somebody back is advertising; everything else is about the member’s own points. */
export const purposeOf = ({ type }: Pick<LoyaltyEvent, 'type'>): Purpose =>
  UNASKED.has(type) ? 'marketing' : 'transactional';

/** Greetings and invitations: nothing that the member did, and nothing that is lost. */
const UNASKED: ReadonlySet<EventType> = new Set(['member.inactive', 'birthday', 'anniversary', 'campaign.message']);

/** The last warning before points lapse: whether it was given has to stand in the journal, since they lapse only then. */
export const isLastReminder = (event: LoyaltyEvent): boolean => event.type === 'points.expiring' && event.data.last;

/** Who redeems by a reply is answered what came of it, with the code: to say it once more would cost a message. */
export const isAnswered = (event: LoyaltyEvent): boolean =>
  (event.type === 'points.redeemed' || event.type === 'reward.redeemed') && isByReply(event.data.redemptionId);

/** What a campaign says has words of its own, and a last warning must not get lost between other things. */
const isAlone = (event: LoyaltyEvent): boolean => event.type === 'campaign.message' || isLastReminder(event);

/** So much at most is said in one message. */
const TOGETHER_MAX = 12;

/** What waits for the same member and may be said along with it: of the same purpose, in the order in which it happened. */
export function companionsOf<One extends { readonly event: LoyaltyEvent }>(
  event: LoyaltyEvent,
  waiting: readonly One[],
): readonly One[] {
  if (isAlone(event)) return [];
  return waiting
    .filter((one) => one.event.id !== event.id && !isAlone(one.event) && purposeOf(one.event) === purposeOf(event))
    .slice(0, TOGETHER_MAX - 1);
}

/** Whether a refund has made it untrue. `unheard`: what the member has not been told, and what was kept from him. */
export function isUntrue(event: LoyaltyEvent, all: readonly LoyaltyEvent[], unheard: readonly LoyaltyEvent[]): boolean {
  if (event.type === 'points.earned')
    return all.some((other) => other.type === 'points.reversed' && isEarnedBy(event, other.data.orderId));
  if (event.type !== 'points.reversed' || event.data.returned > 0) return false;
  const { orderId, points } = event.data;
  // Who never heard of the points need not hear that all of them are gone again.
  return unheard.some((other) => isEarnedBy(other, orderId) && other.data.points === points);
}

/** A visit or a review may go by the same name as an order, which it is not. */
const isEarnedBy = (event: LoyaltyEvent, orderId: string): event is Extract<LoyaltyEvent, { type: 'points.earned' }> =>
  event.type === 'points.earned' && event.data.activity === undefined && event.data.object === orderId;

/** What the member is doing at this moment, and hears of at any hour. */
const AT_ONCE: ReadonlySet<EventType> = new Set([
  'member.enrolled',
  'points.earned',
  'points.redeemed',
  'points.reversed',
  'reward.redeemed',
  'dispute.opened',
]);
const AT_ONCE_MS = 15 * 60_000;

/** Greetings come with points, and in the night. */
const isOfTheMoment = (event: LoyaltyEvent, now: Date): boolean =>
  AT_ONCE.has(event.type) &&
  !(event.type === 'points.earned' && OCCASIONS.has(event.data.activity ?? '')) &&
  now.getTime() - Date.parse(event.occurredAt) < AT_ONCE_MS;

const OCCASIONS: ReadonlySet<string> = new Set(['birthday', 'anniversary']);

/** When it may be said: now, unless that is within quiet hours and the member is not just doing it. */
export const hourFor = (
  events: readonly LoyaltyEvent[],
  { now, zone, quietHours }: { now: Date; zone: string; quietHours: QuietHours | undefined },
): Date => (!quietHours || events.some((event) => isOfTheMoment(event, now)) ? now : decentTime(now, zone, quietHours));

/** Nobody wants to hear after so long what was new then. */
const KEEPS_MS = 72 * 3_600_000;

/** From when on it is pointless. `since`: when we first heard of it. */
export function notAfter(event: LoyaltyEvent, since: Date, zone: string): Date {
  const keeps = new Date(since.getTime() + KEEPS_MS);
  switch (event.type) {
    case 'birthday':
    case 'anniversary':
      return endOfDay(zone, dayIn(zone, since));
    case 'points.expiring':
      return endOfDay(zone, event.data.on);
    default:
      return keeps;
  }
}

/** A way to members: one of the merchant's connectors, and what it may tell them of. */
export interface Way {
  readonly connector: string;
  readonly channel: Channel;
  readonly on: ReadonlySet<string>;
}

/** Whoever is written to. */
export interface Addressee {
  readonly identities: readonly Identity[];
  readonly consents: Consents;
  readonly profile: { readonly preferredChannel?: Channel | undefined };
}

export interface Passable {
  readonly way: Way;
  readonly to: string;
}

/** Why a way is not taken; `for staff`: no names and numbers. */
export interface Closed {
  readonly way: Way;
  readonly because: string;
}

/**
 * The ways on which the member may be told of these events, best first: his own preference, then the order of the
 * merchant's file.
 */
export function waysTo(
  { identities, consents, profile }: Addressee,
  events: readonly LoyaltyEvent[],
  purpose: Purpose,
  ways: readonly Way[],
): { readonly open: readonly Passable[]; readonly closed: readonly Closed[] } {
  const [open, closed]: [Passable[], Closed[]] = [[], []];
  for (const way of ways) {
    if (!events.some(({ type }) => way.on.has(type))) continue;
    const to = addressOn(way, identities);
    if (!hasAgreed(consents, way.channel, purpose)) closed.push({ way, because: `no consent to ${way.channel}` });
    else if (to === undefined) closed.push({ way, because: `no address for ${way.channel}` });
    else open.push({ way, to });
  }
  const isPreferred = ({ way }: Passable) => way.channel === profile.preferredChannel;
  return { open: [...open.filter(isPreferred), ...open.filter((one) => !isPreferred(one))], closed };
}

/** Where the member is reached: under the address that the channel goes by, else under the vendor's own name for him. */
export const addressOn = (
  { connector, channel }: Pick<Way, 'connector' | 'channel'>,
  identities: readonly Identity[],
): string | undefined => identities.find(({ type }) => type === addressTypeOf(channel, connector))?.value;

/** Which identity of a member a channel goes by. */
export const addressTypeOf = (channel: Channel, connector: string): string => ADDRESSES[channel] ?? connector;

const ADDRESSES: Readonly<Partial<Record<Channel, string>>> = { sms: 'phone', whatsapp: 'phone', email: 'email' };
