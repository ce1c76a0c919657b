import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws/protocol.ts';
import { type AwsCaller, explain } from '../aws-call.ts';
import type { Functions } from '../functions.ts';
import { region } from '../known-resources.ts';
import { type Mapping, type Poller, reportedFailures } from './mapping.ts';

export interface QueuePollerOptions {
  readonly mapping: Mapping;
  readonly functions: Functions;
  /** In the function's name, as the mapping polls. */
  readonly call: AwsCaller;
  /** In our own: to shorten waits that AWS would not. */
  readonly operate: AwsCaller;
  /** No more batches at once, whatever the template allows: the functions get no more processes than that. */
  readonly bound: number;
  /** When the function last set a message's time-out itself, by `performance.now()`. */
  lastPostponed(): number;
  warn(message: string): void;
}

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<
    Record<string, { readonly DataType: string; readonly StringValue?: string; readonly BinaryValue?: string }>
  >;
}

/** SQS's own longest. */
const LONG_POLL_SECONDS = 20;

/**
 * Takes messages from a queue to a function as Lambda does. One thing is quicker: a message that failed comes back after
 * a second, then two, four and so on, and not only after the queue's visibility time-out, which is minutes. What a
 * function postpones itself stays postponed.
 */
export function pollQueue(options: QueuePollerOptions): Poller {
  const { mapping, functions, call, operate, warn } = options;
  const QueueUrl = mapping.source.physicalId;
  const bound = Math.max(1, Math.min(options.bound, mapping.maximumConcurrency));
  const stopping = new AbortController();
  const batches = new Set<Promise<void>>();
  let complaint = '';

  async function receive(most: number, waitSeconds: number): Promise<Message[]> {
    const input = {
      QueueUrl,
      MaxNumberOfMessages: Math.min(10, most),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    const { Messages = [] } = (await call('AmazonSQS.ReceiveMessage', input, { signal: stopping.signal })) as {
      Messages?: Message[];
    };
    return Messages;
  }

  /** As many as the mapping wants, waiting no longer than its window for more. */
  async function collect(): Promise<Message[]> {
    const messages = await receive(mapping.batchSize, LONG_POLL_SECONDS);
    const until = performance.now() + mapping.windowSeconds * 1000;
    while (messages.length > 0 && messages.length < mapping.batchSize && performance.now() < until) {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      const more = await receive(mapping.batchSize - messages.length, Math.min(LONG_POLL_SECONDS, left));
      messages.push(...more);
    }
    return messages;
  }

  async function handle(messages: readonly Message[]): Promise<void> {
    const startedAt = performance.now();
    const event = { Records: messages.map((message) => recordOf(message, mapping.sourceArn)) };
    const traceId = messages[0]?.Attributes?.AWSTraceHeader;
    const invocation = await functions.invoke(mapping.function.arn, event, traceId === undefined ? {} : { traceId });
    const ids = new Set(messages.map(({ MessageId }) => MessageId));
    const failures =
      invocation.kind === 'failed'
        ? 'all'
        : mapping.reportsFailures
          ? reportedFailures(invocation.payload, ids)
          : ([] as const);
    const failed = messages.filter(({ MessageId }) => failures === 'all' || failures.includes(MessageId));
    await remove(messages.filter((message) => !failed.includes(message)));
    const postponed = invocation.kind === 'answered' && options.lastPostponed() >= startedAt;
    if (!postponed) await Promise.all(failed.map((message) => hide(message, retrySeconds(message))));
  }

  async function remove(messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; at += 10) {
      const Entries = messages
        .slice(at, at + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: `m${index}`, ReceiptHandle }));
      // Not told that it was done, SQS gives it out again: AWS's own case of «at least once».
      await call('AmazonSQS.DeleteMessageBatch', { QueueUrl, Entries }).catch(complain);
    }
  }

  const hide = ({ ReceiptHandle }: Message, VisibilityTimeout: number): Promise<unknown> =>
    operate('AmazonSQS.ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout }).catch(complain);

  function complain(cause: Error): void {
    if (stopping.signal.aborted) return;
    const text = `${mapping.source.logicalId} → ${mapping.function.physicalId}: ${explain(cause)}`;
    if (text !== complaint) warn(text);
    complaint = text;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const messages = await collect();
        if (messages.length === 0) continue;
        complaint = '';
        const batch = handle(messages)
          .catch(complain)
          .finally(() => batches.delete(batch));
        batches.add(batch);
        if (batches.size >= bound) await Promise.race(batches);
      } catch (cause) {
        complain(cause as Error);
        // Refused or out of reach: asked again as soon as that may have changed.
        await sleep(cause instanceof AwsError ? 1_000 : 200, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  const running = run();
  return {
    mapping,
    inFlight: () => batches.size,
    quiet: async () => batches.size === 0,
    async stop() {
      stopping.abort();
      await running;
      await Promise.all(batches);
    },
  };
}

const retrySeconds = (message: Message): number => {
  const received = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
  return Math.min(30, 2 ** (received - 1));
};

function recordOf(message: Message, queueArn: string) {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [
    name,
    {
      ...(attribute.StringValue !== undefined && { stringValue: attribute.StringValue }),
      ...(attribute.BinaryValue !== undefined && { binaryValue: attribute.BinaryValue }),
      stringListValues: [],
      binaryListValues: [],
      dataType: attribute.DataType,
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}
