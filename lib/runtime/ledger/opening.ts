import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Account } from '../../loyalty/account.ts';
import { type Draft, type Entry, newAccount } from '../../loyalty/entry.ts';
import { decideNote, type Note } from '../../loyalty/notes.ts';
import { decideHistory, decideOpening, type Happened, type Opening } from '../../loyalty/opening.ts';
import type { Situation } from '../../loyalty/situation.ts';
import type { Journal, Outcome } from '../journal.ts';

type Decide = (account: Account, situation: Situation) => Draft;
export type Noted = { readonly note: Note; readonly told: { source: string; object: string; at: string } };

/** One transaction takes 100 items; an account and so many entries stay far from its 4 MB as well. */
const TOGETHER_MAX = 50;

/** What members bring along from another system. */
export const opening = ({ home, post, postTogether, program }: Journal) => ({
  /** The balance, once for each member of that system. */
  opening: (memberId: string, told: Opening): Promise<Outcome> =>
    post(memberId, (account, at) => decideOpening(account, told, at)),

  /**
   * An account with all that it begins with, and the member's own rows beside it: one write, so that nobody is half
   * here. `undefined` when something was there already; nothing was written then.
   */
  moveIn: (
    memberId: string,
    notes: readonly Noted[],
    told: Opening,
    beside: readonly TransactWriteItem[],
  ): Promise<readonly Entry[] | undefined> =>
    postTogether(
      newAccount(memberId, program.tiers[0]?.id ?? ''),
      [
        ...notes.map(
          ({ note, told }): Decide =>
            (account) =>
              decideNote(account, note, told),
        ),
        (account, at) => decideOpening(account, told, at),
      ],
      beside,
    ),

  /** Lines of the member's story, in the order in which they happened. One outcome for each. */
  async history(memberId: string, happened: readonly Happened[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let at = 0; at < happened.length; at += TOGETHER_MAX) {
      const some = happened.slice(at, at + TOGETHER_MAX);
      const account = await home(memberId);
      // What stands in the journal of an account that went into this one is looked for one by one.
      const posted = account.absorbed
        ? undefined
        : await postTogether(
            account,
            some.map(
              (one): Decide =>
                (current) =>
                  decideHistory(current, one),
            ),
          );
      if (posted) outcomes.push(...posted.map((entry): Outcome => ({ kind: 'posted', entry })));
      else for (const one of some) outcomes.push(await post(memberId, (account) => decideHistory(account, one)));
    }
    return outcomes;
  },
});
