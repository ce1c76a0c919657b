import type { IRole } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, type CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
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
