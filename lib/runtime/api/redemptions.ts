import * as z from 'zod';
import { PointsAmount } from '../../loyalty/points.ts';
import { always, ForeignId, MemberRef } from './fields.ts';
import { route } from './route.ts';

export const postRedemption = route('POST /v1/redemptions', 'pos', () =>
  z
    .strictObject({
      redemptionId: ForeignId,
      member: MemberRef,
      rewardId: ForeignId.optional(),
      /** Which of the reward's steps, from 1. */
      step: z.int().min(1).max(20).optional(),
      points: PointsAmount.optional(),
      orderId: ForeignId.optional(),
      /** `false` puts the points aside until capture, void, or the lapse of time. */
      capture: z.boolean().default(true),
    })
    .superRefine((given, context) => {
      const { rewardId, points, step } = (given ?? {}) as { rewardId?: unknown; points?: unknown; step?: unknown };
      const complain = (message: string) =>
        context.addIssue({ code: 'custom', path: ['rewardId'], message, input: undefined });
      if (rewardId === undefined && points === undefined) complain('is missing: send rewardId, or points');
      if (rewardId !== undefined && points !== undefined)
        complain('has a price of its own: send rewardId or points, not both');
      if (rewardId === undefined && step !== undefined) complain('is missing: a step is one of a reward’s');
    }, always),
);

// Without a member, the redemption is found by its id.
export const captureRedemption = route('POST /v1/redemptions/{id}/capture', 'pos', () =>
  z.strictObject({ id: ForeignId, member: MemberRef.optional(), points: PointsAmount.optional() }),
);
export const voidRedemption = route('POST /v1/redemptions/{id}/void', 'pos', () =>
  z.strictObject({ id: ForeignId, member: MemberRef.optional() }),
);
