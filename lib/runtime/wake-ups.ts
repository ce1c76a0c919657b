import { createHash } from 'node:crypto';
import type { Course } from '../loyalty/course.ts';
import type { OneTime } from './one-time.ts';
import { DELAY_SECONDS_MAX, type PlanQueue, type PlanWork } from './plan-work.ts';

/** Brings a message that waits before the planner again: by the queue where that is soon, else by a schedule that runs once. */
export function openWakeUps({
  plan,
  schedules,
  now = () => new Date(),
}: {
  plan: PlanQueue;
  schedules: () => Pick<OneTime, 'create'>;
  now?: () => Date;
}) {
  /** Twice is once. */
  return async ({ messageId, memberId, until = now().toISOString() }: Course): Promise<void> => {
    const work: PlanWork = { kind: 'due', memberId, messageId };
    const seconds = Math.max(0, Math.ceil((Date.parse(until) - now().getTime()) / 1_000));
    if (seconds <= DELAY_SECONDS_MAX) return plan.tell([work], seconds);
    return schedules().create(nameOf(messageId, until), until, work);
  };
}

/** Scheduler's names are short and of few characters. */
const nameOf = (messageId: string, until: string): string =>
  `message-${createHash('sha256').update(`${messageId}\n${until}`).digest('hex').slice(0, 40)}`;
