import type { Account } from './account.ts';
import type { Program } from './program.ts';

/** A count that was reached, once: a purchase that goes back and is made again reaches nothing new. */
export interface Reached {
  readonly id: string;
  readonly of: Program['milestones'][number]['of'];
  readonly count: number;
}

/** What an entry adds to what milestones count. */
export interface Steps {
  readonly visits: number;
  readonly purchases: number;
  readonly points: number;
}

const counterOf = (id: string): string => `milestone:${id}@`;

/** Of several that are passed at once, the highest is told. */
export function milestonesReached(account: Account, steps: Steps, { milestones }: Pick<Program, 'milestones'>) {
  const reached: Reached[] = [];
  const counters: Record<string, number> = {};
  const has = { visits: account.visits, purchases: account.purchases, points: account.lifetime };
  for (const { id, of, every, at } of milestones) {
    const after = has[of] + steps[of];
    const count = at ?? Math.floor(after / (every ?? 1)) * (every ?? 1);
    const told = account.counters[counterOf(id)] ?? 0;
    if (count <= 0 || count > after || count <= has[of] || count <= told) continue;
    reached.push({ id, of, count });
    counters[counterOf(id)] = count - told;
  }
  return { reached, counters };
}
