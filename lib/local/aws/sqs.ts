import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import { account, region } from '../known-resources.ts';
import type { Assembly, Resource } from '../template.ts';
import { AwsError, jsonReply, notHere, type Service, type ServiceCall, targetOf } from './protocol.ts';

export interface QueueState {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** The queue whose messages end here. */
  readonly deadLetterOf?: string;
}

export interface Sqs extends Service {
  /** For the bus, which has its own way in. Throws `AwsError` when the queue does not take it. */
  send(queueArn: string, message: { body: string; groupId?: string; deduplicationId?: string }): void;
  states(): QueueState[];
  /** Moves all messages of a dead-letter queue back to where they came from, fresh, and says how many. */
  redrive(queueName: string): number;
  stop(): void;
}

/** Times are those of the local cloud's clock: when it moves on, delays and backoffs pass. */
export function openSqs(options: { assembly: Assembly; dataDirectory: string; clock: Clock }): Sqs {
  const store = openStore(options.dataDirectory);
  const queues = new Map<string, Queue>();
  for (const resource of options.assembly.ofType('AWS::SQS::Queue')) {
    const queue = new Queue(resource, store, options.clock, (arn) =>
      [...queues.values()].find((one) => one.arn === arn),
    );
    queues.set(queue.name, queue);
  }
  let offset = options.clock.offsetMs();
  options.clock.onChange(() => {
    const moved = options.clock.offsetMs() - offset;
    offset += moved;
    for (const queue of queues.values()) queue.clockMoved(moved);
  });

  const byName = (name: string | undefined): Queue => {
    const queue = queues.get(name ?? '');
    if (queue === undefined)
      throw new AwsError(`${sqsNamespace}QueueDoesNotExist`, `The specified queue does not exist: ${name}`);
    return queue;
  };
  const byUrl = (input: ServiceCall['input']): Queue => {
    if (typeof input.QueueUrl !== 'string') throw missing('QueueUrl');
    // Host and port are left aside: an URL that was stored before a restart on another port is still good.
    return byName(input.QueueUrl.split('/').at(-1));
  };
  const deadLetterOf = (queue: Queue): Queue | undefined =>
    [...queues.values()].find(({ redrivePolicy }) => redrivePolicy?.deadLetterTargetArn === queue.arn);

  const redrive = (source: Queue, destination = deadLetterOf(source)): number => {
    if (destination === undefined) throw invalid(`${source.name} is the dead-letter queue of no other queue`);
    return source.moveAll(destination);
  };

  const operations: Record<string, (input: ServiceCall['input'], signal: AbortSignal) => unknown> = {
    SendMessage: (input) => byUrl(input).send(input),
    SendMessageBatch: (input) => batch(input, (entry) => byUrl(input).send(entry)),
    ReceiveMessage: (input, signal) => byUrl(input).receive(input, signal),
    DeleteMessage: (input) => byUrl(input).delete(input),
    DeleteMessageBatch: (input) => batch(input, (entry) => byUrl(input).delete(entry)),
    ChangeMessageVisibility: (input) => byUrl(input).changeVisibility(input),
    ChangeMessageVisibilityBatch: (input) => batch(input, (entry) => byUrl(input).changeVisibility(entry)),
    GetQueueAttributes: (input) => byUrl(input).attributes(input),
    GetQueueUrl: (input) => ({ QueueUrl: byName(String(input.QueueName)).url }),
    ListQueues: ({ QueueNamePrefix = '' }) => ({
      QueueUrls: [...queues.values()]
        .filter(({ name }) => name.startsWith(String(QueueNamePrefix)))
        .map(({ url }) => url),
    }),
    PurgeQueue: (input) => byUrl(input).purge(),
    StartMessageMoveTask(input) {
      const queueOf = (arn: unknown) => byName(String(arn).split(':').at(-1));
      const destination = input.DestinationArn === undefined ? undefined : queueOf(input.DestinationArn);
      redrive(queueOf(input.SourceArn), destination);
      return { TaskHandle: randomUUID() };
    },
  };

  return {
    operationOf: ({ headers }) => targetOf(headers, 'AmazonSQS'),
    needs(operation, input) {
      if (!Object.hasOwn(operations, operation)) throw notHere('sqs', operation);
      // A batch is allowed by the name of its single operation.
      const action = `sqs:${operation.replace(/Batch$/, '')}`;
      const name = String(input.SourceArn ?? input.QueueName ?? input.QueueUrl ?? '*')
        .split(/[/:]/)
        .at(-1);
      return [{ action, resource: `arn:aws:sqs:${region}:${account}:${name}` }];
    },
    async answer({ operation, input, signal }) {
      const perform = operations[operation];
      if (perform === undefined) throw notHere('sqs', operation);
      return jsonReply(await perform(input, signal));
    },
    send: (queueArn, { body, groupId, deduplicationId }) =>
      void byName(queueArn.split(':').at(-1)).send({
        MessageBody: body,
        MessageGroupId: groupId,
        MessageDeduplicationId: deduplicationId,
      }),
    states: () => [...queues.values()].map((queue) => ({ ...queue.count(), deadLetterOf: deadLetterOf(queue)?.name })),
    redrive: (queueName) => redrive(byName(queueName)),
    stop() {
      for (const queue of queues.values()) queue.wake();
      store.close();
    },
  };
}

