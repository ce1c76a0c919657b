import { identities } from '../kit/identities.ts';
import type { LoyaltyAccount, LoyaltyEvent } from './bodies.ts';
import type { Draft } from './words.ts';

/** Square Loyalty counts, and our ledger follows each of its movements. */

export async function moved(event: LoyaltyEvent, accountOf: (id: string) => Promise<LoyaltyAccount>): Promise<Draft[]> {
  const movement = movementOf(event);
  if (!movement || movement.points === 0) return [];
  const account = await accountOf(event.loyalty_account_id);
  return [
    {
      type: 'mirrored',
      source: 'square',
      factId: `square:loyalty:${event.id}`,
      movementId: event.id,
      occurredAt: event.created_at,
      identities: whose(account),
      ...movement,
    },
  ];
}

type Movement = Pick<Extract<Draft, { type: 'mirrored' }>, 'points' | 'because'>;

/** A reward takes its points when it is made, and not again when it is redeemed. */
function movementOf(event: LoyaltyEvent): Movement | undefined {
  switch (event.type) {
    case 'ACCUMULATE_POINTS':
      return { points: event.accumulate_points?.points ?? 0, because: 'earned' };
    case 'ACCUMULATE_PROMOTION_POINTS':
      return { points: event.accumulate_promotion_points?.points ?? 0, because: 'earned' };
    case 'CREATE_REWARD':
      return { points: -Math.abs(event.create_reward?.points ?? 0), because: 'redeemed' };
    case 'DELETE_REWARD':
      return { points: Math.abs(event.delete_reward?.points ?? 0), because: 'returned' };
    case 'EXPIRE_POINTS':
      return { points: -Math.abs(event.expire_points?.points ?? 0), because: 'expired' };
    case 'ADJUST_POINTS':
      return { points: event.adjust_points?.points ?? 0, because: 'corrected' };
    case 'OTHER':
      return { points: event.other_event?.points ?? 0, because: 'corrected' };
    default:
      return undefined;
  }
}

/** What moves points there: to look for nothing else. */
export const MOVEMENTS = [
  'ACCUMULATE_POINTS',
  'ACCUMULATE_PROMOTION_POINTS',
  'CREATE_REWARD',
  'DELETE_REWARD',
  'EXPIRE_POINTS',
  'ADJUST_POINTS',
  'OTHER',
] as const;

/** Who joins there is a member here. */
export function opened(account: LoyaltyAccount): Draft[] {
  if (!account.created_at) return [];
  return [
    {
      type: 'member',
      source: 'square',
      factId: `square:loyalty-account:${account.id}`,
      occurredAt: account.created_at,
      identities: whose(account),
      profile: {},
    },
  ];
}

const whose = (account: LoyaltyAccount) =>
  identities([
    ['square', account.customer_id],
    ['phone', account.mapping?.phone_number],
  ]);
