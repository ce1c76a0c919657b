import { describe, expect, it } from '@jest/globals';
import { NotEquipped, Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/shopify/index.ts';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import { contextOf, HOOK_URL, type Sent } from './fixture.ts';
import {
  CUSTOMER,
  code,
  customer,
  fixture,
  knownMember,
  order,
  redeemed,
  refund,
  sale,
  send,
  standing,
  subscriptions,
} from './fixtures/shopify.ts';
import { admin, foundLines, foundOrder, foundRefund, SHOP } from './fixtures/shopify-admin.ts';

const context = contextOf(connector, fixture);
const { verify, translate } = connector.roles.source;
const told = (topic: string, body: object) =>
  translate(send(JSON.stringify(body), { headers: { 'x-shopify-topic': topic } }) as unknown as Verified, context);
const paid = (change: object = {}) => told('orders/paid', { ...order, ...change });
const back = (change: object = {}) => told('refunds/create', { ...refund, ...change });

describe('a delivery of Shopify', () => {
  const arrive = (as: Sent) => () => verify(send(JSON.stringify(order), as), context);

  it('is taken under either spelling of its headers', () => {
    const { headers, ...rest } = send(JSON.stringify(order));
    const newer = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.replace(/^x-shopify/, 'shopify'), value]),
    );
    expect(verify({ ...rest, headers: newer }, context)).toMatchObject({ url: rest.url });
    expect(translate({ ...rest, headers: newer } as unknown as Verified, context)).toEqual([sale]);
  });

  it('is taken under the old secret and under the new one', () => {
    for (const key of fixture.secret.webhookSecrets) expect(arrive({ key })).not.toThrow();
    expect(arrive({ key: 'shpss_another' })).toThrow(WebhookRejected);
  });

  it('is refused when it is another shop’s, or does not say whose', () => {
    for (const shop of ['sister.myshopify.com', 'kunstpause.myshopify.com.evil.example', '']) {
      expect(arrive({ headers: { 'x-shopify-shop-domain': shop } })).toThrow('the delivery is for another shop');
    }
    expect(arrive({ headers: { 'x-shopify-shop-domain': 'KUNSTPAUSE.myshopify.com' } })).not.toThrow();
  });
});

describe('the topic is not signed, so the body has to be what it says', () => {
  const bodies = {
    'orders/paid': order,
    'orders/cancelled': { ...order, cancelled_at: '2026-11-21T07:00:00Z' },
    'refunds/create': refund,
    'customers/create': customer,
  };
  const pairs = Object.entries(bodies).flatMap(([is, body]) =>
    Object.keys(bodies).map((says) => [is, says, body] as const),
  );

  it.each(pairs.filter(([is, says]) => is !== says && !(is === 'orders/cancelled' && says === 'orders/paid')))(
    '%s sent as %s is parked',
    (_, says, body) => {
      expect(() => told(says, body)).toThrow(Permanent);
    },
  );

  it.each(['pending', 'authorized', 'partially_paid', 'voided', 'expired', '', null])(
    'an order that is %p earns nothing as orders/paid',
    (financial_status) => {
      expect(() => paid({ financial_status })).toThrow('the topic says paid, the order does not');
    },
  );

  it('no topic at all is parked, an unknown one is nothing', () => {
    expect(() => translate({ ...send('{}'), headers: {} } as unknown as Verified, context)).toThrow(Permanent);
    for (const topic of ['orders/updated', 'app/uninstalled', '', '__proto__']) expect(told(topic, order)).toEqual([]);
  });
});

