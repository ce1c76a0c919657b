import { type Account, OWED } from './account.ts';
import { credit, keptAlive, lastDayOf, plus, spendable } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { claw } from './claw.ts';
import { type Draft, keyOf, type Step } from './entry.ts';
import { points } from './points.ts';
import { type Situation, sparse, today } from './situation.ts';

/** Points by hand: given, or taken where the amount is below zero. */
export interface Adjustment {
  readonly adjustmentId: string;
  readonly points: number;
  /** One of the program's. */
  readonly reason: string;
  /** The member of staff. */
  readonly by: string;
  /** Take it even if there is less, by the program's policy for what is spent. */
  readonly belowZero: boolean;
}

export const STAFF = 'staff';

export const adjustmentKey = (adjustmentId: string): string => keyOf(STAFF, adjustmentId, 'adjusted');

export const adjustmentFingerprint = ({ adjustmentId, points, reason, by, belowZero }: Adjustment): string =>
  fingerprint([adjustmentId, points, reason, by, belowZero]);

/** From so many points on, either way, it takes a second person. */
export const needsSecondPerson = (amount: number, { program }: Pick<Situation, 'program'>): boolean =>
  Math.abs(amount) >= program.staff.approvalFromPoints;

/** In the order in which they are checked. A balance that is too small stands for every retry, as for a redemption. */
export type AdjustmentRefusal = 'not-enough-points';

export function decideAdjustment(
  account: Account,
  asked: Adjustment,
  situation: Situation,
  approvedBy?: string,
): Draft {
  const { adjustmentId, reason, by } = asked;
  const amount = points(asked.points);
  const head = headOf(account, asked, situation);
  const detail = { kind: 'adjusted', adjustmentId, points: amount, reason } as const;
  const who = { by, ...(approvedBy !== undefined && { approvedBy }) };
  const trace: Step[] = [{ step: 'adjusted', points: amount, rule: reason }];
  const { program } = situation;
  const day = today(situation);
  if (amount > 0) {
    const to = lastDayOf(program.expiry, day);
    // A gift of the house keeps points alive as a purchase does: all of them lapse together under an expiry by inactivity.
    const alive = keptAlive(account, program, day, day);
    return {
      ...head,
      trace,
      detail: { ...detail, to, ...who },
      change: sparse({
        buckets: plus(alive.buckets, credit(account.buckets, { [to]: amount }, program)),
        lots: alive.lots,
        keptFrom: alive.keptFrom,
        lifetime: amount,
        activeOn: day,
      }),
    };
  }
  const wanted = -amount;
  if (!asked.belowZero && spendable(account.buckets, day) < wanted)
    return declinedAdjustment(account, asked, situation, 'not-enough-points', by);
  // They are nobody's points in particular: the earliest go first, and what is not there is owed or let go.
  const { buckets, letGo } = claw(account, { [OWED]: wanted }, situation);
  if (letGo > 0) trace.push({ step: 'spent-before', points: letGo });
  return {
    ...head,
    trace,
    detail: { ...detail, ...(letGo > 0 && { letGo }), ...who },
    change: sparse({ buckets, lifetime: amount }),
  };
}

/** It was not to be, and stays so under this id. */
export function declinedAdjustment(
  account: Account,
  asked: Adjustment,
  situation: Situation,
  because: AdjustmentRefusal | 'declined',
  by: string,
): Draft {
  const head = headOf(account, asked, situation);
  return {
    ...head,
    detail: { kind: 'refused', of: head.key, because, points: points(asked.points), by },
    change: {},
    trace: [{ step: because === 'declined' ? 'declined-by-staff' : because, points: points(Math.abs(asked.points)) }],
  };
}

const headOf = (account: Account, asked: Adjustment, { now }: Situation) => ({
  key: adjustmentKey(asked.adjustmentId),
  source: STAFF,
  occurredAt: now.toISOString(),
  tier: account.tier,
  fingerprint: adjustmentFingerprint(asked),
});
