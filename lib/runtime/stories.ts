import type { Entry } from '../loyalty/entry.ts';
import type { Story } from '../loyalty/replay.ts';
import { readJournal } from './audit.ts';
import type { Ledger } from './ledger.ts';

/**
 * All that the journals tell of one member; `undefined` for an account that went into another one, whose story is told
 * there.
 */
export async function readStory(
  ledger: Pick<Ledger, 'account' | 'entries'>,
  memberId: string,
): Promise<Story | undefined> {
  const { account, entries } = await readJournal(ledger, memberId);
  if (account?.mergedInto !== undefined) return undefined;
  const journals = new Map([[memberId, entries as readonly Entry[]]]);
  const ids = [memberId, ...(account?.absorbed ?? [])];
  // Those that they were one with once, and those that these were one with: what began in the one may have ended in another.
  for (const id of ids) {
    const journal = journals.get(id) ?? (await ledger.entries(id));
    journals.set(id, journal);
    for (const one of journal.flatMap(mergedWith)) if (!ids.includes(one)) ids.push(one);
  }
  const of = (list: readonly string[]) => list.map((id) => journals.get(id) ?? []);
  // Whoever went into another one that went into this one stands after it, and is told before it.
  const absorbed = of(account?.absorbed ?? []).reverse();
  return { entries, absorbed, related: of(ids.slice(1 + absorbed.length)) };
}

const mergedWith = ({ detail }: Entry): readonly string[] =>
  detail.kind === 'merged-into' || detail.kind === 'merged-from' || detail.kind === 'unmerged' ? [detail.with] : [];
