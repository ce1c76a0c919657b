import type { Day, Instant } from './account.ts';
import { addDays, dayIn } from './calendar.ts';
import type { Period } from './program/fields.ts';

/** Counters are kept under `<what>@<period>`: `daily@2026-03-10`, `weekly@2026-W11`, `monthly@2026-03`, `yearly@2026`, `once@`. */
export const counterOf = (what: string, per: Period, day: Day): string => `${what}@${periodOf(per, day)}`;

/** The stretch of the calendar that the day is in. */
export function periodOf(per: Period, day: Day): string {
  switch (per) {
    case 'day':
      return day;
    case 'week':
      return weekOf(day);
    case 'month':
      return day.slice(0, 7);
    case 'year':
      return day.slice(0, 4);
    case 'ever':
      return '';
  }
}

/** What is too much in a short time is counted by the hour (UTC's, which every zone can tell apart) or by the merchant's day. */
export const shortPeriodOf = (per: 'hour' | 'day', timeZone: string, at: Instant): string =>
  per === 'day' ? dayIn(timeZone, at) : new Date(at).toISOString().slice(0, 13);

/** ISO 8601: weeks begin on Monday, and belong to the year that has their Thursday. */
function weekOf(day: Day): string {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const thursday = addDays(day, 3 - weekday);
  const year = thursday.slice(0, 4);
  const days = (Date.parse(`${thursday}T00:00:00Z`) - Date.parse(`${year}-01-01T00:00:00Z`)) / 86_400_000;
  return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`;
}

/** How many periods of a kind an account remembers, by the length of their names: `2026-03-10T14`, `2026-03-10`, `2026-W11`, `2026-03`, `2026`. */
const REMEMBERED: Readonly<Record<number, number>> = { 13: 3, 10: 7, 8: 3, 7: 3, 4: 2, 0: 1 };

/** Forgets the oldest. What is reported for a period that is forgotten counts on the oldest that is remembered. */
export function remembered(counters: Readonly<Record<string, number>>): Record<string, number> {
  const byWhat = Map.groupBy(Object.keys(counters), (key) => key.slice(0, key.lastIndexOf('@')));
  const kept = [...byWhat.values()].flatMap((keys) => {
    const size = REMEMBERED[keys[0]?.slice(keys[0].lastIndexOf('@') + 1).length ?? 0] ?? 1;
    return keys.sort().slice(-size);
  });
  return Object.fromEntries(kept.map((key) => [key, counters[key] ?? 0]));
}

/** Under which counter something is counted: its own period's, or the oldest one's that is remembered once that is younger. */
export function countedUnder(counters: Readonly<Record<string, number>>, what: string, per: Period, day: Day): string {
  const own = counterOf(what, per, day);
  const there = Object.keys(counters)
    .filter((key) => key.startsWith(`${what}@`))
    .sort();
  const [oldest] = there;
  const full = there.length >= (REMEMBERED[periodOf(per, day).length] ?? 1);
  return full && oldest !== undefined && own < oldest ? oldest : own;
}
