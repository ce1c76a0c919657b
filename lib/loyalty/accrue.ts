import type { Account, Day, EarlyRefund, NEVER } from './account.ts';
import { credit, giveBack, isPast, keptAlive, lastDayOf, longestLived, payable, plus, withGrace } from './buckets.ts';
import { dayIn, minuteIn } from './calendar.ts';
import { campaignBudgets, campaignsBooked, inForce, meaning, partOfCampaign } from './campaigning.ts';
import { fingerprint } from './canonical.ts';
import { minor, type Occasion } from './conditions.ts';
import type { Detail, Part, Spent } from './detail.ts';
import { type Change, type Draft, keyOf, type Step } from './entry.ts';
import type { ActivityFact, Line, SaleFact } from './facts.ts';
import { soldLine } from './goods.ts';
import { keptOf, type Sold } from './kept.ts';
import { lotFor, placed, placeOf } from './lots.ts';
import { milestonesReached } from './milestones.ts';
import { isDeed } from './occasions.ts';
import { NO_POINTS, points } from './points.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';
import { saleCounts, suspicions } from './suspicions.ts';
import { tierOf, unlocked, windowKey } from './tiers.ts';
import { awardOf, capped, ruleOf, type Valued } from './value.ts';

/** Why a sale earned nothing at all; the first that applies is the answer. */
export type NoPoints = 'other-currency' | 'before-program';

/** The part of a friend's first order, beside what the rules give. */
export const REFERRAL = 'referral';

export const saleKey = (fact: Pick<SaleFact, 'source' | 'orderId'>): string => keyOf(fact.source, fact.orderId, 'sale');

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
      line.listNetMinor ?? null,
      line.listGrossMinor ?? null,
      ...(line.tags && line.tags.length > 0 ? [line.tags] : []),
    ]),
  ]);

// A quantity may be a weight; in the canonical form fractions are text.
const quantityText = (line: Line): string => String(line.quantity);

/** Under this name somebody says yes or no to what waits of an order or an activity. */
export const lotName = (source: string, object: string): string => `${source}#${object}`;
export const reviewName = (source: string, object: string): string => `review:${lotName(source, object)}`;

/**
 * What a sale earns. Refunds that came before it are settled in the same entry, so that the order in which the two
 * arrived leaves no trace in the balance. `spent` is what an already captured redemption paid for this order.
 */
export function decideSale(account: Account, fact: SaleFact, situation: Situation, spent?: Spent): Draft {
  const { program } = situation;
  const day = today(situation);
  const soldOn = dayIn(program.timeZone, fact.occurredAt);
  const tier = tierOf(program, account, day);
  const first = saleAt(tier, account, fact, situation, spent);
  // The sale that reaches a tier earns at it already, where the program says so: then it is valued once more.
  const better =
    program.qualify.reachingSaleEarns === 'at-new-tier' && first.reaches.id !== tier.id
      ? saleAt(first.reaches, account, fact, situation, spent)
      : first;
  const { sale, kept, reached, trace, flags, counters, early } = better;

  const returned = spent ? points(spent.points - kept.spent) : NO_POINTS;
  const alive = keptAlive(account, program, soldOn, day);
  const then = {
    lastActivityOn: (account.lastActivityOn ?? '') > soldOn ? account.lastActivityOn : soldOn,
    keptFrom: alive.keptFrom ?? account.keptFrom,
  };
  const comesBack = spent ? withGrace(longestLived(spent.from, returned), program, day, then) : {};
  const { buckets: earnedBuckets, lots } = placed(kept.byPlace);
  const back = giveBack(account.buckets, comesBack, program);
  const earned = credit(plus(account.buckets, back), earnedBuckets, program);
  const buckets = plus(alive.buckets, plus(back, earned));
  const settled = keptMilliChange(account, sale, kept.milli, kept.earned);
  // What was all back before it came was no purchase.
  const purchase = kept.nothing ? 0 : 1;
  const backMinor = sale.currency === program.currency ? sale.netMinor - kept.netMinor : 0;
  const passed = milestonesReached(account, { visits: purchase, purchases: purchase, points: kept.earned }, program);
  const change: Change = {
    buckets,
    lots: plus(alive.lots, lots),
    keptFrom: alive.keptFrom,
    lifetime: kept.earned,
    window: { [sale.window.key]: kept.window },
    counters: { ...counters, ...passed.counters },
    carry: settled,
    visits: purchase,
    purchases: purchase,
    activeOn: soldOn,
    ...(early.length > 0 && { settlesEarly: orderOf(fact) }),
    ...(better.referredBy && { referredBy: null }),
  };
  const detail: Detail = {
    kind: 'sale',
    ...sale,
    earned: kept.earned,
    ...(returned > 0 && { returned }),
    ...(early.length > 0 && backMinor > 0 && { backMinor }),
    unlocked: unlockedBy(account, buckets, reached.id, situation),
    ...(flags.length > 0 && { flags }),
    ...(better.referredBy && { referredBy: better.referredBy }),
    ...(better.campaigns.length > 0 && { campaigns: better.campaigns }),
    ...(passed.reached.length > 0 && { milestones: passed.reached }),
  };
  return {
    key: saleKey(fact),
    source: fact.source,
    occurredAt: fact.occurredAt,
    detail,
    change: sparse(change),
    trace,
    tier: reached.id,
    fingerprint: saleFingerprint(fact),
  };
}

