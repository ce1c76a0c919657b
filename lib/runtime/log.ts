import { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';

/** Ids, counts and reasons. Never a body, a phone, a name, an address or a key: nothing personal is handed to it. */
export const log = new Logger();

let counted = new Map<Count, number>();
let metrics: Metrics | undefined;

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

export function count(name: Count): void {
  counted.set(name, (counted.get(name) ?? 0) + 1);
}

/**
 * At the end of an invocation: what was counted becomes one line of the log, which CloudWatch reads. Most have counted
 * nothing, and do not load what it takes.
 */
export async function publishCounts(): Promise<void> {
  if (counted.size === 0) return;
  const counts = counted;
  counted = new Map();
  metrics ??= new (await import('@aws-lambda-powertools/metrics')).Metrics();
  for (const [name, times] of counts) metrics.addMetric(name, 'Count', times);
  metrics.publishStoredMetrics();
}

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
