import type { Day } from './account.ts';
import { addDays, addMonths } from './calendar.ts';
import type { Campaign } from './campaign.ts';
import { effectsOf, isMeasured, type Sides } from './effects.ts';
import { worthMinor } from './liability.ts';
import { formatAmount } from './money.ts';
import type { Program } from './program.ts';
import { csvLine } from './spreadsheet.ts';
import type { Amounts, Dimension, Measure, Tally } from './tally.ts';

/**
 * What the sums of the read model say, as tables: for an answer, a spreadsheet or a terminal. What each column means is
 * written in docs/reports.md.
 */

export const REPORTS = [
  'points',
  'liability',
  'redemptions',
  'breakage',
  'members',
  'cohorts',
  'campaigns',
  'effects',
  'rewards',
  'deliveries',
] as const;
export type ReportName = (typeof REPORTS)[number];

export const GROUPINGS = ['day', 'month', 'source', 'location', 'staff', 'campaign', 'tier', 'reward'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** By what each can be told; the first where nothing is said. None: it has a form of its own. */
export const GROUPINGS_OF: Readonly<Record<ReportName, readonly Grouping[]>> = {
  points: GROUPINGS,
  redemptions: GROUPINGS,
  liability: ['day', 'month'],
  members: ['day', 'month'],
  deliveries: ['day', 'month'],
  breakage: [],
  cohorts: [],
  campaigns: [],
  effects: [],
  rewards: [],
};

type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export interface ReportTable {
  readonly name: ReportName;
  /** Both days are in. */
  readonly from: Day;
  readonly to: Day;
  readonly by?: Grouping;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface ReportRequest {
  readonly name: ReportName;
  readonly from: Day;
  readonly to: Day;
  readonly by?: Grouping | undefined;
}

/** What becomes of points and of people takes months to see. */
const BY_MONTH: ReadonlySet<ReportName> = new Set(['breakage', 'cohorts']);

/** Where a report begins that is not told from when on: thirty days, or twelve months. */
export const firstDayOf = (name: ReportName, to: Day): Day =>
  BY_MONTH.has(name) ? addMonths(`${to.slice(0, 7)}-01`, -11) : addDays(to, -29);

/** What became of a day's events at one connector. */
export interface DeliveryLine {
  readonly day: Day;
  readonly connector: string;
  readonly amounts: Readonly<Partial<Record<DeliveryMeasure, number>>>;
}
export const DELIVERY_MEASURES = [
  /** The vendor took it. */
  'delivered',
  /** Tries that failed. */
  'failed',
  /** Put aside among the dead letters, for staff to look at. */
  'parked',
  /** May have been done, and is not done again. */
  'unsure',
  /** Nobody to tell: no consent, no address, no text. */
  'skipped',
  /** The vendor has said since that the message arrived, or that it did not. */
  'confirmed',
  'bounced',
] as const;
export type DeliveryMeasure = (typeof DELIVERY_MEASURES)[number];

/** What a report is made from: all that `needsOf` asks for, and beside it what is not in the journal. */
export interface Material {
  readonly tallies: readonly Tally[];
  readonly campaigns?: readonly Campaign[];
  readonly sides?: Sides;
  readonly deliveries?: readonly DeliveryLine[];
}

/**
 * Which sums a report is made from, and from when on: what stands at a day's end is the sum of all days before.
 * `undefined`: none of the journal's.
 */
export function needsOf({
  name,
  from,
  by,
}: ReportRequest): { readonly by: Dimension; readonly from?: Day } | undefined {
  switch (name) {
    case 'liability':
    case 'members':
      return { by: 'total' };
    case 'cohorts':
      return { by: 'cohort' };
    case 'breakage':
      return { by: 'issue' };
    case 'campaigns':
      return { by: 'campaign', from };
    case 'effects':
      return { by: 'campaign' };
    case 'deliveries':
      return undefined;
    case 'rewards':
      return { by: 'reward', from };
    case 'points':
    case 'redemptions': {
      const grouping = by ?? 'day';
      return { by: grouping === 'day' || grouping === 'month' ? 'total' : grouping, from };
    }
  }
}

export function reportOf(request: ReportRequest, material: Material, program: Program): ReportTable {
  const { name, from, to } = request;
  const by = request.by ?? GROUPINGS_OF[name][0];
  const rows = rowsOf({ ...request, by }, material, program);
  const columns = COLUMNS[name].map((column) => (by && column === 'of' ? by : column));
  return { name, from, to, ...(by && { by }), columns, rows };
}

const COLUMNS: Readonly<Record<ReportName, readonly string[]>> = {
  points: [
    'of',
    'issued',
    'redeemed',
    'expired',
    'reversed',
    'returned',
    'adjusted',
    'declined',
    'opened',
    'moved',
    'change',
    'sales',
    'sold',
    'refunded',
  ],
  liability: ['of', 'outstanding', 'worth'],
  redemptions: ['of', 'redemptions', 'redeemed', 'returned', 'issued', 'reversed', 'redeemedBp'],
  breakage: ['month', 'issued', 'reversed', 'redeemed', 'expired', 'outstanding', 'expiredBp', 'expectedBp'],
  members: ['of', 'joined', 'left', 'members', 'active', 'lapsed', 'wonBack'],
  cohorts: ['cohort', 'month', 'age', 'size', 'active', 'activeBp', 'earned', 'redeemed', 'sold'],
  campaigns: ['campaign', 'arm', 'members', 'sales', 'sold', 'refunded', 'spentPerMember', 'points', 'reversed'],
  effects: [
    'campaign',
    'of',
    'given',
    'heldOut',
    'perGiven',
    'perHeldOut',
    'difference',
    'low',
    'high',
    'inAll',
    'verdict',
  ],
  rewards: ['reward', 'redemptions', 'points'],
  deliveries: ['of', 'connector', ...DELIVERY_MEASURES],
};

function rowsOf(request: ReportRequest, material: Material, program: Program): Row[] {
  const { name, from, to, by = 'day' } = request;
  const { tallies } = material;
  const money = (minor: number) => formatAmount(minor, program.currency);
  const inside = tallies.filter(({ day }) => from <= day && day <= to);
  switch (name) {
    case 'points':
      return grouped(inside, by).map(([of, sum]) => ({
        [by]: of,
        issued: sum('issued'),
        redeemed: sum('redeemed'),
        expired: sum('expired'),
        reversed: sum('reversed'),
        returned: sum('returned'),
        adjusted: sum('adjusted'),
        declined: sum('declined'),
        opened: sum('opened'),
        moved: sum('moved'),
        change: sum('outstanding'),
        sales: sum('sales'),
        sold: money(sum('netMinor')),
        refunded: money(sum('refundedMinor')),
      }));
    case 'redemptions':
      return grouped(inside, by)
        .map(([of, sum]) => {
          const reversed = sum('reversed') + sum('declined');
          return {
            [by]: of,
            redemptions: sum('redemptions'),
            redeemed: sum('redeemed'),
            returned: sum('returned'),
            issued: sum('issued'),
            reversed,
            redeemedBp: share(sum('redeemed') - sum('returned'), sum('issued') - reversed),
          };
        })
        .filter(({ redemptions, issued }) => redemptions !== 0 || issued !== 0);
    case 'liability':
      return standings(request, tallies, 'outstanding').map(([of, outstanding]) => {
        const worth = worthMinor(outstanding, program);
        return { [by]: of, outstanding, worth: worth === undefined ? null : money(worth) };
      });
    case 'members': {
      const there = new Map(standings(request, tallies, 'joined'));
      const gone = new Map(standings(request, tallies, 'left'));
      const away = new Map(standings(request, tallies, 'lapsed'));
      const sums = new Map(grouped(inside, by));
      return [...there].map(([of, joined]) => {
        const sum = sums.get(of) ?? (() => 0);
        return {
          [by]: of,
          joined: sum('joined'),
          left: sum('left'),
          members: joined - (gone.get(of) ?? 0),
          active: sum(by === 'month' ? 'activeInMonth' : 'active'),
          // After how many days somebody counts as lapsed is the program's to say.
          lapsed: program.inactivity ? (away.get(of) ?? 0) : null,
          wonBack: program.inactivity ? sum('wonBack') : null,
        };
      });
    }
    case 'cohorts':
      return cohorts(tallies, request, money);
    case 'breakage':
      return breakage(tallies, request);
    case 'effects': {
      const measured = (material.campaigns ?? []).filter((one) => isMeasured(one, program, request));
      return effectsOf(
        measured,
        tallies.filter(({ day }) => day <= to),
        material.sides ?? {},
        program,
      );
    }
    case 'deliveries':
      return deliveries(material.deliveries ?? [], by);
    case 'campaigns':
      return grouped(inside, 'campaign').map(([of, sum]) => ({
        campaign: of.replace(/\/held$/, ''),
        arm: of.endsWith('/held') ? 'held-out' : 'given',
        members: sum('members'),
        sales: sum('sales'),
        sold: money(sum('netMinor')),
        refunded: money(sum('refundedMinor')),
        spentPerMember:
          sum('members') > 0 ? money(Math.round((sum('netMinor') - sum('refundedMinor')) / sum('members'))) : null,
        points: sum('issued'),
        reversed: sum('reversed'),
      }));
    case 'rewards':
      return grouped(inside, 'reward')
        .map(([reward, sum]) => ({ reward, redemptions: sum('redemptions'), points: sum('redeemed') }))
        .filter(({ redemptions }) => redemptions > 0)
        .sort((a, b) => b.redemptions - a.redemptions || a.reward.localeCompare(b.reward));
  }
}

type Sum = (measure: Measure) => number;

/** By name, in their order, the sums of the lines of each. */
function grouped(tallies: readonly Tally[], by: Grouping | 'of'): [of: string, sum: Sum][] {
  const lines = Map.groupBy(tallies, ({ day, of }) => (by === 'day' ? day : by === 'month' ? day.slice(0, 7) : of));
  return [...lines]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([of, those]) => [of, (measure) => those.reduce((sum, { amounts }) => sum + (amounts[measure] ?? 0), 0)]);
}

/** What stands at the end of each day, or of each month and the last day: the sum of all that came before. */
function standings(
  { from, to, by = 'day' }: ReportRequest,
  tallies: readonly Tally[],
  measure: keyof Amounts,
): [of: string, standing: number][] {
  const byDay = new Map(grouped(tallies, 'day').map(([day, sum]) => [day, sum(measure)]));
  let standing = 0;
  for (const [day, amount] of byDay) if (day < from) standing += amount;
  const found = new Map<string, number>();
  for (let day = from; day <= to; day = addDays(day, 1)) {
    standing += byDay.get(day) ?? 0;
    found.set(by === 'month' ? day.slice(0, 7) : day, standing);
  }
  return [...found];
}

type Money = (minor: number) => string;
const isInMonths = ({ day }: { readonly day: Day }, { from, to }: ReportRequest): boolean =>
  from.slice(0, 7) <= day.slice(0, 7) && day.slice(0, 7) <= to.slice(0, 7);

/** Of those who joined in a month, what they did in each month since. */
function cohorts(tallies: readonly Tally[], request: ReportRequest, money: Money): Row[] {
  return [...Map.groupBy(tallies, ({ of }) => of)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([cohort, lines]) => {
      const size = lines.reduce((sum, { amounts }) => sum + (amounts.joined ?? 0), 0);
      const inside = lines.filter((line) => isInMonths(line, request));
      return grouped(inside, 'month').map(([month, sum]) => ({
        cohort,
        month,
        age: monthsBetween(cohort, month),
        size,
        active: sum('activeInMonth'),
        activeBp: share(sum('activeInMonth'), size),
        earned: sum('issued') - sum('reversed') - sum('declined'),
        redeemed: sum('redeemed') - sum('returned'),
        sold: money(sum('netMinor') - sum('refundedMinor')),
      }));
    });
}

const monthsBetween = (from: string, to: string): number => {
  const [a, b] = [from, to].map((month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)));
  return (b ?? 0) - (a ?? 0);
};

