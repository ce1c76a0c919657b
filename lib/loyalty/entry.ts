import type { Account, Buckets, Day, EarlyRefund, Hold, Instant, Lots } from './account.ts';
import { digest } from './canonical.ts';
import type { Detail } from './detail.ts';
import { remembered } from './period.ts';
import { type Points, points } from './points.ts';
import { type ReminderTold, type Reminding, remindersAfter } from './reminded.ts';

/** What an entry does to the account. Deltas; an absent part does not change. */
export interface Change {
  readonly buckets?: Buckets;
  readonly lots?: Lots;
  readonly lifetime?: Points;
  readonly window?: Readonly<Record<string, number>>;
  readonly counters?: Readonly<Record<string, number>>;
  readonly carry?: number;
  readonly visits?: number;
  readonly purchases?: number;
  readonly activeOn?: Day;
  readonly keptFrom?: Day;
  /** Points put aside: they leave their buckets through `buckets` and are kept here. */
  readonly hold?: Hold & { readonly id: string };
  readonly endsHold?: string;
  readonly early?: EarlyRefund & { readonly order: string };
  /** An order has come: what waited for it is settled. */
  readonly settlesEarly?: string;
  /** A tier that staff give; `null` takes it away. */
  readonly granted?: Account['granted'] | null;
  /** Who brought the member; `null` once that is settled. */
  readonly referredBy?: Account['referredBy'] | null;
  /** The member is to be told of dates; a channel has said what became of that. */
  readonly reminds?: Reminding;
  readonly reminderTold?: ReminderTold;
  /** Where the account goes; `null` when it comes back. */
  readonly mergedInto?: string | null;
  readonly absorbs?: readonly string[];
  readonly letsGo?: readonly string[];
  readonly formerly?: readonly string[];
  /** What comes with another account, and leaves with it again. */
  readonly brings?: Belongings;
  readonly takes?: Belongings;
  /** What is neither summed nor counted, set back; `null`: to nothing. */
  readonly restores?: { readonly [Name in 'lastActivityOn' | 'keptFrom']?: Account[Name] | null };
}

/** What an account has by name. */
export interface Belongings {
  readonly holds?: Account['holds'];
  readonly early?: Account['early'];
}

/** One step of a decision, in the order in which it was taken. `explain` makes sentences of them. */
export interface Step {
  readonly step: string;
  readonly points?: Points;
  readonly rule?: string;
  readonly amountMinor?: number;
  readonly bp?: number;
}

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

/**
 * How far a key reaches. `account`: it means another thing in each journal, as that a sweep was here. `person`: what
 * happens once to somebody, as that they were referred. `world`: an order, which is there once, whoever it is booked to.
 */
export function reachOf(key: string): 'account' | 'person' | 'world' {
  if (/^E#(sweep|member|merge)#|#updated$/.test(key)) return 'account';
  return /^E#(stampbook|import|referral#self)#|#consent$/.test(key) ? 'person' : 'world';
}

/** What a key is about, as it was before it became a part of the key. */
export const objectOf = (key: string): string =>
  (key.split('#')[2] ?? '').replaceAll('%23', '#').replaceAll('%25', '%');

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
    lots: {},
    holds: {},
    window: {},
    counters: {},
    carry: 0,
    early: {},
    visits: 0,
    purchases: 0,
    tier: firstTier,
  };
}

/** As many years or months as any tier looks back to. */
export const WINDOW_REMEMBERED = { years: 6, months: 60 };

