import { Stack } from 'aws-cdk-lib';
import { type IRole, PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, type CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { allow } from './access.ts';
import type { WorkQueue } from './work-queue.ts';

export interface SweepScheduleProps {
  readonly name: string;
  readonly group: CfnScheduleGroup;
  /** Scheduler's own notation: `cron(…)` or `rate(…)`. */
  readonly expression: string;
  readonly timeZone: string;
  /** What is put into the queue: what to look after. */
  readonly message: Readonly<Record<string, string>>;
  readonly work: WorkQueue;
  readonly role: IRole;
}

/** Scheduler's own role, which can do nothing but put messages into these queues. */
export const schedulerRole = (scope: Construct, id: string, description: string, work: readonly WorkQueue[]): Role =>
  new Role(scope, id, {
    assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
    description,
    inlinePolicies: {
      may: new PolicyDocument({
        statements: work.flatMap(({ queue, deadLetters }) => [
          allow(['sqs:SendMessage'], queue.queueArn),
          allow(['sqs:SendMessage'], deadLetters.queueArn),
        ]),
      }),
    },
  });

/** Puts work into its queue when its time comes: never calls a function, whose failure nobody would see. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, props: SweepScheduleProps) {
    super(scope, id);
    new CfnSchedule(this, 'Schedule', {
      name: props.name,
      groupName: props.group.ref,
      scheduleExpression: props.expression,
      scheduleExpressionTimezone: props.timeZone,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: props.work.queue.queueArn,
        roleArn: props.role.roleArn,
        input: JSON.stringify(props.message),
        deadLetterConfig: { arn: props.work.deadLetters.queueArn },
      },
    });
  }
}
