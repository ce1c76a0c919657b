import { type Adjustment, decideAdjustment, declinedAdjustment } from '../../loyalty/adjust.ts';
import { type Closing, type Dispute, decideClosing, decideDispute } from '../../loyalty/dispute.ts';
import { type Entry, keyOf } from '../../loyalty/entry.ts';
import { decideUndo, declinedUndo, type Undo } from '../../loyalty/undo.ts';
import type { Beside, Decision, Journal, Outcome } from '../journal.ts';

/** Who gave the second yes, and what is written with the entry. */
export interface Approval {
  readonly approvedBy?: string | undefined;
  readonly beside?: readonly Beside[];
}

/** Commands of staff: points by hand, entries undone, disputes. */
export const staff = (journal: Journal) => {
  const { post, entries, entriesOf, entryOf, home, replay } = journal;

  const withBeside = (decision: Decision, beside: readonly Beside[] | undefined): Decision =>
    beside && 'key' in decision ? { draft: decision, beside } : decision;

  /** All else that stands in the journals for what the activity was about. */
  async function ofObject(memberId: string, { detail, source }: Entry): Promise<readonly Entry[]> {
    if (detail.kind !== 'activity') return [];
    return entriesOf(await home(memberId), keyOf(source, `${detail.activity}:${detail.activityId}`, ''));
  }

  return {
    /** The entry under that key, wherever the account went. */
    booked: async (memberId: string, key: string): Promise<Entry | undefined> => entryOf(await home(memberId), key),

    /** What is answered for an entry that stands, to who asks for that. */
    again: (there: Entry, asked: string): Outcome => replay(there, asked),

    adjust: (memberId: string, asked: Adjustment, { approvedBy, beside }: Approval = {}): Promise<Outcome> =>
      post(memberId, (account, at) => withBeside(decideAdjustment(account, asked, at, approvedBy), beside)),

    /** A second person said no. */
    declineAdjustment: (
      memberId: string,
      asked: Adjustment,
      by: string,
      beside?: readonly Beside[],
    ): Promise<Outcome> =>
      post(memberId, (account, at) => withBeside(declinedAdjustment(account, asked, at, 'declined', by), beside)),

    /** The entry of that id: `<member>.<seq>`. */
    async entryById(entryId: string): Promise<Entry | undefined> {
      const [, memberId, seq] = /^(.+)\.(\d{1,15})$/.exec(entryId) ?? [];
      if (memberId === undefined) return undefined;
      return (await entries(memberId)).find((one) => one.seq === Number(seq));
    },

    undo: (there: Entry, asked: Undo, { approvedBy, beside }: Approval = {}): Promise<Outcome> =>
      post(there.memberId, async (account, at) => {
        const decided = decideUndo(account, there, asked, at, await ofObject(there.memberId, there), approvedBy);
        if ('refused' in decided) return { kind: 'refused', because: decided.refused };
        return withBeside(decided, beside);
      }),

    declineUndo: (there: Entry, askedAt: string, by: string, beside?: readonly Beside[]): Promise<Outcome> =>
      post(there.memberId, (account, at) => withBeside(declinedUndo(account, there, askedAt, at, by), beside)),

    openDispute: (memberId: string, asked: Dispute, beside: readonly Beside[]): Promise<Outcome> =>
      post(memberId, (account, at, missing) => {
        // The id belongs to somebody else’s.
        if (missing.size > 0) return { kind: 'refused', because: 'id-is-taken' };
        const decided = decideDispute(account, asked, at);
        if ('refused' in decided) return { kind: 'refused', because: decided.refused };
        return withBeside(decided, beside);
      }),

    closeDispute: (memberId: string, asked: Closing, beside: readonly Beside[]): Promise<Outcome> =>
      post(memberId, (account, at) => withBeside(decideClosing(account, asked, at), beside)),
  };
};
