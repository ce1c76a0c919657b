import { randomUUID } from 'node:crypto';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { queueNamesOf, type WorkName } from '../lib/cloud/queue-names.ts';

/** A queue, and what could not be done of it. */
export interface Backlog extends WorkName {
  readonly waiting: number;
  readonly parked: number;
  /** It is not deployed. */
  readonly missing?: true;
}

export interface DeadLetter {
  readonly id: string;
  readonly parkedAt: string;
  readonly reason: string;
  /** What it is about: ids and words of ours. */
  readonly about: string;
  readonly body: string;
}

/** Longer than it takes to look at them; who dies in between leaves them hidden no longer. */
const LOOK_SECONDS = 60;
const AT_ONCE = 10;
const PARCEL_BYTES = 1024 * 1024;

/** What could not be done, and stays until somebody has mended what was wrong. */
export function openDeadLetters({
  client,
  prefix,
  works,
}: {
  client: SQSClient;
  prefix: string;
  works: readonly WorkName[];
}) {
  const urlOf = async (name: string): Promise<string> =>
    (await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? '';

  /** Also what a worker has in hand: it may be waiting with it for a vendor that is down. */
  async function held(name: string): Promise<number> {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: await urlOf(name),
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesDelayed',
          'ApproximateNumberOfMessagesNotVisible',
        ],
      }),
    );
    return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0);
  }

  function workOf(name: string): WorkName {
    const short = name
      .replace(`${prefix}-`, '')
      .replace(/\.fifo$/, '')
      .replace(/-parked$/, '');
    const work = works.find((one) => one.work === short);
    if (work) return work;
    throw new Error(`there is no queue ${name}: there are ${works.map((one) => one.work).join(', ')}`);
  }

  const receive = async (url: string): Promise<Message[]> =>
    (
      await client.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: AT_ONCE,
          VisibilityTimeout: LOOK_SECONDS,
          MessageAttributeNames: ['All'],
          MessageSystemAttributeNames: ['All'],
        }),
      )
    ).Messages ?? [];

  const entriesOf = (messages: readonly Message[]) =>
    messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle: ReceiptHandle ?? '' }));

  async function letGo(url: string, messages: readonly Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += AT_ONCE) {
      const Entries = entriesOf(messages.slice(from, from + AT_ONCE)).map((one) => ({ ...one, VisibilityTimeout: 0 }));
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
    }
  }

  /** First sent, then removed: who dies in between has sent some twice, which everybody who works here bears. */
  async function move(messages: readonly Message[], from: string, to: string, fifo: boolean): Promise<void> {
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: to,
        Entries: messages.map(({ Body, Attributes }, at) => ({
          Id: String(at),
          MessageBody: Body,
          ...(fifo && {
            MessageGroupId: Attributes?.MessageGroupId ?? 'redriven',
            // Not what it had: the queue would take it for one that it has seen a minute ago.
            MessageDeduplicationId: randomUUID(),
          }),
        })),
      }),
    );
    const failed = new Set(Failed.map(({ Id }) => Number(Id)));
    const sent = messages.filter((_, at) => !failed.has(at));
    if (sent.length > 0) await client.send(new DeleteMessageBatchCommand({ QueueUrl: from, Entries: entriesOf(sent) }));
    if (failed.size > 0) throw new Error(`the queue did not take ${failed.size} of ${messages.length} messages`);
  }

  return {
    list: (): Promise<readonly Backlog[]> =>
      Promise.all(
        works.map(async (work): Promise<Backlog> => {
          const { name, parked } = queueNamesOf(prefix, work.work, work.fifo);
          try {
            return { ...work, waiting: await held(name), parked: await held(parked) };
          } catch (error) {
            if (!(error instanceof QueueDoesNotExist)) throw error;
            return { ...work, waiting: 0, parked: 0, missing: true };
          }
        }),
      ),

    /** Looked at and left where they are. */
    async show(name: string, most: number): Promise<readonly DeadLetter[]> {
      const { work, fifo } = workOf(name);
      const url = await urlOf(queueNamesOf(prefix, work, fifo).parked);
      const seen: Message[] = [];
      try {
        while (seen.length < most) {
          const messages = await receive(url);
          if (messages.length === 0) break;
          seen.push(...messages);
        }
      } finally {
        await letGo(url, seen);
      }
      return seen.slice(0, most).map(asLetter);
    },

    /** Sends them back to where they came from: all that were there when it began, or those that are named. */
    async redrive(name: string, ids: readonly string[] = []): Promise<number> {
      const { work, fifo = false } = workOf(name);
      const names = queueNamesOf(prefix, work, fifo);
      const [from, to] = await Promise.all([urlOf(names.parked), urlOf(names.name)]);
      // What fails again comes back here, and is not sent round and round.
      let left = await held(names.parked);
      const kept: Message[] = [];
      let moved = 0;
      try {
        while (left > 0) {
          const messages = await receive(from);
          if (messages.length === 0) break;
          left -= messages.length;
          const wanted = messages.filter(({ MessageId = '' }) => ids.length === 0 || ids.includes(MessageId));
          kept.push(...messages.filter((message) => !wanted.includes(message)));
          if (wanted.length === 0) continue;
          for (const parcel of parcels(wanted)) {
            await move(parcel, from, to, fifo);
            moved += parcel.length;
          }
        }
      } finally {
        await letGo(from, kept);
      }
      return moved;
    },
  };
}

/** No heavier than what SQS takes at once. */
function parcels(messages: readonly Message[]): Message[][] {
  const all: Message[][] = [];
  let room = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.Body ?? '');
    if (size > room) {
      all.push([]);
      room = PARCEL_BYTES;
    }
    all.at(-1)?.push(message);
    room -= size;
  }
  return all;
}

const asLetter = ({ MessageId = '', Body = '', Attributes, MessageAttributes }: Message): DeadLetter => ({
  id: MessageId,
  parkedAt: new Date(Number(Attributes?.SentTimestamp)).toISOString(),
  // What SQS itself has put there had ended the function each time, or was never finished.
  reason: MessageAttributes?.reason?.StringValue ?? 'received too often, and never finished: read the function’s log',
  about: aboutOf(Body),
  body: Body,
});

interface Known {
  readonly type?: unknown;
  readonly kind?: unknown;
  readonly id?: unknown;
  readonly factId?: unknown;
  readonly detail?: Known;
  readonly message?: Known;
}

/** Of the bodies that pass through our queues: what names them, and nothing that anybody else has written. */
export function aboutOf(body: string): string {
  let content: Known | null;
  try {
    content = JSON.parse(body) as Known | null;
  } catch {
    return 'not JSON';
  }
  const inner = content?.detail ?? content?.message ?? content;
  const words = [inner?.type ?? inner?.kind, inner?.id ?? inner?.factId].filter((word) => typeof word === 'string');
  return words.join(' ') || 'a delivery';
}