const sqsNamespace = 'com.amazonaws.sqs#';
const invalid = (message: string) => new AwsError(`${sqsNamespace}InvalidParameterValue`, message);
const missing = (name: string) =>
  new AwsError(`${sqsNamespace}MissingParameter`, `The request must contain the parameter ${name}.`);
const badReceipt = () => new AwsError(`${sqsNamespace}ReceiptHandleIsInvalid`, 'The input receipt handle is invalid.');

/** Up to ten at once, each with its own outcome. */
function batch(input: ServiceCall['input'], perform: (entry: ServiceCall['input']) => unknown) {
  const entries = (input.Entries ?? []) as (ServiceCall['input'] & { Id: string })[];
  if (entries.length === 0)
    throw new AwsError(`${sqsNamespace}EmptyBatchRequest`, 'There should be at least one entry in the request.');
  if (entries.length > 10)
    throw new AwsError(`${sqsNamespace}TooManyEntriesInBatchRequest`, 'Maximum number of entries per request are 10.');
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new AwsError(`${sqsNamespace}BatchEntryIdsNotDistinct`, 'Two or more batch entries have the same Id.');
  }
  const size = entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(String(MessageBody ?? '')), 0);
  if (size > maxMessageBytes)
    throw new AwsError(`${sqsNamespace}BatchRequestTooLong`, 'Batch requests cannot be longer than 1048576 bytes.');
  const Successful: unknown[] = [];
  const Failed: unknown[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...(perform(entry) as object) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const Code = error.code.replace(sqsNamespace, '');
      Failed.push({ Id: entry.Id, SenderFault: true, Code, Message: error.message });
    }
  }
  return { Successful, ...(Failed.length > 0 && { Failed }) };
}

const maxMessageBytes = 1_048_576;
const deduplicationWindowMs = 5 * 60_000;
const longestVisibilitySeconds = 43_200;
/** Everything XML 1.0 knows, which is what SQS takes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const invalidCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

interface Attribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly sequence?: string;
  readonly sentAt: number;
  /** The dead-letter queue says whose it was. */
  readonly from?: string;
  visibleAt: number;
  receives: number;
  firstReceivedAt?: number;
}

/** Received, and neither deleted nor back yet. */
const isInFlight = (message: Message, now: number): boolean => message.receives > 0 && message.visibleAt > now;

interface Store {
  load(queue: string): Message[];
  /** `insert` keeps the order of sending. */
  insert(queue: string, message: Message): void;
  update(message: Message): void;
  delete(id: string): void;
  all(work: () => void): void;
  close(): void;
}

