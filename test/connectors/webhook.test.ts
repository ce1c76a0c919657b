import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { Gone, Permanent, Transient, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/webhook/index.ts';
import { events, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { contextOf } from './fixture.ts';
import { body, customer, event, fixture, order, send } from './fixtures/webhook.ts';

const now = new Date('2026-11-21T10:00:00Z');

describe('our events go out', () => {
  type Sent = { url: string; headers: Record<string, string>; body: string; redirect: string | undefined };
  const endpoint = (status: number, headers: Record<string, string> = {}) => {
    const sent: Sent[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      sent.push({
        url: String(url),
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: String(init?.body),
        redirect: init?.redirect,
      });
      return new Response(null, { status, headers });
    };
    return { sent, fetch };
  };
  const apply = (
    fetch: typeof globalThis.fetch,
    given: { now?: Date; settings?: object; secret?: object; events?: readonly LoyaltyEvent[] } = {},
  ) =>
    connector.roles.sink.apply(
      (given.events ?? [event]).map((event) => ({ event })),
      contextOf(connector, fixture, {
        now: given.now ?? now,
        fetch,
        ...(given.settings && { settings: given.settings }),
        ...(given.secret && { secret: given.secret }),
      }),
    );
  const failure = (...args: Parameters<typeof apply>) =>
    apply(...args).then(
      () => 'it worked',
      (error: unknown) => error,
    );

  it('as type, time and data, with ids and numbers only', async () => {
    const { sent, fetch } = endpoint(200);
    await apply(fetch);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe('https://hooks.kunstpause.example/stampbook');
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      type: 'points.earned',
      timestamp: '2026-11-21T09:59:00Z',
      data: {
        points: 12,
        source: 'shopify',
        object: '1001',
        nextExpiryOn: '2027-11-30',
        eventId: 'm1.7.points.earned',
        memberId: 'm1',
        entryId: 'm1.7',
        balance: { available: 112, pending: 0, held: 0 },
        tier: 'guest',
      },
    });
  });

  it('signed over the very bytes, so that the reference package takes them', async () => {
    const { sent, fetch } = endpoint(200);
    const at = new Date(); // the package knows no other time than now
    await apply(fetch, { now: at });
    const [{ body = '', headers = {} } = {}] = sent;
    expect(new Webhook(fixture.secret.outboundKeys[0] ?? '').verify(body, headers)).toEqual(JSON.parse(body));
    expect(headers['webhook-id']).toBe('msg_m1_7_points_earned');
  });

  it('with the same id and body on every attempt, a newer time and another signature', async () => {
    const { sent, fetch } = endpoint(500);
    await failure(fetch);
    await failure(fetch, { now: new Date(now.getTime() + 60_000) });
    const [first, second] = sent;
    expect([first?.headers['webhook-id'], first?.body]).toEqual([second?.headers['webhook-id'], second?.body]);
    expect(Number(second?.headers['webhook-timestamp']) - Number(first?.headers['webhook-timestamp'])).toBe(60);
    expect(first?.headers['webhook-signature']).not.toBe(second?.headers['webhook-signature']);
  });

  it.each([200, 201, 202, 204])('and a %d is delivered', async (status) => {
    expect(await apply(endpoint(status).fetch)).toEqual([{ vendorId: 'msg_m1_7_points_earned' }]);
  });

  it.each([301, 302, 307, 400, 401, 403, 404, 422, 500, 503])('and a %d is tried again', async (status) => {
    const { sent, fetch } = endpoint(status, { location: 'https://169.254.169.254/' });
    expect(await failure(fetch)).toBeInstanceOf(Transient);
    expect(sent.map(({ redirect }) => redirect)).toEqual(['manual']);
  });

  it('and a 410 is the end of it', async () => expect(await failure(endpoint(410).fetch)).toBeInstanceOf(Gone));

  it.each([429, 502, 503, 504])('and a %d may say for how long to wait', async (status) => {
    expect(await failure(endpoint(status, { 'retry-after': '120' }).fetch)).toMatchObject({ retryAfterSeconds: 120 });
  });

  it('several of them one by one, and the rest not once one fails', async () => {
    const others = [event, { ...event, id: 'm1.8.points.earned' }];
    expect(await apply(endpoint(200).fetch, { events: others })).toEqual([
      { vendorId: 'msg_m1_7_points_earned' },
      { vendorId: 'msg_m1_8_points_earned' },
    ]);
    const { sent, fetch } = endpoint(500);
    await failure(fetch, { events: others });
    expect(sent).toHaveLength(1);
  });

  it.each([
    'https://127.0.0.1/',
    'https://169.254.169.254/latest',
    'https://[fd00:ec2::254]/',
    'https://localhost/x',
    'http://example.com/',
  ])('never to %s', async (address) => {
    const { sent, fetch } = endpoint(200);
    expect(await failure(fetch, { settings: { endpoint: address } })).toBeInstanceOf(Permanent);
    expect(sent).toEqual([]);
  });

  it('with every key while one is being rotated', async () => {
    const { sent, fetch } = endpoint(200);
    const keys = [3, 4].map((byte) => `whsec_${Buffer.alloc(24, byte).toString('base64')}`);
    const at = new Date();
    await apply(fetch, { now: at, secret: { ...fixture.secret, outboundKeys: keys } });
    for (const key of keys) expect(new Webhook(key).verify(sent[0]?.body ?? '', sent[0]?.headers ?? {})).toBeDefined();
  });

  it('of every type, below 20 kB, and their data do not hide the envelope', () => {
    const envelope = ['eventId', 'memberId', 'entryId', 'balance', 'tier'];
    for (const schema of Object.values(events))
      expect(Object.keys(schema.shape.data.shape).filter((name) => envelope.includes(name))).toEqual([]);
    expect(LoyaltyEvent.parse(event)).toEqual(event);
  });

  it('only with real keys', () => {
    for (const key of ['whsec_', 'whsec_short', `whsec_${'!'.repeat(40)}`, Buffer.alloc(24).toString('base64'), '']) {
      expect(connector.manifest.secret.safeParse({ ...fixture.secret, outboundKeys: [key] }).success).toBe(false);
    }
  });
});

