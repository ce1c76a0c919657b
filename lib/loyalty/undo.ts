import { type Account, OWED } from './account.ts';
import { STAFF } from './adjust.ts';
import { giveBack, lastDayOf, negated, plus, withGrace } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { claw } from './claw.ts';
import type { Detail } from './detail.ts';
import { type Change, type Draft, type Entry, entryIdOf, keyOf, type Step } from './entry.ts';
import { windowLeftOf } from './lot-ends.ts';
import { isLot, stagesOf, waitsFor } from './lots.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf } from './tiers.ts';

/** Takes back what an entry did, by another entry: the journal is never edited. */
export interface Undo {
  readonly reason: string;
  /** The member of staff. */
  readonly by: string;
}

/** In the order in which they are checked. */
export type UndoRefusal = 'has-an-end-of-its-own' | 'superseded';

export const undoKey = (entry: Pick<Entry, 'memberId' | 'seq'>): string => keyOf(STAFF, entryIdOf(entry), 'undone');

/** Whoever asks for it, and for whatever reason: an entry is undone once. */
export const undoFingerprint = (entry: Pick<Entry, 'memberId' | 'seq'>): string =>
  fingerprint(['undo', entryIdOf(entry)]);

export const undoDeclinedKey = (entry: Pick<Entry, 'memberId' | 'seq'>, askedAt: string): string =>
  keyOf(STAFF, `${entryIdOf(entry)}@${askedAt}`, 'undo-declined');

/** Sales have refunds, holds are voided, rewards are given back with their order: those end in their own way. */
export const canBeUndone = ({ detail: { kind } }: Pick<Entry, 'detail'>): boolean =>
  kind === 'adjusted' || kind === 'activity' || kind === 'tier-granted';

/** What it would move, before anybody knows what is left of it. */
export function pointsToUndo({ detail }: Pick<Entry, 'detail'>): number {
  if (detail.kind === 'adjusted') return -detail.points;
  return detail.kind === 'activity' ? -detail.earned : 0;
}

/**
 * `ofObject` is what else stands in the journal for the same thing: of points that waited and were declined, nothing is
 * left to take.
 */
export function decideUndo(
  account: Account,
  entry: Entry,
  asked: Undo,
  situation: Situation,
  ofObject: readonly Entry[],
  approvedBy?: string,
): Draft | { readonly refused: UndoRefusal } {
  const undone = changeOf(account, entry, situation, ofObject);
  if ('refused' in undone) return undone;
  const { change, moved, letGo, tier = account.tier } = undone;
  const trace: Step[] = [{ step: 'undone', ...(moved !== 0 && { points: moved }), rule: asked.reason }];
  if (letGo > 0) trace.push({ step: 'spent-before', points: letGo });
  return {
    key: undoKey(entry),
    source: STAFF,
    occurredAt: situation.now.toISOString(),
    tier,
    fingerprint: undoFingerprint(entry),
    detail: {
      kind: 'undone',
      entry: entry.seq,
      of: entry.key,
      points: moved,
      ...(letGo > 0 && { letGo }),
      reason: asked.reason,
      by: asked.by,
      ...(approvedBy !== undefined && { approvedBy }),
    },
    change: sparse(change),
    trace,
  };
}

/** A second person said no. What is asked again later is another asking. */
export function declinedUndo(account: Account, entry: Entry, askedAt: string, { now }: Situation, by: string): Draft {
  const amount = points(Math.abs(pointsToUndo(entry)));
  return {
    key: undoDeclinedKey(entry, askedAt),
    source: STAFF,
    occurredAt: now.toISOString(),
    tier: account.tier,
    fingerprint: undoFingerprint(entry),
    detail: { kind: 'refused', of: undoKey(entry), because: 'declined', points: amount, by },
    change: {},
    trace: [{ step: 'declined-by-staff', points: amount }],
  };
}

interface Undone {
  readonly change: Change;
  /** What it moves, of points that can be spent or wait. */
  readonly moved: Points;
  readonly letGo: Points;
  readonly tier?: string;
}

function changeOf(
  account: Account,
  entry: Entry,
  situation: Situation,
  ofObject: readonly Entry[],
): Undone | { readonly refused: UndoRefusal } {
  const { detail } = entry;
  switch (detail.kind) {
    case 'adjusted':
      return detail.points > 0 ? taken(account, detail, situation) : given(account, entry, detail, situation);
    case 'activity':
      return withoutActivity(account, entry, detail, situation, ofObject);
    case 'tier-granted': {
      if (account.granted?.id !== detail.grantId) return { refused: 'superseded' };
      const { granted: _, ...without } = account;
      const tier = tierOf(situation.program, without, today(situation)).id;
      return { change: { granted: null }, moved: NO_POINTS, letGo: NO_POINTS, tier };
    }
    default:
      return { refused: 'has-an-end-of-its-own' };
  }
}

