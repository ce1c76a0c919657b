import type { Day, Instant } from './account.ts';

/**
 * Calendar arithmetic in the merchant's zone. `Intl` and UTC dates do all that is needed here; the tests hold every
 * function against Temporal, which would add a third to the size of each function's bundle.
 */

/** The day on which this instant falls in the zone. */
export const dayIn = (zone: string, at: Instant | Date): Day => quarterOf(zone, millisOf(at)).day;

/** Minutes since midnight in the zone. */
export function minuteIn(zone: string, at: Instant | Date): number {
  const millis = millisOf(at);
  return quarterOf(zone, millis).minute + Math.floor((millis - Math.floor(millis / QUARTER_MS) * QUARTER_MS) / 60_000);
}

const millisOf = (at: Instant | Date): number => (typeof at === 'string' ? Date.parse(at) : at.getTime());

interface Quarter {
  readonly day: Day;
  /** Minutes since midnight when it begins. */
  readonly minute: number;
}

const QUARTER_MS = 15 * 60_000;
const QUARTERS_MAX = 1_000;

const zones = new Map<string, { readonly formatter: Intl.DateTimeFormat; readonly quarters: Map<number, Quarter> }>();

/** Made once, since `Intl` takes its time over it; throws where it knows no such zone. */
function zoneOf(name: string) {
  const known = zones.get(name);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat('en-CA', {
    timeZone: name,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const zone = { formatter, quarters: new Map<number, Quarter>() };
  zones.set(name, zone);
  return zone;
}

export function isZone(name: string): boolean {
  try {
    return zoneOf(name) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Since 1972 all midnights and all changes of a clock fall on full quarters of an hour: what `Intl` says of one instant,
 * and takes its time over, holds for its quarter. A decision asks a dozen times, mostly for the same.
 */
function quarterOf(zone: string, millis: number): Quarter {
  const { formatter, quarters } = zoneOf(zone);
  const at = Math.floor(millis / QUARTER_MS);
  let quarter = quarters.get(at);
  if (!quarter) {
    // `2026-03-10, 15:45`
    const text = formatter.format(at * QUARTER_MS);
    quarter = { day: text.slice(0, 10), minute: Number(text.slice(12, 14)) * 60 + Number(text.slice(15, 17)) };
    if (quarters.size >= QUARTERS_MAX) quarters.clear();
    quarters.set(at, quarter);
  }
  return quarter;
}

/** Whether there is such a day: 31 February is none, though JavaScript makes one of March of it. */
export function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

export function addDays(day: Day, days: number): Day {
  if (days === 0) return day;
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

const lastDate = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

function split(day: Day): [year: number, month: number, date: number] {
  return [Number(day.slice(0, 4)), Number(day.slice(5, 7)), Number(day.slice(8, 10))];
}
