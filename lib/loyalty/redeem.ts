import type { Account, Hold } from './account.ts';
import { credit, isPast, minus, negated, spendable, take } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import { points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';
import { hasTier } from './tiers.ts';

/** In the order in which they are checked; the first that applies is the answer, now and for every retry. */
export type Refusal = 'unknown-reward' | 'tier-too-low' | 'not-enough-points';

export interface Redemption {
  readonly redemptionId: string;
  /** The server works out what it costs. */
  readonly rewardId?: string | undefined;
  /** Points as money; given exactly when there is no reward. */
  readonly points?: number | undefined;
  readonly orderId?: string | undefined;
  /** `true`: spent at once. `false`: put aside until `capture`, `void` or the lapse of time. */
  readonly capture: boolean;
}

const SOURCE = 'redemption';
export const startKey = (redemptionId: string): string => keyOf(SOURCE, redemptionId, 'started');
export const endKey = (redemptionId: string): string => keyOf(SOURCE, redemptionId, 'ended');

export const startFingerprint = (asked: Redemption): string =>
  fingerprint([asked.redemptionId, asked.rewardId ?? null, asked.points ?? null, asked.orderId ?? null, asked.capture]);

/** A refusal is an entry too: whoever asks again under the same id gets the same answer, whatever was earned since. */
export function decideRedemption(account: Account, asked: Redemption, situation: Situation): Draft {
  const { program, now } = situation;
  const day = today(situation);
  const at = now.toISOString();
  const head = {
    key: startKey(asked.redemptionId),
    source: SOURCE,
    occurredAt: at,
    fingerprint: startFingerprint(asked),
    tier: account.tier,
  };
  const reward = asked.rewardId === undefined ? undefined : program.rewards.find(({ id }) => id === asked.rewardId);
  const cost = reward?.cost ?? asked.points ?? 0;
  const because = refusal(account, asked, cost, reward?.tier, situation);
  if (because) {
    return {
      ...head,
      change: {},
      trace: [{ step: because, points: points(cost) }],
      detail: {
        kind: 'refused',
        redemptionId: asked.redemptionId,
        because,
        ...(asked.rewardId && { rewardId: asked.rewardId }),
        points: points(cost),
      },
    };
  }
  const { from } = take(account.buckets, cost, (date) => !isPast(date, day));
  const detail = {
    redemptionId: asked.redemptionId,
    points: points(cost),
    from,
    ...(asked.rewardId && { rewardId: asked.rewardId }),
    ...(asked.orderId && { orderId: asked.orderId }),
  };
  const trace = [
    {
      step: asked.capture ? 'redeemed' : 'held',
      points: points(-cost),
      ...(asked.rewardId && { rule: asked.rewardId }),
    },
  ];
  if (asked.capture)
    return {
      ...head,
      trace,
      detail: { kind: 'redeemed', ...detail },
      change: sparse({ buckets: negated(from), activeOn: day }),
    };

  const lapsesAt = new Date(now.getTime() + program.redemption.holdMinutes * 60_000).toISOString();
  const hold: Hold & { id: string } = {
    id: asked.redemptionId,
    points: points(cost),
    from,
    lapsesAt,
    ...(asked.rewardId && { rewardId: asked.rewardId }),
    ...(asked.orderId && { orderId: asked.orderId }),
  };
  return {
    ...head,
    trace,
    detail: { kind: 'authorized', ...detail, lapsesAt },
    change: sparse({ buckets: negated(from), hold, activeOn: day }),
  };
}

function refusal(
  account: Account,
  asked: Redemption,
  cost: number,
  tier: string | undefined,
  situation: Situation,
): Refusal | undefined {
  if (asked.rewardId !== undefined && !situation.program.rewards.some(({ id }) => id === asked.rewardId))
    return 'unknown-reward';
  if (!hasTier(situation.program, account.tier, tier)) return 'tier-too-low';
  if (spendable(account.buckets, today(situation)) < cost) return 'not-enough-points';
  return undefined;
}

export type EndRefusal = 'no-such-redemption' | 'lapsed' | 'more-than-held';

/** Ids are anybody's words: one of them may be that of something every object has. */
export const holdOf = (account: Account, id: string): Hold | undefined =>
  Object.hasOwn(account.holds, id) ? account.holds[id] : undefined;

/** Spends what was held, or part of it; the rest goes back to the buckets it came from. */
export function decideCapture(
  account: Account,
  id: string,
  amount: number | undefined,
  situation: Situation,
): Draft | { readonly refused: EndRefusal } {
  const hold = holdOf(account, id);
  if (!hold) return { refused: 'no-such-redemption' };
  if (new Date(hold.lapsesAt) <= situation.now) return { refused: 'lapsed' };
  const wanted = amount ?? hold.points;
  if (wanted > hold.points) return { refused: 'more-than-held' };
  const { from } = take(hold.from, wanted, () => true);
  const rest = minus(hold.from, from);
  const released = points(hold.points - wanted);
  return {
    key: endKey(id),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: endFingerprint('captured', amount),
    detail: {
      kind: 'redeemed',
      redemptionId: id,
      points: points(wanted),
      from,
      ...(hold.rewardId && { rewardId: hold.rewardId }),
      ...(hold.orderId && { orderId: hold.orderId }),
      ...(released > 0 && { released }),
    },
    change: sparse({ buckets: credit(account.buckets, rest), endsHold: id }),
    trace: [
      { step: 'captured', points: points(-wanted) },
      ...(released > 0 ? [{ step: 'released', points: released }] : []),
    ],
  };
}

/** Gives back what was held. `lapsed` is for the sweep, and only once the time is over. */
export function decideRelease(
  account: Account,
  id: string,
  because: 'voided' | 'lapsed',
  situation: Situation,
): Draft | { readonly refused: EndRefusal | 'not-yet' } {
  const hold = holdOf(account, id);
  if (!hold) return { refused: 'no-such-redemption' };
  if (because === 'lapsed' && new Date(hold.lapsesAt) > situation.now) return { refused: 'not-yet' };
  return {
    key: endKey(id),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: endFingerprint('released'),
    detail: {
      kind: 'released',
      redemptionId: id,
      points: hold.points,
      ...(hold.rewardId && { rewardId: hold.rewardId }),
      because,
    },
    change: sparse({ buckets: credit(account.buckets, hold.from), endsHold: id }),
    trace: [{ step: because, points: hold.points }],
  };
}

/** A capture that names no amount means all of it. */
export const endFingerprint = (end: 'captured' | 'released', amount?: number): string =>
  fingerprint([end, amount ?? null]);
