import type { Account } from './account.ts';
import { canonical } from './canonical.ts';
import { balanceOf, type Entry, evolve, hashOf, newAccount } from './entry.ts';
import { points } from './points.ts';

/** The first thing in a member's journal that is not as it must be. */
export interface Fault {
  readonly memberId: string;
  readonly seq: number;
  readonly key?: string;
  readonly fault: string;
}

/** What one entry says of itself: its hash. Cheap enough to ask of every entry that passes on the stream. */
export function checkEntry(entry: Entry): Fault | undefined {
  const about = { memberId: entry.memberId, seq: entry.seq, key: entry.key };
  return hashOf(entry) === entry.hash ? undefined : { ...about, fault: 'the content is not what was hashed' };
}

/**
 * Folds a member's entries, in the order of `seq`, and compares with the account: no gap, no break in the chain, sums
 * that agree with what each entry says of the balance after it, and an account that is exactly their sum.
 */
export function checkMember(
  memberId: string,
  entries: readonly Entry[],
  stored: Account | undefined,
): Fault | undefined {
  let account = newAccount(memberId, entries[0]?.tierFrom ?? entries[0]?.after.tier ?? stored?.tier ?? '');
  for (const [index, entry] of entries.entries()) {
    const about = { memberId, seq: entry.seq, key: entry.key };
    if (entry.seq !== index + 1)
      return { memberId, seq: index + 1, fault: `entry ${index + 1} is missing: ${entry.seq} follows ${index}` };
    if (entry.memberId !== memberId) return { ...about, fault: 'belongs to another member' };
    if (entry.prevHash !== account.headHash) return { ...about, fault: 'does not follow the entry before it' };
    const fault = checkEntry(entry);
    if (fault) return fault;
    account = evolve(account, entry);
    if (canonical(balanceOf(account)) !== canonical(entry.after))
      return { ...about, fault: 'the balance after it is not the sum so far' };
    const broken = checkAccount(account);
    if (broken) return { ...about, fault: broken };
  }
  if (!stored)
    return entries.length === 0 ? undefined : { memberId, seq: entries.length, fault: 'the account is missing' };
  if (stored.seq < entries.length)
    return {
      memberId,
      seq: stored.seq + 1,
      fault: `the account counts ${stored.seq} of ${entries.length} entries`,
    };
  if (stored.seq !== entries.length)
    return {
      memberId,
      seq: entries.length + 1,
      fault: `entry ${entries.length + 1} is missing: the account counts ${stored.seq}`,
    };
  if (canonical(stored) !== canonical(account))
    return {
      memberId,
      seq: stored.seq,
      fault: `the account is not the sum of its entries: ${difference(stored, account)}`,
    };
  return undefined;
}

/** What is true of an account at any time. */
export function checkAccount(account: Account): string | undefined {
  const sum = points(Object.values(account.buckets).reduce((a, b) => a + b, 0));
  if (sum !== account.available) return 'the buckets do not add up to what is available';
  const pending = Object.values(account.lots).reduce((a, b) => a + b, 0);
  if (pending !== account.pending) return 'the lots do not add up to what is pending';
  const lot = Object.entries(account.lots).find(([, amount]) => amount < 0);
  if (lot) return `lot ${lot[0]} has the wrong sign`;
  if (account.carry < 0 || account.carry > 999) return 'the remainder is not one';
  const held = Object.values(account.holds).reduce((a, hold) => a + hold.points, 0);
  if (held !== account.held) return 'the holds do not add up to what is held';
  const wrong = Object.entries(account.buckets).find(([date, amount]) => (date === 'owed' ? amount > 0 : amount < 0));
  return wrong ? `bucket ${wrong[0]} has the wrong sign` : undefined;
}

function difference(stored: Account, rebuilt: Account): string {
  const keys = new Set([...Object.keys(stored), ...Object.keys(rebuilt)]) as Set<keyof Account>;
  const at = [...keys].find((key) => canonical(stored[key] ?? null) !== canonical(rebuilt[key] ?? null));
  return at ?? 'unknown';
}
