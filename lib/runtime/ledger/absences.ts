import type { Detail } from '../../loyalty/detail.ts';
import { decideInactive, nextAbsence } from '../../loyalty/inactivity.ts';
import { today } from '../../loyalty/situation.ts';
import { watchedFrom } from '../items.ts';
import { type Journal, LedgerBusy } from '../journal.ts';

const ATTEMPTS = 16;

/** Since when, and which step of the ladder that makes. */
export type Absence = Pick<Extract<Detail, { kind: 'inactive' }>, 'since' | 'days' | 'rung'>;

/** Commands about members who stay away. */
export const absences = ({ account, post, watch, situation, program }: Journal) => ({
  /**
   * Looks whether the member has stayed away, says so, and puts off the next look. Nothing to do before the day that
   * stands there: somebody else was here. An activity meanwhile is seen, since it moves the account's `seq`. What is
   * `offered` to somebody who is missed comes before the look is put off, so that whoever comes again does it as well.
   */
  async missed(memberId: string, offered?: (absence: Absence) => Promise<void>): Promise<void> {
    const on = today(situation());
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const before = await account(memberId);
      const due = before && watchedFrom(before);
      if (!before || due === undefined || due > on) return;
      const outcome = decideInactive(before, situation())
        ? await post(
            memberId,
            (account, at) => decideInactive(account, at) ?? { kind: 'refused', because: 'was-there' },
          )
        : undefined;
      const noticed = outcome && 'entry' in outcome && outcome.entry?.detail;
      if (noticed && noticed.kind === 'inactive') await offered?.(noticed);
      const after = outcome ? await account(memberId) : before;
      if (after && (await watch(after, nextAbsence(after, program, on)))) return;
    }
    throw new LedgerBusy(`no look after ${ATTEMPTS} tries`);
  },
});
