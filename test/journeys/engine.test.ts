import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditMember } from '../../lib/runtime/audit.ts';
import { foundLines, foundOrder } from '../connectors/fixtures/shopify-admin.ts';
import { ledgerOf } from './ledger-of.ts';
import { openShop, type Shop, shopifyOrder } from './shop.ts';

/** What members, staff and time do besides buying: through the door, each function held to its own role. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 300_000);
afterAll(() => shop?.stop());

const kindsOf = async (id: string): Promise<string[]> => {
  const { body } = await shop.call('GET', `/v1/members/${id}/entries?limit=200`, undefined, 'staff');
  return body.entries.map((entry: { kind: string }) => entry.kind);
};

describe('points that wait', () => {
  it('booking completed: the points of a workshop can be spent once the guest has come', async () => {
    const { id } = await shop.enrol();
    const booking = { activityId: 'w-1', activity: 'booking', member: { id } };
    const booked = await shop.call('POST', '/v1/activities', booking);
    expect(booked.body).toMatchObject({ earned: 40, pending: 40, balance: 0 });
    const came = await shop.call('POST', '/v1/activities/w-1/confirm', { activity: 'booking', member: { id } });
    expect({ status: came.status, body: came.body }).toMatchObject({ status: 201, body: { pending: 0, balance: 40 } });
    const again = await shop.call('POST', '/v1/activities/w-1/decline', { activity: 'booking', member: { id } });
    expect(again.status).toBe(409);
  });

  it('a sale that is too large to be true waits until staff have looked at it', async () => {
    const { id, phone } = await shop.enrol();
    const sold = await shop.sell('large-1', phone, '5000.01');
    expect(sold.body).toMatchObject({ pending: 2_000, balance: 0 });
    await shop.idle();
    const { body } = await shop.call('GET', '/v1/reviews', undefined, 'staff');
    expect(body.reviews).toMatchObject([{ source: sold.body.source ?? expect.any(String), object: 'large-1' }]);
    const [{ source }] = body.reviews;
    const looked = await shop.call('POST', `/v1/reviews/${source}/large-1/approve`, { staffId: 'anna' }, 'staff');
    expect(looked.body).toMatchObject({ pending: 0, balance: 2_000 });
    expect(await shop.available(id)).toBe(2_000);
  });
});

describe('rewards', () => {
  it('a voucher has a code, which is used once; a till can always give back what was put aside', async () => {
    const { id, phone } = await shop.enrol();
    await shop.sell('rich-1', phone, '900.00');
    const asked = { redemptionId: 'v-1', member: { id }, rewardId: 'voucher', step: 1 };
    const bought = await shop.call('POST', '/v1/redemptions', asked);
    expect(bought.body).toMatchObject({
      status: 'captured',
      points: 280,
      value: { kind: 'amount-off', amount: '10.00' },
    });
    const { code } = bought.body;
    expect((await shop.call('POST', '/v1/redemptions', asked)).body.code).toEqual(code);
    const use = (useId: string) => shop.call('POST', `/v1/codes/${code}/use`, { useId });
    expect([(await use('web-1')).status, (await use('web-1')).status, (await use('web-2')).status]).toEqual([
      201, 200, 409,
    ]);
    const hold = { redemptionId: 'v-2', member: { id }, rewardId: 'vernissage', capture: false };
    expect((await shop.call('POST', '/v1/redemptions', hold)).status).toBe(201);
    const left = async () =>
      (await shop.call('GET', '/v1/rewards')).body.rewards.find((one: { id: string }) => one.id === 'vernissage').left;
    expect(await left()).toBe(39);
    expect((await shop.call('POST', '/v1/redemptions/v-2/void', {})).status).toBe(201);
    expect(await left()).toBe(40);
  });
});

describe('members and their friends', () => {
  it('referral completed: both are paid on the first purchase, and lose it when that comes back', async () => {
    const [ada, ben] = [await shop.enrol(), await shop.enrol()];
    const { code } = (await shop.call('POST', `/v1/members/${ada.id}/referral-code`)).body;
    expect((await shop.call('POST', '/v1/referrals', { code, member: { id: ben.id } })).status).toBe(201);
    await shop.sell('friend-1', ben.phone, '20.00');
    await shop.idle();
    expect([await shop.available(ada.id), await shop.available(ben.id)]).toEqual([50, 45]);
    const back = { refundId: 'all', everything: true, currency: 'EUR', member: { id: ben.id } };
    await shop.call('POST', '/v1/sales/friend-1/refunds', back);
    await shop.idle();
    expect([await shop.available(ada.id), await shop.available(ben.id)]).toEqual([0, 0]);
  });

  it('a gift goes from one to the other, once', async () => {
    const [ada, ben] = [await shop.enrol(), await shop.enrol()];
    await shop.sell('giver-1', ada.phone, '100.00');
    const gift = { giftId: 'g-1', from: { id: ada.id }, to: { id: ben.id }, points: 60 };
    expect([
      (await shop.call('POST', '/v1/gifts', gift)).status,
      (await shop.call('POST', '/v1/gifts', gift)).status,
    ]).toEqual([201, 200]);
    expect([await shop.available(ada.id), await shop.available(ben.id)]).toEqual([40, 60]);
  });

  it('two cards of one person become one account, and two again; what is held about them is handed out', async () => {
    const [ada, again] = [await shop.enrol(), await shop.enrol()];
    await shop.sell('one-1', ada.phone, '30.00');
    await shop.sell('two-1', again.phone, '12.00');
    const by = { memberId: again.id, staffId: 'anna' };
    expect((await shop.call('POST', `/v1/members/${ada.id}/merge`, by, 'staff')).status).toBe(201);
    expect((await shop.sell('two-2', again.phone, '8.00')).body.balance).toBe(50);
    const all = await shop.call('GET', `/v1/members/${ada.id}/export`, undefined, 'admin');
    expect(JSON.stringify(all.body)).toContain(again.phone);
    expect((await shop.call('POST', `/v1/members/${ada.id}/unmerge`, by, 'staff')).status).toBe(201);
    expect([await shop.available(ada.id), await shop.available(again.id)]).toEqual([38, 12]);
  });
});

describe('staff', () => {
  it('points by hand above the limit need a second person with a key of their own', async () => {
    const { id } = await shop.enrol();
    const asked = { adjustmentId: 'a-1', member: { id }, points: 1_500, reason: 'goodwill', staffId: 'anna' };
    expect((await shop.call('POST', '/v1/adjustments', asked, 'staff')).status).toBe(202);
    expect(await shop.available(id)).toBe(0);
    const path = '/v1/approvals/adjustment:a-1/approve';
    expect((await shop.call('POST', path, { staffId: 'anna' }, 'staff')).status).toBe(409);
    expect((await shop.call('POST', path, { staffId: 'ben' }, 'admin')).status).toBe(201);
    expect(await shop.available(id)).toBe(1_500);
  });

  it('a dispute is opened, heard of, and closed with what it comes to', async () => {
    const { id, phone } = await shop.enrol();
    const { body } = await shop.sell('wrong-1', phone, '10.00');
    const dispute = { disputeId: 'd-1', member: { id }, entryId: body.entryId, text: 'it was 100' };
    expect((await shop.call('POST', '/v1/disputes', dispute)).status).toBe(201);
    const made = { outcome: 'upheld', adjustment: { points: 90, reason: 'correction' }, staffId: 'anna' };
    expect((await shop.call('POST', '/v1/disputes/d-1/close', made, 'staff')).status).toBe(201);
    expect(await shop.available(id)).toBe(100);
    expect(await kindsOf(id)).toEqual(expect.arrayContaining(['dispute-opened', 'adjusted', 'dispute-closed']));
  });
});

describe('looking back', () => {
  it('a balance as of any day, and every night a proof of all of them', async () => {
    const { id, phone } = await shop.enrol();
    await shop.sell('then-1', phone, '10.00');
    const before = new Date().toISOString();
    await shop.local('POST', '/clock', { advance: 'P2D' });
    await shop.idle();
    await shop.sell('now-1', phone, '5.00');
    const asOf = await shop.call('GET', `/v1/members/${id}/balance?asOf=${before}`, undefined, 'staff');
    expect(asOf.body).toMatchObject({ balance: 10 });
    expect(await shop.available(id)).toBe(15);
    expect(await auditMember(ledgerOf(shop), id)).toBeUndefined();
    const { body } = await shop.local('GET', '/queues');
    expect(
      body.filter((queue: { name: string; visible: number }) => /dead|parked/.test(queue.name) && queue.visible > 0),
    ).toEqual([]);
  });
});

describe('a webhook that is lost', () => {
  const says = (holding: string, data: object) =>
    shop.local('POST', '/vendor', { connector: 'shopify', holding, status: 200, body: { data } });
  const pageInfo = { hasNextPage: false, endCursor: null };

  it('is made up for within the hour, once; told late, it is nothing new', async () => {
    const { id, phone } = await shop.enrol();
    const { body: clock } = await shop.local('GET', '/clock');
    const before = await shop.outbox('shopify');
    const told = shopifyOrder(7_100, phone, '42.00');
    const gid = `gid://shopify/Order/${told.id}`;
    const money = { shopMoney: { amount: '42.0' } };
    const lines = told.line_items.map((line) => ({
      ...foundLines[0],
      id: `gid://shopify/LineItem/${line.id}`,
      sku: line.sku,
      quantity: line.quantity,
      originalUnitPriceSet: money,
      discountAllocations: [],
      taxLines: [],
    }));
    const order = {
      ...foundOrder,
      id: gid,
      legacyResourceId: String(told.id),
      processedAt: clock.now,
      currencyCode: 'EUR',
      taxesIncluded: true,
      email: null,
      subtotalPriceSet: money,
      totalPriceSet: money,
      totalTaxSet: null,
      customer: { legacyResourceId: String(told.customer.id), defaultPhoneNumber: { phoneNumber: phone } },
      retailLocation: null,
      refunds: [],
      lineItems: { nodes: lines, pageInfo },
    };
    await says('query Changed', { orders: { nodes: [{ id: gid }], pageInfo } });
    await says('query Order', { order });
    await shop.local('POST', '/clock', { advance: 'PT61M' });
    await shop.idle();
    expect(await shop.available(id)).toBe(42);
    const asked = (await shop.outbox('shopify')).slice(before.length);
    expect(asked.map(({ url, body }) => [url, JSON.parse(body).variables.id])).toContainEqual([
      'https://kunstpause.myshopify.com/admin/api/2026-10/graphql.json',
      gid,
    ]);
    expect((await shop.shopify('orders/paid', told)).status).toBe(200);
    await shop.idle();
    expect(await shop.available(id)).toBe(42);
    expect((await kindsOf(id)).filter((kind) => kind === 'sale')).toHaveLength(1);
    const { body: queues } = await shop.local('GET', '/queues');
    expect(
      queues.filter(({ name, visible }: { name: string; visible: number }) => /parked/.test(name) && visible),
    ).toEqual([]);
  });
});
