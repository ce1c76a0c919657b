import { dayIn } from './calendar.ts';
import type { Campaign } from './campaign.ts';
import { isHeldOut } from './campaigning.ts';
import { formatAmount } from './money.ts';
import type { Program } from './program.ts';
import { type Interval, meansApart, type Sums, sharesApart } from './statistics.ts';
import type { Amounts, Measure, Summary, Tally } from './tally.ts';

/**
 * What a campaign has changed: all members, divided by the lot that put some into its hold-out, and what the one side did
 * while it was on against what the other did. Everybody counts, who came and who did not, who was meant by it and who was
 * not: only so are the two sides alike but for the campaign.
 */

/** How many members are on either side of a campaign. `undefined`: there was no time to count them. */
export type Sides = Readonly<Record<string, { readonly given: number; readonly held: number } | undefined>>;

export const EFFECTS = ['came', 'spent', 'purchases', 'visits', 'points'] as const;
export const VERDICTS = ['more', 'less', 'no-difference-seen', 'too-few-to-tell', 'too-many-to-count'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Below this an interval would say more than is known. Who bought nothing has nothing to vary: some have to come. */
export const MEMBERS_MIN = 30;
export const CAME_MIN = 10;

/** Those whose effect can be seen in a report of these days. */
export const isMeasured = (
  { startsAt, endsAt, holdOutBp }: Campaign,
  { timeZone }: Pick<Program, 'timeZone'>,
  { from, to }: { readonly from: string; readonly to: string },
): boolean => holdOutBp > 0 && dayIn(timeZone, startsAt) <= to && dayIn(timeZone, endsAt) >= from;

/** Whether a member belongs to a campaign's two sides at the end of a day: there before its end, and not gone before it began. */
export function sideOf(
  campaign: Campaign,
  { memberId, joinedOn, leftOn }: Pick<Summary, 'memberId' | 'joinedOn' | 'leftOn'>,
  { timeZone }: Pick<Program, 'timeZone'>,
  to: string,
): 'given' | 'held' | undefined {
  const last = dayIn(timeZone, campaign.endsAt);
  if (joinedOn > (last < to ? last : to)) return undefined;
  if (leftOn !== undefined && leftOn < dayIn(timeZone, campaign.startsAt)) return undefined;
  return isHeldOut(campaign, memberId) ? 'held' : 'given';
}

/** `tallies`: those of campaigns, since the beginning. */
export function effectsOf(
  campaigns: readonly Campaign[],
  tallies: readonly Tally[],
  sides: Sides,
  program: Program,
): Readonly<Record<string, string | number | null>>[] {
  const arms = Map.groupBy(tallies, ({ of }) => of);
  const sumsOf = (arm: string) => {
    const lines = arms.get(arm) ?? [];
    return (measure: Measure) =>
      lines.reduce((sum, { amounts }: { amounts: Amounts }) => sum + (amounts[measure] ?? 0), 0);
  };
  return [...campaigns]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap(({ id }) => {
      const size = sides[id];
      const [given, held] = [sumsOf(id), sumsOf(`${id}/held`)];
      return EFFECTS.map((of) => {
        const row = { campaign: id, of, given: size?.given ?? null, heldOut: size?.held ?? null };
        if (!size) return { ...row, ...UNTOLD, verdict: 'too-many-to-count' };
        const few =
          Math.min(size.given, size.held) < MEMBERS_MIN || Math.min(given('members'), held('members')) < CAME_MIN;
        const [a, b] = [sample(given, of, size.given), sample(held, of, size.held)];
        const shown = SHOWN[of](program);
        const each = (count: number, { sum }: Sums) => (count > 0 ? shown(sum / count) : null);
        const means = { perGiven: each(size.given, a), perHeldOut: each(size.held, b) };
        if (few) return { ...row, ...UNTOLD, ...means, verdict: 'too-few-to-tell' };
        const apart =
          of === 'came' ? sharesApart({ of: a.sum, count: a.count }, { of: b.sum, count: b.count }) : meansApart(a, b);
        return {
          ...row,
          ...means,
          difference: shown(apart.difference),
          low: shown(apart.low),
          high: shown(apart.high),
          inAll:
            of === 'came'
              ? Math.round(apart.difference * size.given)
              : WHOLE[of](program)(apart.difference * size.given),
          verdict: verdictOf(apart),
        };
      });
    });
}

const UNTOLD = { perGiven: null, perHeldOut: null, difference: null, low: null, high: null, inAll: null };

/** An interval that ends at nothing does not leave it out. */
const verdictOf = ({ low, high }: Interval): Verdict => (low > 0 ? 'more' : high < 0 ? 'less' : 'no-difference-seen');

type Sum = (measure: Measure) => number;

/** Sums are whole numbers and exact; squares are, to the digits that a number has. */
function sample(sum: Sum, of: (typeof EFFECTS)[number], count: number): Sums {
  switch (of) {
    case 'came':
      return { count, sum: sum('members'), squares: sum('members') };
    case 'spent':
      return {
        count,
        sum: sum('netMinor') - sum('refundedMinor'),
        squares: sum('spentSquaredBillions') * 1e9 + sum('spentSquared'),
      };
    case 'purchases':
      return { count, sum: sum('purchases'), squares: sum('purchasesSquared') };
    case 'visits':
      return { count, sum: sum('visits'), squares: sum('visitsSquared') };
    case 'points':
      return { count, sum: sum('earned'), squares: sum('earnedSquaredBillions') * 1e9 + sum('earnedSquared') };
  }
}

type Show = (program: Program) => (value: number) => string | number;
const thousandths: Show = () => (value) => Math.round(value * 1_000) / 1_000;
const money: Show =
  ({ currency }) =>
  (value) =>
    formatAmount(Math.round(value), currency);

/** For each member: shares in basis points, money to the smallest coin, the rest to three digits. */
const SHOWN: Readonly<Record<(typeof EFFECTS)[number], Show>> = {
  came: () => (value) => Math.round(value * 10_000),
  spent: money,
  purchases: thousandths,
  visits: thousandths,
  points: thousandths,
};
const WHOLE: Readonly<Record<Exclude<(typeof EFFECTS)[number], 'came'>, Show>> = {
  spent: money,
  purchases: () => Math.round,
  visits: () => Math.round,
  points: () => Math.round,
};
