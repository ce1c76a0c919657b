import { type Account, type Buckets, type Day, type Instant, type Lots, NEVER, OWED } from './account.ts';
import { credit, isPast, keptAlive, lastDayOf, plus } from './buckets.ts';
import { addDays, addMonths, endOfMonth } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Change, type Draft, keyOf, type Step } from './entry.ts';
import { placed } from './lots.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';
import { hasTier, tierOf } from './tiers.ts';

/** What a member had in the system that the program moves from. Nothing in it is personal. */
export interface Opening {
  /** The member's id there, and which system it was: together the business key. */
  readonly importId: string;
  readonly from: string;
  /** What can be spent, negative where it was owed. */
  readonly points: Points;
  /** What waited there, and the day on which it can be spent. */
  readonly pending?: Points | undefined;
  readonly pendingUntil?: Day | undefined;
  /** Of the points, those whose last day is known; the others live as if they were earned on the day of the move. */
  readonly expiring?: Readonly<Record<Day, Points>> | undefined;
  readonly lifetime?: Points | undefined;
  /** What counts towards a tier, by year or month as the program counts. */
  readonly window?: Readonly<Record<string, number>> | undefined;
  /** A tier of this program, and until when it is kept whatever the window says. */
  readonly tier?: string | undefined;
  readonly tierThrough?: Day | undefined;
  readonly visits?: number | undefined;
  readonly purchases?: number | undefined;
  readonly lastActivityOn?: Day | undefined;
}

/** Something that happened there. */
export interface Happened {
  readonly importId: string;
  readonly from: string;
  readonly what: What;
  readonly points: Points;
  readonly at: Instant;
}

/** One word instead of the other system's text, which may name people. */
export const WHATS = [
  'purchase',
  'refund',
  'reward',
  'activity',
  'referral',
  'expired',
  'adjusted',
  'other',
] as const satisfies readonly string[];
export type What = (typeof WHATS)[number];

/** Points that waited for nobody knows what wait so many days: as long as most shops take goods back. */
const UNKNOWN_WAIT = 30;

const objectOf = ({ from, importId }: { readonly from: string; readonly importId: string }) => `${from}:${importId}`;

export const openingKey = (opening: Pick<Opening, 'from' | 'importId'>): string =>
  keyOf('import', objectOf(opening), 'opening');
export const historyKey = (happened: Pick<Happened, 'from' | 'importId'>): string =>
  keyOf('import', objectOf(happened), 'history');

/** Of what was told, not of what became of it: the same row on another day is the same row. */
export const openingFingerprint = (opening: Opening): string => fingerprint({ ...opening });

/** The balance that a member brings along. */
export function decideOpening(account: Account, opening: Opening, situation: Situation): Draft {
  const { program } = situation;
  const day = today(situation);
  const activeOn = activeFrom(account, opening, program, day);
  const { buckets, lots, letGo } = broughtAlong(opening, program, day, activeOn);
  const kept = keptAlive(account, program, activeOn, day);
  const has = points(sumOf(buckets) + sumOf(lots));
  const lifetime = opening.lifetime ?? points(Math.max(0, has));
  const window = addUp(account.window, opening.window ?? {});
  const granted = grantOf(account, opening, window, situation);
  const given = granted ?? account.granted;
  const trace: Step[] = [{ step: 'imported', points: has, rule: opening.from }];
  if (letGo > 0) trace.push({ step: 'spent-before', points: letGo });
  return {
    key: openingKey(opening),
    source: 'import',
    occurredAt: situation.now.toISOString(),
    tier: tierOf(program, { window, ...(given && { granted: given }) }, day).id,
    fingerprint: openingFingerprint(opening),
    detail: { kind: 'imported', importId: opening.importId, points: has, lifetime, from: opening.from },
    change: sparse({
      buckets: plus(kept.buckets, offset(account, buckets, program)),
      lots: plus(kept.lots, lots),
      lifetime,
      window: opening.window,
      visits: opening.visits,
      purchases: opening.purchases,
      activeOn: has !== 0 || opening.lastActivityOn !== undefined ? activeOn : undefined,
      keptFrom: has !== 0 || opening.lastActivityOn !== undefined ? kept.keptFrom : undefined,
      granted,
    } satisfies Change),
    trace,
  };
}

