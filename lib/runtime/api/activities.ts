import * as z from 'zod';
import { ActivityFact } from '../../loyalty/facts.ts';
import { ForeignId, MemberRef, OccurredAt } from './fields.ts';
import { route } from './route.ts';

export const postActivity = route('POST /v1/activities', 'pos', () =>
  z.strictObject({
    activityId: ForeignId,
    activity: ActivityFact.shape.activity,
    member: MemberRef,
    occurredAt: OccurredAt.optional(),
    locationId: ForeignId.optional(),
  }),
);

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
