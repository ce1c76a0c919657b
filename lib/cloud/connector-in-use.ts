import { Duration, SecretValue } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
import type { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Manifest } from '../connectors/contract.ts';
import { manifests } from '../connectors/manifests.ts';
import { type Access, knowing, postponing, secret, sending, table } from './access.ts';
import { API_TIMEOUT, routeTo } from './api-function.ts';
import type { Deployment } from './deployment.ts';
import { acknowledge } from './findings.ts';
import { delivererOf, isSource, isTended, isTold, receiverOf, tenderOf, type Use } from './functions.ts';
import { QueueTarget } from './queue-target.ts';
import { QueueWorker } from './queue-worker.ts';
import type { ShopFunction } from './shop-function.ts';
import { SweepSchedule, schedulerRole } from './sweep-schedule.ts';
import type { WorkQueue } from './work-queue.ts';

/** How often a vendor that is well is tried before what it was to be told is put aside: about an hour. */
const ATTEMPTS = 12;
/**
 * The most that SQS allows: the worker itself puts aside what cannot be done, with the reason, since a message that waits
 * for a vendor that is down is received many times. This is for one that ends the worker before it can say anything.
 */
const RECEIVES = 1_000;

/** What connectors need of the rest. */
export interface Surroundings {
  readonly api: IHttpApi;
  readonly bus: IEventBus;
  readonly facts: IQueue;
  readonly plan: IQueue;
  readonly schedules: CfnScheduleGroup;
  readonly accounts: ITable;
  readonly members: ITable;
  readonly program: ITable;
  readonly bell: ITopic;
}

export interface ConnectorInUseProps extends Surroundings {
  readonly deployment: Deployment;
  readonly use: Use;
}

/**
 * One connector of one merchant: its secret, its way in when it is a source, its way out when it is told something, and
 * who looks after it.
 */
export class ConnectorInUse extends Construct {
  readonly secretName: string;
  readonly hookUrl: string | undefined;
  readonly receiving: WorkQueue | undefined;
  readonly delivering: WorkQueue | undefined;
  readonly tending: WorkQueue | undefined;

  constructor(scope: Construct, id: string, props: ConnectorInUseProps) {
    super(scope, id);
    const { deployment, use } = props;
    this.secretName = `${deployment.prefix}/${use.id}`;
    const credentials = new Secret(this, 'Secret', {
      secretName: this.secretName,
      description: `What ${manifests[use.id].title} gave us. Filled by hand; until then every call is refused`,
      // Not empty but marked: a function that reads this fails closed, and staff can tell it from a typing error.
      secretStringValue: SecretValue.unsafePlainText('{"unset":true}'),
    });
    acknowledge(
      credentials,
      'AwsSolutions-SMG4',
      'The other side issues these credentials; only its own console can rotate them.',
    );
    const { oauth, limits }: Manifest = manifests[use.id];
    const own: readonly Access[] = [
      knowing({ CONNECTOR_ID: use.id }),
      secret(credentials),
      // Its token, and how much the vendor takes in a second, are shared by all that it does.
      ...(oauth || limits.perSecond !== undefined
        ? [table('TABLE_PROGRAM', props.program, 'GetItem', 'UpdateItem')]
        : []),
    ];

    this.receiving = isSource(use) ? this.receive(props, own) : undefined;
    this.delivering = isTold(use) ? this.deliver(props, own) : undefined;
    this.tending = isTended(use) ? this.tend(props, own) : undefined;
    this.hookUrl = isSource(use) ? hookUrlOf(props.api, use) : undefined;
  }

  private receive(
    { deployment, use, api, facts, program, bell }: ConnectorInUseProps,
    own: readonly Access[],
  ): WorkQueue {
    const { work, worker } = new QueueWorker(this, 'Receive', {
      deployment,
      worker: receiverOf(use),
      // Only what staff send round again passes through it; a fresh delivery goes straight to the function.
      queue: `${use.id}-intake`,
      timeout: API_TIMEOUT,
      batch: 10,
      concurrency: 2,
      attempts: 3,
      patience: Duration.minutes(15),
      may: (queues) => [
        ...own,
        knowing({ HOOK_URL: hookUrlOf(api, use) }),
        sending('QUEUE_FACTS_URL', facts),
        sending('QUEUE_INTAKE_PARKED_URL', queues.deadLetters),
        // That something was heard.
        table('TABLE_PROGRAM', program, 'UpdateItem'),
      ],
      bell,
    });
    const path = `/webhooks/${use.id}` as const;
    routeTo(
      this,
      api,
      worker.handler,
      [`POST ${path}`, `GET ${path}`],
      'The sender proves itself by its signature over the raw body, checked before anything is parsed.',
    );
    worker.ringOn('Forged', bell, 'SignatureRejected', {
      above: 2,
      period: Duration.minutes(15),
      because: `${manifests[use.id].title} deliveries were refused for ${deployment.merchant.name}: a wrong secret, or somebody else's`,
    });
    return work;
  }

