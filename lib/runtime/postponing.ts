import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import { Permanent, Transient, Unauthorized } from '../connectors/kit/errors.ts';
import { optionalSetting } from './config.ts';
import { log, reasonOf } from './log.ts';
import { park } from './parking.ts';
import { SecretUnset } from './secrets.ts';

const BACKOFF_SECONDS = { base: 30, max: 900, asked: 12 * 3_600 - 300 };
/** A queue forgets what is four days old: by then it has to lie where it is kept longer. */
const OLDEST_MS = 3 * 86_400_000;

export interface Queues {
  readonly client: SQSClient;
  readonly url: string;
  /** Where it stays, with its reason, when it cannot be done. */
  readonly parkedUrl: string;
}

/**
 * What a message that was not done comes to: parked when it can never work, has failed too often, or has grown too old;
 * otherwise it comes back later. How often it was received says nothing, since it is received while a vendor is down as
 * well: tries are counted where they are noted. Answers whether the queue is to forget it.
 */
export async function setAside(queues: Queues, record: SQSRecord, error: unknown): Promise<boolean> {
  const because = whyNeverAgain(record, error);
  if (because === undefined) {
    await postpone(queues, record, error);
    return false;
  }
  try {
    await park({ client: queues.client, url: queues.parkedUrl }, { body: record.body, reason: because });
    return true;
  } catch (failure) {
    // It comes back by itself, and is parked then.
    log.warn('a message could not be parked', { reason: reasonOf(failure) });
    return false;
  }
}

function whyNeverAgain({ attributes }: SQSRecord, error: unknown): string | undefined {
  const reason = reasonOf(error).message;
  if (error instanceof Permanent || error instanceof Unauthorized) return reason;
  if (Date.now() - Number(attributes.SentTimestamp) > OLDEST_MS) return `three days did not help: ${reason}`;
  if (isPassing(error)) return undefined;
  return Number(attributes.ApproximateReceiveCount) >=
    Number(optionalSetting('ATTEMPTS_MAX') ?? Number.POSITIVE_INFINITY)
    ? `tried ${attributes.ApproximateReceiveCount} times: ${reason}`
    : undefined;
}

/** A vendor's trouble, a secret that is not there yet, or AWS's own. */
const isPassing = (error: unknown): boolean =>
  error instanceof Transient ||
  error instanceof SecretUnset ||
  (error instanceof Error && ('$metadata' in error || error.name === 'TimeoutError'));

async function postpone(
  { client, url }: Queues,
  { receiptHandle, attributes }: SQSRecord,
  error: unknown,
): Promise<void> {
  const seconds = backoffSeconds(Number(attributes.ApproximateReceiveCount), error);
  try {
    await client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds }),
    );
  } catch (failure) {
    // It comes back by itself, only later.
    log.warn('a message could not be put off', { reason: reasonOf(failure) });
  }
}

/**
 * Full jitter, so that those who failed together do not come back together; the vendor's own wish comes first, and those
 * who heed it do not come back together either.
 */
function backoffSeconds(attempt: number, error: unknown): number {
  const ceiling = Math.min(BACKOFF_SECONDS.max, BACKOFF_SECONDS.base * 2 ** (attempt - 1));
  const asked = error instanceof Transient ? (error.retryAfterSeconds ?? 0) : 0;
  const seconds = asked > 0 ? asked + Math.random() * Math.min(30, asked / 4) : Math.random() * ceiling;
  return Math.min(BACKOFF_SECONDS.asked, Math.ceil(seconds));
}