describe('an order', () => {
  it('of a test earns nothing', () => {
    expect(paid({ test: true })).toEqual([]);
    expect(told('orders/cancelled', { ...order, test: true, cancelled_at: '2026-11-21T07:00:00Z' })).toEqual([]);
    expect(back({ transactions: [{ ...refund.transactions[0], test: true }] })).toEqual([]);
  });

  it('with prices that include tax: the tax is taken out for the net', () => {
    const [line] = order.line_items as { price: string }[];
    expect(
      paid({
        currency: 'EUR',
        taxes_included: true,
        subtotal_price: '90.00',
        total_tax: '15.17',
        shipping_lines: [{ tax_lines: [{ price: '0.80' }] }],
        line_items: [{ ...line, tax_lines: [{ price: '14.37', rate: 0.19 }] }],
      }),
    ).toEqual([
      {
        ...sale,
        currency: 'EUR',
        netMinor: 7_563,
        grossMinor: 9_000,
        lines: [{ id: '1', sku: 'CUP', quantity: 2, netMinor: 7_563, grossMinor: 9_000 }],
      },
    ]);
  });

  it('that names its tax only as a whole: each line bears its share', () => {
    const line_items = [1, 2, 3].map((id) => ({ id, quantity: 1, price: '10.00', tax_lines: [] }));
    const [{ lines, ...whole }] = paid({ line_items, subtotal_price: '30.00', total_tax: '4.00' }) as [SaleFact];
    expect(whole).toMatchObject({ netMinor: 3_000, grossMinor: 3_400 });
    expect(lines.map((line) => line.grossMinor)).toEqual([1_133, 1_133, 1_134]);
    const free = { line_items: [{ id: 1, quantity: 1, price: '0.00' }], subtotal_price: '0.00', total_tax: '0.00' };
    expect(paid(free)).toMatchObject([{ netMinor: 0, grossMinor: 0 }]);
  });

  it('names the codes that were typed', () => {
    expect(paid({ discount_codes: [{ code: '7HKQ4X-M3RYAN-9CWDTE' }, { code: 'SPRING' }] })).toMatchObject([
      { codes: ['7HKQ4X-M3RYAN-9CWDTE', 'SPRING'] },
    ]);
    for (const discount_codes of [null, undefined, []])
      expect(paid({ discount_codes })).not.toMatchObject([{ codes: expect.anything() }]);
  });

  it('with a tip: that is no goods', () => {
    expect(
      paid({ line_items: [...order.line_items, { id: 3, quantity: 1, price: '8.00', tip: { payment_gateway: 'x' } }] }),
    ).toEqual([sale]);
  });

  it('whose lines do not add up: its own total counts, less the tax on shipping', () => {
    expect(
      paid({ subtotal_price: '100.00', total_tax: '8.20', shipping_lines: [{ tax_lines: [{ price: '0.20' }] }] }),
    ).toEqual([{ ...sale, netMinor: 10_000, grossMinor: 10_800, lines: [] }]);
    expect(paid({ taxes_included: true, subtotal_price: '100.00', total_tax: '8.00' })).toEqual([
      { ...sale, netMinor: 9_200, grossMinor: 10_000, lines: [] },
    ]);
  });

  it('with more lines than a fact can hold: the total counts', () => {
    const line = { id: 1, quantity: 1, price: '1.00', tax_lines: [] };
    const line_items = Array.from({ length: 201 }, (_, index) => ({ ...line, id: index + 1 }));
    expect(paid({ line_items, subtotal_price: '201.00', total_tax: '0.00' })).toMatchObject([
      { netMinor: 20_100, grossMinor: 20_100, lines: [] },
    ]);
  });

  it.each([
    ['JPY', '1200', 1_200],
    ['KWD', '1.250', 1_250],
    ['EUR', '12.50', 1_250],
  ])('in %s', (currency, price, amount) => {
    const line_items = [{ id: 1, quantity: 1, price, tax_lines: [] }];
    expect(paid({ currency, line_items, subtotal_price: price, total_price: price, total_tax: '0' })).toMatchObject([
      { currency, netMinor: amount, grossMinor: amount },
    ]);
  });

  it.each([
    ['an amount below zero', { subtotal_price: '-1.00' }],
    ['a fraction of a cent', { subtotal_price: '1.001' }],
    ['a currency that is none', { currency: 'ZZZ' }],
    ['no time', { processed_at: 'yesterday' }],
    ['no lines', { line_items: undefined }],
    ['no id', { id: null }],
    ['an id that lost its last digits', { id: 2 ** 53 }],
  ])('with %s is parked', (_, change) => expect(() => paid(change)).toThrow(Permanent));

  describe('is whose', () => {
    it('the customer of the shop, known by id, e-mail and phone', () =>
      expect(paid()).toMatchObject([{ identities: sale.identities }]));

    it('a guest who left an e-mail and a national number', () => {
      expect(
        paid({ customer: null, email: 'Bo@Example.com', phone: '030 901820', billing_address: { country_code: 'DE' } }),
      ).toMatchObject([
        {
          identities: [
            { type: 'email', value: 'bo@example.com' },
            { type: 'phone', value: '+4930901820' },
          ],
        },
      ]);
    });

    it('a walk-in that nobody knows', () =>
      expect(paid({ customer: null, email: '', phone: null })).toMatchObject([{ identities: [] }]));

    it('one whose number cannot be read: without it', () => {
      expect(paid({ customer: { id: 1, email: null, phone: 'call me' }, email: null })).toMatchObject([
        { identities: [{ type: 'shopify', value: '1' }] },
      ]);
    });
  });

  it('that was never paid gives nothing back when it is cancelled', () => {
    for (const financial_status of ['pending', 'voided', 'authorized', null]) {
      expect(told('orders/cancelled', { ...order, financial_status, cancelled_at: '2026-11-21T07:00:00Z' })).toEqual(
        [],
      );
    }
  });
});

