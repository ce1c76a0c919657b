import { Duration, SecretValue } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IEventBus, Rule } from 'aws-cdk-lib/aws-events';
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
import { delivererOf, isSource, isTold, receiverOf, type Use } from './functions.ts';
import { QueueTarget } from './queue-target.ts';
import { QueueWorker } from './queue-worker.ts';
import type { WorkQueue } from './work-queue.ts';

/** What connectors need of the rest. */
export interface Surroundings {
  readonly api: IHttpApi;
  readonly bus: IEventBus;
  readonly facts: IQueue;
  readonly members: ITable;
  readonly program: ITable;
  readonly bell: ITopic;
}

export interface ConnectorInUseProps extends Surroundings {
  readonly deployment: Deployment;
  readonly use: Use;
}

/** One connector of one merchant: its secret, its way in when it is a source, its way out when it is told something. */
export class ConnectorInUse extends Construct {
  readonly secretName: string;
  readonly hookUrl: string | undefined;
  readonly receiving: WorkQueue | undefined;
  readonly delivering: WorkQueue | undefined;

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
    const own: readonly Access[] = [knowing({ CONNECTOR_ID: use.id }), secret(credentials)];

    this.receiving = isSource(use) ? this.receive(props, own) : undefined;
    this.delivering = isTold(use) ? this.deliver(props, own) : undefined;
    this.hookUrl = isSource(use) ? hookUrlOf(props.api, use) : undefined;
  }

  private receive({ deployment, use, api, facts, bell }: ConnectorInUseProps, own: readonly Access[]): WorkQueue {
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
    const { limits, roles }: Manifest = manifests[use.id];
    // Who writes to members looks up whom, and hears from the vendor who wants no more of it.
    const writing = roles.includes('channel')
      ? [table('TABLE_MEMBERS', props.members, 'GetItem'), sending('QUEUE_FACTS_URL', props.facts)]
      : [];
    const { work, worker } = new QueueWorker(this, 'Deliver', {
      deployment,
      worker: delivererOf(use),
      queue: `${use.id}-outbound`,
      // The vendor may take its time twice, the second time after a refreshed token, for each message of the batch.
      timeout: Duration.seconds(limits.timeoutSeconds * limits.batch * 2 + 10),
      batch: limits.batch,
      concurrency: limits.concurrency,
      // The worker steps back up to a quarter of an hour each time: about an hour of a vendor's trouble.
      attempts: 12,
      patience: Duration.minutes(30),
      may: (queues) => [
        ...own,
        ...(isSource(use) ? [knowing({ RECEIPT_URL: hookUrlOf(props.api, use) })] : []),
        ...writing,
        table('TABLE_PROGRAM', props.program, 'UpdateItem'),
        postponing(queues.queue),
      ],
      bell,
    });
    if (manifests[use.id].roles.some((role) => role === 'channel')) {
      worker.ringOn('Unsure', bell, 'DeliveryUnknown', {
        above: 4,
        period: Duration.minutes(15),
        because: `${manifests[use.id].title} may or may not have sent messages for ${deployment.merchant.name}: they are not sent again`,
      });
    }
    new Rule(this, 'Rule', {
      ruleName: `${deployment.prefix}-${use.id}`,
      description: `What ${manifests[use.id].title} is told`,
      eventBus: bus,
      eventPattern: { detailType: [...use.on] },
      targets: [new QueueTarget(work)],
    });
    return work;
  }
}

const hookUrlOf = (api: IHttpApi, { id }: Use): string => `${api.apiEndpoint}/webhooks/${id}`;
