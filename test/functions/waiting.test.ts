import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import { call, deliver, startWorld, type World } from './world.ts';

/** Points that wait, over HTTP and through the sweeps. */

let world: World;
let sales: typeof import('../../functions/sales.ts').handler;
let activities: typeof import('../../functions/activities.ts').handler;
let members: typeof import('../../functions/members.ts').handler;
let expire: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld((cafe) => ({
    ...cafe,
    program: {
      ...cafe.program,
      rules: [
        {
          id: 'spend',
          on: 'sale',
          earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' },
          pending: { kind: 'confirmation' },
        },
        {
          id: 'booking',
          on: 'activity',
          when: [{ is: 'activity', activities: ['booking'] }],
          earn: { kind: 'flat', points: 50 },
          multiplied: false,
          pending: { kind: 'confirmation' },
        },
        {
          id: 'visit',
          on: 'activity',
          when: [{ is: 'activity', activities: ['visit'] }],
          earn: { kind: 'flat', points: 5 },
          multiplied: false,
          pending: { kind: 'days', days: 14 },
        },
      ],
      qualify: { keep: 0 },
    },
  }));
  ({ handler: sales } = await import('../../functions/sales.ts'));
  ({ handler: activities } = await import('../../functions/activities.ts'));
  ({ handler: members } = await import('../../functions/members.ts'));
  ({ handler: expire } = await import('../../functions/expire.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(async () => {
  jest.useRealTimers();
  await world.stop();
});

