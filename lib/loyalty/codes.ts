import type { Account, Day } from './account.ts';
import { addDays } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import type { Reward, Value } from './program/rewards.ts';
import { type Situation, today } from './situation.ts';

/** Codes that members get for points, to show or to type. A code ends once: it is used, or staff take it back. */

/** What a code is good for, as it was given out. `id` is the name under which it is kept: no one can use that. */
export interface GivenCode {
  readonly id: string;
  readonly rewardId: string;
  readonly redemptionId: string;
  readonly value?: Value | undefined;
  /** The last day on which it can be used, in the merchant's zone. */
  readonly validThrough: Day;
}

export type CodeEnd =
  | { readonly kind: 'used'; readonly source: string; readonly useId: string; readonly orderId?: string | undefined }
  | { readonly kind: 'revoked'; readonly source: string; readonly by: string };

/** In the order in which they are checked. */
export type CodeRefusal = 'used-before' | 'revoked' | 'no-longer-valid';

export const codeEndKey = (id: string): string => keyOf('code', id, 'ended');

export const lastDayOfCode = ({ code }: Reward, day: Day): Day => addDays(day, code?.validDays ?? 0);

/** Both ends have one key, so that there is one of them; staff may take back what is no longer valid anyway. */
export function decideCodeEnd(
  account: Account,
  code: GivenCode,
  end: CodeEnd,
  situation: Situation,
): Draft | { readonly refused: CodeRefusal } {
  if (end.kind === 'used' && today(situation) > code.validThrough) return { refused: 'no-longer-valid' };
  return {
    key: codeEndKey(code.id),
    source: end.source,
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: codeEndFingerprint(end),
    detail: {
      kind: `code-${end.kind}`,
      code: code.id,
      redemptionId: code.redemptionId,
      rewardId: code.rewardId,
      ...(end.kind === 'used' ? { useId: end.useId, ...(end.orderId && { orderId: end.orderId }) } : { by: end.by }),
    },
    change: {},
    trace: [{ step: `code-${end.kind}`, rule: code.rewardId }],
  };
}

/** Whoever takes a code back a second time wants what is so already, whoever it was. */
export const codeEndFingerprint = (end: CodeEnd): string =>
  fingerprint(end.kind === 'used' ? [end.kind, end.source, end.useId, end.orderId ?? null] : [end.kind]);
