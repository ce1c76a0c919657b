import type { Day } from './account.ts';
import { type Ages, aged } from './ageing.ts';
import { dayIn } from './calendar.ts';
import type { CampaignNoted, Detail } from './detail.ts';
import type { Entry } from './entry.ts';
import type { Program } from './program.ts';

/**
 * The books of a program, as sums: what each entry adds, by day and by what it is about. A fold over a member's entries,
 * so that whoever has the journal has the reports; nothing is counted that an entry does not say.
 */

/** By what it is summed. `total` is all of it, under the one name `all`. */
export const DIMENSIONS = [
  'total',
  'source',
  'location',
  'staff',
  'tier',
  'reward',
  'campaign',
  /** Members by the month in which they joined, told by the month: their `day` is its first. */
  'cohort',
  /** Points by the month in which they came, told by the month. */
  'issue',
] as const;
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
  /** Goods sold to members, in minor units, and what of them came back. */
  'netMinor',
  'refundedMinor',
  // Members: each counts once.
  'joined',
  /** Erased, or found to be somebody else's second account. */
  'left',
  /** Did something on that day; in that month, counted on the first such day of it. */
  'active',
  'activeInMonth',
  /** Away for as long as the first step of the program's `inactivity`: how many more than before, and who came back. */
  'lapsed',
  'wonBack',
  /**
   * Of a campaign: members who came while it was on. What each of them did then, and the squares of it, for an interval:
   * what a square has in billions apart from the rest, since together they may be more than a number holds exactly.
   */
  'members',
  'visits',
  'purchases',
  'earned',
  'spentSquared',
  'spentSquaredBillions',
  'earnedSquared',
  'earnedSquaredBillions',
  'visitsSquared',
  'purchasesSquared',
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

/** What a member has done while a campaign was on, less what went back: in minor units, times, times and points. */
export interface Done {
  readonly spentMinor: number;
  readonly purchases: number;
  readonly visits: number;
  readonly earned: number;
  /** The member came: a refund alone is no coming. */
  readonly came: boolean;
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
  readonly leftOn?: Day;
  /** Has not been there for as long as the first step of the program's `inactivity`. */
  readonly lapsed?: true;
  /** By arm, what was done under each campaign. */
  readonly campaigns?: Readonly<Record<string, Done>>;
  readonly ages?: Ages;
}

/** The day on which an entry counts is the one it was booked on: a day that is over never changes again. */
export function tally(
  before: Summary | undefined,
  entry: Entry,
  { timeZone, currency }: Pick<Program, 'timeZone' | 'currency'>,
): { readonly summary: Summary; readonly tallies: readonly Tally[] } {
  const { detail, after } = entry;
  const day = dayIn(timeZone, entry.recordedAt);
  const month = day.slice(0, 7);
  const flows = flowsOf(detail, currency);
  const { ages, byMonth } = aged(before?.ages, flows, month);
  const summary = summaryAfter(before, entry, day, currency, ages);
  const active = isDeed(entry);
  const people: Amounts = {
    ...(!before && { joined: 1 }),
    ...(summary.left && !before?.left && { left: 1 }),
    // A merge that was undone.
    ...(!summary.left && before?.left && { left: -1 }),
    ...(active && before?.countedOn !== day && { active: 1 }),
    ...(active && before?.countedOn?.slice(0, 7) !== month && { activeInMonth: 1 }),
    ...(!before?.lapsed && summary.lapsed && { lapsed: 1 }),
    ...(before?.lapsed && !summary.lapsed && { lapsed: -1, ...(active && { wonBack: 1 }) }),
  };
  const booked: Amounts = {
    ...flows,
    outstanding: heldIn(after) - (before ? heldIn(before) : 0),
    entries: 1,
  };
  const line = (by: Dimension, of: string | undefined, amounts: Amounts, on = day): Tally[] =>
    of === undefined || of === '' ? [] : [{ day: on, by, of, amounts: sparse(amounts) }];
  // What is told by the month is kept by the month: a line each day would be thirty times as many to read.
  const ofMonth = `${month}-01`;
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
      ...line('cohort', summary.joinedOn.slice(0, 7), { ...flows, ...people, active: 0 }, ofMonth),
      ...Object.entries(byMonth).flatMap(([of, amounts]) => line('issue', of, amounts, ofMonth)),
      ...campaignsOf(detail).flatMap((one) => {
        const [was, is] = [before, summary].map((each) => each?.campaigns?.[armOf(one)]);
        return line('campaign', armOf(one), campaignAmounts(one, flows, was ?? NOT_YET, is ?? NOT_YET));
      }),
    ].filter(({ amounts }) => Object.keys(amounts).length > 0),
  };
}

/**
 * The member did something. It is not all that keeps points alive: a gift of the house does, and an account that is
 * brought, or comes with another, says when somebody last did something. Birthdays come by themselves.
 */
