import { type AttributeValue, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let publish: typeof import('../../functions/publish.ts').handler;
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld();
  ({ handler: publish } = await import('../../functions/publish.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());

let written = '';
beforeEach(() => {
  world.forget();
  written = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterAll(() => {
  jest.restoreAllMocks();
});

const at = '2026-03-01T10:00:00.000Z';
const sale = (orderId: string, minor = 1000): SaleFact => ({
  type: 'sale',
  factId: orderId,
  source: 'shopify',
  occurredAt: at,
  identities: [],
  orderId,
  currency: 'EUR',
  netMinor: minor,
  grossMinor: minor,
  lines: [],
});

/** The member's entries as the stream carries them, in their order. */
async function stream(memberId: string): Promise<DynamoDBRecord[]> {
  const { Items = [] } = await world.client.send(
    new QueryCommand({
      TableName: world.tables.entries,
      KeyConditionExpression: 'memberId = :m',
      ExpressionAttributeValues: { ':m': { S: memberId } },
    }),
  );
  return Items.sort((a, b) => Number(a.seq?.N) - Number(b.seq?.N)).map(record);
}
const record = (image: Record<string, AttributeValue>, index = 0): DynamoDBRecord => ({
  eventName: 'INSERT',
  dynamodb: { NewImage: image as never, SequenceNumber: `seq-${index + 1}` },
});
const types = () => world.published().map(({ type }) => type);
const program = async (pk: string) => (await world.rows('program')).filter((row) => row.pk === pk);

describe('an entry', () => {
  it('is told to the bus as events, under ids that stay the same', async () => {
    await shop.ledger().note('m1', { kind: 'enrolled' }, { source: 'api', object: 'self', at });
    await shop.ledger().sale('m1', sale('A-1', 25_000));
    const records = await stream('m1');
    expect(await publish({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(types()).toEqual([
      'member.enrolled',
      'points.earned',
      'reward.unlocked',
      'reward.unlocked',
      'reward.unlocked',
      'tier.changed',
    ]);
    for (const { source, type, detail } of world.published()) {
      expect({ source, type: detail.type }).toEqual({ source: 'stampbook', type });
      expect(LoyaltyEvent.safeParse(detail)).toMatchObject({ success: true });
    }
    const first = world.published();
    world.forget();
    await publish({ Records: records });
    expect(world.published()).toEqual(first);
  });

  it('of a sale or a hold can be found by its number afterwards', async () => {
    await shop.ledger().sale('m2', sale('B#1', 10_000));
    await shop.ledger().authorize('m2', { redemptionId: 'held', points: 10, capture: false });
    await publish({ Records: await stream('m2') });
    expect(await shop.orders().memberOfOrder('shopify', 'B#1')).toBe('m2');
    expect(await shop.orders().memberOfRedemption('held')).toBe('m2');
  });

  it('of a sale sends the refunds on their way that have waited for it', async () => {
    const { forOrder } = await import('../../lib/runtime/waiting-room.ts');
    const refund: RefundFact = {
      type: 'refund',
      factId: 'r',
      source: 'shopify',
      occurredAt: at,
      identities: [],
      refundId: 'r',
      orderId: 'C-1',
      currency: 'EUR',
      extent: { kind: 'everything' },
      reason: 'return',
    };
    await shop.waitingRoom().put(refund, [forOrder('shopify', 'C-1')], 400);
    await shop.ledger().sale('m3', sale('C-1'));
    await publish({ Records: await stream('m3') });
    expect(world.sent('facts.fifo').map(({ body }) => JSON.parse(body))).toEqual([refund]);
    expect(await program('W#order:shopify#C-1')).toEqual([]);
  });

  it('that is not what was hashed is told, and counted', async () => {
    await shop.ledger().sale('m4', sale('D-1'));
    const [image] = (await stream('m4')).map(({ dynamodb }) => dynamodb?.NewImage as Record<string, AttributeValue>);
    await publish({ Records: [record({ ...image, fingerprint: { S: 'forged' } })] });
    expect(written).toContain('"LedgerCheckFailed":1');
    expect(types()).toEqual(['points.earned']);
  });

  it('that was changed or removed by hand is no news', async () => {
    const [one] = await stream('m4');
    await publish({
      Records: [
        { ...one, eventName: 'MODIFY' },
        { ...one, eventName: 'REMOVE' },
      ] as DynamoDBRecord[],
    });
    expect(world.published()).toEqual([]);
  });
});

describe('what is not done comes again, from there on', () => {
  beforeAll(async () => {
    for (let index = 0; index < 14; index += 1) await shop.ledger().sale('m5', sale(`E-${index}`));
  });

  it('when the bus takes nothing', async () => {
    world.fail('PutEvents', 1);
    expect(await publish({ Records: await stream('m5') })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'seq-1' }],
    });
  });

  it('when the bus takes a part: ten events a call, and the first of the second is refused', async () => {
    const records = await stream('m5');
    await publish({ Records: records.slice(0, 9) });
    world.fail('PutEvents', 1, 'entries');
    const { batchItemFailures } = await publish({ Records: records.slice(9) });
    expect(batchItemFailures).toEqual([{ itemIdentifier: 'seq-10' }]);
  });

  it('when a waiting refund cannot be sent on: what came before it is told', async () => {
    const { forOrder } = await import('../../lib/runtime/waiting-room.ts');
    const refund: RefundFact = {
      type: 'refund',
      factId: 'r',
      source: 'shopify',
      occurredAt: at,
      identities: [],
      refundId: 'r',
      orderId: 'E-3',
      currency: 'EUR',
      extent: { kind: 'everything' },
      reason: 'return',
    };
    await shop.waitingRoom().put(refund, [forOrder('shopify', 'E-3')], 400);
    world.fail('SendMessageBatch', 1);
    expect(await publish({ Records: await stream('m5') })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'seq-4' }],
    });
    expect(types().filter((type) => type === 'points.earned')).toHaveLength(3);
    expect(await program('W#order:shopify#E-3')).toHaveLength(1);
  });
});
