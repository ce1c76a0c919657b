import type { Account } from '../../loyalty/account.ts';
import { type Entry, evolve, newAccount } from '../../loyalty/entry.ts';
import { decideMerge, decideUnmerge, type Past, SOURCE } from '../../loyalty/merge.ts';
import type { Beside, Journal, Outcome } from '../journal.ts';

/** What has to be written with it: the rows of the two members. Or why they cannot be one, or two again. */
export type Rows = () => Promise<readonly Beside[] | string>;

const none: Rows = async () => [];

/** Commands that make one account of two, and two again. Accounts and members change in one transaction, or not at all. */
export const merging = ({ entries, postPair, program }: Journal) => {
  const ofMerging = async (memberId: string, kind: Entry['detail']['kind'], other: string) =>
    (await entries(memberId, `E#${SOURCE}#`)).findLast(
      ({ detail }) => detail.kind === kind && 'with' in detail && detail.with === other,
    );

  async function answered(memberId: string, kind: 'merged-from' | 'unmerged', other: string): Promise<Outcome> {
    const entry = await ofMerging(memberId, kind, other);
    return entry ? { kind: 'replayed', entry } : { kind: 'refused', because: 'not-merged' };
  }

  const folded = (memberId: string, story: readonly Entry[]): Account =>
    story.reduce<Account>(evolve, newAccount(memberId, story[0]?.tierFrom ?? program.tiers[0]?.id ?? ''));

  async function pastOf(host: Account, guest: Account, merged: Entry): Promise<Past> {
    const [hosts, guests, ...others] = await Promise.all(
      [host.memberId, guest.memberId, ...(guest.absorbed ?? [])].map((memberId) => entries(memberId)),
    );
    const upTo = (story: readonly Entry[] = [], seq: number) => story.filter((entry) => entry.seq <= seq);
    return {
      host: {
        before: folded(host.memberId, upTo(hosts, merged.seq - 1)),
        after: folded(host.memberId, upTo(hosts, merged.seq)),
      },
      // Its last entry is that it went.
      guest: { before: folded(guest.memberId, upTo(guests, guest.seq - 1)) },
      since: (hosts ?? []).filter((entry) => entry.seq > merged.seq),
      guests: [...(guests ?? []), ...others.flat()],
    };
  }

  return {
    /** Answers with the host's entry. Asked again, with that of the first time. */
    async merge(hostId: string, guestId: string, by: string, rows: Rows = none): Promise<Outcome> {
      const outcome = await postPair([hostId, guestId], async ([host, guest], at) => {
        if (guest.mergedInto !== undefined && guest.mergedInto === hostId)
          return answered(hostId, 'merged-from', guestId);
        const drafts = decideMerge(host, guest, by, at);
        if ('refused' in drafts) return { kind: 'refused', because: drafts.refused };
        const beside = await rows();
        return typeof beside === 'string' ? { kind: 'refused', because: beside } : { drafts, beside };
      });
      // Somebody else was faster, for another host.
      return outcome.kind === 'conflict' ? { kind: 'refused', because: 'merged-elsewhere' } : outcome;
    },

    unmerge: (hostId: string, guestId: string, by: string, rows: Rows = none): Promise<Outcome> =>
      postPair([hostId, guestId], async ([host, guest], at) => {
        if (host.mergedInto !== undefined) return { kind: 'refused', because: 'merged-elsewhere' };
        if (guest.mergedInto === undefined) return answered(hostId, 'unmerged', guestId);
        const merged = guest.mergedInto === hostId ? await ofMerging(hostId, 'merged-from', guestId) : undefined;
        if (!merged) return { kind: 'refused', because: 'not-merged' };
        const drafts = decideUnmerge(host, guest, await pastOf(host, guest, merged), by, at);
        const beside = await rows();
        return typeof beside === 'string' ? { kind: 'refused', because: beside } : { drafts, beside };
      }),
  };
};
