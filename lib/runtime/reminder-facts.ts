import type { Course } from '../loyalty/course.ts';
import type { ReminderFact } from '../loyalty/facts.ts';
import { isLastReminder } from '../loyalty/planning.ts';

/**
 * Whether the last warning before points lapse was given, for the journal: they lapse only then. `by`: whoever has sent
 * it, or all of whom none could.
 */
export const reminderFacts = (
  { events }: Pick<Course, 'events'>,
  outcome: ReminderFact['outcome'],
  by: readonly string[],
  { at, because }: { readonly at: Date; readonly because?: string },
): ReminderFact[] =>
  events.filter(isLastReminder).flatMap(({ id, memberId, entryId }) =>
    by.map((connector) => ({
      type: 'reminder',
      factId: `reminder:${id}:${connector}`,
      source: connector,
      occurredAt: at.toISOString(),
      identities: [{ type: 'member', value: memberId }],
      memberId,
      entryId,
      outcome,
      ...(because !== undefined && { because: because.slice(0, 200) }),
    })),
  );
