import { type Account, type Day, OWED, type RefundExtent } from './account.ts';
import { credit, isPast, longestLived, minus, negated, plus, take, withGrace } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { type Detail, type Draft, type Entry, keyOf, type Step } from './entry.ts';
import type { RefundFact } from './facts.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import { atRate } from './rate.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf } from './tiers.ts';

type Sale = Extract<Detail, { kind: 'sale' }>;
type Refund = Extract<Detail, { kind: 'refund' }>;

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
 * rounded on its own would leave a point behind, ten refunds would leave ten.
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
  const earlier = before.map((entry) => entry.detail as Refund);
  const extents = earlier.map((refund) => refund.extent);
  const flags = exceeds(detail, [...extents, fact.extent]) ? ['refund-exceeds-order'] : [];
  if (fact.currency !== detail.currency) flags.push('refund-in-other-currency');

  const target = keptOf(detail, [...extents, fact.extent]);
  const keptSoFar = detail.earned - earlier.reduce((sum, refund) => sum + refund.reversed, 0);
  const returnedSoFar = (detail.returned ?? 0) + earlier.reduce((sum, refund) => sum + refund.returned, 0);
  const reversed = points(Math.max(0, keptSoFar - target.earned));
  const returned = detail.spent ? points(Math.max(0, detail.spent.points - target.spent - returnedSoFar)) : NO_POINTS;

  const back = detail.spent
    ? withGrace(
        minus(
          longestLived(detail.spent.from, returnedSoFar + returned),
          longestLived(detail.spent.from, returnedSoFar),
        ),
        program,
        day,
      )
    : {};
  const given = credit(account.buckets, back);
  const { out, letGo } = claw(plus(account.buckets, given), reversed, detail.bucket, situation);
  if (letGo > 0 && !isPast(detail.bucket, day)) flags.push('refund-after-spend');

  const earnedByYear = { [detail.year]: points(-reversed) };
  const tier = tierOf(
    program,
    { ...account.earnedByYear, [detail.year]: points((account.earnedByYear[detail.year] ?? 0) - reversed) },
    day,
  );
  const trace: Step[] = [{ step: 'reversed', points: points(-reversed) }];
  if (returned > 0) trace.push({ step: 'returned', points: returned });
  if (letGo > 0) trace.push({ step: isPast(detail.bucket, day) ? 'lapsed-before' : 'spent-before', points: letGo });
  return {
    ...header(fact, account),
    tier: tier.id,
    detail: { ...told(fact), reversed, ...(letGo > 0 && { letGo }), returned, flags },
    change: sparse({ buckets: plus(given, negated(out)), lifetime: points(-reversed), earnedByYear }),
    trace,
  };
}

/**
 * What the member keeps of the award, and what stays spent, once all these refunds are made. It looks at their sum
 * only, so that any split and any order of refunds ends in the same place; everything returned leaves nothing.
 */
export function keptOf(
  sale: Pick<Sale, 'netMinor' | 'grossMinor' | 'lines' | 'parts' | 'roomed' | 'spent'>,
  extents: readonly RefundExtent[],
): { readonly earned: Points; readonly spent: Points } {
  const left = keptGoods(sale, extents);
  const spentPoints = sale.spent?.points ?? 0;
  if (left.nothing) return { earned: NO_POINTS, spent: NO_POINTS };

  let earned = 0;
  for (const part of sale.parts)
    earned += part.rate ? atRate(left.counted(part.rate.base, part.without ?? []), part.rate) : part.points;
  if (sale.roomed !== undefined) earned = Math.min(earned, sale.roomed);
  // Points spent come back in proportion to the money; the remainder stays spent until the last refund.
  const spent = sale.grossMinor === 0 ? spentPoints : ceilShare(spentPoints, left.grossMinor, sale.grossMinor);
  return { earned: points(earned), spent: points(spent) };
}

