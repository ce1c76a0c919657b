import { describe, expect, it } from '@jest/globals';
import { Permanent, Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/woocommerce/index.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { contextOf, HOOK_URL } from './fixture.ts';
import {
  back,
  code,
  customer,
  fixture,
  member,
  memberFact,
  order,
  redeemed,
  sale,
  send,
  webhooks,
} from './fixtures/woocommerce.ts';
import { SITE, shop } from './fixtures/woocommerce-shop.ts';

const { manifest } = connector;
const { verify, translate, subscribe, reconcile, handshake } = connector.roles.source;
type Shop = ReturnType<typeof shop>;
const settingsOf = (change: object) => manifest.settings.parse({ ...fixture.settings, ...change });
const around = (vendor: Shop, settings: object = {}) =>
  contextOf(connector, fixture, { now: fixture.source.now, fetch: vendor.fetch, settings: settingsOf(settings) });
const told = async (topic: string, body: object, settings: object = {}, vendor = shop()): Promise<readonly Fact[]> =>
  translate(
    send(JSON.stringify(body), { headers: { 'x-wc-webhook-topic': topic } }) as unknown as Verified,
    around(vendor, settings),
  );
const updated = (change: object = {}, settings?: object, vendor?: Shop) =>
  told('order.updated', { ...order, ...change }, settings, vendor);
const keys = (facts: readonly Fact[]) => facts.map(({ factId }) => factId.replace('woocommerce:', ''));

describe('a webhook of WooCommerce', () => {
  const ping = { ...send('webhook_id=7'), headers: { 'content-type': 'application/x-www-form-urlencoded' } };

  it('asks first, unsigned, whether anybody is there', () => {
    expect(handshake?.(ping, around(shop()))).toEqual({ status: 200, body: '', contentType: 'text/plain' });
  });

  it.each([
    ['another body', { ...ping, body: Buffer.from('webhook_id=7&order=1') }],
    ['no number', { ...ping, body: Buffer.from('webhook_id=x') }],
    ['JSON', { ...ping, body: Buffer.from('{"webhook_id":7}') }],
    ['a topic', { ...ping, headers: { 'x-wc-webhook-topic': 'order.updated' } }],
    ['a signature', { ...ping, headers: { 'x-wc-webhook-signature': 'abc' } }],
    ['another method', { ...ping, method: 'GET' }],
  ])('and with %s is no such question', (_, request) => {
    expect(handshake?.(request as typeof ping, around(shop()))).toBeUndefined();
  });

  it('is taken under the old secret and under the new one', () => {
    for (const key of fixture.secret.webhookSecrets)
      expect(() => verify(send('{}', { key }), around(shop()))).not.toThrow();
  });

  it('is signed with nothing that WordPress would change', () => {
    const secret = (one: string) => manifest.secret.safeParse({ ...fixture.secret, webhookSecrets: [one] }).success;
    expect(secret('abcDEF0123456789')).toBe(true);
    for (const one of ['with&amp;and<more>0123', 'short', 'with-a-hyphen-0123456']) expect(secret(one)).toBe(false);
  });

  it.each([
    'http://shop.example',
    'https://shop.example/',
    'https://user@shop.example',
    'shop.example',
    'https://shop.example?x=1',
  ])('comes from no shop at %s', (site) => expect(manifest.settings.safeParse({ site }).success).toBe(false));
});

describe('the topic is not signed, so the body has to be what it says', () => {
  const bodies = { 'order.updated': order, 'order.deleted': { id: 727 }, 'customer.updated': customer };
  const pairs = Object.entries(bodies).flatMap(([is, body]) =>
    Object.keys(bodies)
      .filter((says) => says !== is)
      .map((says) => [is, says, body] as const),
  );
  it.each(pairs)(
    '%s sent as %s is parked',
    async (_, says, body) => await expect(told(says, body)).rejects.toThrow(Permanent),
  );

  it('no topic at all is parked, an unknown one is nothing', async () => {
    const bare = { ...send(JSON.stringify(order)), headers: {} } as unknown as Verified;
    await expect(translate(bare, around(shop()))).rejects.toThrow('the delivery has no topic');
    for (const topic of ['order.completed', 'order.restored', 'product.updated', 'action.wc', ''])
      expect(await told(topic, order)).toEqual([]);
  });
});

describe('an order', () => {
  it('told three times, on its way, completed and refunded, earns once and gives back once', async () => {
    const refunds = [{ id: 726, reason: '', total: '-10.00' }];
    const all = [
      ...(await updated({ status: 'processing', date_completed_gmt: null })),
      ...(await updated()),
      ...(await updated({ refunds, date_modified_gmt: '2026-11-21T09:00:00' })),
    ];
    expect(keys(all)).toEqual(['order:727:earned', 'order:727:earned', 'refund:726']);
    expect(all[0]).toEqual(all[1]);
  });

  it.each(['pending', 'on-hold', 'failed', 'checkout-draft', 'auto-draft', 'processing', 'wc-custom'])(
    'that is %s has not earned',
    async (status) => expect(await updated({ status, date_completed_gmt: null })).toEqual([]),
  );

  it('earns when it is paid, where the settings say so', async () => {
    const paid = { status: 'processing', date_completed_gmt: null };
    expect(await updated(paid, { earnOn: ['processing', 'completed'] })).toMatchObject([
      { factId: sale.factId, occurredAt: '2026-11-20T15:01:00Z' },
    ]);
  });

  it('says the same when it goes from paid to completed', async () => {
    const earnOn = { earnOn: ['processing', 'completed'] };
    const [paid] = await updated({ status: 'processing', date_completed_gmt: null }, earnOn);
    const [completed] = await updated({}, earnOn);
    expect({ ...paid, occurredAt: '' }).toEqual({ ...completed, occurredAt: '' });
  });

  it.each([
    ['refunded', ['refund:726', 'order:727:refunded'], 'return'],
    ['cancelled', ['order:727:cancelled'], 'cancelled'],
    ['trash', ['order:727:cancelled'], 'cancelled'],
  ])('that is %s gives everything back', async (status, expected, reason) => {
    const facts = await updated({ status, refunds: [{ id: 726, total: '-102.60' }] });
    expect(keys(facts)).toEqual(expected);
    expect(facts.at(-1)).toMatchObject({ extent: { kind: 'everything' }, reason });
  });

  it.each(['refunded', 'cancelled', 'trash'])('that is %s and never earned gives nothing back', async (status) => {
    expect(await updated({ status, date_completed_gmt: null, refunds: [{ id: 726, total: '-5.00' }] })).toEqual([]);
  });

  it('that was deleted gives back what it earned, where the shop’s currency is known', async () => {
    expect(await told('order.deleted', { id: 727 })).toMatchObject([
      { orderId: '727', extent: { kind: 'everything' } },
    ]);
    expect(await told('order.deleted', { id: 727 }, { currency: undefined })).toEqual([]);
  });

  it('of a guest is known by what was typed', async () => {
    const billing = { email: 'Bo@Example.com', phone: '030 901820', country: 'DE' };
    expect((await updated({ customer_id: 0, billing }))[0]?.identities).toEqual([
      { type: 'email', value: 'bo@example.com' },
      { type: 'phone', value: '+4930901820' },
    ]);
    expect((await updated({ customer_id: 0, billing: null }))[0]?.identities).toEqual([]);
  });

  const [line] = order.line_items;
  it.each([
    ['USD', '10.004', '0.005', 1_000, 1_001],
    ['USD', '10.995', '0.0049', 1_100, 1_100],
    ['JPY', '1200.5', '96', 1_201, 1_297],
    ['KWD', '1.2505', '0', 1_251, 1_251],
  ])(
    'in %s of %s and %s tax, reckoned with more digits than there are coins, is rounded',
    async (currency, net, tax, netMinor, grossMinor) => {
      const line_items = [{ ...line, subtotal: net, total: net, total_tax: tax }];
      expect(await updated({ currency, line_items, total: net })).toMatchObject([{ netMinor, grossMinor }]);
    },
  );

  it('with more lines than a fact can hold, or one that takes something off, counts as a whole', async () => {
    const many = Array.from({ length: 201 }, (_, id) => ({
      ...line,
      id: id + 1,
      subtotal: '1.00',
      total: '1.00',
      total_tax: '0',
    }));
    expect(await updated({ line_items: many })).toMatchObject([{ netMinor: 20_100, lines: [] }]);
    const off = [line, { ...line, id: 2, subtotal: '-20.00', total: '-20.00', total_tax: '-1.60' }];
    expect(await updated({ line_items: off })).toMatchObject([{ netMinor: 7_000, grossMinor: 7_560, lines: [] }]);
  });

  it('with a line of none leaves it out', async () => {
    expect(await updated({ line_items: [line, { ...line, id: 2, quantity: 0 }] })).toEqual([sale]);
  });

  it.each([
    ['a currency that is none', { currency: 'ZZZ' }],
    ['an amount that is none', { total: 'ten' }],
    ['no time', { date_completed_gmt: 'yesterday' }],
    ['no lines', { line_items: undefined }],
    ['no id', { id: null }],
  ])('with %s is parked', async (_, change) => await expect(updated(change)).rejects.toThrow(Permanent));

  it('names the codes that were typed, and is a sale whatever they were', async () => {
    const typed = async (...codes: string[]) => (await updated({ coupon_lines: codes.map((code) => ({ code })) }))[0];
    expect(await typed('7hkq4x-m3ryan-9cwdte', 'spring')).toMatchObject({ codes: ['7hkq4x-m3ryan-9cwdte', 'spring'] });
    expect(await typed('', 'x'.repeat(101))).not.toHaveProperty('codes');
    expect(await typed(...Array(30).fill('a'))).toMatchObject({ codes: { length: 20 } });
    expect((await updated({ coupon_lines: undefined }))[0]).not.toHaveProperty('codes');
  });

  describe('whose refund is looked up', () => {
    const item = (total: string, total_tax: string, line = '315') => ({
      id: 900,
      total,
      total_tax,
      meta_data: [{ id: 1, key: '_refunded_item_id', value: line }],
    });
    const returning = async (money: string, found: object) =>
      (
        await updated({ refunds: [{ id: 726, total: money }] }, {}, shop({ refunds: { 727: [{ id: 726, ...found }] } }))
      ).slice(1);

    it('takes back by its lines', async () => {
      expect(await returning('-48.60', { line_items: [item('-45.00', '-3.60'), item('0.00', '0.00', '9')] })).toEqual([
        { ...back, extent: { kind: 'lines', lines: [{ id: '315', netMinor: 4_500, grossMinor: 4_860 }] } },
      ]);
    });

    const shipping_lines = [{ total: '-5.00', total_tax: '-0.40' }];
    it.each([
      [
        'goods and shipping: by its lines',
        '-54.00',
        { line_items: [item('-45.00', '-3.60')], shipping_lines },
        'lines',
      ],
      ['money and shipping: by the money, without it', '-15.40', { line_items: [], shipping_lines }, 1_000],
      ['a fee: by the money, without it', '-12.00', { line_items: [], fee_lines: [{ total: '-2.00' }] }, 1_000],
      ['more than its lines: by the money', '-60.00', { line_items: [item('-45.00', '-3.60')] }, 6_000],
      [
        'lines of no order: by the money',
        '-48.60',
        { line_items: [{ ...item('-45.00', '-3.60'), meta_data: [] }] },
        4_860,
      ],
    ])('of %s', async (_, money, found, expected) => {
      const extent =
        typeof expected === 'number'
          ? { kind: 'amount', grossMinor: expected }
          : { kind: 'lines', lines: { length: 1 } };
      expect(await returning(money, found)).toMatchObject([{ extent }]);
    });

    it('takes back nothing where only shipping went back', async () => {
      expect(await returning('-5.40', { line_items: [], shipping_lines })).toEqual([]);
    });

    it('is asked for once for all refunds of an order, and not where all of it goes back', async () => {
      const vendor = shop();
      const refunds = [
        { id: 1, total: '-1.00' },
        { id: 2, total: '-2.00' },
      ];
      await updated({ refunds }, {}, vendor);
      expect(vendor.calls).toHaveLength(1);
      await updated({ refunds, status: 'refunded' }, {}, vendor);
      expect(vendor.calls).toHaveLength(1);
    });
  });

  it('gives back nothing for a refund of nothing', async () => {
    expect(
      keys(
        await updated({
          refunds: [
            { id: 1, total: '0.00' },
            { id: 2, total: '-1.00' },
          ],
        }),
      ),
    ).toEqual(['order:727:earned', 'refund:2']);
  });
});

describe('a customer', () => {
  const says = async (change: object) => (await told('customer.updated', { ...customer, ...change }))[0];

  it('is told by what is known of them, so that our own writing is no news', async () => {
    expect(
      (await says({ date_modified_gmt: '2026-12-01T10:00:00', meta_data: [{ key: 'loyalty_points', value: '9' }] }))
        ?.factId,
    ).toBe(memberFact.factId);
    expect((await says({ first_name: 'Anna' }))?.factId).not.toBe(memberFact.factId);
  });
  it('who was never changed has the date of the signing up; without any is parked', async () => {
    expect((await says({ date_modified_gmt: null }))?.occurredAt).toBe('2026-11-20T10:00:00Z');
    await expect(says({ date_modified_gmt: null, date_created_gmt: null })).rejects.toThrow('the customer has no date');
  });
});

describe('a code that came with a reward', () => {
  const give = (vendor: Shop, change: object = {}, about: object = {}) =>
    connector.roles.sink.apply([{ event: redeemed, code: { ...code, ...change }, ...about }], around(vendor));

  it('becomes a coupon that is used once, and ends when its last day is over everywhere', async () => {
    const vendor = shop();
    expect(await give(vendor)).toEqual([{ vendorId: 'coupon:900' }]);
    expect(vendor.made).toEqual([
      {
        id: 900,
        code: code.code.toLowerCase(),
        discount_type: 'fixed_cart',
        amount: '5.00',
        description: 'Stampbook m1.8',
        date_expires_gmt: '2027-02-20T12:00:00',
        usage_limit: 1,
        usage_limit_per_user: 1,
      },
    ]);
  });

  it.each([
    [
      { kind: 'percent-off', percentBp: 1_250 },
      { discount_type: 'percent', amount: '12.5' },
    ],
    [{ kind: 'shipping' }, { discount_type: 'fixed_cart', amount: '0', free_shipping: true }],
  ])('of %j is %j', async (value, coupon) => {
    const vendor = shop();
    await give(vendor, { value });
    expect(vendor.made).toMatchObject([coupon]);
  });

  it.each([{ kind: 'item', sku: 'CUP' }, { kind: 'experience' }])(
    'of %j is for the counter: no coupon',
    async (value) => {
      const vendor = shop();
      expect(await give(vendor, { value })).toEqual([{ vendorId: 'none' }]);
      expect(vendor.calls).toEqual([]);
    },
  );

  it('that a coupon cannot hold is said, and not made into more than was promised', async () => {
    const vendor = shop();
    await expect(give(vendor, { value: { kind: 'percent-off', percentBp: 1_000, maximum: '5.00' } })).rejects.toThrow(
      Permanent,
    );
    expect(vendor.made).toEqual([]);
  });

  it('told twice is one coupon, also when the first answer was lost', async () => {
    const vendor = shop({ losing: 1 });
    await expect(give(vendor)).rejects.toThrow(Transient);
    expect(await give(vendor)).toEqual([{ vendorId: 'coupon:900' }]);
    expect(await give(vendor)).toEqual([{ vendorId: 'coupon:900' }]);
    expect(vendor.made).toHaveLength(1);
  });

  it('from a list that the shop made itself is there already', async () => {
    const vendor = shop({ coupons: [{ id: 5, code: code.code.toLowerCase() }] });
    expect(await give(vendor)).toEqual([{ vendorId: 'coupon:5' }]);
    expect(vendor.made).toHaveLength(1);
  });

  it('is in no error message', async () => {
    const fetch: typeof globalThis.fetch = async () =>
      Response.json({ code: 'rest_invalid_param', message: `bad ${code.code}` }, { status: 400 });
    await expect(give({ fetch } as Shop)).rejects.toThrow(/^WooCommerce answered 400 rest_invalid_param$/);
  });
});

describe('how a customer stands', () => {
  const write = (vendor: Shop, about: object = { member }, settings: object = {}) =>
    connector.roles.sink.apply([{ event: redeemed, ...about }], around(vendor, settings));

  it('is written into the customer’s record, the same again when told again', async () => {
    const vendor = shop();
    expect(await write(vendor)).toEqual([{ vendorId: 'customer:25' }]);
    await write(vendor);
    expect([...vendor.written]).toEqual([[25, { loyalty_points: '112', loyalty_tier: 'guest' }]]);
  });

  it('of whom the shop knows nothing, or who was erased, is written nowhere', async () => {
    const vendor = shop();
    for (const about of [{}, { member: { ...member, identities: [] } }])
      expect(await write(vendor, about)).toEqual([{ vendorId: 'none' }]);
    expect(vendor.calls).toEqual([]);
  });

  it.each([404, 400])(
    'of whom the shop says with %d that there is no such customer, is written nowhere',
    async (status) => {
      expect(await write(shop({ customers: [], missing: status }))).toEqual([{ vendorId: 'none' }]);
    },
  );

  it('as two customers, since two members became one, is written for both', async () => {
    const vendor = shop({ customers: [25, 26] });
    const identities = ['24', '25', '26'].map((value) => ({ type: 'woocommerce', value }));
    expect(await write(vendor, { member: { ...member, identities } })).toEqual([{ vendorId: 'customer:25' }]);
    expect([...vendor.written.keys()]).toEqual([25, 26]);
  });

  it('is written with the keys in the address, for hosts that strip the header', async () => {
    const vendor = shop();
    await write(vendor, { member }, { credentialsIn: 'query' });
    expect(vendor.written.size).toBe(1);
    expect(vendor.calls[0]).toContain('consumer_key=ck_');
  });
});

describe('orders that were told in vain', () => {
  const SINCE = new Date('2026-11-20T15:00:00Z');
  const walk = async (vendor: Shop) => {
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; ) {
      const page = await reconcile?.(SINCE, around(vendor), after);
      seen.push(...keys(page?.facts ?? []));
      pages += 1;
      after = page?.next;
      if (after === undefined || pages > 50) return { seen: new Set(seen), pages };
    }
  };
  const changed = (count: number, secondsApart: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...order,
      id: index + 1,
      date_modified_gmt: new Date(SINCE.getTime() + 1_000 + index * secondsApart * 1_000).toISOString().slice(0, 19),
    }));

  it.each([
    ['one after another', 60],
    ['all in one second, as an import does', 0],
  ])('are all found: %s', async (_, secondsApart) => {
    const { seen, pages } = await walk(shop({ orders: changed(120, secondsApart) }));
    expect(seen.size).toBe(120);
    expect(pages).toBeLessThan(9);
  });

  it('are found on the edge of a page too, when one before them is changed meanwhile', async () => {
    const orders = changed(30, 60);
    const first = shop({ orders });
    const page = await reconcile?.(SINCE, around(first));
    const [moving, ...rest] = orders;
    const later = [...rest, { ...moving, date_modified_gmt: '2026-11-21T00:00:00' } as typeof order];
    const next = await reconcile?.(SINCE, around(shop({ orders: later })), page?.next);
    const seen = new Set(keys([...(page?.facts ?? []), ...(next?.facts ?? [])]));
    expect(seen.size).toBe(30);
  });

  it('are asked for with what is read of them alone: plugins write much into an order', async () => {
    const vendor = shop({ orders: changed(1, 0) });
    await reconcile?.(SINCE, around(vendor));
    const [asked = ''] = vendor.calls;
    expect(new URL(asked.replace('GET ', '')).searchParams.get('_fields')?.split(',')).toEqual(
      expect.arrayContaining(['id', 'status', 'line_items', 'refunds', 'date_modified_gmt']),
    );
  });

  it('and cannot be read are named, and keep nobody from the others', async () => {
    const [one, other] = changed(2, 60);
    const found = await reconcile?.(
      SINCE,
      around(shop({ orders: [{ ...one, currency: 'NONE' } as never, other as never] })),
    );
    expect(found).toMatchObject({ facts: [{ orderId: '2' }], unreadable: [{ what: 'order 1' }] });
  });

  it('come with what went back, in the words of the webhooks', async () => {
    const refunds = [{ id: 726, total: '-10.00' }];
    const found = await reconcile?.(SINCE, around(shop({ orders: [{ ...order, refunds } as typeof order] })));
    expect(found?.facts).toEqual([sale, back]);
  });
});

