import type { Day, Instant } from './account.ts';
import { addDays, addMonths, dayIn } from './calendar.ts';
import type { Draft } from './entry.ts';
import type { ActivityFact } from './facts.ts';
import { OURSELVES } from './own-activities.ts';
import type { Program } from './program.ts';

/** Days of the year that come round, whatever the member does. */

/** `MM-DD`: of a birthday, or of the day on which somebody joined. */
export type Anniversary = string;

export const anniversaryOf = (day: Day): Anniversary => day.slice(5);

/** Whose day it is: in a year without a 29 February, theirs is the day before or the day after, as the program says. */
export function keptOn(day: Day, leapDay: Program['leapDay']): readonly Anniversary[] {
  const own = anniversaryOf(day);
  const stands = leapDay === 'feb-28' ? '02-28' : '03-01';
  return own === stands && !hasLeapDay(day) ? [own, '02-29'] : [own];
}

const hasLeapDay = (day: Day): boolean => addDays(`${day.slice(0, 4)}-02-28`, 1).endsWith('02-29');

/** How many years it has been on that day, when that day is one on which it is kept. */
export function yearsOn(day: Day, since: Day, leapDay: Program['leapDay']): number | undefined {
  if (!keptOn(day, leapDay).includes(anniversaryOf(since))) return undefined;
  const years = Number(day.slice(0, 4)) - Number(since.slice(0, 4));
  return years > 0 ? years : undefined;
}

/** First days of the months or years that have begun after the one day and through the other. */
export function beginnings(per: 'month' | 'year', after: Day, through: Day): readonly Day[] {
  const days: Day[] = [];
  const [first, months] = per === 'month' ? [`${after.slice(0, 7)}-01`, 1] : [`${after.slice(0, 4)}-01-01`, 12];
  for (let day = addMonths(first, months); day <= through; day = addMonths(day, months)) days.push(day);
  return days;
}

/**
 * Something of that day, told at `now`: now, or in the middle of that day where it was found later. There is no hour that
 * every day has in every zone, but one of these two is in the middle of it.
 */
export function timeOn(day: Day, { timeZone }: Pick<Program, 'timeZone'>, now: Date): Instant {
  if (dayIn(timeZone, now) === day) return now.toISOString();
  const noon = `${day}T12:00:00.000Z`;
  return dayIn(timeZone, noon) === day ? noon : `${day}T00:00:00.000Z`;
}

/** What time itself brings; `once` says how often: `2026` for once a year. It is once for the person, whatever is merged. */
export const broughtByTime = (
  activity: 'birthday' | 'anniversary' | 'monthly' | 'yearly' | 'inactive',
  memberId: string,
  {
    once,
    occurredAt,
    ...more
  }: { readonly once: string; readonly occurredAt: Instant; readonly years?: number; readonly daysAway?: number },
): ActivityFact => ({
  type: 'activity',
  factId: `${OURSELVES}:${activity}:${memberId}:${once}`,
  occurredAt,
  source: OURSELVES,
  identities: [{ type: 'member', value: memberId }],
  activity,
  activityId: once,
  ...more,
});

/**
 * A month or a year that brings a member nothing is no entry, nor is an offer to somebody who stays away; a birthday is
 * one, since it is greeted.
 */
export const isEmptyRound = ({ detail }: Pick<Draft, 'detail'>): boolean =>
  detail.kind === 'activity' && ROUNDS.has(detail.activity) && detail.earned === 0;

const ROUNDS: ReadonlySet<string> = new Set(['monthly', 'yearly', 'inactive']);

const BY_TIME: ReadonlySet<string> = new Set(['birthday', 'anniversary', 'monthly', 'yearly', 'inactive']);

/** Whether the member did something, which keeps points alive; a birthday comes to those too who have long been gone. */
export const isDeed = (activity: string): boolean => !BY_TIME.has(activity);
