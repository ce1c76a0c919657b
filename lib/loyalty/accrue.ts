import type { Account, Day, EarlyRefund } from './account.ts';
import { credit, lastDayOf, longestLived, plus, spendable, withGrace } from './buckets.ts';
import { dayIn, yearOf } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Change, type Detail, type Draft, keyOf, type Part, type Spent, type Step } from './entry.ts';
import type { ActivityFact, Line, SaleFact } from './facts.ts';
import { parseAmount } from './money.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import type { Condition, Program, Rule } from './program.ts';
import { atRate } from './rate.ts';
import { keptOf } from './refund.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf, unlocked } from './tiers.ts';

/** Why a sale earned nothing at all; the first that applies is the answer. */
export type NoPoints = 'other-currency' | 'before-program';

const saleKey = (fact: Pick<SaleFact, 'source' | 'orderId'>): string => keyOf(fact.source, fact.orderId, 'sale');

/** Same order, same content: two tellings of one sale. Time, place and staff may differ between them. */
const saleFingerprint = (fact: SaleFact): string =>
  fingerprint([
    fact.orderId,
    fact.currency,
    fact.netMinor,
    fact.grossMinor,
    fact.redemptionId ?? null,
    fact.lines.map((line) => [
      line.id,
      line.sku ?? null,
      line.category ?? null,
      quantityText(line),
      line.netMinor,
      line.grossMinor,
    ]),
  ]);

// A quantity may be a weight; in the canonical form fractions are text.
const quantityText = (line: Line): string => String(line.quantity);

/**
 * What a sale earns. Refunds that came before it are settled in the same entry, so that the order in which the two
 * arrived leaves no trace in the balance. `spent` is what an already captured redemption paid for this order.
 */
export function decideSale(account: Account, fact: SaleFact, situation: Situation, spent?: Spent): Draft {
  const { program } = situation;
  const day = today(situation);
  const soldOn = dayIn(program.timeZone, fact.occurredAt);
  const order = `${fact.source}#${fact.orderId}`;
  const tier = tierOf(program, account.earnedByYear, day);

  const { parts, trace, because } = value(fact, program, soldOn, tier);
  const gross = points(parts.reduce((sum, part) => sum + part.points, 0));
  const { room, capDay } = roomOn(account, program, soldOn);
  const award = points(Math.min(gross, room));
  if (award < gross) trace.push({ step: 'daily-limit', points: points(award - gross) });

  const sale = { ...content(fact), parts, ...(award < gross && { roomed: award }), ...(spent && { spent }) };
  const early: readonly EarlyRefund[] = account.early[order] ?? [];
  const kept = keptOf(
    sale,
    early.map((refund) => refund.extent),
  );
  if (early.length > 0) trace.push({ step: 'refunded-before', points: points(kept.earned - award) });

  const bucket = lastDayOf(program, soldOn);
  const year = yearOf(soldOn);
  const returned = spent ? points(spent.points - kept.spent) : NO_POINTS;
  const comesBack = spent ? withGrace(longestLived(spent.from, returned), program, day) : {};
  const additions = plus(kept.earned > 0 ? { [bucket]: kept.earned } : {}, comesBack);
  const buckets = credit(account.buckets, additions);
  const change: Change = {
    buckets,
    lifetime: kept.earned,
    earnedByYear: { [year]: kept.earned },
    cappedByDay: { [capDay]: award },
    visits: 1,
    activeOn: soldOn,
    ...(early.length > 0 && { settlesEarly: order }),
  };
  const after = tierOf(
    program,
    { ...account.earnedByYear, [year]: points((account.earnedByYear[year] ?? 0) + kept.earned) },
    day,
  );
  const detail: Detail = {
    kind: 'sale',
    ...sale,
    earned: kept.earned,
    bucket,
    year,
    ...(returned > 0 && { returned }),
    unlocked: unlockedBy(account, buckets, after.id, situation),
  };
  return {
    key: saleKey(fact),
    source: fact.source,
    occurredAt: fact.occurredAt,
    detail,
    change: sparse(change),
    trace: because ? [{ step: because }] : trace,
    tier: after.id,
    fingerprint: saleFingerprint(fact),
  };
}

