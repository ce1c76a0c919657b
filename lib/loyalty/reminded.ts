import type { Buckets, Day } from './account.ts';
import { NO_POINTS, type Points, points } from './points.ts';

/** What a member has been told about points that have a last day. */
export interface Reminder {
  /** So many days before, as the program's ladder says. */
  readonly rung: number;
  /** Told of, and still there: points that come into the date later, or come back, have not been spoken of. */
  readonly points: Points;
  /** The entry that asked for the message. */
  readonly entry: string;
  /** Channels that were asked and have not said what became of it. Absent: it is known. */
  readonly waits?: readonly string[];
  readonly told?: 'sent' | 'impossible';
  /** The day on which that became known. */
  readonly on?: Day;
}

export type Reminders = Readonly<Record<Day, Reminder>>;

/** Asks channels to tell a member of these dates. Nobody to ask: it is impossible, and known at once. */
export interface Reminding {
  readonly dates: Readonly<Record<Day, Pick<Reminder, 'rung' | 'points'>>>;
  readonly asked: readonly string[];
  readonly on: Day;
}

/** What one channel made of a reminder. */
export interface ReminderTold {
  readonly entry: string;
  readonly by: string;
  readonly outcome: 'sent' | 'impossible';
  readonly on: Day;
}

/** What has been said once an entry is posted: `entry` is its id, `buckets` what is there after it. */
export function remindersAfter(
  before: Reminders = {},
  change: { readonly reminds?: Reminding; readonly reminderTold?: ReminderTold },
  buckets: Buckets,
  entry: string,
): Reminders | undefined {
  const { reminds, reminderTold } = change;
  const next: Record<Day, Reminder> = {};
  for (const [date, reminder] of Object.entries(before)) {
    const left = Math.min(reminder.points, buckets[date] ?? NO_POINTS);
    if (left > 0) next[date] = { ...answered(reminder, reminderTold), points: points(left) };
  }
  for (const [date, said] of Object.entries(reminds?.dates ?? {}))
    next[date] = {
      ...said,
      entry,
      ...(reminds && reminds.asked.length > 0
        ? { waits: reminds.asked }
        : { told: 'impossible', ...(reminds && { on: reminds.on }) }),
    };
  return Object.keys(next).length > 0 ? next : undefined;
}

/** One channel that has sent it is enough; that it could not be is only known once all have said so. */
function answered(reminder: Reminder, told: ReminderTold | undefined): Reminder {
  if (!told || told.entry !== reminder.entry || !reminder.waits?.includes(told.by)) return reminder;
  const { waits, ...rest } = reminder;
  const others = waits.filter((one) => one !== told.by);
  if (told.outcome === 'impossible' && others.length > 0) return { ...reminder, waits: others };
  return { ...rest, told: told.outcome, on: told.on };
}
