import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openSqs, type Sqs } from '../../../lib/local/aws/sqs.ts';
import { type Clock, createClock } from '../../../lib/local/clock.ts';
import { smallAssembly, temporaryFolder } from '../small-assembly.ts';

const queue = (properties: Record<string, unknown>) => ({ Type: 'AWS::SQS::Queue', Properties: properties });
const deadLetter = (name: string, maxReceiveCount: number) => ({
  deadLetterTargetArn: `arn:aws:sqs:eu-central-1:000000000000:${name}`,
  maxReceiveCount,
});
const assembly = smallAssembly({
  'shop-app': {
    Resources: {
      Plain: queue({ QueueName: 'plain', VisibilityTimeout: 60, RedrivePolicy: deadLetter('parked', 2) }),
      Parked: queue({ QueueName: 'parked' }),
      Facts: queue({
        QueueName: 'facts.fifo',
        FifoQueue: true,
        DeduplicationScope: 'messageGroup',
        RedrivePolicy: deadLetter('facts-parked.fifo', 1),
      }),
      FactsParked: queue({ QueueName: 'facts-parked.fifo', FifoQueue: true }),
    },
  },
});

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Record<string, string>;
  readonly MessageAttributes?: Record<string, unknown>;
}

const folder = temporaryFolder();
let clock: Clock;
let sqs: Sqs;

const open = () => openSqs({ assembly, dataDirectory: folder.path, clock });
beforeEach(() => {
  clock = createClock();
  sqs = open();
});
afterEach(() => {
  sqs.stop();
  folder.remove();
});

const call = async (operation: string, input: Record<string, unknown>, signal = new AbortController().signal) => {
  const reply = await sqs.answer({ operation, input, body: Buffer.from(''), signal });
  return JSON.parse(String(reply.body));
};
const url = (name: string) => `http://127.0.0.1:1/000000000000/${name}`;
const send = (name: string, MessageBody: string, more = {}) =>
  call('SendMessage', { QueueUrl: url(name), MessageBody, ...more });
const fact = (body: string, group: string, id = body) =>
  send('facts.fifo', body, { MessageGroupId: group, MessageDeduplicationId: id });
const receive = async (name: string, more = {}): Promise<Received[]> =>
  (await call('ReceiveMessage', { QueueUrl: url(name), MaxNumberOfMessages: 10, ...more })).Messages ?? [];
const bodies = async (name: string, more = {}) => (await receive(name, more)).map(({ Body }) => Body);
const remove = (name: string, { ReceiptHandle }: Received) =>
  call('DeleteMessage', { QueueUrl: url(name), ReceiptHandle });
const hide = (name: string, { ReceiptHandle }: Received, VisibilityTimeout: number) =>
  call('ChangeMessageVisibility', { QueueUrl: url(name), ReceiptHandle, VisibilityTimeout });
const state = (name: string) => sqs.states().find((one) => one.name === name);
const first = async (name: string): Promise<Received> => {
  const [message] = await receive(name, { MaxNumberOfMessages: 1 });
  if (message === undefined) throw new Error(`${name} is empty`);
  return message;
};

