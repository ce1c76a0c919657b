/** A schedule, from the template or made at run time. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly group: string;
  readonly arn: string;
  /** `at(…)`, `rate(…)` or `cron(…)`, in `timeZone`. */
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly createdAt: string;
  /** `DELETE`: gone after its last run. */
  readonly afterCompletion: 'NONE' | 'DELETE';
  readonly target: {
    readonly arn: string;
    readonly roleArn: string;
    readonly input?: string;
    readonly messageGroupId?: string;
    readonly deadLetterArn?: string;
  };
}

/** When a schedule runs: after `after`, up to and with `until`, earliest first. */
export function nextRuns(_definition: ScheduleDefinition, _after: Date, _until: Date): Date[] {
  throw new Error('to come');
}
