import type { Account, Day } from '../../../lib/loyalty/account.ts';
import { addDays, addMonths, dayIn, endOfMonth } from '../../../lib/loyalty/calendar.ts';
import { type Entry, entryIdOf } from '../../../lib/loyalty/entry.ts';
import type { Dated, Duty } from '../../../lib/runtime/sweeps.ts';
import type { Club } from './club.ts';
import type { BirthdayFrom, Person } from './people.ts';

/** The days on whose evening nothing was left to do of a duty, in their order. */
export type Clean = Readonly<Record<Duty | Dated, Day[]>>;

/** What the channels really did: `<entry> <channel>` → what, and when. */
export type Postbox = Map<string, { readonly outcome: 'sent' | 'impossible' | undefined; readonly at: number }>;

export interface Asked {
  readonly club: Club;
  readonly person: Person | undefined;
  readonly journal: readonly Entry[];
  readonly account: Account;
  readonly clean: Clean;
  readonly postbox: Postbox;
  readonly through: Day;
}

/** The latest that a message was on its way. */
const LATE_DAYS = 5;

/** Of one member's journal: every promise that is about time. From what entries say and what really happened, not from the rules that made them. */
export function promisesOfTime(asked: Asked): string[] {
  const { person } = asked;
  if (!person) return [`promise 1: ${asked.account.memberId} has an account and never joined`];
  const faults = [
    ...warned(asked),
    ...inTime(asked),
    ...leftOver(asked),
    ...birthdays(asked, person),
    ...anniversaries(asked, person),
    ...rounds(asked, person),
    ...statements(asked, person),
    ...absences(asked),
    ...milestones(asked),
  ];
  return faults.map((fault) => `time: ${person.memberId}: ${fault}`);
}

/** The first day from then on on which a duty was done. */
const doneFrom = (days: readonly Day[], from: Day): Day | undefined => days.find((day) => day >= from);

const bookedOn = ({ club }: Asked, entry: Entry): Day => dayIn(club.program.timeZone, entry.recordedAt);

interface Told {
  readonly entry: string;
  readonly last: boolean;
  readonly asked: readonly string[];
  points: number;
}

/** No points lapse of which the member was not told in time, by a message that was really sent, or really could not be. */
function* warned(asked: Asked): Generator<string> {
  const { club, journal, postbox } = asked;
  const ladder = club.program.expiryReminders;
  const last = Math.min(...ladder);
  const buckets: Record<string, number> = {};
  const told: Record<Day, Told> = {};
  /** Of a reminder: what each channel said, and on which day. */
  const words = new Map<string, Map<string, { readonly outcome: string; readonly on: Day }>>();
  for (const entry of journal) {
    const { detail, change } = entry;
    const on = bookedOn(asked, entry);
    for (const [date, amount] of Object.entries(detail.kind === 'expired' ? (change.buckets ?? {}) : {})) {
      if (amount >= 0) continue;
      if (date >= on) yield `entry ${entry.seq} of ${on} takes points that could be spent until ${date}`;
      if (ladder.length === 0) continue;
      const reminder = told[date];
      const said = [...(words.get(reminder?.entry ?? '')?.values() ?? [])];
      const proved =
        reminder?.last === true &&
        -amount <= reminder.points &&
        (said.some(({ outcome, on: day }) => outcome === 'sent' && day < date) ||
          said.filter(({ outcome }) => outcome === 'impossible').length === reminder.asked.length);
      if (!proved)
        yield `entry ${entry.seq} of ${on}: ${-amount} points of ${date} lapsed, and nothing proves that the member was told`;
    }
    for (const [date, amount] of Object.entries(change.buckets ?? {})) buckets[date] = (buckets[date] ?? 0) + amount;
    for (const [date, one] of Object.entries(told)) {
      one.points = Math.min(one.points, buckets[date] ?? 0);
      if (one.points <= 0) delete told[date];
    }
    if (detail.kind === 'reminded')
      for (const [date, { rung, points }] of Object.entries(change.reminds?.dates ?? {}))
        told[date] = { entry: entryIdOf(entry), last: rung === last, asked: detail.asked, points };
    if (detail.kind === 'reminder-told') {
      const really = postbox.get(`${detail.reminder} ${detail.by}`);
      if (really?.outcome !== detail.outcome || really.at > Date.parse(entry.recordedAt))
        yield `entry ${entry.seq} says that ${detail.reminder} was ${detail.outcome}, and it was not`;
      const by = words.get(detail.reminder) ?? new Map();
      words.set(detail.reminder, by.set(detail.by, { outcome: detail.outcome, on }));
    }
  }
}

