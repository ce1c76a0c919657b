import { setTimeout as sleep } from 'node:timers/promises';
import { type AwsCaller, explain } from '../aws-call.ts';
import type { Clock } from '../clock.ts';
import type { Functions } from '../functions.ts';
import type { Kept } from '../kept.ts';
import { region } from '../known-resources.ts';
import { withEmptyMaps } from './image.ts';
import { type Mapping, type Poller, reportedFailures } from './mapping.ts';

export interface StreamPollerOptions {
  readonly mapping: Mapping;
  readonly functions: Functions;
  readonly clock: Clock;
  /** In the function's name, as the mapping polls. */
  readonly call: AwsCaller;
  /** Shard → the last sequence number that is done with. */
  readonly checkpoints: Kept<Record<string, string>>;
  /** Tells of writes to the table as they happen: streams have no long poll. Returns how to stop. */
  onWrite(listener: () => void): () => void;
  queueUrl(arn: string): string;
  /** Each record as it is first read. */
  saw(record: StreamRecord): void;
  warn(message: string): void;
}

/** As DynamoDB hands it out, and as Lambda hands it on. */
export interface StreamRecord {
  readonly eventID: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** Seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly NewImage?: unknown;
  };
}

const whole = (record: StreamRecord): StreamRecord => {
  const { NewImage } = record.dynamodb;
  if (NewImage === undefined) return record;
  return { ...record, dynamodb: { ...record.dynamodb, NewImage: withEmptyMaps(NewImage as Record<string, unknown>) } };
};

interface Shard {
  readonly id: string;
  readonly parentId: string | undefined;
  iterator: string | undefined;
  done: boolean;
}

/** Also looked at when nobody tells of a write: one made by hand, say. */
const HEARTBEAT_MS = 1_000;
const LONGEST_PAUSE_MS = 2_000;
/** Who waits for more than one write at a time, on AWS for seconds, does so here for a moment. */
const GATHER_MS = 300;
/** DynamoDB Local is out of reach, or the role does not allow it. */
const AFTER_FAILURE_MS = 250;

