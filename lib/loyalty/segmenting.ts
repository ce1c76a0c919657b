import type { Day } from './account.ts';
import { addDays } from './calendar.ts';
import { minor } from './conditions.ts';
import { type Consents, hasAgreed } from './consents.ts';
import { parseAmount } from './money.ts';
import type { Program } from './program.ts';
import type { Segment, Word } from './segment.ts';

/**
 * Whether a member is in a segment. The same for one member while something is decided and for all of them in the read
 * model, so that who is counted is who will get it.
 */

export function wordsOf(segment: Segment): readonly Word[] {
  if ('all' in segment) return segment.all.flatMap(wordsOf);
  if ('any' in segment) return segment.any.flatMap(wordsOf);
  if ('not' in segment) return wordsOf(segment.not);
  return [segment];
}

/** Names and amounts of a segment's words that mean nothing here. */
export function wordFaults(
  segment: Segment,
  { tiers, currency }: Pick<Program, 'tiers' | 'currency'>,
): readonly string[] {
  const known = new Set(tiers.map(({ id }) => id));
  return wordsOf(segment).flatMap((word) => {
    if (word.is === 'tier-in')
      return word.tiers
        .filter((tier) => !known.has(tier))
        .map((tier) => `no such tier ${JSON.stringify(tier)}: use one of ${[...known].join(', ')}`);
    if (word.is !== 'spent') return [];
    return [word.atLeast, word.atMost]
      .filter((amount) => amount !== undefined && parseAmount(amount, currency) === undefined)
      .map((amount) => `not an amount of ${currency}: ${JSON.stringify(amount)}`);
  });
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
  /** From the read model, or where it happens that is decided about. `null`: nowhere that we were told of. */
  readonly location?: string | null;
  /** From the member's own row. */
  readonly person?: Person;
}

export interface Person {
  readonly birthday?: string | undefined;
  readonly locale?: string | undefined;
  readonly tags: readonly string[];
  readonly consents: Consents;
  /** In the merchant's zone. */
  readonly joinedOn?: Day;
}

/** What has to be known for a segment, besides the account: the read model's row, the member's, where it happens. */
export type Source = 'summary' | 'person' | 'place';

export const sourcesOf = (segment: Segment): ReadonlySet<Source> =>
  new Set(wordsOf(segment).flatMap(({ is }) => SOURCES[is] ?? []));

const SOURCES: Readonly<Partial<Record<Word['is'], Source>>> = {
  spent: 'summary',
  'joined-within': 'person',
  'location-in': 'place',
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
    case 'joined-within': {
      const joinedOn = subject.joinedOn ?? person?.joinedOn;
      return joinedOn === undefined ? undefined : joinedOn > addDays(today, -word.days);
    }
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
