import { describe, expect, it } from '@jest/globals';
import type { Found, SinkEvent } from '../../lib/connectors/contract.ts';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/square/index.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
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
  withWhatWasLeftOut,
} from './fixtures/square-api.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { manifest } = connector;
const { verify, translate, subscribe, reconcile } = connector.roles.source;
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

  it('who has two accounts, since two members became one, has the points in the first alone', async () => {
    const second = { ...loyaltyAccount, id: 'acc-2', mapping: { id: 'm2', phone_number: '+15559990000' } };
    const vendor = square({ accounts: [loyaltyAccount, second] });
    const identities = [...member.identities, { type: 'phone', value: '+15559990000' }];
    await follow(vendor, { identities });
    await follow(vendor, { identities });
    expect([vendor.balances(), vendor.events()]).toEqual([[112, 0], 2]);
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

  it('whose number has changed since an account was opened gets one for the new number', async () => {
    const vendor = square({ accounts: [] });
    await follow(vendor, {}, { openAccounts: true });
    const changed = { identities: [{ type: 'phone', value: '+15559990000' }] };
    await follow(vendor, changed, { openAccounts: true });
    expect(vendor.standing.map(({ mapping }) => mapping.phone_number)).toEqual([PHONE, '+15559990000']);
  });

  it('of whom nothing may be known, or who was erased, nothing is written', async () => {
    const vendor = square();
    expect(await connector.roles.sink.apply([{ event }], around(vendor))).toEqual([{ vendorId: 'none' }]);
    expect(await follow(vendor, { identities: [] })).toEqual([{ vendorId: 'none' }]);
    expect(vendor.calls).toEqual([]);
  });
});