let people = 0;
async function somebody(): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49152${String(10_000_000 + people)}`;
  const { body } = await call(members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  return { id: String(body.memberId), phone };
}
let orders = 0;
async function sold(member: object, total = '40.00'): Promise<string> {
  orders += 1;
  const orderId = `w-${orders}`;
  const said = await call(sales, 'POST /v1/sales', {
    key: world.keys.pos,
    body: { orderId, member, total, currency: 'EUR' },
  });
  expect(said.status).toBe(201);
  return orderId;
}
const say = (word: 'confirm' | 'decline', orderId: string, body: object = {}) =>
  call(sales, `POST /v1/sales/{orderId}/${word}`, { key: world.keys.pos, path: { orderId }, body });

describe('a till says of an order', () => {
  it('yes: its points can be spent, and saying so again says the same', async () => {
    const { id, phone } = await somebody();
    const orderId = await sold({ phone });
    const said = await say('confirm', orderId, { member: { phone } });
    expect(said).toMatchObject({
      status: 201,
      body: {
        entryId: `${id}.4`,
        balance: 40,
        pending: 0,
        held: 0,
        tier: 'guest',
        status: 'activated',
        points: 40,
        unlocked: ['espresso'],
        trace: [{ text: '40 points need wait no longer', points: 40 }],
      },
    });
    expect(await say('confirm', orderId, { member: { phone } })).toEqual({ ...said, status: 200 });
    expect(await say('decline', orderId, { member: { phone } })).toMatchObject({
      status: 409,
      body: { differences: ['the points were activated'] },
    });
  });

  it('no, and why: they are gone', async () => {
    const { phone } = await somebody();
    const orderId = await sold({ phone });
    expect(await say('decline', orderId, { member: { phone }, reason: 'not-collected' })).toMatchObject({
      status: 201,
      body: {
        status: 'declined',
        points: 40,
        balance: 0,
        pending: 0,
        trace: [{ text: '40 points that waited are gone: not-collected' }],
      },
    });
  });

  it('without saying whose it is, once that is known', async () => {
    const { id, phone } = await somebody();
    const orderId = await sold({ phone });
    expect(await say('confirm', orderId)).toMatchObject({ status: 404, body: { type: 'urn:stampbook:unknown-order' } });
    await shop.orders().keepOrder('api', orderId, id);
    expect(await say('confirm', orderId)).toMatchObject({ status: 201, body: { status: 'activated', points: 40 } });
  });

  it.each([
    ['nobody', { member: { card: 'NOBODY1' } }, 404, 'urn:stampbook:unknown-member'],
    ['a reason in many words', { reason: 'He never came!' }, 400, 'urn:stampbook:invalid-request'],
    ['a source that is none', { source: 'phone' }, 400, 'urn:stampbook:invalid-request'],
  ])('of %s is named', async (_, body, status, type) => {
    expect(await say('confirm', 'any', body)).toMatchObject({ status, body: { type } });
  });

  it('of which nothing waits is refused', async () => {
    const { phone } = await somebody();
    expect(await say('confirm', 'never-sold', { member: { phone } })).toMatchObject({
      status: 409,
      body: { because: 'nothing-waits' },
    });
  });

  it('that another source has told of', async () => {
    const { id, phone } = await somebody();
    await shop.ledger().sale(id, {
      type: 'sale',
      factId: 'shopify:order:5',
      source: 'shopify',
      occurredAt: new Date().toISOString(),
      identities: [],
      orderId: '5',
      currency: 'EUR',
      netMinor: 1_000,
      grossMinor: 1_000,
      lines: [],
    });
    expect(await say('confirm', '5', { member: { phone }, source: 'shopify' })).toMatchObject({
      status: 201,
      body: { points: 10 },
    });
  });
});

describe('a till says of a booking', () => {
  it.each([
    ['confirm', { status: 'activated', points: 50, balance: 50 }],
    ['decline', { status: 'declined', points: 50, balance: 0 }],
  ] as const)('%s', async (word, body) => {
    const { phone } = await somebody();
    const booking = { activity: 'booking', member: { phone } };
    const activityId = `b-${word}`;
    await call(activities, 'POST /v1/activities', { key: world.keys.pos, body: { ...booking, activityId } });
    const said = () =>
      call(activities, `POST /v1/activities/{activityId}/${word}`, {
        key: world.keys.pos,
        path: { activityId },
        body: booking,
      });
    const first = await said();
    expect(first).toMatchObject({ status: 201, body });
    expect(await said()).toEqual({ ...first, status: 200 });
  });
});

describe('the sweep of reviews', () => {
  const itIs = (when: string) =>
    jest.useFakeTimers({
      now: new Date(when),
      doNotFake: [
        'nextTick',
        'setImmediate',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
        'queueMicrotask',
        'performance',
        'hrtime',
      ],
    });
  const queued = () => world.sent('sweeps').map(({ body }) => JSON.parse(body) as SweepMessage);
  async function sweep(times = 1): Promise<void> {
    world.forget();
    expect(await deliver(expire, [{ body: { kind: 'sweep', duty: 'reviews' } }])).toEqual([]);
    const messages = queued();
    for (let round = 0; round < times; round += 1)
      expect(
        await deliver(
          expire,
          messages.map((body, index) => ({ body, id: `m${index}` })),
        ),
      ).toEqual([]);
  }
  const account = (memberId: string) => shop.ledger().account(memberId);
  const visited = (memberId: string, activityId: string) =>
    shop.ledger().activity(memberId, {
      type: 'activity',
      factId: activityId,
      source: 'door',
      occurredAt: new Date().toISOString(),
      identities: [],
      activity: 'visit',
      activityId,
    });

  it('sets free what has waited, on its day in the merchant’s town and not before, once', async () => {
    // It is the 11th in Berlin already.
    itIs('2028-05-10T22:30:00Z');
    await visited('waits', 'v1');
    itIs('2028-05-24T21:59:00Z');
    await sweep();
    expect(await account('waits')).toMatchObject({ available: 0, pending: 5 });
    itIs('2028-05-24T22:01:00Z');
    await sweep(2);
    expect(await account('waits')).toMatchObject({ available: 5, pending: 0 });
    expect((await shop.ledger().entries('waits')).map(({ key }) => key)).toEqual([
      'E#door#v1#visit',
      'E#sweep#2028-05-25#activation',
    ]);
  });

  it('takes the tier that is not kept, also after days on which nothing ran', async () => {
    itIs('2028-06-01T10:00:00Z');
    await shop.ledger().grantTier('given', { grantId: 'g', tier: 'patron', through: '2028-06-10', by: 'ada' });
    await sweep();
    expect(await account('given')).toMatchObject({ tier: 'patron' });
    itIs('2028-06-20T10:00:00Z');
    await sweep(2);
    expect(await account('given')).toMatchObject({ tier: 'guest' });
    expect((await shop.ledger().entries('given')).map(({ key }) => key)).toEqual([
      'E#staff#g#tier-granted',
      'E#sweep#2028-06-20#tier-review',
    ]);
  });

  it('lets go what was put aside and what has waited, of one member in one message', async () => {
    itIs('2028-07-01T10:00:00Z');
    await visited('both', 'v2');
    itIs('2028-07-15T10:00:00Z');
    await sweep();
    await shop.ledger().authorize('both', { redemptionId: 'late', points: 5, capture: false });
    await visited('both', 'v3');
    itIs('2028-07-29T10:00:00Z');
    await sweep();
    expect(await account('both')).toMatchObject({ available: 10, held: 0, pending: 0 });
  });
});
