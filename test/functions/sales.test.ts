import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, type Said, startWorld, type World } from './world.ts';

let world: World;
let sales: typeof import('../../functions/sales.ts').handler;
let members: typeof import('../../functions/members.ts').handler;
let redemptions: typeof import('../../functions/redemptions.ts').handler;

beforeAll(async () => {
  world = await startWorld();
  ({ handler: sales } = await import('../../functions/sales.ts'));
  ({ handler: members } = await import('../../functions/members.ts'));
  ({ handler: redemptions } = await import('../../functions/redemptions.ts'));
}, 60_000);
afterAll(() => world.stop());

let people = 0;
/** Somebody new, with a phone. */
async function somebody(): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49151${String(10_000_000 + people)}`;
  const { body } = await call(members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  return { id: String(body.memberId), phone };
}

let orders = 0;
const newOrder = () => {
  orders += 1;
  return `order-${orders}`;
};
const sell = (body: object, key = world.keys.pos) => call(sales, 'POST /v1/sales', { key, body });
const refund = (orderId: string, body: object, key = world.keys.pos) =>
  call(sales, 'POST /v1/sales/{orderId}/refunds', { key, path: { orderId }, body });
const paths = ({ body }: Said) => (body.errors as { path: string }[]).map(({ path }) => path);

describe('a sale at the till', () => {
  it('earns points, and answers with the new balance and why', async () => {
    const { id, phone } = await somebody();
    const said = await sell({ orderId: newOrder(), member: { phone }, total: '12.90', currency: 'EUR' });
    expect(said.status).toBe(201);
    expect(said.body).toEqual({
      entryId: `${id}.3`,
      earned: 12,
      balance: 12,
      pending: 0,
      held: 0,
      tier: 'guest',
      unlocked: [],
      trace: [{ text: 'spend: 12 points for 12.90 EUR', points: 12, rule: 'spend' }],
    });
  });

  it('is found by phone, however it is written, by e-mail, by card and by our own id', async () => {
    const { id } = await somebody();
    const patch = { email: `${id}@Example.org`, card: '4711-0815-a' };
    await call(members, 'PATCH /v1/members/{id}', { key: world.keys.staff, path: { id }, body: patch });
    const { body } = await call(members, 'GET /v1/members/{id}', { key: world.keys.pos, path: { id } });
    const { value } = (body.identities as { type: string; value: string }[])[0] ?? { value: '' };
    const spoken = `${value.slice(0, 3)} (0)${value.slice(3, 6)} - ${value.slice(6, 9)} ${value.slice(9)}`;
    for (const member of [
      { phone: spoken },
      { email: `${id.toUpperCase()}@example.ORG` },
      { card: '4711 0815 A' },
      { id },
    ]) {
      expect(await sell({ orderId: newOrder(), member, total: '1.00', currency: 'EUR' })).toMatchObject({
        status: 201,
        body: { earned: 1 },
      });
    }
  });

  it('says the same when it is told again, whatever happened since', async () => {
    const { phone } = await somebody();
    const sale = { orderId: newOrder(), member: { phone }, total: '10.00', currency: 'EUR' };
    const first = await sell(sale);
    await sell({ ...sale, orderId: newOrder() });
    const again = await sell(sale);
    expect(again).toEqual({ ...first, status: 200 });
  });

  it('is a conflict under the same order with other content, and says what differs', async () => {
    const { phone } = await somebody();
    const sale = { orderId: newOrder(), member: { phone }, total: '10.00', currency: 'EUR' };
    await sell(sale);
    const said = await sell({ ...sale, total: '10.01' });
    expect(said).toMatchObject({ status: 409, body: { type: 'urn:stampbook:conflict', status: 409 } });
    expect(JSON.stringify(said.body.differences)).toMatch(/gross|total|10\.01/i);
  });

  it.each([
    ['phone', { phone: '+4915199999999' }],
    ['e-mail', { email: 'nobody@example.org' }],
    ['card', { card: '999999' }],
    ['id', { id: 'm_nobody' }],
    ['shopify', { source: 'shopify', id: '47110815' }],
  ])('for nobody we know by %s is refused, naming the kind and not the value', async (type, member) => {
    const said = await sell({ orderId: newOrder(), member, total: '10.00', currency: 'EUR' });
    expect(said).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-member', detail: expect.stringContaining(type) },
    });
    expect(JSON.stringify(said.body)).not.toContain(Object.values(member).at(-1));
  });

  it('captures the redemption that paid for part of it', async () => {
    const { id, phone } = await somebody();
    await sell({ orderId: newOrder(), member: { phone }, total: '100.00', currency: 'EUR' });
    const redemption = { redemptionId: `paid-${id}`, member: { phone }, points: 40, capture: false };
    await call(redemptions, 'POST /v1/redemptions', { key: world.keys.pos, body: redemption });
    const sale = {
      orderId: newOrder(),
      member: { phone },
      total: '20.00',
      currency: 'EUR',
      redemptionId: redemption.redemptionId,
    };
    expect(await sell(sale)).toMatchObject({
      status: 201,
      body: { earned: 20, held: 0, balance: 80, spent: { points: 40 } },
    });
  });

  it('may be quoted first, and nothing is booked', async () => {
    const { id, phone } = await somebody();
    const quote = await call(sales, 'POST /v1/sales/quote', {
      key: world.keys.pos,
      body: { member: { phone }, total: '42.00', currency: 'EUR' },
    });
    expect(quote).toMatchObject({ status: 200, body: { earned: 42, balance: 42, unlocked: ['espresso'] } });
    expect(quote.body).not.toHaveProperty('entryId');
    expect((await call(members, 'GET /v1/members/{id}', { key: world.keys.pos, path: { id } })).body.balance).toBe(0);
  });

  it('in a currency of another program is kept, without points', async () => {
    const { phone } = await somebody();
    const said = await sell({ orderId: newOrder(), member: { phone }, total: '1000', currency: 'JPY' });
    expect(said).toMatchObject({ status: 201, body: { earned: 0 } });
  });
});

describe('a sale that cannot be', () => {
  const good = { orderId: 'never', member: { phone: '+4915100000000' }, total: '10.00', currency: 'EUR' };

  it.each<[string, object, string[]]>([
    ['nothing', {}, ['orderId', 'member', 'total', 'currency']],
    ['a negative amount', { ...good, total: '-1.00' }, ['total']],
    ['a fraction of a cent', { ...good, total: '1.001' }, ['total']],
    ['an amount that is a number', { ...good, total: 10 }, ['total']],
    ['a comma', { ...good, total: '10,00' }, ['total']],
    ['cents of a currency that has none', { ...good, total: '10.50', currency: 'JPY' }, ['total']],
    ['an unknown currency', { ...good, currency: 'EURO' }, ['currency']],
    ['too much', { ...good, total: '99999999999.00' }, ['total']],
    ['a net that is more than the total', { ...good, net: '11.00' }, ['net']],
    ['a field that is not ours', { ...good, tip: '1.00' }, ['tip']],
    ['a day that is no day', { ...good, occurredAt: '2026-02-30T10:00:00Z' }, ['occurredAt']],
    ['no time zone', { ...good, occurredAt: '2026-02-20T10:00:00' }, ['occurredAt']],
    ['a time long ago', { ...good, occurredAt: new Date(Date.now() - 401 * 86_400_000).toISOString() }, ['occurredAt']],
    ['a time to come', { ...good, occurredAt: new Date(Date.now() + 6 * 60_000).toISOString() }, ['occurredAt']],
    ['nobody', { ...good, member: {} }, ['member']],
    ['two people', { ...good, member: { phone: '+4915100000000', card: '123' } }, ['member']],
    ['a phone without a country', { ...good, member: { phone: '0151 00000000' } }, ['member.phone']],
    ['a source that is a word of ours', { ...good, member: { source: 'phone', id: '1' } }, ['member.source']],
    ['lines that do not add up', { ...good, lines: [{ total: '9.99' }] }, ['total']],
    [
      'two lines of one id',
      {
        ...good,
        lines: [
          { id: 'a', total: '5.00' },
          { id: 'a', total: '5.00' },
        ],
      },
      ['lines.1.id'],
    ],
    ['half an item of nothing', { ...good, lines: [{ total: '10.00', quantity: 0 }] }, ['lines.0.quantity']],
    ['an id with a line break', { ...good, orderId: 'a\nb' }, ['orderId']],
    [
      'many faults at once',
      {
        orderId: '',
        member: { email: 'x' },
        total: '1.234',
        currency: 'EUR',
        lines: [{ total: 1 }, { total: '1.2.3' }, { total: '0.001', color: 'red' }],
        when: 1,
      },
      ['orderId', 'member.email', 'lines.0.total', 'lines.1.total', 'lines.2.color', 'when', 'lines.2.total', 'total'],
    ],
  ])('%s: every faulty field is named', async (_, body, expected) => {
    const said = await sell(body);
    expect(said).toMatchObject({ status: 400, body: { type: 'urn:stampbook:invalid-request' } });
    expect(said.headers['content-type']).toBe('application/problem+json');
    expect(paths(said)).toEqual(expected);
    for (const { message } of said.body.errors as { message: string }[])
      expect(message).toMatch(/[:;] (send|use|write|remove|give|net is|it has)/);
  });

  it.each([
    ['no JSON', '{"orderId":'],
    ['a list', '[]'],
    ['a text', '"sale"'],
    ['null', 'null'],
  ])('%s', async (_, raw) => {
    const said = await call(sales, 'POST /v1/sales', { key: world.keys.pos, raw });
    expect(said).toMatchObject({ status: 400 });
    expect(paths(said)).toEqual(['(body)']);
  });
});

describe('a refund', () => {
  it('takes back what the goods had earned, for whoever is named', async () => {
    const { phone } = await somebody();
    const orderId = newOrder();
    await sell({ orderId, member: { phone }, total: '50.00', currency: 'EUR' });
    const first = await refund(orderId, { refundId: 'r1', member: { phone }, total: '20.00', currency: 'EUR' });
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'booked', reversed: 20, returned: 0, balance: 30, flags: [] },
    });
    expect(await refund(orderId, { refundId: 'r1', member: { phone }, total: '20.00', currency: 'EUR' })).toEqual({
      ...first,
      status: 200,
    });
    expect(await refund(orderId, { refundId: 'r1', member: { phone }, total: '21.00', currency: 'EUR' })).toMatchObject(
      { status: 409 },
    );
    expect(
      await refund(orderId, { refundId: 'r2', member: { phone }, everything: true, currency: 'EUR' }),
    ).toMatchObject({ status: 201, body: { reversed: 30, balance: 0 } });
  });

  it('of an order that nobody has told us of waits for it', async () => {
    const orderId = newOrder();
    const said = await refund(orderId, { refundId: 'r1', total: '20.00', currency: 'EUR' });
    expect(said).toMatchObject({ status: 202, body: { status: 'waiting' } });
    expect(await refund(orderId, { refundId: 'r1', total: '20.00', currency: 'EUR' })).toEqual(said);
    const waiting = (await world.rows('program')).filter(({ pk }) => pk === `W#order:api#${orderId}`);
    expect(waiting).toHaveLength(1);
  });

  it('that comes before its order, for a member who is named, is settled with it', async () => {
    const { phone } = await somebody();
    const orderId = newOrder();
    expect(await refund(orderId, { refundId: 'r1', member: { phone }, total: '20.00', currency: 'EUR' })).toMatchObject(
      { status: 202, body: { status: 'waiting', reversed: 0 } },
    );
    expect(await sell({ orderId, member: { phone }, total: '50.00', currency: 'EUR' })).toMatchObject({
      status: 201,
      body: { earned: 30 },
    });
  });

  it.each<[string, object, string[]]>([
    ['of nothing', { refundId: 'r', currency: 'EUR' }, ['total']],
    [
      'of everything and something',
      { refundId: 'r', currency: 'EUR', everything: true, total: '1.00' },
      ['everything'],
    ],
    [
      'of lines and another sum',
      { refundId: 'r', currency: 'EUR', total: '1.00', lines: [{ id: 'a', total: '2.00' }] },
      ['total'],
    ],
    ['for a reason of their own', { refundId: 'r', currency: 'EUR', total: '1.00', reason: 'mood' }, ['reason']],
  ])('%s is named', async (_, body, expected) => {
    const said = await refund('any', body);
    expect(said.status).toBe(400);
    expect(paths(said)).toEqual(expected);
  });
});
