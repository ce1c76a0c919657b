import { describe, expect, it } from '@jest/globals';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/square/index.ts';
import type { Fact, MirroredFact } from '../../lib/loyalty/facts.ts';
import { contextOf, HOOK_URL } from './fixture.ts';
import {
  back,
  customer,
  event,
  fixture,
  hears,
  loyaltyEvent,
  member,
  payment,
  refund,
  sale,
  send,
  sign,
  standing,
  subscription,
  told,
} from './fixtures/square.ts';
import {
  type FoundOrder,
  foundOrder,
  loyaltyAccount,
  PHONE,
  returnOrder,
  square,
  TOKEN,
} from './fixtures/square-api.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { manifest } = connector;
const { verify, translate, subscribe } = connector.roles.source;
type Vendor = ReturnType<typeof square>;
const settingsOf = (change: object) => manifest.settings.parse({ ...fixture.settings, ...change });
const around = (vendor: Vendor, settings: object = {}, given: object = {}) =>
  contextOf(connector, fixture, { fetch: vendor.fetch, settings: settingsOf(settings), ...given });
const hear = async (type: string, object: object, vendor: Vendor = square(), settings: object = {}) =>
  translate(send(JSON.stringify(told(type, object))) as unknown as Verified, around(vendor, settings)) as Promise<
    readonly Fact[]
  >;
const pays = (change: object = {}, vendor?: Vendor, settings?: object) =>
  hear('payment.updated', { payment: { ...payment, ...change } }, vendor, settings);
const ordered = (change: object) => square({ orders: [{ ...foundOrder, ...change } as FoundOrder] });
const money = (amount: number) => ({ amount, currency: 'USD' });

describe('a delivery of Square', () => {
  const context = around(square());
  const body = JSON.stringify(told('payment.updated', { payment }));

  it('is proven over the registered address and the body', () => {
    expect(verify(send(body), context)).toMatchObject({ method: 'POST' });
    const elsewhere = { 'x-square-hmacsha256-signature': sign(body, undefined, 'https://elsewhere.example/square') };
    expect(() => verify(send(body, { headers: elsewhere }), context)).toThrow(WebhookRejected);
  });

  it('is taken under the old key and under the new one', () => {
    for (const key of fixture.secret.signatureKeys) expect(() => verify(send(body, { key }), context)).not.toThrow();
  });

  it.each(['SISTER0000', '', undefined, null])('is refused when it is of the seller %p', (seller) => {
    const other = JSON.stringify({ ...told('payment.updated', { payment }), merchant_id: seller });
    expect(() => verify(send(other), context)).toThrow('another seller');
  });

  it('of a type that we do not hear of is nothing', async () => {
    for (const type of ['order.updated', 'invoice.paid', '__proto__', ''])
      expect(await hear(type, { payment })).toEqual([]);
  });
});

describe('a payment', () => {
  it('is the sale of its whole order, looked up once', async () => {
    const vendor = square();
    expect(await pays({}, vendor)).toEqual([sale]);
    expect(vendor.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET https://connect.squareup.com/v2/orders/${foundOrder.id}`,
    ]);
  });

  it.each(['APPROVED', 'PENDING', 'CANCELED', 'FAILED'])('that is %s is none, and nothing is asked', async (status) => {
    const vendor = square();
    expect(await pays({ status }, vendor)).toEqual([]);
    expect(vendor.calls).toEqual([]);
  });

  it('of a split bill waits for the others: the one that leaves nothing due tells of all of it', async () => {
    const open = { state: 'OPEN', net_amount_due_money: money(7_000) };
    expect(await pays({}, ordered(open))).toEqual([]);
    expect(await pays({ id: 'second' }, ordered({ ...open, net_amount_due_money: money(0) }))).toEqual([sale]);
  });

  it('of one bill says the same, whichever payment tells of it', async () => {
    const tenders = ['2026-11-20T15:10:00Z', '2026-11-20T14:59:58Z'].map((created_at) => ({ created_at }));
    const [first] = await pays({ id: 'p-1', created_at: '2026-11-20T14:59:58Z' }, ordered({ tenders }));
    const [second] = await pays({ id: 'p-2', created_at: '2026-11-20T15:10:00Z' }, ordered({ tenders }));
    expect(first).toEqual(second);
    expect(first?.occurredAt).toBe('2026-11-20T15:10:00Z');
  });

  it('at another location does not count, where the settings name some', async () => {
    expect(await pays({}, square(), { locationIds: ['L-other'] })).toEqual([]);
    expect(await pays({}, square(), { locationIds: ['L-other', 'S8GWD5R9QB376'] })).toEqual([sale]);
  });

  it('whose order cannot be had is parked, since half of a split bill would count as all of it', async () => {
    await expect(pays({}, square({ orders: [] }))).rejects.toThrow(Permanent);
  });

  it('whose order is not to be had now is told again later', async () => {
    const fetch: typeof globalThis.fetch = async () => new Response('', { status: 503 });
    await expect(pays({}, { fetch } as Vendor)).rejects.toThrow(Transient);
  });

  it('in a currency that is none, or of a negative amount, is parked', async () => {
    const alone = { order_id: undefined };
    await expect(pays({ ...alone, amount_money: { amount: 1, currency: 'ZZZ' } })).rejects.toThrow(Permanent);
    await expect(pays({ ...alone, amount_money: { amount: -1, currency: 'USD' } })).rejects.toThrow(Permanent);
  });
});

