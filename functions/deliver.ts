import type { SQSRecord } from 'aws-lambda';
import type { Connector, Manifest } from '../lib/connectors/contract.ts';
import { Permanent, Unauthorized } from '../lib/connectors/kit/errors.ts';
import { setting } from '../lib/runtime/config.ts';
import { type Ending, type Told, toldIn } from '../lib/runtime/delivering/told.ts';
import { waysOf } from '../lib/runtime/delivering/ways.ts';
import { setAside } from '../lib/runtime/postponing.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { batchWorker } from '../lib/runtime/worker.ts';

/**
 * Tells one vendor what happened, in each role in which it is told anything: each has a record and an end of its own, so
 * that what one has done is not done again for another's sake.
 */
export function deliverer<M extends Manifest>(connector: Connector<M>) {
  const ways = waysOf(connector);

  async function deliver(records: readonly SQSRecord[]): Promise<readonly Ending[]> {
    const read = records.map(readable);
    const told = read.filter((one): one is Told => !(one instanceof Permanent));
    const ended = await Promise.all(ways.map((way) => way(told)));
    return read.map((one) => (one instanceof Permanent ? one : endOf(ended.map((ends) => ends[told.indexOf(one)]))));
  }

  return batchWorker(async (records) => {
    const queues = { client: sqs, url: setting('QUEUE_URL'), parkedUrl: setting('QUEUE_PARKED_URL') };
    const ends = await deliver(records);
    return Promise.all(
      records.map(async (record, at) => {
        const error = ends[at];
        return error && (await setAside(queues, record, error)) ? undefined : error;
      }),
    );
  });
}

function readable(record: SQSRecord): Told | Permanent {
  try {
    return toldIn(record);
  } catch (error) {
    if (error instanceof Permanent) return error;
    throw error;
  }
}

/** While one of them may still work it is waited for, as long as that one needs. */
const endOf = (ends: readonly Ending[]): Ending =>
  ends.find((end) => end && !(end instanceof Permanent || end instanceof Unauthorized)) ?? ends.find((end) => end);
