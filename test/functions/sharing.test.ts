import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { openReferralCodes } from '../../lib/runtime/referral-codes.ts';
import { Gift, Referral, ReferralCode } from '../../scripts/generate/answers.ts';
import { call, context, deliver, startWorld, type World } from './world.ts';

let world: World;
let handlers: Record<'members' | 'sales' | 'sharing' | 'accrue', Parameters<typeof call>[0]>;
let publish: typeof import('../../functions/publish.ts').handler;

beforeAll(async () => {
  world = await startWorld();
  const handler = async (name: string) => (await import(`../../functions/${name}.ts`)).handler;
  handlers = {
    members: await handler('members'),
    sales: await handler('sales'),
    sharing: await handler('sharing'),
    accrue: await handler('accrue'),
  };
  publish = await handler('publish');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => world.forget());

let people = 0;
async function somebody(): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49170${String(50_000_000 + people)}`;
  const { body } = await call(handlers.members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  return { id: String(body.memberId), phone };
}
const balance = async (id: string) =>
  (await call(handlers.members, 'GET /v1/members/{id}', { key: world.keys.pos, path: { id } })).body.balance;
const buy = (member: object, orderId: string, total = '20.00') =>
  call(handlers.sales, 'POST /v1/sales', { key: world.keys.pos, body: { orderId, member, total, currency: 'EUR' } });
const bringBack = (orderId: string, body: object) =>
  call(handlers.sales, 'POST /v1/sales/{orderId}/refunds', {
    key: world.keys.pos,
    path: { orderId },
    body: { refundId: 'r', currency: 'EUR', ...body },
  });
const codeOf = (id: string) =>
  call(handlers.sharing, 'POST /v1/members/{id}/referral-code', { key: world.keys.pos, path: { id } });
const refer = (body: object) => call(handlers.sharing, 'POST /v1/referrals', { key: world.keys.pos, body });
const give = (body: object) => call(handlers.sharing, 'POST /v1/gifts', { key: world.keys.pos, body });

/** The relay reads the member's entries, and what it sends is handled. Returns the orders that it told of. */
async function relay(memberId: string, ...only: string[]): Promise<string[]> {
  const { Items = [] } = await world.client.send(
    new QueryCommand({
      TableName: world.tables.entries,
      KeyConditionExpression: 'memberId = :m',
      ExpressionAttributeValues: { ':m': { S: memberId } },
    }),
  );
  const Records = Items.filter(({ key }) => only.length === 0 || only.some((kind) => key?.S?.includes(`#${kind}`)))
    .sort((a, b) => Number(a.seq?.N) - Number(b.seq?.N))
    .map((image) => ({ eventName: 'INSERT', dynamodb: { NewImage: image, SequenceNumber: '1' } }) as DynamoDBRecord);
  world.forget();
  expect(await publish({ Records }, context)).toEqual({ batchItemFailures: [] });
  const facts = world
    .sent('facts.fifo')
    .map(({ body }) => JSON.parse(body) as { type: string; orderId: string })
    .filter(({ type }) => type === 'referral');
  expect(
    await deliver(
      handlers.accrue,
      facts.map((body, index) => ({ body, id: `m${index}`, group: 'friend' })),
    ),
  ).toEqual([]);
  expect(world.sent('facts-parked.fifo')).toEqual([]);
  return facts.map(({ orderId }) => orderId);
}

/** Ada has a code, and Ben came with it. */
async function brought() {
  const [ada, ben] = [await somebody(), await somebody()];
  const { code } = (await codeOf(ada.id)).body as { code: string };
  expect(await refer({ code, member: { phone: ben.phone } })).toMatchObject({ status: 201 });
  return { ada, ben, code };
}