describe('an order', () => {
  it('in cash, rounded to the next five: its lines stand', async () => {
    const rounded = { total_money: money(13_998), rounding_adjustment: { amount_money: money(-2) } };
    expect(await pays({}, ordered(rounded))).toEqual([{ ...sale, paidMinor: 13_998 }]);
  });

  it('whose lines do not add up: its own total counts, without tip and service', async () => {
    expect(await pays({}, ordered({ total_money: money(15_000) }))).toEqual([
      { ...sale, paidMinor: 15_000, netMinor: 13_500, grossMinor: 14_300, lines: [] },
    ]);
  });

  it('whose lines bear a share of the service charge: that is no goods', async () => {
    const [cups, card] = foundOrder.line_items as [{ total_money: object }, object];
    const line_items = [{ ...cups, total_money: money(11_000), total_service_charge_money: money(200) }, card];
    expect(await pays({}, ordered({ line_items }))).toEqual([sale]);
  });

  it.each([
    [
      'more lines than a fact can hold',
      Array.from({ length: 201 }, (_, at) => ({ uid: `l${at}`, quantity: '1', total_money: money(0) })),
    ],
    ['a line below zero', [{ uid: 'x', quantity: '1', total_money: money(-1) }]],
    ['a quantity that is none', [{ uid: 'x', quantity: 'some', total_money: money(13_300) }]],
    ['no lines', undefined],
  ])('with %s: its own total counts', async (_, line_items) => {
    expect(await pays({}, ordered({ line_items }))).toEqual([
      { ...sale, netMinor: 12_500, grossMinor: 13_300, lines: [] },
    ]);
  });

  it('by weight has a quantity that is no whole number', async () => {
    const line_items = [{ uid: 'beans', quantity: '0.25', total_money: money(13_300), total_tax_money: money(800) }];
    expect(await pays({}, ordered({ line_items }))).toMatchObject([{ lines: [{ id: 'beans', quantity: 0.25 }] }]);
  });

  it('without a total is parked', async () => {
    await expect(pays({}, ordered({ total_money: undefined }))).rejects.toThrow('the order has no total');
  });

  it('is whose customer stands on it, else who paid', async () => {
    const nobody = { customer_id: undefined, tenders: [{ customer_id: 'payer' }] };
    const [told] = await pays({ customer_id: undefined, buyer_email_address: undefined }, ordered(nobody));
    expect(told?.identities).toEqual([{ type: 'square', value: 'payer' }]);
    const [walkIn] = await pays(
      { customer_id: undefined, buyer_email_address: undefined },
      ordered({ customer_id: undefined, tenders: undefined }),
    );
    expect(walkIn?.identities).toEqual([]);
  });
});

