import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type Access, allow, indexes, knowing, publishing, sending, type TableAction, table } from './access.ts';
import { ApiFunction, type Route } from './api-function.ts';
import { ShopDashboard } from './dashboard.ts';
import { type DataStack, DUE_INDEXES } from './data-stack.ts';
import type { Deployment } from './deployment.ts';
import type { FunctionName } from './functions.ts';
import { pascal } from './pascal.ts';
import { QueueWorker } from './queue-worker.ts';
import { Relay } from './relay.ts';
import { ShopApi } from './shop-api.ts';
import { StaffBell } from './staff-bell.ts';
import { SweepSchedule } from './sweep-schedule.ts';
import type { WorkQueue } from './work-queue.ts';

export interface AppStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly data: DataStack;
}

/** The engine: what answers tills, books facts, tells the world, and looks after what falls due. */
export class AppStack extends Stack {
  readonly api: IHttpApi;
  readonly bus: IEventBus;
  readonly bell: ITopic;
  /** Where sources put what they have understood. */
  readonly facts: IQueue;

  constructor(scope: Construct, id: string, props: AppStackProps) {
    super(scope, id, props);
    const { deployment, data } = props;
    const { prefix } = deployment;
    this.bell = new StaffBell(this, 'StaffBell', deployment).topic;
    this.api = new ShopApi(this, 'Door', deployment).api;
    this.bus = new EventBus(this, 'Events', {
      eventBusName: `${prefix}-events`,
      description: `What happened to the members of ${deployment.merchant.name}`,
    });
    const common = { deployment, bell: this.bell };

    const { accounts, entries, members, program } = data;
    // The journal is added to and read; nobody may change or remove what stands in it.
    const journal = [
      table('TABLE_ACCOUNTS', accounts, 'GetItem', 'PutItem'),
      table('TABLE_ENTRIES', entries, 'GetItem', 'Query', 'PutItem'),
    ];
    const accrual = new QueueWorker(this, 'Accrual', {
      ...common,
      worker: 'accrue',
      queue: 'facts',
      // By member: what one did comes in its order, and two members never wait for each other.
      fifo: true,
      timeout: Duration.seconds(30),
      batch: 10,
      // A flood of webhooks must leave room for the tills, which share the account's concurrency.
      concurrency: 20,
      attempts: 5,
      patience: Duration.minutes(5),
      may: (own) => [
        ...journal,
        table('TABLE_MEMBERS', members, 'GetItem', 'PutItem'),
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
        // Whoever enrols sets free what waited for them.
        sending('QUEUE_FACTS_URL', own.queue),
        sending('QUEUE_FACTS_PARKED_URL', own.deadLetters),
      ],
    });
    this.facts = accrual.work.queue;

    const answers = (name: FunctionName, routes: readonly Route[], ...may: readonly Access[]) =>
      new ApiFunction(this, pascal(name), { ...common, api: this.api, name, routes, may });
    const findingMembers = table('TABLE_MEMBERS', members, 'GetItem');
    // Every answer asks for the key and takes from its bucket of calls; `more` is what it does besides.
    const programAnd = (...more: readonly TableAction[]) =>
      table('TABLE_PROGRAM', program, 'GetItem', 'UpdateItem', ...more);
    answers(
      'members',
      [
        'POST /v1/members',
        'GET /v1/members',
        'GET /v1/members/{id}',
        'PATCH /v1/members/{id}',
        'DELETE /v1/members/{id}',
        'GET /v1/members/{id}/entries',
        'GET /v1/members/{id}/balance',
      ],
      ...journal,
      table('TABLE_MEMBERS', members, 'GetItem', 'PutItem', 'DeleteItem'),
      programAnd('Query', 'DeleteItem'),
      sending('QUEUE_FACTS_URL', this.facts),
    );
    answers(
      'sales',
      ['POST /v1/sales', 'POST /v1/sales/quote', 'POST /v1/sales/{orderId}/refunds'],
      ...journal,
      findingMembers,
      programAnd('PutItem'),
    );
    answers('activities', ['POST /v1/activities'], ...journal, findingMembers, programAnd());
    answers(
      'redemptions',
      ['POST /v1/redemptions', 'POST /v1/redemptions/{id}/capture', 'POST /v1/redemptions/{id}/void'],
      ...journal,
      findingMembers,
      programAnd('PutItem'),
    );
    answers(
      'rewards',
      ['GET /v1/rewards'],
      table('TABLE_ACCOUNTS', accounts, 'GetItem'),
      knowing({ TABLE_ENTRIES: entries.tableName }),
      programAnd(),
    );

    const relay = new Relay(this, 'Relay', {
      ...common,
      entries,
      may: [
        publishing(this.bus),
        table('TABLE_PROGRAM', program, 'Query', 'PutItem', 'DeleteItem'),
        sending('QUEUE_FACTS_URL', this.facts),
      ],
    });

    const sweeps = new QueueWorker(this, 'Sweeps', {
      ...common,
      worker: 'expire',
      queue: 'sweeps',
      timeout: Duration.seconds(60),
      batch: 10,
      concurrency: 5,
      attempts: 5,
      patience: Duration.hours(1),
      may: (own) => [
        ...journal,
        indexes(accounts, ...DUE_INDEXES),
        table('TABLE_PROGRAM', program, 'UpdateItem'),
        sending('QUEUE_SWEEPS_URL', own.queue),
      ],
    });
    this.scheduleSweeps(deployment, sweeps.work);

    const dashboard = new ShopDashboard(this, 'Dashboard', { deployment, api: this.api });
    const say = (output: string, value: string, description: string) =>
      new CfnOutput(this, output, { value, description });
    say('ApiUrl', this.api.apiEndpoint, 'Where tills and shops call');
    say('DashboardUrl', dashboard.url, 'How it is doing');
    say('FactsParkedUrl', accrual.work.deadLetters.queueUrl, 'Facts that could not be booked');
    say('SweepsParkedUrl', sweeps.work.deadLetters.queueUrl, 'Sweeps that could not be done');
    say('RelayDeadUrl', relay.dead.queueUrl, 'Stretches of the journal that could not be told');
  }

  private scheduleSweeps(deployment: Deployment, work: WorkQueue): void {
    const { prefix } = deployment;
    const { timeZone } = deployment.merchant.program;
    const group = new CfnScheduleGroup(this, 'Schedules', { name: prefix });
    const role = new Role(this, 'SchedulerRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      description: `Puts the sweeps of ${prefix} into their queue`,
      inlinePolicies: {
        may: new PolicyDocument({
          statements: [
            allow(['sqs:SendMessage'], work.queue.queueArn),
            allow(['sqs:SendMessage'], work.deadLetters.queueArn),
          ],
        }),
      },
    });
    const sweep = { group, role, work, timeZone };
    // Half past three: after the hour that clocks skip or repeat, before anyone opens.
    new SweepSchedule(this, 'Nightly', {
      ...sweep,
      name: 'expire-points',
      duty: 'points',
      expression: 'cron(30 3 * * ? *)',
    });
    new SweepSchedule(this, 'Quarterly', {
      ...sweep,
      name: 'lapse-holds',
      duty: 'holds',
      expression: 'rate(15 minutes)',
    });
  }
}
