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
  /** This one counted. */
  readonly purchase: number;
  readonly visit: number;
}

const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Whether the conditions hold that are not about goods; those are for `leftOut` and `minimumOf`. */
export const holdAll = (when: readonly Condition[], occasion: Occasion): boolean =>
  when.every((condition) => holds(condition, occasion));

function holds(condition: Condition, occasion: Occasion): boolean {
  switch (condition.is) {
    case 'category-in':
    case 'category-not-in':
    case 'sku-in':
    case 'sku-not-in':
    case 'tag-in':
    case 'tag-not-in':
    case 'minimum-spend':
      return true;
    case 'first-purchase':
      return occasion.purchase === 1;
    case 'every': {
      const count = condition.of === 'purchase' ? occasion.purchase : occasion.visit;
      return count > 0 && count % condition.nth === 0;
    }
    case 'activity':
      return occasion.activity !== undefined && condition.activities.includes(occasion.activity);
    case 'location-in':
      return occasion.locationId !== undefined && condition.locations.includes(occasion.locationId);
    case 'location-not-in':
      return occasion.locationId === undefined || !condition.locations.includes(occasion.locationId);
    case 'source-in':
      return condition.sources.includes(occasion.source);
    case 'source-not-in':
      return !condition.sources.includes(occasion.source);
    case 'weekday':
      return condition.days.includes(WEEKDAYS[new Date(`${occasion.day}T00:00:00Z`).getUTCDay()] ?? 'sun');
    case 'hours': {
      const [from, to, minute] = [minutes(condition.from), minutes(condition.to), occasion.minute()];
      return from <= to ? from <= minute && minute < to : minute >= from || minute < to;
    }
    case 'between':
      return (
        (condition.from === undefined || condition.from <= occasion.day) &&
        (condition.to === undefined || occasion.day <= condition.to)
      );
    case 'tier-in':
      return condition.tiers.includes(occasion.tier);
    case 'member-tag-in':
      return occasion.memberTags.some((tag) => condition.tags.includes(tag));
  }
}

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Places of the lines that a rule does not count; `undefined` when it counts none, because goods were asked for by name. */
export function leftOut(when: readonly Condition[], lines: readonly SoldLine[]): readonly number[] | undefined {
  const about = when.filter(({ is }) => is.startsWith('category-') || is.startsWith('sku-') || is.startsWith('tag-'));
  if (about.length === 0) return [];
  if (lines.length === 0) return about.some(({ is }) => is.endsWith('-in') && !is.endsWith('-not-in')) ? undefined : [];
  const out = lines.flatMap((line, place) => (about.every((condition) => counts(condition, line)) ? [] : [place]));
  return out.length === lines.length ? undefined : out;
}

function counts(condition: Condition, line: SoldLine): boolean {
  switch (condition.is) {
    case 'category-in':
      return line.category !== undefined && condition.categories.includes(line.category);
    case 'category-not-in':
      return line.category === undefined || !condition.categories.includes(line.category);
    case 'sku-in':
      return line.sku !== undefined && condition.skus.includes(line.sku);
    case 'sku-not-in':
      return line.sku === undefined || !condition.skus.includes(line.sku);
    case 'tag-in':
      return (line.tags ?? []).some((tag) => condition.tags.includes(tag));
    case 'tag-not-in':
      return !(line.tags ?? []).some((tag) => condition.tags.includes(tag));
    default:
      return true;
  }
}

/** The most that any of them asks for. */
export const minimumOf = (when: readonly Condition[], program: Program): number =>
  Math.max(
    0,
    ...when.map((condition) => (condition.is === 'minimum-spend' ? minor(condition.amount, program.currency) : 0)),
  );

export function minor(amount: string, currency: string): number {
  const value = parseAmount(amount, currency);
  if (value === undefined) throw new Error(`the program let an amount through that is none: ${amount}`);
  return value;
}
