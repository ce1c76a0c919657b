import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { DeduplicationScope, FifoThroughputLimit, Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ring } from './bell.ts';
import type { Deployment } from './deployment.ts';
import { queueNamesOf } from './queue-names.ts';

export interface WorkQueueProps {
  readonly deployment: Deployment;
  /** Ends its physical name: `sweeps`, `shopify-intake`. Its dead letters are called `…-parked`. */
  readonly name: string;
  /** Messages of one group in their order, one at a time. */
  readonly fifo?: boolean;
  /** The time-out of the function that empties it. */
  readonly workTimeout: Duration;
  /** How often work is tried before it is parked. */
  readonly attempts: number;
  /** How old work may grow before someone is told. */
  readonly patience: Duration;
  readonly bell: ITopic;
}

/** Work that waits, the place where it stays when it cannot be done, and the bells for both. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: WorkQueueProps) {
    super(scope, id);
    const { name, parked } = queueNamesOf(props.deployment.prefix, props.name, props.fifo);
    const kind: QueueProps = {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      ...(props.fifo && {
        fifo: true,
        // Without these two, one queue bears 300 messages a second, whoever they are about.
        deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
    };

    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...kind,
      queueName: parked,
      // The longest that SQS keeps anything: someone has to come and look.
      retentionPeriod: Duration.days(14),
    });

    this.queue = new Queue(this, 'Queue', {
      ...kind,
      queueName: name,
      // Shorter than the dead letters': a parked message keeps the age it had.
      retentionPeriod: Duration.days(4),
      // Six times the function's own, as Lambda asks for an SQS source, so that a throttled batch is not seen twice.
      visibilityTimeout: Duration.seconds(props.workTimeout.toSeconds() * 6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.attempts },
    });

    // Visible, not Sent: a message that SQS itself moves here does not count as sent.
    ring(this, 'Parked', props.bell, {
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      above: 0,
      because: `${parked} holds work that could not be done: read why, mend it, redrive the queue`,
    });
    ring(this, 'Late', props.bell, {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(1) }),
      above: props.patience.toSeconds(),
      because: `${name}: work has waited longer than ${props.patience.toHumanString()}`,
    });
  }
}
