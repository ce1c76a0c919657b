import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { account, region } from '../known-resources.ts';
import { type Assembly, type Resource, unknownIn } from '../template.ts';
import { readJson, writeJson } from './json-file.ts';
import { AwsError, type Reply, type Service, type ServiceCall } from './protocol.ts';
import { cronRuns, momentOf, parseExpression } from './schedule-expression.ts';

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
  /** When it was first seen here: a rate counts from it. */
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
export function nextRuns(definition: ScheduleDefinition, after: Date, until: Date): Date[] {
  if (!definition.enabled) return [];
  const expression = parseExpression(definition.expression);
  if (expression.kind === 'at') {
    const at = momentOf(expression.at, definition.timeZone);
    return at > after && at <= until ? [at] : [];
  }
  const starts = new Date(definition.startsAt ?? definition.createdAt);
  const ends =
    definition.endsAt === undefined ? until : new Date(Math.min(until.getTime(), Date.parse(definition.endsAt)));
  if (expression.kind === 'cron') {
    return cronRuns(expression.cron, definition.timeZone, after, ends).filter((run) => run >= starts);
  }
  // With a start of its own, a rate's first run is then; without, it is one interval after the schedule was made.
  const { everyMs } = expression;
  const anchor = starts.getTime() + (definition.startsAt === undefined ? everyMs : 0);
  const first = anchor + Math.max(0, Math.floor((after.getTime() - anchor) / everyMs) + 1) * everyMs;
  const count = Math.max(0, Math.floor((ends.getTime() - first) / everyMs) + 1);
  return Array.from({ length: count }, (_, index) => new Date(first + index * everyMs));
}

export interface Scheduler extends Service {
  list(): readonly ScheduleDefinition[];
  onChange(listener: () => void): void;
}

export interface SchedulerOptions {
  readonly assembly: Assembly;
  readonly dataDirectory: string;
  readonly clock: Clock;
}

interface Kept {
  /** Made at run time. */
  readonly own: readonly ScheduleDefinition[];
  /** When those of the template were first seen, by ARN. */
  readonly seen: Readonly<Record<string, string>>;
}

export function openScheduler(options: SchedulerOptions): Scheduler {
  const { assembly, clock } = options;
  const file = join(options.dataDirectory, 'schedules.json');
  const kept = readJson<Kept>(file) ?? { own: [], seen: {} };
  const now = () => clock.now().toISOString();
  const groups = new Set([
    'default',
    ...assembly.ofType('AWS::Scheduler::ScheduleGroup').map(({ physicalId }) => physicalId),
  ]);
  const fromTemplate = new Map(
    assembly
      .ofType('AWS::Scheduler::Schedule')
      .map((schedule) => [schedule.arn, readSchedule(schedule, kept.seen[schedule.arn] ?? now())]),
  );
  const all = new Map([...kept.own.map((definition) => [definition.arn, definition] as const), ...fromTemplate]);
  const listeners: (() => void)[] = [];

  const save = () => {
    writeJson(file, {
      own: [...all.values()].filter(({ arn }) => !fromTemplate.has(arn)),
      seen: Object.fromEntries([...fromTemplate].map(([arn, { createdAt }]) => [arn, createdAt])),
    } satisfies Kept);
    for (const listener of listeners) listener();
  };
  save();

  const find = (arn: string): ScheduleDefinition => {
    const definition = all.get(arn);
    if (definition !== undefined) return definition;
    throw new AwsError('ResourceNotFoundException', `Schedule ${arn} does not exist.`, { status: 404 });
  };

  const define = (input: Input, createdAt: string): ScheduleDefinition => {
    const group = groupOf(input);
    if (!groups.has(group))
      throw new AwsError('ResourceNotFoundException', `Schedule group ${group} does not exist.`, { status: 404 });
    const target = (input.Target ?? {}) as Record<string, unknown>;
    if (assembly.byArn(String(target.Arn))?.type !== 'AWS::SQS::Queue') {
      throw new AwsError('ValidationException', `The target ${target.Arn} is no queue of these stacks.`);
    }
    try {
      return definitionOf({ ...input, GroupName: group }, arnOf(input), createdAt);
    } catch (error) {
      throw new AwsError('ValidationException', `Invalid Schedule: ${(error as Error).message}`);
    }
  };

  const operations: Record<string, (input: Input) => unknown> = {
    CreateSchedule(input) {
      const arn = arnOf(input);
      if (all.has(arn))
        throw new AwsError('ConflictException', `Schedule ${input.Name} already exists.`, { status: 409 });
      all.set(arn, define(input, now()));
      save();
      return { ScheduleArn: arn };
    },
    UpdateSchedule(input) {
      const { arn, createdAt } = find(arnOf(input));
      all.set(arn, define(input, createdAt));
      save();
      return { ScheduleArn: arn };
    },
    GetSchedule: (input) => present(find(arnOf(input))),
    DeleteSchedule(input) {
      all.delete(find(arnOf(input)).arn);
      save();
      return {};
    },
    ListSchedules: ({ ScheduleGroup, NamePrefix = '' }) => ({
      Schedules: [...all.values()]
        .filter(({ name, group }) => name.startsWith(String(NamePrefix)) && (ScheduleGroup ?? group) === group)
        .map(({ name, group, arn, enabled, target }) => ({
          Name: name,
          GroupName: group,
          Arn: arn,
          State: enabled ? 'ENABLED' : 'DISABLED',
          Target: { Arn: target.arn },
        })),
    }),
  };

  return {
    operationOf({ method, url }) {
      if (url.pathname === '/schedules') return method === 'GET' ? 'ListSchedules' : undefined;
      return url.pathname.startsWith('/schedules/') ? methods[method] : undefined;
    },
    needs(operation, input) {
      if (operation === 'ListSchedules') return [{ action: 'scheduler:ListSchedules', resource: '*' }];
      const target = input.Target as { RoleArn?: string } | undefined;
      return [
        { action: `scheduler:${operation}`, resource: arnOf(input) },
        ...(target?.RoleArn === undefined ? [] : [{ action: 'iam:PassRole', resource: target.RoleArn }]),
      ];
    },
    async answer({ operation, input }): Promise<Reply> {
      const output = operations[operation]?.(input);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(output) };
    },
    inputOf: (url, body) => ({
      ...Object.fromEntries(url.searchParams),
      ...(body as object),
      Name: decodeURIComponent(url.pathname.split('/')[2] ?? ''),
    }),
    list: () => [...all.values()],
    onChange: (listener) => void listeners.push(listener),
  };
}