/** Takes a table's changes to a function, in their order, as Lambda does: again until it works, or is given up. */
export function pollStream(options: StreamPollerOptions): Poller {
  const { mapping, functions, call, checkpoints, warn } = options;
  const policy = mapping.stream;
  const stopping = new AbortController();
  const shards = new Map<string, Shard>();
  let started = false;
  let inFlight = 0;
  let complaint = '';
  let wake = () => {};
  const unsubscribe = options.onWrite(() => wake());

  async function findShards(): Promise<void> {
    const { StreamDescription } = (await call('DynamoDBStreams_20120810.DescribeStream', {
      StreamArn: mapping.sourceArn,
    })) as { StreamDescription: { Shards?: { ShardId: string; ParentShardId?: string }[] } };
    for (const { ShardId: id, ParentShardId: parentId } of StreamDescription.Shards ?? []) {
      if (!shards.has(id)) shards.set(id, { id, parentId, iterator: undefined, done: false });
    }
  }

  async function iteratorFor(shard: Shard): Promise<string | undefined> {
    const ask = async (where: object) => {
      const asked = { StreamArn: mapping.sourceArn, ShardId: shard.id, ...where };
      const answer = (await call('DynamoDBStreams_20120810.GetShardIterator', asked)) as { ShardIterator?: string };
      return answer.ShardIterator;
    };
    const after = checkpoints.value[shard.id];
    // What came while we looked elsewhere is never skipped: only the very first look may start at the end.
    const start = { ShardIteratorType: started ? 'TRIM_HORIZON' : policy.startingPosition };
    if (after === undefined) return ask(start);
    try {
      return await ask({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after });
    } catch {
      // Older than the stream remembers.
      return ask({ ShardIteratorType: 'TRIM_HORIZON' });
    }
  }

  /** A shard is read after its parent, so that an item's changes stay in their order. */
  const isReady = (shard: Shard): boolean => {
    const parent = shard.parentId === undefined ? undefined : shards.get(shard.parentId);
    return !shard.done && (parent === undefined || parent.done);
  };

  /** Reads all there is; true when there was something. */
  async function pass(): Promise<boolean> {
    let found = false;
    if (shards.size === 0) await findShards();
    for (let again = true; again && !stopping.signal.aborted; ) {
      again = false;
      for (const shard of [...shards.values()].filter(isReady)) {
        shard.iterator ??= await iteratorFor(shard);
        const { Records = [], NextShardIterator } = await readShard(shard);
        if (Records.length > 0) {
          found = true;
          again = true;
          for (const record of Records) options.saw(record);
          await handle(shard, Records);
        }
        // Kept until the records are done with: what comes after a failure here is read once more.
        shard.iterator = NextShardIterator;
        if (NextShardIterator === undefined) {
          shard.done = true;
          again = true;
          await findShards();
        }
      }
    }
    started = true;
    return found;
  }

  async function readShard(shard: Shard): Promise<{ Records?: StreamRecord[]; NextShardIterator?: string }> {
    if (shard.iterator === undefined) return {};
    const asked = { ShardIterator: shard.iterator, Limit: mapping.batchSize };
    try {
      const page = (await call('DynamoDBStreams_20120810.GetRecords', asked)) as Awaited<ReturnType<typeof readShard>>;
      return { ...page, ...(page.Records && { Records: page.Records.map(whole) }) };
    } catch (cause) {
      // Iterators live for some minutes, and die with DynamoDB Local.
      shard.iterator = undefined;
      throw cause;
    }
  }

  function checkpoint(shard: Shard, record: StreamRecord | undefined): void {
    if (record) checkpoints.keep({ ...checkpoints.value, [shard.id]: record.dynamodb.SequenceNumber });
  }

  async function handle(shard: Shard, records: readonly StreamRecord[]): Promise<void> {
    inFlight += 1;
    try {
      const batches: { records: readonly StreamRecord[]; tries: number }[] = [{ records, tries: 0 }];
      for (let batch = batches.shift(); batch && !stopping.signal.aborted; batch = batches.shift()) {
        const { tries } = batch;
        const outcome = await attempt(batch.records);
        checkpoint(shard, outcome.done.at(-1));
        const left = batch.records.slice(outcome.done.length);
        if (left.length === 0) continue;
        // A batch of which some were done is a new one, as it is for Lambda.
        const next = outcome.done.length > 0 ? 0 : tries + 1;
        const exhausted = policy.retries >= 0 && next > policy.retries;
        if (policy.bisect && left.length > 1 && outcome.done.length === 0) {
          const half = Math.ceil(left.length / 2);
          // Splitting does not count as a try.
          batches.unshift({ records: left.slice(0, half), tries }, { records: left.slice(half), tries });
        } else if (exhausted || isTooOld(left[0])) {
          await giveUp(shard, left, exhausted ? 'RetryAttemptsExhausted' : 'RecordAgeExceeded', next, outcome);
          checkpoint(shard, left.at(-1));
        } else {
          batches.unshift({ records: left, tries: next });
          await pause(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** next));
        }
      }
    } finally {
      inFlight -= 1;
    }
  }

  interface Outcome {
    readonly done: readonly StreamRecord[];
    readonly requestId: string;
    readonly error: string | undefined;
  }

  async function attempt(records: readonly StreamRecord[]): Promise<Outcome> {
    const Records = records.map((record) => ({ ...record, awsRegion: region, eventSourceARN: mapping.sourceArn }));
    const invocation = await functions.invoke(mapping.function.arn, { Records });
    const { requestId } = invocation;
    if (invocation.kind === 'failed') return { done: [], requestId, error: 'Unhandled' };
    if (!mapping.reportsFailures) return { done: records, requestId, error: undefined };
    const ids = new Set(records.map(({ dynamodb }) => dynamodb.SequenceNumber));
    const failures = reportedFailures(invocation.payload, ids);
    if (failures === 'all') return { done: [], requestId, error: undefined };
    const first = records.findIndex(({ dynamodb }) => failures.includes(dynamodb.SequenceNumber));
    return { done: first < 0 ? records : records.slice(0, first), requestId, error: undefined };
  }

  // By the machine's clock: DynamoDB Local stamps its records with that one.
  const isTooOld = (record: StreamRecord | undefined): boolean =>
    record !== undefined &&
    policy.maximumAgeSeconds >= 0 &&
    Date.now() / 1000 - record.dynamodb.ApproximateCreationDateTime > policy.maximumAgeSeconds;

  /** Lambda tells where in the stream it was, not what was there. */
  async function giveUp(
    shard: Shard,
    records: readonly StreamRecord[],
    condition: string,
    invokeCount: number,
    outcome: Outcome,
  ): Promise<void> {
    const [first, last] = [records[0], records.at(-1)];
    warn(`${mapping.function.physicalId}: gave up ${records.length} records of ${shard.id}: ${condition}`);
    if (policy.onFailureArn === undefined || !first || !last) return;
    const arrived = (record: StreamRecord) =>
      new Date(record.dynamodb.ApproximateCreationDateTime * 1000).toISOString();
    const told = {
      requestContext: {
        requestId: outcome.requestId,
        functionArn: `${mapping.function.arn}:$LATEST`,
        condition,
        approximateInvokeCount: invokeCount,
      },
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(outcome.error !== undefined && { functionError: outcome.error }),
      },
      version: '1.0',
      timestamp: options.clock.now().toISOString(),
      DDBStreamBatchInfo: {
        shardId: shard.id,
        startSequenceNumber: first.dynamodb.SequenceNumber,
        endSequenceNumber: last.dynamodb.SequenceNumber,
        approximateArrivalOfFirstRecord: arrived(first),
        approximateArrivalOfLastRecord: arrived(last),
        batchSize: records.length,
        streamArn: mapping.sourceArn,
      },
    };
    const QueueUrl = options.queueUrl(policy.onFailureArn);
    await call('AmazonSQS.SendMessage', { QueueUrl, MessageBody: JSON.stringify(told) });
  }

  const pause = (ms: number) => sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});

  // One pass at a time: the loop's and those that `quiet` asks for.
  let last: Promise<'found' | 'nothing' | 'failed'> = Promise.resolve('nothing');
  function look(): Promise<'found' | 'nothing' | 'failed'> {
    last = last.then(async () => {
      try {
        return (await pass()) ? 'found' : 'nothing';
      } catch (cause) {
        const text = `${mapping.source.logicalId} → ${mapping.function.physicalId}: ${explain(cause)}`;
        // A new stream of DynamoDB Local says so of its first shard once, and answers the next time it is asked.
        const isFirstLook = text.includes('TrimmedDataAccessException') && complaint === '';
        if (text !== complaint && !isFirstLook && !stopping.signal.aborted) warn(text);
        complaint = text;
        return 'failed';
      }
    });
    return last;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const woken = wakeUp();
      const saw = await look();
      if (saw === 'nothing') {
        await woken;
        if (mapping.windowSeconds > 0) await pause(GATHER_MS);
      }
      if (saw === 'failed') await pause(AFTER_FAILURE_MS);
    }
  }

  /** The next write, or the heartbeat. */
  const wakeUp = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, HEARTBEAT_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (stopping.signal.aborted) wake();
    });

  const running = run();
  return {
    mapping,
    inFlight: () => inFlight,
    quiet: async () => (await look()) === 'nothing',
    async stop() {
      stopping.abort();
      unsubscribe();
      wake();
      await running;
    },
  };
}