const orderOf = (fact: Pick<SaleFact, 'source' | 'orderId'>): string => `${fact.source}#${fact.orderId}`;

/** How the member's remainder changes: thousandths that came to no whole point yet, or made one with those that were there. */
const keptMilliChange = (account: Account, { carried }: Sold, milli: number, earned: number): number =>
  carried === undefined ? 0 : carried + milli - earned * 1_000 - account.carry;

/** The sale as it is for a member of that tier. */
function saleAt(
  tier: Program['tiers'][number],
  account: Account,
  fact: SaleFact,
  situation: Situation,
  spent: Spent | undefined,
) {
  const { program } = situation;
  const soldOn = dayIn(program.timeZone, fact.occurredAt);
  const early: readonly EarlyRefund[] = account.early[orderOf(fact)] ?? [];
  const lines = fact.lines.map(soldLine);
  const because = noPoints(fact, program, soldOn);
  const valued: Valued = because
    ? { parts: [], trace: [{ step: because }] }
    : awardOf(
        program,
        occasionOf(fact, account, situation, tier.id),
        tier,
        { lines, total: fact },
        inForce(account, fact.occurredAt, soldOn, situation, fact.locationId),
      );
  const limited = capped(
    program,
    account,
    soldOn,
    valued.parts,
    situation.budgets,
    campaignBudgets(situation.campaigns),
  );
  const meant = because ? [] : meaning(account, fact.occurredAt, situation, fact.locationId);
  const offered = campaignsBooked(valued.touched ?? [], meant, limited.parts, account, soldOn);
  const referral = because ? undefined : referralOf(account, fact, program, soldOn);
  const flags = because ? [] : suspicions(account, fact, situation);
  const placedParts = parted(
    [...limited.parts, ...(referral ? [referral.part] : [])],
    account,
    situation,
    soldOn,
    lotName(fact.source, fact.orderId),
    flags.length > 0 ? reviewName(fact.source, fact.orderId) : undefined,
  );
  const sale: Sold & ReturnType<typeof content> = {
    ...content(fact, lines),
    ...placedParts,
    ...(program.stacking.rounding === 'carry' && { carried: account.carry }),
    ...(spent && { spent }),
    window: {
      key: windowKey(program, soldOn),
      by: program.qualify.by,
      amount: 0,
    },
  };
  const whole = keptOf(sale, []);
  const kept =
    early.length === 0
      ? whole
      : keptOf(
          sale,
          early.map((refund) => refund.extent),
        );
  const trace: Step[] = [...valued.trace, ...limited.trace];
  if (referral) trace.push({ step: 'referral', points: referral.part.points });
  if (early.length > 0) trace.push({ step: 'refunded-before', points: points(kept.earned - whole.earned) });
  for (const flag of flags) trace.push({ step: 'flagged', rule: flag });
  const amount = because ? 0 : kept.window;
  const tierWith = (more: number) => {
    const window = { ...account.window, [sale.window.key]: (account.window[sale.window.key] ?? 0) + more };
    return tierOf(program, { ...account, window }, today(situation));
  };
  return {
    sale: { ...sale, window: { ...sale.window, amount } },
    kept: { ...kept, window: amount },
    reached: tierWith(amount),
    // As it was sold: whether its refunds come before it or after it, it is multiplied by the same tier.
    reaches: tierWith(because ? 0 : whole.window),
    trace,
    flags,
    counters: { ...limited.counters, ...offered.counters, ...saleCounts(fact, program) },
    // What went back before the sale was told was given by nobody.
    campaigns:
      early.length === 0
        ? offered.notes
        : offered.notes.map((one) =>
            one.held ? one : { ...one, points: points(kept.byRule[partOfCampaign(one.id)] ?? 0) },
          ),
    early,
    // Also when all of it went back before it was told: else the order in which the two come would decide about the next.
    ...(referral && { referredBy: referral.referrer }),
  };
}

