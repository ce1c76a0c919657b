import { type Account, type Day, journalsOf } from '../../loyalty/account.ts';
import { nextReview } from '../../loyalty/due.ts';
import { type Draft, type Entry, keyOf } from '../../loyalty/entry.ts';
import { decideActivation, decideLotEnd, type LotEnd, lotEndFingerprint, lotEndKey } from '../../loyalty/lot-ends.ts';
import { ripe, waitsFor } from '../../loyalty/lots.ts';
import { type Situation, today } from '../../loyalty/situation.ts';
import {
  decideGrant,
  decideGrantEnd,
  decideReview,
  type Grant,
  grantEndFingerprint,
  grantEndKey,
  grantFingerprint,
  grantKey,
} from '../../loyalty/tiers.ts';
import type { Journal, Outcome } from '../journal.ts';

/** Who says it, about what, and why; `of` is the waiting itself where nothing else is said. */
export type LotSaying = Omit<LotEnd, 'end' | 'of' | 'because'> & Partial<Pick<LotEnd, 'of' | 'because'>>;

/** Commands about what time does: points that wait, tiers that are kept or given. */
export const time = ({ account, post, entry, entriesOf, replay, rearm, situation, program }: Journal) => {
  /** What has ended is not there any more to be ended: the entry of its end is the answer to whoever asks again. */
  async function answeredBefore(
    account: Account,
    key: string,
    asked: string,
    decided: Draft | { readonly refused: string },
  ): Promise<Draft | Outcome> {
    if (!('refused' in decided)) return decided;
    for (const memberId of journalsOf(account)) {
      const there = await entry(memberId, key);
      if (there) return replay(there, asked);
    }
    return { kind: 'refused', because: decided.refused };
  }

  const endLot = (memberId: string, asked: LotEnd): Promise<Outcome> =>
    post(memberId, async (account, at) =>
      answeredBefore(
        account,
        lotEndKey(asked),
        lotEndFingerprint(asked.end),
        decideLotEnd(account, asked, await booked(account, asked), at),
      ),
    );

  /** All that the journal has about an order or an activity. */
  async function booked(account: Account, { source, object }: LotEnd): Promise<readonly Entry[]> {
    const about = await entriesOf(account, keyOf(source, object, ''));
    const [activity = '', ...id] = object.split(':');
    return id.length === 0 ? about : [...about, ...(await entriesOf(account, keyOf(source, id.join(':'), activity)))];
  }

  const given = (
    memberId: string,
    key: string,
    asked: string,
    decide: (account: Account, at: Situation) => Draft | { readonly refused: string },
  ): Promise<Outcome> => post(memberId, (account, at) => answeredBefore(account, key, asked, decide(account, at)));

  /** Sets free what waited for that day or an earlier one. Nothing to set free is no entry. */
  const activate = (memberId: string, day: Day): Promise<Outcome> =>
    post(memberId, (account, at) =>
      day > today(at)
        ? { kind: 'refused', because: 'day-has-not-come' }
        : (decideActivation(account, day, at) ?? { kind: 'refused', because: 'nothing-waits' }),
    );

  /** Books the tier that time has made. The same tier is no entry. */
  const reviewTier = (memberId: string): Promise<Outcome> =>
    post(memberId, (account, at) => decideReview(account, at) ?? { kind: 'refused', because: 'same-tier' });

  return {
    activate,
    reviewTier,

    /**
     * What the calendar has made of the account, each day under its own key and in their order: lots that are ripe, then
     * the tier. Whoever came for nothing sees to it that the account is looked at again when it is due.
     */
    async review(memberId: string): Promise<void> {
      const before = await account(memberId);
      if (!before) return;
      const day = today(situation());
      const days = [...new Set(ripe(before, day).map(waitsFor))];
      for (const one of days) await activate(memberId, one);
      // What came into a lot after its day was booked leaves under today's name.
      if (days.length > 0) await activate(memberId, day);
      await reviewTier(memberId);
      const after = await account(memberId);
      const due = after && nextReview(after, program, day);
      if (after?.seq === before.seq && (due === undefined || due > day)) await rearm(after);
    },

    /** Points that waited for a yes can be spent. With `of: 'review'`, staff have looked at what was flagged. */
    confirmLot: (memberId: string, said: LotSaying): Promise<Outcome> =>
      endLot(memberId, { because: 'confirmed', of: 'lot', ...said, end: 'activated' }),

    /** Points that waited are gone, and count towards nothing. */
    declineLot: (memberId: string, said: LotSaying): Promise<Outcome> =>
      endLot(memberId, { because: 'declined', of: 'lot', ...said, end: 'declined' }),

    grantTier: (memberId: string, grant: Grant): Promise<Outcome> =>
      given(memberId, grantKey(grant.grantId), grantFingerprint(grant), (account, at) =>
        decideGrant(account, grant, at),
      ),

    endGrant: (memberId: string, asked: Pick<Grant, 'grantId' | 'by'>): Promise<Outcome> =>
      given(memberId, grantEndKey(asked.grantId), grantEndFingerprint(asked.grantId), (account, at) =>
        decideGrantEnd(account, asked, at),
      ),
  };
};
