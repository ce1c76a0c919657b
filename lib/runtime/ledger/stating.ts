import { decideStatement, type Month } from '../../loyalty/statement.ts';
import type { Journal, Outcome } from '../journal.ts';

/** Commands about what a member is told of a stretch of time. */
export const stating = ({ post, entries }: Journal) => ({
  /** What that month brought, once; to those to whom it brought nothing, nothing. */
  state: (memberId: string, month: Month): Promise<Outcome> =>
    post(memberId, async (account, at) => {
      const decided = decideStatement(account, month, await entries(account.memberId), at);
      return 'refused' in decided ? { kind: 'refused', because: decided.refused } : decided;
    }),
});