describe('a refund', () => {
  const lines = (netMinor: number, grossMinor: number) => [
    { extent: { kind: 'lines', lines: [{ id: '1', netMinor, grossMinor }] } },
  ];
  const [item] = refund.refund_line_items;

  it('of prices that include tax is told by its own rates', () => {
    const taxed = (subtotal: string, total_tax: string, rate: number) =>
      back({
        refund_line_items: [{ ...item, subtotal, total_tax, line_item: { tax_lines: [{ price: total_tax, rate }] } }],
      });
    expect(taxed('45.00', '7.18', 0.19)).toMatchObject(lines(3_782, 4_500)); // contained
    expect(taxed('45.00', '8.55', 0.19)).toMatchObject(lines(4_500, 5_355)); // added
    expect(taxed('45.00', '0.00', 0.19)).toMatchObject(lines(4_500, 4_500)); // exempt
  });

  it('without rates is told by the money that went back', () => {
    const bare = { ...item, line_item: undefined };
    expect(
      back({ refund_line_items: [bare], transactions: [{ ...refund.transactions[0], amount: '45.00' }] }),
    ).toMatchObject(lines(4_140, 4_500));
    expect(back({ refund_line_items: [bare] })).toMatchObject(lines(4_500, 4_860));
  });

  it('names each line once', () => {
    expect(back({ refund_line_items: [item, item] })).toMatchObject(lines(9_000, 9_720));
  });

  it('of money alone: without the shipping, and only what has gone through', () => {
    const transactions = [
      { kind: 'refund', status: 'success', amount: '12.00', currency: 'USD' },
      { kind: 'refund', status: 'failure', amount: '99.00', currency: 'USD' },
      { kind: 'void', status: 'success', amount: '99.00', currency: 'USD' },
    ];
    const order_adjustments = [
      { kind: 'shipping_refund', amount: '-4.00', tax_amount: '-0.50' },
      { kind: 'refund_discrepancy', amount: '-7.50', tax_amount: '0.00' },
    ];
    expect(back({ refund_line_items: [], transactions, order_adjustments })).toMatchObject([
      { extent: { kind: 'amount', grossMinor: 750 } },
    ]);
  });

  it('of shipping alone, or of nothing, takes nothing back', () => {
    const shipping = { refund_line_items: [], order_adjustments: [{ kind: 'shipping_refund', amount: '-48.60' }] };
    expect(back(shipping)).toEqual([]);
    expect(back({ refund_line_items: [], transactions: [] })).toEqual([]);
  });

  it('of goods for which no money went back is one all the same', () => {
    expect(back({ transactions: [] })).toMatchObject(lines(4_500, 4_860));
  });

  it('that names no currency is parked', () => {
    expect(() => back({ refund_line_items: [{ ...item, subtotal_set: undefined }], transactions: [] })).toThrow(
      'the refund names no currency',
    );
  });
});

