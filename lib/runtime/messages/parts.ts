import type { EventType, LoyaltyEvent } from '../../loyalty/events.ts';
import { MESSAGE_KINDS } from '../../loyalty/message-words.ts';

/** What one sentence is about: an event, or several of one kind that are added up. */
export type Part = readonly [LoyaltyEvent, ...LoyaltyEvent[]];

/** Of which several are said as one. */
const ADDED_UP: ReadonlySet<EventType> = new Set([
  'points.earned',
  'points.activated',
  'points.declined',
  'points.adjusted',
  'points.gifted',
  'points.redeemed',
  'points.reversed',
  'points.expired',
  'referral.completed',
  'referral.reversed',
  'reward.unlocked',
  'tier.changed',
]);

/** The events in the order of what they did, with what would be said twice in one place. */
export function partsOf(events: readonly LoyaltyEvent[]): readonly Part[] {
  const redeemed = new Set(
    events.flatMap((event) => (event.type === 'points.redeemed' ? event.data.redemptionId : [])),
  );
  const parts = new Map<string, Part>();
  for (const event of events) {
    // The same redemption, told by what it was for.
    if (event.type === 'reward.redeemed' && redeemed.has(event.data.redemptionId)) continue;
    const under = ADDED_UP.has(event.type) ? groupOf(event) : event.id;
    const before = parts.get(under);
    parts.set(under, before ? [...before, event] : [event]);
  }
  return [...parts.values()].filter((part) => !comesToNothing(part));
}

/** Given and received, or greeted and bought, are said in different words. */
function groupOf({ type, data }: LoyaltyEvent): string {
  if ('direction' in data) return `${type} ${data.direction}`;
  if ('activity' in data && (data.activity === 'birthday' || data.activity === 'anniversary'))
    return `${type} ${data.activity}`;
  return type;
}

/** What was corrected and corrected back, or risen and fallen. */
function comesToNothing(part: Part): boolean {
  const [first] = part;
  const last = part.at(-1) ?? first;
  if (part.length === 1) return false;
  if (first.type === 'tier.changed' && last.type === 'tier.changed') return first.data.from === last.data.to;
  return (
    first.type === 'points.adjusted' &&
    part.reduce((sum, { data }) => sum + ('points' in data ? data.points : 0), 0) === 0
  );
}

/** What a message about all of it is about: the weightiest. */
export const kindOf = (parts: readonly [Part, ...Part[]]): EventType =>
  parts.map(([{ type }]) => type).reduce((heaviest, type) => (weight(type) < weight(heaviest) ? type : heaviest));

const weight = (type: EventType): number => {
  const at = (MESSAGE_KINDS as readonly EventType[]).indexOf(type);
  return at === -1 ? MESSAGE_KINDS.length : at;
};
