import type { Account, Buckets, Hold } from './account.ts';
import { byDate, giveBack, isPast, keptAlive, keptIn, minus, negated, payable, plus, take } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import type { Detail } from './detail.ts';
import { type Draft, type Entry, keyOf } from './entry.ts';
import { parseAmount } from './money.ts';
import { type Asked, offerOf, rewardOf, smallerOffer } from './offer.ts';
import { counterOf } from './period.ts';
import { points } from './points.ts';
import type { Reward } from './program/rewards.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';
import { hasTier, tierOf } from './tiers.ts';

/** In the order in which they are checked; the first that applies is the answer, now and for every retry. */
export type Refusal =
  | 'unknown-reward'
  | 'points-buy-rewards-only'
  | 'not-available-yet'
  | 'no-longer-available'
  | 'tier-too-low'
  | 'limit-reached'
  | 'wrong-step'
  | 'not-enough-points'
  | 'out-of-stock';

/** The server works out what it costs. */
export interface Redemption extends Asked {
  readonly redemptionId: string;
  readonly orderId?: string | undefined;
  /** `true`: spent at once. `false`: put aside until `capture`, `void` or the lapse of time. */
  readonly capture: boolean;
}

/** What stands outside of the account and matters. */
export interface Circumstances {
  /** Of what can be spent, this much was earned by the very order that it would be spent on, and has to wait. */
  readonly fromSameOrder?: number;
  /** Somebody else had the last piece, or the last code. */
  readonly gone?: boolean;
  /** The code that is given out with it, by the name under which it is kept. */
  readonly code?: string;
}

const SOURCE = 'redemption';
export const startKey = (redemptionId: string): string => keyOf(SOURCE, redemptionId, 'started');
export const endKey = (redemptionId: string): string => keyOf(SOURCE, redemptionId, 'ended');

export const startFingerprint = (asked: Redemption): string =>
  fingerprint([
    asked.redemptionId,
    asked.rewardId ?? null,
    asked.points ?? null,
    asked.orderId ?? null,
    asked.capture,
    ...(asked.step === undefined ? [] : [asked.step]),
  ]);

/** A refusal is an entry too: whoever asks again under the same id gets the same answer, whatever was earned since. */
export function decideRedemption(
  account: Account,
  asked: Redemption,
  situation: Situation,
  circumstances: Circumstances = {},
): Draft {
  const { program, now } = situation;
  const day = today(situation);
  const head = {
    key: startKey(asked.redemptionId),
    source: SOURCE,
    occurredAt: now.toISOString(),
    fingerprint: startFingerprint(asked),
    tier: account.tier,
  };
  const named = asked.rewardId === undefined ? {} : { rewardId: asked.rewardId };
  const offer = offerOf(asked, program);
  const because = refusalOf(account, asked, situation, circumstances);
  if (because || !offer) {
    const cost = points(offer?.cost ?? rewardOf(program, asked.rewardId)?.cost ?? asked.points ?? 0);
    return {
      ...head,
      change: {},
      trace: [{ step: because ?? 'wrong-step', points: cost }],
      detail: {
        kind: 'refused',
        redemptionId: asked.redemptionId,
        because: because ?? 'wrong-step',
        ...named,
        points: cost,
      },
    };
  }
  const cost = points(offer.cost);
  const alive = keptAlive(account, program, day, day);
  const { from } = take(plus(account.buckets, alive.buckets), cost, (date) => !isPast(date, day));
  const detail = {
    redemptionId: asked.redemptionId,
    points: cost,
    from,
    ...named,
    ...(asked.step !== undefined && { step: asked.step }),
    value: offer.value,
    ...(offer.cashMinor !== undefined && { cashMinor: offer.cashMinor }),
    ...(asked.orderId && { orderId: asked.orderId }),
    ...(offer.reward?.stock !== undefined && { stock: true as const }),
    ...(circumstances.code && { code: circumstances.code }),
  };
  const trace = [{ step: asked.capture ? 'redeemed' : 'held', points: points(-cost), ...ruleOf(asked) }];
  const change = {
    buckets: plus(alive.buckets, negated(from)),
    lots: alive.lots,
    keptFrom: alive.keptFrom,
    counters: countedFor(offer.reward, day),
    activeOn: day,
  };
  if (asked.capture) return { ...head, trace, detail: { kind: 'redeemed', ...detail }, change: sparse(change) };

  const lapsesAt = new Date(now.getTime() + program.redemption.holdMinutes * 60_000).toISOString();
  const hold: Hold & { id: string } = {
    id: asked.redemptionId,
    points: cost,
    from,
    lapsesAt,
    ...named,
    ...(asked.orderId && { orderId: asked.orderId }),
  };
  return {
    ...head,
    trace,
    detail: { kind: 'authorized', ...detail, lapsesAt },
    change: sparse({ ...change, hold }),
  };
}

const ruleOf = ({ rewardId }: Pick<Asked, 'rewardId'>) => (rewardId === undefined ? {} : { rule: rewardId });

const counterFor = ({ id, perMember }: Reward, day: string): string | undefined =>
  perMember && counterOf(`reward:${id}`, perMember.per, day);

function countedFor(reward: Reward | undefined, day: string): Readonly<Record<string, number>> {
  const counter = reward && counterFor(reward, day);
  return counter === undefined ? {} : { [counter]: 1 };
}