const content = (fact: SaleFact) => ({
  orderId: fact.orderId,
  currency: fact.currency,
  netMinor: fact.netMinor,
  grossMinor: fact.grossMinor,
  ...(fact.paidMinor !== undefined && fact.paidMinor > fact.grossMinor && { paidMinor: fact.paidMinor }),
  lines: fact.lines.map((line) => [line.id, line.netMinor, line.grossMinor] as const),
});

/** Names what differs between a recorded sale and another telling of it, for the till's eyes. */
export function saleDifferences(detail: Extract<Detail, { kind: 'sale' }>, fact: SaleFact): string[] {
  const told = content(fact);
  const fields = (['currency', 'netMinor', 'grossMinor'] as const)
    .filter((field) => told[field] !== detail[field])
    .map((field) => `${field} was ${detail[field]}, now ${told[field]}`);
  if (JSON.stringify(told.lines) !== JSON.stringify(detail.lines)) fields.push('lines differ');
  if ((fact.redemptionId ?? undefined) !== detail.spent?.redemptionId) fields.push('redemptionId differs');
  return fields.length > 0 ? fields : ['sku, category or quantity of a line differs'];
}

/** A flat award for something that is not a purchase. */
export function decideActivity(account: Account, fact: ActivityFact, situation: Situation): Draft {
  const { program } = situation;
  const day = today(situation);
  const doneOn = dayIn(program.timeZone, fact.occurredAt);
  const tier = tierOf(program, account.earnedByYear, day);
  const trace: Step[] = [];
  let gross = 0;
  for (const rule of program.rules) {
    if (rule.on !== 'activity' || doneOn < program.startsOn || !rule.when.every((one) => holdsFor(one, fact))) continue;
    gross += award(rule, rule.earn.points, tier, trace);
  }
  const { room, capDay } = roomOn(account, program, doneOn);
  const earned = points(Math.min(gross, room));
  if (earned < gross) trace.push({ step: 'daily-limit', points: points(earned - gross) });
  if (gross === 0) trace.push({ step: 'no-rule' });

  const bucket = lastDayOf(program, doneOn);
  const year = yearOf(doneOn);
  const buckets = credit(account.buckets, earned > 0 ? { [bucket]: earned } : {});
  const after = tierOf(
    program,
    { ...account.earnedByYear, [year]: points((account.earnedByYear[year] ?? 0) + earned) },
    day,
  );
  return {
    key: activityKey(fact),
    source: fact.source,
    occurredAt: fact.occurredAt,
    trace,
    tier: after.id,
    fingerprint: fingerprint([fact.activity, fact.activityId]),
    detail: {
      kind: 'activity',
      activity: fact.activity,
      activityId: fact.activityId,
      earned,
      bucket,
      unlocked: unlockedBy(account, buckets, after.id, situation),
    },
    change: sparse({
      buckets,
      lifetime: earned,
      earnedByYear: { [year]: earned },
      cappedByDay: { [capDay]: earned },
      visits: fact.activity === 'visit' ? 1 : 0,
      activeOn: doneOn,
    }),
  };
}

const activityKey = (fact: Pick<ActivityFact, 'source' | 'activity' | 'activityId'>): string =>
  keyOf(fact.source, fact.activityId, fact.activity);

function value(
  fact: SaleFact,
  program: Program,
  soldOn: Day,
  tier: Program['tiers'][number],
): { parts: Part[]; trace: Step[]; because?: NoPoints } {
  if (fact.currency !== program.currency) return { parts: [], trace: [], because: 'other-currency' };
  if (soldOn < program.startsOn) return { parts: [], trace: [], because: 'before-program' };
  const parts: Part[] = [];
  const trace: Step[] = [];
  for (const rule of program.rules) {
    if (rule.on !== 'sale') continue;
    const part = partOf(rule, fact, program, tier, trace);
    if (part) parts.push(part);
  }
  return { parts, trace };
}

