import type { Account } from './account.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import type { Situation } from './situation.ts';

/** Somebody says that something is wrong. What they say is personal and stands elsewhere; that they did, and what came of it, here. */
export interface Dispute {
  readonly disputeId: string;
  /** The `seq` of the entry that it is about. */
  readonly entry?: number | undefined;
  /** `member`, or the member of staff who heard of it. */
  readonly by: string;
}

export interface Closing {
  readonly disputeId: string;
  readonly outcome: 'upheld' | 'rejected' | 'withdrawn';
  /** The adjustment that made it good. */
  readonly adjustmentId?: string | undefined;
  readonly by: string;
}

const SOURCE = 'dispute';
export const openedKey = (disputeId: string): string => keyOf(SOURCE, disputeId, 'opened');
export const closedKey = (disputeId: string): string => keyOf(SOURCE, disputeId, 'closed');

export const closingFingerprint = ({ disputeId, outcome, adjustmentId }: Closing): string =>
  fingerprint([disputeId, outcome, adjustmentId ?? null]);

export type DisputeRefusal = 'unknown-entry';

export function decideDispute(
  account: Account,
  asked: Dispute,
  { now }: Situation,
): Draft | { readonly refused: DisputeRefusal } {
  const { disputeId, entry, by } = asked;
  if (entry !== undefined && entry > account.seq) return { refused: 'unknown-entry' };
  return {
    key: openedKey(disputeId),
    source: SOURCE,
    occurredAt: now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint([disputeId, entry ?? null]),
    detail: { kind: 'dispute-opened', disputeId, ...(entry !== undefined && { entry }), by },
    change: {},
    trace: [{ step: 'dispute-opened' }],
  };
}

export function decideClosing(account: Account, asked: Closing, { now }: Situation): Draft {
  const { disputeId, outcome, adjustmentId, by } = asked;
  return {
    key: closedKey(disputeId),
    source: SOURCE,
    occurredAt: now.toISOString(),
    tier: account.tier,
    fingerprint: closingFingerprint(asked),
    detail: { kind: 'dispute-closed', disputeId, outcome, ...(adjustmentId !== undefined && { adjustmentId }), by },
    change: {},
    trace: [{ step: 'dispute-closed', rule: outcome }],
  };
}
