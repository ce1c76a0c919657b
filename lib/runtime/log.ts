import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';

/** Ids, counts and reasons. Never a body, a phone, a name, an address or a key: nothing personal is handed to it. */
export const log = new Logger();

const metrics = new Metrics();

/** What is counted. Alarms are set on the first three; the stacks name them by these words. */
export type Count =
  | 'SignatureRejected'
  | 'LedgerCheckFailed'
  | 'Parked'
  | 'DeliveryUnknown'
  | 'DeliveryFailed'
  | 'DeliverySkipped'
  | 'FactWaiting'
  | 'FactAnonymous'
  | 'IdentityUnreadable'
  | 'ReplyReceived'
  | 'Throttled';

export const count = (name: Count, by = 1): void => {
  metrics.addMetric(name, 'Count', by);
};

/** At the end of an invocation: what was counted becomes one line of the log, which CloudWatch reads. */
export const publishCounts = (): void => {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};

/** What of an error may stand in a log. An AWS error carries the items it stumbled over, so it is never logged whole. */
export function reasonOf(error: unknown): {
  name: string;
  message: string;
  at?: string | undefined;
  cause?: string | undefined;
} {
  if (!(error instanceof Error)) return { name: 'Thrown', message: typeof error };
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${redacted(error.cause.message)}` : undefined;
  return {
    name: error.name,
    message: redacted(error.message),
    // Where it was thrown, without the first line, which repeats the message.
    at: error.stack?.split('\n').slice(1, 5).join('\n'),
    cause,
  };
}

/** Vendors repeat in their error texts what they were sent. */
const redacted = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/[^\s@"'<>(]+@[^\s@"'<>)]+/g, '[e-mail]')
    .replace(/\+?\d[\d ()./-]{5,}\d/g, '[number]')
    .replace(/\bsb_[a-z]+_[\w-]+/g, '[key]');