function openStore(dataDirectory: string): Store {
  mkdirSync(dataDirectory, { recursive: true });
  const database = new DatabaseSync(join(dataDirectory, 'sqs.db'));
  // NORMAL survives a killed process; only a power cut can lose the last messages.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS messages (
      position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, queue TEXT NOT NULL, message TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS by_queue ON messages (queue, position)`);
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const load = prepare('SELECT message FROM messages WHERE queue = ? ORDER BY position');
  const insert = prepare('INSERT INTO messages (id, queue, message) VALUES (?, ?, ?)');
  const update = prepare('UPDATE messages SET message = ? WHERE id = ?');
  const remove = prepare('DELETE FROM messages WHERE id = ?');
  return {
    load: (queue) => load.all(queue).map(({ message }) => JSON.parse(String(message)) as Message),
    insert: (queue, message) => void insert.run(message.id, queue, JSON.stringify(message)),
    update: (message) => void update.run(JSON.stringify(message), message.id),
    delete: (id) => void remove.run(id),
    all(work) {
      database.exec('BEGIN');
      try {
        work();
        database.exec('COMMIT');
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

class Queue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly redrivePolicy: { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
  readonly #properties: Resource['properties'];
  readonly #fifo: boolean;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #queueByArn: (arn: string) => Queue | undefined;
  /** In the order of sending. */
  readonly #messages = new Map<string, Message>();
  readonly #seen = new Map<string, { id: string; sequence: string | undefined; at: number }>();
  #waiters: (() => void)[] = [];
  #sent = 0;

  constructor(resource: Resource, store: Store, clock: Clock, queueByArn: (arn: string) => Queue | undefined) {
    this.url = resource.physicalId;
    this.arn = resource.arn;
    this.name = resource.arn.split(':').at(-1) ?? '';
    this.#properties = resource.properties;
    this.#fifo = resource.properties.FifoQueue === true;
    this.redrivePolicy = resource.properties.RedrivePolicy as typeof this.redrivePolicy;
    this.#store = store;
    this.#clock = clock;
    this.#queueByArn = queueByArn;
    const now = clock.now().getTime();
    for (const message of store.load(this.name)) {
      // Whoever held it before the restart is no more.
      if (message.receives > 0) message.visibleAt = Math.min(message.visibleAt, now);
      // Sent on a clock that has been set back since.
      if (message.sentAt > now) message.visibleAt -= message.sentAt - now;
      this.#messages.set(message.id, message);
      this.#sent = Math.max(this.#sent, Number(message.sequence ?? 0));
    }
  }

  send(input: ServiceCall['input']): object {
    const { MessageBody: body, MessageAttributes, MessageGroupId, DelaySeconds } = input;
    if (typeof body !== 'string' || body === '') throw missing('MessageBody');
    if (invalidCharacters.test(body))
      throw new AwsError(`${sqsNamespace}InvalidMessageContents`, 'Invalid characters found.');
    const attributes = (MessageAttributes ?? {}) as Message['attributes'];
    const limit = this.#number('MaximumMessageSize', maxMessageBytes);
    if (sizeOf(body, attributes) > limit)
      throw invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
    if (Object.keys(attributes).length > 10) throw invalid('Number of message attributes [max 10] exceeded.');
    if (this.#fifo && typeof MessageGroupId !== 'string') throw missing('MessageGroupId');
    if (this.#fifo && Number(DelaySeconds ?? 0) > 0)
      throw invalid(`Value ${DelaySeconds} for parameter DelaySeconds is invalid.`);
    const delay = Number(DelaySeconds ?? this.#number('DelaySeconds', 0));
    if (!(delay >= 0 && delay <= 900)) throw invalid(`Value ${delay} for parameter DelaySeconds is invalid.`);

    const now = this.#now();
    const group = typeof MessageGroupId === 'string' ? MessageGroupId : undefined;
    const deduplicationId = this.#fifo ? this.#deduplicationId(input.MessageDeduplicationId, body) : undefined;
    const seen = deduplicationId && this.#duplicateOf(`${this.#scope(group)}${deduplicationId}`, now);
    const message: Message = {
      id: seen ? seen.id : randomUUID(),
      body,
      attributes,
      group,
      deduplicationId,
      sequence: seen ? seen.sequence : this.#fifo ? this.#nextSequence() : undefined,
      sentAt: now,
      visibleAt: now + delay * 1000,
      receives: 0,
    };
    if (!seen) {
      if (deduplicationId !== undefined) {
        this.#seen.set(`${this.#scope(group)}${deduplicationId}`, {
          id: message.id,
          sequence: message.sequence,
          at: now,
        });
      }
      this.#put(message);
    }
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(body),
      MD5OfMessageAttributes: md5OfAttributes(attributes),
      SequenceNumber: message.sequence,
    };
  }

  async receive(input: ServiceCall['input'], signal: AbortSignal): Promise<object> {
    const most = Number(input.MaxNumberOfMessages ?? 1);
    if (!(most >= 1 && most <= 10))
      throw invalid(`Value ${most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10.`);
    const visibility = this.#visibility(input.VisibilityTimeout ?? this.#number('VisibilityTimeout', 30));
    const wait = Number(input.WaitTimeSeconds ?? this.#number('ReceiveMessageWaitTimeSeconds', 0));
    if (!(wait >= 0 && wait <= 20)) throw invalid(`Value ${wait} for parameter WaitTimeSeconds is invalid.`);

    // The wait itself is the caller's, and runs on the machine's time.
    const until = performance.now() + wait * 1000;
    for (;;) {
      // A message handed to nobody would be lost to all until its time-out.
      if (signal.aborted) return {};
      const taken = this.#take(most, visibility);
      if (taken.length > 0) return { Messages: taken.map((message) => this.#present(message, input)) };
      const left = until - performance.now();
      if (left <= 0) return {};
      await this.#change(Math.min(left, this.#untilNextVisible()), signal);
    }
  }

  delete(input: ServiceCall['input']): object {
    const message = this.#byReceipt(input.ReceiptHandle);
    if (message === 'gone') return {};
    if (message === 'stale') {
      if (!this.#fifo) return {};
      throw invalid('Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.');
    }
    this.#remove(message);
    return {};
  }

  changeVisibility(input: ServiceCall['input']): object {
    const seconds = this.#visibility(input.VisibilityTimeout);
    const message = this.#byReceipt(input.ReceiptHandle);
    if (message === 'gone' || message === 'stale') {
      throw invalid(
        'Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.',
      );
    }
    if (!isInFlight(message, this.#now())) {
      throw new AwsError(`${sqsNamespace}MessageNotInflight`, 'The specified message is not in flight.');
    }
    message.visibleAt = this.#now() + seconds * 1000;
    this.#store.update(message);
    this.wake();
    return {};
  }

  attributes({ AttributeNames = [] }: ServiceCall['input']): object {
    const { visible, inFlight, delayed } = this.count();
    const all: Record<string, string | undefined> = {
      QueueArn: this.arn,
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      VisibilityTimeout: String(this.#number('VisibilityTimeout', 30)),
      DelaySeconds: String(this.#number('DelaySeconds', 0)),
      RedrivePolicy: this.redrivePolicy && JSON.stringify(this.redrivePolicy),
      FifoQueue: this.#fifo ? 'true' : undefined,
    };
    const names = AttributeNames as string[];
    const wanted = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
    return { Attributes: Object.fromEntries(wanted) };
  }

  count(): Omit<QueueState, 'deadLetterOf'> {
    const now = this.#now();
    const messages = [...this.#messages.values()];
    const inFlight = messages.filter((message) => isInFlight(message, now)).length;
    const visible = messages.filter(({ visibleAt }) => visibleAt <= now).length;
    return { name: this.name, visible, inFlight, delayed: messages.length - inFlight - visible };
  }

  purge(): object {
    this.#store.all(() => {
      for (const message of [...this.#messages.values()]) this.#remove(message);
    });
    return {};
  }

  moveAll(destination: Queue): number {
    const waiting = [...this.#messages.values()].filter((message) => !isInFlight(message, this.#now()));
    this.#store.all(() => {
      for (const message of waiting) {
        this.#remove(message);
        destination.#put({
          ...message,
          from: undefined,
          visibleAt: this.#now(),
          receives: 0,
          firstReceivedAt: undefined,
        });
      }
    });
    return waiting.length;
  }

  clockMoved(byMs: number): void {
    // Back in time, a message must not stay hidden for all that lies between.
    if (byMs < 0) for (const message of this.#messages.values()) message.visibleAt += byMs;
    this.wake();
  }

  /** Lets those who wait look again. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  #take(most: number, visibilitySeconds: number): Message[] {
    const now = this.#now();
    const taken: Message[] = [];
    const locked = new Set<string>();
    for (const message of this.#messages.values()) {
      if (taken.length === most) break;
      if (this.#fifo && message.group !== undefined) {
        if (locked.has(message.group)) continue;
        // Whatever of a group is not to be had now holds back all that was sent after it.
        if (message.visibleAt > now) locked.add(message.group);
      }
      if (message.visibleAt > now) continue;
      if (this.#isExhausted(message)) continue;
      message.receives += 1;
      message.firstReceivedAt ??= now;
      message.visibleAt = now + visibilitySeconds * 1000;
      this.#store.update(message);
      taken.push(message);
    }
    return taken;
  }

  /** Received too often: off to the dead letters. */
  #isExhausted(message: Message): boolean {
    if (this.redrivePolicy === undefined || message.receives < Number(this.redrivePolicy.maxReceiveCount)) return false;
    const deadLetters = this.#queueByArn(this.redrivePolicy.deadLetterTargetArn);
    if (deadLetters === undefined) return false;
    this.#store.all(() => {
      this.#remove(message);
      deadLetters.#put({ ...message, from: this.arn, visibleAt: this.#now() });
    });
    return true;
  }

  #put(message: Message): void {
    this.#store.insert(this.name, message);
    this.#messages.set(message.id, message);
    this.wake();
  }

  #remove(message: Message): void {
    this.#store.delete(message.id);
    this.#messages.delete(message.id);
    // The next of its group may go now.
    if (this.#fifo) this.wake();
  }

  #present(message: Message, input: ServiceCall['input']): object {
    const wanted = [...list(input.MessageSystemAttributeNames), ...list(input.AttributeNames)];
    const system = Object.entries({
      SenderId: account,
      SentTimestamp: String(message.sentAt),
      ApproximateReceiveCount: String(message.receives),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
      MessageGroupId: message.group,
      MessageDeduplicationId: message.deduplicationId,
      SequenceNumber: message.sequence,
      DeadLetterQueueSourceArn: message.from,
    }).filter(([name, value]) => value !== undefined && (wanted.includes('All') || wanted.includes(name)));
    const asked = list(input.MessageAttributeNames);
    const attributes = Object.entries(message.attributes).filter(([name]) =>
      asked.some(
        (pattern) =>
          pattern === name ||
          pattern === 'All' ||
          (pattern.endsWith('.*') && name.startsWith(pattern.slice(0, -1))) ||
          pattern === '.*',
      ),
    );
    return {
      MessageId: message.id,
      ReceiptHandle: Buffer.from(`${message.id} ${message.receives}`).toString('base64'),
      MD5OfBody: md5(message.body),
      Body: message.body,
      ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
      ...(attributes.length > 0 && {
        MessageAttributes: Object.fromEntries(attributes),
        MD5OfMessageAttributes: md5OfAttributes(Object.fromEntries(attributes)),
      }),
    };
  }

  #byReceipt(handle: unknown): Message | 'gone' | 'stale' {
    const [, id, receives] = /^([0-9a-f-]{36}) (\d+)$/.exec(Buffer.from(String(handle), 'base64').toString()) ?? [];
    if (id === undefined) throw badReceipt();
    const message = this.#messages.get(id);
    if (message === undefined) return 'gone';
    const isLatest = message.receives === Number(receives);
    // A message of a standard queue may be deleted late, as long as nobody else has received it since.
    return isLatest && (!this.#fifo || message.visibleAt > this.#now()) ? message : 'stale';
  }

  /** Until something happens, but no longer than this. */
  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiters = this.#waiters.filter((waiter) => waiter !== done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.#waiters.push(done);
    });
  }

  #untilNextVisible(): number {
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages.values()) if (visibleAt > now) next = Math.min(next, visibleAt);
    return next - now;
  }

  #deduplicationId(given: unknown, body: string): string {
    if (typeof given === 'string') return given;
    if (this.#properties.ContentBasedDeduplication === true) return createHash('sha256').update(body).digest('hex');
    throw invalid(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }

  #scope(group: string | undefined): string {
    return this.#properties.DeduplicationScope === 'messageGroup' ? `${group} ` : '';
  }

  #duplicateOf(key: string, now: number) {
    for (const [other, { at }] of this.#seen) {
      if (at <= now && now - at < deduplicationWindowMs) break;
      this.#seen.delete(other);
    }
    return this.#seen.get(key);
  }

  #nextSequence(): string {
    this.#sent += 1;
    return String(this.#sent).padStart(20, '0');
  }

  #visibility(given: unknown): number {
    const seconds = Number(given);
    if (seconds >= 0 && seconds <= longestVisibilitySeconds) return seconds;
    throw invalid(`Value ${given} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.`);
  }

  #number(property: string, otherwise: number): number {
    return Number(this.#properties[property] ?? otherwise);
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

const list = (value: unknown): string[] => (Array.isArray(value) ? value : []);
const md5 = (value: string | Buffer): string => createHash('md5').update(value).digest('hex');

const sizeOf = (body: string, attributes: Message['attributes']): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.from(BinaryValue, 'base64').length,
    Buffer.byteLength(body),
  );

/** As SQS defines it: each part with its length before it, by name. */
function md5OfAttributes(attributes: Message['attributes']): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const withLength = (part: Buffer): Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  };
  const parts = names.flatMap((name) => {
    const { DataType = '', StringValue, BinaryValue } = attributes[name] ?? {};
    const isText = StringValue !== undefined;
    const value = isText ? Buffer.from(StringValue) : Buffer.from(BinaryValue ?? '', 'base64');
    return [
      ...withLength(Buffer.from(name)),
      ...withLength(Buffer.from(DataType)),
      Buffer.from([isText ? 1 : 2]),
      ...withLength(value),
    ];
  });
  return md5(Buffer.concat(parts));
}
