import type { Account, Buckets, Day, NEVER } from './account.ts';
import { credit, isPast, keptAlive, lastDayOf, negated, plus, spendable, take } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import { countedUnder } from './period.ts';
import { points } from './points.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';

/** In the order in which they are checked; the first that applies is the answer, now and for every retry. */
export type NoGift = 'no-gifts' | 'to-oneself' | 'too-few-points' | 'limit-reached' | 'not-enough-points';

export interface Gift {
  readonly giftId: string;
  /** As it was asked: whom that member has become since is the account's to say. */
  readonly to: string;
  readonly points: number;
}

const SOURCE = 'gift';
/** No cap, rule or reward can have a name with a colon. */
const COUNTER = 'sharing:gifts';

export const sentKey = (giftId: string): string => keyOf(SOURCE, giftId, 'sent');
/** Ids are the giver's: two givers may use the same one for the same member. */
const receivedKey = (giftId: string, from: string): string => keyOf(SOURCE, `${from}:${giftId}`, 'received');

export const giftFingerprint = ({ giftId, to, points }: Gift): string => fingerprint(['gift', giftId, to, points]);

/**
 * Points from one member to another: those that would be spent first, and each keeps its last day. A refusal is the
 * giver's entry alone.
 */
export function decideGift(
  [from, to]: readonly [Account, Account],
  asked: Gift,
  situation: Situation,
): readonly [Draft, Draft] | readonly [Draft] {
  const { program } = situation;
  const day = today(situation);
  const counter = program.gifts?.limit && countedUnder(from.counters, COUNTER, program.gifts.limit.per, day);
  const amount = points(asked.points);
  const sent = {
    key: sentKey(asked.giftId),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    fingerprint: giftFingerprint(asked),
    tier: from.tier,
  };
  const because = refusal(from, to, asked, counter, situation);
  if (because) {
    return [
      {
        ...sent,
        detail: { kind: 'refused', giftId: asked.giftId, because, points: amount },
        change: {},
        trace: [{ step: because === 'limit-reached' ? 'gift-limit' : because, points: amount }],
      },
    ];
  }
  const [kept, theirs] = [keptAlive(from, program, day, day), keptAlive(to, program, day, day)];
  const { from: taken } = take(plus(from.buckets, kept.buckets), amount, (date) => !isPast(date, day));
  const arriving = arrivingAs(taken, from, to, program, day);
  const detail = { giftId: asked.giftId, points: amount };
  return [
    {
      ...sent,
      detail: { kind: 'gift-sent', ...detail, with: to.memberId },
      change: sparse({
        buckets: plus(kept.buckets, negated(taken)),
        lots: kept.lots,
        keptFrom: kept.keptFrom,
        ...(counter !== undefined && { counters: { [counter]: amount } }),
        activeOn: day,
      }),
      trace: [{ step: 'gift-sent', points: points(-amount) }],
    },
    {
      ...sent,
      key: receivedKey(asked.giftId, from.memberId),
      fingerprint: fingerprint(['gift-received', asked.giftId, from.memberId, amount]),
      tier: to.tier,
      detail: { kind: 'gift-received', ...detail, with: from.memberId },
      change: sparse({
        buckets: plus(theirs.buckets, credit(plus(to.buckets, theirs.buckets), arriving, program)),
        lots: theirs.lots,
        keptFrom: theirs.keptFrom,
        activeOn: day,
      }),
      trace: [{ step: 'gift-received', points: amount }],
    },
  ];
}

function refusal(
  from: Account,
  to: Account,
  asked: Gift,
  counter: string | undefined,
  situation: Situation,
): NoGift | undefined {
  const { gifts } = situation.program;
  if (!gifts) return 'no-gifts';
  if (from.memberId === to.memberId) return 'to-oneself';
  if (asked.points < gifts.minPoints) return 'too-few-points';
  if (gifts.limit && counter !== undefined && (from.counters[counter] ?? 0) + asked.points > gifts.limit.max)
    return 'limit-reached';
  if (spendable(from.buckets, today(situation)) < asked.points) return 'not-enough-points';
  return undefined;
}

/**
 * Where an expiry is by inactivity, the last day says when a member was last there: it belongs to the member and not to
 * the points. What the next purchase would have moved on for the giver, it moves on for the receiver.
 */
function arrivingAs(taken: Buckets, from: Account, to: Account, program: Program, day: Day): Buckets {
  const { expiry } = program;
  if (expiry.kind !== 'inactivity') return taken;
  const aliveThrough = ({ lastActivityOn = day }: Account): Day | typeof NEVER =>
    lastDayOf(expiry, lastActivityOn > day ? lastActivityOn : day);
  const own = aliveThrough(from);
  return Object.entries(taken).reduce<Buckets>(
    (sum, [date, amount]) => plus(sum, { [date === own ? aliveThrough(to) : date]: amount }),
    {},
  );
}
