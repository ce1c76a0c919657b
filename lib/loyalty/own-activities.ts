import type { Activity, ActivityFact } from './facts.ts';
import type { Program } from './program.ts';

/** What we find out ourselves is told under this name: no connector and no key has it. */
export const OURSELVES = 'stampbook';

/** Whether a rule may give something for it. What earns nothing need not be told: it would only be an empty entry. */
export const mayEarn = ({ rules }: Pick<Program, 'rules'>, activity: Activity): boolean =>
  rules.some(
    ({ on, when }) =>
      on === 'activity' &&
      when.every((condition) => condition.is !== 'activity' || condition.activities.includes(activity)),
  );

/** The same fact for one member however often it is told: it is booked once in a lifetime. */
export const onceInALifetime = (
  activity: 'registration' | 'profile-completed',
  memberId: string,
  occurredAt: string,
): ActivityFact => ({
  type: 'activity',
  factId: `${OURSELVES}:${activity}:${memberId}`,
  occurredAt,
  source: OURSELVES,
  identities: [{ type: 'member', value: memberId }],
  activity,
  activityId: activity,
});
