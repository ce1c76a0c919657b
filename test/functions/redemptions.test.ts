import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from './world.ts';

let world: World;
let handlers: Record<'members' | 'sales' | 'redemptions' | 'rewards' | 'activities', Parameters<typeof call>[0]>;

beforeAll(async () => {
  world = await startWorld();
  const handler = async (name: string) => (await import(`../../functions/${name}.ts`)).handler;
  handlers = {
    members: await handler('members'),
    sales: await handler('sales'),
    redemptions: await handler('redemptions'),
    rewards: await handler('rewards'),
    activities: await handler('activities'),
  };
}, 60_000);
afterAll(() => world.stop());

let people = 0;
/** Somebody with so many points. */
async function somebody(points: number): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49170${String(30_000_000 + people)}`;
  const { body } = await call(handlers.members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  if (points > 0) {
    await call(handlers.sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: `points-${people}`, member: { phone }, total: `${points}.00`, currency: 'EUR' },
    });
  }
  return { id: String(body.memberId), phone };
}
const redeem = (body: object) => call(handlers.redemptions, 'POST /v1/redemptions', { key: world.keys.pos, body });
const capture = (id: string, body: object = {}) =>
  call(handlers.redemptions, 'POST /v1/redemptions/{id}/capture', { key: world.keys.pos, path: { id }, body });
const voided = (id: string, body: object = {}) =>
  call(handlers.redemptions, 'POST /v1/redemptions/{id}/void', { key: world.keys.pos, path: { id }, body });

describe('a redemption', () => {
  it('of a reward, at once', async () => {
    const { id, phone } = await somebody(100);
    const asked = { redemptionId: `cake-${id}`, member: { phone }, rewardId: 'cake' };
    const first = await redeem(asked);
    expect(first).toMatchObject({
      status: 201,
      body: {
        redemptionId: asked.redemptionId,
        entryId: `${id}.4`,
        status: 'captured',
        points: 60,
        rewardId: 'cake',
        balance: 40,
        held: 0,
      },
    });
    expect(await redeem(asked)).toEqual({ ...first, status: 200 });
    expect(await redeem({ ...asked, rewardId: 'espresso' })).toMatchObject({
      status: 409,
      body: { type: 'urn:stampbook:conflict' },
    });
  });

  it('that is put aside, and captured by its id alone', async () => {
    const { id, phone } = await somebody(100);
    const redemptionId = `held-${id}`;
    expect(await redeem({ redemptionId, member: { phone }, points: 50, capture: false })).toMatchObject({
      status: 201,
      body: { status: 'held', points: 50, balance: 50, held: 50, lapsesAt: expect.any(String) },
    });
    const first = await capture(redemptionId, { points: 30 });
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'captured', points: 30, released: 20, balance: 70, held: 0 },
    });
    expect(await capture(redemptionId, { points: 30 })).toEqual({ ...first, status: 200 });
    expect(await voided(redemptionId)).toMatchObject({ status: 409, body: { type: 'urn:stampbook:conflict' } });
  });

  it('that is given back', async () => {
    const { id, phone } = await somebody(100);
    const redemptionId = `void-${id}`;
    await redeem({ redemptionId, member: { phone }, points: 50, capture: false });
    const first = await voided(redemptionId, { member: { phone } });
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'released', released: 50, points: 0, balance: 100, held: 0 },
    });
    expect(await voided(redemptionId)).toEqual({ ...first, status: 200 });
    expect(await capture(redemptionId)).toMatchObject({ status: 409 });
  });

  it('is refused for a reason, and stays refused whatever is earned since', async () => {
    const { id, phone } = await somebody(10);
    const asked = { redemptionId: `poor-${id}`, member: { phone }, rewardId: 'espresso' };
    const first = await redeem(asked);
    expect(first).toMatchObject({ status: 409, body: { type: 'urn:stampbook:refused', because: 'not-enough-points' } });
    await call(handlers.sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: `more-${id}`, member: { phone }, total: '99.00', currency: 'EUR' },
    });
    expect(await redeem(asked)).toEqual(first);
    expect(await redeem({ ...asked, redemptionId: `rich-${id}` })).toMatchObject({ status: 201 });
  });

  it.each([
    ['unknown-reward', { rewardId: 'yacht' }],
    ['tier-too-low', { rewardId: 'vernissage' }],
    ['not-enough-points', { points: 1_000 }],
  ])('%s', async (because, what) => {
    const { id, phone } = await somebody(20);
    expect(await redeem({ redemptionId: `${because}-${id}`, member: { phone }, ...what })).toMatchObject({
      status: 409,
      body: { because },
    });
  });

  it('that nobody began: 404', async () => {
    const { phone } = await somebody(0);
    expect(await capture('never')).toMatchObject({ status: 404, body: { type: 'urn:stampbook:unknown-redemption' } });
    expect(await capture('never', { member: { phone } })).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-redemption' },
    });
    expect(await voided('never', { member: { phone: '+4917099999999' } })).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-member' },
    });
  });

  it('of more than was held: 409', async () => {
    const { id, phone } = await somebody(100);
    await redeem({ redemptionId: `over-${id}`, member: { phone }, points: 50, capture: false });
    expect(await capture(`over-${id}`, { points: 51 })).toMatchObject({
      status: 409,
      body: { because: 'more-than-held' },
    });
  });

  it.each<[string, object, string[]]>([
    ['of nothing', { redemptionId: 'r', member: { card: '123' } }, ['rewardId']],
    [
      'of a reward and points',
      { redemptionId: 'r', member: { card: '123' }, rewardId: 'cake', points: 5 },
      ['rewardId'],
    ],
    ['of less than nothing', { redemptionId: 'r', member: { card: '123' }, points: -5 }, ['points']],
    ['of half a point', { redemptionId: 'r', member: { card: '123' }, points: 1.5 }, ['points']],
    ['of a wish', { redemptionId: 'r', member: { card: '123' }, points: '5', capture: 'yes' }, ['points', 'capture']],
  ])('%s is named', async (_, body, expected) => {
    const said = await redeem(body);
    expect(said.status).toBe(400);
    expect((said.body.errors as { path: string }[]).map(({ path }) => path)).toEqual(expected);
  });
});

describe('rewards', () => {
  it('are listed', async () => {
    const said = await call(handlers.rewards, 'GET /v1/rewards', { key: world.keys.pos });
    expect(said).toMatchObject({
      status: 200,
      body: {
        rewards: [
          { id: 'espresso', cost: 30 },
          { id: 'cake', cost: 60 },
          { id: 'voucher', cost: 150, steps: [{ cost: 280 }] },
          { id: 'vernissage', cost: 500, tier: 'friend', left: 40 },
        ],
      },
    });
  });

  it('say what a member can have', async () => {
    const { id } = await somebody(45);
    const said = await call(handlers.rewards, 'GET /v1/rewards', { key: world.keys.pos, query: { member: id } });
    expect((said.body.rewards as { affordable: boolean }[]).map(({ affordable }) => affordable)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(
      (await call(handlers.rewards, 'GET /v1/rewards', { key: world.keys.pos, query: { member: 'm_nobody' } })).status,
    ).toBe(404);
  });
});

describe('an activity', () => {
  const visit = (body: object) => call(handlers.activities, 'POST /v1/activities', { key: world.keys.pos, body });

  it('earns what its rule says, once', async () => {
    const { id, phone } = await somebody(0);
    const activity = { activityId: `visit-${id}`, activity: 'visit', member: { phone } };
    const first = await visit(activity);
    expect(first).toMatchObject({ status: 201, body: { earned: 5, balance: 5 } });
    expect(await visit(activity)).toEqual({ ...first, status: 200 });
  });

  it('of somebody we do not know: 404; of a kind we do not know: 400', async () => {
    expect((await visit({ activityId: 'v', activity: 'visit', member: { card: '404404' } })).status).toBe(404);
    expect((await visit({ activityId: 'v', activity: 'nap', member: { card: '404404' } })).status).toBe(400);
  });
});
