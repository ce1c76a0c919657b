import type { Day } from './account.ts';
import { dayIn } from './calendar.ts';
import type { CampaignNoted, Detail } from './detail.ts';
import type { Entry } from './entry.ts';
import type { Program } from './program.ts';

/**
 * The books of a program, as sums: what each entry adds, by day and by what it is about. A fold over a member's entries,
 * so that whoever has the journal has the reports; nothing is counted that an entry does not say.
 */

/** By what it is summed. `total` is all of it, under the one name `all`. */
export const DIMENSIONS = ['total', 'source', 'location', 'staff', 'tier', 'reward', 'campaign', 'cohort'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/**
 * `outstanding` is what members have more than before, spendable, waiting and put aside. It is always
 * issued + opened + adjusted + returned + moved − redeemed − expired − declined − reversed.
 */
export const MEASURES = [
  // Points.
  'issued',
  'redeemed',
  'expired',
  /** Taken back of what an order had earned. */
  'reversed',
  /** Given back of what was spent on an order. */
  'returned',
  /** By hand; may be negative. */
  'adjusted',
  /** Waited, and never came. */
  'declined',
  /** Brought from another system. */
  'opened',
  /** From one member to another, by gift or merge: nothing in the sum over all of them. */
  'moved',
  'outstanding',
  // Times.
  'entries',
  'sales',
  'refunds',
  'redemptions',
  /** Goods sold to members, in minor units. */
  'netMinor',
  // Members: each counts once.
  'joined',
  /** Erased, or found to be somebody else's second account. */
  'left',
  /** Did something on that day; in that month, counted on the first such day of it. */
  'active',
  'activeInMonth',
  /** Of a campaign: members that it touched or held out; the squares of what each bought meanwhile, for an interval. */
  'members',
  'netMinorSquared',
] as const;
export type Measure = (typeof MEASURES)[number];
export type Amounts = Readonly<Partial<Record<Measure, number>>>;

/** One line of the read model: what that day adds for that one. */
export interface Tally {
  readonly day: Day;
  readonly by: Dimension;
  /** A source's, location's, staff's, tier's, reward's name; of a cohort its month; of a campaign `<id>` or `<id>/held`. */
  readonly of: string;
  readonly amounts: Amounts;
}

/** What is known of a member without reading the journal. Nothing in it is personal. */
export interface Summary {
  readonly memberId: string;
  /** The last entry that is counted in. */
  readonly lastSeq: number;
  readonly tier: string;
  readonly available: number;
  readonly pending: number;
  readonly held: number;
  readonly lifetime: number;
  readonly visits: number;
  readonly purchases: number;
  /** Goods bought, before what was returned. */
  readonly spentMinor: number;
  readonly joinedOn: Day;
  /** By what the member did; the same as the account's. */
  readonly lastActiveOn?: Day;
  /** The newest day on which an entry was counted as activity, which is the day it was booked. */
  readonly countedOn?: Day;
  readonly location?: string;
  readonly left?: 'erased' | 'merged';
  /** What was bought under each campaign, in minor units. */
  readonly campaigns?: Readonly<Record<string, number>>;
}

/** The day on which an entry counts is the one it was booked on: a day that is over never changes again. */
export function tally(
  before: Summary | undefined,
  entry: Entry,
  { timeZone }: Pick<Program, 'timeZone'>,
): { readonly summary: Summary; readonly tallies: readonly Tally[] } {
  const { detail, change, after } = entry;
  const day = dayIn(timeZone, entry.recordedAt);
  const summary = summaryAfter(before, entry, day);
  const active = change.activeOn !== undefined;
  const cohort = summary.joinedOn.slice(0, 7);
  const people: Amounts = {
    ...(!before && { joined: 1 }),
    ...(summary.left && !before?.left && { left: 1 }),
    // A merge that was undone.
    ...(!summary.left && before?.left && { left: -1 }),
    ...(active && before?.countedOn !== day && { active: 1 }),
    ...(active && before?.countedOn?.slice(0, 7) !== day.slice(0, 7) && { activeInMonth: 1 }),
  };
  const booked: Amounts = {
    ...amountsOf(detail),
    outstanding: heldIn(after) - (before ? heldIn(before) : 0),
    entries: 1,
  };
  const line = (by: Dimension, of: string | undefined, amounts: Amounts): Tally[] =>
    of === undefined || of === '' ? [] : [{ day, by, of, amounts: sparse(amounts) }];
  return {
    summary,
    tallies: [
      ...line('total', 'all', { ...booked, ...people }),
      ...line('source', entry.source, booked),
      // The tier in which it was done, not the one that it led to.
      ...line('tier', entry.tierFrom ?? after.tier, booked),
      ...line('location', 'locationId' in detail ? detail.locationId : undefined, booked),
      ...line('staff', staffOf(detail), booked),
      ...line('reward', 'rewardId' in detail ? detail.rewardId : undefined, booked),
      ...(Object.keys(people).length > 0 ? line('cohort', cohort, people) : []),
      ...campaignsOf(detail).flatMap((one) => line('campaign', armOf(one), campaignAmounts(one, detail, before))),
    ].filter(({ amounts }) => Object.keys(amounts).length > 0),
  };
}

/** Under what it is summed. */
export const nameOf = ({ by, day, of }: Pick<Tally, 'by' | 'day' | 'of'>): string => `${by} ${day} ${of}`;

/** Adds up what falls on the same line. */
export function sumTallies(tallies: Iterable<Tally>): Tally[] {
  const lines = new Map<string, { readonly line: Tally; readonly amounts: Record<string, number> }>();
  for (const line of tallies) {
    const name = nameOf(line);
    const amounts: Record<string, number> = lines.get(name)?.amounts ?? {};
    for (const [measure, amount] of Object.entries(line.amounts)) amounts[measure] = (amounts[measure] ?? 0) + amount;
    lines.set(name, { line, amounts });
  }
  return [...lines.values()].map(({ line, amounts }) => ({ ...line, amounts: sparse(amounts) }));
}

const heldIn = ({ available, pending, held }: Pick<Summary, 'available' | 'pending' | 'held'>): number =>
  available + pending + held;

function summaryAfter(before: Summary | undefined, entry: Entry, day: Day): Summary {
  const { detail, change, after, memberId, seq } = entry;
  const restored = change.restores?.lastActivityOn;
  const lastActiveOn =
    restored === null ? undefined : (restored ?? [before?.lastActiveOn, change.activeOn].filter(Boolean).sort().at(-1));
  const countedOn = change.activeOn === undefined ? before?.countedOn : day;
  const location = ('locationId' in detail ? detail.locationId : undefined) ?? before?.location;
  const left = leftBy(detail, before?.left);
  const campaigns = campaignsAfter(detail, before?.campaigns);
  return {
    memberId,
    lastSeq: seq,
    tier: after.tier,
    available: after.available,
    pending: after.pending,
    held: after.held,
    lifetime: after.lifetime,
    visits: (before?.visits ?? 0) + (change.visits ?? 0),
    purchases: (before?.purchases ?? 0) + (change.purchases ?? 0),
    spentMinor: (before?.spentMinor ?? 0) + boughtFor(detail),
    joinedOn: before?.joinedOn ?? day,
    ...(lastActiveOn && { lastActiveOn }),
    ...(countedOn && { countedOn }),
    ...(location && { location }),
    ...(left && { left }),
    ...(campaigns && { campaigns }),
  };
}

function leftBy(detail: Detail, before: Summary['left']): Summary['left'] {
  switch (detail.kind) {
    case 'erased':
      return 'erased';
    case 'merged-into':
      return 'merged';
    case 'unmerged':
      return before === 'merged' ? undefined : before;
    default:
      return before;
  }
}

const boughtFor = (detail: Detail): number => (detail.kind === 'sale' ? detail.netMinor : 0);

/** What it does to points, from its words. */
function amountsOf(detail: Detail): Amounts {
  switch (detail.kind) {
    case 'sale':
      return { issued: detail.earned, returned: detail.returned ?? 0, sales: 1, netMinor: detail.netMinor };
    case 'activity':
      return { issued: detail.earned };
    case 'refund':
      return { reversed: detail.reversed - (detail.letGo ?? 0), returned: detail.returned, refunds: 1 };
    case 'redeemed':
      return { redeemed: detail.points, redemptions: 1 };
    case 'expired':
      return { expired: detail.points };
    case 'declined':
      return { declined: detail.points };
    case 'gift-sent':
      return { moved: -detail.points };
    case 'gift-received':
      return { moved: detail.points };
    case 'referral-rewarded':
      return { issued: detail.points };
    case 'referral-reversed':
      return { reversed: detail.points - (detail.letGo ?? 0) };
    case 'adjusted':
    case 'undone':
      return { adjusted: detail.points + (detail.letGo ?? 0) };
    case 'merged-into':
      return { moved: -detail.points };
    case 'merged-from':
    case 'unmerged':
      return { moved: detail.points };
    case 'imported':
      return { opened: detail.points };
    default:
      return {};
  }
}

/** Who of the staff did it. */
function staffOf(detail: Detail): string | undefined {
  if (detail.kind === 'sale') return detail.staffId;
  if (!('by' in detail) || detail.kind === 'referred') return undefined;
  return detail.by === 'member' ? undefined : detail.by;
}

const campaignsOf = (detail: Detail): readonly CampaignNoted[] =>
  ('campaigns' in detail ? detail.campaigns : undefined) ?? [];

const armOf = ({ id, held }: CampaignNoted): string => (held ? `${id}/held` : id);

function campaignAmounts(one: CampaignNoted, detail: Detail, before: Summary | undefined): Amounts {
  const so = before?.campaigns?.[armOf(one)];
  const bought = boughtFor(detail);
  return {
    issued: one.held ? 0 : (one.points ?? 0),
    entries: 1,
    sales: detail.kind === 'sale' ? 1 : 0,
    netMinor: bought,
    members: so === undefined ? 1 : 0,
    netMinorSquared: ((so ?? 0) + bought) ** 2 - (so ?? 0) ** 2,
  };
}

function campaignsAfter(detail: Detail, before: Summary['campaigns']): Summary['campaigns'] {
  const mentioned = campaignsOf(detail);
  if (mentioned.length === 0) return before;
  const after: Record<string, number> = { ...before };
  for (const one of mentioned) after[armOf(one)] = (after[armOf(one)] ?? 0) + boughtFor(detail);
  return after;
}

const sparse = (amounts: Readonly<Record<string, number>>): Amounts =>
  Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0));
