import type { Account } from './account.ts';
import { type InForce, partOfCampaign } from './campaigning.ts';
import { holdAll, leftOut, minimumOf, minor, type Occasion } from './conditions.ts';
import type { Part, SoldLine } from './detail.ts';
import type { Step } from './entry.ts';
import { goodsOfLine, goodsOfTotal, sumOf } from './goods.ts';
import { countedUnder } from './period.ts';
import { points } from './points.ts';
import type { Cap, Rule } from './program/earning.ts';
import type { Program } from './program.ts';
import { amountOf, flat, type Goods, worth } from './rate.ts';

/** What the rules give: one part for each rule that applies, before and after the caps. */

export interface Valued {
  readonly parts: readonly Part[];
  readonly trace: readonly Step[];
  /** Campaigns that gave something, or would have. */
  readonly touched?: readonly InForce[];
}

type Tier = Program['tiers'][number];

/** Goods of which a rule counts some, or nothing at all where an activity is valued. */
export interface Basket {
  readonly lines: readonly SoldLine[];
  readonly total: { readonly netMinor: number; readonly grossMinor: number };
}

const rulesById = new WeakMap<Program, ReadonlyMap<string, Rule>>();

export function ruleOf(program: Program, id: string): Rule | undefined {
  let rules = rulesById.get(program);
  if (!rules) {
    rules = new Map(program.rules.map((rule) => [rule.id, rule]));
    rulesById.set(program, rules);
  }
  return rules.get(id);
}

/** What each rule, and each campaign, gives for the occasion, after multipliers and groups, before caps. */
export function awardOf(
  program: Program,
  occasion: Occasion,
  tier: Tier,
  basket?: Basket,
  campaigns: readonly InForce[] = [],
): Valued {
  const trace: Step[] = [];
  const factor = factorOf(program, occasion, tier);
  const counted: { readonly rule: Rule; readonly part: Part; readonly steps: readonly Step[] }[] = [];
  const on = basket ? 'sale' : 'activity';
  const each = (basket?.lines ?? []).map(goodsOfLine);
  const all = { each, sum: sumOf(each) };
  for (const rule of program.rules) {
    if (rule.on !== on || !holdAll(rule.when, occasion)) continue;
    const steps: Step[] = [];
    const part = partOf(program, rule, rule.multiplied ? factor.bp : 10_000, basket, all, steps);
    if (part && milliOf(part) > 0) counted.push({ rule, part, steps });
    else trace.push(...steps);
  }
  const taken = new Set(counted.filter((one) => counts(program, one, counted)));
  for (const one of counted) {
    if (!taken.has(one)) trace.push({ step: 'group', rule: one.rule.id, points: one.part.points });
    else trace.push(...one.steps);
  }
  const parts = [...taken];
  if (factor.bp !== 10_000 && parts.some(({ rule }) => rule.multiplied)) trace.push(...factor.steps);
  const ofRules = parts.map(({ part }) => part);
  if (campaigns.length === 0) return { parts: ofRules, trace };
  const more = addedBy(campaigns, {
    program,
    occasion,
    basket,
    all,
    factors: factor.all,
    rules: parts.map(({ rule }) => rule),
  });
  return { parts: [...ofRules, ...more.parts], trace: [...trace, ...more.trace], touched: more.touched };
}

interface Award {
  readonly program: Program;
  readonly occasion: Occasion;
  readonly basket: Basket | undefined;
  readonly all: PricedGoods;
  /** Those that apply without any campaign. */
  readonly factors: readonly number[];
  /** Those that count. */
  readonly rules: readonly Rule[];
}

/** What campaigns give beyond what the rules do: of several multipliers, each what it adds to those before it. */
function addedBy(campaigns: readonly InForce[], award: Award) {
  const parts: Part[] = [];
  const trace: Step[] = [];
  const touched: InForce[] = [];
  const factors = [...award.factors];
  for (const one of campaigns) {
    const { campaign, held } = one;
    if (!holdAll(campaign.when, award.occasion)) continue;
    const steps: Step[] = [];
    const added = partsOf(campaign, award, factors, steps).filter((part) => milliOf(part) > 0);
    if (added.length > 0) touched.push(one);
    if (held) continue;
    if (campaign.effect.kind === 'multiplier' && added.length > 0) factors.push(campaign.effect.bp);
    parts.push(...added);
    if (added.length === 0) trace.push(...steps);
    else
      trace.push({
        step: 'campaign',
        rule: campaign.id,
        points: points(added.reduce((sum, part) => sum + part.points, 0)),
      });
  }
  return { parts, trace, touched };
}

