import type { Condition } from './program/conditions.ts';
import type { Cap, Multiplier, Pending, Rule } from './program/earning.ts';
import type { Expiry } from './program/expiry.ts';
import type { Period } from './program/fields.ts';
import type { Program } from './program.ts';

/** What a program's rules say, in words: from the same data that decides, so that the two cannot differ. */

/** `3 points for each 1.00 EUR without tax, on goods of the category coffee, on Tuesday. Multipliers do not apply.` */
export function sentenceOfRule(rule: Rule, program: Program): string {
  const { earn, when } = rule;
  const given =
    earn.kind === 'per-amount'
      ? [
          `${counted(earn.points)} for each ${earn.amount} ${program.currency} ${earn.base === 'net' ? 'without tax' : 'with tax'}`,
          ...(earn.discounts === 'before' ? ['at prices before discounts'] : []),
        ]
      : earn.kind === 'per-item'
        ? [`${counted(earn.points)} for each piece`]
        : [`${counted(earn.points)} for ${rule.on === 'sale' ? 'an order' : activityOf(when)}`];
  const about = when.filter(isAboutGoods).map(goodsOf);
  const goods = about.length > 0 ? [`on goods ${about.join(', ')}`] : [];
  const group = program.groups.find(({ id }) => id === rule.group);
  return [
    [...given, ...goods, ...circumstances(when, program)].join(', '),
    ...(rule.multiplied ? [] : ['Multipliers do not apply']),
    ...(group
      ? [`Of the rules of ${group.id}, the ${group.takes === 'best' ? 'best' : 'first'} that applies counts`]
      : []),
    ...(rule.pending ? [waiting(rule.pending)] : []),
    ...(rule.expiry ? [lasting(rule.expiry)] : []),
    ...(rule.budgetPoints === undefined ? [] : [`No more than ${counted(rule.budgetPoints)} over all members`]),
  ]
    .map((sentence) => `${sentence}.`)
    .join(' ');
}

/** `Twice the points, on Tuesday.` */
export const sentenceOfMultiplier = ({ when, bp }: Multiplier, program: Program): string =>
  `${[times(bp), ...circumstances(when, program)].join(', ')}.`;

/** `No more than 500 points a day, from spend or visit.` */
export const sentenceOfCap = ({ points, per, rules }: Cap): string =>
  `No more than ${counted(points)} ${PER[per]}${rules ? `, from ${anyOf(rules)}` : ''}.`;

const PER: Readonly<Record<Period, string>> = {
  day: 'a day',
  week: 'a week',
  month: 'a month',
  year: 'a year',
  ever: 'ever',
};

const times = (bp: number): string =>
  bp === 20_000 ? 'Twice the points' : bp === 0 ? 'No points' : `${bp / 10_000} times the points`;

const counted = (points: number): string => (points === 1 ? '1 point' : `${points} points`);

/** `a, b or c` */
const anyOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

function activityOf(when: readonly Condition[]): string {
  const asked = when.flatMap((condition) => (condition.is === 'activity' ? [anyOf(condition.activities)] : []));
  return asked.length === 0 ? 'any activity' : asked.join(' that is also ');
}

type AboutGoods = Extract<Condition, { is: `${'category' | 'sku' | 'tag'}-${'in' | 'not-in'}` }>;

const isAboutGoods = (condition: Condition): condition is AboutGoods => /^(category|sku|tag)-/.test(condition.is);

function goodsOf(condition: AboutGoods): string {
  switch (condition.is) {
    case 'category-in':
      return `of the category ${anyOf(condition.categories)}`;
    case 'category-not-in':
      return `not of the category ${anyOf(condition.categories)}`;
    case 'sku-in':
      return `with the number ${anyOf(condition.skus)}`;
    case 'sku-not-in':
      return `without the number ${anyOf(condition.skus)}`;
    case 'tag-in':
      return `tagged ${anyOf(condition.tags)}`;
    case 'tag-not-in':
      return `not tagged ${anyOf(condition.tags)}`;
  }
}

const circumstances = (when: readonly Condition[], program: Program): string[] =>
  when.flatMap((condition) =>
    isAboutGoods(condition) || condition.is === 'activity' ? [] : [circumstance(condition, program)],
  );

function circumstance(condition: Exclude<Condition, AboutGoods | { is: 'activity' }>, program: Program): string {
  switch (condition.is) {
    case 'minimum-spend':
      return `from ${condition.amount} ${program.currency} on`;
    case 'first-purchase':
      return 'on the first order';
    case 'every':
      return `on every ${ordinal(condition.nth)} ${condition.of === 'purchase' ? 'order' : 'visit'}`;
    case 'days-away':
      return `after ${anyOf(condition.days.map(String))} days away`;
    case 'location-in':
      return `in ${anyOf(condition.locations)}`;
    case 'location-not-in':
      return `everywhere but in ${anyOf(condition.locations)}`;
    case 'source-in':
      return `through ${anyOf(condition.sources)}`;
    case 'source-not-in':
      return `not through ${anyOf(condition.sources)}`;
    case 'weekday':
      return `on ${anyOf(condition.days.map((day) => WEEKDAYS[day]))}`;
    case 'hours':
      return `between ${condition.from} and ${condition.to}`;
    case 'between':
      return [condition.from && `from ${condition.from}`, condition.to && `through ${condition.to}`]
        .filter(Boolean)
        .join(' ');
    case 'tier-in':
      return `for ${anyOf(condition.tiers.map((id) => program.tiers.find((tier) => tier.id === id)?.name ?? id))}`;
    case 'member-tag-in':
      return `for members tagged ${anyOf(condition.tags)}`;
  }
}

const WEEKDAYS = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
} as const;

function ordinal(n: number): string {
  const teens = n % 100 > 10 && n % 100 < 14;
  return `${n}${teens ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;
}

const waiting = (pending: Pending): string =>
  pending.kind === 'days'
    ? `They can be spent after ${pending.days} days`
    : 'They can be spent once somebody has confirmed it';

function lasting(expiry: Expiry): string {
  switch (expiry.kind) {
    case 'none':
      return 'They do not expire';
    case 'fixed':
      return `They expire after ${expiry.on}, or the same day of a later year`;
    case 'months':
      return `They expire after ${months(expiry.months)}${UNTIL[expiry.until]}`;
    case 'inactivity':
      return `They expire after ${months(expiry.months)} without a purchase${UNTIL[expiry.until]}`;
  }
}

const months = (n: number): string => (n === 1 ? 'a month' : `${n} months`);

const UNTIL: Readonly<Record<Extract<Expiry, { until: string }>['until'], string>> = {
  day: '',
  'end-of-month': ', at the end of the month',
  'end-of-quarter': ', at the end of the quarter',
  'end-of-year': ', at the end of the year',
};

/** `They expire after 12 months, at the end of the month.` */
export const sentenceOfExpiry = (expiry: Expiry): string => `${lasting(expiry)}.`;
/** `They can be spent after 14 days.` */
export const sentenceOfPending = (pending: Pending | undefined): string =>
  pending ? `${waiting(pending)}.` : 'They can be spent at once.';