describe('a message that cannot be signed', () => {
  const context = contextOf(connector, fixture, { now });
  const [secret = ''] = fixture.secret.inboundSecrets ?? [];
  const plain = (headers: Record<string, string>) => ({
    method: 'POST',
    url: 'https://x.example',
    headers,
    body: Buffer.from(JSON.stringify(body('activity', { customer, activity: { kind: 'visit' } }))),
  });
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
  const verify = (headers: Record<string, string>) => () => connector.roles.source.verify(plain(headers), context);

  it.each([
    ['x-api-key', { 'x-api-key': secret }],
    ['Bearer', { authorization: `Bearer ${secret}` }],
    ['bearer', { authorization: `bearer  ${secret}` }],
    ['Basic', basic(`anybody:${secret}`)],
  ])('brings the static secret as %s', (_, headers) => expect(verify(headers)).not.toThrow());

  it.each([
    ['nothing', {}],
    ['another one', { 'x-api-key': `${secret}x` }],
    ['an empty one', { 'x-api-key': '' }],
    ['a scheme of its own', { authorization: `Token ${secret}` }],
    ['only a user', basic(`${secret}`.slice(1))],
    ['another password', basic(`${secret}:x`)],
    ['the key that we sign with', { 'x-api-key': fixture.secret.outboundKeys[0] ?? '' }],
  ])('is refused with %s', (_, headers) => expect(verify(headers)).toThrow(WebhookRejected));

  it('is refused with the secret and half a signature: who signs, signs', () => {
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature'])
      expect(verify({ 'x-api-key': secret, [name]: '1' })).toThrow(WebhookRejected);
  });

  it('needs an id of its own, since nothing else tells a repetition', () => {
    const translate = (id: string | undefined) =>
      connector.roles.source.translate(
        {
          ...plain({}),
          body: Buffer.from(JSON.stringify(body('activity', { customer, activity: { kind: 'visit' } }, { id }))),
        } as unknown as Verified,
        context,
      );
    expect(translate('e-9')).toMatchObject([{ factId: 'webhook:visit:e-9', activityId: 'e-9' }]);
    expect(() => translate(undefined)).toThrow('the message has no id');
  });
});

