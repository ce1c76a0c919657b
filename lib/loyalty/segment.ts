import * as z from 'zod';
import type { Day } from './account.ts';
import { addDays } from './calendar.ts';
import { minor } from './conditions.ts';
import { type Consents, hasAgreed } from './consents.ts';
import { Channel, Purpose } from './facts.ts';
import { DecimalAmount } from './money.ts';
import { Id, Names } from './program/fields.ts';

/**
 * Which members are meant: words about a member, put together with `all`, `any` and `not`. The same for one member while
 * something is decided and for all of them in the read model, so that who is counted is who will get it.
 */

const is = <Word extends string, Arguments extends z.ZodRawShape>(word: Word, args: Arguments) =>
  z.strictObject({ is: z.literal(word), ...args });

const Count = z.int().min(0).max(1_000_000_000_000);
const Days = z.int().min(1).max(3_650);

const between = { atLeast: Count.optional(), atMost: Count.optional() };

const Word = z
  .discriminatedUnion('is', [
    is('tier-in', { tiers: z.array(Id).min(1).max(20) }),
    /** Points that can be spent, less what is owed. */
    is('balance', between),
    is('lifetime', between),
    is('visits', between),
    is('purchases', between),
    /** Goods bought, before what was returned; in the program's currency. */
    is('spent', { atLeast: DecimalAmount.optional(), atMost: DecimalAmount.optional() }),
    /** Did something on one of the last so many days, today among them. Who never did anything did not. */
    is('active-within', { days: Days }),
    is('joined-within', { days: Days }),
    is('birthday-month', { months: z.union([z.literal('this'), z.array(z.int().min(1).max(12)).min(1).max(12)]) }),
    /** Where the member was last. */
    is('location-in', { locations: Names.max(200) }),
    is('tag-in', { tags: Names.max(100) }),
    is('consent', { channel: Channel, purpose: Purpose.default('marketing') }),
    /** `de` is also `de-AT`; `de-AT` is not `de`. */
    is('locale-in', { locales: Names.max(50) }),
  ])
  .check(({ value, issues }) => {
    if ('atLeast' in value && value.atLeast !== undefined && 'atMost' in value && value.atMost !== undefined) {
      if (Number(value.atLeast) > Number(value.atMost))
        issues.push({
          code: 'custom',
          input: value,
          path: ['atMost'],
          message: 'is less than atLeast: nobody could be meant',
        });
      return;
    }
    const asked = ['balance', 'lifetime', 'visits', 'purchases', 'spent'].includes(value.is);
    if (
      asked &&
      !('atLeast' in value && value.atLeast !== undefined) &&
      !('atMost' in value && value.atMost !== undefined)
    )
      issues.push({ code: 'custom', input: value, path: [], message: 'needs atLeast, or atMost, or both' });
  });
type Word = z.output<typeof Word>;

export type Segment =
  | { readonly all: readonly Segment[] }
  | { readonly any: readonly Segment[] }
  | { readonly not: Segment }
  | Word;

/** Deeper or longer is not for people to read, and would be asked of every member. */
const DEPTH_MAX = 6;
const WORDS_MAX = 60;

const several = (of: z.ZodType<Segment>) => z.array(of).min(1).max(WORDS_MAX);
const Node: z.ZodType<Segment> = z
  .lazy(() =>
    z.union(
      [
        z.strictObject({ all: several(Node) }),
        z.strictObject({ any: several(Node) }),
        z.strictObject({ not: Node }),
        Word,
      ],
      { error: wrong },
    ),
  )
  .meta({ id: 'Segment' });

/** What is wrong with the form that was meant, and where: that it is none of the others helps nobody. */
function wrong(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const forms = issue.errors as readonly (readonly z.core.$ZodIssue[])[];
  const input = typeof issue.input === 'object' && issue.input !== null ? issue.input : {};
  const meant = ['all', 'any', 'not'].findIndex((form) => form in input);
  const [first] = forms[meant === -1 ? forms.length - 1 : meant] ?? [];
  if (!first) return undefined;
  const where = first.path.length > 0 ? `${first.path.join('.')}: ` : '';
  return `${where}${first.message}`;
}

/** Depth is asked before anything else: what is nested without end is not gone through. */
export const Segment: z.ZodType<Segment> = z.preprocess(
  (value, { issues }) => {
    if (depthOf(value) <= DEPTH_MAX) return value;
    issues.push({ code: 'custom', input: value, message: `is nested more than ${DEPTH_MAX} times` });
    return z.NEVER;
  },
  Node.refine((segment) => wordsOf(segment).length <= WORDS_MAX, `has more than ${WORDS_MAX} words`),
);