describe('a refund', () => {
  const gives = (change: object = {}, vendor?: Vendor) =>
    hear('refund.updated', { refund: { ...refund, ...change } }, vendor);
  const returning = (change: object) =>
    square({ orders: [{ ...returnOrder, returns: [{ ...returnOrder.returns[0], ...change }] }] });

  it.each(['PENDING', 'REJECTED', 'FAILED', undefined])('that is %s takes nothing back', async (status) => {
    expect(await gives({ status })).toEqual([]);
  });

  it('of goods that were paid with two cards takes them back once', async () => {
    const [one] = await gives({ id: 'refund-1', amount_money: money(3_000) });
    const [other] = await gives({ id: 'refund-2', amount_money: money(2_400) });
    expect(one).toEqual(back);
    expect(other).toEqual(back);
  });

  it('names each line once', async () => {
    const [item] = (returnOrder.returns[0] as { return_line_items: object[] }).return_line_items;
    expect(await gives({}, returning({ return_line_items: [item, item] }))).toMatchObject([
      { extent: { lines: [{ id: 'cups', netMinor: 10_000, grossMinor: 10_800 }] } },
    ]);
  });

  it('of an amount, for no goods, is an amount, without the tip', async () => {
    const change = {
      return_line_items: [{ quantity: '1', total_money: money(5_400) }],
      return_amounts: { tip_money: money(400) },
    };
    expect(await gives({}, returning(change))).toEqual([
      {
        ...back,
        factId: 'square:refund:refund-1',
        refundId: 'refund-1',
        extent: { kind: 'amount', grossMinor: 5_000 },
      },
    ]);
  });

  it('of a tip alone takes no goods back', async () => {
    const change = { return_line_items: [], return_amounts: { tip_money: money(5_400) } };
    expect(await gives({}, returning(change))).toEqual([]);
  });

  it.each([
    ['by the payment’s order', payment, foundOrder.id],
    ['by the payment, where it had no order', { ...payment, order_id: undefined }, payment.id],
  ])('without an order of its own is found %s', async (_, paid, orderId) => {
    const vendor = square({ payments: [paid] });
    expect(await gives({ order_id: undefined }, vendor)).toMatchObject([
      { orderId, refundId: 'refund-1', extent: { kind: 'amount', grossMinor: 5_400 } },
    ]);
  });

  it('of nothing that has a name is parked', async () => {
    await expect(gives({ order_id: undefined, payment_id: undefined })).rejects.toThrow(
      'neither an order nor a payment',
    );
  });
});

describe('a customer', () => {
  it('is told anew with every change', async () => {
    const at = async (updated_at: string) =>
      (await hear('customer.updated', { customer: { ...customer, updated_at } }))[0]?.factId;
    expect(await at('2026-11-20T10:00:00Z')).not.toBe(await at('2026-11-20T10:00:01Z'));
  });
  it('with a birthday that is none is parked', async () => {
    await expect(hear('customer.updated', { customer: { ...customer, birthday: '1990-02-30' } })).rejects.toThrow(
      Permanent,
    );
  });
});

describe('where Square Loyalty counts, and we follow', () => {
  const mirror = { ledgerMode: 'mirror-in' };
  const moves = async (change: object) =>
    (await hear(
      'loyalty.event.created',
      { loyalty_event: { ...loyaltyEvent, ...change } },
      square(),
      mirror,
    )) as readonly MirroredFact[];

  it('sales and refunds are none of ours: nothing earns twice', async () => {
    const vendor = square();
    expect(await pays({}, vendor, mirror)).toEqual([]);
    expect(await hear('refund.updated', { refund }, vendor, mirror)).toEqual([]);
    expect(vendor.calls).toEqual([]);
  });

  it('what was earned there is ours too, whoever’s the account is', async () => {
    expect(await moves({})).toEqual([
      {
        type: 'mirrored',
        source: 'square',
        factId: 'square:loyalty:ev-1',
        movementId: 'ev-1',
        occurredAt: '2026-11-20T15:00:01Z',
        identities: [
          { type: 'square', value: loyaltyAccount.customer_id },
          { type: 'phone', value: PHONE },
        ],
        points: 12,
        because: 'earned',
      },
    ]);
  });

  it.each([
    ['ACCUMULATE_PROMOTION_POINTS', { accumulate_promotion_points: { points: 5 } }, 5, 'earned'],
    ['CREATE_REWARD', { create_reward: { points: 30 } }, -30, 'redeemed'],
    ['CREATE_REWARD', { create_reward: { points: -30 } }, -30, 'redeemed'],
    ['DELETE_REWARD', { delete_reward: { points: 30 } }, 30, 'returned'],
    ['EXPIRE_POINTS', { expire_points: { points: -8 } }, -8, 'expired'],
    ['ADJUST_POINTS', { adjust_points: { points: -3 } }, -3, 'corrected'],
    ['OTHER', { other_event: { points: 4 } }, 4, 'corrected'],
  ])('%s %j moves %d', async (type, change, points, because) => {
    expect(await moves({ type, accumulate_points: undefined, ...change })).toMatchObject([{ points, because }]);
  });

  it.each([
    ['redeeming, since the reward took the points when it was made', { type: 'REDEEM_REWARD' }],
    ['a type that nobody knows yet', { type: 'SOMETHING_NEW' }],
    ['nothing', { accumulate_points: { points: 0 } }],
    ['nothing that is said', { accumulate_points: null }],
  ])('%s moves nothing', async (_, change) => expect(await moves(change)).toEqual([]));

  it('what another program of the seller wrote counts as well: we write nothing there', async () => {
    expect(await moves({ source: 'LOYALTY_API' })).toHaveLength(1);
  });

  it('who joins there is a member here', async () => {
    const [joined] = await hear('loyalty.account.created', { loyalty_account: loyaltyAccount }, square(), mirror);
    expect(joined).toMatchObject({ type: 'member', identities: [{ type: 'square' }, { type: 'phone', value: PHONE }] });
  });

  it('we write nothing there, and say so to who wants us to', async () => {
    for (const ledgerMode of ['mirror-in', 'ours']) {
      const vendor = square();
      await expect(connector.roles.sink.apply([{ event, member }], around(vendor, { ledgerMode }))).rejects.toThrow(
        `with ledgerMode ${ledgerMode} nothing is written to Square`,
      );
      expect(vendor.calls).toEqual([]);
    }
  });
});

