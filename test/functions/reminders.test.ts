import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { entryIdOf } from '../../lib/loyalty/entry.ts';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import { context, deliver, startWorld, type World } from './world.ts';

/** From the night's sweep to the bus, and from the channel's word back into the journal. */

let world: World;
let expire: Parameters<typeof deliver>[0];
let accrue: Parameters<typeof deliver>[0];
let publish: typeof import('../../functions/publish.ts').handler;
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld((cafe) => ({
    ...cafe,
    program: {
      ...cafe.program,
      startsOn: '2026-01-01',
      expiry: { kind: 'months', months: 2, until: 'day' },
      expiryReminders: [30, 7, 1],
    },
  }));
  ({ handler: expire } = await import('../../functions/expire.ts'));
  ({ handler: accrue } = await import('../../functions/accrue.ts'));
  ({ handler: publish } = await import('../../functions/publish.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => {
  world.forget();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});
afterAll(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const itIs = (at: string) => {
  const doNotFake = ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const;
  jest.useFakeTimers({ now: new Date(at), doNotFake: [...doNotFake, 'queueMicrotask', 'performance', 'hrtime'] });
};
const sale = (orderId: string, occurredAt: string): SaleFact => ({
  type: 'sale',
  factId: orderId,
  source: 'shopify',
  occurredAt,
  identities: [],
  orderId,
  currency: 'EUR',
  netMinor: 1000,
  grossMinor: 1000,
  lines: [],
});
const queued = () => world.sent('sweeps').map(({ body }) => JSON.parse(body) as SweepMessage);
async function night(day: string): Promise<void> {
  itIs(`${day}T01:30:00Z`);
  world.forget();
  expect(await deliver(expire, [{ body: { kind: 'sweep', duty: 'points' } }])).toEqual([]);
  const messages = queued().map((body, index) => ({ body, id: `m${index}` }));
  world.forget();
  if (messages.length > 0) expect(await deliver(expire, messages)).toEqual([]);
}
const kinds = async (memberId: string) => (await shop.ledger().entries(memberId)).map(({ detail }) => detail.kind);
const word = async (memberId: string, outcome: 'sent' | 'impossible') => {
  const entry = (await shop.ledger().entries(memberId)).findLast(({ detail }) => detail.kind === 'reminded');
  const body = {
    type: 'reminder',
    factId: `reminder:${memberId}`,
    source: 'twilio-sms',
    occurredAt: new Date().toISOString(),
    identities: [{ type: 'member', value: memberId }],
    memberId,
    entryId: entry ? entryIdOf(entry) : '',
    outcome,
    ...(outcome === 'impossible' && { because: 'no consent to sms' }),
  };
  return deliver(accrue, [{ body, group: memberId }]);
};

describe('points that are about to expire', () => {
  it('are told of on the bus, of the channels that write to members, and lapse once one of them has', async () => {
    itIs('2026-03-01T11:00:00Z');
    for (const member of ['told', 'untold', 'unreachable'])
      await shop.ledger().sale(member, sale(`${member}-1`, '2026-03-01T10:00:00Z'));
    await night('2026-04-01');
    await night('2026-04-24');
    await night('2026-04-30');
    // Nobody has said anything twice, and the queue brings things twice.
    await night('2026-04-30');
    expect(await kinds('told')).toEqual(['sale', 'reminded', 'reminded', 'reminded']);
    const [, , , asked] = await shop.ledger().entries('told');
    expect(asked?.detail).toEqual({
      kind: 'reminded',
      points: 10,
      on: '2026-05-01',
      through: '2026-05-01',
      daysBefore: 1,
      last: true,
      asked: ['twilio-sms'],
    });
    // What the stream carries is what the bus is told.
    world.forget();
    const images = (await world.images('entries')).filter(({ memberId }) => memberId?.S === 'told');
    const Records = images.map((NewImage) => ({ eventName: 'INSERT', dynamodb: { NewImage, SequenceNumber: '1' } }));
    await publish(
      { Records } as {
        Records: { dynamodb: { NewImage: Record<string, AttributeValue> } }[];
      } as unknown as DynamoDBStreamEvent,
      context,
    );
    expect(world.published().filter(({ type }) => type === 'points.expiring')).toHaveLength(3);
    expect(world.published().filter(({ detail }) => (detail.data as { last?: boolean }).last)).toMatchObject([
      {
        detail: { id: `${asked && entryIdOf(asked)}.points.expiring`, data: { points: 10, daysBefore: 1, last: true } },
      },
    ]);

    expect(await word('told', 'sent')).toEqual([]);
    expect(await word('told', 'sent')).toEqual([]);
    expect(await word('unreachable', 'impossible')).toEqual([]);
    await night('2026-05-02');
    expect((await kinds('told')).slice(4)).toEqual(['reminder-told', 'expired']);
    expect((await kinds('unreachable')).slice(4)).toEqual(['reminder-told', 'expired']);
    expect(await kinds('untold')).toEqual(['sale', 'reminded', 'reminded', 'reminded', 'reminded']);
    expect(await shop.ledger().account('untold')).toMatchObject({ available: 10, buckets: { '2026-05-03': 10 } });
  });

  it('whose word comes for a reminder that nobody knows is not parked', async () => {
    expect(await word('told', 'sent')).toEqual([]);
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });
});