describe('a queue', () => {
  it('gives a message to one receiver at a time, until it is deleted', async () => {
    await send('plain', 'a');
    const message = await first('plain');
    expect(await receive('plain')).toEqual([]);
    expect(state('plain')).toMatchObject({ visible: 0, inFlight: 1 });
    await remove('plain', message);
    clock.advance('PT1H');
    expect(await receive('plain')).toEqual([]);
    expect(state('plain')).toMatchObject({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('gives it again when its time is up on the local cloud’s clock', async () => {
    await send('plain', 'a');
    await first('plain');
    clock.advance('PT59S');
    expect(await receive('plain')).toEqual([]);
    clock.advance('PT2S');
    expect(await bodies('plain')).toEqual(['a']);
  });

  it('gives it again at once, or later, as the receiver asks', async () => {
    await send('plain', 'a');
    await hide('plain', await first('plain'), 0);
    await hide('plain', await first('plain'), 900);
    clock.advance('PT14M');
    expect(await receive('plain')).toEqual([]);
    clock.advance('PT2M');
    expect(await receive('parked')).toEqual([]);
    expect(await receive('plain')).toEqual([]);
    expect(await bodies('parked')).toEqual(['a']);
  });

  it('holds back a delayed message', async () => {
    await send('plain', 'a', { DelaySeconds: 300 });
    expect(state('plain')).toMatchObject({ visible: 0, delayed: 1 });
    clock.advance('PT6M');
    expect(await bodies('plain')).toEqual(['a']);
  });

  it('wakes a receiver that waits', async () => {
    const waiting = bodies('plain', { WaitTimeSeconds: 20 });
    await send('plain', 'a');
    expect(await waiting).toEqual(['a']);
  });

  it('wakes it too when the clock moves a delay away', async () => {
    await send('plain', 'a', { DelaySeconds: 300 });
    const waiting = bodies('plain', { WaitTimeSeconds: 20 });
    clock.advance('PT5M');
    expect(await waiting).toEqual(['a']);
  });

  it('gives nothing to a receiver that has gone', async () => {
    const gone = new AbortController();
    const waiting = call('ReceiveMessage', { QueueUrl: url('plain'), WaitTimeSeconds: 20 }, gone.signal);
    gone.abort();
    expect(await waiting).toEqual({});
    await send('plain', 'a');
    expect(state('plain')).toMatchObject({ visible: 1 });
  });

  it('keeps what it holds over a restart, and frees what nobody holds any more', async () => {
    await send('plain', 'held');
    await first('plain');
    await send('plain', 'new');
    await send('plain', 'later', { DelaySeconds: 600 });
    sqs.stop();
    sqs = open();
    expect(await bodies('plain')).toEqual(['held', 'new']);
    expect(state('plain')).toMatchObject({ delayed: 1 });
  });

  it('hides nothing for long when the clock is set back, at once or by a restart', async () => {
    const real = clock.now();
    clock.advance('P400D');
    await send('plain', 'a', { DelaySeconds: 60 });
    await send('parked', 'b', { DelaySeconds: 60 });
    clock.set(real);
    clock.advance('PT61S');
    expect(await bodies('plain')).toEqual(['a']);
    sqs.stop();
    clock = createClock();
    sqs = open();
    clock.advance('PT61S');
    expect(await bodies('parked')).toEqual(['b']);
  });

  it('says with a message what is asked for', async () => {
    const attributes = { colour: { DataType: 'String', StringValue: 'red' } };
    const sent = await send('plain', 'a', { MessageAttributes: attributes });
    const [message] = await receive('plain', { AttributeNames: ['All'], MessageAttributeNames: ['col.*', 'colour'] });
    expect(message).toEqual({
      MessageId: sent.MessageId,
      ReceiptHandle: expect.any(String),
      Body: 'a',
      MD5OfBody: '0cc175b9c0f1b6a831c399e269772661',
      Attributes: {
        SenderId: '000000000000',
        SentTimestamp: expect.any(String),
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: expect.any(String),
      },
      MessageAttributes: attributes,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
    });
  });

  it('takes a batch, and answers for each entry', async () => {
    const Entries = [
      { Id: 'one', MessageBody: 'a' },
      { Id: 'two', MessageBody: '' },
    ];
    expect(await call('SendMessageBatch', { QueueUrl: url('plain'), Entries })).toEqual({
      Successful: [{ Id: 'one', MessageId: expect.any(String), MD5OfMessageBody: expect.any(String) }],
      Failed: [{ Id: 'two', SenderFault: true, Code: 'MissingParameter', Message: expect.any(String) }],
    });
    const messages = (await receive('plain')).map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    expect(await call('DeleteMessageBatch', { QueueUrl: url('plain'), Entries: messages })).toEqual({
      Successful: [{ Id: '0' }],
    });
    expect(state('plain')).toMatchObject({ visible: 0, inFlight: 0 });
  });

  it.each([
    ['no such queue', () => send('nowhere', 'a'), 'does not exist'],
    ['no body', () => send('plain', ''), 'MessageBody'],
    ['a body with characters that XML cannot hold', () => send('plain', 'a\u0000'), 'Invalid characters'],
    ['too much', () => send('plain', 'a'.repeat(1_048_577)), 'shorter than 1048576 bytes'],
    ['too long a delay', () => send('plain', 'a', { DelaySeconds: 901 }), 'DelaySeconds'],
    [
      'a receipt it never gave',
      () => call('DeleteMessage', { QueueUrl: url('plain'), ReceiptHandle: 'x' }),
      'receipt handle',
    ],
    [
      'eleven entries',
      () =>
        call('SendMessageBatch', { QueueUrl: url('plain'), Entries: Array.from({ length: 11 }, (_, Id) => ({ Id })) }),
      '10',
    ],
    ['a FIFO message without a group', () => send('facts.fifo', 'a'), 'MessageGroupId'],
    [
      'a FIFO message without deduplication',
      () => send('facts.fifo', 'a', { MessageGroupId: 'g' }),
      'ContentBasedDeduplication',
    ],
    [
      'a FIFO message with a delay of its own',
      () => send('facts.fifo', 'a', { MessageGroupId: 'g', DelaySeconds: 1 }),
      'DelaySeconds',
    ],
  ])('refuses %s', async (_, refused, message) => {
    await expect(refused()).rejects.toThrow(message);
  });
});

describe('a dead-letter queue', () => {
  it('gets what was received too often, and gives it back fresh', async () => {
    await send('plain', 'a');
    for (let round = 0; round < 2; round += 1) await hide('plain', await first('plain'), 0);
    expect(await receive('plain')).toEqual([]);
    expect(state('parked')).toMatchObject({ visible: 1, deadLetterOf: 'plain' });
    const [parked] = await receive('parked', { AttributeNames: ['All'], VisibilityTimeout: 0 });
    expect(parked?.Attributes?.DeadLetterQueueSourceArn).toBe('arn:aws:sqs:eu-central-1:000000000000:plain');

    expect(sqs.redrive('parked')).toBe(1);
    expect(state('parked')).toMatchObject({ visible: 0 });
    const [again] = await receive('plain', { AttributeNames: ['ApproximateReceiveCount'] });
    expect(again).toMatchObject({ Body: 'a', Attributes: { ApproximateReceiveCount: '1' } });
  });

  it('gives back what was sent to it directly', async () => {
    await send('parked', 'a');
    await call('StartMessageMoveTask', { SourceArn: 'arn:aws:sqs:eu-central-1:000000000000:parked' });
    expect(await bodies('plain')).toEqual(['a']);
  });

  it('of no queue has nowhere to give to', () => {
    expect(() => sqs.redrive('plain')).toThrow('plain is the dead-letter queue of no other queue');
  });
});

describe('a FIFO queue', () => {
  it('keeps a group in order and lets one receiver at it', async () => {
    for (const body of ['a1', 'a2', 'a3']) await fact(body, 'a');
    await fact('b1', 'b');
    const [a1] = await receive('facts.fifo', { MaxNumberOfMessages: 1 });
    expect(a1?.Body).toBe('a1');
    expect(await bodies('facts.fifo')).toEqual(['b1']);
    if (a1) await remove('facts.fifo', a1);
    expect(await bodies('facts.fifo')).toEqual(['a2', 'a3']);
  });

  it('wakes a receiver when the group is free again', async () => {
    await fact('a1', 'a');
    const a1 = await first('facts.fifo');
    await fact('a2', 'a');
    const waiting = bodies('facts.fifo', { WaitTimeSeconds: 20 });
    await remove('facts.fifo', a1);
    expect(await waiting).toEqual(['a2']);
  });

  it('takes a message once within five minutes, in each group', async () => {
    const [one, same, other] = [await fact('a', 'g', 'id'), await fact('b', 'g', 'id'), await fact('c', 'h', 'id')];
    expect(same).toMatchObject({ MessageId: one.MessageId, SequenceNumber: one.SequenceNumber });
    expect(other.MessageId).not.toBe(one.MessageId);
    expect(await bodies('facts.fifo')).toEqual(['a', 'c']);
    clock.advance('PT5M');
    const again = await fact('b', 'g', 'id');
    expect(again.MessageId).not.toBe(one.MessageId);
    clock.advance('-P1D');
    expect((await fact('b', 'g', 'id')).MessageId).not.toBe(again.MessageId);
  });

  it('refuses to delete what may be with another by now', async () => {
    await fact('a', 'g');
    const late = await first('facts.fifo');
    clock.advance('PT1M');
    await expect(remove('facts.fifo', late)).rejects.toThrow('expired');
  });

  it('parks a message and goes on with the next of its group', async () => {
    await fact('a1', 'a');
    await fact('a2', 'a');
    const a1 = await first('facts.fifo');
    await hide('facts.fifo', a1, 0);
    expect(await bodies('facts.fifo')).toEqual(['a2']);
    expect(await bodies('facts-parked.fifo')).toEqual(['a1']);
  });
});

describe('what a caller must be allowed to do', () => {
  it.each([
    ['SendMessageBatch', { QueueUrl: url('plain') }, 'sqs:SendMessage', 'plain'],
    ['DeleteMessageBatch', { QueueUrl: url('facts.fifo') }, 'sqs:DeleteMessage', 'facts.fifo'],
    ['GetQueueUrl', { QueueName: 'plain' }, 'sqs:GetQueueUrl', 'plain'],
  ])('for %s', (operation, input, action, name) => {
    expect(sqs.needs(operation, input)).toEqual([
      { action, resource: `arn:aws:sqs:eu-central-1:000000000000:${name}` },
    ]);
  });
  it('is unknown for what is not known', () => {
    expect(() => sqs.needs('AddPermission', {})).toThrow('sqs AddPermission is not known to the local cloud');
  });
});
