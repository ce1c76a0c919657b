import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Stripe from 'stripe';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { openShop, type Shop, shopifyOrder } from './shop.ts';

/** One sale, all the way, on the demo merchant's own stacks. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 300_000);
afterAll(() => shop?.stop());

const smsTo = async (phone: string) =>
  (await shop.outbox('twilio-sms'))
    .map((call) => new URLSearchParams(call.body))
    .filter((form) => form.get('To') === phone)
    .map((form) => form.get('Body'));

describe('purchase logged', () => {
  it('a signed orders/paid becomes points, an entry and one SMS', async () => {
    const { id, phone } = await shop.enrol();
    const answer = await shop.shopify('orders/paid', shopifyOrder(5_001, phone, '42.00'));
    expect(answer.status).toBe(200);
    await shop.idle();
    const { body } = await shop.call('GET', `/v1/members/${id}/entries`, undefined, 'staff');
    expect(body.entries.map((entry: { kind: string }) => entry.kind)).toEqual(['enrolled', 'consent', 'sale']);
    expect(await shop.available(id)).toBe(42);
    expect(await smsTo(phone)).toEqual(['Kunstpause Club: 42 points for you. Balance: 42. Reply STOP to opt out.']);
  });

  it('the till’s own call does the same, and answers with the new balance and why', async () => {
    const { id, phone } = await shop.enrol();
    const first = await shop.sell('till-1', phone, '12.50');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      earned: 12,
      pending: 0,
      balance: 12,
      tier: 'guest',
      unlocked: [],
      trace: [{ text: 'spend: 12 points for 12.50 EUR', points: 12 }],
    });
    const again = await shop.sell('till-1', phone, '12.50');
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    await shop.idle();
    expect(await shop.available(id)).toBe(12);
    expect(await smsTo(phone)).toHaveLength(1);
  });

  it('twenty copies at once, then again after a restart, are one sale and one SMS', async () => {
    const { id, phone } = await shop.enrol();
    const order = shopifyOrder(5_002, phone, '10.00');
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.shopify('orders/paid', order)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await shop.idle();
    await shop.restart();
    expect((await shop.shopify('orders/paid', order)).status).toBe(200);
    await shop.idle();
    expect({ available: await shop.available(id), sms: (await smsTo(phone)).length }).toEqual({
      available: 10,
      sms: 1,
    });
  }, 300_000);

  it('a stranger’s order waits, and is credited when they enrol', async () => {
    const phone = '+4915199900001';
    await shop.shopify('orders/paid', shopifyOrder(5_003, phone, '25.00'));
    await shop.idle();
    const { id } = await shop.enrol(phone);
    await shop.idle();
    expect(await shop.available(id)).toBe(25);
  });

  it('payment succeeded: what Stripe signs with its own library earns once', async () => {
    const { id, phone } = await shop.enrol();
    const hook = shop.endpoints.webhooks.stripe;
    if (!hook) throw new Error('the demo listens to Stripe');
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      api_version: '2026-10-28.endive',
      created: seconds(),
      livemode: true,
      type: 'payment_intent.succeeded',
      data: {
        object: {
          id: 'pi_1',
          object: 'payment_intent',
          status: 'succeeded',
          amount: 1_500,
          amount_received: 1_500,
          currency: 'eur',
          customer: null,
          receipt_email: null,
          latest_charge: 'ch_1',
          created: seconds(),
          metadata: { member_id: id },
        },
      },
    });
    const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret: hook.secret });
    const send = (body: string) =>
      fetch(hook.url, {
        method: 'POST',
        body,
        headers: { 'stripe-signature': signature, 'content-type': 'application/json' },
      });
    expect([
      (await send(payload)).status,
      (await send(payload)).status,
      (await send(payload.replace('1500', '9500'))).status,
    ]).toEqual([200, 200, 401]);
    await shop.idle();
    expect({ available: await shop.available(id), phone }).toEqual({ available: 15, phone });
  });
});

describe('goods come back', () => {
  it('a refund at Shopify takes back its share, whatever order it arrives in', async () => {
    const { id, phone } = await shop.enrol();
    const order = shopifyOrder(5_004, phone, '30.00');
    const back = {
      id: 91,
      order_id: 5_004,
      created_at: new Date().toISOString(),
      processed_at: new Date().toISOString(),
      note: null,
      refund_line_items: [{ id: 1, line_item_id: 50_040, quantity: 1, subtotal: '10.00', total_tax: '0.00' }],
      order_adjustments: [],
      transactions: [{ id: 2, amount: '10.00', kind: 'refund', status: 'success', currency: 'EUR' }],
    };
    expect((await shop.shopify('refunds/create', back)).status).toBe(200);
    await shop.idle();
    await shop.shopify('orders/paid', order);
    await shop.idle();
    expect(await shop.available(id)).toBe(20);
    await shop.shopify('orders/cancelled', {
      ...order,
      cancelled_at: new Date().toISOString(),
      cancel_reason: 'customer',
    });
    await shop.idle();
    expect(await shop.available(id)).toBe(0);
  });

  it('a refund at the till answers with the new balance', async () => {
    const { phone } = await shop.enrol();
    await shop.sell('till-2', phone, '20.00');
    const answer = await shop.call('POST', '/v1/sales/till-2/refunds', {
      refundId: 'r1',
      total: '5.00',
      currency: 'EUR',
      member: { phone },
    });
    expect({ status: answer.status, balance: answer.body.balance }).toEqual({ status: 201, balance: 15 });
  });

  it('refunds beyond the order are clamped, and staff hear of it', async () => {
    const { id, phone } = await shop.enrol();
    await shop.sell('till-3', phone, '20.00');
    for (const refundId of ['a', 'b'])
      await shop.call('POST', '/v1/sales/till-3/refunds', {
        refundId,
        total: '15.00',
        currency: 'EUR',
        member: { phone },
      });
    await shop.idle();
    expect(await shop.available(id)).toBe(0);
    expect((await shop.outbox('slack')).some((call) => call.body.includes('refund-exceeds-order'))).toBe(true);
  });
});

describe('redemption requested', () => {
  it('a reward at the till, authorized and captured in part, and a large one told to staff', async () => {
    const { id, phone } = await shop.enrol();
    await shop.sell('big-1', phone, '900.00');
    const held = await shop.call('POST', '/v1/redemptions', {
      redemptionId: 'red-1',
      member: { phone },
      points: 100,
      capture: false,
    });
    expect({ status: held.status, balance: held.body.balance, held: held.body.held }).toEqual({
      status: 201,
      balance: 800,
      held: 100,
    });
    const captured = await shop.call('POST', '/v1/redemptions/red-1/capture', { points: 40, member: { phone } });
    expect(captured.body).toMatchObject({ balance: 860, held: 0 });
    const large = await shop.call('POST', '/v1/redemptions', { redemptionId: 'red-2', member: { phone }, points: 500 });
    expect(large.status).toBe(201);
    await shop.idle();
    const notes = (await shop.outbox('slack')).filter((call) => call.body.includes('500'));
    expect({ notes: notes.length, available: await shop.available(id) }).toEqual({ notes: 1, available: 360 });
  });

  it('points that are not there are refused, for every retry', async () => {
    const { phone } = await shop.enrol();
    const ask = () =>
      shop.call('POST', '/v1/redemptions', { redemptionId: 'red-3', member: { phone }, rewardId: 'cake' });
    const first = await ask();
    await shop.sell('till-4', phone, '100.00');
    expect([first, await ask()].map(({ status, body }) => [status, body.because])).toEqual([
      [409, 'not-enough-points'],
      [409, 'not-enough-points'],
    ]);
  });
});

describe('STOP and START', () => {
  it('STOP by SMS ends messages, START brings them back; points go on either way', async () => {
    const { id, phone } = await shop.enrol();
    await shop.sell('till-0', phone, '1.00');
    await shop.idle();
    const [first] = (await shop.outbox('twilio-sms')).filter(
      (call) => new URLSearchParams(call.body).get('To') === phone,
    );
    const AccountSid = /Accounts\/(AC\w+)\//.exec(first?.url ?? '')?.[1] ?? '';
    const say = async (text: string, sid: string) => {
      const hook = shop.endpoints.webhooks['twilio-sms'];
      if (!hook) throw new Error('the demo listens to Twilio');
      const form = {
        MessageSid: sid,
        AccountSid,
        From: phone,
        To: '+4915100000000',
        Body: text,
        NumMedia: '0',
      };
      const signature = getExpectedTwilioSignature(hook.secret, hook.url, form);
      const answer = await fetch(hook.url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
        body: new URLSearchParams(form).toString(),
      });
      expect(answer.status).toBe(200);
      await shop.idle();
    };
    await say('stop ', `SM${'1'.repeat(32)}`);
    await shop.sell('till-5', phone, '10.00');
    await shop.idle();
    expect(await smsTo(phone)).toHaveLength(1);
    await say('START', `SM${'2'.repeat(32)}`);
    await shop.sell('till-6', phone, '10.00');
    await shop.idle();
    expect({ sms: (await smsTo(phone)).length, available: await shop.available(id) }).toEqual({
      sms: 2,
      available: 21,
    });
  });
});

const seconds = () => Math.floor(Date.now() / 1000);