describe('where we count, and Square Loyalty follows', () => {
  const follow = (vendor: Vendor, given: object = {}, settings: object = {}) =>
    connector.roles.sink.apply([{ event, member: { ...member, ...given } }], around(vendor, settings));

  it('its own movements are no news: our writing comes back as one', async () => {
    for (const source of ['SQUARE', 'LOYALTY_API'])
      expect(await hear('loyalty.event.created', { loyalty_event: { ...loyaltyEvent, source } })).toEqual([]);
  });

  it.each([
    [112, 12],
    [40, -60],
    [0, -100],
  ])('the balance becomes %d, by the difference alone', async (available, points) => {
    const vendor = square();
    expect(await follow(vendor, { standing: standing(available) })).toEqual([{ vendorId: 'event-1' }]);
    expect(vendor.balances()).toEqual([available]);
    expect(JSON.parse(vendor.calls.at(-1)?.body ?? '')).toMatchObject({ adjust_points: { points } });
  });

  it('below zero too, where the program lets points be owed', async () => {
    const vendor = square();
    await follow(vendor, { standing: standing(-5) });
    expect(vendor.balances()).toEqual([-5]);
  });

  it('told again, it finds it done and writes nothing', async () => {
    const vendor = square();
    await follow(vendor);
    expect(await follow(vendor)).toEqual([{ vendorId: loyaltyAccount.id }]);
    expect(vendor.events()).toBe(1);
  });

  it('after an answer that was lost, it is done once', async () => {
    const vendor = square({ losing: 1 });
    await expect(follow(vendor)).rejects.toThrow(Transient);
    await follow(vendor);
    expect([vendor.balances(), vendor.events()]).toEqual([[112], 1]);
  });

  it('two at the same time do it once: their keys are one', async () => {
    const vendor = square();
    await Promise.all([follow(vendor), follow(vendor)]);
    expect([vendor.balances(), vendor.events()]).toEqual([[112], 1]);
  });

  it('its account is found by phone, else by Square’s own id', async () => {
    const vendor = square({ accounts: [{ ...loyaltyAccount, mapping: { id: 'm', phone_number: '+15550000000' } }] });
    await follow(vendor);
    expect(vendor.balances()).toEqual([112]);
  });

  it('whoever has no account gets none, unless the settings say so, and where it is sold', async () => {
    const vendor = square({ accounts: [] });
    expect(await follow(vendor)).toEqual([{ vendorId: 'none' }]);
    expect(vendor.standing).toEqual([]);
    const abroad = { identities: [{ type: 'phone', value: '+4915112345678' }] };
    expect(await follow(vendor, abroad, { openAccounts: true })).toEqual([{ vendorId: 'none' }]);
    await follow(vendor, {}, { openAccounts: true });
    await follow(vendor, {}, { openAccounts: true });
    expect(vendor.standing).toMatchObject([{ program_id: 'prog-1', balance: 112, mapping: { phone_number: PHONE } }]);
  });

  it('of whom nothing may be known, or who was erased, nothing is written', async () => {
    const vendor = square();
    expect(await connector.roles.sink.apply([{ event }], around(vendor))).toEqual([{ vendorId: 'none' }]);
    expect(await follow(vendor, { identities: [] })).toEqual([{ vendorId: 'none' }]);
    expect(vendor.calls).toEqual([]);
  });
});

