import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openShop, type Shop, shopifyOrder } from './shop.ts';

/** What bad input gets, line by line. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 300_000);
afterAll(() => shop?.stop());

const metric = async (name: string): Promise<number> => {
  const { body } = await shop.local('GET', '/metrics');
  const sums = body as { name: string; sum: number }[];
  return sums.filter((one) => one.name === name).reduce((total, { sum }) => total + sum, 0);
};
/** The dead letters of a queue, by the queue's short name. */
const deadOf = async (name: string) => {
  const { body } = await shop.local('GET', '/queues');
  return (body as { name: string; visible: number; deadLetterOf?: string }[]).find(
    (one) => one.deadLetterOf === `art-cafe-${name}`,
  );
};
const sentSoFar = async () => (await shop.outbox()).length;

describe('a webhook', () => {
  it.each([
    ['with a forged signature', { headers: { 'x-shopify-hmac-sha256': Buffer.alloc(32).toString('base64') } }],
    ['with one byte changed', { body: (text: string) => text.replace('"42.00"', '"92.00"') }],
    ['without a signature', { headers: { 'x-shopify-hmac-sha256': '' } }],
    ['of another shop', { headers: { 'x-shopify-shop-domain': 'somebody-else.myshopify.com' } }],
  ])('%s: 401, nothing stored, a metric', async (_, change) => {
    const { id, phone } = await shop.enrol();
    const [before, sent] = [await metric('SignatureRejected'), await sentSoFar()];
    expect((await shop.shopify('orders/paid', shopifyOrder(6_001, phone, '42.00'), change)).status).toBe(401);
    await shop.idle();
    expect({ points: await shop.available(id), sent: await sentSoFar() }).toEqual({ points: 0, sent });
    expect(await metric('SignatureRejected')).toBe(before + 1);
  });

  it('well signed, of an unknown type: 2xx, and nothing', async () => {
    const answer = await shop.shopify('themes/publish', { id: 1, name: 'Dawn' });
    await shop.idle();
    expect({ status: answer.status, parked: (await deadOf('shopify-intake'))?.visible }).toEqual({
      status: 200,
      parked: 0,
    });
  });

  it('well signed, of a known type in a shape we cannot read: 2xx, parked with its reason, and redriven', async () => {
    const answer = await shop.shopify('orders/paid', { id: 'not-a-number', line_items: 'none' });
    expect(answer.status).toBe(200);
    await shop.idle();
    const parked = await deadOf('shopify-intake');
    expect(parked?.visible).toBe(1);
    const { status, body } = await shop.local('POST', '/redrive', { queue: parked?.name });
    expect({ status, moved: body.moved }).toEqual({ status: 200, moved: 1 });
    await shop.idle();
    // Nothing was mended, so it lies there again; and it was not lost.
    expect((await deadOf('shopify-intake'))?.visible).toBe(1);
  });
});

describe('the API', () => {
  it.each([
    ['bad JSON', '{"orderId":', ['(body)']],
    ['a wrong type', { orderId: 7, member: { phone: '+4915112345678' }, total: '1.00', currency: 'EUR' }, ['orderId']],
    [
      'a negative amount',
      { orderId: 'x', member: { phone: '+4915112345678' }, total: '-1.00', currency: 'EUR' },
      ['total'],
    ],
    [
      'a fraction of a cent',
      { orderId: 'x', member: { phone: '+4915112345678' }, total: '1.005', currency: 'EUR' },
      ['total'],
    ],
    [
      'an unknown currency',
      { orderId: 'x', member: { phone: '+4915112345678' }, total: '1.00', currency: 'EURO' },
      ['currency'],
    ],
    [
      'a date out of range',
      {
        orderId: 'x',
        member: { phone: '+4915112345678' },
        total: '1.00',
        currency: 'EUR',
        occurredAt: '1999-01-01T00:00:00Z',
      },
      ['occurredAt'],
    ],
    [
      'several faults at once',
      { member: { phone: '0' }, total: 'much', currency: 'EUR' },
      ['member.phone', 'orderId', 'total'],
    ],
  ])('%s: 400 with every faulty field', async (_, body, paths) => {
    const answer = await shop.call('POST', '/v1/sales', body);
    expect({
      status: answer.status,
      type: answer.headers.get('content-type'),
      paths: answer.body.errors.map((one: { path: string }) => one.path).sort(),
    }).toEqual({
      status: 400,
      type: 'application/problem+json',
      paths,
    });
  });

  it('the same order with other content: 409 that names the difference', async () => {
    const { phone } = await shop.enrol();
    await shop.sell('twice', phone, '10.00');
    const answer = await shop.sell('twice', phone, '11.00');
    expect({ status: answer.status, text: JSON.stringify(answer.body) }).toMatchObject({
      status: 409,
      text: expect.stringContaining('grossMinor was 1000, now 1100'),
    });
  });

  it.each([
    ['no key', null, 'GET', '/v1/rewards', 401],
    ['an unknown key', 'sb_pos_unknown', 'GET', '/v1/rewards', 401],
    ['a scope too low', 'pos', 'DELETE', '/v1/members/m_x', 403],
  ])('%s: refused', async (_, key, method, path, status) => {
    expect((await shop.call(method, path, undefined, key)).status).toBe(status);
  });

  it('a body that is too large: 413', async () => {
    expect((await shop.call('POST', '/v1/sales', { orderId: 'x'.repeat(300_000) })).status).toBe(413);
  });
});