/** Of a month's points as good as all have met their end when no more than this share of them is there still. */
const RUN_OFF_BP = 500;

/**
 * What the points that came in each month have become, as it stands at the end of the last month. What is there still is
 * expected to lapse as the points of the months that have run off did: so many of those that lapsed or were spent.
 */
function breakage(tallies: readonly Tally[], request: ReportRequest): Row[] {
  const known = tallies.filter(({ day }) => day.slice(0, 7) <= request.to.slice(0, 7));
  const months = grouped(known, 'of').map(([month, sum]) => {
    const issued = sum('issued') + sum('opened') + sum('adjusted') + sum('moved');
    const reversed = sum('reversed') + sum('declined');
    const redeemed = sum('redeemed') - sum('returned');
    const expired = sum('expired');
    return { month, issued, reversed, redeemed, expired, outstanding: issued - reversed - redeemed - expired };
  });
  // The oldest months, up to the first that has not run off: of later ones, those that were spent fast have done so first.
  const open = months.findIndex(
    ({ issued, reversed, outstanding }) => (share(outstanding, issued - reversed) ?? 0) > RUN_OFF_BP,
  );
  const runOff = open < 0 ? months : months.slice(0, open);
  const lapsed = runOff.reduce((sum, { expired }) => sum + expired, 0);
  const ended = runOff.reduce((sum, { expired, redeemed }) => sum + expired + redeemed, 0);
  const rate = ended > 0 ? lapsed / ended : undefined;
  return months
    .filter(({ month }) => isInMonths({ day: month }, request))
    .map((row) => {
      const left = row.issued - row.reversed;
      return {
        ...row,
        expiredBp: share(row.expired, left),
        expectedBp: rate === undefined ? null : share(row.expired + Math.max(0, row.outstanding) * rate, left),
      };
    });
}

function deliveries(lines: readonly DeliveryLine[], by: Grouping): Row[] {
  const of = ({ day }: DeliveryLine) => (by === 'month' ? day.slice(0, 7) : day);
  const groups = Map.groupBy(lines, (line) => `${of(line)} ${line.connector}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, those]) => {
      const [first] = those;
      if (!first) return [];
      const sum = (measure: DeliveryMeasure) => those.reduce((all, { amounts }) => all + (amounts[measure] ?? 0), 0);
      const counts = Object.fromEntries(DELIVERY_MEASURES.map((measure) => [measure, sum(measure)]));
      return [{ [by]: of(first), connector: first.connector, ...counts }];
    });
}

/** Basis points; `null` where there is nothing to share. */
const share = (part: number, whole: number): number | null => (whole > 0 ? Math.round((part * 10_000) / whole) : null);

export const csvOf = ({ columns, rows }: Pick<ReportTable, 'columns' | 'rows'>): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))].map(csvLine).join('');
