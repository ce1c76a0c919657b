import * as z from 'zod';
import { PointsAmount } from '../../loyalty/points.ts';
import { ForeignId, MemberRef, Text } from './fields.ts';
import { route } from './route.ts';

export const postReferralCode = route('POST /v1/members/{id}/referral-code', 'pos', () =>
  z.strictObject({ id: Text(100) }),
);

export const postReferral = route('POST /v1/referrals', 'pos', () =>
  z.strictObject({
    /** As it was typed: hyphen and case do not matter. */
    code: Text(40),
    /** The friend, who is enrolled. */
    member: MemberRef,
  }),
);

export const postGift = route('POST /v1/gifts', 'pos', () =>
  z.strictObject({ giftId: ForeignId, from: MemberRef, to: MemberRef, points: PointsAmount }),
);
