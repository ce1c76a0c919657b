import type { SQSClient } from '@aws-sdk/client-sqs';
import { QueueDoesNotExist } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aboutOf, openDeadLetters } from '../../bin/dead-letters.ts';
import type { WorkName } from '../../lib/cloud/queue-names.ts';
import { openSqs, type Sqs } from '../../lib/local/aws/sqs.ts';
import { createClock } from '../../lib/local/clock.ts';
import { smallAssembly, temporaryFolder } from '../local/small-assembly.ts';

const queue = (QueueName: string, more = {}) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName, ...more } });
const assembly = smallAssembly({
  'shop-app': {
    Resources: {
      Facts: queue('shop-facts.fifo', { FifoQueue: true }),
      FactsParked: queue('shop-facts-parked.fifo', { FifoQueue: true }),
      Slack: queue('shop-slack-outbound'),
      SlackParked: queue('shop-slack-outbound-parked'),
    },
  },
});
const works: readonly WorkName[] = [
  { work: 'facts', fifo: true },
  { work: 'slack-outbound', connector: 'slack' },
  { work: 'stripe-intake', connector: 'stripe' },
];

const folder = temporaryFolder();
let sqs: Sqs;
beforeEach(() => {
  sqs = openSqs({ assembly, dataDirectory: folder.path, clock: createClock() });
});
afterEach(() => {
  sqs.stop();
  folder.remove();
});

/** The local cloud's own SQS, without the wire. */
const client = {
  async send(command: { constructor: { name: string }; input: Record<string, unknown> }) {
    const operation = command.constructor.name.replace(/Command$/, '');
    try {
      const { body } = await sqs.answer({
        operation,
        input: command.input,
        body: Buffer.from(''),
        signal: new AbortController().signal,
      });
      return JSON.parse(String(body));
    } catch (error) {
      if (!(error as { code?: string }).code?.endsWith('QueueDoesNotExist')) throw error;
      throw new QueueDoesNotExist({ message: 'there is none', $metadata: {} });
    }
  },
};
const letters = () => openDeadLetters({ client: client as unknown as SQSClient, prefix: 'shop', works });
const send = (name: string, MessageBody: string, more = {}) =>
  client.send({
    constructor: { name: 'SendMessageCommand' },
    input: { QueueUrl: `http://127.0.0.1:1/000000000000/${name}`, MessageBody, ...more },
  });
const park = (body: string, reason?: string) =>
  send('shop-slack-outbound-parked', body, {
    ...(reason && { MessageAttributes: { reason: { DataType: 'String', StringValue: reason } } }),
  });
const states = () =>
  Object.fromEntries(
    sqs.states().map(({ name, visible, inFlight }) => [name.replace('shop-', ''), [visible, inFlight]]),
  );