describe('a vendor in trouble', () => {
  const callsTo = async (phone: string) =>
    (await shop.outbox('twilio-sms')).filter((call) => new URLSearchParams(call.body).get('To') === phone);
  const called = (phone: string, times: number) => shop.until(async () => (await callsTo(phone)).length === times);
  const answers = (vendor: object) => shop.local('POST', '/vendor', { connector: 'twilio-sms', ...vendor });

  it('answering 429: asked again with growing gaps, and the member hears it once', async () => {
    const { phone } = await shop.enrol();
    // What others are still owed must not use the answers up.
    await shop.idle();
    await answers({ status: 429, body: { code: 20429, message: 'Too many requests', status: 429 }, times: 2 });
    await shop.sell('trouble-1', phone, '5.00');
    for (const times of [1, 2]) {
      await called(phone, times);
      await shop.local('POST', '/clock', { advance: 'PT15M' });
    }
    await called(phone, 3);
    await shop.idle();
    expect((await callsTo(phone)).map((call) => call.status)).toEqual([429, 429, 201]);
  }, 300_000);

  // Who cannot show the words cannot say which message it was.
  it.each([
    ['and listing it when asked: it was sent, and is not sent again', (words: string) => words, 0],
    ['and listing it without its words: nobody can tell, so it is never sent twice', () => null, 1],
  ])(
    'answering 500 after taking the message, %s',
    async (_, listed, unknown) => {
      const { phone } = await shop.enrol();
      await shop.idle();
      const before = await metric('DeliveryUnknown');
      await answers({ status: 500, times: 1 });
      await shop.sell(`trouble-2-${unknown}`, phone, '5.00');
      await called(phone, 1);
      const [call] = await callsTo(phone);
      const sent = new URLSearchParams(call?.body);
      const one = {
        sid: `SM${'f'.repeat(32)}`,
        body: listed(sent.get('Body') ?? ''),
        direction: 'outbound-api',
        messaging_service_sid: sent.get('MessagingServiceSid'),
        date_created: new Date(call?.at ?? '').toUTCString(),
      };
      await answers({ status: 200, body: { messages: [one] }, times: 1 });
      // The vendor is asked a minute later.
      await shop.until(shop.isWaiting);
      await shop.local('POST', '/clock', { advance: 'PT6H' });
      await shop.idle();
      const isUnknown = (await metric('DeliveryUnknown')) - before;
      expect({ calls: (await callsTo(phone)).length, isUnknown }).toEqual({ calls: 1, isUnknown: unknown });
    },
    300_000,
  );

  it('refusing for good: parked with its reason', async () => {
    const { phone } = await shop.enrol();
    await shop.idle();
    await answers({ status: 400, body: { code: 21211, message: 'Invalid To', status: 400 }, times: 1 });
    await shop.sell('trouble-3', phone, '5.00');
    await called(phone, 1);
    await shop.idle();
    expect((await deadOf('twilio-sms-outbound'))?.visible).toBe(1);
  }, 300_000);
});
