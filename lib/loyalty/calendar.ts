import type { Day, Instant } from './account.ts';

/**
 * Calendar arithmetic in the merchant's zone. `Intl` and UTC dates do all that is needed here; the tests hold every
 * function against Temporal, which would add a third to the size of each function's bundle.
 */

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The day on which this instant falls in the zone. */
export function dayIn(zone: string, at: Instant | Date): Day {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
    formatters.set(zone, formatter);
  }
  return formatter.format(typeof at === 'string' ? new Date(at) : at);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight in the zone. */
export function minuteIn(zone: string, at: Instant | Date): number {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    clocks.set(zone, clock);
  }
  const [hour = '0', minute = '0'] = clock.format(typeof at === 'string' ? new Date(at) : at).split(':');
  return Number(hour) * 60 + Number(minute);
}

export function addDays(day: Day, days: number): Day {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The same day so many months on; the month's last day where it has no such day (31 January + 1 → 28 February). */
export function addMonths(day: Day, months: number): Day {
  const [year, month, date] = split(day);
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = lastDate(first.getUTCFullYear(), first.getUTCMonth() + 1);
  first.setUTCDate(Math.min(date, last));
  return first.toISOString().slice(0, 10);
}

export function endOfMonth(day: Day): Day {
  const [year, month] = split(day);
  return `${day.slice(0, 8)}${String(lastDate(year, month)).padStart(2, '0')}`;
}

export const yearOf = (day: Day): string => day.slice(0, 4);

const lastDate = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

function split(day: Day): [year: number, month: number, date: number] {
  return [Number(day.slice(0, 4)), Number(day.slice(5, 7)), Number(day.slice(8, 10))];
}
