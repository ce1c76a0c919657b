import type { Account } from '../../lib/loyalty/account.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';

/**
 * What an entry says it does to the points that a member has, spendable, waiting or put aside; from its words alone, not
 * from the change that the account was made with. So the two are held against each other.
 */
export function movedBy({ detail }: Entry): number {
  switch (detail.kind) {
    case 'sale':
      return detail.earned + (detail.returned ?? 0);
    case 'activity':
      return detail.earned;
    case 'refund':
      return detail.returned - detail.reversed + (detail.letGo ?? 0);
    case 'redeemed':
      return -detail.points;
    case 'expired':
    case 'declined':
      return -detail.points;
    case 'gift-sent':
      return -detail.points;
    case 'gift-received':
    case 'referral-rewarded':
    case 'imported':
      return detail.points;
    case 'referral-reversed':
      return -detail.points + (detail.letGo ?? 0);
    case 'adjusted':
    case 'undone':
      return detail.points + (detail.letGo ?? 0);
    case 'merged-into':
      return -detail.points;
    case 'merged-from':
    case 'unmerged':
      return detail.points;
    default:
      return 0;
  }
}

export const heldBy = ({ available, pending, held }: Pick<Account, 'available' | 'pending' | 'held'>): number =>
  available + pending + held;
