import type { LoyaltyEvent } from '../../loyalty/events.ts';

/** What an event moves. Of several events about one entry one does at most, so that all of them can be added up. */
export interface Movement {
  /** Into the account and out of it, with those that wait before they can be spent. */
  readonly points: number;
  /** Of what can be spent. */
  readonly spendable: number;
}

const both = (points: number): Movement => ({ points, spendable: points });

export function movementOf(event: LoyaltyEvent): Movement {
  switch (event.type) {
    // Of a birthday or an anniversary, too: those are events of their own beside this one.
    case 'points.earned':
      return { points: event.data.points, spendable: event.data.points - (event.data.pending ?? 0) };
    case 'points.activated':
      return { points: 0, spendable: event.data.points };
    case 'points.declined':
      return { points: -event.data.points, spendable: 0 };
    case 'points.adjusted':
    case 'referral.completed':
      return both(event.data.points);
    case 'points.gifted':
      return both(event.data.direction === 'sent' ? -event.data.points : event.data.points);
    case 'points.redeemed':
    case 'points.expired':
    case 'referral.reversed':
      return both(-event.data.points);
    case 'points.reversed':
      return both(event.data.returned - event.data.points);
    default:
      return both(0);
  }
}
