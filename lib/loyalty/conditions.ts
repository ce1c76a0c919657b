import type { Day } from './account.ts';
import type { SoldLine } from './detail.ts';
import { parseAmount } from './money.ts';
import type { Condition, Weekday } from './program/conditions.ts';
import type { Program } from './program.ts';

/** What a condition is asked about. */
export interface Occasion {
  readonly day: Day;
  /** Minutes since midnight in the merchant's zone. Asked for only where a rule is about hours. */
  readonly minute: () => number;
  readonly source: string;
  readonly locationId?: string | undefined;
  readonly tier: string;
  readonly memberTags: readonly string[];
  /** Absent for a sale. */
  readonly activity?: string;
  /** Of an absence. */
  readonly daysAway?: number | undefined;
  /** This one counted. */
  readonly purchase: number;
  readonly visit: number;
}

const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type AskedOf<Thing> = (thing: Thing) => boolean;

/** A list of conditions as questions. A program does not change, so that each list is read once. */
interface Questions {
  /** Of a line: whether it counts. Absent where no condition is about goods. */
  readonly goods: AskedOf<SoldLine> | undefined;
  /** Some goods are asked for by name. */
  readonly byName: boolean;
  readonly occasion: AskedOf<Occasion>;
  /** The most that any of them asks for. */
  readonly minimum: string | undefined;
}

const read = new WeakMap<readonly Condition[], Questions>();

function questionsOf(when: readonly Condition[]): Questions {
  const before = read.get(when);
  if (before) return before;
  const goods = when.flatMap((condition) => askedOfGoods(condition) ?? []);
  const occasion = when.flatMap((condition) => askedOfOccasion(condition) ?? []);
  const minimums = when.flatMap((condition) => (condition.is === 'minimum-spend' ? [condition.amount] : []));
  const questions: Questions = {
    goods: goods.length === 0 ? undefined : all(goods),
    byName: when.some(({ is }) => is === 'category-in' || is === 'sku-in' || is === 'tag-in'),
    occasion: all(occasion),
    minimum: minimums.sort((a, b) => Number(b) - Number(a))[0],
  };
  read.set(when, questions);
  return questions;
}

function all<Thing>(asked: readonly AskedOf<Thing>[]): AskedOf<Thing> {
  const [only] = asked;
  return asked.length === 1 && only ? only : (thing) => asked.every((holds) => holds(thing));
}

const not =
  <Thing>(holds: AskedOf<Thing>): AskedOf<Thing> =>
  (thing) =>
    !holds(thing);

/** Whether the conditions hold that are not about goods; those are for `leftOut` and `minimumOf`. */
export const holdAll = (when: readonly Condition[], occasion: Occasion): boolean =>
  questionsOf(when).occasion(occasion);

function askedOfOccasion(condition: Condition): AskedOf<Occasion> | undefined {
  switch (condition.is) {
    case 'category-in':
    case 'category-not-in':
    case 'sku-in':
    case 'sku-not-in':
    case 'tag-in':
    case 'tag-not-in':
    case 'minimum-spend':
      return undefined;
    case 'first-purchase':
      return ({ purchase }) => purchase === 1;
    case 'every': {
      const { of, nth } = condition;
      return (occasion) => occasion[of] > 0 && occasion[of] % nth === 0;
    }
    case 'activity':
      return named(condition.activities, ({ activity }) => activity);
    case 'days-away':
      return ({ daysAway }) => daysAway !== undefined && condition.days.includes(daysAway);
    case 'location-in':
      return named(condition.locations, ({ locationId }) => locationId);
    case 'location-not-in':
      return not(named(condition.locations, ({ locationId }) => locationId));
    case 'source-in':
      return named(condition.sources, ({ source }) => source);
    case 'source-not-in':
      return not(named(condition.sources, ({ source }) => source));
    case 'weekday':
      return named(condition.days, ({ day }) => weekdayOf(day));
    case 'hours': {
      const [from, to] = [minutes(condition.from), minutes(condition.to)];
      return from <= to
        ? (occasion) => from <= occasion.minute() && occasion.minute() < to
        : (occasion) => occasion.minute() >= from || occasion.minute() < to;
    }
    case 'between': {
      const { from, to } = condition;
      return ({ day }) => (from === undefined || from <= day) && (to === undefined || day <= to);
    }
    case 'tier-in':
      return named(condition.tiers, ({ tier }) => tier);
    case 'member-tag-in':
      return tagged(condition.tags, ({ memberTags }) => memberTags);
  }
}

function askedOfGoods(condition: Condition): AskedOf<SoldLine> | undefined {
  switch (condition.is) {
    case 'category-in':
      return named(condition.categories, ({ category }) => category);
    case 'category-not-in':
      return not(named(condition.categories, ({ category }) => category));
    case 'sku-in':
      return named(condition.skus, ({ sku }) => sku);
    case 'sku-not-in':
      return not(named(condition.skus, ({ sku }) => sku));
    case 'tag-in':
      return tagged(condition.tags, ({ tags }) => tags);
    case 'tag-not-in':
      return not(tagged(condition.tags, ({ tags }) => tags));
    default:
      return undefined;
  }
}

function named<Thing>(names: readonly string[], nameOf: (thing: Thing) => string | undefined): AskedOf<Thing> {
  const wanted: ReadonlySet<string | undefined> = new Set(names);
  return (thing) => wanted.has(nameOf(thing));
}

function tagged<Thing>(tags: readonly string[], tagsOf: (thing: Thing) => readonly string[] | undefined) {
  const wanted: ReadonlySet<string> = new Set(tags);
  return (thing: Thing): boolean => tagsOf(thing)?.some((tag) => wanted.has(tag)) ?? false;
}

let lastAsked: { readonly day: Day; readonly weekday: Weekday } | undefined;

function weekdayOf(day: Day): Weekday {
  if (lastAsked?.day !== day) lastAsked = { day, weekday: WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? 'sun' };
  return lastAsked.weekday;
}

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Places of the lines that a rule does not count; `undefined` when it counts none, because goods were asked for by name. */
export function leftOut(when: readonly Condition[], lines: readonly SoldLine[]): readonly number[] | undefined {
  const { goods: counts, byName } = questionsOf(when);
  if (!counts) return NONE;
  if (lines.length === 0) return byName ? undefined : NONE;
  const out: number[] = [];
  for (let place = 0; place < lines.length; place += 1) {
    const line = lines[place];
    if (line && !counts(line)) out.push(place);
  }
  return out.length === lines.length ? undefined : out;
}

const NONE: readonly number[] = [];

/** The most that any of them asks for. */
export function minimumOf(when: readonly Condition[], program: Program): number {
  const { minimum } = questionsOf(when);
  return minimum === undefined ? 0 : minor(minimum, program.currency);
}

/** An amount that stands in a program. There are few of them, and each is asked for at every sale. */
export function minor(amount: string, currency: string): number {
  const key = `${currency} ${amount}`;
  const before = amounts.get(key);
  if (before !== undefined) return before;
  const value = parseAmount(amount, currency);
  if (value === undefined) throw new Error(`the program let an amount through that is none: ${amount}`);
  amounts.set(key, value);
  return value;
}

const amounts = new Map<string, number>();
