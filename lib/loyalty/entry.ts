import type { Account, Buckets, Day, EarlyRefund, Hold, Instant, NEVER, RefundExtent } from './account.ts';
import { digest } from './canonical.ts';
import type { Points } from './points.ts';
import { points } from './points.ts';

/** What an entry does to the account. Deltas; an absent part does not change. */
export interface Change {
  readonly buckets?: Buckets;
  readonly pending?: Points;
  readonly lifetime?: Points;
  readonly earnedByYear?: Readonly<Record<string, Points>>;
  readonly cappedByDay?: Readonly<Record<Day, Points>>;
  readonly visits?: number;
  readonly activeOn?: Day;
  /** Points put aside: they leave their buckets through `buckets` and are kept here. */
  readonly hold?: Hold & { readonly id: string };
  readonly endsHold?: string;
  readonly early?: EarlyRefund & { readonly order: string };
  /** An order has come: what waited for it is settled. */
  readonly settlesEarly?: string;
}

/** One step of a decision, in the order in which it was taken. `explain` makes sentences of them. */
export interface Step {
  readonly step: string;
  readonly points?: Points;
  readonly rule?: string;
  readonly amountMinor?: number;
  readonly bp?: number;
}

/** How a rule valued an order, kept so that a refund is valued by the same rule and not by today's. */
export interface Part {
  readonly rule: string;
  readonly points: Points;
  /** Absent for a flat award, which stays until the whole order is returned. */
  readonly rate?: {
    readonly points: number;
    readonly perMinor: number;
    readonly bp: number;
    readonly base: 'net' | 'gross';
  };
  /** Ids of the lines that did not count. */
  readonly without?: readonly string[];
}

export interface Spent {
  readonly redemptionId: string;
  readonly points: Points;
  readonly from: Buckets;
}

/** What was asked and what came of it, by kind. All that an answer or an event says is read from here. */
export type Detail =
  | { readonly kind: 'enrolled' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'consent'; readonly channel: string; readonly granted: boolean }
  | {
      readonly kind: 'sale';
      readonly orderId: string;
      readonly currency: string;
      readonly netMinor: number;
      readonly grossMinor: number;
      readonly paidMinor?: number;
      /** id, net, gross. */
      readonly lines: readonly (readonly [string, number, number])[];
      readonly parts: readonly Part[];
      /** What the daily cap left of the parts; absent when it took nothing. */
      readonly roomed?: Points;
      /** What is kept of the award after refunds that came early; without any, all of it. */
      readonly earned: Points;
      readonly bucket: Day | typeof NEVER;
      readonly year: string;
      readonly spent?: Spent;
      readonly returned?: Points;
      readonly unlocked: readonly string[];
    }
  | {
      readonly kind: 'refund';
      readonly orderId: string;
      readonly refundId: string;
      readonly reason: string;
      readonly extent: RefundExtent;
      /** Taken back of what the order earned, and of that: owed, and let go (spent or lapsed before). */
      readonly reversed: Points;
      readonly letGo?: Points;
      /** Given back of what was spent on the order. */
      readonly returned: Points;
      /** The order was not known yet. */
      readonly early?: boolean;
      readonly flags: readonly string[];
    }
  | {
      readonly kind: 'activity';
      readonly activity: string;
      readonly activityId: string;
      readonly earned: Points;
      readonly bucket: Day | typeof NEVER;
      readonly unlocked: readonly string[];
    }
  | {
      readonly kind: 'authorized' | 'redeemed';
      readonly redemptionId: string;
      readonly points: Points;
      readonly from: Buckets;
      readonly rewardId?: string;
      readonly orderId?: string;
      readonly lapsesAt?: Instant;
      /** A capture of less than was held. */
      readonly released?: Points;
    }
  | {
      readonly kind: 'refused';
      readonly redemptionId: string;
      readonly because: string;
      readonly rewardId?: string;
      readonly points?: Points;
    }
  | {
      readonly kind: 'released';
      readonly redemptionId: string;
      readonly points: Points;
      readonly because: 'voided' | 'lapsed';
    }
  | { readonly kind: 'expired'; readonly points: Points; readonly through: Day };

export interface Balance {
  readonly available: Points;
  readonly pending: Points;
  readonly held: Points;
  readonly lifetime: Points;
  readonly tier: string;
}

/** A line of the journal: append-only, chained, and enough to answer from and to rebuild the account with. */
export interface Entry {
  readonly memberId: string;
  /** The business key: `E#source#object#kind`. There is one entry for it, for ever. */
  readonly key: string;
  readonly seq: number;
  readonly source: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly detail: Detail;
  readonly change: Change;
  readonly after: Balance;
  /** The tier before, when this entry changed it. */
  readonly tierFrom?: string;
  readonly trace: readonly Step[];
  /** Version of the program that decided. */
  readonly program: string;
  /** Of the request: the same key with another fingerprint is a conflict. */
  readonly fingerprint: string;
  readonly prevHash: string;
  readonly hash: string;
}

