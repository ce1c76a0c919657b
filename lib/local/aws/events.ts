import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { account, busName, region } from '../known-resources.ts';
import type { Roles } from '../roles.ts';
import { type Assembly, type Resource, unknownIn } from '../template.ts';
import { compilePattern, type Matches } from './pattern.ts';
import { jsonReply, notHere, type Service, targetOf } from './protocol.ts';
import type { Sqs } from './sqs.ts';

/** What the bus could not bring to its queue, and what became of it. */
export interface Undelivered {
  readonly rule: string;
  readonly queueArn: string;
  readonly because: Error;
  /** It went to the dead letters; if not, it is lost. */
  readonly parked: boolean;
}

export interface EventsOptions {
  readonly assembly: Assembly;
  readonly roles: Roles;
  readonly sqs: Pick<Sqs, 'send'>;
  readonly clock: Clock;
  readonly onUndelivered: (what: Undelivered) => void;
}

interface Target {
  readonly arn: string;
  readonly groupId?: string;
  readonly deadLetterArn?: string;
}

interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly bus: string;
  readonly matches: Matches;
  readonly targets: readonly Target[];
}

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Time?: number | string;
  readonly Resources?: readonly string[];
  readonly EventBusName?: string;
}

const maxBytes = 262_144;

/** The event buses of the template, with their rules. */
export function openEvents(options: EventsOptions): Service {
  const { assembly, clock } = options;
  const buses = new Map(assembly.ofType('AWS::Events::EventBus').map(({ physicalId, arn }) => [physicalId, arn]));
  const rules = assembly.ofType('AWS::Events::Rule').flatMap((rule) => readRule(rule, assembly));

  const deliver = (rule: Rule, target: Target, body: string): void => {
    const undelivered = sendOrPark(rule.name, target, (queueArn) => {
      options.roles.checkService('events.amazonaws.com', rule.arn, { action: 'sqs:SendMessage', resource: queueArn });
      options.sqs.send(queueArn, { body, groupId: target.groupId });
    });
    if (undelivered !== undefined) options.onUndelivered(undelivered);
  };

  const put = (entry: Entry) => {
    const fault = faultOf(entry, buses);
    if (fault !== undefined) return fault;
    const id = randomUUID();
    const event = {
      version: '0',
      id,
      'detail-type': entry.DetailType,
      source: entry.Source,
      account,
      time: timeOf(entry.Time, clock),
      region,
      resources: entry.Resources ?? [],
      detail: JSON.parse(entry.Detail ?? ''),
    };
    const body = JSON.stringify(event);
    const bus = busName(entry.EventBusName);
    for (const rule of rules) {
      if (rule.bus !== bus || !rule.matches(event)) continue;
      for (const target of rule.targets) deliver(rule, target, body);
    }
    return { EventId: id };
  };

  return {
    operationOf: ({ headers }) => targetOf(headers, 'AWSEvents'),
    needs(operation, { Entries = [] }) {
      if (operation !== 'PutEvents') throw notHere('events', operation);
      const names = new Set((Entries as Entry[]).map(({ EventBusName }) => busName(EventBusName)));
      return [...names].map((name) => ({
        action: 'events:PutEvents',
        resource: buses.get(name) ?? `arn:aws:events:${region}:${account}:event-bus/${name}`,
      }));
    },
    async answer({ input }) {
      const results = ((input.Entries ?? []) as Entry[]).map(put);
      return jsonReply(
        { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results },
        '1.1',
      );
    },
  };
}

function faultOf(
  entry: Entry,
  buses: ReadonlyMap<string, string>,
): { ErrorCode: string; ErrorMessage: string } | undefined {
  const fault = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name])
      return fault('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  const bytes = Buffer.byteLength(`${entry.Source}${entry.DetailType}${entry.Detail}`);
  if (bytes > maxBytes)
    return fault('InvalidArgument', `Total size of the entry is over the limit of ${maxBytes} bytes.`);
  const bus = busName(entry.EventBusName);
  if (!buses.has(bus)) return fault('ResourceNotFoundException', `Event bus ${bus} does not exist.`);
  try {
    const detail: unknown = JSON.parse(entry.Detail ?? '');
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return undefined;
  } catch {
    // Said below.
  }
  return fault('MalformedDetail', 'Detail is malformed.');
}

/** Sends to the target's queue or, when that is refused, to its dead letters under the same rights. */
function sendOrPark(rule: string, target: Target, send: (queueArn: string) => void): Undelivered | undefined {
  try {
    send(target.arn);
    return undefined;
  } catch (because) {
    const undelivered = { rule, queueArn: target.arn, because: because as Error };
    if (target.deadLetterArn === undefined) return { ...undelivered, parked: false };
    try {
      send(target.deadLetterArn);
      return { ...undelivered, parked: true };
    } catch {
      return { ...undelivered, parked: false };
    }
  }
}

const knownTargetProperties = new Set(['Arn', 'Id', 'DeadLetterConfig', 'RetryPolicy', 'SqsParameters']);

function readRule(rule: Resource, assembly: Assembly): Rule[] {
  const { Name, EventBusName, EventPattern, State, Targets } = rule.properties;
  if (State === 'DISABLED') return [];
  try {
    return [
      {
        name: String(Name ?? rule.physicalId),
        arn: rule.arn,
        bus: busName(EventBusName),
        matches: compilePattern(EventPattern),
        targets: ((Targets ?? []) as Record<string, unknown>[]).map((target) => readTarget(target, assembly)),
      },
    ];
  } catch (error) {
    throw unknownIn(rule, (error as Error).message);
  }
}

function readTarget(target: Record<string, unknown>, assembly: Assembly): Target {
  const unknown = Object.keys(target).find((property) => !knownTargetProperties.has(property));
  if (unknown !== undefined) throw new Error(`${unknown} of a target is not known to the local cloud`);
  const arn = String(target.Arn);
  // A function that fails when it is called asynchronously never reaches the rule's dead letters.
  if (assembly.byArn(arn)?.type !== 'AWS::SQS::Queue') throw new Error(`the target ${arn} is no queue of these stacks`);
  return {
    arn,
    groupId: (target.SqsParameters as { MessageGroupId?: string } | undefined)?.MessageGroupId,
    deadLetterArn: (target.DeadLetterConfig as { Arn?: string } | undefined)?.Arn,
  };
}

/** To the second; the SDK sends seconds since the epoch. */
function timeOf(given: Entry['Time'], clock: Clock): string {
  const time = given === undefined ? clock.now() : new Date(typeof given === 'number' ? given * 1000 : given);
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
