import type { Account } from './account.ts';
import { bucketFor, REFERRAL } from './accrue.ts';
import { credit, keptAlive, plus } from './buckets.ts';
import { addDays, dayIn } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { claw } from './claw.ts';
import type { Detail } from './detail.ts';
import { type Draft, type Entry, entryIdOf, keyOf, objectOf, type Step } from './entry.ts';
import type { ReferralFact } from './facts.ts';
import { keptOf } from './kept.ts';
import { placed, placeOf, stagesOf, waitsFor } from './lots.ts';
import { countedUnder } from './period.ts';
import { NO_POINTS, points } from './points.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf, windowKey } from './tiers.ts';

/** Why somebody is not a friend who was brought, in the order in which it is checked. */
export type NoReferral = 'no-referrals' | 'self-referral' | 'referral-ring' | 'not-new';

const SOURCE = 'referral';
/** A member is brought once, by one other. */
export const REFERRED_KEY = keyOf(SOURCE, 'self', 'referred');
/** A friend is paid for once, to whoever brought the friend, for whichever order. */
export const rewardedKey = (friend: string): string => keyOf(SOURCE, friend, 'rewarded');
export const reversedKey = (friend: string): string => keyOf(SOURCE, friend, 'reversed');

/** How far back those are looked up who brought the one who brought somebody. */
export const RING_STEPS = 10;

/** No cap, rule or reward can have a name with a colon. */
const COUNTER = 'sharing:referrals';

export interface Referral {
  /** Who has the code. */
  readonly by: string;
  readonly code: string;
  /** Who brought that one, and who that one's bringer, nearest first. */
  readonly chain: readonly string[];
  /** The friend's journal knows of a purchase, here or where the friend came from. */
  readonly hasBought: boolean;
}

export const referralFingerprint = (code: string): string => fingerprint(['referred', code]);

/** The friend says whose code it was. Until the first order that is large enough, nobody gets anything for it. */
export function decideReferral(
  account: Account,
  asked: Referral,
  situation: Situation,
): Draft | { readonly refused: NoReferral } {
  const refused = refusal(account, asked, situation);
  if (refused) return { refused };
  return {
    key: REFERRED_KEY,
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: referralFingerprint(asked.code),
    detail: { kind: 'referred', by: asked.by, code: asked.code },
    change: { referredBy: { memberId: asked.by, on: today(situation) } },
    trace: [{ step: 'referred' }],
  };
}

function refusal(account: Account, asked: Referral, { program }: Situation): NoReferral | undefined {
  if (!program.referrals) return 'no-referrals';
  if (asked.by === account.memberId) return 'self-referral';
  if (asked.chain.includes(account.memberId)) return 'referral-ring';
  if (account.purchases > 0 || asked.hasBought) return 'not-new';
  return undefined;
}

/** Whether an entry says that the member has bought something, here or before the move. */
export const tellsOfPurchase = ({ detail }: Pick<Entry, 'detail'>): boolean =>
  detail.kind === 'sale' || detail.kind === 'history' || (detail.kind === 'imported' && detail.lifetime > 0);

/**
 * What has become of a friend's order: `none` when no referral waited for it; `waits` while the friend's own points need
 * somebody's yes; `stands`; or `gone`, when all of it went back or staff said no. It only ever moves on in that order,
 * so that whoever looks late sees no less than whoever looked early.
 */
export type Standing =
  | { readonly kind: 'none' }
  | { readonly kind: 'waits' | 'stands' | 'gone'; readonly referrer: string; readonly sale: Entry };

export function referralStanding(ofOrder: readonly Entry[]): Standing {
  const sale = ofOrder.find(({ detail }) => detail.kind === 'sale');
  if (sale?.detail.kind !== 'sale' || sale.detail.referredBy === undefined) return { kind: 'none' };
  const { detail } = sale;
  const about = { referrer: sale.detail.referredBy, sale };
  const extents = ofOrder.flatMap(({ detail: one }) => (one.kind === 'refund' ? [one.extent] : []));
  if (keptOf(detail, extents).nothing) return { kind: 'gone', ...about };
  // A day comes by itself; a name waits for somebody.
  const place = detail.parts.find(({ rule }) => rule === REFERRAL)?.to ?? detail.to;
  const asked = stagesOf(place)
    .map(waitsFor)
    .filter((wait) => wait.startsWith('@'));
  const said = asked.map((wait) => ofOrder.find(({ detail: one }) => 'lot' in one && one.lot === wait)?.detail.kind);
  if (said.includes('declined')) return { kind: 'gone', ...about };
  return { kind: said.every((end) => end === 'activated') ? 'stands' : 'waits', ...about };
}