describe('a customer', () => {
  it('without a name, an e-mail or a phone is one all the same', () => {
    expect(told('customers/create', { ...customer, first_name: null, last_name: null, email: null })).toMatchObject([
      { type: 'member', identities: [{ type: 'shopify', value: '7000111' }], profile: {} },
    ]);
  });

  it('is told anew with every change', () => {
    const at = (updated_at: string) => told('customers/update', { ...customer, updated_at });
    expect(at('2026-11-20T10:00:00Z')).not.toEqual(at('2026-11-20T10:00:01Z'));
  });
});

describe('orders that were told in vain', () => {
  const SINCE = new Date('2026-11-20T15:00:00Z');
  const reconcile = (vendor: ReturnType<typeof admin>, after?: string, given: object = {}) =>
    connector.roles.source.reconcile?.(SINCE, contextOf(connector, fixture, { fetch: vendor.fetch, ...given }), after);
  const numbered = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...foundOrder,
      id: `gid://shopify/Order/${index}`,
      legacyResourceId: String(index),
      updatedAt: `2026-11-20T15:${String(index).padStart(2, '0')}:00Z`,
      refunds: [],
    }));

  it('are looked up by when they changed, a few at a time, from the oldest change on', async () => {
    const vendor = admin({ orders: [...numbered(12), { ...foundOrder, updatedAt: '2026-11-20T14:59:59Z' }] });
    const told: string[][] = [];
    for (let after: string | undefined; ; ) {
      const page = await reconcile(vendor, after);
      told.push((page?.facts ?? []).map(({ factId }) => factId));
      after = page?.next;
      if (after === undefined) break;
    }
    expect(told.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(new Set(told.flat()).size).toBe(12);
    expect(told[0]?.[0]).toBe('shopify:order:0:paid');
  });

  it('asks again when the answer breaks off', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const asked = reconcile(admin({ orders: [] }), undefined, { fetch: async () => new Response(broken) });
    await expect(asked).rejects.toBeInstanceOf(Transient);
  });

  it('are looked up with all their lines', async () => {
    const lines = Array.from({ length: 120 }, (_, index) => ({
      ...foundLines[1],
      id: `gid://shopify/LineItem/${index}`,
      originalUnitPriceSet: { shopMoney: { amount: '1.0' } },
    }));
    const one = { ...foundOrder, lines, refunds: [], totalTaxSet: null };
    const vendor = admin({ orders: [{ ...one, subtotalPriceSet: { shopMoney: { amount: '120.0' } } } as never] });
    const found = await reconcile(vendor);
    expect(found?.facts).toMatchObject([{ netMinor: 12_000, lines: { length: 120 } }]);
    expect(vendor.calls.map(({ query }) => query.split('(')[0])).toEqual([
      'query Changed',
      ...Array(3).fill('query Order'),
    ]);
  });

  it.each([
    ['a cancelled one comes back whole', { cancelledAt: '2026-11-20T16:00:00Z' }, ['paid', 'cancelled']],
    ['a refunded one was paid all the same', { displayFinancialStatus: 'REFUNDED' }, ['paid']],
    ['one that waits for its money earns nothing yet', { displayFinancialStatus: 'PENDING' }, []],
    ['nor does one that was voided', { displayFinancialStatus: 'VOIDED', cancelledAt: '2026-11-20T16:00:00Z' }, []],
    ['nor a test', { test: true, cancelledAt: '2026-11-20T16:00:00Z' }, []],
  ])('%s', async (_, change, events) => {
    const found = await reconcile(admin({ orders: [{ ...foundOrder, refunds: [], ...change }] }));
    expect(found?.facts.map(({ factId }) => factId)).toEqual(
      events.map((event) => `shopify:order:${foundOrder.legacyResourceId}:${event}`),
    );
  });

  it('come with what was refunded since, without shipping; what was refunded before was asked for before', async () => {
    const old = { id: 'gid://shopify/Refund/1', createdAt: '2026-11-20T14:00:00Z' };
    const orders = [{ ...foundOrder, refunds: [old, ...foundOrder.refunds] }];
    const amount = (text: string) => ({ shopMoney: { amount: text } });
    const shipping = { nodes: [{ subtotalAmountSet: amount('5.0'), taxAmountSet: amount('0.4') }] };
    const transactions = { nodes: [{ kind: 'REFUND', status: 'SUCCESS', test: false, amountSet: amount('25.4') }] };
    const refunds = [{ ...foundRefund, lines: [], refundShippingLines: shipping, transactions }];
    const found = await reconcile(admin({ orders, refunds }));
    expect(found?.facts.slice(1)).toMatchObject([
      { factId: 'shopify:refund:801', currency: 'USD', extent: { kind: 'amount', grossMinor: 2_000 } },
    ]);
  });

  it('and cannot be read are named, and keep nobody from the others', async () => {
    const [one, other] = numbered(2);
    const orders = [{ ...one, currencyCode: 'NONE' } as never, other as never];
    expect(await reconcile(admin({ orders }))).toMatchObject({
      facts: [{ orderId: '1' }],
      unreadable: [{ what: 'gid://shopify/Order/0', because: expect.stringContaining('currency') }],
    });
  });

  it('are asked for with a token for a day, where the app has no other', async () => {
    const vendor = admin({ orders: [foundOrder], refunds: [foundRefund] });
    const secret = { webhookSecrets: ['shpss_1'], clientId: 'client' };
    expect((await reconcile(vendor, undefined, { secret }))?.facts).toHaveLength(2);
    expect(vendor.calls[0]).toMatchObject({
      url: `https://${SHOP}/admin/oauth/access_token`,
      variables: { client_id: 'client', client_secret: 'shpss_1', grant_type: 'client_credentials' },
    });
    await expect(reconcile(vendor, undefined, { secret: { webhookSecrets: ['shpss_1'] } })).rejects.toThrow(
      NotEquipped,
    );
  });

  it.each([
    [
      'as long as its bucket needs',
      'THROTTLED',
      { cost: { requestedQueryCost: 500, throttleStatus: { currentlyAvailable: 99.5, restoreRate: 100 } } },
      { name: 'Transient', retryAfterSeconds: 5 },
    ],
    ['a while, when it does not say how long', 'THROTTLED', {}, { name: 'Transient', retryAfterSeconds: undefined }],
    ['and tries again', 'INTERNAL_SERVER_ERROR', {}, { name: 'Transient' }],
    ['for staff', 'ACCESS_DENIED', {}, { name: 'Unauthorized' }],
    ['for us', 'MAX_COST_EXCEEDED', {}, { name: 'Permanent' }],
  ])('wait %s when Shopify says %s inside a 200', async (_, code, extensions, failure) => {
    const vendor = admin({ errors: [{ errors: [{ message: 'words', extensions: { code } }], extensions }] });
    await expect(reconcile(vendor)).rejects.toMatchObject({ ...failure, message: `Shopify answered ${code}: words` });
  });
});

