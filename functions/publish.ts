import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { announce } from '../lib/loyalty/announce.ts';
import { type Entry, entryIdOf } from '../lib/loyalty/entry.ts';
import type { LoyaltyEvent } from '../lib/loyalty/events.ts';
import { flaggedIn, reviewEndedBy, reviewOf } from '../lib/loyalty/flagged.ts';
import { referralFactOf } from '../lib/loyalty/referral.ts';
import { checkEntry } from '../lib/loyalty/verify.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { fromEntryItem } from '../lib/runtime/items.ts';
import { count, log, publishCounts, reasonOf } from '../lib/runtime/log.ts';
import { orders, waitingRoom } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { reviews } from '../lib/runtime/staffing.ts';
import { forOrder } from '../lib/runtime/waiting-room.ts';

const bus = new EventBridgeClient({ maxAttempts: 3 });

/** What PutEvents takes in a call. */
const EVENTS_A_CALL = 10;

/**
 * Tells the world what was committed, in its order. The journal's stream is the outbox: a record is passed once all that
 * follows from it is done, so that after a crash it comes again, and everything here may be done twice.
 */
export const handler = async ({ Records }: DynamoDBStreamEvent, _context?: Context): Promise<DynamoDBBatchResponse> => {
  const told: { readonly record: DynamoDBRecord; readonly events: readonly LoyaltyEvent[] }[] = [];
  let stuck: DynamoDBRecord | undefined;
  for (const record of Records) {
    const entry = entryOf(record);
    if (!entry) continue;
    try {
      const fault = checkEntry(entry);
      if (fault) {
        count('LedgerCheckFailed');
        log.error('an entry is not what was hashed', { entryId: entryIdOf(entry), fault: fault.fault });
      }
      await follow(entry);
      told.push({ record, events: announce(entry) });
    } catch (error) {
      log.error('an entry could not be followed up', { entryId: entryIdOf(entry), reason: reasonOf(error) });
      stuck = record;
      break;
    }
  }
  stuck = (await tellAll(told)) ?? stuck;
  await publishCounts();
  // From this one on they come again, in their order.
  return { batchItemFailures: stuck ? [{ itemIdentifier: stuck.dynamodb?.SequenceNumber ?? '' }] : [] };
};

/** What others need to find the entry by, and whoever waits for it. First the one, then the other: see the waiting room. */
async function follow(entry: Entry): Promise<void> {
  const { memberId, source, detail } = entry;
  const referral = referralFactOf(entry, merchant().program);
  if (referral) await openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }).tell([referral]);
  if (detail.kind === 'authorized') await orders().keepRedemption(detail.redemptionId, memberId);
  await followReview(entry);
  if (detail.kind !== 'sale') return;
  await orders().keepOrder(source, detail.orderId, memberId);
  const what = [forOrder(source, detail.orderId)];
  const refunds = await waitingRoom().waiting(what);
  if (refunds.length === 0) return;
  await openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }).release(refunds);
  for (const { factId } of refunds) await waitingRoom().remove(factId, what);
}

/** Points that wait for somebody to look at them lie on the staff's desk, from the entry that says so to the one that ends it. */
async function followReview(entry: Entry): Promise<void> {
  const flagged = flaggedIn(entry);
  if (flagged)
    await reviews().open({ id: reviewOf(flagged), memberId: entry.memberId, at: entry.recordedAt, about: flagged });
  const over = reviewEndedBy(entry);
  const matter = over && (await reviews().get(reviewOf(over)));
  if (matter && matter.endedBy === undefined) await reviews().end(matter, entry.key);
}

/** The first record of which an event was not taken. */
async function tellAll(
  told: readonly { readonly record: DynamoDBRecord; readonly events: readonly LoyaltyEvent[] }[],
): Promise<DynamoDBRecord | undefined> {
  const outgoing = told.flatMap(({ record, events }) => events.map((event) => ({ record, event })));
  for (let from = 0; from < outgoing.length; from += EVENTS_A_CALL) {
    const batch = outgoing.slice(from, from + EVENTS_A_CALL);
    try {
      const { Entries = [] } = await bus.send(
        new PutEventsCommand({
          Entries: batch.map(({ event }) => ({
            EventBusName: setting('BUS_NAME'),
            Source: 'stampbook',
            DetailType: event.type,
            Detail: JSON.stringify(event),
            Time: new Date(event.occurredAt),
          })),
        }),
      );
      const refused = batch.find((_, index) => Entries[index]?.EventId === undefined);
      if (refused) return refused.record;
    } catch (error) {
      log.error('the bus took no events', { reason: reasonOf(error) });
      return batch[0]?.record;
    }
  }
  return undefined;
}

/** Entries are only ever added. What is changed or removed by somebody's hand is no news; `stampbook verify` finds it. */
function entryOf({ eventName, dynamodb }: DynamoDBRecord): Entry | undefined {
  if (eventName !== 'INSERT' || !dynamodb?.NewImage) return undefined;
  return fromEntryItem(dynamodb.NewImage as Record<string, AttributeValue>);
}