function noPoints(fact: SaleFact, program: Program, soldOn: Day): NoPoints | undefined {
  if (fact.currency !== program.currency) return 'other-currency';
  if (soldOn < program.startsOn) return 'before-program';
  return undefined;
}

const content = (fact: SaleFact, lines = fact.lines.map(soldLine)) => ({
  orderId: fact.orderId,
  currency: fact.currency,
  netMinor: fact.netMinor,
  grossMinor: fact.grossMinor,
  ...(fact.paidMinor !== undefined && fact.paidMinor > fact.grossMinor && { paidMinor: fact.paidMinor }),
  lines,
  ...(fact.locationId !== undefined && { locationId: fact.locationId }),
  ...(fact.staffId !== undefined && { staffId: fact.staffId }),
});

/** Names what differs between a recorded sale and another telling of it, for the till's eyes. */
export function saleDifferences(detail: Extract<Detail, { kind: 'sale' }>, fact: SaleFact): string[] {
  const told = content(fact);
  const fields = (['currency', 'netMinor', 'grossMinor'] as const)
    .filter((field) => told[field] !== detail[field])
    .map((field) => `${field} was ${detail[field]}, now ${told[field]}`);
  if (JSON.stringify(told.lines) !== JSON.stringify(detail.lines)) fields.push('lines differ');
  if ((fact.redemptionId ?? undefined) !== detail.spent?.redemptionId) fields.push('redemptionId differs');
  return fields.length > 0 ? fields : ['a line differs'];
}

/** A friend's first order that is large enough, in time. */
function referralOf(account: Account, fact: SaleFact, program: Program, soldOn: Day) {
  const { referrals } = program;
  const { referredBy } = account;
  if (!referrals || !referredBy) return undefined;
  const days = (Date.parse(soldOn) - Date.parse(referredBy.on)) / 86_400_000;
  // What was bought before somebody brought the friend is nobody's doing.
  if (days < 0 || days > referrals.withinDays || fact.netMinor < minor(referrals.minimumSpend, program.currency))
    return undefined;
  const part: Part = {
    rule: REFERRAL,
    points: points(referrals.friendPoints),
    ...(program.stacking.rounding === 'carry' && { milli: referrals.friendPoints * 1_000 }),
  };
  return { part, referrer: referredBy.memberId };
}

/** Says of each part where its points go: `to` of the whole is where most rules send theirs. */
function parted(
  parts: readonly Part[],
  account: Account,
  situation: Situation,
  day: Day,
  lot: string,
  review: string | undefined,
  given?: { readonly today: Day },
): { readonly parts: readonly Part[]; readonly to: string } {
  const { program } = situation;
  const placeFor = (rule: Program['rules'][number] | undefined): string => {
    const bucket = bucketFor(account, program, rule, day, given);
    const place = placeOf(bucket, rule?.pending ?? program.pending, { day, today: today(situation), name: lot });
    return review ? lotFor(review, place) : place;
  };
  const to = placeFor(undefined);
  return {
    to,
    parts: parts.map((part) => {
      const rule = ruleOf(program, part.of ?? part.rule);
      const place = rule?.pending || rule?.expiry ? placeFor(rule) : to;
      return place === to ? part : { ...part, to: place };
    }),
  };
}

/**
 * Under an expiry by inactivity, what comes late lives as long as what the member did since. What is `given` to somebody
 * who did nothing for it goes to the points that are alive, and shares what becomes of them.
 */
export function bucketFor(
  account: Account,
  program: Program,
  rule: Program['rules'][number] | undefined,
  day: Day,
  given?: { readonly today: Day },
): Day | typeof NEVER {
  const expiry = rule?.expiry ?? program.expiry;
  const { lastActivityOn = '' } = account;
  if (expiry.kind !== 'inactivity' || lastActivityOn === '') return lastDayOf(expiry, day);
  const alive = lastDayOf(expiry, lastActivityOn);
  if (lastActivityOn > day || (given && !isPast(alive, given.today))) return alive;
  return lastDayOf(expiry, day);
}

function occasionOf(fact: SaleFact | ActivityFact, account: Account, situation: Situation, tier: string): Occasion {
  const { timeZone } = situation.program;
  let minute: number | undefined;
  return {
    day: dayIn(timeZone, fact.occurredAt),
    minute: () => {
      minute ??= minuteIn(timeZone, fact.occurredAt);
      return minute;
    },
    source: fact.source,
    locationId: fact.locationId,
    tier,
    memberTags: situation.memberTags ?? [],
    ...(fact.type === 'activity' && { activity: fact.activity, daysAway: fact.daysAway }),
    purchase: fact.type === 'sale' ? account.purchases + 1 : account.purchases,
    visit: account.visits + (isVisit(fact) ? 1 : 0),
  };
}

