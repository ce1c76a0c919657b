import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { log, publishCounts, reasonOf } from './log.ts';

/**
 * Empties a queue: every message on its own, so that a bad one does not send its neighbours round again. Messages of one
 * group (a FIFO queue's) are taken in their order, and none after one that failed; groups do not wait for each other.
 */
export function worker(handle: (record: SQSRecord, context: Context) => Promise<void>) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const failed = await Promise.all(groupsOf(event.Records).map((group) => failedOf(group, handle, context)));
    await publishCounts();
    return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/**
 * The same for those who do several messages together: tells of each what kept it from being done, in their order.
 */
export function batchWorker(
  handle: (records: readonly SQSRecord[], context: Context) => Promise<readonly (Error | undefined)[]>,
) {
  return async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const ends = await handle(event.Records, context);
    await publishCounts();
    const failed = event.Records.filter((record, at) => {
      const error = ends[at];
      if (error) notDone(record, error);
      return error;
    });
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

const notDone = ({ messageId, attributes }: SQSRecord, error: unknown): void =>
  log.warn('a message was not done', {
    messageId,
    attempt: Number(attributes.ApproximateReceiveCount),
    reason: reasonOf(error),
  });

async function failedOf(
  group: readonly SQSRecord[],
  handle: (record: SQSRecord, context: Context) => Promise<void>,
  context: Context,
): Promise<string[]> {
  for (const [index, record] of group.entries()) {
    try {
      await handle(record, context);
    } catch (error) {
      notDone(record, error);
      return group.slice(index).map(({ messageId }) => messageId);
    }
  }
  return [];
}

function groupsOf(records: readonly SQSRecord[]): SQSRecord[][] {
  const groups = Map.groupBy(records, ({ attributes, messageId }) => attributes.MessageGroupId ?? messageId);
  return [...groups.values()];
}
