import type { Account, Day } from './account.ts';
import { addDays, addMonths } from './calendar.ts';
import { minorDigits } from './money.ts';
import type { Program } from './program.ts';

type Tier = Program['tiers'][number];
type Standing = Pick<Account, 'window' | 'granted'>;

/** Under which key of the window a day counts. */
export const windowKey = ({ qualify }: Pick<Program, 'qualify'>, day: Day): string =>
  qualify.window.kind === 'calendar-year' ? day.slice(0, 4) : day.slice(0, 7);

/**
 * The tier is a function of what is in the window, never of the balance, and of a grant by staff. It is reached at once;
 * it is lost when neither the period that is running nor one of those that it is kept for reaches it any more.
 */
export function tierOf(program: Program, { window, granted }: Standing, today: Day): Tier {
  const { tiers, qualify } = program;
  let rank = 0;
  // A review is late by the days of grace: until then the periods are looked back on from where they were.
  for (const seen of [today, addDays(today, -qualify.graceDays)]) {
    for (let ago = 0; ago <= qualify.keep; ago += 1) rank = Math.max(rank, reached(program, window, seen, ago));
    if (!qualify.softLanding) continue;
    const soft = Math.max(1, qualify.keep);
    for (let ago = qualify.keep + 1; ago <= qualify.keep + soft; ago += 1)
      rank = Math.max(rank, reached(program, window, seen, ago) - 1);
  }
  if (granted && today <= granted.through)
    rank = Math.max(
      rank,
      tiers.findIndex(({ id }) => id === granted.tier),
    );
  const tier = tiers[rank];
  if (!tier) throw new Error('a program has a tier at least');
  return tier;
}

/** The rank that the window reached which ended so many periods ago. */
function reached(program: Program, window: Account['window'], day: Day, periodsAgo: number): number {
  const { tiers, qualify } = program;
  const keys =
    qualify.window.kind === 'calendar-year'
      ? [String(Number(day.slice(0, 4)) - periodsAgo)]
      : Array.from({ length: qualify.window.months }, (_, month) =>
          addMonths(`${day.slice(0, 7)}-01`, -periodsAgo - month).slice(0, 7),
        );
  const sum = keys.reduce((total, key) => total + (window[key] ?? 0), 0);
  return tiers.findLastIndex(({ from }) => sum >= thresholdOf(program, from));
}

/** Money is counted in minor units, and named in major ones. */
function thresholdOf({ qualify, currency }: Program, from: number): number {
  return qualify.by === 'spend' ? from * 10 ** minorDigits(currency) : from;
}

/** The next day on which the tier would be another one if nothing more happened; `undefined` when it stays for good. */
export function nextReviewOn(program: Program, standing: Standing, today: Day): Day | undefined {
  const now = tierOf(program, standing, today).id;
  if (now === program.tiers[0]?.id) return undefined;
  const { qualify } = program;
  const yearly = qualify.window.kind === 'calendar-year';
  const periods = 2 * Math.max(1, qualify.keep) + 1 + (qualify.window.kind === 'rolling' ? qualify.window.months : 0);
  const first = yearly ? `${today.slice(0, 4)}-01-01` : `${today.slice(0, 7)}-01`;
  const days = Array.from({ length: periods }, (_, at) =>
    addDays(addMonths(first, (at + 1) * (yearly ? 12 : 1)), qualify.graceDays),
  );
  if (standing.granted) days.push(addDays(standing.granted.through, 1));
  return days
    .filter((day) => day > today)
    .sort()
    .find((day) => tierOf(program, standing, day).id !== now);
}

/** Rewards that the member could not have had before and can have now. */
export function unlocked(
  program: Program,
  before: { readonly spendable: number; readonly tier: string },
  after: { readonly spendable: number; readonly tier: string },
): string[] {
  const can = (reward: Program['rewards'][number], at: typeof before) =>
    at.spendable >= reward.cost && hasTier(program, at.tier, reward.tier);
  return program.rewards.filter((reward) => can(reward, after) && !can(reward, before)).map((reward) => reward.id);
}

export function hasTier(program: Program, tier: string, needed: string | undefined): boolean {
  if (!needed) return true;
  const rank = (id: string) => program.tiers.findIndex((candidate) => candidate.id === id);
  return rank(tier) >= rank(needed);
}
