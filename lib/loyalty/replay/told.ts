import type { Detail } from '../detail.ts';
import { type Entry, keyOf, objectOf } from '../entry.ts';
import type { Activity, ActivityFact, Line, RefundFact, SaleFact } from '../facts.ts';
import type { LotEnd } from '../lot-ends.ts';
import { type Redemption, startKey } from '../redeem.ts';

/** What was told or asked, read back from what was booked for it. */

type Of<Kind extends Detail['kind']> = Extract<Detail, { kind: Kind }>;

const base = ({ source, occurredAt, key }: Entry) => ({ factId: key, occurredAt, source, identities: [] });

/** Entries leave out what is empty or the same; here it stands again. */
export function saleTold(entry: Entry, detail: Of<'sale'>): SaleFact {
  const { orderId, currency, netMinor, grossMinor, paidMinor, lines, locationId, staffId, spent } = detail;
  return {
    ...base(entry),
    type: 'sale',
    orderId,
    currency,
    netMinor,
    grossMinor,
    paidMinor,
    locationId,
    staffId,
    redemptionId: spent?.redemptionId,
    lines: lines.map(
      ({ id, net, gross = net, listNet, listGross, quantity = '1', sku, category, tags }): Line => ({
        id,
        sku,
        category,
        tags: tags && [...tags],
        quantity: Number(quantity),
        netMinor: net,
        grossMinor: gross,
        listNetMinor: listNet,
        listGrossMinor: listGross,
      }),
    ),
  };
}

/** The currency that was told is not booked: another than the sale's would only have been flagged. */
export function refundTold(entry: Entry, detail: Of<'refund'>, currency: string): RefundFact {
  const { orderId, refundId, reason, extent } = detail;
  return {
    ...base(entry),
    type: 'refund',
    orderId,
    refundId,
    currency,
    reason: reason as RefundFact['reason'],
    extent: extent as RefundFact['extent'],
  };
}

export function activityTold(entry: Entry, detail: Of<'activity'>): ActivityFact {
  const { activity, activityId, years, daysAway, locationId } = detail;
  return { ...base(entry), type: 'activity', activity: activity as Activity, activityId, years, daysAway, locationId };
}

/**
 * Whoever was refused is taken to have wanted it at once. Which step of a reward they wanted was not booked, so that a
 * wrong one stays wrong: `undefined`.
 */
export function redemptionAsked(entry: Entry): Redemption | undefined {
  const { detail } = entry;
  if (detail.kind === 'refused') {
    if (detail.redemptionId === undefined || detail.because === 'wrong-step') return undefined;
    const { redemptionId, rewardId, points } = detail;
    return { redemptionId, rewardId, ...(rewardId === undefined && { points }), capture: true };
  }
  if (detail.kind !== 'authorized' && detail.kind !== 'redeemed') return undefined;
  const { redemptionId, rewardId, points, step, orderId } = detail;
  if (entry.key !== startKey(redemptionId)) return undefined;
  const capture = detail.kind === 'redeemed';
  return { redemptionId, rewardId, step, orderId, capture, ...(rewardId === undefined && { points }) };
}

/** `undefined` where the calendar ended it and nobody said anything. */
export function lotEndSaid(entry: Entry, detail: Of<'activated' | 'declined'>): LotEnd | undefined {
  if (!detail.lot.startsWith('@')) return undefined;
  return {
    source: entry.source,
    object: objectOf(entry.key),
    of: detail.lot.startsWith('@review:') ? 'review' : 'lot',
    end: detail.kind,
    because: detail.because,
    by: detail.by ?? '',
  };
}

/** Under which keys entries stand that are about the same order or activity. */
export function prefixesOf({ source, object }: Pick<LotEnd, 'source' | 'object'>): readonly string[] {
  const [activity = '', ...id] = object.split(':');
  return [keyOf(source, object, ''), ...(id.length > 0 ? [keyOf(source, id.join(':'), activity)] : [])];
}
