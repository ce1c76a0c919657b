import { addDays, dayIn, minuteIn } from './calendar.ts';

/** `HH:MM`, on the clock of whoever is not to be disturbed. From evening to morning, or within a day. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** The next moment at which somebody in that zone may be written to: now, outside quiet hours. */
export function decentTime(now: Date, zone: string, { from, to }: QuietHours): Date {
  const [quiet, decent, minute] = [minutesOf(from), minutesOf(to), minuteIn(zone, now)];
  const isQuiet = quiet < decent ? minute >= quiet && minute < decent : minute >= quiet || minute < decent;
  if (!isQuiet) return now;
  const whole = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  const then = whole + ((decent - minute + DAY_MINUTES) % DAY_MINUTES) * MINUTE_MS;
  // In the night in which clocks change it is an hour off.
  const off = decent - minuteIn(zone, new Date(then));
  return new Date(then + off * MINUTE_MS);
}

/** The end of the day in the zone: the first moment of the next one. */
export function endOfDay(zone: string, day: string): Date {
  const next = addDays(day, 1);
  let at = Date.parse(`${next}T00:00:00Z`);
  // A zone is up to fourteen hours off; from there, what its own clock says leads to midnight.
  for (let step = 0; step < 3; step += 1) {
    const there = new Date(at);
    const days = (Date.parse(dayIn(zone, there)) - Date.parse(next)) / (DAY_MINUTES * MINUTE_MS);
    const off = days * DAY_MINUTES + minuteIn(zone, there);
    if (off === 0) break;
    at -= off * MINUTE_MS;
  }
  // Where clocks go on at midnight, the day begins an hour later by its own clock.
  while (dayIn(zone, new Date(at)) < next) at += 15 * MINUTE_MS;
  return new Date(at);
}
