import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openMembers } from '../../lib/runtime/members.ts';
import { call, type Said, startWorld, type World } from './world.ts';

let world: World;
let sales: typeof import('../../functions/sales.ts').handler;
let staff: typeof import('../../functions/staff.ts').handler;
let phone: string;

beforeAll(async () => {
  world = await startWorld((merchant) => ({
    ...merchant,
    program: {
      ...merchant.program,
      rules: [
        {
          id: 'list',
          on: 'sale',
          when: [{ is: 'tag-not-in', tags: ['clearance'] }],
          earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'net', discounts: 'before' },
        },
        { id: 'beans', on: 'sale', when: [{ is: 'tag-in', tags: ['beans'] }], earn: { kind: 'per-item', points: 4 } },
        {
          id: 'regulars',
          on: 'sale',
          when: [{ is: 'member-tag-in', tags: ['regular'] }],
          earn: { kind: 'flat', points: 100 },
          budgetPoints: 150,
          multiplied: false,
        },
      ],
    },
  }));
  ({ handler: sales } = await import('../../functions/sales.ts'));
  ({ handler: staff } = await import('../../functions/staff.ts'));
  const { handler: members } = await import('../../functions/members.ts');
  phone = '+4915110000001';
  await call(members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
}, 60_000);
afterAll(() => world.stop());

const sell = (orderId: string, lines: readonly object[], total: string) =>
  call(sales, 'POST /v1/sales', {
    key: world.keys.pos,
    body: { orderId, member: { phone }, currency: 'EUR', total, lines },
  });
const traceOf = ({ body }: Said) => (body.trace as { text: string }[]).map(({ text }) => text);

/** Ten per cent off the first, of which there are three; the second is on its way out. */
const beans = {
  id: 'a',
  tags: ['beans'],
  quantity: 3,
  total: '32.10',
  net: '30.00',
  listTotal: '35.67',
  listNet: '33.33',
};
const mug = { id: 'b', tags: ['clearance'], total: '11.90', net: '10.00' };

describe('a basket', () => {
  it('earns by the prices before discounts, by pieces and by tags', async () => {
    const said = await sell('o1', [beans, mug], '44.00');
    expect([said.status, traceOf(said)]).toEqual([201, ['list: 33 points for 33.33 EUR', 'beans: 12 points']]);
  });

  it('gives pieces back by their number, and list prices by the money', async () => {
    await sell('o2', [beans, mug], '44.00');
    const body = {
      orderId: 'o2',
      refundId: 'r',
      currency: 'EUR',
      lines: [{ id: 'a', total: '10.70', net: '10.00', quantity: 1 }],
    };
    const said = await call(sales, 'POST /v1/sales/{orderId}/refunds', {
      key: world.keys.pos,
      path: { orderId: 'o2' },
      body: { ...body, member: { phone } },
    });
    // Kept are two pieces, and two thirds of 33.33: 22 and 8 of 33 and 12.
    expect(said).toMatchObject({ status: 201, body: { reversed: 15 } });
  });

  it('is the same when it is told again, and another one with another tag', async () => {
    const first = await sell('o3', [beans, mug], '44.00');
    const [again, other] = [
      await sell('o3', [beans, mug], '44.00'),
      await sell('o3', [{ ...beans, tags: ['tea'] }, mug], '44.00'),
    ];
    expect([again, other.status, other.body.differences]).toEqual([{ ...first, status: 200 }, 409, ['lines differ']]);
  });

  it.each<[string, object, string[]]>([
    ['a list price below the price', { total: '10.00', listTotal: '9.00' }, ['lines.0.listTotal']],
    ['a list price without tax alone', { total: '10.00', listNet: '11.00' }, ['lines.0.listTotal']],
    [
      'a list price of a line with a net, without its own',
      { total: '10.00', net: '9.00', listTotal: '11.00' },
      ['lines.0.listNet'],
    ],
    [
      'a list price without tax that is more than with it, or less than what was paid',
      { total: '10.00', net: '9.00', listTotal: '11.00', listNet: '12.00' },
      ['lines.0.listNet'],
    ],
    [
      'a net list price below the net price',
      { total: '10.00', net: '9.00', listTotal: '11.00', listNet: '8.00' },
      ['lines.0.listNet'],
    ],
    ['a list price of a fraction of a cent', { total: '10.00', listTotal: '11.001' }, ['lines.0.listTotal']],
    ['tags that are none', { total: '10.00', tags: [''] }, ['lines.0.tags.0']],
  ])('with %s is named', async (_, line, expected) => {
    const said = await sell('never', [line], '10.00');
    expect([said.status, (said.body.errors as { path: string }[]).map(({ path }) => path)]).toEqual([400, expected]);
    for (const { message } of said.body.errors as { message: string }[])
      if (!message.startsWith('Too')) expect(message).toMatch(/: (send|it has)/);
  });
});

describe('what rules ask of the member', () => {
  it('is looked up among its tags, and a budget ends', async () => {
    const store = openMembers({ client: world.client, table: world.tables.members, timeZone: 'Europe/Berlin' });
    await store.change((await store.find({ type: 'phone', value: phone })) ?? '', (member) => ({
      ...member,
      tags: ['regular'],
    }));
    const said = [await sell('r1', [mug], '11.90'), await sell('r2', [mug], '11.90'), await sell('r2', [mug], '11.90')];
    expect(said.map(({ status, body }) => [status, body.earned])).toEqual([
      [201, 100],
      [201, 50],
      [200, 50],
    ]);
    expect(traceOf(said[1] as Said)).toEqual([
      'regulars: 100 points',
      'regulars: its budget is used up, 50 points less',
    ]);
  });
});

describe('the program', () => {
  it('is told in words, with what is used of its budgets', async () => {
    const { status, body } = await call(staff, 'GET /v1/program', { key: world.keys.staff });
    expect([status, body]).toEqual([
      200,
      {
        name: 'Kunstpause Club',
        version: 'test00000000',
        currency: 'EUR',
        timeZone: 'Europe/Berlin',
        startsOn: '2026-01-01',
        rules: [
          {
            id: 'list',
            on: 'sale',
            says: '1 point for each 1.00 EUR without tax, at prices before discounts, on goods not tagged clearance.',
          },
          { id: 'beans', on: 'sale', says: '4 points for each piece, on goods tagged beans.' },
          {
            id: 'regulars',
            on: 'sale',
            says: '100 points for an order, for members tagged regular. Multipliers do not apply. No more than 150 points over all members.',
            budget: { points: 150, used: 150 },
          },
        ],
        multipliers: [],
        caps: [{ id: 'daily', says: 'No more than 2000 points a day.' }],
        tiers: world.merchant.program.tiers,
        pending: 'They can be spent at once.',
        expiry: 'They expire after 12 months, at the end of the month.',
      },
    ]);
  });

  it('is no business of a till', async () => {
    expect((await call(staff, 'GET /v1/program', { key: world.keys.pos })).status).toBe(403);
  });
});