function partsOf(
  { id, effect, when }: InForce['campaign'],
  { program, basket, all, rules }: Award,
  factors: readonly number[],
  steps: Step[],
): Part[] {
  const name = partOfCampaign(id);
  const valued = (rule: Rule, bp: number) => partOf(program, rule, bp, basket, all, steps);
  switch (effect.kind) {
    case 'multiplier': {
      const more = limitedFactor(program, [...factors, effect.bp]) - limitedFactor(program, factors);
      if (more <= 0) return [];
      return rules
        .filter(({ multiplied }) => multiplied)
        .flatMap((rule) => {
          const part = valued({ ...rule, id: name }, more);
          return part ? [{ ...part, of: rule.id }] : [];
        });
    }
    case 'bonus': {
      if (effect.on !== (basket ? 'sale' : 'activity')) return [];
      const earn = { kind: 'flat', points: effect.points } as const;
      const part = valued({ id: name, on: effect.on, when, earn, multiplied: false }, 10_000);
      return part ? [part] : [];
    }
    case 'reward':
    case 'message':
      return [];
  }
}

const limitedFactor = ({ stacking }: Program, factors: readonly number[]): number =>
  Math.min(combined(factors, stacking.multipliers), stacking.maxBp ?? Number.MAX_SAFE_INTEGER);

type Counted = { readonly rule: Rule; readonly part: Part };

/** Of the rules of a group that apply, one counts; rules without a group add up. */
function counts(program: Program, one: Counted, all: readonly Counted[]): boolean {
  const group = one.rule.group === undefined ? undefined : program.groups.find(({ id }) => id === one.rule.group);
  if (!group) return true;
  const rivals = all.filter(({ rule }) => rule.group === group.id);
  const best = Math.max(...rivals.map((rival) => milliOf(rival.part)));
  // Of two that give the same, the one that stands first.
  return one === (group.takes === 'first' ? rivals[0] : rivals.find((rival) => milliOf(rival.part) === best));
}

const milliOf = (part: Part): number => part.milli ?? part.points * 1_000;

/** All multipliers that apply as one factor, in the order of the file, the tier's first. */
function factorOf(
  { multipliers, stacking }: Program,
  occasion: Occasion,
  tier: Tier,
): { readonly bp: number; readonly steps: Step[]; readonly all: readonly number[] } {
  const applying = [
    { step: 'tier', rule: tier.id, bp: tier.multiplierBp },
    ...multipliers
      .filter(({ when }) => holdAll(when, occasion))
      .map(({ id, bp }) => ({ step: 'multiplier', rule: id, bp })),
  ].filter(({ bp }) => bp !== 10_000);
  const all = applying.map((one) => one.bp);
  const bp = combined(all, stacking.multipliers);
  const most = stacking.maxBp ?? Number.MAX_SAFE_INTEGER;
  const steps: Step[] = applying.filter((one) => stacking.multipliers !== 'best' || one.bp === bp);
  if (bp > most) steps.push({ step: 'factor-limit', bp: most });
  return { bp: Math.min(bp, most), steps, all };
}

function combined(factors: readonly number[], how: Program['stacking']['multipliers']): number {
  if (factors.length === 0) return 10_000;
  switch (how) {
    case 'multiply':
      return factors.reduce((product, bp) => Math.floor((product * bp) / 10_000));
    case 'add':
      return Math.max(
        0,
        factors.reduce((sum, bp) => sum + bp - 10_000, 10_000),
      );
    case 'best':
      return Math.max(...factors);
  }
}

