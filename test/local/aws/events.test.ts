import { beforeEach, describe, expect, it } from '@jest/globals';
import { openEvents, type Undelivered } from '../../../lib/local/aws/events.ts';
import type { Service } from '../../../lib/local/aws/protocol.ts';
import { createClock } from '../../../lib/local/clock.ts';
import { AccessDenied, type Roles } from '../../../lib/local/roles.ts';
import { type Resources, smallAssembly } from '../small-assembly.ts';

const queueArn = (name: string) => `arn:aws:sqs:eu-central-1:000000000000:${name}`;
const target = { Id: 'T', Arn: queueArn('sms'), DeadLetterConfig: { Arn: queueArn('sms-parked') } };
const stacks = (rule: Record<string, unknown> = {}): { 'shop-app': { Resources: Resources } } => ({
  'shop-app': {
    Resources: {
      Sms: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'sms' } },
      Parked: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'sms-parked' } },
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'shop' } },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          Name: 'sms',
          EventBusName: 'shop',
          EventPattern: { source: ['stampbook'] },
          Targets: [target],
          ...rule,
        },
      },
    },
  },
});

let sent: string[];
let undelivered: Undelivered[];
let closed: Set<string>;
const open = (rule?: Record<string, unknown>): Service => {
  const checkService: Roles['checkService'] = (_service, _source, { resource }) => {
    if (closed.has(resource)) throw new AccessDenied(`not to ${resource}`);
  };
  return openEvents({
    assembly: smallAssembly(stacks(rule)),
    roles: { checkService } as Roles,
    sqs: { send: (arn, { groupId }) => void sent.push(groupId === undefined ? arn : `${arn} ${groupId}`) },
    clock: createClock(),
    onUndelivered: (what) => void undelivered.push(what),
  });
};
beforeEach(() => {
  sent = [];
  undelivered = [];
  closed = new Set();
});

const entry = { EventBusName: 'shop', Source: 'stampbook', DetailType: 'points.earned', Detail: '{}' };
const put = async (service: Service, ...Entries: object[]) => {
  const signal = new AbortController().signal;
  const reply = await service.answer({
    operation: 'PutEvents',
    input: { Entries },
    body: Buffer.from(''),

    signal,
  });
  return JSON.parse(String(reply.body));
};

describe('the bus', () => {
  it('sends to the queue of a rule that matches', async () => {
    await put(open({ Targets: [{ ...target, SqsParameters: { MessageGroupId: 'g' } }] }), entry, {
      ...entry,
      Source: 'other',
    });
    expect(sent).toEqual([`${queueArn('sms')} g`]);
  });

  it('sends nothing for a rule that is switched off', async () => {
    await put(open({ State: 'DISABLED' }), entry);
    expect(sent).toEqual([]);
  });

  it('parks what the queue does not take, and tells', async () => {
    closed.add(queueArn('sms'));
    expect(await put(open(), entry)).toMatchObject({ FailedEntryCount: 0 });
    expect(sent).toEqual([queueArn('sms-parked')]);
    expect(undelivered).toEqual([
      { rule: 'sms', queueArn: queueArn('sms'), because: expect.any(AccessDenied), parked: true },
    ]);
  });

  it('tells when it is lost', async () => {
    closed.add(queueArn('sms')).add(queueArn('sms-parked'));
    await put(open(), entry);
    expect(undelivered).toMatchObject([{ parked: false }]);
  });

  it.each([
    ['no source', { Source: undefined }, 'InvalidArgument'],
    ['no detail', { Detail: undefined }, 'InvalidArgument'],
    ['a detail that is not JSON', { Detail: '{' }, 'MalformedDetail'],
    ['a detail that is no object', { Detail: '[]' }, 'MalformedDetail'],
    ['too much', { Detail: JSON.stringify({ a: 'a'.repeat(262_144) }) }, 'InvalidArgument'],
    ['an unknown bus', { EventBusName: 'kiosk' }, 'ResourceNotFoundException'],
  ])('refuses an entry with %s, and takes the others', async (_, fault, ErrorCode) => {
    expect(await put(open(), { ...entry, ...fault }, entry)).toEqual({
      FailedEntryCount: 1,
      Entries: [{ ErrorCode, ErrorMessage: expect.any(String) }, { EventId: expect.any(String) }],
    });
    expect(sent).toEqual([queueArn('sms')]);
  });

  it('asks for the right to put on each bus', () => {
    const arn = (bus: string) => `arn:aws:events:eu-central-1:000000000000:event-bus/${bus}`;
    const needs = open().needs('PutEvents', { Entries: [entry, entry, { EventBusName: arn('kiosk') }] });
    expect(needs).toEqual(['shop', 'kiosk'].map((bus) => ({ action: 'events:PutEvents', resource: arn(bus) })));
  });

  it.each([
    ['an unknown operator', { EventPattern: { source: [{ suffix: 'x' }] } }, '{"suffix":"x"}'],
    ['a target that is no queue', { Targets: [{ Id: 'T', Arn: 'arn:aws:lambda:x' }] }, 'arn:aws:lambda:x is no queue'],
    ['an unknown property of a target', { Targets: [{ ...target, InputPath: '$.detail' }] }, 'InputPath'],
  ])('does not start with %s', (_, rule, message) => {
    expect(() => open(rule)).toThrow('Rule (AWS::Events::Rule): ');
    expect(() => open(rule)).toThrow(message);
  });
});
