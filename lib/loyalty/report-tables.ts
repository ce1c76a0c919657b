import type { Day } from './account.ts';
import { addDays } from './calendar.ts';
import { worthMinor } from './liability.ts';
import { formatAmount } from './money.ts';
import type { Program } from './program.ts';
import { csvLine } from './spreadsheet.ts';
import type { Amounts, Dimension, Measure, Tally } from './tally.ts';

/** What the sums of the read model say, as tables: for an answer, a spreadsheet or a terminal. */

export const REPORTS = ['points', 'liability', 'redemptions', 'members', 'cohorts', 'campaigns', 'rewards'] as const;
export type ReportName = (typeof REPORTS)[number];

export const GROUPINGS = ['day', 'month', 'source', 'location', 'staff', 'campaign', 'tier', 'reward'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** By what each can be told; the first where nothing is said. None: it has a form of its own. */
export const GROUPINGS_OF: Readonly<Record<ReportName, readonly Grouping[]>> = {
  points: GROUPINGS,
  redemptions: GROUPINGS,
  liability: ['day', 'month'],
  members: ['day', 'month'],
  cohorts: [],
  campaigns: [],
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

/** Which sums a report is made from, and from when on: what stands at a day's end is the sum of all days before. */
export function needsOf({ name, from, by }: ReportRequest): { readonly by: Dimension; readonly from?: Day } {
  switch (name) {
    case 'liability':
    case 'members':
      return { by: 'total' };
    case 'cohorts':
      return { by: 'cohort' };
    case 'campaigns':
      return { by: 'campaign', from };
    case 'rewards':
      return { by: 'reward', from };
    case 'points':
    case 'redemptions': {
      const grouping = by ?? 'day';
      return { by: grouping === 'day' || grouping === 'month' ? 'total' : grouping, from };
    }
  }
}

/** `tallies`: all that `needsOf` asks for. */
export function reportOf(request: ReportRequest, tallies: readonly Tally[], program: Program): ReportTable {
  const { name, from, to } = request;
  const by = request.by ?? GROUPINGS_OF[name][0];
  const rows = rowsOf({ ...request, by }, tallies, program);
  const columns = COLUMNS[name].map((column) => (column === 'of' ? (by ?? 'day') : column));
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
  ],
  liability: ['of', 'outstanding', 'worth'],
  redemptions: ['of', 'redemptions', 'redeemed', 'issued', 'redeemedBp'],
  members: ['of', 'joined', 'left', 'members', 'active'],
  cohorts: ['cohort', 'month', 'size', 'active', 'activeBp'],
  campaigns: ['campaign', 'arm', 'members', 'sales', 'sold', 'soldPerMember', 'points'],
  rewards: ['reward', 'redemptions', 'points'],
};

function rowsOf(request: ReportRequest, tallies: readonly Tally[], program: Program): Row[] {
  const { name, from, to, by = 'day' } = request;
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
      }));
    case 'redemptions':
      return grouped(inside, by)
        .map(([of, sum]) => ({
          [by]: of,
          redemptions: sum('redemptions'),
          redeemed: sum('redeemed'),
          issued: sum('issued'),
          redeemedBp: share(sum('redeemed'), sum('issued')),
        }))
        .filter(({ redemptions, issued }) => redemptions !== 0 || issued !== 0);
    case 'liability':
      return standings(request, tallies, 'outstanding').map(([of, outstanding]) => {
        const worth = worthMinor(outstanding, program);
        return { [by]: of, outstanding, worth: worth === undefined ? null : money(worth) };
      });
    case 'members': {
      const there = new Map(standings(request, tallies, 'joined'));
      const gone = new Map(standings(request, tallies, 'left'));
      const sums = new Map(grouped(inside, by));
      return [...there].map(([of, joined]) => {
        const sum = sums.get(of) ?? (() => 0);
        return {
          [by]: of,
          joined: sum('joined'),
          left: sum('left'),
          members: joined - (gone.get(of) ?? 0),
          active: sum(by === 'month' ? 'activeInMonth' : 'active'),
        };
      });
    }
    case 'cohorts':
      return cohorts(tallies, request);
    case 'campaigns':
      return grouped(inside, 'campaign').map(([of, sum]) => ({
        campaign: of.replace(/\/held$/, ''),
        arm: of.endsWith('/held') ? 'held-out' : 'given',
        members: sum('members'),
        sales: sum('sales'),
        sold: money(sum('netMinor')),
        soldPerMember: sum('members') > 0 ? money(Math.round(sum('netMinor') / sum('members'))) : null,
        points: sum('issued'),
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
function grouped(tallies: readonly Tally[], by: Grouping): [of: string, sum: Sum][] {
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

/** Of those who joined in a month, how many did something in each month since. */
function cohorts(tallies: readonly Tally[], { from, to }: ReportRequest): Row[] {
  return [...Map.groupBy(tallies, ({ of }) => of)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([cohort, lines]) => {
      const size = lines.reduce((sum, { amounts }) => sum + (amounts.joined ?? 0), 0);
      return grouped(
        lines.filter(({ day }) => from <= day && day <= to),
        'month',
      )
        .map(([month, sum]) => ({ cohort, month, size, active: sum('activeInMonth'), activeBp: null as Cell }))
        .map((row) => ({ ...row, activeBp: share(row.active, size) }))
        .filter(({ active }) => active > 0);
    });
}

/** Basis points; `null` where there is nothing to share. */
const share = (part: number, whole: number): number | null => (whole > 0 ? Math.round((part * 10_000) / whole) : null);

export const csvOf = ({ columns, rows }: Pick<ReportTable, 'columns' | 'rows'>): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))].map(csvLine).join('');
