import * as z from 'zod';
import { Currency, DecimalAmount, parseAmount } from './money.ts';
import { PointsAmount } from './points.ts';

/**
 * What a merchant promises its members: data, checked before anything is built from it. A rule is conditions and an
 * action; each of them is a word with typed arguments. Version and sentences are made from the same data.
 */

const Id = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, {
  error: (issue) =>
    `${JSON.stringify(issue.input)} is not an id: lower-case letters, digits and hyphens, such as "double-tuesday"`,
});
const Names = z.array(z.string().min(1).max(100)).min(1);
const BasisPoints = z.int().min(0).max(1_000_000);

export const Condition = z.discriminatedUnion('is', [
  /** The order's base amount reaches this. */
  z.strictObject({ is: z.literal('minimum-spend'), amount: DecimalAmount }),
  /** Lines of these categories do not count. A sale without lines counts whole. */
  z.strictObject({ is: z.literal('category-not-in'), categories: Names }),
  z.strictObject({ is: z.literal('activity'), activities: Names }),
  z.strictObject({ is: z.literal('location-in'), locations: Names }),
]);
export type Condition = z.output<typeof Condition>;

export const Action = z.discriminatedUnion('kind', [
  /** Points for each full `amount` spent, rounded down once over the whole order. */
  z.strictObject({
    kind: z.literal('per-amount'),
    points: PointsAmount,
    amount: DecimalAmount,
    base: z.enum(['net', 'gross']),
  }),
  z.strictObject({ kind: z.literal('flat'), points: PointsAmount }),
]);
export type Action = z.output<typeof Action>;

export const Rule = z.strictObject({
  id: Id,
  on: z.enum(['sale', 'activity']),
  when: z.array(Condition).default([]),
  earn: Action,
  /** Whether the tier's multiplier applies to what this rule gives. */
  multiplied: z.boolean().default(true),
});
export type Rule = z.output<typeof Rule>;

export const Tier = z.strictObject({
  id: Id,
  name: z.string().min(1).max(60),
  /** Points earned in this or the last calendar year that reach it; equality is in. */
  from: z.int().nonnegative(),
  multiplierBp: BasisPoints.default(10_000),
});

export const Reward = z.strictObject({
  id: Id,
  name: z.string().min(1).max(100),
  cost: PointsAmount,
  tier: Id.optional(),
});
export type Reward = z.output<typeof Reward>;

const Zone = z.string().refine(
  (zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return zone.includes('/') || zone === 'UTC';
    } catch {
      return false;
    }
  },
  { error: (issue) => `unknown time zone ${JSON.stringify(issue.input)}: use an IANA name such as Europe/Berlin` },
);

export const Program = z
  .strictObject({
    name: z.string().min(1).max(60),
    currency: Currency,
    timeZone: Zone,
    startsOn: z.iso.date(),
    rules: z.array(Rule).min(1).max(200),
    /** No more than this on one day in the merchant's zone, over all rules. */
    dailyPointsMax: PointsAmount.optional(),
    tiers: z.array(Tier).min(1),
    rewards: z.array(Reward).max(500),
    /** The last day on which points can be spent: so many months on, at the end of that month. `none`: never. */
    expiry: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({
        kind: z.literal('months'),
        months: z.int().min(1).max(120),
        until: z.enum(['day', 'end-of-month']).default('end-of-month'),
      }),
    ]),
    redemption: z
      .strictObject({
        /** Points to money: this many points are worth one smallest unit; absent, points buy rewards only. */
        pointsPerMinor: z.number().positive().optional(),
        /** How long an authorization holds points. */
        holdMinutes: z
          .int()
          .min(1)
          .max(60 * 24 * 30)
          .default(60),
      })
      .prefault({}),
    refunds: z
      .strictObject({
        /** When the points to take back are spent: owe them against later earnings, or stop at zero and flag it. */
        whenSpent: z.enum(['owe', 'stop-at-zero']).default('owe'),
        /** Points given back whose date has passed live this long. */
        graceDays: z.int().min(0).max(365).default(30),
      })
      .prefault({}),
    /** Unknown buyers: keep the sale until they enrol, for so many days. */
    guests: z.strictObject({ keepDays: z.int().min(0).max(365).default(30) }).prefault({}),
  })
  .check(({ value: program, issues }) => {
    const complain = (path: (string | number)[], message: string, input: unknown) =>
      issues.push({ code: 'custom', path, message, input });
    for (const list of ['rules', 'tiers', 'rewards'] as const) {
      const seen = new Set<string>();
      for (const [index, { id }] of program[list].entries()) {
        if (seen.has(id))
          complain([list, index, 'id'], `"${id}" stands twice: give each of the ${list} an id of its own`, id);
        seen.add(id);
      }
    }
    if (program.tiers[0]?.from !== 0)
      complain(['tiers', 0, 'from'], 'the first tier is everybody’s: set from to 0', program.tiers[0]?.from);
    for (const [index, tier] of program.tiers.entries()) {
      const below = program.tiers[index - 1];
      if (below && tier.from <= below.from)
        complain(['tiers', index, 'from'], `tiers rise: set from above ${below.from}`, tier.from);
    }
    for (const [index, reward] of program.rewards.entries()) {
      if (reward.tier && !program.tiers.some((tier) => tier.id === reward.tier)) {
        complain(
          ['rewards', index, 'tier'],
          `no such tier: use one of ${program.tiers.map((t) => t.id).join(', ')}`,
          reward.tier,
        );
      }
    }
    const amount = (path: (string | number)[], text: string, zeroIsFine: boolean) => {
      const minor = parseAmount(text, program.currency);
      if (minor === undefined)
        complain(path, `not an amount of ${program.currency}: too many decimals, or too large`, text);
      else if (minor === 0 && !zeroIsFine) complain(path, 'must be more than zero', text);
    };
    for (const [index, rule] of program.rules.entries()) {
      if (rule.earn.kind === 'per-amount') {
        amount(['rules', index, 'earn', 'amount'], rule.earn.amount, false);
        if (rule.on !== 'sale')
          complain(['rules', index, 'earn', 'kind'], 'an activity has no amount: use kind: "flat"', rule.earn.kind);
      }
      for (const [at, condition] of rule.when.entries()) {
        const path = ['rules', index, 'when', at, 'is'];
        if (condition.is === 'minimum-spend') amount(['rules', index, 'when', at, 'amount'], condition.amount, true);
        if (condition.is === 'activity' && rule.on !== 'activity')
          complain(path, 'only a rule with on: "activity" can ask for activities', condition.is);
        if ((condition.is === 'minimum-spend' || condition.is === 'category-not-in') && rule.on !== 'sale') {
          complain(path, 'only a rule with on: "sale" can ask for that', condition.is);
        }
      }
    }
  });
export type Program = z.output<typeof Program>;
export type ProgramInput = z.input<typeof Program>;