/** Points that waited are not set free early, and what was put aside is not let go early. */
function* inTime(asked: Asked): Generator<string> {
  const lapses = new Map<string, string>();
  for (const entry of asked.journal) {
    const { detail, change, seq } = entry;
    const on = bookedOn(asked, entry);
    if (detail.kind === 'activated' && /^\d/.test(detail.lot) && detail.lot.slice(0, 10) > on)
      yield `entry ${seq} of ${on} sets free what waits for ${detail.lot}`;
    if (change.hold) lapses.set(change.hold.id, change.hold.lapsesAt);
    if (detail.kind === 'released' && detail.because === 'lapsed') {
      const at = lapses.get(detail.redemptionId);
      if (at === undefined || Date.parse(entry.recordedAt) < Date.parse(at))
        yield `entry ${seq} lets go on ${entry.recordedAt} what was put aside until ${at}`;
    }
  }
}

/** After nights on which nothing went wrong there is nothing left whose day is over. */
function* leftOver({ club, account: { buckets, lots, holds }, through }: Asked): Generator<string> {
  for (const [date, amount] of Object.entries(buckets))
    if (/^\d/.test(date) && date < through && amount > 0) yield `${amount} points of ${date} are there on ${through}`;
  for (const [lot, amount] of Object.entries(lots))
    if (/^\d/.test(lot) && lot.slice(0, 10) < through) yield `${amount} points of ${lot} wait on ${through}`;
  for (const [id, { lapsesAt }] of Object.entries(holds))
    if (dayIn(club.program.timeZone, lapsesAt) < through) yield `${id} is put aside until ${lapsesAt}, on ${through}`;
}

/** On which day of that year it is kept. */
function keptIn({ club }: Asked, born: Day, year: string): Day {
  const day = `${year}${born.slice(4)}`;
  if (!day.endsWith('-02-29') || new Date(Date.UTC(Number(year), 1, 29)).getUTCMonth() === 1) return day;
  return club.program.leapDay === 'feb-28' ? `${year}-02-28` : `${year}-03-01`;
}

const yearsOf = (from: Day, through: Day): string[] =>
  Array.from({ length: Number(through.slice(0, 4)) - Number(from.slice(0, 4)) + 1 }, (_, n) =>
    String(Number(from.slice(0, 4)) + n),
  );

const activitiesOf = ({ journal }: Asked, activity: string) =>
  journal.flatMap((entry) =>
    entry.detail.kind === 'activity' && entry.detail.activity === activity ? [{ entry, detail: entry.detail }] : [],
  );

/** One a year, on a day that was the member's birthday as it was known then; and none is forgotten. */
function* birthdays(asked: Asked, { birthdays: told }: Person): Generator<string> {
  const { club, clean, through } = asked;
  const { timeZone } = club.program;
  const found = activitiesOf(asked, 'birthday');
  for (const year of yearsOf(club.from, through)) {
    const ofYear = found.filter(({ detail }) => detail.activityId === year);
    if (ofYear.length > 1) yield `${ofYear.length} birthdays in ${year}`;
    for (const { entry } of ofYear) {
      const known = told.findLast(({ at }) => at <= Date.parse(entry.recordedAt))?.birthday;
      const day = dayIn(timeZone, entry.occurredAt);
      if (!known || keptIn(asked, known, year) !== day || day > bookedOn(asked, entry))
        yield `a birthday on ${day}, booked ${entry.recordedAt}, and it was ${known} then`;
    }
    if (ofYear.length > 0) continue;
    for (const [n, one] of told.entries()) {
      const missed = forgotten(asked, one, told[n + 1], year, clean.birthdays);
      if (missed) yield `no birthday in ${year}, and it was ${missed}`;
    }
  }
}

