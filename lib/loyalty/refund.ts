import { type Account, OWED, type RefundExtent } from './account.ts';
import { giveBack, longestLived, minus, plus, withGrace } from './buckets.ts';
import { partOfCampaign } from './campaigning.ts';
import { fingerprint } from './canonical.ts';
import { claw } from './claw.ts';
import type { CampaignNoted, Detail } from './detail.ts';
import { type Change, type Draft, type Entry, keyOf, type Step } from './entry.ts';
import type { RefundFact } from './facts.ts';
import { keptOf } from './kept.ts';
import { windowLeftOf } from './lot-ends.ts';
import { bucketOf, isLot, stagesOf, waitsFor } from './lots.ts';
import { NO_POINTS, points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';
import { refundCounts, returnsTooOften } from './suspicions.ts';
import { tierOf } from './tiers.ts';

type Sale = Extract<Detail, { kind: 'sale' }>;

export const refundKey = (fact: Pick<RefundFact, 'source' | 'orderId' | 'refundId'>): string =>
  keyOf(fact.source, fact.orderId, `refund:${fact.refundId.replaceAll('#', '%23')}`);

const refundFingerprint = (fact: RefundFact): string => fingerprint([fact.orderId, fact.currency, fact.extent]);

/** More early refunds than this for orders that never came is not a shop, it is a fault at the source. */
const EARLY_ORDERS_MAX = 20;

/** The order is not known yet: what the refund says is kept until it comes. */
export function decideEarlyRefund(
  account: Account,
  fact: RefundFact,
): Draft | { readonly refused: 'too-many-early-refunds' } {
  const order = `${fact.source}#${fact.orderId}`;
  if (!account.early[order] && Object.keys(account.early).length >= EARLY_ORDERS_MAX)
    return { refused: 'too-many-early-refunds' };
  return {
    ...header(fact, account),
    detail: { ...told(fact), reversed: NO_POINTS, returned: NO_POINTS, early: true, flags: [] },
    change: { early: { order, id: fact.refundId, extent: fact.extent } },
    trace: [{ step: 'waits-for-order' }],
  };
}

/**
 * Takes back the difference between what the order has been worth so far and what the goods that are kept are worth,
 * by the rule and the lines that were stored with the sale. The difference and not the share: each refund that is
 * rounded on its own would leave a point behind, ten refunds would leave ten. `before` is what else is booked for the
 * order: refunds, and lots that were declined, which are gone already.
 */
export function decideRefund(
  account: Account,
  fact: RefundFact,
  situation: Situation,
  sale: Entry,
  before: readonly Entry[],
): Draft {
  const detail = sale.detail as Sale;
  const { program } = situation;
  const day = today(situation);
  const earlier = before.flatMap((entry) => (entry.detail.kind === 'refund' ? [entry.detail] : []));
  const extents = earlier.map((refund) => refund.extent);
  const flags = exceeds(detail, [...extents, fact.extent]) ? ['refund-exceeds-order'] : [];
  if (fact.currency !== detail.currency) flags.push('refund-in-other-currency');

  const soFar = standingOf(sale, before);
  const target = keptOf(detail, [...extents, fact.extent]);
  // A lot that was declined is gone, whatever the goods are worth.
  const due = (place: string) => (soFar.gone(place) ? 0 : (target.byPlace[place] ?? 0));
  const places = [...new Set([...Object.keys(soFar.byPlace), ...Object.keys(target.byPlace)])];
  const back: Record<string, number> = Object.fromEntries(
    places.map((place) => [place, (soFar.byPlace[place] ?? 0) - due(place)]),
  );
  // Whole points and thousandths of all that was earned, declined or not: what was declined has gone by whole points.
  const remainder = remainderOf(
    account,
    detail,
    soFar.milli - target.milli,
    soFar.earned - target.earned,
    sumOf(Object.values(back)),
  );
  if (remainder.points !== 0) back[detail.to] = (back[detail.to] ?? 0) - remainder.points;
  const reversed = points(Math.max(0, sumOf(Object.values(back))));
  const returned = detail.spent ? points(Math.max(0, detail.spent.points - target.spent - soFar.returned)) : NO_POINTS;

  const given = detail.spent
    ? giveBack(
        account.buckets,
        withGrace(
          minus(
            longestLived(detail.spent.from, soFar.returned + returned),
            longestLived(detail.spent.from, soFar.returned),
          ),
          program,
          day,
          account,
        ),
        program,
      )
    : {};
  const { buckets, lots, letGo, lapsed } = claw(
    { ...account, buckets: plus(account.buckets, given) },
    whereabouts(back, before),
    situation,
  );
  const unpaid = points(letGo - lapsed);
  if (unpaid > 0) flags.push('refund-after-spend');

  const gone = target.nothing && !soFar.nothing;
  const counters = refundCounts(program, { first: earlier.length === 0, last: gone });
  const counted = { purchases: account.purchases - (gone ? 1 : 0), counters: added(account.counters, counters) };
  if (earlier.length === 0 && returnsTooOften(counted, program)) flags.push('refund-ratio');

  const windowLeft = Math.min(target.window, soFar.window);
  const backMinor = detail.currency === program.currency ? soFar.netMinor - target.netMinor : 0;
  const campaigns = detail.campaigns?.map((one): CampaignNoted => {
    const name = partOfCampaign(one.id);
    return one.held ? one : { ...one, points: (target.byRule[name] ?? 0) - (soFar.byRule[name] ?? 0) };
  });
  const change: Change = {
    buckets: plus(given, buckets),
    lots,
    lifetime: points(-reversed),
    window: { [detail.window.key]: windowLeft - soFar.window },
    carry: remainder.carry,
    counters,
    // A purchase of which nothing is left was none.
    ...(gone && { purchases: -1, visits: -1 }),
  };
  const tier = tierOf(program, { ...account, window: added(account.window, change.window) }, day);
  const trace: Step[] = [{ step: 'reversed', points: points(-reversed) }];
  if (returned > 0) trace.push({ step: 'returned', points: returned });
  if (lapsed > 0) trace.push({ step: 'lapsed-before', points: lapsed });
  if (unpaid > 0) trace.push({ step: 'spent-before', points: unpaid });
  return {
    ...header(fact, account),
    tier: tier.id,
    detail: {
      ...told(fact),
      reversed,
      ...(letGo > 0 && { letGo }),
      returned,
      ...(backMinor > 0 && { backMinor }),
      ...(campaigns && { campaigns }),
      kept: Object.fromEntries(places.filter((place) => due(place) !== 0).map((place) => [place, points(due(place))])),
      ...(detail.carried !== undefined && { keptMilli: target.milli }),
      windowLeft,
      flags,
      ...(gone && detail.referredBy && { undoesReferralOf: detail.referredBy }),
    },
    change: sparse(change),
    trace,
  };
}

/** Points whose date had passed when they were said yes to went into a bucket of grace: they are taken from there. */
function whereabouts(
  amounts: Readonly<Record<string, number>>,
  before: readonly Entry[],
): Readonly<Record<string, number>> {
  const result: Record<string, number> = {};
  for (const [place, amount] of Object.entries(amounts)) {
    const waits = stagesOf(place).filter(isLot).map(waitsFor);
    const freed = before.filter(({ detail }) => detail.kind === 'activated' && waits.includes(detail.lot));
    const went = freed.flatMap(({ change }) => Object.keys(change.buckets ?? {})).filter((date) => date !== OWED);
    const [only] = went;
    const at = only !== undefined && went.length === 1 && only !== bucketOf(place) ? only : place;
    result[at] = (result[at] ?? 0) + amount;
  }
  return result;
}

/** What stands of an order, after all that was booked for it. */
function standingOf(sale: Entry, before: readonly Entry[]) {
  const detail = sale.detail as Sale;
  const refunds = before
    .flatMap(({ recordedAt, detail: one }) => (one.kind === 'refund' && !one.early ? [{ recordedAt, ...one }] : []))
    // Also where some stand in the journal of an account that was absorbed.
    .sort((a, b) => a.recordedAt.localeCompare(b.recordedAt));
  const last = refunds.at(-1);
  // Refunds that came before the sale were settled with it: their sum is what it began with.
  const early = before.flatMap(({ detail: one }) => (one.kind === 'refund' && one.early ? [one.extent] : []));
  const began = keptOf(detail, early);
  const declined = new Set(before.flatMap(({ detail: one }) => (one.kind === 'declined' ? [waitsFor(one.lot)] : [])));
  const gone = (place: string) => stagesOf(place).some((stage) => isLot(stage) && declined.has(waitsFor(stage)));
  const byPlace = last?.kept ?? began.byPlace;
  const now = keptOf(
    detail,
    before.flatMap(({ detail: one }) => (one.kind === 'refund' ? [one.extent] : [])),
  );
  return {
    byPlace: Object.fromEntries(Object.entries(byPlace).filter(([place]) => !gone(place))),
    earned: now.earned,
    milli: last?.keptMilli ?? began.milli,
    window: Math.min(detail.window.amount, ...before.flatMap((entry) => windowLeftOf(entry.detail))),
    returned: (detail.returned ?? 0) + refunds.reduce((sum, refund) => sum + refund.returned, 0),
    netMinor: now.netMinor,
    byRule: now.byRule,
    nothing: now.nothing,
    gone,
  };
}

/**
 * Where the program keeps remainders, the thousandths that go back may be more or less than the whole points that do:
 * then one point more is taken or one fewer, so that the balance stays what all thousandths together come to. A refund
 * of what was declined takes nothing that there could be fewer of: it leaves the remainder at its largest.
 */
function remainderOf(account: Account, { carried }: Sale, milli: number, whole: number, taken: number) {
  if (carried === undefined) return { carry: 0, points: 0 };
  const rest = account.carry - (milli - whole * 1_000);
  const gained = Math.min(Math.floor(rest / 1_000), taken);
  return { carry: Math.min(rest - gained * 1_000, 999) - account.carry, points: gained };
}

const sumOf = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0);