describe('a referral code', () => {
  it('is one for each member, for good, with the link that the program has for it', async () => {
    const { id } = await somebody();
    const first = await codeOf(id);
    const { code } = first.body as { code: string };
    expect(first).toMatchObject({
      status: 201,
      body: { memberId: id, code, link: `https://kunstpause.example/welcome?code=${code}` },
    });
    expect(ReferralCode.safeParse(first.body).error).toBeUndefined();
    expect(code).toMatch(/^[2-9BCDFGHJKMNPQRSTVWXZ]{4}-[2-9BCDFGHJKMNPQRSTVWXZ]{4}$/);
    expect(await codeOf(id)).toEqual({ ...first, status: 200 });
  });

  it('of somebody we do not know: 404', async () => {
    expect(await codeOf('m_nobody')).toMatchObject({ status: 404, body: { type: 'urn:stampbook:unknown-member' } });
  });

  it('asked for ten times at once is one', async () => {
    const { id } = await somebody();
    const all = await Promise.all(Array.from({ length: 10 }, () => codeOf(id)));
    expect(new Set(all.map(({ body }) => body.code)).size).toBe(1);
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('is drawn again when somebody has it', async () => {
    const drawn = ['BBBBBBBB', 'BBBBBBBB', 'CCCCCCCC'];
    const codes = openReferralCodes({
      client: world.client,
      table: world.tables.program,
      random: () => drawn.shift() ?? '',
    });
    expect([await codes.codeOf('one'), await codes.codeOf('other')]).toEqual([
      { code: 'BBBB-BBBB', isNew: true },
      { code: 'CCCC-CCCC', isNew: true },
    ]);
    expect(await codes.ownerOf(' bbbb bbbb ')).toEqual({ memberId: 'one', code: 'BBBB-BBBB' });
  });
});

describe('a claim', () => {
  it('is answered the same again, however the code is typed', async () => {
    const { ben, code } = await brought();
    const again = await refer({ code: code.toLowerCase().replace('-', ''), member: { id: ben.id } });
    expect(again).toMatchObject({ status: 200, body: { code, balance: 0, entryId: `${ben.id}.3` } });
    expect(Referral.safeParse(again.body).error).toBeUndefined();
  });

  it.each(['ZZZZ-ZZZZ', 'not a code', '🙂🙂🙂🙂🙂🙂🙂🙂'])('of %s, which nobody has: 404', async (code) => {
    const { id } = await somebody();
    expect(await refer({ code, member: { id } })).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-referral-code' },
    });
  });

  it('of somebody who was erased: 404', async () => {
    const [ada, ben] = [await somebody(), await somebody()];
    const { code } = (await codeOf(ada.id)).body;
    await call(handlers.members, 'DELETE /v1/members/{id}', { key: world.keys.admin, path: { id: ada.id } });
    expect(await refer({ code, member: { id: ben.id } })).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-referral-code' },
    });
  });

  it.each([
    ['one’s own code', 'self-referral', async () => somebody().then((ada) => ({ owner: ada, friend: ada }))],
    [
      'a friend who has bought',
      'not-new',
      async () => {
        const [owner, friend] = [await somebody(), await somebody()];
        await buy({ id: friend.id }, `before-${friend.id}`);
        return { owner, friend };
      },
    ],
    [
      'the one who brought the owner',
      'referral-ring',
      async () => brought().then(({ ada, ben }) => ({ owner: ben, friend: ada })),
    ],
    [
      'a friend whom somebody else brought',
      'referred-before',
      async () => brought().then(async ({ ben }) => ({ owner: await somebody(), friend: ben })),
    ],
  ] as const)('for %s: 409', async (_, because, prepare) => {
    const { owner, friend } = await prepare();
    const { code } = (await codeOf(owner.id)).body;
    expect(await refer({ code, member: { id: friend.id } })).toMatchObject({
      status: 409,
      body: { type: 'urn:stampbook:refused', because },
    });
  });
});

