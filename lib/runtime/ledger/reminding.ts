import type { ReminderFact } from '../../loyalty/facts.ts';
import { decideReminder, decideReminderTold, nextLook } from '../../loyalty/reminders.ts';
import { today } from '../../loyalty/situation.ts';
import type { Journal, Outcome } from '../journal.ts';

/** Commands about the warning that comes before points lapse. */
export const reminding = ({ account, post, rearm, situation, program }: Journal) => ({
  /** Asks these channels to tell the member what is about to lapse: one message a day. Nothing to tell is no entry. */
  remind: (memberId: string, channels: readonly string[]): Promise<Outcome> =>
    post(
      memberId,
      (account, at) => decideReminder(account, channels, at) ?? { kind: 'refused', because: 'nothing-to-remind-of' },
    ),

  /** What became of the message. Whose word nobody waits for any more is no entry. */
  reminderTold: (fact: ReminderFact): Promise<Outcome> =>
    post(
      fact.memberId,
      (account, at) => decideReminderTold(account, fact, at) ?? { kind: 'refused', because: 'nobody-waits-for-it' },
    ),

  /** Whoever came for nothing sees to it that the account's dates are looked at again. */
  async lookAgain(memberId: string): Promise<void> {
    const current = await account(memberId);
    if (!current) return;
    const due = nextLook(current, program);
    if (due !== undefined && due < today(situation())) await rearm(current);
  },
});