/** Points that were given go back from where they went. */
function taken(account: Account, detail: Extract<Detail, { kind: 'adjusted' }>, situation: Situation): Undone {
  const { buckets, lots, letGo } = claw(account, { [detail.to ?? OWED]: detail.points }, situation);
  return { change: { buckets, lots, lifetime: points(-detail.points) }, moved: points(-detail.points), letGo };
}

/** Points that were taken come back to the buckets that they left; what had been owed for them and is not any more, as new ones. */
function given(
  account: Account,
  entry: Entry,
  detail: Extract<Detail, { kind: 'adjusted' }>,
  situation: Situation,
): Undone {
  const { program } = situation;
  const day = today(situation);
  const { [OWED]: owed = NO_POINTS, ...left } = negated(entry.change.buckets ?? {});
  const settled = { [OWED]: points(Math.min(owed, -(account.buckets[OWED] ?? 0))) };
  const paid = { [lastDayOf(program.expiry, day)]: points(owed - settled[OWED]) };
  const back = withGrace(plus(left, paid), program, day, account);
  const buckets = plus(settled, giveBack(plus(account.buckets, settled), back, program));
  const moved = points(-detail.points - (detail.letGo ?? 0));
  return { change: { buckets, lifetime: points(-detail.points) }, moved, letGo: NO_POINTS };
}

/** As if it had not been done: points, visits, its part of a tier, and its room under the limits. */
function withoutActivity(
  account: Account,
  entry: Entry,
  detail: Extract<Detail, { kind: 'activity' }>,
  situation: Situation,
  ofObject: readonly Entry[],
): Undone {
  const declined = new Set(ofObject.flatMap(({ detail: one }) => (one.kind === 'declined' ? [waitsFor(one.lot)] : [])));
  const gone = (place: string) => stagesOf(place).some((stage) => isLot(stage) && declined.has(waitsFor(stage)));
  const byPlace = placesOf(detail);
  const due = Object.fromEntries(Object.entries(byPlace).filter(([place]) => !gone(place)));
  // Where remainders are kept, what the activity left of one may be a point with what came since, or lack one.
  const rest = account.carry - (entry.change.carry ?? 0);
  const gained = Math.floor(rest / 1_000);
  if (gained !== 0) due[detail.to] = (due[detail.to] ?? 0) - gained;
  const reversed = points(Object.values(due).reduce((sum, amount) => sum + amount, 0));
  const { buckets, lots, letGo } = claw(account, due, situation);
  const { window, counters, visits = 0 } = entry.change;
  const change: Change = {
    buckets,
    lots,
    lifetime: points(-reversed),
    window: takenFrom(account.window, window, Math.min(...ofObject.flatMap(({ detail: one }) => windowLeftOf(one)))),
    counters: takenFrom(account.counters, counters),
    carry: rest - gained * 1_000 - account.carry,
    visits: -visits,
  };
  const without = { ...account.window };
  for (const [key, amount] of Object.entries(change.window ?? {})) without[key] = (without[key] ?? 0) + amount;
  const tier = tierOf(situation.program, { ...account, window: without }, today(situation)).id;
  return { change, moved: points(-reversed), letGo, tier };
}

/** Whole points by place; what came of remainders together is where most of it went. */
function placesOf({ parts, earned, to }: Extract<Detail, { kind: 'activity' }>): Record<string, number> {
  const byPlace: Record<string, number> = {};
  let left: number = earned;
  for (const part of parts) {
    const whole = Math.min(left, part.points);
    byPlace[part.to ?? to] = (byPlace[part.to ?? to] ?? 0) + whole;
    left -= whole;
  }
  if (left > 0) byPlace[to] = (byPlace[to] ?? 0) + left;
  return byPlace;
}

/** Only from what is remembered, and never below zero: a count that is forgotten is gone already. */
const takenFrom = (
  there: Readonly<Record<string, number>>,
  added: Readonly<Record<string, number>> = {},
  /** What others have left of it. */
  most = Number.POSITIVE_INFINITY,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(added).map(([key, amount]) => [key, -Math.min(amount, most, Math.max(0, there[key] ?? 0))]),
  );
