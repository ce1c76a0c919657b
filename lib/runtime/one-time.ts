import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  type SchedulerClient,
} from '@aws-sdk/client-scheduler';

/** Schedules that run once, in the merchant's group, and are gone after that. */
export interface OneTime {
  /** Twice is once: what stands under a name says the same. */
  create(name: string, at: string, message: object): Promise<void>;
  /** One that has run, or never was, is gone already. */
  remove(name: string): Promise<void>;
}

export interface OneTimeOptions {
  readonly client: SchedulerClient;
  readonly group: string;
  /** What puts the message into the queue in Scheduler's name. */
  readonly roleArn: string;
  readonly queueArn: string;
  readonly deadLettersArn: string;
}

export function openOneTime({ client, group, roleArn, queueArn, deadLettersArn }: OneTimeOptions): OneTime {
  return {
    async create(Name, at, message) {
      try {
        await client.send(
          new CreateScheduleCommand({
            Name,
            GroupName: group,
            ScheduleExpression: `at(${wholeMinute(at)})`,
            ScheduleExpressionTimezone: 'UTC',
            FlexibleTimeWindow: { Mode: 'OFF' },
            ActionAfterCompletion: 'DELETE',
            Target: {
              Arn: queueArn,
              RoleArn: roleArn,
              Input: JSON.stringify(message),
              DeadLetterConfig: { Arn: deadLettersArn },
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConflictException)) throw error;
      }
    },
    async remove(Name) {
      try {
        await client.send(new DeleteScheduleCommand({ Name, GroupName: group }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}

/** Scheduler goes by the minute: the first that is not before the time, so that nothing runs early. */
const wholeMinute = (at: string): string =>
  new Date(Math.ceil(Date.parse(at) / 60_000) * 60_000).toISOString().slice(0, 19);
