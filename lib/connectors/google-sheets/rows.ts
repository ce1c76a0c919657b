import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Standing } from '../contract.ts';
import { movementOf } from '../kit/movement.ts';
import type { Row } from './tabs.ts';

export const LEDGER = [
  'event_id',
  'occurred_at',
  'member_id',
  'type',
  'points',
  'available',
  'pending',
  'held',
  'tier',
  'about',
] as const;

export function ledgerRow(event: LoyaltyEvent): Row {
  const { id, occurredAt, memberId, type, balance, tier } = event;
  return [
    id,
    occurredAt,
    memberId,
    type,
    // What came to the account or left it.
    movementOf(event).points || null,
    balance.available,
    balance.pending,
    balance.held,
    tier,
    about(event) ?? null,
  ];
}

/** The rest of what the event says, as `name: value`. */
function about({ data }: LoyaltyEvent): string | undefined {
  const said = Object.entries(data).filter(([name, value]) => name !== 'points' && value !== undefined);
  return said.length === 0 ? undefined : said.map(([name, value]) => `${name}: ${value}`).join(', ');
}

export const MEMBERS = [
  'member_id',
  'available',
  'pending',
  'held',
  'lifetime',
  'tier',
  'visits',
  'enrolled_on',
  'next_expiry_on',
  'next_expiry_points',
  'updated_at',
] as const;

export const memberRow = (memberId: string, standing: Standing, at: Date): Row => [
  memberId,
  standing.available,
  standing.pending,
  standing.held,
  standing.lifetime,
  standing.tier,
  standing.visits,
  standing.enrolledOn,
  // Empty and not left alone: there may have been one.
  standing.nextExpiryOn ?? '',
  standing.nextExpiryPoints ?? '',
  at.toISOString(),
];

/** What stays of somebody who was erased. */
export const noRow: Row = MEMBERS.map(() => '');
