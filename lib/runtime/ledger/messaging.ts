import type { Campaign } from '../../loyalty/campaign.ts';
import { decideMessage, type Summed } from '../../loyalty/messaging.ts';
import type { Person } from '../../loyalty/segmenting.ts';
import type { Journal, Outcome } from '../journal.ts';

/** Commands about what a campaign has to say. */
export const messaging = ({ post }: Journal) => ({
  /** The member's turn with a campaign's message, once. Who is not meant is no entry. */
  message: (memberId: string, campaign: Campaign, known: { person: Person; summed?: Summed }): Promise<Outcome> =>
    post(
      memberId,
      (account, at) =>
        decideMessage(account, campaign, { ...at, person: known.person }, known.summed) ?? {
          kind: 'refused',
          because: 'not-meant',
        },
    ),
});