function isDeed({ change, detail: { kind } }: Entry): boolean {
  switch (kind) {
    case 'sale':
    case 'activity':
      return change.activeOn !== undefined;
    case 'authorized':
    case 'redeemed':
    case 'gift-sent':
      return true;
    default:
      return false;
  }
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

function summaryAfter(before: Summary | undefined, entry: Entry, day: Day, currency: string, ages: Ages): Summary {
  const { detail, change, after, memberId, seq } = entry;
  const restored = change.restores?.lastActivityOn;
  const lastActiveOn =
    restored === null ? undefined : (restored ?? [before?.lastActiveOn, change.activeOn].filter(Boolean).sort().at(-1));
  const countedOn = isDeed(entry) ? day : before?.countedOn;
  const location = ('locationId' in detail ? detail.locationId : undefined) ?? before?.location;
  const left = leftBy(detail, before?.left);
  const leftOn = left && (left === before?.left ? before.leftOn : day);
  const cameBack = isDeed(entry) || (lastActiveOn !== undefined && (before?.lastActiveOn ?? '') < lastActiveOn);
  const lapsed = !left && !cameBack && (detail.kind === 'inactive' || before?.lapsed);
  const campaigns = campaignsAfter(entry, currency, before?.campaigns);
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
    spentMinor: (before?.spentMinor ?? 0) + boughtFor(detail, currency),
    joinedOn: before?.joinedOn ?? day,
    ...(lastActiveOn && { lastActiveOn }),
    ...(countedOn && { countedOn }),
    ...(location && { location }),
    ...(left && { left, leftOn }),
    ...(lapsed && { lapsed: true as const }),
    ...(campaigns && { campaigns }),
    ...(Object.keys(ages.there).length + Object.keys(ages.spent).length > 0 && { ages }),
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

/** Money of another currency is not added to ours: such a sale is counted, and earns nothing. */
const boughtFor = (detail: Detail, currency: string): number =>
  detail.kind === 'sale' && detail.currency === currency ? detail.netMinor : 0;

const givenBack = (detail: Detail): number =>
  (detail.kind === 'sale' || detail.kind === 'refund' ? detail.backMinor : undefined) ?? 0;

/** What it does to points and to what was sold, from its words. */
function flowsOf(detail: Detail, currency: string): Amounts {
  const refundedMinor = givenBack(detail);
  switch (detail.kind) {
    case 'sale':
      return {
        issued: detail.earned,
        returned: detail.returned ?? 0,
        sales: 1,
        netMinor: boughtFor(detail, currency),
        refundedMinor,
      };
    case 'activity':
      return { issued: detail.earned };
    case 'refund':
      return { reversed: detail.reversed - (detail.letGo ?? 0), returned: detail.returned, refunds: 1, refundedMinor };
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
  // Who brought a friend, and the channel that carried a reminder, are no staff.
  if (!('by' in detail) || detail.kind === 'referred' || detail.kind === 'reminder-told') return undefined;
  return detail.by === 'member' ? undefined : detail.by;
}

const campaignsOf = (detail: Detail): readonly CampaignNoted[] =>
  ('campaigns' in detail ? detail.campaigns : undefined) ?? [];

const armOf = ({ id, held }: CampaignNoted): string => (held ? `${id}/held` : id);

const NOT_YET: Done = { spentMinor: 0, purchases: 0, visits: 0, earned: 0, came: false };

function campaignAmounts(one: CampaignNoted, flows: Amounts, was: Done, is: Done): Amounts {
  const given = one.held ? 0 : (one.points ?? 0);
  const { sales = 0, refunds = 0, netMinor = 0, refundedMinor = 0 } = flows;
  return {
    issued: Math.max(0, given),
    reversed: Math.max(0, -given),
    entries: 1,
    sales,
    refunds,
    netMinor,
    refundedMinor,
    members: is.came && !was.came ? 1 : 0,
    visits: is.visits - was.visits,
    purchases: is.purchases - was.purchases,
    earned: is.earned - was.earned,
    ...squares('spentSquared', was.spentMinor, is.spentMinor),
    ...squares('earnedSquared', was.earned, is.earned),
    visitsSquared: is.visits ** 2 - was.visits ** 2,
    purchasesSquared: is.purchases ** 2 - was.purchases ** 2,
  };
}

const BILLION = 1_000_000_000n;

/** By how much the square grows, exactly, whatever the currency's smallest coin is. */
function squares(name: 'spentSquared' | 'earnedSquared', was: number, is: number): Amounts {
  const more = BigInt(is) ** 2n - BigInt(was) ** 2n;
  return { [name]: Number(more % BILLION), [`${name}Billions`]: Number(more / BILLION) };
}

/** What an entry of a campaign's time is about: all that was done then, whether or not the campaign gave anything for it. */
function campaignsAfter(entry: Entry, currency: string, before: Summary['campaigns']): Summary['campaigns'] {
  const { detail, change } = entry;
  const mentioned = campaignsOf(detail);
  if (mentioned.length === 0) return before;
  const { issued = 0, reversed = 0, netMinor = 0, refundedMinor = 0 } = flowsOf(detail, currency);
  const after: Record<string, Done> = { ...before };
  for (const one of mentioned) {
    const so = after[armOf(one)] ?? NOT_YET;
    after[armOf(one)] = {
      spentMinor: so.spentMinor + netMinor - refundedMinor,
      purchases: so.purchases + (change.purchases ?? 0),
      visits: so.visits + (change.visits ?? 0),
      earned: so.earned + issued - reversed,
      came: so.came || isDeed(entry),
    };
  }
  return after;
}

const sparse = (amounts: Readonly<Record<string, number>>): Amounts =>
  Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0));
