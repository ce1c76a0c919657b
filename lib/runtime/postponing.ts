import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { Permanent, Transient, Unauthorized } from '../connectors/kit/errors.ts';
import { log, reasonOf } from './log.ts';

const BACKOFF_SECONDS = { base: 30, max: 900, asked: 12 * 3_600 - 300 };

/** When a message that a vendor's trouble kept from being done comes back. */
export async function postpone(
  { client, url }: { client: SQSClient; url: string },
  { receiptHandle, attributes }: SQSRecord,
  error: unknown,
): Promise<void> {
  const seconds = secondsUntil(error, Number(attributes.ApproximateReceiveCount));
  try {
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
    );
  } catch (failure) {
    // It comes back by itself, only later.
    log.warn('a message could not be put off', { reason: reasonOf(failure) });
  }
}

/** What can never work is on its way to the dead letters, and is not kept waiting for them. */
const secondsUntil = (error: unknown, attempt: number): number =>
  error instanceof Permanent || error instanceof Unauthorized ? 0 : backoffSeconds(attempt, error);

/** Full jitter, so that those who failed together do not come back together; the vendor's own wish comes first. */
function backoffSeconds(attempt: number, error: unknown): number {
  const ceiling = Math.min(BACKOFF_SECONDS.max, BACKOFF_SECONDS.base * 2 ** (attempt - 1));
  const asked = error instanceof Transient ? (error.retryAfterSeconds ?? 0) : 0;
  return Math.min(BACKOFF_SECONDS.asked, Math.max(asked, Math.ceil(Math.random() * ceiling)));
}