const isVisit = (fact: SaleFact | ActivityFact): boolean => fact.type === 'sale' || fact.activity === 'visit';

export const activityKey = (fact: Pick<ActivityFact, 'source' | 'activity' | 'activityId'>): string =>
  keyOf(fact.source, fact.activityId, fact.activity);

/** What something earns that is not a purchase. */
export function decideActivity(account: Account, fact: ActivityFact, situation: Situation): Draft {
  const { program } = situation;
  const day = today(situation);
  const doneOn = dayIn(program.timeZone, fact.occurredAt);
  const tier = tierOf(program, account, day);
  const valued: Valued =
    doneOn < program.startsOn
      ? { parts: [], trace: [{ step: 'before-program' }] }
      : awardOf(
          program,
          occasionOf(fact, account, situation, tier.id),
          tier,
          undefined,
          inForce(account, fact.occurredAt, doneOn, situation, fact.locationId),
        );
  const limited = capped(
    program,
    account,
    doneOn,
    valued.parts,
    situation.budgets,
    campaignBudgets(situation.campaigns),
  );
  const meant = doneOn < program.startsOn ? [] : meaning(account, fact.occurredAt, situation, fact.locationId);
  const offered = campaignsBooked(valued.touched ?? [], meant, limited.parts, account, doneOn);
  const flags = suspicions(account, fact, situation);
  const object = `${fact.activity}:${fact.activityId}`;
  const { parts, to } = parted(
    limited.parts,
    account,
    situation,
    doneOn,
    lotName(fact.source, object),
    flags.length > 0 ? reviewName(fact.source, object) : undefined,
    isDeed(fact.activity) ? undefined : { today: day },
  );
  const visits = fact.activity === 'visit' ? 1 : 0;
  const carried = program.stacking.rounding === 'carry' ? account.carry : undefined;
  const window = { key: windowKey(program, doneOn), by: program.qualify.by, amount: 0 } as const;
  const sold: Sold = {
    netMinor: 0,
    grossMinor: 0,
    lines: [],
    parts,
    to,
    window,
    ...(carried !== undefined && { carried }),
  };
  const kept = keptOf(sold, []);
  const amount = window.by === 'points' ? kept.earned : window.by === 'visits' ? visits : 0;
  const { buckets: earnedBuckets, lots } = placed(kept.byPlace);
  const deed = isDeed(fact.activity);
  const alive = deed ? keptAlive(account, program, doneOn, day) : { buckets: {}, lots: {} };
  const passed = milestonesReached(account, { visits, purchases: 0, points: kept.earned }, program);
  const buckets = plus(alive.buckets, credit(account.buckets, earnedBuckets, program));
  const reached = tierOf(
    program,
    { ...account, window: { ...account.window, [window.key]: (account.window[window.key] ?? 0) + amount } },
    day,
  );
  const trace: Step[] = [...valued.trace, ...limited.trace, ...flags.map((flag) => ({ step: 'flagged', rule: flag }))];
  return {
    key: activityKey(fact),
    source: fact.source,
    occurredAt: fact.occurredAt,
    trace: trace.length === 0 ? [{ step: 'no-rule' }] : trace,
    tier: reached.id,
    fingerprint: fingerprint([fact.activity, fact.activityId]),
    detail: {
      kind: 'activity',
      activity: fact.activity,
      activityId: fact.activityId,
      ...(fact.years !== undefined && { years: fact.years }),
      ...(fact.daysAway !== undefined && { daysAway: fact.daysAway }),
      earned: kept.earned,
      to,
      parts,
      ...(fact.locationId !== undefined && { locationId: fact.locationId }),
      unlocked: unlockedBy(account, buckets, reached.id, situation),
      ...(flags.length > 0 && { flags }),
      ...(offered.notes.length > 0 && { campaigns: offered.notes }),
      ...(passed.reached.length > 0 && { milestones: passed.reached }),
    },
    change: sparse({
      buckets,
      lots: plus(alive.lots, lots),
      ...('keptFrom' in alive && { keptFrom: alive.keptFrom }),
      lifetime: kept.earned,
      window: { [window.key]: amount },
      counters: { ...limited.counters, ...offered.counters, ...passed.counters },
      carry: keptMilliChange(account, sold, kept.milli, kept.earned),
      visits,
      ...(deed && { activeOn: doneOn }),
    }),
  };
}

function unlockedBy(account: Account, buckets: Change['buckets'], tier: string, situation: Situation): string[] {
  const { program } = situation;
  const day = today(situation);
  return unlocked(
    program,
    { payable: payable(account.buckets, day, program), tier: account.tier },
    { payable: payable(plus(account.buckets, buckets ?? {}), day, program), tier },
  );
}
