import * as z from 'zod';
import { Activity, ToldActivity } from '../../loyalty/activities.ts';
import type { ActivityFact } from '../../loyalty/facts.ts';
import { Id } from '../../loyalty/program/fields.ts';
import { ForeignId, MemberRef, OccurredAt, SourceName } from './fields.ts';
import { route } from './route.ts';

export const postActivity = route('POST /v1/activities', 'pos', () =>
  z.strictObject({
    activityId: ForeignId,
    /** Birthdays and months are not for others to tell. */
    activity: ToldActivity,
    member: MemberRef,
    occurredAt: OccurredAt.optional(),
    locationId: ForeignId.optional(),
  }),
);

/** What is said about points that wait for it: the guest came, or did not. */
const waiting = () =>
  z.strictObject({
    activityId: ForeignId,
    activity: Activity,
    member: MemberRef,
    /** Who told of the activity, when it was not the holder of this key. */
    source: SourceName.optional(),
    /** One word of yours, such as "not-attended". */
    reason: Id.optional(),
  });
export const confirmActivity = route('POST /v1/activities/{activityId}/confirm', 'pos', waiting);
export const declineActivity = route('POST /v1/activities/{activityId}/decline', 'pos', waiting);

export const activityFact = (
  { activityId, activity, member, occurredAt, locationId }: z.output<typeof postActivity.input>,
  told: { readonly source: string; readonly at: string },
): ActivityFact => ({
  type: 'activity',
  factId: `${told.source}:activity:${activityId}`,
  source: told.source,
  occurredAt: occurredAt ?? told.at,
  identities: [member],
  activity,
  activityId,
  locationId,
});