describe('a member who was erased', () => {
  const [memberId, id] = [event.memberId, loyaltyAccount.customer_id];
  const erased = { ...event, id: 'm1.9.member.erased', type: 'member.erased', data: {} } as LoyaltyEvent;
  const tell = (vendor: Vendor, onErasure = 'delete', told: SinkEvent = { event: erased }) =>
    connector.roles.sink.apply([told], around(vendor, { onErasure }));

  it('is found at Square by our id, loses the points there, and is deleted', async () => {
    const vendor = square({ customers: [{ id }, { id: 'C2', reference_id: 'm2' }] });
    await tell(vendor, 'delete', { event, member });
    expect(vendor.people.get(id)).toEqual({ id, reference_id: memberId });
    expect(await tell(vendor)).toEqual([{ vendorId: id }]);
    expect([...vendor.people.keys()]).toEqual(['C2']);
    expect(vendor.balances()).toEqual([0]);
    expect(JSON.parse(vendor.calls.findLast(({ url }) => url.endsWith('/adjust'))?.body ?? '')).toMatchObject({
      adjust_points: { reason: 'Stampbook: the member was erased' },
    });
    expect(await tell(vendor)).toEqual([{ vendorId: 'none' }]);
  });

  it('is forgotten to the end, though an answer was lost on the way', async () => {
    const vendor = square({ customers: [{ id, reference_id: memberId }], losing: 1 });
    await expect(tell(vendor)).rejects.toThrow(Transient);
    await tell(vendor);
    expect([vendor.balances(), vendor.people.size, vendor.events()]).toEqual([[0], 0, 1]);
  });

  it('is nobody whose number another system has given, or who is only written alike', async () => {
    for (const reference_id of ['CRM-7', memberId.toUpperCase()]) {
      const vendor = square({ customers: [{ id, reference_id }] });
      await tell(vendor, 'delete', { event, member });
      expect(await tell(vendor)).toEqual([{ vendorId: 'none' }]);
      expect([...vendor.people.values()]).toEqual([{ id, reference_id }]);
    }
  });

  it('is looked for under the id of the account that took over', async () => {
    const vendor = square({ customers: [{ id, reference_id: memberId }] });
    await tell(vendor, 'delete', { event, member: { ...member, mergedInto: 'm2' } });
    expect([...vendor.people.values()]).toEqual([{ id, reference_id: 'm2' }]);
  });

  it('is not looked for where nothing was written, nor is a customer touched who is gone', async () => {
    const vendor = square({ customers: [{ id, reference_id: memberId }] });
    expect(await tell(vendor, 'nothing')).toEqual([{ vendorId: 'none' }]);
    expect(vendor.calls).toEqual([]);
    expect(await tell(square(), 'delete', { event, member })).toEqual([{ vendorId: 'event-1' }]);
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

describe('what was told in vain', () => {
  const SINCE = new Date('2026-11-20T12:00:00Z');
  const walk = async (vendor: Vendor, settings: object = {}) => {
    const pages: Found[] = [];
    for (let after: string | undefined; pages.length < 50; ) {
      const page = (await reconcile?.(SINCE, around(vendor, settings), after)) as Found;
      pages.push(page);
      after = page.next;
      if (after === undefined) break;
    }
    return { pages, facts: pages.flatMap(({ facts }) => facts) };
  };
  const alone = (count: number, location_id = 'L1') =>
    Array.from({ length: count }, (_, index) => ({
      ...payment,
      id: `${location_id}-${index}`,
      location_id,
      order_id: undefined,
      updated_at: `2026-11-20T15:${String(index).padStart(2, '0')}:00Z`,
    }));

  it('is found at each location, and then what went back at any', async () => {
    const payments = [...alone(45), ...alone(1, 'L2'), { ...payment, updated_at: '2026-11-20T11:59:59Z' }];
    const vendor = square({ payments, refunds: [refund], locations: ['L1', 'S8GWD5R9QB376', 'L2'] });
    const { pages, facts } = await walk(vendor);
    expect(pages.map((page) => page.facts.length)).toEqual([20, 20, 5, 0, 1, 1]);
    expect(facts[0]?.factId).toBe('square:payment:L1-0');
    expect(new Set(facts.map(({ factId }) => factId)).size).toBe(47);
    expect(facts.at(-1)).toEqual(back);
  });

  it('is looked for at the locations that count, and only there', async () => {
    const vendor = square({ payments: [...alone(1), ...alone(1, 'L2')], locations: [] });
    expect((await walk(vendor, { locationIds: ['L2'] })).facts).toMatchObject([{ orderId: 'L2-0' }]);
    expect(vendor.calls.map(({ url }) => new URL(url).pathname)).toEqual(['/v2/payments', '/v2/refunds']);
  });

  it('has the orders of a page in one call', async () => {
    const order = (id: string) => ({ ...foundOrder, id });
    const payments = ['O1', 'O2', 'O1'].map((order_id, index) => ({ ...payment, id: `p-${index}`, order_id }));
    const vendor = square({ payments, orders: [order('O1'), order('O2')] });
    const { facts } = await walk(vendor);
    expect(facts.map(({ factId }) => factId)).toEqual(['square:order:O1', 'square:order:O2', 'square:order:O1']);
    expect(vendor.calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'GET /v2/locations',
      'GET /v2/payments',
      'POST /v2/orders/batch-retrieve',
      'GET /v2/locations',
      'GET /v2/refunds',
    ]);
  });

  it('and cannot be read is named, and keeps nobody from the others', async () => {
    const payments = [
      ...alone(1),
      { ...payment, id: 'lost', location_id: 'L1' },
      { ...payment, id: 'odd', location_id: 'L1', order_id: 'O-odd' },
    ];
    const vendor = square({ payments, orders: [{ id: 'O-odd' }], locations: ['L1'] });
    expect((await walk(vendor)).pages[0]).toMatchObject({
      facts: [{ orderId: 'L1-0' }],
      unreadable: [
        { what: 'payment lost', because: 'Square has no such order' },
        { what: 'payment odd', because: expect.stringContaining('created_at') },
      ],
    });
  });

  it('is looked for from the first location on again, when the one that it had come to is gone', async () => {
    const vendor = square({ payments: alone(25), locations: ['L1'] });
    const page = await reconcile?.(SINCE, around(vendor), 'GONE 20');
    expect(page).toMatchObject({ facts: { length: 20 }, next: 'L1 20' });
  });

  it('is not looked for in the same page for ever', async () => {
    const fetch: typeof globalThis.fetch = async () => Response.json({ cursor: 'same' });
    for (const settings of [{ locationIds: ['L1'] }, { locationIds: ['L1'], ledgerMode: 'mirror-in' }]) {
      const first = await reconcile?.(SINCE, around({ fetch } as Vendor, settings));
      await expect(reconcile?.(SINCE, around({ fetch } as Vendor, settings), first?.next)).rejects.toThrow(
        'Square answered the same page again',
      );
    }
  });

  it('asks one thing after the other, since Square bears few at once', async () => {
    const vendor = square({
      payments: [payment],
      refunds: alone(9).map((one) => ({ ...refund, ...one, payment_id: payment.id })),
    });
    let [now, most] = [0, 0];
    const fetch: typeof globalThis.fetch = async (...asked) => {
      most = Math.max(most, ++now);
      const answer = await vendor.fetch(...asked);
      now -= 1;
      return answer;
    };
    const found = await reconcile?.(SINCE, around({ fetch } as Vendor), 'refunds ');
    expect([found?.facts.length, most]).toEqual([9, 1]);
  });

  describe('where Square counts', () => {
    const mirror = { ledgerMode: 'mirror-in' };
    const movements = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ ...loyaltyEvent, id: `ev-${index}` }));

    it('is the movements there, in the words of the webhooks, and no payment', async () => {
      const told = await hear('loyalty.event.created', { loyalty_event: loyaltyEvent }, square(), mirror);
      const redeemed = { ...loyaltyEvent, id: 'ev-2', type: 'REDEEM_REWARD' };
      const vendor = square({ payments: [payment], refunds: [refund], movements: [loyaltyEvent, redeemed] });
      expect((await walk(vendor, mirror)).facts).toEqual(told);
    });

    it('asks once a page for each account', async () => {
      const vendor = square({ movements: movements(25) });
      const { pages } = await walk(vendor, mirror);
      expect(pages.map(({ facts }) => facts.length)).toEqual([20, 5]);
      expect(vendor.calls.filter(({ method }) => method === 'GET')).toHaveLength(2);
    });

    it('is who joined there since, too', async () => {
      const joined = { ...loyaltyAccount, created_at: '2026-11-20T14:00:00Z' };
      const { facts } = await walk(square({ accounts: [joined], movements: movements(1) }), mirror);
      const [told] = await hear('loyalty.account.created', { loyalty_account: joined }, square(), mirror);
      expect(facts).toMatchObject([told, { type: 'mirrored', movementId: 'ev-0' }]);
    });

    it('names the movement whose account is gone', async () => {
      const { pages } = await walk(square({ accounts: [], movements: movements(1) }), mirror);
      expect(pages).toMatchObject([{ facts: [], unreadable: [{ what: 'loyalty event ev-0' }] }]);
    });
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
  const extract = vendorSpec<OpenApi>('square-commerce.json');
  const loyalty = vendorSpec<OpenApi>('square-loyalty.json');
  if (!extract || !loyalty) return;
  const commerce = withWhatWasLeftOut(extract);

  it('describes every call that we make', async () => {
    const vendor = square({ accounts: [], payments: [payment], subscriptions: [subscription()] });
    const context = around(vendor, { openAccounts: true });
    await connector.roles.sink.apply([{ event, member }], context);
    await pays({}, vendor);
    await hear('refund.updated', { refund: { ...refund, order_id: undefined } }, vendor);
    await subscribe?.(HOOK_URL, context);
    await connector.check?.(context);
    const customers = [{ id: loyaltyAccount.customer_id }];
    const erasing = square({ customers });
    for (const told of [{ event, member }, { event: { ...event, type: 'member.erased', data: {} } as LoyaltyEvent }])
      await connector.roles.sink.apply([told], around(erasing, { onErasure: 'delete' }));
    vendor.calls.push(...erasing.calls);
    for (const after of [undefined, 'refunds 1']) await reconcile?.(new Date(0), context, after);
    await reconcile?.(new Date(0), around(vendor, { ledgerMode: 'mirror-in' }), '1');
    await hear('loyalty.event.created', { loyalty_event: { ...loyaltyEvent, loyalty_account_id: 'acc-new' } }, vendor, {
      ledgerMode: 'mirror-in',
    });
    expect(vendor.calls.length).toBeGreaterThan(20);
    for (const call of vendor.calls)
      expect([call.url, strays(call.url.includes('/loyalty/') ? loyalty : commerce, call)]).toEqual([call.url, []]);
  });
});
