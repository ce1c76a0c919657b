import { describe, expect, it } from '@jest/globals';
import { NotEquipped, Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/stripe/index.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { contextOf, HOOK_URL } from './fixture.ts';
import {
  customer,
  dispute,
  endpoint,
  event,
  fixture,
  intent,
  memberFact,
  refund,
  sale,
  send,
  session,
  stripe,
} from './fixtures/stripe.ts';
import { vendorSpec } from './vendor-specs.ts';

const { verify, translate } = connector.roles.source;
const { now } = fixture.source;
const byPayment = contextOf(connector, fixture, { now });
const byCheckout = contextOf(connector, { ...fixture, settings: { accrueOn: 'checkout.session.completed' } }, { now });
const told = (type: string, object: object, context = byPayment) =>
  translate(send(JSON.stringify(event(type, object))) as unknown as Verified, context) as readonly Fact[];

describe('a delivery of Stripe', () => {
  const body = JSON.stringify(event('x', {}));
  const signed = (header: (v1: string, t: number) => string) => {
    const request = send(body);
    const [, t = '', v1 = ''] = /t=(\d+).*v1=(\w+)/.exec(request.headers['stripe-signature'] ?? '') ?? [];
    return { ...request, headers: { 'stripe-signature': header(v1, Number(t)) } };
  };

  it('may carry several signatures while the secret is rolled', () => {
    expect(
      verify(
        signed((v1, t) => `t=${t},v1=${'0'.repeat(64)},v1=${v1}`),
        byPayment,
      ),
    ).toBeDefined();
    for (const key of fixture.secret.webhookSecrets) expect(verify(send(body, { key }), byPayment)).toBeDefined();
  });

  it.each<[string, (v1: string, t: number) => string]>([
    ['only the toy scheme', (v1, t) => `t=${t},v0=${v1}`],
    ['no time', (v1) => `v1=${v1}`],
    ['two times', (v1, t) => `t=${t},t=1,v1=${v1}`],
    ['a time that is none', (v1) => `t=now,v1=${v1}`],
    ['an empty signature', (_, t) => `t=${t},v1=`],
    ['nothing', () => ''],
    ['capital digits', (v1, t) => `t=${t},v1=${v1.toUpperCase()}`],
    ['another scheme’s name', (v1, t) => `t=${t},v11=${v1}`],
  ])('is refused with %s', (_, header) => {
    expect(() => verify(signed(header), byPayment)).toThrow(WebhookRejected);
  });

  describe('of a platform', () => {
    const ours = contextOf(connector, { ...fixture, settings: { account: 'acct_1Ours' } }, { now });
    const from = (account?: string) => send(JSON.stringify(event('x', {}, account ? { account } : {})));

    it('is taken for the account that is set, and for no other', () => {
      expect(verify(from('acct_1Ours'), ours)).toBeDefined();
      expect(() => verify(from('acct_1Sister'), ours)).toThrow('the event is of another account');
      expect(() => verify(from(), ours)).toThrow(WebhookRejected);
      expect(() => verify(from('acct_1Ours'), byPayment)).toThrow(WebhookRejected);
    });
  });
});

describe('one sale raises several events, and one of them earns', () => {
  const invoice = { id: 'in_1', object: 'invoice', amount_paid: 10_700 };
  const all = [
    ['payment_intent.succeeded', intent],
    ['charge.succeeded', { id: 'ch_3Pxyz', object: 'charge', amount: 10_700, payment_intent: 'pi_3Pxyz' }],
    ['invoice.paid', invoice],
    ['invoice_payment.paid', { id: 'inpay_1', object: 'invoice_payment', amount_paid: 10_700 }],
    ['checkout.session.completed', session],
  ] as const;

  it('the payment, by default', () => {
    expect(all.flatMap(([type, object]) => told(type, object))).toEqual([sale]);
  });

  it('the checkout session, by setting: it knows tax and shipping', () => {
    expect(all.flatMap(([type, object]) => told(type, object, byCheckout))).toEqual([
      {
        type: 'sale',
        source: 'stripe',
        factId: 'stripe:pi:pi_3Pxyz',
        orderId: 'pi_3Pxyz',
        occurredAt: '2026-11-21T09:59:50.000Z',
        currency: 'EUR',
        netMinor: 10_000,
        grossMinor: 11_900,
        paidMinor: 12_400,
        lines: [],
        identities: [
          { type: 'member', value: 'm_42' },
          { type: 'email', value: 'ann@example.com' },
          { type: 'phone', value: '+4930901820' },
        ],
      },
    ]);
  });

  it('under the same id whichever it is', () => {
    const [payment] = told('payment_intent.succeeded', intent);
    const [checkout] = told('checkout.session.completed', session, byCheckout);
    expect(payment?.factId).toBe(checkout?.factId);
  });

  it('a bank debit when it is through, not when it is promised', () => {
    expect(told('checkout.session.completed', { ...session, payment_status: 'unpaid' }, byCheckout)).toEqual([]);
    expect(told('checkout.session.async_payment_succeeded', session, byCheckout)).toHaveLength(1);
    expect(
      told(
        'checkout.session.completed',
        { ...session, payment_status: 'no_payment_required', payment_intent: null },
        byCheckout,
      ),
    ).toEqual([]);
  });

  it('says the same in a second event about the same payment', () => {
    const again = JSON.stringify({ ...event('payment_intent.succeeded', intent), id: 'evt_2', created: 1795259999 });
    expect(translate(send(again) as unknown as Verified, byPayment)).toEqual([sale]);
  });
});

describe('an amount', () => {
  it.each([
    ['usd', 1_234, 1_234],
    ['jpy', 1_234, 1_234],
    ['krw', 50_000, 50_000],
    ['kwd', 5_130, 5_130],
    ['bhd', 1_000, 1_000],
    ['isk', 150_000, 1_500],
    ['ugx', 500_000, 5_000],
  ])('in %s: %d of Stripe’s is %d of ours', (currency, amount, minor) => {
    const plain = { ...intent, currency, amount_received: amount, amount_details: null };
    expect(told('payment_intent.succeeded', plain)).toMatchObject([
      { currency: currency.toUpperCase(), netMinor: minor, grossMinor: minor },
    ]);
    expect(told('refund.created', { ...refund, currency, amount })).toMatchObject([{ extent: { grossMinor: minor } }]);
  });

  it('of a payment is what was received, less the tip', () => {
    expect(told('payment_intent.succeeded', { ...intent, amount: 20_000, amount_received: 5_000 })).toMatchObject([
      { grossMinor: 4_500 },
    ]);
    expect(told('payment_intent.succeeded', { ...intent, amount_details: { tip: {} } })).toMatchObject([
      { grossMinor: 10_700 },
    ]);
  });

  it.each([['zzz'], ['eu'], ['€€€']])('in %s is parked', (currency) => {
    expect(() => told('payment_intent.succeeded', { ...intent, currency })).toThrow(Permanent);
  });
});

describe('money that goes back', () => {
  it.each(['pending', 'requires_action', 'failed', 'canceled', null])('not while the refund is %p', (status) => {
    expect(told('refund.created', { ...refund, status })).toEqual([]);
    expect(told('refund.updated', { ...refund, status })).toEqual([]);
  });

  it('once, though two events tell it', () => {
    expect(told('refund.updated', refund)).toEqual(told('refund.created', refund));
  });

  it('of a charge from before payment intents', () => {
    expect(told('refund.created', { ...refund, payment_intent: null })).toMatchObject([{ orderId: 'ch_3Pxyz' }]);
    expect(() => told('refund.created', { ...refund, payment_intent: null, charge: null })).toThrow(Permanent);
  });

  it('by a dispute only when it is lost', () => {
    for (const status of ['won', 'warning_closed', 'prevented'])
      expect(told('charge.dispute.closed', { ...dispute, status })).toEqual([]);
    expect(told('charge.dispute.created', dispute)).toEqual([]);
  });

  it('all of it where the whole charge is disputed, and else the amount', () => {
    const of = (amount: number) => told('charge.dispute.closed', { ...dispute, charge: { id: 'ch_3Pxyz', amount } });
    expect(of(10_700)).toMatchObject([{ extent: { kind: 'everything' }, reason: 'chargeback' }]);
    expect(of(20_000)).toMatchObject([{ extent: { kind: 'amount', grossMinor: 10_700 }, reason: 'chargeback' }]);
  });
});

describe('a customer', () => {
  const all = contextOf(connector, { ...fixture, settings: { enrolCustomers: true } }, { now });
  const stranger = { ...customer, metadata: {} };

  it('who is no member becomes one only where the settings say so', () => {
    const [, ...others] = memberFact.identities;
    expect(told('customer.created', stranger)).toEqual([]);
    expect(told('customer.created', stranger, all)).toEqual([{ ...memberFact, identities: others }]);
  });

  it('of whom nothing else is known is one all the same', () => {
    const bare = {
      id: 'cus_1',
      object: 'customer',
      email: null,
      phone: null,
      name: null,
      address: null,
      metadata: null,
    };
    expect(told('customer.created', bare, all)).toMatchObject([
      { identities: [{ type: 'stripe', value: 'cus_1' }], profile: {} },
    ]);
  });

  it('is told anew with every change, and the same when that is told twice', () => {
    const heard = (id: string) =>
      translate(send(JSON.stringify(event('customer.updated', customer, { id }))) as unknown as Verified, byPayment);
    expect(heard('evt_2')).toEqual(heard('evt_2'));
    expect(heard('evt_2')).not.toEqual(heard('evt_3'));
  });
});

describe('nothing for us', () => {
  it('is a thin event', () => {
    const thin = {
      id: 'evt_t',
      object: 'v2.core.event',
      type: 'payment_intent.succeeded',
      related_object: { id: 'pi_1' },
    };
    expect(translate(send(JSON.stringify(thin)) as unknown as Verified, byPayment)).toEqual([]);
  });

  it('is any other type', () => {
    for (const type of ['charge.captured', 'customer.deleted', 'constructor', '']) expect(told(type, {})).toEqual([]);
  });
});

const fixtures = vendorSpec<{ resources: Record<string, Record<string, unknown>> }>('stripe-fixtures.json');
(fixtures ? describe : describe.skip)('Stripe’s own sample objects', () => {
  const resources = fixtures?.resources ?? {};

  it.each([
    ['payment_intent.succeeded', 'payment_intent', { status: 'succeeded', amount_received: 2_000 }, byPayment],
    [
      'checkout.session.completed',
      'checkout.session',
      { payment_status: 'paid', amount_total: 2_000, currency: 'usd' },
      byCheckout,
    ],
    ['refund.created', 'refund', { status: 'succeeded' }, byPayment],
    ['customer.updated', 'customer', { metadata: { member_id: 'm_42' } }, byPayment],
  ] as const)('%s can be read', (type, name, change, context) => {
    const sample = resources[name];
    if (!sample) throw new Error(`there is no sample of ${name}: ${Object.keys(resources).join(', ')}`);
    expect(told(type, { ...sample, ...change }, context)).toHaveLength(1);
  });
});

describe('events that were sent in vain', () => {
  const SINCE = new Date('2026-11-21T09:00:00.900Z');
  const around = (vendor: ReturnType<typeof stripe>, settings = {}) =>
    contextOf(connector, { ...fixture, settings }, { now, fetch: vendor.fetch });
  const payments = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      event('payment_intent.succeeded', { ...intent, id: `pi_${index}` }, { id: `evt_${index}` }),
    );

  it('are listed page by page, only those that are heard of', async () => {
    const vendor = stripe({ events: [...payments(120), event('payout.paid', {}, { id: 'evt_x' })] });
    const first = await connector.roles.source.reconcile?.(SINCE, around(vendor));
    expect(first).toMatchObject({ facts: { length: 100 }, next: 'evt_99' });
    const second = await connector.roles.source.reconcile?.(SINCE, around(vendor), first?.next);
    expect(second?.facts.map(({ factId }) => factId)).toEqual(
      Array.from({ length: 20 }, (_, index) => `stripe:pi:pi_${100 + index}`),
    );
    expect(second?.next).toBeUndefined();
    const [{ url, headers } = { url: new URL('https://x.example'), headers: new Headers() }] = vendor.calls;
    expect(url.origin + url.pathname).toBe('https://api.stripe.com/v1/events');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ 'created[gte]': '1795251600', limit: '100' });
    expect(url.searchParams.getAll('types[]')).toEqual(connector.manifest.hears);
    expect(headers.get('stripe-version')).toBe(connector.manifest.apiVersion);
    expect(headers.has('stripe-account')).toBe(false);
  });

  it('asks again when the answer breaks off', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const context = contextOf(connector, fixture, { now, fetch: async () => new Response(broken) });
    await expect(connector.roles.source.reconcile?.(SINCE, context)).rejects.toBeInstanceOf(Transient);
  });

  it('are those of the connected account, where one is set', async () => {
    const vendor = stripe({ events: payments(1) });
    await connector.roles.source.reconcile?.(SINCE, around(vendor, { account: 'acct_1Ours' }));
    expect(vendor.calls[0]?.headers.get('stripe-account')).toBe('acct_1Ours');
  });

  it('and cannot be read are named, and keep nobody from the others', async () => {
    const [one] = payments(1);
    const odd = event('payment_intent.succeeded', { ...intent, amount_received: 'ten' }, { id: 'evt_odd' });
    expect(
      await connector.roles.source.reconcile?.(SINCE, around(stripe({ events: [odd, one as never] }))),
    ).toMatchObject({
      facts: [{ factId: 'stripe:pi:pi_0' }],
      unreadable: [{ what: 'evt_odd', because: expect.stringContaining('amount_received') }],
    });
  });

  it.each<[string, object, object, string[]]>([
    ['is disabled', { status: 'disabled' }, {}, ['Stripe’s webhook endpoint is disabled: enable it']],
    ['sends everything', { enabled_events: ['*'] }, {}, []],
    [
      'leaves something out',
      { enabled_events: ['payment_intent.succeeded', 'refund.created'] },
      {},
      [
        'Stripe’s webhook endpoint does not send refund.updated, charge.dispute.closed, customer.created, customer.updated: add them',
      ],
    ],
    [
      'sends what earns elsewhere',
      {},
      { accrueOn: 'checkout.session.completed' },
      [
        'Stripe’s webhook endpoint does not send checkout.session.completed, checkout.session.async_payment_succeeded: add them',
      ],
    ],
    [
      'follows the account’s version',
      { api_version: null },
      {},
      ['Stripe’s webhook endpoint sends version of the account: make one of 2026-10-28.endive'],
    ],
  ])('an endpoint that %s is told apart from the one it should be', async (_, change, settings, says) => {
    const vendor = stripe({ endpoints: [{ ...endpoint, ...change }] });
    const context = around(vendor, settings);
    expect(await connector.roles.source.subscribe?.(`${HOOK_URL}/stripe`, context)).toEqual(says);
    expect(vendor.calls.every(({ url }) => url.pathname === '/v1/webhook_endpoints')).toBe(true);
  });
});

describe('the credentials', () => {
  const checked = (status: number, secret = fixture.secret) => {
    const fetch: typeof globalThis.fetch = async (url) => {
      expect(String(url)).toMatch(/^https:\/\/api\.stripe\.com\/v1\/events\?created%5Bgte%5D=/);
      return Response.json({ object: 'list', data: [], has_more: false }, { status });
    };
    return connector.check?.(contextOf(connector, { ...fixture, secret }, { now, fetch }));
  };

  it('are good when they may read events', async () => {
    expect(await checked(200)).toMatch(/^a (test|live) key that may read events/);
  });

  it('are not when Stripe refuses them', async () => {
    await expect(checked(401)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('cannot be asked about without an API key: webhooks need none', async () => {
    await expect(checked(200, { ...fixture.secret, apiKey: undefined as never })).rejects.toBeInstanceOf(NotEquipped);
  });
});