function depthOf(value: unknown, depth = 1): number {
  if (depth > DEPTH_MAX || typeof value !== 'object' || value === null) return depth;
  const { all, any, not } = value as { readonly all?: unknown; readonly any?: unknown; readonly not?: unknown };
  const inner = [...(Array.isArray(all) ? all : []), ...(Array.isArray(any) ? any : []), ...(not ? [not] : [])];
  return Math.max(depth, ...inner.map((one) => depthOf(one, depth + 1)));
}

function wordsOf(segment: Segment): readonly Word[] {
  if ('all' in segment) return segment.all.flatMap(wordsOf);
  if ('any' in segment) return segment.any.flatMap(wordsOf);
  if ('not' in segment) return wordsOf(segment.not);
  return [segment];
}

/** What a segment is asked about. What is absent was not looked up, and is not known. */
export interface Subject {
  readonly tier: string;
  readonly balance: number;
  readonly lifetime: number;
  readonly visits: number;
  readonly purchases: number;
  /** `null`: never. */
  readonly lastActiveOn: Day | null;
  /** From the read model. */
  readonly joinedOn?: Day;
  readonly spentMinor?: number;
  /** `null`: nowhere that we were told of. */
  readonly location?: string | null;
  /** From the member's own row. */
  readonly person?: Person;
}

export interface Person {
  readonly birthday?: string | undefined;
  readonly locale?: string | undefined;
  readonly tags: readonly string[];
  readonly consents: Consents;
}

/** What has to be looked up for a segment, besides the account. */
export type Source = 'summary' | 'person';

export const sourcesOf = (segment: Segment): ReadonlySet<Source> =>
  new Set(wordsOf(segment).flatMap(({ is }) => SOURCES[is] ?? []));

const SOURCES: Readonly<Partial<Record<Word['is'], Source>>> = {
  spent: 'summary',
  'joined-within': 'summary',
  'location-in': 'summary',
  'birthday-month': 'person',
  'tag-in': 'person',
  consent: 'person',
  'locale-in': 'person',
};

/** Whether the member is meant. What is not known is not so, and its contrary is not so either. */
export const isIn = (segment: Segment, subject: Subject, today: Day, currency: string): boolean =>
  judge(segment, subject, today, currency) === true;

/** `undefined`: that depends on what was not looked up. */
export function judge(segment: Segment, subject: Subject, today: Day, currency: string): boolean | undefined {
  if ('not' in segment) {
    const inner = judge(segment.not, subject, today, currency);
    return inner === undefined ? undefined : !inner;
  }
  if ('all' in segment)
    return settled(
      segment.all.map((one) => judge(one, subject, today, currency)),
      false,
    );
  if ('any' in segment)
    return settled(
      segment.any.map((one) => judge(one, subject, today, currency)),
      true,
    );
  return holds(segment, subject, today, currency);
}

/** One answer is enough for the whole; else it is known when all of them are. */
function settled(answers: readonly (boolean | undefined)[], enough: boolean): boolean | undefined {
  if (answers.includes(enough)) return enough;
  return answers.includes(undefined) ? undefined : !enough;
}

function holds(word: Word, subject: Subject, today: Day, currency: string): boolean | undefined {
  const { person } = subject;
  switch (word.is) {
    case 'tier-in':
      return word.tiers.includes(subject.tier);
    case 'balance':
    case 'lifetime':
    case 'visits':
    case 'purchases':
      return within(subject[word.is], word.atLeast, word.atMost);
    case 'spent': {
      const { spentMinor } = subject;
      const bound = (amount: string | undefined) => (amount === undefined ? undefined : minor(amount, currency));
      return spentMinor === undefined ? undefined : within(spentMinor, bound(word.atLeast), bound(word.atMost));
    }
    case 'active-within':
      return subject.lastActiveOn !== null && subject.lastActiveOn > addDays(today, -word.days);
    case 'joined-within':
      return subject.joinedOn === undefined ? undefined : subject.joinedOn > addDays(today, -word.days);
    case 'location-in':
      return subject.location === undefined
        ? undefined
        : subject.location !== null && word.locations.includes(subject.location);
    case 'birthday-month': {
      if (!person) return undefined;
      if (person.birthday === undefined) return false;
      const month = Number(person.birthday.slice(5, 7));
      return word.months === 'this' ? month === Number(today.slice(5, 7)) : word.months.includes(month);
    }
    case 'tag-in':
      return person?.tags.some((tag) => word.tags.includes(tag));
    case 'consent':
      return person && hasAgreed(person.consents, word.channel, word.purpose);
    case 'locale-in':
      return (
        person &&
        word.locales.some((locale) => person.locale === locale || (person.locale ?? '').startsWith(`${locale}-`))
      );
  }
}

const within = (value: number, atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY): boolean =>
  atLeast <= value && value <= atMost;
