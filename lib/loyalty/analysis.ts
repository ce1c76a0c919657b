import type { Account, Day } from './account.ts';
import { dayIn } from './calendar.ts';
import type { Entry } from './entry.ts';
import { bucketOf } from './lots.ts';
import type { Program } from './program.ts';
import { type Dimension, tally } from './tally.ts';

/** The ledger as flat rows, for whoever asks it in SQL: docs/analytics.md has the tables. Names in small letters, as SQL has them. */

/** One entry. Amounts are what the reports count of it. */
export interface EntryRow {
  readonly memberid: string;
  readonly seq: number;
  readonly entrykey: string;
  readonly kind: string;
  readonly source: string;
  readonly occurredat: string;
  /** The merchant's day on which it was booked, which is the one that it counts on. */
  readonly bookedon: Day;
  /** The tier in which it was done. */
  readonly tier: string;
  readonly locationid: string | null;
  readonly staffid: string | null;
  readonly rewardid: string | null;
  readonly orderid: string | null;
  readonly issued: number;
  readonly redeemed: number;
  readonly expired: number;
  readonly reversed: number;
  readonly returned: number;
  readonly adjusted: number;
  readonly declined: number;
  readonly opened: number;
  readonly moved: number;
  readonly netminor: number;
  /** After it. */
  readonly available: number;
  readonly pending: number;
  readonly held: number;
  readonly lifetime: number;
}

export function entryRow(entry: Entry, program: Pick<Program, 'timeZone' | 'currency'>): EntryRow {
  const { detail, after } = entry;
  const { tallies } = tally(undefined, entry, program);
  const lineBy = (dimension: Dimension) => tallies.find(({ by }) => by === dimension);
  const { amounts = {} } = lineBy('total') ?? {};
  const {
    issued = 0,
    redeemed = 0,
    expired = 0,
    reversed = 0,
    returned = 0,
    adjusted = 0,
    declined = 0,
    opened = 0,
    moved = 0,
  } = amounts;
  return {
    memberid: entry.memberId,
    seq: entry.seq,
    entrykey: entry.key,
    kind: detail.kind,
    source: entry.source,
    occurredat: entry.occurredAt,
    bookedon: dayIn(program.timeZone, entry.recordedAt),
    tier: entry.tierFrom ?? after.tier,
    locationid: lineBy('location')?.of ?? null,
    staffid: lineBy('staff')?.of ?? null,
    rewardid: lineBy('reward')?.of ?? null,
    orderid: ('orderId' in detail ? detail.orderId : undefined) ?? null,
    issued,
    redeemed,
    expired,
    reversed,
    returned,
    adjusted,
    declined,
    opened,
    moved,
    netminor: amounts.netMinor ?? 0,
    available: after.available,
    pending: after.pending,
    held: after.held,
    lifetime: after.lifetime,
  };
}

/** Points of one member that stand in one place until one day. */
export interface BalanceRow {
  readonly memberid: string;
  readonly tier: string;
  readonly state: 'available' | 'pending' | 'held';
  /** The last day on which they can be spent; `never`; or `owed`, which is below zero and has none. */
  readonly expireson: string;
  readonly points: number;
}

export function balanceRows(account: Account): readonly BalanceRow[] {
  const rows = (state: BalanceRow['state'], amounts: Readonly<Record<string, number>>): BalanceRow[] =>
    Object.entries(amounts).map(([place, points]) => ({
      memberid: account.memberId,
      tier: account.tier,
      state,
      expireson: bucketOf(place),
      points,
    }));
  return [
    ...rows('available', account.buckets),
    ...rows('pending', account.lots),
    ...Object.values(account.holds).flatMap(({ from }) => rows('held', from)),
  ];
}