describe('subscriptions', () => {
  const subscribe = (vendor: ReturnType<typeof admin>) =>
    connector.roles.source.subscribe?.(`${HOOK_URL}/shopify`, contextOf(connector, fixture, { fetch: vendor.fetch }));

  it('that are missing are made, and no others', async () => {
    const [paid, ...rest] = subscriptions();
    const elsewhere = { ...paid, uri: 'https://elsewhere.example' } as never;
    const vendor = admin({ subscriptions: [elsewhere, ...rest] });
    await subscribe(vendor);
    const uri = `${HOOK_URL}/shopify`;
    expect(vendor.changes()).toEqual([{ topic: 'ORDERS_PAID', webhookSubscription: { uri, format: 'JSON' } }]);
  });

  it.each([{ filter: 'total_price:>=10' }, { includeFields: ['id'] }, { format: 'XML' }])(
    'that would not tell us everything are put right: %j',
    async (change) => {
      const [paid, ...rest] = subscriptions();
      const vendor = admin({ subscriptions: [{ ...paid, ...change } as never, ...rest] });
      await subscribe(vendor);
      await subscribe(vendor);
      expect(vendor.changes()).toMatchObject([{ id: paid?.id, webhookSubscription: { format: 'JSON', filter: '' } }]);
    },
  );

  it('that somebody else has made meanwhile are as good; any other refusal is said', async () => {
    expect(
      await subscribe(admin({ userErrors: [{ message: 'Address for this topic has already been taken' }] })),
    ).toEqual([]);
    await expect(subscribe(admin({ userErrors: [{ message: 'Address is not allowed' }] }))).rejects.toThrow(
      'Shopify refused a subscription: Address is not allowed',
    );
  });
});