describe('what is said', () => {
  const context = contextOf(connector, fixture, { now });
  const told = (type: string, data: object, more: object = {}) =>
    connector.roles.source.translate(send(JSON.stringify(body(type, data, more))) as unknown as Verified, context);
  const line = { id: '1', quantity: 2, total: '8.00', net: '7.00', category: 'drinks', sku: 'CUP' };

  it('of an order with lines, net and gross', () => {
    const lines = [
      { ...line, tags: ['new'], list_total: '10.00', list_net: '9.00' },
      { id: '2', total: '4.34' },
    ];
    expect(
      told('order.paid', { customer, order: { ...order, net: '11.34', lines, redemption: 'red-1' }, staff: 'till-3' }),
    ).toMatchObject([
      {
        netMinor: 1_134,
        grossMinor: 1_234,
        redemptionId: 'red-1',
        staffId: 'till-3',
        lines: [
          {
            id: '1',
            sku: 'CUP',
            category: 'drinks',
            tags: ['new'],
            quantity: 2,
            netMinor: 700,
            grossMinor: 800,
            listNetMinor: 900,
            listGrossMinor: 1_000,
          },
          { id: '2', quantity: 1, netMinor: 434, grossMinor: 434 },
        ],
      },
    ]);
  });

  it('of an order whose lines do not add up is parked', () => {
    expect(() => told('order.paid', { customer, order: { ...order, lines: [line] } })).toThrow(
      'the lines do not add up',
    );
    expect(() =>
      told('order.paid', { customer, order: { ...order, net: '1.00', lines: [{ id: '1', total: '12.34' }] } }),
    ).toThrow('the lines do not add up');
  });

  it('of a guest’s order has nobody in it', () => {
    expect(told('order.paid', { order })).toMatchObject([{ identities: [] }]);
    expect(told('order.paid', { customer: { id: null, email: null, phone: null }, order })).toMatchObject([
      { identities: [] },
    ]);
  });

  it('of a customer counts in this order: member, card, their id, e-mail, phone', () => {
    expect(told('order.paid', { customer: { ...customer, member: 'm1', card: 'ab 12-34' }, order })).toMatchObject([
      {
        identities: [
          { type: 'member', value: 'm1' },
          { type: 'card', value: 'AB1234' },
          { type: 'webhook', value: 'c-1' },
          { type: 'email', value: 'ann@example.com' },
          { type: 'phone', value: '+4915112345678' },
        ],
      },
    ]);
  });

  it('of a refund by lines, by amount, or of everything', () => {
    const back = { id: 'r-1', refund_of: 'o-1', currency: 'EUR' };
    const extent = (change: object) => told('order.refunded', { order: { ...back, ...change } });
    expect(extent({})).toMatchObject([{ extent: { kind: 'everything' } }]);
    expect(extent({ total: '3.00', net: '2.50' })).toMatchObject([
      { extent: { kind: 'amount', netMinor: 250, grossMinor: 300 } },
    ]);
    expect(extent({ lines: [{ id: '1', total: '3.00' }], reason: 'correction' })).toMatchObject([
      { extent: { kind: 'lines', lines: [{ id: '1', netMinor: 300, grossMinor: 300 }] }, reason: 'correction' },
    ]);
  });

  it('under the id of the header, which is signed, rather than that of the body', () => {
    expect(told('activity', { customer, activity: { kind: 'visit' } })).toMatchObject([
      { factId: 'webhook:visit:msg_1' },
    ]);
    expect(told('activity', { customer, activity: { kind: 'booking', id: 'b-7' } })).toMatchObject([
      { factId: 'webhook:booking:b-7', activityId: 'b-7' },
    ]);
  });

  it.each([
    ['an amount as a number', 'order.paid', { order: { ...order, total: 12.34 } }],
    ['an amount below zero', 'order.paid', { order: { ...order, total: '-1.00' } }],
    ['a fraction of a cent', 'order.paid', { order: { ...order, total: '1.001' } }],
    ['a currency that is none', 'order.paid', { order: { ...order, currency: 'ZZZ' } }],
    ['a currency in small letters', 'order.paid', { order: { ...order, currency: 'eur' } }],
    ['no order', 'order.paid', { customer }],
    ['no order to refund', 'order.refunded', { order }],
    ['an activity that nobody knows', 'activity', { customer, activity: { kind: 'nap' } }],
    ['a birthday, which we find out ourselves', 'activity', { customer, activity: { kind: 'birthday' } }],
    ['a birthday that is none', 'member.updated', { customer, profile: { birthday: '1990-02-31' } }],
  ])('with %s is parked', (_, type, data) => expect(() => told(type, data)).toThrow(Permanent));

  it.each(['now', '2026-11-21', '2026-11-21T10:00:00', null])(
    'at %p is parked: the time has to be one',
    (timestamp) => {
      expect(() => told('order.paid', { customer, order }, { timestamp })).toThrow(Permanent);
    },
  );

  it.each(['order.created', 'points.earned', 'constructor', '__proto__', ''])('as %j is nothing for us', (type) =>
    expect(told(type, {})).toEqual([]),
  );
});
