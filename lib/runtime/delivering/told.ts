import type { SQSRecord } from 'aws-lambda';
import { Permanent } from '../../connectors/kit/errors.ts';
import { LoyaltyEvent, ProgramEvent } from '../../loyalty/events.ts';
import { PlannedMessage } from '../planned-message.ts';

/** An event that the bus has brought. */
export interface ToldEvent<Event = LoyaltyEvent | ProgramEvent> {
  readonly record: SQSRecord;
  readonly event: Event;
}

/** A message that the planner has brought. */
export interface Handed {
  readonly record: SQSRecord;
  readonly message: PlannedMessage;
}

export type Told = ToldEvent | Handed;

/** What became of one of them; an error: it did not work, and the queue is to bring it again. */
export type Ending = Error | undefined;

/** What a message of a connector's queue says; throws `Permanent` for what is nothing of ours. */
export function toldIn(record: SQSRecord): Told {
  let body: { readonly detail?: unknown; readonly message?: unknown };
  try {
    body = JSON.parse(record.body) as typeof body;
  } catch {
    throw new Permanent('the message is not JSON');
  }
  if (body.message === undefined) return { record, event: eventOf(body.detail) };
  const { data, error } = PlannedMessage.safeParse(body.message);
  if (data) return { record, message: data };
  throw new Permanent(`not a message to a member: ${faultsIn(error)}`);
}

/** As the bus wraps it. */
export function eventOf(detail: unknown): LoyaltyEvent | ProgramEvent {
  const { data: ofAll } = ProgramEvent.safeParse(detail);
  if (ofAll) return ofAll;
  const { data, error } = LoyaltyEvent.safeParse(detail);
  if (data) return data as LoyaltyEvent;
  throw new Permanent(`not an event that we know: ${faultsIn(error)}`);
}

/** Paths, never values. */
const faultsIn = ({
  issues,
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly code: string }[];
}) => issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ');

export const isMessage = (one: Told): one is Handed => 'message' in one;

export const isEvent = (one: Told): one is ToldEvent => 'event' in one;

/** Campaigns begin and end for all members at once; everything else happens to one. */
export const isOfAll = (event: LoyaltyEvent | ProgramEvent): event is ProgramEvent => 'campaignId' in event;

export const isOfMember = (one: Told): one is ToldEvent<LoyaltyEvent> => isEvent(one) && !isOfAll(one.event);