describe('a code that came with a reward', () => {
  const give = (vendor: ReturnType<typeof admin>, change: object = {}, about: object = {}, secret?: object) =>
    connector.roles.sink.apply(
      [{ event: redeemed, code: { ...code, ...change }, ...about }],
      contextOf(connector, fixture, { fetch: vendor.fetch, ...(secret && { secret }) }),
    );

  it('becomes a discount that is used once, and ends when its last day is over everywhere', async () => {
    const vendor = admin();
    await give(vendor);
    expect(vendor.made).toEqual([
      {
        title: 'Stampbook m1.8',
        code: code.code,
        startsAt: '2026-11-21T09:59:00Z',
        endsAt: '2027-02-20T12:00:00.000Z',
        usageLimit: 1,
        appliesOncePerCustomer: true,
        context: { all: 'ALL' },
        customerGets: { value: { discountAmount: { amount: '5.00', appliesOnEachItem: false } }, items: { all: true } },
      },
    ]);
  });

  it('is for the customer alone, where the shop knows the member', async () => {
    const vendor = admin({ customers: { [CUSTOMER]: [] } });
    await give(vendor, {}, { member: knownMember });
    expect(vendor.made).toMatchObject([{ context: { customers: { add: [CUSTOMER] } } }]);
  });

  it('of a percentage is one', async () => {
    const vendor = admin();
    await give(vendor, { value: { kind: 'percent-off', percentBp: 1_250 } });
    expect(vendor.made).toMatchObject([{ customerGets: { value: { percentage: 0.125 } } }]);
  });

  it.each([{ kind: 'item', sku: 'CUP' }, { kind: 'experience' }])(
    'of %j is for the counter: no discount',
    async (value) => {
      const vendor = admin();
      expect(await give(vendor, { value })).toEqual([{ vendorId: 'none' }]);
      expect(vendor.calls).toEqual([]);
    },
  );

  it.each([{ kind: 'percent-off', percentBp: 1_000, maximum: '5.00' }, { kind: 'shipping' }])(
    'of %j is said, and not made into something else than was promised',
    async (value) => {
      const vendor = admin();
      await expect(give(vendor, { value })).rejects.toThrow(Permanent);
      expect(vendor.calls).toEqual([]);
    },
  );

  it('told twice is one discount, also when the first answer was lost', async () => {
    const vendor = admin({ losing: 1 });
    await expect(give(vendor)).rejects.toThrow(Transient);
    const [again] = await give(vendor);
    expect(await give(vendor)).toEqual([again]);
    expect(vendor.made).toHaveLength(1);
  });

  it('that Shopify refuses is parked, with its reason and without the code', async () => {
    const refusal = { code: 'INVALID', field: ['basicCodeDiscount', 'code'], message: `bad ${code.code}` };
    await expect(give(admin({ refusals: { Discount: refusal } }))).rejects.toThrow(
      /^Shopify refused a discount code: INVALID about basicCodeDiscount.code$/,
    );
  });

  it('cannot be made without a token, and staff hear of it', async () => {
    await expect(give(admin(), {}, {}, { webhookSecrets: ['shpss_1'] })).rejects.toThrow(Unauthorized);
  });
});

