import { Temporal } from 'temporal-polyfill';

/** Throws, saying why, on what EventBridge Scheduler would refuse, and on what is not known here. */
export type Expression =
  | { readonly kind: 'at'; readonly at: Temporal.PlainDateTime }
  | { readonly kind: 'rate'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly cron: Cron };

export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  isDay(date: Temporal.PlainDate): boolean;
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export function parseExpression(expression: string): Expression {
  const [, kind, argument = ''] = /^(at|rate|cron)\((.*)\)$/.exec(expression) ?? [];
  switch (kind) {
    case 'at':
      if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(argument))
        throw new Error(`at(yyyy-mm-ddThh:mm:ss) is the form, not ${expression}`);
      return { kind, at: Temporal.PlainDateTime.from(argument, { overflow: 'reject' }) };
    case 'rate': {
      const [, value = '', unit = '', plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(argument) ?? [];
      const isPlural = plural === 's';
      if (Number(value) < 1 || isPlural !== Number(value) > 1)
        throw new Error(`rate(1 minute), rate(5 hours), rate(2 days) are the form, not ${expression}`);
      return { kind, everyMs: Number(value) * (unitMs[unit] ?? 0) };
    }
    case 'cron':
      return { kind, cron: parseCron(argument, expression) };
    default:
      throw new Error(`at(…), rate(…) and cron(…) are the forms, not ${expression}`);
  }
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** AWS counts from Sunday, which is 1. */
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function parseCron(fields: string, expression: string): Cron {
  const parts = fields.trim().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = parts;
  const refuse = (why: string): never => {
    throw new Error(`${expression}: ${why}`);
  };
  if (parts.length !== 6) refuse('minutes, hours, day of month, month, day of week and year are needed');
  if ((day === '?') === (weekday === '?')) refuse('exactly one of day of month and day of week must be ?');
  const field = (text: string, low: number, high: number, names: readonly string[] = []) => {
    try {
      return parseField(text, low, high, names);
    } catch (error) {
      return refuse((error as Error).message);
    }
  };
  const inMonths = new Set(field(month, 1, 12, months));
  const inYears = new Set(field(year, 1970, 2199));
  const onWeekdays = weekday === '?' ? undefined : new Set(field(weekday, 1, 7, weekdays));
  const isLastDay = day === 'L';
  const onDays = day === '?' || isLastDay ? undefined : new Set(field(day, 1, 31));
  return {
    minutes: field(minute, 0, 59),
    hours: field(hour, 0, 23),
    isDay: (date) =>
      inYears.has(date.year) &&
      inMonths.has(date.month) &&
      (onDays?.has(date.day) ?? true) &&
      (!isLastDay || date.day === date.daysInMonth) &&
      // Temporal counts from Monday, which is 1, to Sunday, which is 7.
      (onWeekdays?.has((date.dayOfWeek % 7) + 1) ?? true),
  };
}

/** Lists of values, ranges and steps: `0,15-20,30/10`. In order, each once. */
function parseField(text: string, low: number, high: number, names: readonly string[]): number[] {
  const number = (part: string): number => {
    const named = names.indexOf(part.toUpperCase());
    const value = named >= 0 ? low + named : /^\d+$/.test(part) ? Number(part) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw new Error(`${JSON.stringify(part)} is not known to the local cloud as one of ${low} to ${high}`);
  };
  const values = text.split(',').flatMap((item) => {
    const [span = '', step] = item.split('/');
    const [from = '', to] = span.split('-');
    const start = span === '*' ? low : number(from);
    const end = to !== undefined ? number(to) : span === '*' || step !== undefined ? high : start;
    const by = step === undefined ? 1 : Number(step);
    if (!(Number.isInteger(by) && by >= 1) || end < start) throw new Error(`${JSON.stringify(item)} is no range`);
    return Array.from({ length: Math.floor((end - start) / by) + 1 }, (_, index) => start + index * by);
  });
  return [...new Set(values)].sort((a, b) => a - b);
}

/** The runs of a cron expression after `after`, up to and with `until`, in order. */
export function cronRuns({ minutes, hours, isDay }: Cron, timeZone: string, after: Date, until: Date): Date[] {
  const dayOf = (date: Date) =>
    Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const last = dayOf(until);
  const runs: Date[] = [];
  for (let day = dayOf(after); Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) {
    if (!isDay(day)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const run = instantOf(day.toPlainDateTime({ hour, minute }), timeZone);
        if (run !== undefined && run > after && run <= until) runs.push(run);
      }
    }
  }
  return runs;
}

/** A time that the clocks skip in spring has no run; one that they pass twice in autumn has one, the first. */
function instantOf(local: Temporal.PlainDateTime, timeZone: string): Date | undefined {
  const zoned = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return zoned.toPlainDateTime().equals(local) ? new Date(zoned.epochMilliseconds) : undefined;
}

/** A moment named by hand exists always: in the gap of spring, it is as much later as the clocks go forward. */
export const momentOf = (local: Temporal.PlainDateTime, timeZone: string): Date =>
  new Date(local.toZonedDateTime(timeZone, { disambiguation: 'compatible' }).epochMilliseconds);
