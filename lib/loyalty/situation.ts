import type { Day } from './account.ts';
import { dayIn } from './calendar.ts';
import type { Campaign } from './campaign.ts';
import type { Change } from './entry.ts';
import type { Program } from './program.ts';
import type { Person } from './segmenting.ts';

/** What every decision is made with: nothing here asks a clock or a table. */
export interface Situation {
  readonly program: Program;
  readonly now: Date;
  /** What the member is tagged with; asked for only where the program has a word about it. */
  readonly memberTags?: readonly string[];
  /** Those that are planned, on, or were on a while ago: which one counts is a question of when it happened. */
  readonly campaigns?: readonly Campaign[];
  /** Who the member is; asked for only where a campaign has a word about it. */
  readonly person?: Person;
  /** Rule → how much of its budget was put aside for this entry. A rule with a budget that is not named has none left. */
  readonly budgets?: Readonly<Record<string, number>>;
  /** Why somebody should look at this before its points can be spent. */
  readonly flags?: readonly string[];
}

export const today = ({ program, now }: Situation): Day => dayIn(program.timeZone, now);

const DELTAS: ReadonlySet<string> = new Set(['buckets', 'lots', 'window', 'counters']);

/** Leaves out what does not change: an entry says what it does, and stays small. */
export function sparse(change: Change): Change {
  const kept = Object.entries(change).flatMap(([key, value]) => {
    if (value === undefined || value === 0) return [];
    if (!DELTAS.has(key)) return [[key, value] as const];
    const deltas = Object.entries(value as Record<string, number>).filter(([, delta]) => delta !== 0);
    return deltas.length === 0 ? [] : [[key, Object.fromEntries(deltas)] as const];
  });
  return Object.fromEntries(kept);
}
