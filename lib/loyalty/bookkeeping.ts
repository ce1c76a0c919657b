import { type Account, OWED } from './account.ts';
import { type Entry, entryIdOf, evolve, newAccount } from './entry.ts';
import type { Points } from './points.ts';

/** The journal as double-entry bookkeeping: what a member has, by bucket, against where it came from or went. */

/** One line of a transaction, with the balance of its account after it where the account is a member's. */
export interface Posting {
  readonly account: string;
  readonly points: number;
  readonly balance?: number;
}

export interface Transaction {
  readonly day: string;
  readonly entryId: string;
  readonly title: string;
  readonly postings: readonly Posting[];
}

/** A member's entries, in the order of `seq`, as transactions. Entries that move no points are left out. */
export function bookkeeping(entries: readonly Entry[]): Transaction[] {
  const [first] = entries;
  if (!first) return [];
  let account = newAccount(first.memberId, '');
  let day = '';
  const transactions: Transaction[] = [];
  for (const entry of entries) {
    const before = account;
    account = evolve(account, entry);
    // Where a clock was behind at midnight: a balance is asserted in the order of days, and holds in the order of entries.
    day = [day, entry.recordedAt.slice(0, 10)].sort().at(-1) ?? '';
    const postings = moved(before, account);
    if (postings.length === 0) continue;
    const sum = postings.reduce((total, { points }) => total + points, 0);
    transactions.push({
      day,
      entryId: entryIdOf(entry),
      title: titleOf(entry),
      postings: sum === 0 ? postings : [...postings, { account: counterpart(entry), points: -sum }],
    });
  }
  return transactions;
}

/** What changed in the member's own accounts: each bucket, what is owed, each hold. */
function moved(before: Account, after: Account): Posting[] {
  const had = balances(before);
  const has = balances(after);
  return [...new Set([...had.keys(), ...has.keys()])].sort().flatMap((name) => {
    const [from, to] = [had.get(name) ?? 0, has.get(name) ?? 0];
    return from === to ? [] : [{ account: `members:${after.memberId}:${name}`, points: to - from, balance: to }];
  });
}

function balances({ buckets, lots, holds }: Account): Map<string, Points> {
  return new Map([
    ...Object.entries(buckets).map(([date, points]) => [date === OWED ? OWED : `available:${date}`, points] as const),
    ...Object.entries(lots).map(([lot, points]) => [`pending:${accountName(lot)}`, points] as const),
    ...Object.entries(holds).map(([id, { points }]) => [`held:${accountName(id)}`, points] as const),
  ]);
}

/** A colon would part an account's name, a semicolon or two spaces end it. */
const accountName = (text: string): string => text.replaceAll(/[\s:;]/g, '-');

function counterpart({ detail, source }: Entry): string {
  switch (detail.kind) {
    case 'sale':
    case 'activity':
    case 'referral-rewarded':
      return `issued:${source}`;
    case 'refund':
    case 'referral-reversed':
      return `reversed:${source}`;
    case 'redeemed':
      return `redeemed:${detail.rewardId ?? 'points'}`;
    case 'gift-sent':
    case 'gift-received':
      return 'gifts';
    case 'merged-into':
    case 'merged-from':
    case 'unmerged':
      return 'merged';
    case 'imported':
      return `opening:${accountName(detail.from)}`;
    case 'expired':
    case 'declined':
      return detail.kind;
    case 'adjusted':
    case 'undone':
      return `adjusted:${detail.reason}`;
    default:
      return `other:${detail.kind}`;
  }
}

function titleOf({ detail, source }: Entry): string {
  switch (detail.kind) {
    case 'sale':
      return `sale ${source} ${detail.orderId}`;
    case 'refund':
      return `refund ${source} ${detail.orderId} ${detail.refundId}`;
    case 'activity':
      return `${detail.activity} ${source} ${detail.activityId}`;
    case 'authorized':
    case 'redeemed':
    case 'released':
      return `${detail.kind} ${detail.redemptionId}`;
    default:
      return detail.kind;
  }
}

/**
 * Plain-text accounting as hledger and ledger read it, with a balance assertion for each of the member's accounts, so
 * that `hledger check` proves the sums with somebody else's program.
 */
export function plainText(transactions: readonly Transaction[]): string {
  return transactions
    .map(({ day, entryId, title, postings }) => {
      const lines = postings.map(
        ({ account, points, balance }) =>
          `    ${account}  ${points} PTS${balance === undefined ? '' : ` = ${balance} PTS`}`,
      );
      return `${day} ${oneLine(title)}  ; entry ${entryId}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

/** A semicolon would begin a comment, a bar would part payee and note. */
const oneLine = (text: string): string => text.replaceAll(/[\s;|]+/g, ' ');
