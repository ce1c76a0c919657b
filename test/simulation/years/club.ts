import { Temporal } from 'temporal-polyfill';
import type { Day } from '../../../lib/loyalty/account.ts';
import { Program, type ProgramInput } from '../../../lib/loyalty/program.ts';
import { drawProgram } from '../program.ts';
import type { Chance } from '../random.ts';

/** Where the shop is, and when. All begin in the February of a year before a leap year. */
const PLACES = [
  { timeZone: 'Europe/Berlin', from: '2027-02-01' },
  { timeZone: 'Europe/Berlin', from: '2023-02-01' },
  // Most of a day there is the day before in UTC.
  { timeZone: 'Pacific/Auckland', from: '2023-02-01' },
  // Clocks went on at midnight: 18 October 2015, 16 October 2016 and 15 October 2017 began at one.
  { timeZone: 'America/Sao_Paulo', from: '2015-02-01' },
  // 28 April 2023, 26 April 2024 and 25 April 2025 began at one.
  { timeZone: 'Africa/Cairo', from: '2023-02-01' },
  // 31 March 2024 and 30 March 2025 began at one.
  { timeZone: 'Asia/Beirut', from: '2023-02-01' },
] as const;

const given = (activity: 'birthday' | 'anniversary' | 'monthly' | 'yearly', points: number) => ({
  id: activity,
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: [activity] }],
  multiplied: false,
  earn: { kind: 'flat' as const, points },
});

export interface Club {
  readonly program: Program;
  readonly from: Day;
  /** Connectors that are asked to warn of an expiry. */
  readonly remindsThrough: readonly string[];
}

/** A program in which time does all that it can; a place with its own clock. */
export function drawClub(chance: Chance): Club {
  const { timeZone, from } = chance.oneOf(PLACES);
  const drawn = drawProgram(chance);
  const year = Number(from.slice(0, 4)) + 1;
  const changes: Partial<ProgramInput> = {
    name: 'The club of many years',
    timeZone,
    startsOn: from,
    rules: [
      ...drawn.rules,
      given('birthday', 100),
      given('anniversary', 60),
      given('monthly', 10),
      given('yearly', 25),
    ],
    // Limits are a sale's: a birthday is not held against them.
    caps: [
      { id: 'daily', points: 400, per: 'day', rules: ['spend', 'evening'] },
      { id: 'visits', points: 15, per: 'week', rules: ['visit'] },
    ],
    expiry: chance.oneOf<ProgramInput['expiry']>([
      { kind: 'months', months: 6, until: 'end-of-month' },
      { kind: 'months', months: 4, until: 'day' },
      { kind: 'months', months: 9, until: 'end-of-quarter' },
      { kind: 'inactivity', months: 4, until: 'end-of-month' },
      { kind: 'inactivity', months: 3, until: 'day' },
      { kind: 'fixed', on: `${year}-02-29` },
    ]),
    expiryReminders: chance.oneOf([[30, 7, 1], [30, 7, 1], [14], [20, 3], []]),
    inactivity: { daysAfter: chance.oneOf([[30, 60, 90], [21, 100], [45]]) },
    // What is put aside for days comes back to dates that have been told of, or have passed.
    redemption: { ...drawn.redemption, holdMinutes: chance.oneOf([120, 5 * 24 * 60]) },
    milestones: [
      { id: 'purchases', of: 'purchases', every: 5 },
      { id: 'thousand', of: 'points', every: 500 },
      { id: 'visits', of: 'visits', at: 20 },
    ],
    leapDay: chance.oneOf(['feb-28', 'mar-1']),
    statements: true,
  };
  return {
    program: Program.parse({ ...drawn, ...changes }),
    from,
    remindsThrough: chance.oneOf([['sms'], ['sms'], ['sms', 'email'], []]),
  };
}

/** When it is that time of the day there; where clocks skip it, as much later. */
export const timeAt = (timeZone: string, day: Day, time: string): number =>
  Temporal.PlainDateTime.from(`${day}T${time}`).toZonedDateTime(timeZone).epochMilliseconds;
