import type { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type Access, consuming } from './access.ts';
import type { Deployment } from './deployment.ts';
import type { FunctionName } from './functions.ts';
import { ShopFunction } from './shop-function.ts';
import { WorkQueue } from './work-queue.ts';

export interface QueueWorkerProps {
  readonly deployment: Deployment;
  /** The bundle that empties the queue. */
  readonly worker: FunctionName;
  /** The queue's own name. */
  readonly queue: string;
  readonly fifo?: boolean;
  readonly timeout: Duration;
  /** How many messages a copy is handed at once. */
  readonly batch: number;
  /** How many copies may run at once: what the other side can bear. */
  readonly concurrency: number;
  readonly attempts: number;
  /** How old work may grow before someone is told. */
  readonly patience: Duration;
  /** Told with its own queues at hand. */
  readonly may: (own: WorkQueue) => readonly Access[];
  readonly bell: ITopic;
}

/** Work that waits, the function that does it, the place where it stays when it cannot be done, and the bells. */
export class QueueWorker extends Construct {
  readonly work: WorkQueue;
  readonly worker: ShopFunction;

  constructor(scope: Construct, id: string, props: QueueWorkerProps) {
    super(scope, id);
    const { deployment, bell, timeout } = props;
    this.work = new WorkQueue(this, 'Work', { ...props, name: props.queue, workTimeout: timeout });
    this.worker = new ShopFunction(this, 'Worker', {
      deployment,
      name: props.worker,
      timeout,
      ...(props.concurrency === 1 && { alone: true }),
      may: [...props.may(this.work), consuming(this.work.queue)],
      bell,
    });
    new EventSourceMapping(this, 'Source', {
      target: this.worker.handler,
      eventSourceArn: this.work.queue.queueArn,
      batchSize: props.batch,
      // One bad message must not send its neighbours round again.
      reportBatchItemFailures: true,
      // The least that SQS takes. Where it is to be one, the function itself lets nobody else in: SQS asks again until
      // the message would be seen anew, which is six times as long as the other may take.
      maxConcurrency: Math.max(2, props.concurrency),
    });
  }
}