describe('what could not be done', () => {
  it('is counted beside what waits, queue by queue', async () => {
    await park('{}');
    await send('shop-slack-outbound', '{}');
    await send('shop-slack-outbound', '{}', { DelaySeconds: 60 });
    // A worker has it, or waits with it for a vendor that is down.
    await client.send({
      constructor: { name: 'ReceiveMessageCommand' },
      input: { QueueUrl: 'x/shop-slack-outbound', MaxNumberOfMessages: 1 },
    });
    expect(await letters().list()).toEqual([
      { work: 'facts', fifo: true, waiting: 0, parked: 0 },
      { work: 'slack-outbound', connector: 'slack', waiting: 2, parked: 1 },
      { work: 'stripe-intake', connector: 'stripe', waiting: 0, parked: 0, missing: true },
    ]);
  });

  it('is shown with its reason, and stays where it is for the next who looks', async () => {
    const { MessageId } = await park(
      '{"detail":{"type":"points.earned","id":"m_1.7.points.earned"}}',
      'Slack answered 400',
    );
    await park('{"kind":"reconcile"}');
    const once = await letters().show('slack-outbound', 10);
    expect(once.toSorted((a, b) => (a.about < b.about ? -1 : 1))).toEqual([
      {
        id: MessageId,
        parkedAt: expect.stringMatching(/^\d{4}-/),
        about: 'points.earned m_1.7.points.earned',
        reason: 'Slack answered 400',
        body: '{"detail":{"type":"points.earned","id":"m_1.7.points.earned"}}',
      },
      expect.objectContaining({ about: 'reconcile', reason: expect.stringContaining('read the function’s log') }),
    ]);
    expect(await letters().show('shop-slack-outbound-parked', 10)).toHaveLength(2);
    expect(states()).toMatchObject({ 'slack-outbound-parked': [2, 0] });
  });

  it('is sent round again: all of it, and in its order where order matters', async () => {
    for (let at = 0; at < 23; at += 1) await park(`{"at":${at}}`, 'why');
    expect(await letters().redrive('slack-outbound')).toBe(23);
    expect(states()).toMatchObject({ 'slack-outbound-parked': [0, 0], 'slack-outbound': [23, 0] });
    for (const at of ['a', 'b', 'c'])
      await send('shop-facts-parked.fifo', at, { MessageGroupId: 'm_1', MessageDeduplicationId: at });
    expect(await letters().redrive('facts')).toBe(3);
    const { Messages } = await client.send({
      constructor: { name: 'ReceiveMessageCommand' },
      input: { QueueUrl: 'x/shop-facts.fifo', MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] },
    });
    expect(Messages.map((one: { Body: string; Attributes: object }) => [one.Body, one.Attributes])).toMatchObject(
      ['a', 'b', 'c'].map((body) => [body, { MessageGroupId: 'm_1' }]),
    );
  });

  it('in parcels that the queue takes, however large the messages are', async () => {
    for (let at = 0; at < 9; at += 1) await park(`{"at":${at},"body":"${'x'.repeat(200_000)}"}`);
    const sizes: number[] = [];
    const weighing = {
      send(command: Parameters<typeof client.send>[0]) {
        const { Entries = [] } = command.input as { Entries?: { MessageBody?: string }[] };
        sizes.push(Entries.reduce((sum, { MessageBody = '' }) => sum + Buffer.byteLength(MessageBody), 0));
        return client.send(command);
      },
    };
    const weighed = openDeadLetters({ client: weighing as unknown as SQSClient, prefix: 'shop', works });
    expect(await weighed.redrive('slack-outbound')).toBe(9);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
    expect(states()).toMatchObject({ 'slack-outbound-parked': [0, 0], 'slack-outbound': [9, 0] });
  });

  it('or only what is named; the rest stays, and can be looked at at once', async () => {
    await park('{"at":1}');
    const { MessageId } = await park('{"at":2}');
    expect(await letters().redrive('slack-outbound', [MessageId])).toBe(1);
    expect((await letters().show('slack-outbound', 10)).map(({ body }) => body)).toEqual(['{"at":1}']);
    expect(states()).toMatchObject({ 'slack-outbound': [1, 0] });
  });

  it('of a queue that is not there says which there are', async () => {
    await expect(letters().show('slack', 1)).rejects.toThrow(
      'there is no queue slack: there are facts, slack-outbound, stripe-intake',
    );
  });
});

describe('what a message is about', () => {
  it.each([
    ['an event', '{"detail":{"type":"points.earned","id":"m_1.7.points.earned"}}', 'points.earned m_1.7.points.earned'],
    [
      'a message to a member',
      '{"message":{"kind":"birthday","id":"m_1.8.birthday","to":"+49301"}}',
      'birthday m_1.8.birthday',
    ],
    ['a fact', '{"type":"sale","factId":"shopify:order:1:paid"}', 'sale shopify:order:1:paid'],
    ['what a vendor sent', '{"method":"POST","body":"H4sI"}', 'a delivery'],
    ['nothing that we know', '{', 'not JSON'],
    ['null', 'null', 'a delivery'],
  ])('is told of %s', (_, body, about) => {
    expect(aboutOf(body)).toBe(about);
  });
});
