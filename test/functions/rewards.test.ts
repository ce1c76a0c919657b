import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from './world.ts';

let world: World;
let handlers: Record<'members' | 'sales' | 'redemptions' | 'rewards', Parameters<typeof call>[0]>;

beforeAll(async () => {
  world = await startWorld((merchant) => ({
    ...merchant,
    program: {
      ...merchant.program,
      rewards: [
        { id: 'cake', name: 'Cake of the day', cost: 60 },
        { id: 'print', name: 'A print', cost: 40, stock: 2 },
        { id: 'film', name: 'A film', cost: 40, cash: '2.50', code: { from: 'generated', validDays: 30 } },
        { id: 'opera', name: 'A seat', cost: 40, code: { from: 'list', validDays: 30 } },
        {
          id: 'off',
          name: 'Off the bill',
          cost: 50,
          value: { kind: 'amount-off', amount: '5.00' },
          steps: [{ cost: 90, value: { kind: 'amount-off', amount: '10.00' } }],
        },
        { id: 'mug', name: 'A mug', cost: 10, perMember: { max: 1, per: 'year' } },
        { id: 'past', name: 'Long ago', cost: 10, to: '2020-12-31' },
      ],
      redemption: { pointsPerMinor: 0.2, stepPoints: 10 },
    },
  }));
  const handler = async (name: string) => (await import(`../../functions/${name}.ts`)).handler;
  handlers = {
    members: await handler('members'),
    sales: await handler('sales'),
    redemptions: await handler('redemptions'),
    rewards: await handler('rewards'),
  };
}, 60_000);
afterAll(() => world.stop());