function partOf(
  program: Program,
  rule: Rule,
  bp: number,
  basket: Basket | undefined,
  all: PricedGoods,
  steps: Step[],
): Part | undefined {
  const { rounding } = program.stacking;
  const { earn } = rule;
  const without = basket ? leftOut(rule.when, basket.lines) : [];
  if (without === undefined) return undefined;
  const goods = basket && goodsFor(basket, all, without);
  const minimum = minimumOf(rule.when, program);
  const spent = goods ? amountOf(goods, earn.kind === 'per-amount' ? amountsOf(earn) : { base: 'gross' }) : 0;
  if (spent < minimum) {
    steps.push({ step: 'below-minimum', rule: rule.id, amountMinor: spent });
    return undefined;
  }
  const kept = rounding === 'carry';
  const made = (milli: number, rate?: Part['rate']): Part => ({
    rule: rule.id,
    points: points(Math.floor(milli / 1_000)),
    ...(kept && { milli }),
    ...(rate && { rate }),
    ...(without.length > 0 && { without }),
  });
  if (earn.kind === 'flat' || !goods) {
    const part = made(flat(earn.points, bp, rounding));
    steps.push({ step: 'rule', rule: rule.id, points: part.points });
    return part;
  }
  const how = { points: earn.points, bp, ...(rounding !== 'down' && { rounding }) };
  const rate: NonNullable<Part['rate']> =
    earn.kind === 'per-item'
      ? { ...how, perItem: true }
      : {
          ...how,
          perMinor: minor(earn.amount, program.currency),
          base: earn.base,
          ...(earn.discounts === 'before' && { before: true as const }),
        };
  const part = made(worth(goods, rate), rate);
  steps.push({
    step: 'rule',
    rule: rule.id,
    ...(earn.kind === 'per-amount' ? { amountMinor: amountOf(goods, amountsOf(earn)) } : {}),
    points: part.points,
  });
  return part;
}

const amountsOf = ({ base, discounts }: { base: 'net' | 'gross'; discounts: 'after' | 'before' }) => ({
  base,
  before: discounts === 'before',
});

/** Of the lines that count; all of them are added up once. */
function goodsFor({ lines, total }: Basket, all: PricedGoods, without: readonly number[]): Goods {
  if (lines.length === 0) return goodsOfTotal(total);
  return without.length === 0 ? all.sum : sumOf(all.each, without);
}

interface PricedGoods {
  readonly each: readonly Goods[];
  readonly sum: Goods;
}

/**
 * What the caps, and the budgets that were put aside, leave of each part: `room` where that is less than the rule gave.
 * `counters` is what the award counts towards the caps: whole points, so that where remainders are kept, the point that
 * they make counts with the part that completes it.
 */
export function capped(
  program: Program,
  account: Pick<Account, 'counters' | 'carry'>,
  day: string,
  parts: readonly Part[],
  budgets: Readonly<Record<string, number>> | undefined,
  /** Campaigns’ parts that have a budget; several may share one. */
  limited: Readonly<Record<string, number>> = {},
): {
  readonly parts: readonly Part[];
  readonly counters: Readonly<Record<string, number>>;
  readonly trace: readonly Step[];
} {
  const counters: Record<string, number> = {};
  const trace: Step[] = [];
  const applying = (cap: Cap, part: Part) => cap.rules === undefined || cap.rules.includes(part.of ?? part.rule);
  const given: Record<string, number> = {};
  let remainder = account.carry;
  const result = parts.map((one) => {
    const made = Math.floor((remainder + milliOf(one)) / 1_000);
    const part = one.milli === undefined ? one : { ...one, points: points(made) };
    let room: number = part.points;
    let by: Step = { step: 'cap' };
    const narrow = (left: number, what: Step) => {
      if (left >= room) return;
      room = Math.max(0, left);
      by = what;
    };
    for (const cap of program.caps) {
      if (!applying(cap, part)) continue;
      const key = countedUnder(account.counters, cap.id, cap.per, day);
      narrow(cap.points - (account.counters[key] ?? 0) - (counters[key] ?? 0), { step: 'cap', rule: cap.id });
    }
    const budget = ruleOf(program, part.rule)?.budgetPoints ?? limited[part.rule];
    if (budget !== undefined && budgets) {
      narrow((budgets[part.rule] ?? 0) - (given[part.rule] ?? 0), { step: 'budget', rule: part.rule });
      given[part.rule] = (given[part.rule] ?? 0) + room;
    }
    for (const cap of program.caps) {
      if (!applying(cap, part)) continue;
      const key = countedUnder(account.counters, cap.id, cap.per, day);
      counters[key] = (counters[key] ?? 0) + room;
    }
    if (room === part.points) {
      remainder = (remainder + milliOf(part)) % 1_000;
      return part;
    }
    trace.push({ ...by, points: points(room - part.points) });
    return {
      ...part,
      points: points(room),
      room: points(room),
      ...(part.milli !== undefined && { milli: room * 1_000 }),
    };
  });
  return { parts: result, counters, trace };
}
