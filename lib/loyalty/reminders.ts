import { type Account, type Buckets, type Day, NEVER } from './account.ts';
import { byDate, minus, plus } from './buckets.ts';
import { addDays } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import type { ReminderFact } from './facts.ts';
import { type Points, points } from './points.ts';
import type { Program } from './program.ts';
import type { Reminder } from './reminded.ts';
import { type Situation, sparse, today } from './situation.ts';

/**
 * No reminder, no expiry: points lapse only when their last reminder was sent in time, or could not be. A date that
 * passes before that is put off, so that what a member is told of can be spent until the day that the message names.
 */

/** Days before, the first reminder first. */
export const ladderOf = ({ expiryReminders }: Pick<Program, 'expiryReminders'>): readonly number[] =>
  [...new Set(expiryReminders)].sort((a, b) => b - a);

/**
 * Reminders may come a quarter earlier than they must, so that dates close to each other are told of together: five
 * weeks of daily purchases are not thirty messages.
 */
const slack = (rung: number): number => Math.floor(rung / 4);

const dated = (buckets: Buckets): readonly (readonly [Day, Points])[] =>
  byDate(buckets).filter(([date, amount]) => date !== NEVER && amount > 0);

type Reminded = Pick<Account, 'buckets' | 'reminders'>;

/** Whether the journal has the proof that they may lapse once their day is over. */
function mayLapse(reminder: Reminder | undefined, date: Day, amount: Points, ladder: readonly number[]): boolean {
  const last = ladder.at(-1);
  if (last === undefined) return true;
  if (!reminder || reminder.rung > last || amount > reminder.points) return false;
  return reminder.told === 'impossible' || (reminder.told === 'sent' && (reminder.on ?? date) < date);
}

/** The account as an expiry may see it: without what nobody has been warned of. */
export function lapsable<Kind extends Reminded>(account: Kind, program: Pick<Program, 'expiryReminders'>): Kind {
  const ladder = ladderOf(program);
  if (ladder.length === 0) return account;
  const buckets = Object.fromEntries(
    Object.entries(account.buckets).filter(([date, amount]) =>
      mayLapse(account.reminders?.[date], date, amount, ladder),
    ),
  );
  return { ...account, buckets };
}

/** The first day on which a date of these points wants something done: a reminder, or its end. */
export function nextLook(
  { buckets, reminders = {} }: Reminded,
  program: Pick<Program, 'expiryReminders'>,
): Day | undefined {
  const ladder = ladderOf(program);
  const looks = dated(buckets).map(([date, amount]) => {
    const reminder = reminders[date];
    const next = reminder ? ladder.find((rung) => rung < reminder.rung) : ladder[0];
    if (next !== undefined) return addDays(date, -next);
    // After the last reminder points have come that it did not speak of.
    const more = reminder !== undefined && amount > reminder.points;
    return addDays(date, more ? -(ladder.at(-1) ?? 0) : 1);
  });
  return looks.sort()[0];
}

/** What a member is to be told today: one message about all dates that want one; `undefined` when none does. */
export function decideReminder(account: Account, asked: readonly string[], situation: Situation): Draft | undefined {
  const ladder = ladderOf(situation.program);
  const last = ladder.at(-1);
  const on = today(situation);
  if (last === undefined || account.mergedInto) return undefined;
  const put = asked.length > 0 ? putOff(account, ladder, on) : {};
  const buckets = plus(account.buckets, put);
  const wants = (date: Day, amount: Points, early: boolean): number | undefined => {
    const days = daysBetween(on, date);
    const rung = ladder.findLast((one) => days <= one + (early ? slack(one) : 0));
    if (rung === undefined) return undefined;
    const reminder = account.reminders?.[date];
    if (!reminder || rung < reminder.rung) return rung;
    if (reminder.rung > last) return undefined;
    return amount > reminder.points || (days < 0 && !mayLapse(reminder, date, amount, ladder)) ? last : undefined;
  };
  const all = dated(buckets);
  if (!all.some(([date, amount]) => wants(date, amount, false) !== undefined)) return undefined;
  const dates: Record<Day, { rung: number; points: Points }> = {};
  for (const [date, amount] of all) {
    const rung = wants(date, amount, true);
    if (rung !== undefined) dates[date] = { rung, points: amount };
  }
  const days = Object.keys(dates).sort();
  const [first = on, through = first] = [days[0], days.at(-1)];
  const told = points(Object.values(dates).reduce((sum, one) => sum + one.points, 0));
  return {
    key: keyOf('sweep', on, 'remind'),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['remind', on]),
    detail: {
      kind: 'reminded',
      points: told,
      on: first,
      through,
      daysBefore: daysBetween(on, first),
      last: Object.values(dates).some(({ rung }) => rung === last),
      asked,
    },
    change: sparse({ buckets: put, reminds: { dates, asked, on } }),
    trace: [{ step: asked.length > 0 ? 'reminded' : 'nobody-to-remind', points: told }],
  };
}

/** What has passed without its last reminder gets a new last day: as far ahead as that reminder should have come. */
function putOff({ buckets, reminders }: Account, ladder: readonly number[], on: Day): Buckets {
  const to = addDays(on, ladder.at(-1) ?? 0);
  const passed = dated(buckets).filter(
    ([date, amount]) => date < on && !mayLapse(reminders?.[date], date, amount, ladder),
  );
  const sum = points(passed.reduce((total, [, amount]) => total + amount, 0));
  return sum === 0 ? {} : minus({ [to]: sum }, Object.fromEntries(passed));
}

/** A channel says what became of a reminder; `undefined` when nobody waits for its word any more. */
export function decideReminderTold(account: Account, fact: ReminderFact, situation: Situation): Draft | undefined {
  const { entryId: entry, source: by, outcome, because } = fact;
  const waiting = Object.entries(account.reminders ?? {}).filter(
    ([, reminder]) => reminder.entry === entry && reminder.waits?.includes(by),
  );
  if (waiting.length === 0) return undefined;
  return {
    key: keyOf('sweep', entry, `reminder-told:${by}`),
    source: 'sweep',
    occurredAt: fact.occurredAt,
    tier: account.tier,
    fingerprint: fingerprint(['reminder-told', entry, by]),
    detail: { kind: 'reminder-told', reminder: entry, by, outcome, ...(because !== undefined && { because }) },
    change: { reminderTold: { entry, by, outcome, on: today(situation) } },
    trace: [{ step: outcome === 'sent' ? 'reminder-sent' : 'reminder-impossible', rule: by }],
  };
}

const DAY_MS = 86_400_000;
const daysBetween = (from: Day, to: Day): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
