import type { Account, Day } from './account.ts';
import { yearOf } from './calendar.ts';
import type { Program } from './program.ts';

type Tier = Program['tiers'][number];

/**
 * The tier is a function of what was earned in this calendar year or the last, never of the balance: it is reached at
 * once and kept until the end of the year after.
 */
export function tierOf(program: Program, earnedByYear: Account['earnedByYear'], today: Day): Tier {
  const year = yearOf(today);
  const window = Math.max(earnedByYear[year] ?? 0, earnedByYear[String(Number(year) - 1)] ?? 0);
  const reached = program.tiers.findLast((tier) => window >= tier.from) ?? program.tiers[0];
  if (!reached) throw new Error('a program has a tier at least');
  return reached;
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
