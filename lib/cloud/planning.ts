import { Duration, Stack } from 'aws-cdk-lib';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { waysThrough } from '../connectors/channels.ts';
import { EventType } from '../loyalty/events.ts';
import { type Access, allow, consuming, knowing } from './access.ts';
import type { Deployment } from './deployment.ts';
import { queueNamesOf } from './queue-names.ts';
import { QueueTarget } from './queue-target.ts';
import { ShopFunction } from './shop-function.ts';
import { WorkQueue } from './work-queue.ts';

const TIMEOUT = Duration.seconds(60);

/** What the planner is to see to. It is there before those who put something into it, and before the planner. */
export class PlanQueue extends WorkQueue {
  constructor(scope: Construct, id: string, props: { readonly deployment: Deployment; readonly bell: ITopic }) {
    super(scope, id, { ...props, name: 'plan', workTimeout: TIMEOUT, attempts: 10, patience: Duration.hours(1) });
  }
}

export interface PlanningProps {
  readonly deployment: Deployment;
  readonly queue: PlanQueue;
  readonly bus: IEventBus;
  readonly may: readonly Access[];
  readonly bell: ITopic;
}

/** Between the bus and the channels: whom to write to about what, when, on which channel and in which words. */
export class Planning extends Construct {
  constructor(scope: Construct, id: string, { deployment, queue: work, bus, may, bell }: PlanningProps) {
    super(scope, id);
    const { prefix, merchant } = deployment;
    const ways = waysThrough(merchant.connectors);
    const planner = new ShopFunction(this, 'Plan', {
      deployment,
      name: 'plan',
      timeout: TIMEOUT,
      may: [
        ...may,
        consuming(work.queue),
        knowing({ QUEUE_PREFIX: `${prefix}-` }),
        // By their names: the connectors' stacks come later, and may lose a connector without asking this one.
        ...ways.map(({ connector }) => handing(this, queueNamesOf(prefix, `${connector}-outbound`).name)),
      ],
      bell,
    });
    planner.ringOn('Unwritable', bell, 'MessageUnwritable', {
      above: 0,
      period: Duration.minutes(15),
      because: `a message to members of ${merchant.name} cannot be written: the log says which text has a fault`,
    });
    new EventSourceMapping(this, 'Source', {
      target: planner.handler,
      eventSourceArn: work.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      // Tills share the account's concurrency.
      maxConcurrency: 10,
    });
    if (ways.every(({ on }) => on.size === 0)) return;
    // A refund is told to the planner in any case: it may make untrue what was to be said.
    const told = new Set([...ways.flatMap(({ on }) => [...on]), 'points.reversed']);
    new Rule(this, 'Rule', {
      ruleName: `${prefix}-plan`,
      description: 'What members may be written to about',
      eventBus: bus,
      eventPattern: { detailType: EventType.options.filter((type) => told.has(type)) },
      targets: [new QueueTarget(work)],
    });
  }
}

const handing = (scope: Construct, queueName: string): Access => ({
  environment: {},
  statements: [
    allow(['sqs:SendMessage', 'sqs:GetQueueUrl'], Stack.of(scope).formatArn({ service: 'sqs', resource: queueName })),
  ],
});
