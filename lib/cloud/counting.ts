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

export interface CountingProps {
  readonly deployment: Deployment;
  readonly entries: Table;
  readonly may: readonly Access[];
  readonly bell: ITopic;
}

/** The second reader of the journal's stream: it counts for the reports. It and the relay never wait for each other. */
export class Counting extends Construct {
  /** Where in the stream it gave up. What was in it is counted with the member's next entry all the same. */
  readonly dead: Queue;

  constructor(scope: Construct, id: string, { deployment, entries, may, bell }: CountingProps) {
    super(scope, id);
    const name = `${deployment.prefix}-tally-dead`;
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
    const counter = new ShopFunction(this, 'Tally', {
      deployment,
      name: 'tally',
      timeout: Duration.seconds(60),
      may: [
        ...may,
        readingStream(streamArn),
        { environment: {}, statements: [allow(['sqs:SendMessage'], this.dead.queueArn)] },
      ],
      bell,
    });
    new EventSourceMapping(this, 'Stream', {
      target: counter.handler,
      eventSourceArn: streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Entries that are counted together share the lines they are summed on: a fuller batch is a cheaper one.
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(5),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      maxRecordAge: Duration.hours(23),
      onFailure: { bind: () => ({ destination: this.dead.queueArn }) },
    });
    ring(this, 'Behind', bell, {
      metric: counter.handler.metric('IteratorAge', { statistic: 'Maximum', period: glance }),
      above: Duration.minutes(15).toMilliseconds(),
      because: `${counter.functionName} is more than fifteen minutes behind the journal: reports and segments are late`,
    });
    ring(this, 'GaveUp', bell, {
      metric: this.dead.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
      above: 0,
      because: `${name}: part of the journal was not counted. "stampbook report rebuild" counts it`,
    });
  }
}