/** Why a member cannot have it now; `undefined` when nothing stands against it. */
export function refusalOf(
  account: Account,
  asked: Asked,
  situation: Situation,
  { fromSameOrder = 0, gone = false }: Circumstances = {},
): Refusal | undefined {
  const { program } = situation;
  const day = today(situation);
  const reward = rewardOf(program, asked.rewardId);
  if (asked.rewardId !== undefined && !reward) return 'unknown-reward';
  if (!reward && program.redemption.pointsPerMinor === undefined) return 'points-buy-rewards-only';
  if (reward?.from && day < reward.from) return 'not-available-yet';
  if (reward?.to && day > reward.to) return 'no-longer-available';
  // The tier of this day, whether or not a review has been there.
  if (!hasTier(program, tierOf(program, account, day).id, reward?.tier)) return 'tier-too-low';
  const counter = reward && counterFor(reward, day);
  if (counter !== undefined && (account.counters[counter] ?? 0) >= (reward?.perMember?.max ?? 0))
    return 'limit-reached';
  const offer = offerOf(asked, program);
  if (!offer) return 'wrong-step';
  if (payable(account.buckets, day, program) - fromSameOrder < offer.cost) return 'not-enough-points';
  return gone ? 'out-of-stock' : undefined;
}

export type EndRefusal = 'no-such-redemption' | 'lapsed' | 'more-than-held' | 'wrong-step';

/** Ids are anybody's words: one of them may be that of something every object has. */
export const holdOf = (account: Account, id: string): Hold | undefined =>
  Object.hasOwn(account.holds, id) ? account.holds[id] : undefined;

type Started = Extract<Detail, { kind: 'authorized' | 'redeemed' }>;

/** What was said when it was put aside. */
const startOf = (started: Entry | undefined): Started | undefined =>
  started?.detail.kind === 'authorized' ? started.detail : undefined;

/**
 * Spends what was held, or part of it; the rest goes back to the buckets it came from. The whole is worth what was said
 * when it was put aside, whatever the program says since; a part is another step of the reward, or fewer points as money.
 */
export function decideCapture(
  account: Account,
  id: string,
  amount: number | undefined,
  situation: Situation,
  started?: Entry,
  code?: string,
): Draft | { readonly refused: EndRefusal } {
  const hold = holdOf(account, id);
  if (!hold) return { refused: 'no-such-redemption' };
  if (new Date(hold.lapsesAt) <= situation.now) return { refused: 'lapsed' };
  const wanted = amount ?? hold.points;
  if (wanted > hold.points) return { refused: 'more-than-held' };
  const start = startOf(started);
  const worth = wanted === hold.points ? start : partOf(wanted, hold, start, situation.program);
  if (wanted !== hold.points && !worth) return { refused: 'wrong-step' };
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
      ...(worth?.step !== undefined && { step: worth.step }),
      ...(worth?.value && { value: worth.value }),
      ...(worth?.cashMinor !== undefined && { cashMinor: worth.cashMinor }),
      ...(hold.orderId && { orderId: hold.orderId }),
      ...(released > 0 && { released }),
      ...(start?.stock && { stock: start.stock }),
      ...(code && { code }),
    },
    change: sparse({
      buckets: giveBack(account.buckets, returning(rest, account, situation), situation.program),
      endsHold: id,
    }),
    trace: [
      { step: 'captured', points: points(-wanted) },
      ...(released > 0 ? [{ step: 'released', points: released }] : []),
    ],
  };
}

/** Never worth more than the whole was, should the program have become more generous meanwhile. */
function partOf(
  wanted: number,
  hold: Hold,
  start: Started | undefined,
  program: Program,
): Pick<Started, 'step' | 'value' | 'cashMinor'> | undefined {
  const offer = smallerOffer(wanted, hold, program);
  if (!offer || hold.rewardId !== undefined) return offer;
  const minor = (value: Started['value']) =>
    value?.kind === 'amount-off' ? parseAmount(value.amount, program.currency) : undefined;
  const whole = minor(start?.value);
  return whole !== undefined && (minor(offer.value) ?? 0) > whole ? { value: start?.value } : { value: offer.value };
}

/** Where whatever the member does keeps points alive, it did so for these too while they were put aside. */
function returning(held: Buckets, account: Account, { program }: Situation): Buckets {
  let kept: Buckets = {};
  for (const [date, amount] of byDate(held)) kept = plus(kept, { [keptIn(date, account, program)]: amount });
  return kept;
}

/** Gives back what was held. `lapsed` is for the sweep, and only once the time is over. */
export function decideRelease(
  account: Account,
  id: string,
  because: 'voided' | 'lapsed',
  situation: Situation,
  started?: Entry,
): Draft | { readonly refused: EndRefusal | 'not-yet' } {
  const hold = holdOf(account, id);
  if (!hold) return { refused: 'no-such-redemption' };
  if (because === 'lapsed' && new Date(hold.lapsesAt) > situation.now) return { refused: 'not-yet' };
  // It counts towards no limit any more, unless the period that it counted in is forgotten already.
  const uncounted = Object.keys(started?.change.counters ?? {}).filter(
    (counter) => (account.counters[counter] ?? 0) > 0,
  );
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
    change: sparse({
      buckets: giveBack(account.buckets, returning(hold.from, account, situation), situation.program),
      counters: Object.fromEntries(uncounted.map((counter) => [counter, -1])),
      endsHold: id,
    }),
    trace: [{ step: because, points: hold.points }],
  };
}

/** A capture that names no amount means all of it. */
export const endFingerprint = (end: 'captured' | 'released', amount?: number): string =>
  fingerprint([end, amount ?? null]);
