import type { Account } from '../../loyalty/account.ts';
import { keyOf } from '../../loyalty/entry.ts';
import { decideGift, type Gift, giftFingerprint, sentKey } from '../../loyalty/gift.ts';
import {
  decideReferral,
  decideReferralReversal,
  decideReferralReward,
  REFERRED_KEY,
  RING_STEPS,
  referralFingerprint,
  referralStanding,
  reversedKey,
  rewardedKey,
  tellsOfPurchase,
} from '../../loyalty/referral.ts';
import type { Journal, Outcome } from '../journal.ts';

const ERASED_KEY = keyOf('member', 'self', 'erased');

/** One of the two went into another account while a gift was decided. */
const MOVED = 'moved';

/** What members do for one another: bring friends, and give points. */
export function sharing(journal: Journal) {
  const { entryOf } = journal;
  const storyOf = ({ memberId, absorbed = [] }: Account) => [memberId, ...absorbed];

  /** Who brought this member, who brought that one … Whoever stands last was brought by nobody, unless there are too many. */
  async function broughtBy(member: Account): Promise<{ readonly chain: readonly string[]; readonly root?: string }> {
    const chain: string[] = [];
    let current = member;
    while (chain.length < RING_STEPS) {
      const brought = await entryOf(current, REFERRED_KEY);
      if (brought?.detail.kind !== 'referred') return { chain, root: current.memberId };
      current = await journal.home(brought.detail.by);
      chain.push(current.memberId);
    }
    return { chain };
  }

  /** Somebody new says whose code it was: once, and before the first purchase. */
  async function refer(friend: string, { by, code }: { readonly by: string; readonly code: string }): Promise<Outcome> {
    const outcome = await journal.post(friend, async (account, at) => {
      const before = await entryOf(account, REFERRED_KEY);
      if (before) return journal.replay(before, referralFingerprint(code));
      const referrer = await journal.home(by);
      if (await isErased(referrer)) return { kind: 'refused', because: 'unknown-code' };
      const { chain, root } = await broughtBy(referrer);
      const hasBought = account.purchases > 0 || (await journal.entriesOf(account, 'E#')).some(tellsOfPurchase);
      const draft = decideReferral(account, { by: referrer.memberId, code, chain, hasBought }, at);
      if ('refused' in draft) return { kind: 'refused', because: draft.refused };
      // Two who bring each other at the same time: the ring closes at the one whom nobody had brought.
      return { draft, beside: root === undefined ? [] : [journal.absent('root', root, REFERRED_KEY)] };
    });
    return outcome.kind === 'conflict'
      ? { kind: 'refused', because: 'referred-before', entry: outcome.entry }
      : outcome;
  }

  /**
   * Books for the referrer what has become of a friend's order; `undefined` where nothing is to be booked, now or ever.
   * The friend's journal is read after the referrer's account. So of two that run at once, the one that has seen the
   * order go either finds the reward, or is found by it.
   */
  async function settleReferral({
    memberId,
    source,
    orderId,
  }: {
    readonly memberId: string;
    readonly source: string;
    readonly orderId: string;
  }): Promise<Outcome | undefined> {
    const standing = async () =>
      referralStanding(await journal.entriesOf(await journal.home(memberId), keyOf(source, orderId, '')));
    const first = await standing();
    if (first.kind === 'none' || first.kind === 'waits') return undefined;
    return journal.post(first.referrer, async (account, at) => {
      const now = await standing();
      if (now.kind !== 'stands' && now.kind !== 'gone') throw new Error('an order of a friend that was there is not');
      const { sale } = now;
      const rewarded = await entryOf(account, rewardedKey(sale.memberId));
      // Somebody who was erased, or turned out to be the friend, is paid nothing more; what was paid is still taken back.
      if (!rewarded && ((await isErased(account)) || storyOf(account).includes(sale.memberId)))
        return { kind: 'refused', because: 'nobody-to-reward' };
      if (now.kind === 'stands')
        return rewarded ? { kind: 'replayed', entry: rewarded } : decideReferralReward(account, sale, at);
      const reversed = await entryOf(account, reversedKey(sale.memberId));
      return reversed ? { kind: 'replayed', entry: reversed } : decideReferralReversal(account, sale, rewarded, at);
    });
  }

  const isErased = async ({ memberId }: Account): Promise<boolean> =>
    (await journal.entry(memberId, ERASED_KEY)) !== undefined;

  /** Points from one member to another, both entries or none. */
  async function give(from: string, gift: Gift): Promise<Outcome> {
    for (;;) {
      const [giver, receiver] = await Promise.all([journal.home(from), journal.home(gift.to)]);
      const outcome = await journal.postPair([giver.memberId, receiver.memberId], async (accounts, at) => {
        if (accounts.some(({ mergedInto }) => mergedInto !== undefined)) return { kind: 'refused', because: MOVED };
        const { absorbed, formerly } = accounts[0];
        const before = (absorbed || formerly) && (await entryOf(accounts[0], sentKey(gift.giftId)));
        return before ? journal.replay(before, giftFingerprint(gift)) : decideGift(accounts, gift, at);
      });
      if (outcome.kind !== 'refused' || outcome.because !== MOVED) return outcome;
    }
  }

  return { refer, settleReferral, give };
}
