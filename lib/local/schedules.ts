import { randomUUID } from 'node:crypto';
import { nextRuns, type ScheduleDefinition, type Scheduler } from './aws/scheduler.ts';
import { type AwsCaller, explain } from './aws-call.ts';
import type { Clock } from './clock.ts';
import type { Kept } from './kept.ts';
import type { Roles } from './roles.ts';
import type { Assembly } from './template.ts';

/** A run of a schedule that has been fired. */
export interface ScheduleRun {
  readonly name: string;
  /** When it was due, by the virtual clock. */
  readonly due: string;
  readonly outcome: 'ok' | 'failed';
}

export interface ScheduleState {
  readonly name: string;
  readonly group: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  readonly next?: string;
  readonly last?: string;
}

export interface Schedules {
  /** Fires whatever is due by now, in its order; answers when the targets have it. */
  catchUp(): Promise<readonly ScheduleRun[]>;
  states(): readonly ScheduleState[];
  /** Whether runs are being fired. */
  busy(): boolean;
  subscribe(listener: (run: ScheduleRun) => void): () => void;
  stop(): Promise<void>;
}

export interface SchedulesOptions {
  readonly assembly: Assembly;
  readonly scheduler: Pick<Scheduler, 'list' | 'onChange'>;
  readonly clock: Clock;
  /** A schedule acts under its own role. */
  readonly roles: Roles;
  readonly operate: AwsCaller;
  /** Schedule's ARN → the point in time up to which its runs were fired. */
  readonly fired: Kept<Record<string, string>>;
  /** After its last run, a schedule that asked for it goes. */
  remove(definition: ScheduleDefinition): Promise<void>;
  warn(message: string): void;
}

/**
 * When the clock jumps a year, a schedule that runs each quarter of an hour was due 35,000 times. Of each schedule the
 * newest runs are fired: whatever a sweep that comes late has to catch up with, it does at its first run.
 */
export const RUNS_KEPT_IN_A_JUMP = 2;
/** The longest that `setTimeout` can wait; it looks again then. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const HOUR_MS = 3_600_000;

/** Fires the schedules of the template, and those made at run time, by the virtual clock. */
export function runSchedules(options: SchedulesOptions): Schedules {
  const { assembly, scheduler, clock, fired } = options;
  const listeners = new Set<(run: ScheduleRun) => void>();
  let timer: NodeJS.Timeout | undefined;
  let firing = 0;
  let stopped = false;
  let last: Promise<readonly ScheduleRun[]> = Promise.resolve([]);

  const firedUntil = (definition: ScheduleDefinition): Date =>
    new Date(fired.value[definition.arn] ?? definition.createdAt);

  async function fireDue(): Promise<readonly ScheduleRun[]> {
    const now = clock.now();
    const enabled = scheduler.list().filter((definition) => definition.enabled);
    const due = enabled.flatMap((definition) =>
      newestRuns(definition, firedUntil(definition), now).map((at) => ({ definition, at })),
    );
    const runs: ScheduleRun[] = [];
    for (const { definition, at } of due.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
      const outcome = await fire(definition, at);
      const run = { name: definition.name, due: at.toISOString(), outcome } as const;
      runs.push(run);
      fired.keep({ ...fired.value, [definition.arn]: at.toISOString() });
      for (const listener of listeners) listener(run);
      if (definition.expression.startsWith('at(') && definition.afterCompletion === 'DELETE') {
        await options.remove(definition);
      }
    }
    // What was left out of a jump must not come back; and when the clock is set back, a run is due again.
    const known = scheduler.list();
    fired.keep(Object.fromEntries(known.map(({ arn }) => [arn, now.toISOString()])));
    return runs;
  }

  async function fire(definition: ScheduleDefinition, at: Date): Promise<'ok' | 'failed'> {
    const { target } = definition;
    const body = (target.input ?? '{}')
      .replaceAll('<aws.scheduler.scheduled-time>', at.toISOString())
      .replaceAll('<aws.scheduler.schedule-arn>', definition.arn)
      .replaceAll('<aws.scheduler.execution-id>', randomUUID())
      .replaceAll('<aws.scheduler.attempt-number>', '1');
    const send = async (queueArn: string, groupId?: string) => {
      const queue = assembly.byArn(queueArn);
      if (queue?.type !== 'AWS::SQS::Queue') throw new Error(`its target ${queueArn} is no queue of the template`);
      options.roles.checkRole(target.roleArn, definition.name, { action: 'sqs:SendMessage', resource: queueArn });
      const group = groupId === undefined ? {} : { MessageGroupId: groupId };
      await options.operate('AmazonSQS.SendMessage', { QueueUrl: queue.physicalId, MessageBody: body, ...group });
    };
    try {
      await send(target.arn, target.messageGroupId);
      return 'ok';
    } catch (cause) {
      options.warn(`schedule ${definition.name}: ${explain(cause)}`);
      if (target.deadLetterArn !== undefined) await send(target.deadLetterArn).catch(() => {});
      return 'failed';
    }
  }

  function catchUp(): Promise<readonly ScheduleRun[]> {
    firing += 1;
    last = last
      .catch(() => [])
      .then(() => (stopped ? [] : fireDue()))
      .finally(() => {
        firing -= 1;
        arm();
      });
    return last;
  }

  function arm(): void {
    clearTimeout(timer);
    if (stopped) return;
    const now = clock.now().getTime();
    const next = scheduler.list().flatMap((definition) => nextRun(definition, new Date(now))?.getTime() ?? []);
    if (next.length === 0) return;
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.min(...next) - now));
    timer = setTimeout(tell, wait);
  }

  const tell = () => void catchUp().catch((cause) => options.warn(explain(cause)));
  clock.onChange(tell);
  scheduler.onChange(arm);
  tell();

  return {
    catchUp,
    states: () =>
      scheduler.list().map((definition) => {
        const next = nextRun(definition, clock.now());
        const [latest] = definition.enabled
          ? newestRuns(definition, new Date(definition.createdAt), firedUntil(definition), 1)
          : [];
        return {
          name: definition.name,
          group: definition.group,
          expression: definition.expression,
          timeZone: definition.timeZone,
          enabled: definition.enabled,
          ...(next && { next: next.toISOString() }),
          ...(latest && { last: latest.toISOString() }),
        };
      }),
    busy: () => firing > 0,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await last.catch(() => {});
    },
  };
}

/** The last runs in a stretch of time, earliest first. Looks from its end backwards, in ever longer steps. */
export function newestRuns(
  definition: ScheduleDefinition,
  after: Date,
  until: Date,
  most = RUNS_KEPT_IN_A_JUMP,
): Date[] {
  let runs: Date[] = [];
  let end = until.getTime();
  for (let step = 8 * HOUR_MS; end > after.getTime() && runs.length < most; step *= 2) {
    const start = Math.max(after.getTime(), end - step);
    runs = [...nextRuns(definition, new Date(start), new Date(end)), ...runs];
    end = start;
  }
  return runs.slice(-most);
}

/** Looks ahead as far as a 29 February can be. */
function nextRun(definition: ScheduleDefinition, after: Date): Date | undefined {
  if (!definition.enabled) return undefined;
  let start = after.getTime();
  const horizon = start + 9 * 366 * 24 * HOUR_MS;
  for (let step = HOUR_MS; start < horizon; step *= 4) {
    const [first] = nextRuns(definition, new Date(start), new Date(start + step));
    if (first) return first;
    start += step;
  }
  return undefined;
}