function forgotten(
  asked: Asked,
  { at, birthday }: BirthdayFrom,
  next: BirthdayFrom | undefined,
  year: string,
  clean: readonly Day[],
): Day | undefined {
  if (birthday === null) return undefined;
  const { timeZone } = asked.club.program;
  const day = keptIn(asked, birthday, year);
  const since = dayIn(timeZone, new Date(at));
  if (day < since) return undefined;
  // Whoever says so on the day itself is found when the day is looked through once more.
  const done = doneFrom(clean, day === since ? addDays(day, 1) : day);
  if (done === undefined || day < (clean[0] ?? '')) return undefined;
  return next && dayIn(timeZone, new Date(next.at)) <= addDays(done, LATE_DAYS) ? undefined : day;
}

function* anniversaries(asked: Asked, { joinsAt }: Person): Generator<string> {
  const { club, clean, through } = asked;
  const { timeZone } = club.program;
  const joined = dayIn(timeZone, new Date(joinsAt));
  const found = activitiesOf(asked, 'anniversary');
  for (const year of yearsOf(joined, through)) {
    const years = Number(year) - Number(joined.slice(0, 4));
    const day = keptIn(asked, joined, year);
    const ofYear = found.filter(({ detail }) => detail.activityId === year);
    for (const { entry, detail } of ofYear) {
      if (dayIn(timeZone, entry.occurredAt) !== day || detail.years !== years || bookedOn(asked, entry) < day)
        yield `anniversary ${detail.years} of ${joined} at ${entry.occurredAt}, booked ${entry.recordedAt}`;
    }
    const wanted = years > 0 && doneFrom(clean.anniversaries, day) !== undefined ? 1 : 0;
    if (ofYear.length > 1 || ofYear.length < wanted || (years === 0 && ofYear.length > 0))
      yield `${ofYear.length} anniversaries in ${year} of ${joined}`;
  }
}

/** One for each month and each year that began while there was a member; none for those before. */
function* rounds(asked: Asked, { joinsAt }: Person): Generator<string> {
  const { club, clean, through } = asked;
  const joined = dayIn(club.program.timeZone, new Date(joinsAt));
  for (const [activity, length, months] of [
    ['monthly', 7, 1],
    ['yearly', 4, 12],
  ] as const) {
    const found = activitiesOf(asked, activity);
    const wanted = new Set<string>();
    const start = activity === 'monthly' ? `${joined.slice(0, 7)}-01` : `${joined.slice(0, 4)}-01-01`;
    for (let day = addMonths(start, months); day <= through; day = addMonths(day, months))
      if (day > joined && doneFrom(clean[activity], day)) wanted.add(day.slice(0, length));
    for (const { entry, detail } of found) {
      const first = detail.activityId.length === 7 ? `${detail.activityId}-01` : `${detail.activityId}-01-01`;
      if (first < joined || bookedOn(asked, entry) < first)
        yield `${activity} of ${detail.activityId}, joined ${joined}, booked ${entry.recordedAt}`;
    }
    const had = found.map(({ detail }) => detail.activityId);
    if (new Set(had).size !== had.length) yield `${activity} twice: ${had}`;
    for (const one of wanted) if (!had.includes(one)) yield `no ${activity} for ${one}, joined ${joined}`;
  }
}