  private deliver(props: ConnectorInUseProps, own: readonly Access[]): WorkQueue {
    const { deployment, use, bus, bell } = props;
    const { limits, roles, shares }: Manifest = manifests[use.id];
    const writes = roles.includes('channel');
    const hears = roles.some((role) => role === 'sink' || role === 'alert' || role === 'ticket');
    // Who writes to members asks once more whether he may, hears from the vendor who wants no more of it, and says
    // which of them he could not reach.
    const writing = writes
      ? [
          table('TABLE_PROGRAM', props.program, 'PutItem'),
          sending('QUEUE_FACTS_URL', props.facts),
          sending('QUEUE_PLAN_URL', props.plan),
        ]
      : [];
    const copying = [
      ...(writes || shares ? [table('TABLE_MEMBERS', props.members, 'GetItem')] : []),
      ...(shares?.includes('standing') ? [table('TABLE_ACCOUNTS', props.accounts, 'GetItem')] : []),
    ];
    const { work, worker } = new QueueWorker(this, 'Deliver', {
      deployment,
      worker: delivererOf(use),
      queue: `${use.id}-outbound`,
      // The vendor may take its time twice, the second time after a refreshed token, for each message of the batch.
      timeout: Duration.seconds(limits.timeoutSeconds * limits.batch * 2 + 10),
      batch: limits.batch,
      concurrency: limits.concurrency,
      attempts: RECEIVES,
      patience: Duration.minutes(30),
      may: (queues) => [
        ...own,
        ...(isSource(use) ? [knowing({ RECEIPT_URL: hookUrlOf(props.api, use) })] : []),
        ...writing,
        ...copying,
        // What became of each event, and whether the vendor is down.
        table('TABLE_PROGRAM', props.program, 'GetItem', 'UpdateItem'),
        ...settingAside(queues),
      ],
      bell,
    });
    ringWhileDown(worker, props);
    if (writes) {
      worker.ringOn('Unsure', bell, 'DeliveryUnknown', {
        above: 4,
        period: Duration.minutes(15),
        because: `${manifests[use.id].title} may or may not have sent messages for ${deployment.merchant.name}: they are not sent again`,
      });
    }
    // Messages to members come from the planner.
    if (!hears || use.on.length === 0) return work;
    new Rule(this, 'Rule', {
      ruleName: `${deployment.prefix}-${use.id}`,
      description: `What ${manifests[use.id].title} is told`,
      eventBus: bus,
      eventPattern: { detailType: [...use.on] },
      targets: [new QueueTarget(work)],
    });
    return work;
  }

  private tend(props: ConnectorInUseProps, own: readonly Access[]): WorkQueue {
    const { deployment, use, bell, schedules } = props;
    const { subscribes, reconcile, limits, title }: Manifest = manifests[use.id];
    const { name, program } = deployment.merchant;
    const { work, worker } = new QueueWorker(this, 'Tend', {
      deployment,
      worker: tenderOf(use),
      queue: `${use.id}-tending`,
      // Half of it for another page, half of it for that page's last call to be slow.
      timeout: Duration.seconds(limits.timeoutSeconds * 12),
      // What has piled up is one thing to do: of several that look at the same time, one does.
      batch: 10,
      concurrency: 2,
      // The hours that a vendor was away are caught up afterwards.
      attempts: RECEIVES,
      patience: Duration.hours(6),
      may: (queues) => [
        ...own,
        ...(subscribes ? [knowing({ HOOK_URL: hookUrlOf(props.api, use) })] : []),
        sending('QUEUE_FACTS_URL', props.facts),
        // How far it has come, and whether the vendor is down.
        table('TABLE_PROGRAM', props.program, 'GetItem', 'UpdateItem'),
        ...(reconcile ? [sending('QUEUE_TENDING_URL', queues.queue)] : []),
        ...settingAside(queues),
      ],
      bell,
    });
    ringWhileDown(worker, props);
    const role = schedulerRole(this, 'SchedulerRole', `Has ${deployment.prefix} look after ${title}`, [work]);
    const schedule = { group: schedules, timeZone: program.timeZone, work, role };
    if (subscribes) {
      // After the hour that clocks skip or repeat.
      new SweepSchedule(this, 'Subscribing', {
        ...schedule,
        name: `subscribe-${use.id}`,
        message: { kind: 'subscribe' },
        expression: 'cron(10 4 * * ? *)',
      });
      worker.ringOn('Subscription', bell, 'SubscriptionDiffers', {
        above: 0,
        period: Duration.minutes(15),
        because: `${title} does not send ${name} all it should, and only the merchant can change that: the log says what`,
      });
    }
    if (reconcile) {
      new SweepSchedule(this, 'Reconciling', {
        ...schedule,
        name: `reconcile-${use.id}`,
        message: { kind: 'reconcile' },
        expression: `rate(${use.reconcileEveryMinutes ?? reconcile.everyMinutes} minutes)`,
      });
      worker.ringOn('Unreadable', bell, 'FoundUnreadable', {
        above: 0,
        period: Duration.minutes(15),
        because: `${title} has something for ${name} that we cannot read: the log says what, and why`,
      });
    }
    return work;
  }
}

/** A worker that waits for a vendor, and puts aside what waiting does not help. */
const settingAside = ({ queue, deadLetters }: WorkQueue): readonly Access[] => [
  postponing(queue),
  sending('QUEUE_PARKED_URL', deadLetters),
  knowing({ ATTEMPTS_MAX: String(ATTEMPTS) }),
];

/**
 * A vendor that is down is tried after half a minute, one, two, four, and then every five: it counts each time that this
 * fails. The fourth comes after four minutes, and in half an hour there are more than three for as long as it lasts.
 */
const ringWhileDown = (worker: ShopFunction, { deployment, use, bell }: ConnectorInUseProps): void =>
  worker.ringOn('Down', bell, 'VendorDown', {
    above: 3,
    period: Duration.minutes(30),
    because: `${manifests[use.id].title} is down for ${deployment.merchant.name}, and what it is to do waits: "stampbook doctor ${use.id}" says since when, and why`,
  });

const hookUrlOf = (api: IHttpApi, { id }: Use): string => `${api.apiEndpoint}/webhooks/${id}`;