describe('how a customer stands', () => {
  const write = (vendor: ReturnType<typeof admin>, member: object | null = knownMember, given: object = {}) =>
    connector.roles.sink.apply(
      [{ event: redeemed, ...(member && { member: member as typeof knownMember }) }],
      contextOf(connector, fixture, { fetch: vendor.fetch, ...given }),
    );
  const known = (...tags: string[]) => admin({ customers: { [CUSTOMER]: tags } });

  it('stands in metafields of a type, the same again when told again', async () => {
    const vendor = known();
    expect(await write(vendor)).toEqual([{ vendorId: CUSTOMER }]);
    await write(vendor);
    expect([...vendor.metafields]).toEqual([
      [`${CUSTOMER} loyalty.points`, 'number_integer 112'],
      [`${CUSTOMER} loyalty.tier`, 'single_line_text_field friend'],
    ]);
  });

  it.each([
    ['are put on', ['regular'], ['regular', 'tier:friend', 'stampbook:m1']],
    [
      'take the place of those before',
      ['regular', 'tier:guest', 'Tier:Gold', 'stampbook:m0'],
      ['regular', 'tier:friend', 'stampbook:m1'],
    ],
    ['are left where they are', ['stampbook:m1', 'tier:friend'], ['stampbook:m1', 'tier:friend']],
    ['are left, however they are written', ['Tier:Friend', 'Stampbook:M1'], ['Tier:Friend', 'Stampbook:M1']],
  ])('its tier and its member %s as tags, beside %j', async (_, before, after) => {
    const vendor = known(...before);
    await write(vendor);
    expect(vendor.tags.get(CUSTOMER)).toEqual(after);
  });

  it('is written where the settings say', async () => {
    const vendor = known('vip:guest', 'tier:guest');
    const settings = connector.manifest.settings.parse({ ...fixture.settings, namespace: 'club', tierTag: 'vip:' });
    await write(vendor, knownMember, { settings });
    expect([...vendor.metafields.keys()]).toContain(`${CUSTOMER} club.points`);
    expect(vendor.tags.get(CUSTOMER)).toEqual(['tier:guest', 'vip:friend', 'stampbook:m1']);
  });

  it('of whom the shop knows nothing, or who was erased here or there, is written nowhere', async () => {
    const vendor = admin();
    for (const member of [null, { standing, identities: [] }])
      expect(await write(vendor, member)).toEqual([{ vendorId: 'none' }]);
    expect(vendor.calls).toEqual([]);
    expect(await write(vendor)).toEqual([{ vendorId: 'none' }]);
    expect(vendor.metafields.size).toBe(0);
  });

  it('as two customers, since two members became one, is written for both, under the member that is left', async () => {
    const other = 'gid://shopify/Customer/7000222';
    const vendor = admin({ customers: { [CUSTOMER]: [], [other]: ['stampbook:m1', 'tier:guest'] } });
    const identities = [{ type: 'shopify', value: '7000222' }, ...knownMember.identities];
    expect(await write(vendor, { ...knownMember, identities, mergedInto: 'm2' })).toEqual([{ vendorId: other }]);
    for (const id of [CUSTOMER, other]) expect(vendor.tags.get(id)).toEqual(['tier:friend', 'stampbook:m2']);
  });

  describe('and who was erased here', () => {
    const event = { ...redeemed, id: 'm1.9.member.erased', type: 'member.erased', data: {} } as typeof redeemed;
    const erase = (vendor: ReturnType<typeof admin>, onErasure = 'erase', given: object = {}) => {
      const settings = connector.manifest.settings.parse({ ...fixture.settings, onErasure });
      return connector.roles.sink.apply(
        [{ event }],
        contextOf(connector, fixture, { fetch: vendor.fetch, settings, ...given }),
      );
    };

    it('is found by the tag, and with `erase` Shopify is asked to erase the customer', async () => {
      const vendor = admin({ customers: { [CUSTOMER]: [], 'gid://shopify/Customer/1': ['stampbook:m10'] } });
      await write(vendor);
      expect(await erase(vendor, 'nothing')).toEqual([{ vendorId: CUSTOMER }]);
      expect(vendor.erased).toEqual([]);
      expect(await erase(vendor)).toEqual([{ vendorId: CUSTOMER }]);
      expect(vendor.erased).toEqual([CUSTOMER]);
      expect(vendor.tags.get(CUSTOMER)).toContain('stampbook:m1');
    });

    it('and was never known to the shop is nobody there', async () => {
      expect(await erase(admin({ customers: { [CUSTOMER]: [] } }))).toEqual([{ vendorId: 'none' }]);
    });

    it('and may not be erased there is parked, with its reason', async () => {
      const refusals = { Erase: { code: 'FAILED_TO_REQUEST', field: ['customerId'] } };
      await expect(erase(admin({ customers: { [CUSTOMER]: ['stampbook:m1'] }, refusals }))).rejects.toThrow(
        'Shopify refused to erase a customer: FAILED_TO_REQUEST about customerId',
      );
    });
  });

  it('that Shopify refuses inside a 200 is parked, with its reason', async () => {
    const refusals = { Metafields: { code: 'INVALID_TYPE', field: ['metafields', '0', 'type'] } };
    const vendor = admin({ customers: { [CUSTOMER]: [] }, refusals });
    await expect(write(vendor)).rejects.toThrow('Shopify refused metafields: INVALID_TYPE about metafields.0.type');
  });

  const forADay = { secret: { webhookSecrets: ['shpss_1'], clientId: 'client' } };
  it('is written with one token for a day', async () => {
    const vendor = known();
    const tokensGot = () => vendor.calls.filter(({ url }) => url.endsWith('access_token')).length;
    const on = (day: string) => write(vendor, knownMember, { ...forADay, now: new Date(`2027-03-${day}`) });
    await on('01T10:00:00Z');
    await on('01T22:00:00Z');
    expect(tokensGot()).toBe(1);
    await on('02T10:00:00Z');
    expect(tokensGot()).toBe(2);
  });

  it('is written with another one, once, when the token was taken back', async () => {
    const at = { ...forADay, now: new Date('2027-04-01T10:00:00Z') };
    await write(known(), knownMember, at);
    const vendor = admin({ customers: { [CUSTOMER]: [] }, tokens: ['shpat_another'] });
    expect(await write(vendor, knownMember, at)).toEqual([{ vendorId: CUSTOMER }]);
    const never = admin({
      customers: { [CUSTOMER]: [] },
      tokens: ['shpat_refused', 'shpat_refused_too', 'shpat_good'],
    });
    await expect(write(never, knownMember, at)).rejects.toThrow(Unauthorized);
  });
});

describe('the credentials', () => {
  const asked = (answer: object, status = 200) =>
    connector.check?.(contextOf(connector, fixture, { fetch: async () => Response.json(answer, { status }) }));
  const shop = { name: 'Kunstpause', myshopifyDomain: fixture.settings.shop, currencyCode: 'EUR' };

  it('are good when the shop says its name', async () => {
    expect(await asked({ data: { shop } })).toBe(`Kunstpause (${fixture.settings.shop}), in EUR`);
  });

  it.each([
    ['Shopify refuses them', {}, 401],
    ['they are of another shop', { data: { shop: { ...shop, myshopifyDomain: 'sister.myshopify.com' } } }, 200],
  ])('are not when %s', async (_, answer, status) => {
    await expect(asked(answer, status)).rejects.toBeInstanceOf(Unauthorized);
  });
});
