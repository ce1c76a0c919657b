import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type Access, indexes, knowing, publishing, scheduling, sending, type TableAction, table } from './access.ts';
import { ApiFunction, type Route } from './api-function.ts';
import { glance } from './bell.ts';
import { Counting } from './counting.ts';
import { ShopDashboard } from './dashboard.ts';
import { type DataStack, DUE_INDEXES, ROUND_INDEXES } from './data-stack.ts';
import type { Deployment } from './deployment.ts';
import { acknowledge } from './findings.ts';
import type { FunctionName } from './functions.ts';
import { pascal } from './pascal.ts';
import { Planning, PlanQueue } from './planning.ts';
import { QueueWorker } from './queue-worker.ts';
import { Relay } from './relay.ts';
import { ShopApi } from './shop-api.ts';
import { StaffBell } from './staff-bell.ts';
import { SweepSchedule, schedulerRole } from './sweep-schedule.ts';
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
  /** Where whoever has something for a member puts it before the planner. */
  readonly plan: IQueue;
  /** The merchant's own schedules. */
  readonly schedules: CfnScheduleGroup;

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

    const planQueue = new PlanQueue(this, 'PlanQueue', common);
    this.plan = planQueue.queue;

    const { accounts, entries, members, program, reports } = data;
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
        table('TABLE_MEMBERS', members, 'GetItem', 'PutItem', 'DeleteItem'),
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'),
        // Whoever enrols sets free what waited for them.
        sending('QUEUE_FACTS_URL', own.queue),
        sending('QUEUE_FACTS_PARKED_URL', own.deadLetters),
        // What members have asked is answered, and what did not reach them is said in another way.
        sending('QUEUE_PLAN_URL', this.plan),
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
        'GET /v1/members/{id}/matches',
        'POST /v1/members/{id}/merge',
        'POST /v1/members/{id}/unmerge',
        'GET /v1/members/{id}/export',
        'POST /v1/members/{id}/link-codes',
      ],
      ...journal,
      table('TABLE_MEMBERS', members, 'GetItem', 'Query', 'PutItem', 'DeleteItem'),
      programAnd('Query', 'DeleteItem'),
      sending('QUEUE_FACTS_URL', this.facts),
    );
    answers(
      'sales',
      [
        'POST /v1/sales',
        'POST /v1/sales/quote',
        'POST /v1/sales/{orderId}/refunds',
        'POST /v1/sales/{orderId}/confirm',
        'POST /v1/sales/{orderId}/decline',
      ],
      ...journal,
      findingMembers,
      // How much of a budget is used stands in several rows.
      programAnd('Query', 'PutItem'),
    );
    answers(
      'activities',
      ['POST /v1/activities', 'POST /v1/activities/{activityId}/confirm', 'POST /v1/activities/{activityId}/decline'],
      ...journal,
      findingMembers,
      programAnd('Query'),
    );
    answers(
      'redemptions',
      ['POST /v1/redemptions', 'POST /v1/redemptions/{id}/capture', 'POST /v1/redemptions/{id}/void'],
      ...journal,
      findingMembers,
      // A code is drawn from its list, and leaves it.
      programAnd('Query', 'PutItem', 'DeleteItem'),
    );
    answers(
      'rewards',
      [
        'GET /v1/rewards',
        'POST /v1/rewards/{id}/stock',
        'POST /v1/rewards/{id}/codes',
        'GET /v1/codes/{code}',
        'POST /v1/codes/{code}/use',
        'POST /v1/codes/{code}/revoke',
      ],
      ...journal,
      // Whom a campaign's reward is for.
      findingMembers,
      programAnd('Query', 'PutItem', 'DeleteItem'),
    );
    answers(
      'sharing',
      ['POST /v1/members/{id}/referral-code', 'POST /v1/referrals', 'POST /v1/gifts'],
      table('TABLE_ACCOUNTS', accounts, 'GetItem', 'PutItem'),
      // That nobody has brought the one who brings, as long as that is what a decision rests on.
      table('TABLE_ENTRIES', entries, 'GetItem', 'Query', 'PutItem', 'ConditionCheckItem'),
      findingMembers,
      programAnd('PutItem'),
    );

    answers(
      'messages',
      [
        'GET /v1/messages',
        'GET /v1/messages/{kind}/{locale}',
        'PUT /v1/messages/{kind}/{locale}',
        'DELETE /v1/messages/{kind}/{locale}',
        'POST /v1/messages/preview',
        'POST /v1/messages/test',
      ],
      // Who is to read a test.
      findingMembers,
      programAnd('Query', 'PutItem', 'DeleteItem'),
      sending('QUEUE_PLAN_URL', this.plan),
    );

    new ApiFunction(this, 'Unsubscribe', {
      ...common,
      api: this.api,
      name: 'unsubscribe',
      routes: ['GET /v1/unsubscribe', 'POST /v1/unsubscribe'],
      guardedBy: 'The link itself is signed, and does nothing but to say no for the member to whom it was sent.',
      // The key that signs is made by whoever needs it first.
      may: [table('TABLE_PROGRAM', program, 'UpdateItem'), sending('QUEUE_FACTS_URL', this.facts)],
    });

    answers(
      'staff',
      [
        'GET /v1/program',
        'POST /v1/adjustments',
        'POST /v1/entries/{entryId}/undo',
        'GET /v1/approvals',
        'POST /v1/approvals/{id}/approve',
        'POST /v1/approvals/{id}/decline',
        'POST /v1/tier-grants',
        'POST /v1/tier-grants/{grantId}/end',
        'GET /v1/reviews',
        'POST /v1/reviews/{source}/{object}/approve',
        'POST /v1/reviews/{source}/{object}/decline',
        'POST /v1/disputes',
        'GET /v1/disputes',
        'POST /v1/disputes/{id}/close',
      ],
      ...journal,
      // Notes, as long as there is a member to write them about.
      table('TABLE_MEMBERS', members, 'GetItem', 'PutItem', 'ConditionCheckItem'),
      programAnd('Query', 'PutItem', 'DeleteItem'),
    );

    const relay = new Relay(this, 'Relay', {
      ...common,
      entries,
      may: [
        publishing(this.bus),
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'DeleteItem'),
        sending('QUEUE_FACTS_URL', this.facts),
      ],
    });

    const counting = new Counting(this, 'Counting', {
      ...common,
      entries,
      may: [
        // A gap in what the stream brings is filled from the journal.
        table('TABLE_ENTRIES', entries, 'Query'),
        table('TABLE_REPORTS', reports, 'BatchGetItem', 'PutItem', 'UpdateItem'),
      ],
    });
    answers(
      'reports',
      ['GET /v1/reports/{name}', 'POST /v1/segments/count', 'POST /v1/segments/members'],
      table('TABLE_REPORTS', reports, 'Query'),
      // Birthdays, tags and consents are asked of the profile, and of nobody whom the sums rule out already.
      table('TABLE_MEMBERS', members, 'BatchGetItem'),
      // Campaigns, whose effect is asked for, and how often connectors were told something.
      programAnd('Query'),
    );

    const sweeps = new QueueWorker(this, 'Sweeps', {
      ...common,
      worker: 'expire',
      queue: 'sweeps',
      timeout: Duration.seconds(60),
      batch: 10,
      // Enough for a million members, and little of what the tills share: docs/scale.md says what more would need.
      concurrency: deployment.merchant.sweeps?.functions ?? 5,
      attempts: 5,
      patience: Duration.hours(1),
      may: (own) => [
        ...journal,
        indexes(accounts, ...DUE_INDEXES),
        // What comes to everybody is brought to everybody; the day of an absence is moved without an entry.
        table('TABLE_ACCOUNTS', accounts, 'Scan', 'UpdateItem'),
        table('TABLE_MEMBERS', members, 'GetItem'),
        // Whom a campaign's message is for: from the read model, and from the profile where that does not say it.
        table('TABLE_REPORTS', reports, 'Query', 'GetItem'),
        table('TABLE_MEMBERS', members, 'BatchGetItem'),
        indexes(members, ...ROUND_INDEXES),
        // What comes with a day may be worth points, of which rules and campaigns have budgets.
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'UpdateItem'),
        sending('QUEUE_SWEEPS_URL', own.queue),
        // That a campaign has begun is in nobody's journal.
        publishing(this.bus),
      ],
    });

    const audit = new QueueWorker(this, 'Audit', {
      ...common,
      worker: 'audit',
      queue: 'audit',
      timeout: Duration.seconds(120),
      // Each message is worked on for as long as the time allows.
      batch: 1,
      // It may take all night, and must not take a till's read capacity.
      concurrency: 4,
      attempts: 5,
      patience: Duration.hours(1),
      may: (own) => [
        table('TABLE_ACCOUNTS', accounts, 'Scan', 'GetItem'),
        table('TABLE_ENTRIES', entries, 'Query'),
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'UpdateItem'),
        sending('QUEUE_AUDIT_URL', own.queue),
      ],
    });
    audit.worker.ringOn('LedgerCheck', this.bell, 'LedgerCheckFailed', {
      above: 0,
      period: glance,
      because: 'A member’s balance is not the sum of the journal: the log names the entry; run "stampbook verify"',
    });
    const { group, role } = this.schedule(deployment, {
      sweeps: sweeps.work,
      audit: audit.work,
      plan: planQueue,
    });
    this.schedules = group;

    const planning = new Planning(this, 'Planning', {
      ...common,
      queue: planQueue,
      bus: this.bus,
      may: [
        findingMembers,
        // Messages and how far they have come; words of staff and of campaigns; when somebody last wrote to us.
        table('TABLE_PROGRAM', program, 'GetItem', 'Query', 'PutItem', 'UpdateItem'),
        sending('QUEUE_PLAN_URL', this.plan),
        sending('QUEUE_FACTS_URL', this.facts),
        scheduling(group, role, 'message-*', planQueue),
        knowing({ API_URL: this.api.apiEndpoint }),
      ],
    });
    acknowledge(
      planning,
      'AwsSolutions-IAM5[Resource::arn:aws:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<Schedules>/message-*]',
      'A message that waits for the morning has a schedule of its own; only those, in this merchant’s group.',
    );

    const campaigns = answers(
      'campaigns',
      [
        'POST /v1/campaigns',
        'GET /v1/campaigns',
        'GET /v1/campaigns/{id}',
        'POST /v1/campaigns/{id}/schedule',
        'POST /v1/campaigns/{id}/end',
        'POST /v1/campaigns/{id}/cancel',
        'POST /v1/campaigns/{id}/dry-run',
      ],
      // A dry run tells journals again, and writes nothing.
      table('TABLE_ACCOUNTS', accounts, 'GetItem', 'Scan'),
      table('TABLE_ENTRIES', entries, 'GetItem', 'Query'),
      findingMembers,
      programAnd('Query', 'PutItem'),
      scheduling(group, role, 'campaign-*', sweeps.work),
      sending('QUEUE_SWEEPS_URL', sweeps.work.queue),
    );
    acknowledge(
      campaigns,
      'AwsSolutions-IAM5[Resource::arn:aws:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<Schedules>/campaign-*]',
      'A campaign that staff write at run time has schedules of its own; only those, in this merchant’s group.',
    );

    const dashboard = new ShopDashboard(this, 'Dashboard', { deployment, api: this.api });
    const say = (output: string, value: string, description: string) =>
      new CfnOutput(this, output, { value, description });
    say('ApiUrl', this.api.apiEndpoint, 'Where tills and shops call');
    say('DashboardUrl', dashboard.url, 'How it is doing');
    say('FactsParkedUrl', accrual.work.deadLetters.queueUrl, 'Facts that could not be booked');
    say('PlanParkedUrl', planQueue.deadLetters.queueUrl, 'Messages to members that could not be planned');
    say('SweepsParkedUrl', sweeps.work.deadLetters.queueUrl, 'Sweeps that could not be done');
    say('AuditParkedUrl', audit.work.deadLetters.queueUrl, 'Parts of the ledger that could not be proved');
    say('RelayDeadUrl', relay.dead.queueUrl, 'Stretches of the journal that could not be told');
    say('TallyDeadUrl', counting.dead.queueUrl, 'Stretches of the journal that could not be counted');
  }

  private schedule(
    deployment: Deployment,
    work: { readonly sweeps: WorkQueue; readonly audit: WorkQueue; readonly plan: WorkQueue },
  ) {
    const { prefix } = deployment;
    const { timeZone } = deployment.merchant.program;
    const group = new CfnScheduleGroup(this, 'Schedules', { name: prefix });
    const role = schedulerRole(
      this,
      'SchedulerRole',
      `Puts the sweeps, the audit and waiting messages of ${prefix} into their queues`,
      Object.values(work),
    );
    const sweep = { group, role, work: work.sweeps, timeZone };
    // Half past four: no clock on earth skips or repeats it (Athens and Helsinki do it at three), and nobody is open yet.
    new SweepSchedule(this, 'Nightly', {
      ...sweep,
      name: 'expire-points',
      message: { kind: 'sweep', duty: 'points' },
      expression: 'cron(30 4 * * ? *)',
    });
    new SweepSchedule(this, 'Quarterly', {
      ...sweep,
      name: 'review-accounts',
      message: { kind: 'sweep', duty: 'reviews' },
      expression: 'rate(15 minutes)',
    });
    if (deployment.merchant.program.inactivity)
      new SweepSchedule(this, 'Absences', {
        ...sweep,
        name: 'notice-absences',
        message: { kind: 'sweep', duty: 'absences' },
        expression: 'cron(32 4 * * ? *)',
      });
    // Each looks every night, also for what comes once a year: a night on which it did not run is caught up by the next.
    for (const [at, duty] of DATED.entries())
      new SweepSchedule(this, pascal(`keep-${duty}`), {
        ...sweep,
        name: `keep-${duty}`,
        message: { kind: 'sweep', duty },
        expression: `cron(${35 + 5 * at} 4 * * ? *)`,
      });
    // An hour after the sweeps, so that it proves what they have done.
    new SweepSchedule(this, 'Audits', {
      ...sweep,
      work: work.audit,
      name: 'audit-ledger',
      message: { kind: 'audit' },
      expression: 'cron(30 5 * * ? *)',
    });
    return { group, role };
  }
}

/** Greetings, and what comes to everybody with a month or a year; the worker knows what the program has anything for. */
const DATED = ['birthdays', 'anniversaries', 'monthly', 'yearly', 'statements'] as const;