describe('a friend who buys', () => {
  it('is paid at once, the referrer by way of the stream, once however often that is read', async () => {
    const { ada, ben } = await brought();
    expect(await buy({ id: ben.id }, `o-${ben.id}`)).toMatchObject({ status: 201, body: { earned: 45 } });
    expect(await relay(ben.id)).toEqual([`o-${ben.id}`]);
    await relay(ben.id);
    expect([await balance(ada.id), await balance(ben.id)]).toEqual([50, 45]);
  });

  it('and returns all of it leaves nothing to either', async () => {
    const { ada, ben } = await brought();
    await buy({ id: ben.id }, `o-${ben.id}`);
    await relay(ben.id);
    await bringBack(`o-${ben.id}`, { everything: true, member: { id: ben.id } });
    await relay(ben.id);
    expect([await balance(ada.id), await balance(ben.id)]).toEqual([0, 0]);
  });

  it('and returns it before anybody has heard of the sale leaves nothing to either', async () => {
    const { ada, ben } = await brought();
    await buy({ id: ben.id }, `o-${ben.id}`);
    await bringBack(`o-${ben.id}`, { everything: true, member: { id: ben.id } });
    expect(await relay(ben.id, 'refund')).toEqual([`o-${ben.id}`]);
    expect(await relay(ben.id, 'sale')).toEqual([`o-${ben.id}`]);
    expect([await balance(ada.id), await balance(ben.id)]).toEqual([0, 0]);
  });

  it('less than the program asks is not told of', async () => {
    const { ada, ben } = await brought();
    await buy({ id: ben.id }, `small-${ben.id}`, '9.99');
    expect(await relay(ben.id)).toEqual([]);
    await buy({ id: ben.id }, `large-${ben.id}`, '10.00');
    expect(await relay(ben.id)).toEqual([`large-${ben.id}`]);
    expect(await balance(ada.id)).toBe(50);
  });
});

describe('a gift', () => {
  const rich = async () => {
    const ada = await somebody();
    await buy({ id: ada.id }, `rich-${ada.id}`, '100.00');
    return ada;
  };

  it('goes from one to the other, once', async () => {
    const [ada, ben] = [await rich(), await somebody()];
    const gift = { giftId: `g-${ada.id}`, from: { phone: ada.phone }, to: { phone: ben.phone }, points: 60 };
    const first = await give(gift);
    expect(first).toMatchObject({
      status: 201,
      body: { giftId: gift.giftId, points: 60, to: ben.id, balance: 40, entryId: `${ada.id}.4` },
    });
    expect(Gift.safeParse(first.body).error).toBeUndefined();
    expect(await give(gift)).toEqual({ ...first, status: 200 });
    expect([await balance(ada.id), await balance(ben.id)]).toEqual([40, 60]);
    expect(await give({ ...gift, points: 30 })).toMatchObject({
      status: 409,
      body: { type: 'urn:stampbook:conflict', differences: ['the gift was of 60 points'] },
    });
  });

  it.each<[string, { to?: string; points: number }, string]>([
    ['to oneself', { points: 10 }, 'to-oneself'],
    ['of fewer points than a gift has', { to: 'ben', points: 9 }, 'too-few-points'],
    ['of more than the limit', { to: 'ben', points: 501 }, 'limit-reached'],
    ['of more than there are', { to: 'ben', points: 101 }, 'not-enough-points'],
  ])('%s: 409', async (_, { to, points }, because) => {
    const [ada, ben] = [await rich(), await somebody()];
    const receiver = { id: to === 'ben' ? ben.id : ada.id };
    expect(await give({ giftId: because, from: { id: ada.id }, to: receiver, points })).toMatchObject({
      status: 409,
      body: { type: 'urn:stampbook:refused', because },
    });
  });

  it('from or to somebody we do not know: 404', async () => {
    const { id } = await rich();
    const gift = { giftId: 'g', points: 10 };
    expect((await give({ ...gift, from: { id }, to: { card: 'nobody' } })).body.detail).toMatch(/card/);
    expect((await give({ ...gift, from: { phone: '+4917012345678' }, to: { id } })).body.detail).toMatch(/phone/);
  });

  it.each<[string, object, string[]]>([
    ['of nothing', { giftId: 'g', from: { id: 'a' }, to: { id: 'b' } }, ['points']],
    ['of less than nothing', { giftId: 'g', from: { id: 'a' }, to: { id: 'b' }, points: -5 }, ['points']],
    ['to nobody', { giftId: 'g', from: { id: 'a' }, points: 5 }, ['to']],
    ['from two', { giftId: 'g', from: { id: 'a', card: '123' }, to: { id: 'b' }, points: 5 }, ['from']],
  ])('%s is named', async (_, body, expected) => {
    const said = await give(body);
    expect(said.status).toBe(400);
    expect((said.body.errors as { path: string }[]).map(({ path }) => path)).toEqual(expected);
  });
});