const ceilShare = (whole: number, part: number, of: number): number =>
  Number((BigInt(whole) * BigInt(part) + BigInt(of) - 1n) / BigInt(of));

function keptGoods(sale: Pick<Sale, 'netMinor' | 'grossMinor' | 'lines'>, extents: readonly RefundExtent[]) {
  const back = new Map<string, { net: number; gross: number }>();
  let loose = { net: 0, gross: 0 };
  let everything = false;
  for (const extent of extents) {
    if (extent.kind === 'everything') everything = true;
    else if (extent.kind === 'amount')
      loose = { net: loose.net + netOf(extent, sale), gross: loose.gross + extent.grossMinor };
    else {
      for (const line of extent.lines) {
        const known = sale.lines.some(([id]) => id === line.id);
        const at = known ? (back.get(line.id) ?? { net: 0, gross: 0 }) : loose;
        const next = { net: at.net + line.netMinor, gross: at.gross + line.grossMinor };
        if (known) back.set(line.id, next);
        else loose = next; // a line the sale did not name: its money still went back
      }
    }
  }
  const lines = sale.lines.map(([id, net, gross]) => ({
    id,
    net: Math.max(0, net - (back.get(id)?.net ?? 0)),
    gross: Math.max(0, gross - (back.get(id)?.gross ?? 0)),
  }));
  const whole = lines.length === 0 ? { net: sale.netMinor, gross: sale.grossMinor } : totals(lines);
  const net = Math.max(0, whole.net - loose.net);
  const gross = Math.max(0, whole.gross - loose.gross);
  // A sale of nothing is kept until it is cancelled; any other is gone once all its money is.
  const nothing = everything || (extents.length > 0 && sale.grossMinor > 0 && gross === 0);
  return {
    nothing,
    grossMinor: everything ? 0 : gross,
    /** What a rule counts on, of the goods that are kept. A loose amount is spread over all goods by their value. */
    counted(base: 'net' | 'gross', without: readonly string[]): number {
      const left = base === 'net' ? net : gross;
      const all = whole[base];
      if (lines.length === 0 || all === 0) return left;
      const eligible = totals(lines.filter((line) => !without.includes(line.id)))[base];
      return Number((BigInt(eligible) * BigInt(left)) / BigInt(all));
    },
  };
}

/** A source that knows only what was paid back leaves the net to us: the sale's own share of it. */
const netOf = (
  refund: { readonly netMinor?: number | undefined; readonly grossMinor: number },
  sale: Pick<Sale, 'netMinor' | 'grossMinor'>,
): number =>
  refund.netMinor ??
  (sale.grossMinor === 0 ? 0 : Number((BigInt(refund.grossMinor) * BigInt(sale.netMinor)) / BigInt(sale.grossMinor)));

const totals = (lines: readonly { net: number; gross: number }[]) =>
  lines.reduce((sum, line) => ({ net: sum.net + line.net, gross: sum.gross + line.gross }), { net: 0, gross: 0 });

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
    sale.lines.some(([id, , lineGross]) => (perLine.get(id) ?? 0) > lineGross)
  );
}

/**
 * Where the points to take back come from: the bucket they went into; then what would have been spent in their stead,
 * earliest first; then debt or nothing, as the program says. Points whose date has passed have left already and are
 * not taken a second time.
 */
function claw(buckets: Account['buckets'], amount: Points, bucket: Day | string, situation: Situation) {
  const { program } = situation;
  const day = today(situation);
  const own = take(buckets, amount, (date) => date === bucket);
  if (isPast(bucket, day)) return { out: own.from, letGo: points(amount - own.taken) };
  const others = take(buckets, amount - own.taken, (date) => date !== bucket && !isPast(date, day));
  const rest = points(amount - own.taken - others.taken);
  const out = plus(own.from, others.from);
  if (rest === 0 || program.refunds.whenSpent === 'stop-at-zero') return { out, letGo: rest };
  return { out: plus(out, { [OWED]: rest }), letGo: NO_POINTS };
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
