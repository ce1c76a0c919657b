import type { Account, Day } from './account.ts';
import { lotName, reviewName } from './accrue.ts';
import { credit, payable, plus, withGrace } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import type { Detail } from './detail.ts';
import { type Draft, type Entry, keyOf } from './entry.ts';
import { afterwards, isLot, named, namedLater, placed, ripe, waitingFor, waitsFor } from './lots.ts';
import { type Points, points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf, unlocked } from './tiers.ts';

/** How points stop waiting: their day comes, or somebody says yes or no. Each lot ends once. */

/** What somebody says about the points of an order or an activity. */
export interface LotEnd {
  readonly source: string;
  /** The order's number, or `<activity>:<its id>`. */
  readonly object: string;
  /** `review`: staff have looked at what was flagged. */
  readonly of: 'lot' | 'review';
  readonly end: 'activated' | 'declined';
  readonly because: string;
  readonly by: string;
}

/** An activity under which its points wait; an order waits under its number. */
export const lotObjectOf = ({
  activity,
  activityId,
}: {
  readonly activity: string;
  readonly activityId: string;
}): string => `${activity}:${activityId}`;

/** One key for yes and for no, so that there is one of them. */
export const lotEndKey = ({ source, object, of }: Pick<LotEnd, 'source' | 'object' | 'of'>): string =>
  // `review` is an activity too, and an order may be reviewed under its own number.
  keyOf(source, object, of === 'review' ? 'looked-at' : of);

export const lotEndFingerprint = (end: LotEnd['end']): string => fingerprint(['lot', end]);

export const activationKey = (day: Day): string => keyOf('sweep', day, 'activation');

/** Sets free what waited for that day or an earlier one; `undefined` when there is nothing. */
export function decideActivation(account: Account, day: Day, situation: Situation): Draft | undefined {
  const lots = ripe(account, day);
  if (lots.length === 0) return undefined;
  const freed = setFree(account, lots, afterwards, situation);
  return {
    key: activationKey(day),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['activation', day]),
    detail: { kind: 'activated', lot: day, points: freed.points, because: 'day-has-come', ...freed.told },
    change: sparse(freed.change),
    trace: [{ step: 'day-has-come', points: freed.points }],
  };
}

/** `booked`: all that the journal has about the order or the activity. */
export function decideLotEnd(
  account: Account,
  asked: LotEnd,
  booked: readonly Entry[],
  situation: Situation,
): Draft | { readonly refused: 'nothing-waits' } {
  const name = asked.of === 'review' ? reviewName(asked.source, asked.object) : lotName(asked.source, asked.object);
  // No is for all of it, wherever it waits; yes is for what waits for this now.
  const there = namedLater(account, name);
  if (there.length === 0) return { refused: 'nothing-waits' };
  const head = {
    key: lotEndKey(asked),
    source: asked.source,
    occurredAt: situation.now.toISOString(),
    fingerprint: lotEndFingerprint(asked.end),
  };
  const told = { lot: waitingFor(name), because: asked.because, by: asked.by };
  if (asked.end === 'declined') {
    const gone = declined(account, there, asked.of, booked, situation);
    return {
      ...head,
      tier: gone.tier,
      detail: { kind: 'declined', ...told, points: gone.points, ...gone.told },
      change: gone.change,
      trace: [{ step: 'declined', points: points(-gone.points), rule: asked.because }],
    };
  }
  const lots = named(account, name);
  const freed = setFree(account, lots, (lot) => nextPlace(lot, booked, situation), situation);
  return {
    ...head,
    tier: account.tier,
    detail: { kind: 'activated', ...told, points: freed.points, ...freed.told },
    change: sparse(freed.change),
    // Under review nothing moves yet; once that is over, the yes is found here.
    trace: lots.length === 0 ? [{ step: 'waits-for-review' }] : [{ step: 'activated', points: freed.points }],
  };
}