/** A line of the member's story from before the move: its points are in the balance that was brought along. */
export function decideHistory(account: Account, happened: Happened): Draft {
  const { importId, from, what, at } = happened;
  const detail = { kind: 'history', importId, what, points: happened.points, from } as const;
  return {
    key: historyKey(happened),
    source: 'import',
    occurredAt: at,
    tier: account.tier,
    fingerprint: fingerprint([detail, at]),
    detail,
    change: {},
    trace: [],
  };
}

/** Until when a tier is kept that is reached today: a tier that is brought along is worth no more and no less. */
export function keptThrough({ qualify }: Pick<Program, 'qualify'>, day: Day): Day {
  if (qualify.window.kind === 'calendar-year') return `${Number(day.slice(0, 4)) + qualify.keep}-12-31`;
  return endOfMonth(addMonths(day, qualify.window.months - 1 + qualify.keep));
}

/** The move itself keeps points alive that inactivity would take before the member could hear of it. */
function activeFrom(account: Account, { lastActivityOn }: Opening, { expiry }: Program, day: Day): Day {
  const told = lastActivityOn === undefined || lastActivityOn > day ? day : lastActivityOn;
  const activeOn = expiry.kind === 'inactivity' && isPast(lastDayOf(expiry, told), day) ? day : told;
  return account.lastActivityOn !== undefined && account.lastActivityOn > activeOn ? account.lastActivityOn : activeOn;
}

/** Where the points stand: those of which nothing is known live as if they were earned on the day of the move. */
function broughtAlong(
  { points: told, expiring = {}, pending = NO_POINTS, pendingUntil }: Opening,
  program: Program,
  day: Day,
  activeOn: Day,
): { readonly buckets: Buckets; readonly lots: Lots; readonly letGo: Points } {
  const { expiry, refunds } = program;
  const lastDay = lastDayOf(expiry, expiry.kind === 'inactivity' ? activeOn : day);
  const until = pendingUntil ?? addDays(day, program.pending?.kind === 'days' ? program.pending.days : UNKNOWN_WAIT);
  // Points that would lapse before they can be spent live as long as they wait.
  const waits = until <= day ? lastDay : `${until}/${lastDay !== NEVER && lastDay < until ? until : lastDay}`;
  const { buckets, lots } = placed({ [waits]: pending });
  if (told < 0) {
    const owed = refunds.whenSpent !== 'stop-at-zero';
    return { buckets: owed ? plus(buckets, { [OWED]: told }) : buckets, lots, letGo: owed ? NO_POINTS : points(-told) };
  }
  const others = points(told - sumOf(expiring));
  if (others < 0) throw new RangeError('more points expire than there are');
  return { buckets: plus(plus(buckets, expiring), { [lastDay]: others }), lots, letGo: NO_POINTS };
}

/** A member who was here already may owe points: what comes in pays them, as anything else would. */
function offset(account: Account, buckets: Buckets, program: Program): Buckets {
  const { [OWED]: owed, ...additions } = buckets;
  const credited = credit(account.buckets, additions, program);
  return owed === undefined ? credited : plus(credited, { [OWED]: owed });
}

/** Only what the window does not give anyway, and what staff have not given. */
function grantOf(
  account: Account,
  opening: Opening,
  window: Account['window'],
  { program, now }: Situation,
): Account['granted'] {
  const { tier, tierThrough } = opening;
  if (tier === undefined || account.granted) return undefined;
  const day = today({ program, now });
  if (hasTier(program, tierOf(program, { window }, day).id, tier)) return undefined;
  return { id: objectOf(opening), tier, through: tierThrough ?? keptThrough(program, day) };
}

function addUp(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [key, amount] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + amount;
  return sum;
}

const sumOf = (amounts: Readonly<Record<string, number>>): number =>
  Object.values(amounts).reduce((total, amount) => total + amount, 0);