let people = 0;
async function somebody(points = 190): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49170${String(40_000_000 + people)}`;
  const { body } = await call(handlers.members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  await call(handlers.sales, 'POST /v1/sales', {
    key: world.keys.pos,
    body: { orderId: `points-${people}`, member: { phone }, total: `${points}.00`, currency: 'EUR' },
  });
  return { id: String(body.memberId), phone };
}
const redeem = (body: object) => call(handlers.redemptions, 'POST /v1/redemptions', { key: world.keys.pos, body });
const list = async (member?: string) => {
  const query = member === undefined ? {} : { query: { member } };
  const { body } = await call(handlers.rewards, 'GET /v1/rewards', { key: world.keys.pos, ...query });
  return body.rewards as { id: string; left?: number; affordable?: boolean; because?: string }[];
};
const stock = (id: string, body: object, key = world.keys.staff) =>
  call(handlers.rewards, 'POST /v1/rewards/{id}/stock', { key, path: { id }, body });
const load = (id: string, codes: unknown) =>
  call(handlers.rewards, 'POST /v1/rewards/{id}/codes', { key: world.keys.staff, path: { id }, body: { codes } });
const codeGet = (code: string) =>
  call(handlers.rewards, 'GET /v1/codes/{code}', { key: world.keys.pos, path: { code } });
const use = (code: string, body: object) =>
  call(handlers.rewards, 'POST /v1/codes/{code}/use', { key: world.keys.pos, path: { code }, body });
const revoke = (code: string, key = world.keys.staff) =>
  call(handlers.rewards, 'POST /v1/codes/{code}/revoke', { key, path: { code }, body: { staffId: 'ada' } });

describe('a redemption says what the member gets', () => {
  it.each<[string, object, object]>([
    ['an item', { rewardId: 'cake' }, { points: 60, value: { kind: 'item' } }],
    [
      'a step of a reward',
      { rewardId: 'off', step: 1 },
      { points: 90, step: 1, value: { kind: 'amount-off', amount: '10.00' }, currency: 'EUR' },
    ],
    ['points as money', { points: 50 }, { points: 50, value: { kind: 'amount-off', amount: '2.50' }, currency: 'EUR' }],
    ['cash beside the points', { rewardId: 'film' }, { points: 40, cash: '2.50', currency: 'EUR' }],
  ])('%s', async (what, asked, expected) => {
    const { phone } = await somebody();
    const said = await redeem({ redemptionId: what, member: { phone }, ...asked });
    expect(said).toMatchObject({ status: 201, body: { status: 'captured', ...expected } });
  });

  it.each<[string, object, string]>([
    ['points between two steps', { points: 55 }, 'wrong-step'],
    ['a step that there is not', { rewardId: 'off', step: 2 }, 'wrong-step'],
    ['a reward of years ago', { rewardId: 'past' }, 'no-longer-available'],
  ])('or why not: %s', async (what, asked, because) => {
    const { phone } = await somebody();
    expect(await redeem({ redemptionId: what, member: { phone }, ...asked })).toMatchObject({
      status: 409,
      body: { because },
    });
  });

  it('a step is one of a reward', async () => {
    expect(await redeem({ redemptionId: 'r', member: { card: '123' }, points: 50, step: 1 })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'rewardId' }] },
    });
  });
});

describe('the catalogue', () => {
  it('says what a member can have, what not, and why', async () => {
    const { id, phone } = await somebody(55);
    await redeem({ redemptionId: 'mug', member: { phone }, rewardId: 'mug' });
    expect((await list(id)).map(({ id: reward, affordable, because }) => [reward, affordable, because])).toEqual([
      ['cake', false, 'not-enough-points'],
      ['print', true, undefined],
      ['film', true, undefined],
      ['opera', true, undefined],
      ['off', false, 'not-enough-points'],
      ['mug', false, 'limit-reached'],
      ['past', false, 'no-longer-available'],
    ]);
  });

  it('counts pieces, and staff add to them, each delivery once', async () => {
    const left = async () => (await list()).find(({ id }) => id === 'print')?.left;
    const { id, phone } = await somebody();
    const told = [await left()];
    for (const redemptionId of ['p1', 'p2']) await redeem({ redemptionId, member: { phone }, rewardId: 'print' });
    told.push(await left());
    const because = (await list(id)).find((reward) => reward.id === 'print')?.because;
    const refused = await redeem({ redemptionId: 'p3', member: { phone }, rewardId: 'print' });
    const first = await stock('print', { stockId: 'monday', pieces: 5 });
    const again = await stock('print', { stockId: 'monday', pieces: 5 });
    told.push(await left());
    expect({ told, because, refused: refused.body.because, first, again }).toEqual({
      told: [2, 0, 5],
      because: 'out-of-stock',
      refused: 'out-of-stock',
      first: expect.objectContaining({ status: 201, body: { rewardId: 'print', stockId: 'monday', pieces: 5 } }),
      again: { ...first, status: 200 },
    });
  });

  it.each<[string, string, object, number, object]>([
    [
      'of another number under the same id',
      'print',
      { stockId: 'monday', pieces: 6 },
      409,
      { differences: ['pieces'] },
    ],
    ['of more than are there', 'print', { stockId: 'loss', pieces: -999 }, 409, { because: 'fewer-than-that' }],
    ['of what is not counted', 'cake', { stockId: 'x', pieces: 1 }, 409, { because: 'not-counted' }],
    ['of what is not there', 'yacht', { stockId: 'x', pieces: 1 }, 404, { type: 'urn:stampbook:unknown-reward' }],
    [
      'of nothing',
      'print',
      { stockId: 'x', pieces: 0 },
      400,
      { errors: [expect.objectContaining({ path: 'pieces' })] },
    ],
  ])('a delivery %s', async (_, id, body, status, expected) => {
    await stock('print', { stockId: 'monday', pieces: 5 });
    expect(await stock(id, body)).toMatchObject({ status, body: expected });
  });

  it('is counted by staff, not by tills', async () => {
    expect((await stock('print', { stockId: 'till', pieces: 5 }, world.keys.pos)).status).toBe(403);
  });
});

describe('a code', () => {
  const bought = async (redemptionId: string, rewardId = 'film') => {
    const { id, phone } = await somebody();
    const asked = { redemptionId, member: { phone }, rewardId };
    const said = await redeem(asked);
    return { id, asked, said, code: String(said.body.code) };
  };

  it('is in the answer, and in every answer to the same request', async () => {
    const { asked, said } = await bought('c1');
    expect(said).toMatchObject({
      status: 201,
      body: { code: expect.stringMatching(/^\w{6}-\w{6}-\w{6}$/), codeValidThrough: expect.any(String) },
    });
    expect(await redeem(asked)).toEqual({ ...said, status: 200 });
  });

  it('is in the answer to the capture, where it was put aside first', async () => {
    const { phone } = await somebody();
    const held = await redeem({ redemptionId: 'c2', member: { phone }, rewardId: 'film', capture: false });
    const capture = () =>
      call(handlers.redemptions, 'POST /v1/redemptions/{id}/capture', {
        key: world.keys.pos,
        path: { id: 'c2' },
        body: {},
      });
    const first = await capture();
    expect([held.body.code, first.body.code]).toEqual([undefined, expect.any(String)]);
    expect(await capture()).toEqual({ ...first, status: 200 });
  });

  it('can be looked up, used once, and is answered for ever after', async () => {
    const { id, code, said } = await bought('c3');
    const valid = {
      code,
      rewardId: 'film',
      memberId: id,
      redemptionId: 'c3',
      value: { kind: 'item' },
      validThrough: said.body.codeValidThrough,
      status: 'valid',
    };
    expect((await codeGet(code)).body).toEqual(valid);
    const first = await use(code.toLowerCase().replaceAll('-', ' '), { useId: 'till-1', orderId: 'o1' });
    expect(first).toMatchObject({
      status: 201,
      body: { ...valid, status: 'used', useId: 'till-1', orderId: 'o1', endedAt: expect.any(String) },
    });
    expect(await use(code, { useId: 'till-1', orderId: 'o1' })).toEqual({ ...first, status: 200 });
    expect((await codeGet(code)).body).toEqual(first.body);
    expect(await use(code, { useId: 'till-2' })).toMatchObject({ status: 409, body: { because: 'used-before' } });
    expect(await revoke(code)).toMatchObject({ status: 409, body: { because: 'used-before' } });
  });

  it('can be taken back by staff, once', async () => {
    const { code } = await bought('c4');
    expect((await revoke(code, world.keys.pos)).status).toBe(403);
    const first = await revoke(code);
    expect(first).toMatchObject({ status: 201, body: { code, status: 'revoked' } });
    expect(await revoke(code)).toEqual({ ...first, status: 200 });
    expect(await use(code, { useId: 'u' })).toMatchObject({ status: 409, body: { because: 'revoked' } });
  });

  it('comes from the merchant’s own list, where the program says so', async () => {
    const none = await bought('c5', 'opera');
    expect(none.said).toMatchObject({ status: 409, body: { because: 'out-of-stock' } });
    expect((await load('opera', ['SEAT-1', 'SEAT-1', 'SEAT-2'])).body).toEqual({
      rewardId: 'opera',
      loaded: 2,
      known: 1,
      elsewhere: 0,
    });
    expect((await codeGet('SEAT-1')).status).toBe(404);
    expect((await use('SEAT-1', { useId: 'thief' })).status).toBe(404);
    const withdrawn = await revoke('SEAT-1');
    expect(withdrawn).toMatchObject({ status: 201, body: { code: 'SEAT-1', rewardId: 'opera', status: 'revoked' } });
    expect(await revoke('SEAT-1')).toEqual({ ...withdrawn, status: 200 });
    const { code } = await bought('c6', 'opera');
    expect(code).toBe('SEAT-2');
    expect((await bought('c7', 'opera')).said.body.because).toBe('out-of-stock');
  });

  it.each<[string, () => Promise<{ status: number; body: object }>, number, object]>([
    ['that nobody has: 404', () => codeGet('NEVER-WAS'), 404, { type: 'urn:stampbook:unknown-code' }],
    ['that nobody has, used: 404', () => use('NEVER-WAS', { useId: 'u' }), 404, {}],
    ['that nobody has, taken back: 404', () => revoke('NEVER-WAS'), 404, {}],
    ['that is none: 400', () => codeGet('x'), 400, { errors: [expect.objectContaining({ path: 'code' })] }],
    ['for a reward without a list: 409', () => load('film', ['SEAT-9']), 409, { because: 'takes-no-list' }],
    [
      'for a reward that is not there: 404',
      () => load('yacht', ['SEAT-9']),
      404,
      { type: 'urn:stampbook:unknown-reward' },
    ],
    ['as no list: 400', () => load('opera', 'SEAT-9'), 400, {}],
  ])('%s', async (_, ask, status, body) => {
    expect(await ask()).toMatchObject({ status, body });
  });

  it('is told to nobody who reads the journal', async () => {
    const { id, code } = await bought('c8');
    const { body } = await call(handlers.members, 'GET /v1/members/{id}/entries', {
      key: world.keys.staff,
      path: { id },
    });
    expect(JSON.stringify(body)).not.toContain(code);
  });
});
