import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Access, allow, readingStream } from './access.ts';
import { glance, ring } from './bell.ts';
import type { Deployment } from './deployment.ts';
import { acknowledge } from './findings.ts';
import { ShopFunction } from './shop-function.ts';

export interface RelayProps {
  readonly deployment: Deployment;
  readonly entries: Table;
  readonly may: readonly Access[];
  readonly bell: ITopic;
}

/** Tells the bus what was committed, in its order, from the journal's stream: the stream is the outbox. */
export class Relay extends Construct {
  /** Where in the stream it gave up: shard and sequence numbers, not the entries. */
  readonly dead: Queue;

  constructor(scope: Construct, id: string, { deployment, entries, may, bell }: RelayProps) {
    super(scope, id);
    const name = `${deployment.prefix}-relay-dead`;
    this.dead = new Queue(this, 'Dead', {
      queueName: name,
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.dead,
      'AwsSolutions-SQS3',
      'It is itself where failed records go; a bell rings when it is not empty.',
    );

    const streamArn = entries.tableStreamArn ?? '';
    const publish = new ShopFunction(this, 'Publish', {
      deployment,
      name: 'publish',
      timeout: Duration.seconds(30),
      may: [
        ...may,
        readingStream(streamArn),
        { environment: {}, statements: [allow(['sqs:SendMessage'], this.dead.queueArn)] },
      ],
      bell,
    });
    new EventSourceMapping(this, 'Stream', {
      target: publish.handler,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 25,
      // What was told of a batch before the fault is not told again.
      reportBatchItemFailures: true,
      // Left to itself a mapping repeats a bad record until the stream forgets it, and holds up its whole shard.
      bisectBatchOnError: true,
      retryAttempts: 10,
      // The stream keeps a day; an hour is left to write down where we stopped.
      maxRecordAge: Duration.hours(23),
      // CDK's own destination would also give the function rights that only SQS consumers need.
      onFailure: { bind: () => ({ destination: this.dead.queueArn }) },
    });

    ring(this, 'Behind', bell, {
      metric: publish.handler.metric('IteratorAge', { statistic: 'Maximum', period: glance }),
      above: Duration.minutes(5).toMilliseconds(),
      because: `${publish.functionName} is more than five minutes behind the journal: messages and copies are late`,
    });
    ring(this, 'GaveUp', bell, {
      metric: this.dead.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
      above: 0,
      because: `${name}: part of the journal was not told. Each message says where in the stream`,
    });
    publish.ringOn('LedgerCheck', bell, 'LedgerCheckFailed', {
      above: 0,
      period: glance,
      because: 'An entry of the journal does not fit the one before it: run "stampbook verify"',
    });
  }
}
