import type { SQSRecord } from 'aws-lambda';
import { Permanent } from '../../connectors/kit/errors.ts';
import { LoyaltyEvent, ProgramEvent } from '../../loyalty/events.ts';

/** A message of the queue, and the event in it. */
export interface Told<Event = LoyaltyEvent | ProgramEvent> {
  readonly record: SQSRecord;
  readonly event: Event;
}

/** What became of one of them; an error: it did not work, and the queue is to bring it again. */
export type Ending = Error | undefined;

/** As the bus wraps it; throws `Permanent` for what is no event of ours. */
export function eventOf({ body }: SQSRecord): LoyaltyEvent | ProgramEvent {
  let detail: unknown;
  try {
    detail = (JSON.parse(body) as { detail?: unknown }).detail;
  } catch {
    throw new Permanent('the message is not JSON');
  }
  const { data: ofAll } = ProgramEvent.safeParse(detail);
  if (ofAll) return ofAll;
  const { data, error } = LoyaltyEvent.safeParse(detail);
  if (data) return data as LoyaltyEvent;
  throw new Permanent(
    `not an event that we know: ${error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ')}`,
  );
}

/** Campaigns begin and end for all members at once; everything else happens to one. */
export const isOfAll = (event: LoyaltyEvent | ProgramEvent): event is ProgramEvent => 'campaignId' in event;