describe('what Square refuses', () => {
  const answer = (status: number, category: string, code: string) => async () =>
    Response.json({ errors: [{ category, code, detail: `no such phone ${PHONE}`, field: 'mapping' }] }, { status });
  const failure = (fetch: typeof globalThis.fetch) =>
    connector.roles.sink.apply([{ event, member }], contextOf(connector, fixture, { fetch })).then(
      () => 'it worked',
      (error: Error) => error,
    );

  it.each([
    [400, 'INVALID_REQUEST_ERROR', 'BAD_REQUEST', Permanent],
    [400, 'INVALID_REQUEST_ERROR', 'IDEMPOTENCY_KEY_REUSED', Permanent],
    [409, 'INVALID_REQUEST_ERROR', 'CONFLICT', Permanent],
    [404, 'INVALID_REQUEST_ERROR', 'NOT_FOUND', Permanent],
    [401, 'AUTHENTICATION_ERROR', 'UNAUTHORIZED', Unauthorized],
    [403, 'AUTHENTICATION_ERROR', 'INSUFFICIENT_SCOPES', Unauthorized],
    [429, 'RATE_LIMIT_ERROR', 'RATE_LIMITED', Transient],
    [400, 'RATE_LIMIT_ERROR', 'RATE_LIMITED', Transient],
    [500, 'API_ERROR', 'INTERNAL_SERVER_ERROR', Transient],
    [503, 'API_ERROR', 'SERVICE_UNAVAILABLE', Transient],
  ])('with %d %s %s is told apart, without the number in it', async (status, category, code, kind) => {
    const error = await failure(answer(status, category, code) as never);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).not.toContain(PHONE);
  });

  it('has its code and its field in the words for staff', async () => {
    expect(String(await failure(answer(400, 'INVALID_REQUEST_ERROR', 'INVALID_PHONE_NUMBER') as never))).toContain(
      'Square answered 400 INVALID_PHONE_NUMBER about mapping',
    );
  });
});

describe('the webhook subscription', () => {
  const says = (vendor: Vendor, settings?: object) => subscribe?.(`${HOOK_URL}/square`, around(vendor, settings));

  it.each([
    ['is disabled', { enabled: false }, ['Square’s webhook subscription is disabled: enable it']],
    [
      'does not send everything',
      { event_types: hears.slice(1) },
      ['Square’s webhook subscription does not send payment.created: add them'],
    ],
  ])('%s: staff hear what to do', async (_, change, words) => {
    expect(await says(square({ subscriptions: [{ ...subscription(), ...change }] }))).toEqual(words);
  });

  it('needs Square’s loyalty events only where Square counts', async () => {
    const vendor = square({ subscriptions: [subscription()] });
    expect(await says(vendor)).toEqual([]);
    expect(await says(vendor, { ledgerMode: 'mirror-in' })).toEqual([
      'Square’s webhook subscription does not send loyalty.account.created, loyalty.event.created: add them',
    ]);
  });

  it('is looked for on every page, and the one that is enabled counts', async () => {
    const off = { ...subscription(), enabled: false };
    const others = Array.from({ length: 3 }, () => ({
      ...subscription(),
      notification_url: 'https://elsewhere.example',
    }));
    expect(await says(square({ subscriptions: [off, ...others, subscription()], pageOf: 2 }))).toEqual([]);
  });
});

describe('the credentials', () => {
  it('are good when Square shows the seller’s webhooks, or the program', async () => {
    expect(await connector.check?.(around(square(), { ledgerMode: 'ours' }))).toBe(
      'seller 6SSW7HV8K2ST5, 0 webhook subscriptions',
    );
    expect(await connector.check?.(around(square()))).toBe('seller 6SSW7HV8K2ST5, loyalty program prog-1');
  });
  it('are not when they are refused', async () => {
    const secret = { ...fixture.secret, accessToken: `${TOKEN}x` };
    await expect(connector.check?.(around(square(), {}, { secret }))).rejects.toThrow(Unauthorized);
  });
});

describe('Square’s own document', () => {
  const commerce = vendorSpec<OpenApi>('square-commerce.json');
  const loyalty = vendorSpec<OpenApi>('square-loyalty.json');
  if (!commerce || !loyalty) return;

  it('describes every call that we make', async () => {
    const vendor = square({ accounts: [], payments: [payment], subscriptions: [subscription()] });
    const context = around(vendor, { openAccounts: true });
    await connector.roles.sink.apply([{ event, member }], context);
    await pays({}, vendor);
    await hear('refund.updated', { refund: { ...refund, order_id: undefined } }, vendor);
    await subscribe?.(HOOK_URL, context);
    await connector.check?.(context);
    await hear('loyalty.event.created', { loyalty_event: { ...loyaltyEvent, loyalty_account_id: 'acc-new' } }, vendor, {
      ledgerMode: 'mirror-in',
    });
    expect(vendor.calls.length).toBeGreaterThan(8);
    for (const call of vendor.calls)
      expect([call.url, strays(call.url.includes('/loyalty/') ? loyalty : commerce, call)]).toEqual([call.url, []]);
  });
});