/** The next account: a fold over the journal, so that whoever has the entries has the balance. */
export function evolve(account: Account, entry: Pick<Entry, 'seq' | 'hash' | 'change' | 'after'>): Account {
  const { change } = entry;
  const buckets = addTo(account.buckets, change.buckets) as Record<string, Points>;
  const lots = addTo(account.lots, change.lots) as Record<string, Points>;
  const holds: Record<string, Hold> = { ...account.holds };
  if (change.hold) {
    const { id, ...hold } = change.hold;
    holds[id] = hold;
  }
  if (change.endsHold) delete holds[change.endsHold];
  for (const id of Object.keys(change.takes?.holds ?? {})) delete holds[id];
  Object.assign(holds, change.brings?.holds);
  const early: Record<string, readonly EarlyRefund[]> = { ...account.early };
  if (change.early) {
    const { order, ...refund } = change.early;
    early[order] = [...(early[order] ?? []), refund];
  }
  if (change.settlesEarly) delete early[change.settlesEarly];
  for (const [order, refunds] of Object.entries(change.takes?.early ?? {})) {
    const rest = (early[order] ?? []).filter(({ id }) => !refunds.some((one) => one.id === id));
    if (rest.length > 0) early[order] = rest;
    else delete early[order];
  }
  for (const [order, refunds] of Object.entries(change.brings?.early ?? {}))
    early[order] = [...(early[order] ?? []), ...refunds];
  const lastActivityOn = next(latest(account.lastActivityOn, change.activeOn), change.restores?.lastActivityOn);
  const keptFrom = next(change.keptFrom ?? account.keptFrom, change.restores?.keptFrom);
  const reminders = remindersAfter(account.reminders, change, buckets, `${account.memberId}.${entry.seq}`);
  const granted = next(account.granted, change.granted);
  const referredBy = next(account.referredBy, change.referredBy);
  const mergedInto = next(account.mergedInto, change.mergedInto);
  const absorbed = [...(account.absorbed ?? []), ...(change.absorbs ?? [])].filter(
    (memberId) => !change.letsGo?.includes(memberId),
  );
  const formerly = [...new Set([...(account.formerly ?? []), ...(change.formerly ?? [])])];
  return {
    memberId: account.memberId,
    seq: entry.seq,
    headHash: entry.hash,
    available: total(Object.values(buckets)),
    pending: total(Object.values(lots)),
    held: total(Object.values(holds).map((hold) => hold.points)),
    lifetime: points(account.lifetime + (change.lifetime ?? 0)),
    buckets,
    lots,
    holds,
    window: newest(addTo(account.window, change.window)),
    counters: remembered(addTo(account.counters, change.counters)),
    carry: account.carry + (change.carry ?? 0),
    early,
    visits: account.visits + (change.visits ?? 0),
    purchases: account.purchases + (change.purchases ?? 0),
    ...(lastActivityOn && { lastActivityOn }),
    ...(keptFrom && { keptFrom }),
    ...(reminders && { reminders }),
    ...(granted && { granted }),
    ...(referredBy && { referredBy }),
    ...(mergedInto && { mergedInto }),
    ...(absorbed.length > 0 && { absorbed }),
    ...(formerly.length > 0 && { formerly }),
    tier: entry.after.tier,
  };
}

/** Absent: as it was. `null`: nothing any more. */
const next = <T>(before: T | undefined, told: T | null | undefined): T | undefined =>
  told === undefined ? before : (told ?? undefined);

function newest(window: Readonly<Record<string, number>>): Record<string, number> {
  const keys = Object.keys(window).sort();
  const years = keys.filter((key) => key.length === 4).slice(-WINDOW_REMEMBERED.years);
  const months = keys.filter((key) => key.length === 7).slice(-WINDOW_REMEMBERED.months);
  return Object.fromEntries([...years, ...months].map((key) => [key, window[key] ?? 0]));
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
  to: Readonly<Record<string, number>>,
  deltas: Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const result: Record<string, number> = { ...to };
  for (const [key, delta] of Object.entries(deltas ?? {})) {
    const value = points((result[key] ?? 0) + delta);
    if (value === 0) delete result[key];
    else result[key] = value;
  }
  return result;
}

const total = (values: readonly number[]): Points => points(values.reduce((sum, value) => sum + value, 0));
const latest = (a: Day | undefined, b: Day | undefined): Day | undefined => (a && b ? (a > b ? a : b) : (a ?? b));