describe('webhooks of the shop', () => {
  const tend = (vendor: Shop) => subscribe?.(`${HOOK_URL}/woocommerce`, around(vendor));

  it('are one a topic, with our secret', async () => {
    const vendor = shop();
    await tend(vendor);
    await tend(vendor);
    expect(vendor.changes()).toEqual(
      webhooks().map(({ id: _, ...webhook }) => ({
        ...webhook,
        name: `Stampbook ${webhook.topic}`,
        secret: fixture.secret.webhookSecrets[0],
      })),
    );
  });

  it('that failed too often are switched on again', async () => {
    const [first, ...rest] = webhooks();
    const vendor = shop({ webhooks: [{ ...first, status: 'disabled' } as never, ...rest] });
    await tend(vendor);
    expect(vendor.changes()).toEqual([{ id: 1, status: 'active', secret: fixture.secret.webhookSecrets[0] }]);
  });

  it('are found among however many', async () => {
    const others = Array.from({ length: 250 }, (_, index) => ({
      id: index + 1_000,
      status: 'active',
      topic: 'order.created',
      delivery_url: 'https://elsewhere.example',
    }));
    const vendor = shop({ webhooks: [...others, ...webhooks()] });
    await tend(vendor);
    expect(vendor.changes()).toEqual([]);
    expect(await connector.check?.(around(vendor))).toBe(`${SITE}, 255 webhooks`);
  });

  it('of others are left alone', async () => {
    const foreign = webhooks().map((one) => ({
      ...one,
      delivery_url: 'https://elsewhere.example',
      status: 'disabled',
    }));
    const vendor = shop({ webhooks: foreign });
    await tend(vendor);
    expect(vendor.standing.slice(0, foreign.length)).toEqual(foreign);
    expect(vendor.changes()).toHaveLength(foreign.length);
  });
});

describe('the credentials', () => {
  it('are good when the shop shows its webhooks, and not when it refuses', async () => {
    expect(await connector.check?.(around(shop({ webhooks: webhooks() })))).toBe(`${SITE}, 5 webhooks`);
    const secret = { ...fixture.secret, consumerKey: 'ck_another_one' };
    await expect(connector.check?.(contextOf(connector, fixture, { fetch: shop().fetch, secret }))).rejects.toThrow(
      Unauthorized,
    );
  });
});