/** What a decision hands to the ledger; the rest of an entry follows from the account. */
export interface Draft {
  readonly key: string;
  readonly source: string;
  readonly occurredAt: Instant;
  readonly detail: Detail;
  readonly change: Change;
  readonly trace: readonly Step[];
  readonly tier: string;
  readonly fingerprint: string;
}

export const entryIdOf = (entry: Pick<Entry, 'memberId' | 'seq'>): string => `${entry.memberId}.${entry.seq}`;

/** `#` parts the key, so it cannot stand inside of a part. */
export const keyOf = (source: string, object: string, kind: string): string =>
  `E#${source}#${object.replaceAll('%', '%25').replaceAll('#', '%23')}#${kind}`;

/** The account before its first entry. */
export function newAccount(memberId: string, firstTier: string): Account {
  const zero = points(0);
  return {
    memberId,
    seq: 0,
    headHash: '',
    available: zero,
    pending: zero,
    held: zero,
    lifetime: zero,
    buckets: {},
    holds: {},
    earnedByYear: {},
    cappedByDay: {},
    early: {},
    visits: 0,
    tier: firstTier,
  };
}

/** How many of the newest days the daily cap remembers. A sale that is reported later counts on the oldest of them. */
export const CAP_DAYS = 7;

/** The next account: a fold over the journal, so that whoever has the entries has the balance. */
export function evolve(account: Account, entry: Pick<Entry, 'seq' | 'hash' | 'change' | 'after'>): Account {
  const { change } = entry;
  const buckets = addTo(account.buckets, change.buckets);
  const holds: Record<string, Hold> = { ...account.holds };
  if (change.hold) {
    const { id, ...hold } = change.hold;
    holds[id] = hold;
  }
  if (change.endsHold) delete holds[change.endsHold];
  const early: Record<string, readonly EarlyRefund[]> = { ...account.early };
  if (change.early) {
    const { order, ...refund } = change.early;
    early[order] = [...(early[order] ?? []), refund];
  }
  if (change.settlesEarly) delete early[change.settlesEarly];
  const cappedByDay = addTo(account.cappedByDay, change.cappedByDay);
  for (const day of Object.keys(cappedByDay).sort().slice(0, -CAP_DAYS)) delete cappedByDay[day];
  const years = addTo(account.earnedByYear, change.earnedByYear);
  const lastActivityOn = latest(account.lastActivityOn, change.activeOn);
  return {
    memberId: account.memberId,
    seq: entry.seq,
    headHash: entry.hash,
    available: total(Object.values(buckets)),
    pending: points(account.pending + (change.pending ?? 0)),
    held: total(Object.values(holds).map((hold) => hold.points)),
    lifetime: points(account.lifetime + (change.lifetime ?? 0)),
    buckets,
    holds,
    earnedByYear: years,
    cappedByDay,
    early,
    visits: account.visits + (change.visits ?? 0),
    ...(lastActivityOn && { lastActivityOn }),
    tier: entry.after.tier,
  };
}

/** Makes the entry and the account that follows from it. */
export function append(
  account: Account,
  draft: Draft,
  stamp: { recordedAt: Instant; program: string },
): { entry: Entry; account: Account } {
  const { tier, ...rest } = draft;
  const seq = account.seq + 1;
  const balance = { ...balanceOf(account), tier };
  const next = evolve(account, { seq, hash: '', change: draft.change, after: balance });
  const body = {
    ...rest,
    memberId: account.memberId,
    seq,
    ...stamp,
    after: { ...balanceOf(next), tier },
    ...(tier !== account.tier && { tierFrom: account.tier }),
    prevHash: account.headHash,
  };
  const hash = digest(body);
  return { entry: { ...body, hash }, account: { ...next, headHash: hash } };
}

export const balanceOf = (account: Account): Balance => ({
  available: account.available,
  pending: account.pending,
  held: account.held,
  lifetime: account.lifetime,
  tier: account.tier,
});

/** The hash that an entry should have. */
export function hashOf({ hash: _, ...body }: Entry): string {
  return digest(body);
}

function addTo(
  to: Readonly<Record<string, Points>>,
  deltas: Readonly<Record<string, Points>> | undefined,
): Record<string, Points> {
  const result: Record<string, Points> = { ...to };
  for (const [key, delta] of Object.entries(deltas ?? {})) {
    const value = points((result[key] ?? 0) + delta);
    if (value === 0) delete result[key];
    else result[key] = value;
  }
  return result;
}

const total = (values: readonly number[]): Points => points(values.reduce((sum, value) => sum + value, 0));
const latest = (a: Day | undefined, b: Day | undefined): Day | undefined => (a && b ? (a > b ? a : b) : (a ?? b));
