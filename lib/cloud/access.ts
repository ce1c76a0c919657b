import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * The name under which a function finds a thing, together with what it may do to it. One is never given without the
 * other, and always with exact actions: CDK's own `grant…` methods give more than we use.
 */
export interface Access {
  readonly environment: Readonly<Record<string, string>>;
  readonly statements: readonly PolicyStatement[];
}

export type TableAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'Scan'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem';

/** A transaction needs the action of each of its parts; there is none of its own. */
export const table = (variable: `TABLE_${string}`, target: ITable, ...actions: readonly TableAction[]): Access => ({
  environment: { [variable]: target.tableName },
  statements: [
    allow(
      actions.map((action) => `dynamodb:${action}`),
      target.tableArn,
    ),
  ],
});

/** Reading the named indexes, a key or a page of them; the table itself is given apart from it. */
export const indexes = (target: ITable, ...names: readonly string[]): Access => ({
  environment: {},
  statements: names.map((name) => allow(['dynamodb:Query', 'dynamodb:Scan'], `${target.tableArn}/index/${name}`)),
});

export const sending = (variable: `QUEUE_${string}_URL`, queue: IQueue): Access => ({
  environment: { [variable]: queue.queueUrl },
  statements: [allow(['sqs:SendMessage'], queue.queueArn)],
});

/** Putting a message of its own queue off until later: how a worker waits for a vendor. */
export const postponing = (queue: IQueue): Access => ({
  environment: { QUEUE_URL: queue.queueUrl },
  statements: [allow(['sqs:ChangeMessageVisibility'], queue.queueArn)],
});

export const secret = (target: ISecret): Access => ({
  environment: { SECRET_ARN: target.secretArn },
  statements: [allow(['secretsmanager:GetSecretValue'], target.secretArn)],
});

export const publishing = (bus: IEventBus): Access => ({
  environment: { BUS_NAME: bus.eventBusName },
  statements: [allow(['events:PutEvents'], bus.eventBusArn)],
});

/** Not for the function's code but for Lambda, which reads the queue in the function's name. */
export const consuming = (queue: IQueue): Access => ({
  environment: {},
  statements: [allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], queue.queueArn)],
});

export const readingStream = (streamArn: string): Access => ({
  environment: {},
  statements: [
    allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      streamArn,
    ),
  ],
});

/**
 * Schedules of its own in the merchant's group, under names that begin so: which ones there will be, nobody knows before.
 * They run in the name of the group's role, which can do no more than put messages into queues.
 */
export const scheduling = (
  group: CfnScheduleGroup,
  role: IRole,
  names: `${string}-*`,
  { queue, deadLetters }: { readonly queue: IQueue; readonly deadLetters: IQueue },
): Access => {
  const { region, account } = Stack.of(group);
  const passing = new PolicyStatement({
    actions: ['iam:PassRole'],
    resources: [role.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  });
  return {
    environment: {
      SCHEDULE_GROUP: group.ref,
      SCHEDULER_ROLE_ARN: role.roleArn,
      SCHEDULED_QUEUE_ARN: queue.queueArn,
      SCHEDULED_PARKED_ARN: deadLetters.queueArn,
    },
    statements: [
      allow(
        ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule'],
        `arn:aws:scheduler:${region}:${account}:schedule/${group.ref}/${names}`,
      ),
      passing,
    ],
  };
};

/** Plain facts under a name, without any right. */
export const knowing = (environment: Readonly<Record<string, string>>): Access => ({ environment, statements: [] });

export const allow = (actions: readonly string[], resource: string): PolicyStatement =>
  new PolicyStatement({ actions: [...actions], resources: [resource] });