/** What one rule gives for one sale; `undefined` when it does not apply. */
function partOf(
  rule: Rule,
  fact: SaleFact,
  program: Program,
  tier: Program['tiers'][number],
  trace: Step[],
): Part | undefined {
  const base = rule.earn.kind === 'per-amount' ? rule.earn.base : 'gross';
  const without: string[] = [];
  for (const condition of rule.when) {
    if (condition.is === 'category-not-in') {
      for (const line of fact.lines)
        if (line.category && condition.categories.includes(line.category)) without.push(line.id);
    }
  }
  const amountMinor = counted(fact, base, without);
  for (const condition of rule.when) {
    if (condition.is === 'location-in' && !(fact.locationId && condition.locations.includes(fact.locationId)))
      return undefined;
    if (condition.is === 'minimum-spend' && amountMinor < minor(condition.amount, program)) {
      trace.push({ step: 'below-minimum', rule: rule.id, amountMinor });
      return undefined;
    }
  }
  if (rule.earn.kind === 'flat') {
    const given = award(rule, rule.earn.points, tier, trace);
    return { rule: rule.id, points: given };
  }
  const rate = {
    points: rule.earn.points,
    perMinor: minor(rule.earn.amount, program),
    bp: rule.multiplied ? tier.multiplierBp : 10_000,
    base,
  } as const;
  trace.push({ step: 'rule', rule: rule.id, amountMinor, points: atRate(amountMinor, { ...rate, bp: 10_000 }) });
  const given = atRate(amountMinor, rate);
  if (rate.bp !== 10_000)
    trace.push({
      step: 'tier',
      rule: tier.id,
      bp: rate.bp,
      points: points(given - atRate(amountMinor, { ...rate, bp: 10_000 })),
    });
  if (given === 0) return undefined;
  return { rule: rule.id, points: given, rate, ...(without.length > 0 && { without }) };
}

function award(rule: Rule, given: number, tier: Program['tiers'][number], trace: Step[]): Points {
  trace.push({ step: 'rule', rule: rule.id, points: points(given) });
  if (!rule.multiplied || tier.multiplierBp === 10_000) return points(given);
  const multiplied = points(Math.floor((given * tier.multiplierBp) / 10_000));
  trace.push({ step: 'tier', rule: tier.id, bp: tier.multiplierBp, points: points(multiplied - given) });
  return multiplied;
}

/** The order's amount on which a rule counts. */
function counted(fact: SaleFact, base: 'net' | 'gross', without: readonly string[]): number {
  const of = (amounts: { netMinor: number; grossMinor: number }) =>
    base === 'net' ? amounts.netMinor : amounts.grossMinor;
  if (fact.lines.length === 0) return of(fact);
  return fact.lines.reduce((sum, line) => (without.includes(line.id) ? sum : sum + of(line)), 0);
}

function holdsFor(condition: Condition, fact: ActivityFact): boolean {
  switch (condition.is) {
    case 'activity':
      return condition.activities.includes(fact.activity);
    case 'location-in':
      return fact.locationId !== undefined && condition.locations.includes(fact.locationId);
    case 'minimum-spend':
    case 'category-not-in':
      return false; // the program's own check refuses them on an activity
  }
}

/** What the daily cap leaves. A day that is older than the account remembers shares the oldest remembered day's room. */
function roomOn(account: Account, program: Program, day: Day): { room: number; capDay: Day } {
  const oldest = Object.keys(account.cappedByDay).sort()[0];
  const full = Object.keys(account.cappedByDay).length > 0;
  const capDay = full && oldest && day < oldest ? oldest : day;
  if (program.dailyPointsMax === undefined) return { room: Number.MAX_SAFE_INTEGER, capDay };
  return { room: Math.max(0, program.dailyPointsMax - (account.cappedByDay[capDay] ?? 0)), capDay };
}

function unlockedBy(account: Account, buckets: Change['buckets'], tier: string, situation: Situation): string[] {
  const day = today(situation);
  return unlocked(
    situation.program,
    { spendable: spendable(account.buckets, day), tier: account.tier },
    { spendable: spendable(plus(account.buckets, buckets ?? {}), day), tier },
  );
}

const minor = (amount: string, program: Program): number => {
  const value = parseAmount(amount, program.currency);
  if (value === undefined) throw new Error(`the program let an amount through that is none: ${amount}`);
  return value;
};
