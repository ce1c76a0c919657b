import type { Day } from './account.ts';
import { dayIn } from './calendar.ts';
import type { Change } from './entry.ts';
import type { Program } from './program.ts';

/** What every decision is made with: nothing here asks a clock or a table. */
export interface Situation {
  readonly program: Program;
  readonly now: Date;
}

export const today = ({ program, now }: Situation): Day => dayIn(program.timeZone, now);

/** Leaves out what does not change: an entry says what it does, and stays small. */
export function sparse(change: Change): Change {
  const isNothing = (value: unknown): boolean =>
    value === undefined ||
    value === 0 ||
    (typeof value === 'object' && value !== null && Object.values(value).every((one) => one === 0));
  const kept = Object.entries(change).filter(([key, value]) => key === 'hold' || key === 'early' || !isNothing(value));
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      ['buckets', 'earnedByYear', 'cappedByDay'].includes(key)
        ? Object.fromEntries(Object.entries(value as Record<string, number>).filter(([, one]) => one !== 0))
        : value,
    ]),
  );
}