/** Past what has been settled meanwhile: days that have come, a yes that came before. */
function nextPlace(lot: string, booked: readonly Entry[], situation: Situation): string {
  const said = new Set(booked.flatMap(({ detail }) => (detail.kind === 'activated' ? [detail.lot] : [])));
  let place = afterwards(lot);
  while (isLot(place)) {
    const wait = waitsFor(place);
    if (wait.startsWith('@') ? !said.has(wait) : wait > today(situation)) break;
    place = afterwards(place);
  }
  return place;
}

/** Points whose date has passed while they waited live for the days of grace. */
function setFree(
  account: Account,
  lots: readonly string[],
  nextOf: (lot: string) => string,
  situation: Situation,
): {
  readonly points: Points;
  readonly told: { readonly unlocked?: readonly string[] };
  readonly change: Draft['change'];
} {
  const { program } = situation;
  const day = today(situation);
  const out: Record<string, number> = {};
  const into: Record<string, number> = {};
  let sum = 0;
  for (const lot of lots) {
    const amount = account.lots[lot] ?? 0;
    const place = nextOf(lot);
    out[lot] = (out[lot] ?? 0) - amount;
    into[place] = (into[place] ?? 0) + amount;
    sum += amount;
  }
  const { buckets: freed, lots: waiting } = placed(into);
  const buckets = credit(account.buckets, withGrace(freed, program, day), program);
  const { tier } = account;
  const rewards = unlocked(
    program,
    { payable: payable(account.buckets, day, program), tier },
    { payable: payable(plus(account.buckets, buckets), day, program), tier },
  );
  return {
    points: points(sum),
    told: { ...(rewards.length > 0 && { unlocked: rewards }) },
    change: { buckets, lots: { ...placed(waiting).lots, ...pointsOf(out) } },
  };
}

const pointsOf = (amounts: Readonly<Record<string, number>>): Record<string, Points> =>
  Object.fromEntries(Object.entries(amounts).map(([place, amount]) => [place, points(amount)]));

/** They are not earned, and do not count towards a tier; what staff decline counts nothing at all. */
function declined(
  account: Account,
  lots: readonly string[],
  of: LotEnd['of'],
  booked: readonly Entry[],
  situation: Situation,
) {
  const sum = lots.reduce((total, lot) => total + (account.lots[lot] ?? 0), 0);
  const counted = windowOf(booked, situation);
  const less =
    counted === undefined
      ? 0
      : of === 'review'
        ? counted.left
        : counted.by === 'points'
          ? Math.min(counted.left, sum)
          : 0;
  const window = counted && less > 0 ? { [counted.key]: -less } : {};
  const change = sparse({
    lots: Object.fromEntries(lots.map((lot) => [lot, points(-(account.lots[lot] ?? 0))])),
    lifetime: points(-sum),
    window,
  });
  const left = counted && { ...account.window, [counted.key]: (account.window[counted.key] ?? 0) - less };
  return {
    points: points(sum),
    change,
    told: { ...(counted && less > 0 && { windowLeft: counted.left - less }) },
    tier:
      less > 0 && left ? tierOf(situation.program, { ...account, window: left }, today(situation)).id : account.tier,
  };
}

/** What the order or the activity still counts towards a tier. */
function windowOf(booked: readonly Entry[], { program }: Situation) {
  const origin = booked.find(({ detail }) => detail.kind === 'sale' || detail.kind === 'activity');
  if (!origin) return undefined;
  const [key, amount] = Object.entries(origin.change.window ?? {})[0] ?? [];
  if (key === undefined || amount === undefined) return undefined;
  const by = origin.detail.kind === 'sale' ? origin.detail.window.by : program.qualify.by;
  return { key, by, left: Math.min(amount, ...booked.flatMap(({ detail }) => windowLeftOf(detail))) };
}

/** What a refund or a no has left of it. */
export const windowLeftOf = (detail: Detail): readonly number[] =>
  (detail.kind === 'refund' || detail.kind === 'declined') && detail.windowLeft !== undefined
    ? [detail.windowLeft]
    : [];