/** What the queue is told when an entry may have changed how a referral stands. */
export function referralFactOf(entry: Entry, { referrals }: Pick<Program, 'referrals'>): ReferralFact | undefined {
  const { detail, memberId, source, occurredAt } = entry;
  const concerns =
    (detail.kind === 'sale' && detail.referredBy !== undefined) ||
    (detail.kind === 'refund' && detail.undoesReferralOf !== undefined) ||
    // It does not say whose order it was: the journal does.
    ((detail.kind === 'activated' || detail.kind === 'declined') && detail.lot.startsWith('@') && referrals);
  if (!concerns) return undefined;
  return {
    type: 'referral',
    // One message for each entry, however often the relay is there.
    factId: `referral:${entryIdOf(entry)}`,
    source,
    occurredAt,
    // Of one friend one after the other.
    identities: [{ type: 'member', value: memberId }],
    memberId,
    orderId: objectOf(entry.key),
  };
}

/**
 * What a member gets for a friend. Nothing, where the limit is reached: that stands in the journal as well, since it
 * must not be paid when the next period has begun.
 */
export function decideReferralReward(account: Account, sale: Entry, situation: Situation): Draft {
  const { program } = situation;
  const { referrals } = program;
  const day = today(situation);
  const boughtOn = dayIn(program.timeZone, sale.occurredAt);
  const counter = referrals?.limit && countedUnder(account.counters, COUNTER, referrals.limit.per, boughtOn);
  const isFull =
    referrals?.limit !== undefined && counter !== undefined && (account.counters[counter] ?? 0) >= referrals.limit.max;
  const head = {
    key: rewardedKey(sale.memberId),
    source: SOURCE,
    occurredAt: sale.occurredAt,
    fingerprint: fingerprint(['referral-rewarded', sale.memberId]),
  };
  if (!referrals || isFull) {
    const trace: Step[] = [
      referrals ? { step: 'referral-limit', points: points(-referrals.referrerPoints) } : { step: 'no-referrals' },
    ];
    const detail: Detail = { kind: 'referral-rewarded', friend: sale.memberId, points: NO_POINTS };
    return { ...head, tier: tierOf(program, account, day).id, detail, change: {}, trace };
  }

  const reward = points(referrals.referrerPoints);
  const to = placeFor(account, boughtOn, situation);
  const { buckets, lots } = placed({ [to]: reward });
  const alive = keptAlive(account, program, boughtOn, day);
  const window = program.qualify.by === 'points' ? { [windowKey(program, boughtOn)]: reward } : {};
  return {
    ...head,
    tier: tierOf(program, { ...account, window: plus(account.window as never, window) }, day).id,
    detail: { kind: 'referral-rewarded', friend: sale.memberId, points: reward, to },
    change: sparse({
      buckets: plus(alive.buckets, credit(account.buckets, buckets, program)),
      lots: plus(alive.lots, lots),
      keptFrom: alive.keptFrom,
      lifetime: reward,
      window,
      ...(counter !== undefined && { counters: { [counter]: 1 } }),
      activeOn: boughtOn,
    }),
    trace: [{ step: 'referral-rewarded', points: reward }],
  };
}

/** As long as the return window of the friend's order is open, the reward waits as the friend's points do. */
function placeFor(account: Account, boughtOn: string, situation: Situation): string {
  const { program } = situation;
  const { pending } = program;
  const bucket = bucketFor(account, program, undefined, boughtOn);
  const waits = pending?.kind === 'days' && addDays(boughtOn, pending.days) > today(situation);
  return placeOf(bucket, waits ? pending : undefined, { day: boughtOn, today: today(situation), name: '' });
}

/**
 * Takes back what was given for a friend whose order is gone, and the place in the limit with it. Where nothing was given
 * yet, an entry without points says that nothing will be.
 */
export function decideReferralReversal(
  account: Account,
  sale: Entry,
  rewarded: Entry | undefined,
  situation: Situation,
): Draft {
  const { program } = situation;
  const given = rewarded?.detail.kind === 'referral-rewarded' ? rewarded.detail : undefined;
  const back = given?.points ?? NO_POINTS;
  const { buckets, lots, letGo, lapsed } = claw(account, given?.to ? { [given.to]: back } : {}, situation);
  const spent = points(letGo - lapsed);
  const window = opposite(rewarded?.change.window);
  const trace: Step[] = [{ step: 'referral-reversed', points: points(-back) }];
  if (lapsed > 0) trace.push({ step: 'lapsed-before', points: lapsed });
  if (spent > 0) trace.push({ step: 'spent-before', points: spent });
  return {
    key: reversedKey(sale.memberId),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    fingerprint: fingerprint(['referral-reversed', sale.memberId]),
    tier: tierOf(program, { ...account, window: plus(account.window as never, window) }, today(situation)).id,
    detail: {
      kind: 'referral-reversed',
      friend: sale.memberId,
      points: back,
      ...(given?.to && { to: given.to }),
      ...(letGo > 0 && { letGo }),
    },
    change: sparse({
      buckets,
      lots,
      lifetime: points(-back),
      window,
      counters: opposite(rewarded?.change.counters),
    }),
    trace,
  };
}

const opposite = (deltas: Readonly<Record<string, number>> = {}) =>
  Object.fromEntries(Object.entries(deltas).map(([key, delta]) => [key, points(-delta)]));