type Input = ServiceCall['input'];

const methods: Readonly<Record<string, string>> = {
  POST: 'CreateSchedule',
  PUT: 'UpdateSchedule',
  GET: 'GetSchedule',
  DELETE: 'DeleteSchedule',
};

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
/** In the body of what writes, in the query of what does not. */
const groupOf = ({ GroupName, groupName }: Input): string => String(GroupName ?? groupName ?? 'default');
const arnOf = (input: Input): string =>
  `arn:aws:scheduler:${region}:${account}:schedule/${groupOf(input)}/${input.Name}`;
/** The API speaks of seconds since the epoch, the template of ISO dates. */
const dateOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : new Date(typeof value === 'number' ? value * 1000 : String(value)).toISOString();

const readSchedule = (schedule: Resource, createdAt: string): ScheduleDefinition => {
  try {
    return definitionOf({ ...schedule.properties, Name: schedule.physicalId }, schedule.arn, createdAt);
  } catch (error) {
    throw unknownIn(schedule, (error as Error).message);
  }
};

const knownTarget = new Set(['Arn', 'RoleArn', 'Input', 'DeadLetterConfig', 'SqsParameters', 'RetryPolicy']);

function definitionOf(input: Input, arn: string, createdAt: string): ScheduleDefinition {
  const expression = String(input.ScheduleExpression);
  parseExpression(expression);
  const timeZone = text(input.ScheduleExpressionTimezone) ?? 'UTC';
  new Intl.DateTimeFormat('en', { timeZone });
  const target = (input.Target ?? {}) as Record<string, unknown>;
  const unknown = Object.keys(target).find((property) => !knownTarget.has(property));
  if (unknown !== undefined) throw new Error(`${unknown} of a target is not known to the local cloud`);
  return {
    name: String(input.Name),
    group: groupOf(input),
    arn,
    expression,
    timeZone,
    enabled: input.State !== 'DISABLED',
    startsAt: dateOf(input.StartDate),
    endsAt: dateOf(input.EndDate),
    createdAt,
    afterCompletion: input.ActionAfterCompletion === 'DELETE' ? 'DELETE' : 'NONE',
    target: {
      arn: String(target.Arn),
      roleArn: String(target.RoleArn),
      input: text(target.Input),
      messageGroupId: (target.SqsParameters as { MessageGroupId?: string } | undefined)?.MessageGroupId,
      deadLetterArn: (target.DeadLetterConfig as { Arn?: string } | undefined)?.Arn,
    },
  };
}

function present(definition: ScheduleDefinition): object {
  const seconds = (date: string | undefined) => (date === undefined ? undefined : Date.parse(date) / 1000);
  const { target } = definition;
  return {
    Name: definition.name,
    GroupName: definition.group,
    Arn: definition.arn,
    ScheduleExpression: definition.expression,
    ScheduleExpressionTimezone: definition.timeZone,
    State: definition.enabled ? 'ENABLED' : 'DISABLED',
    StartDate: seconds(definition.startsAt),
    EndDate: seconds(definition.endsAt),
    CreationDate: seconds(definition.createdAt),
    ActionAfterCompletion: definition.afterCompletion,
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Arn: target.arn,
      RoleArn: target.roleArn,
      Input: target.input,
      ...(target.messageGroupId !== undefined && { SqsParameters: { MessageGroupId: target.messageGroupId } }),
      ...(target.deadLetterArn !== undefined && { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    },
  };
}
