import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { fromEntryItem } from '../lib/runtime/items.ts';
import { log, reasonOf } from '../lib/runtime/log.ts';
import { reports } from '../lib/runtime/reporting.ts';

/** Counts what was committed into the read model of reports and segments. A batch may come again, and is counted once. */
export const handler = async ({ Records }: DynamoDBStreamEvent, _context?: Context): Promise<DynamoDBBatchResponse> => {
  const entries = Records.flatMap(({ eventName, dynamodb }) =>
    eventName === 'INSERT' && dynamodb?.NewImage
      ? [fromEntryItem(dynamodb.NewImage as Record<string, AttributeValue>)]
      : [],
  );
  try {
    await reports().count(entries);
    return { batchItemFailures: [] };
  } catch (error) {
    log.error('entries could not be counted', { entries: entries.length, reason: reasonOf(error) });
    return { batchItemFailures: [{ itemIdentifier: Records[0]?.dynamodb?.SequenceNumber ?? '' }] };
  }
};
