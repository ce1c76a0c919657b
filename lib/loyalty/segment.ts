import * as z from 'zod';
import { Channel, Purpose } from './facts.ts';
import { DecimalAmount } from './money.ts';
import { Id, Names } from './program/fields.ts';
import { wordsOf } from './segmenting.ts';

/**
 * Which members are meant: words about a member, put together with `all`, `any` and `not`. What one may say; who is meant
 * by it is found out in `segmenting.ts`, which tills load without the checks.
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
export type Word = z.output<typeof Word>;

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