const added = (to: Readonly<Record<string, number>>, deltas: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(
    [...Object.keys(to), ...Object.keys(deltas)].map((key) => [key, (to[key] ?? 0) + (deltas[key] ?? 0)]),
  );

/** Whether more goods came back than were sold. */
function exceeds(sale: Sale, extents: readonly RefundExtent[]): boolean {
  let gross = 0;
  const perLine = new Map<string, number>();
  for (const extent of extents) {
    if (extent.kind === 'amount') gross += extent.grossMinor;
    if (extent.kind === 'lines') {
      for (const line of extent.lines) {
        gross += line.grossMinor;
        perLine.set(line.id, (perLine.get(line.id) ?? 0) + line.grossMinor);
      }
    }
  }
  return (
    gross > (sale.paidMinor ?? sale.grossMinor) ||
    sale.lines.some(({ id, net, gross: lineGross = net }) => (perLine.get(id) ?? 0) > lineGross)
  );
}

const told = (fact: RefundFact) =>
  ({
    kind: 'refund',
    orderId: fact.orderId,
    refundId: fact.refundId,
    reason: fact.reason,
    extent: fact.extent,
  }) as const;

const header = (
  fact: RefundFact,
  account: Account,
): Pick<Draft, 'key' | 'source' | 'occurredAt' | 'fingerprint' | 'tier'> => ({
  key: refundKey(fact),
  source: fact.source,
  occurredAt: fact.occurredAt,
  fingerprint: refundFingerprint(fact),
  tier: account.tier,
});
