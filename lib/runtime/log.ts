import { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';

/** Ids, counts and reasons. Never a body, a phone, a name, an address or a key: nothing personal is handed to it. */
export const log = new Logger();

let counted = new Map<Count, number>();
let metrics: Metrics | undefined;

/** What is counted. Alarms are set on the first seven; the stacks name them by these words. */
export type Count =
  | 'SignatureRejected'
  | 'LedgerCheckFailed'
  | 'DeliveryUnknown'
  | 'SubscriptionDiffers'
  | 'FoundUnreadable'
  | 'MessageUnwritable'
  | 'VendorDown'
  | 'Parked'
  | 'DeliveryFailed'
  | 'DeliverySkipped'
  | 'FactRecovered'
  | 'FactWaiting'
  | 'FactAnonymous'
  | 'IdentityUnreadable'
  | 'ReplyReceived'
  | 'TendingSkipped'
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
  const cause = error.cause instanceof Error ? `${error.cause.name}: ${said(error.cause)}` : undefined;
  return {
    name: error.name,
    message: said(error),
    // Where it was thrown, without the lines that repeat the message.
    at: error.stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 4)
      .join('\n'),
    cause,
  };
}

/** A parser quotes what it stumbled over, which is the body of a message. */
const said = (error: Error): string =>
  redacted(error instanceof SyntaxError ? error.message.replace(/".*"/s, '[text]') : error.message);

/** Vendors repeat in their error texts what they were sent. */
const redacted = (text: string): string =>
  text
    .slice(0, 500)
    .replace(/[^\s@"'<>(]+@[^\s@"'<>)]+/g, '[e-mail]')
    .replace(/\+?\d[\d ()./-]{5,}\d/g, '[number]')
    .replace(/\bsb_[a-z]+_[\w-]+/g, '[key]');