/** One a month, for those to whom the month brought anything, and what it says is what the journal says. */
function* statements(asked: Asked, { joinsAt }: Person): Generator<string> {
  const { club, clean, journal, through } = asked;
  const joined = dayIn(club.program.timeZone, new Date(joinsAt));
  const booked = journal.map((entry) => ({ entry, on: bookedOn(asked, entry) }));
  for (let first = `${joined.slice(0, 7)}-01`; first <= through; first = addMonths(first, 1)) {
    const month = first.slice(0, 7);
    const last = endOfMonth(first);
    const said = journal.flatMap(({ detail }) =>
      detail.kind === 'statement' && detail.period === month ? [detail] : [],
    );
    const sums = { earned: 0, redeemed: 0, expired: 0 };
    for (const { entry, on } of booked) {
      if (on.slice(0, 7) !== month) continue;
      const { detail, change } = entry;
      sums.earned += change.lifetime ?? 0;
      if (detail.kind === 'redeemed') sums.redeemed += detail.points;
      if (detail.kind === 'sale' || detail.kind === 'refund') sums.redeemed -= detail.returned ?? 0;
      if (detail.kind === 'expired') sums.expired += detail.points;
    }
    const brought = sums.earned !== 0 || sums.redeemed !== 0 || sums.expired !== 0;
    const due = brought && last < through && doneFrom(clean.statements, addDays(last, 1)) !== undefined;
    if (said.length > 1 || (said.length === 0 && due) || (said.length > 0 && !brought))
      yield `${said.length} statements of ${month}, which brought ${JSON.stringify(sums)}`;
    for (const { earned, redeemed, expired, closingBalance } of said) {
      const left: Record<string, number> = {};
      for (const { entry, on } of booked)
        if (on <= last)
          for (const [date, amount] of Object.entries(entry.change.buckets ?? {}))
            left[date] = (left[date] ?? 0) + amount;
      const open = Object.entries(left).reduce((sum, [date, amount]) => (date >= last ? sum + amount : sum), 0);
      if (earned !== sums.earned || redeemed !== sums.redeemed || expired !== sums.expired || closingBalance !== open)
        yield `the statement of ${month} says ${JSON.stringify({ earned, redeemed, expired, closingBalance })}: ${JSON.stringify({ ...sums, open })}`;
    }
  }
}

/** Each step of each absence once, on its day or as soon as somebody looked. */
function* absences(asked: Asked): Generator<string> {
  const { club, clean, journal, through } = asked;
  const ladder = [...(club.program.inactivity?.daysAfter ?? [])].sort((a, b) => a - b);
  const noticed = new Set<string>();
  const stays: { readonly since: Day; readonly from: Day; until: Day }[] = [];
  for (const entry of journal) {
    const on = bookedOn(asked, entry);
    const { detail, change, seq } = entry;
    const stay = stays.at(-1);
    if (detail.kind === 'inactive') {
      const days = ladder.filter((one) => addDays(detail.since, one) <= on).at(-1);
      if (detail.since !== stay?.since || detail.days !== days)
        yield `entry ${seq} of ${on} says ${detail.days} days since ${detail.since}; it was ${stay?.since}`;
      if (noticed.has(`${detail.since} ${detail.days}`)) yield `${detail.days} days since ${detail.since} twice`;
      noticed.add(`${detail.since} ${detail.days}`);
    }
    if (change.activeOn === undefined || change.activeOn <= (stay?.since ?? '')) continue;
    if (stay) stay.until = on;
    stays.push({ since: change.activeOn, from: on, until: addDays(through, 1) });
  }
  for (const { since, from, until } of stays) {
    for (const days of ladder) {
      const due = addDays(since, days);
      const done = doneFrom(clean.absences, due > from ? due : addDays(from, 1));
      if (done === undefined || addDays(done, LATE_DAYS) >= until) continue;
      if (!ladder.some((one) => one >= days && noticed.has(`${since} ${one}`)))
        yield `nobody noticed that the member stayed away from ${since} for ${days} days, until ${until}`;
    }
  }
}

function* milestones({ journal }: Asked): Generator<string> {
  const reached: Record<string, number> = {};
  for (const { detail, seq } of journal) {
    if (detail.kind !== 'sale' && detail.kind !== 'activity') continue;
    for (const { id, count } of detail.milestones ?? []) {
      if (count <= (reached[id] ?? 0)) yield `entry ${seq} reaches ${id} ${count} after ${reached[id]}`;
      reached[id] = count;
    }
  }
}
