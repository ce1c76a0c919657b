import { describe, expect, it } from '@jest/globals';
import type { MemberCopy, SinkEvent } from '../../lib/connectors/contract.ts';
import connector from '../../lib/connectors/hubspot/index.ts';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { contextOf } from './fixture.ts';
import { ann, fixture, INBOUND_SECRET, notice, PORTAL, sale, send, told, undone, won } from './fixtures/hubspot.ts';
import {
  hubspot,
  type StoredContact,
  type StoredDeal,
  UPDATED_AT,
  withWhatWasLeftOut,
} from './fixtures/hubspot-api.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { now } = fixture.source;
const contextAt = (fetch: typeof globalThis.fetch, settings: object = {}, at = now) =>
  contextOf(connector, fixture, {
    now: at,
    fetch,
    settings: connector.manifest.settings.parse({ ...fixture.settings, events: {}, ...settings }),
  });
const apply = (vendor: ReturnType<typeof hubspot>, events: readonly SinkEvent[], settings?: object) =>
  connector.roles.sink.apply(events, contextAt(vendor.fetch, settings));
const failure = (...args: Parameters<typeof apply>) =>
  apply(...args).then(
    () => 'it worked',
    (error: unknown) => error,
  );
const pathsOf = ({ calls }: ReturnType<typeof hubspot>) =>
  calls.map(({ method, url }) => `${method} ${url.replace('https://api.hubapi.com', '')}`);

const { event } = told;
const copy = told.member as MemberCopy;
const of = (memberId: string, change: object = {}, member: Partial<MemberCopy> | null = {}): SinkEvent => ({
  event: { ...event, id: `${memberId}.7.points.earned`, entryId: `${memberId}.7`, memberId, ...change } as LoyaltyEvent,
  ...(member && { member: { ...copy, ...member } }),
});
const leaves = (type: 'member.erased' | 'member.merged'): SinkEvent => ({
  event: {
    ...event,
    id: `m1.8.${type}`,
    type,
    data: type === 'member.erased' ? {} : { into: 'm2', points: 3 },
  } as never,
});
const readAll = 'POST /crm/objects/2026-03/contacts/batch/read';
const upsertAll = 'POST /crm/objects/2026-03/contacts/batch/upsert';

describe('a member’s standing', () => {
  it('is written to the contact that is marked as the member’s, in texts and as it is now', async () => {
    const vendor = hubspot({ contacts: [ann] });
    expect(await apply(vendor, [told])).toEqual([{ vendorId: '501' }]);
    expect(pathsOf(vendor)).toEqual([readAll, upsertAll]);
    expect(JSON.parse(vendor.calls[1]?.body ?? '')).toEqual({
      inputs: [
        {
          id: 'm1',
          idProperty: 'loyalty_member_id',
          objectWriteTraceId: 'm1.7',
          properties: {
            loyalty_points: '112',
            loyalty_points_pending: '5',
            loyalty_points_held: '0',
            loyalty_points_lifetime: '340',
            loyalty_tier: 'gold',
            loyalty_visits: '9',
            loyalty_enrolled_on: '2026-01-05',
            loyalty_next_expiry_on: '2027-11-30',
            loyalty_next_expiry_points: '12',
          },
        },
      ],
    });
  });

  it('leaves name, phone and e-mail of a contact that is there to the merchant’s staff', async () => {
    const vendor = hubspot({ contacts: [ann] });
    await apply(vendor, [told]);
    expect(vendor.contacts.get('501')).toMatchObject(ann.properties);
    for (const { body } of vendor.calls) for (const word of ['ann@', '4915', 'Lee']) expect(body).not.toContain(word);
  });

  it('goes to the contact with the same e-mail, which is the member’s from then on', async () => {
    const { loyalty_member_id: _, ...unmarked } = ann.properties;
    const contact = { id: '501', properties: { ...unmarked, email: 'ann@example.com' } as never };
    const vendor = hubspot({ contacts: [contact] });
    expect(await apply(vendor, [told])).toEqual([{ vendorId: '501' }]);
    expect(await apply(vendor, [told])).toEqual([{ vendorId: '501' }]);
    expect(pathsOf(vendor)).toEqual([
      readAll,
      'PATCH /crm/objects/2026-03/contacts/ann%40example.com?idProperty=email',
      readAll,
      upsertAll,
    ]);
    expect(vendor.contacts.get('501')).toMatchObject({
      loyalty_member_id: 'm1',
      loyalty_points: '112',
      lastname: 'Lee',
    });
    expect(vendor.contacts.size).toBe(1);
  });

  it('makes a contact of somebody whom HubSpot does not know, once, with what is shared', async () => {
    const vendor = hubspot();
    await apply(vendor, [told]);
    await apply(vendor, [told]);
    expect([...vendor.contacts.values()]).toEqual([
      expect.objectContaining({
        loyalty_member_id: 'm1',
        email: 'ann@example.com',
        phone: '+4915112345678',
        firstname: 'Ann Lee',
        loyalty_points: '112',
      }),
    ]);
  });

  it('makes one without an e-mail, too', async () => {
    const vendor = hubspot();
    await apply(vendor, [of('m1', {}, { identities: [] })]);
    expect(pathsOf(vendor)).toEqual([readAll, upsertAll]);
    expect([...vendor.contacts.values()][0]).not.toHaveProperty('email');
  });

  it('clears what is no more, and writes no more than the merchant has properties for', async () => {
    const vendor = hubspot({ contacts: [ann] });
    const { nextExpiryOn: _, nextExpiryPoints: __, ...standing } = copy.standing as NonNullable<MemberCopy['standing']>;
    const settings = { properties: ['points', 'next_expiry_on', 'next_expiry_points'] };
    await apply(vendor, [of('m1', {}, { standing })], settings);
    expect(vendor.written).toEqual([
      { loyalty_points: '112', loyalty_next_expiry_on: '', loyalty_next_expiry_points: '', loyalty_member_id: 'm1' },
    ]);
  });

  it('never says whether somebody may be written to', async () => {
    const vendor = hubspot();
    await apply(vendor, [told, leaves('member.merged')]);
    for (const { body } of vendor.calls) expect(body).not.toMatch(/optout|legal_basis|subscri|marketable/);
  });

  it('of several members in one call, of one member once, and each event has its verdict', async () => {
    const vendor = hubspot({ contacts: [ann] });
    const events = [told, of('m2', {}, { identities: [] }), { ...told, event: { ...event, id: 'm1.8.points.earned' } }];
    expect(await apply(vendor, events as SinkEvent[])).toEqual([
      { vendorId: '501' },
      { vendorId: '9001' },
      { vendorId: '501' },
    ]);
    expect(JSON.parse(vendor.calls[1]?.body ?? '').inputs).toHaveLength(2);
  });
});

describe('a member who goes', () => {
  it('is deleted for good, and nothing that was told before makes the contact anew', async () => {
    const vendor = hubspot({ contacts: [ann] });
    expect(await apply(vendor, [leaves('member.erased')])).toEqual([{ vendorId: 'm1' }]);
    expect(vendor.contacts.size).toBe(0);
    expect(JSON.parse(vendor.calls[0]?.body ?? '')).toEqual({ objectId: 'm1', idProperty: 'loyalty_member_id' });
    expect(await apply(vendor, [of('m1', {}, null)])).toEqual([{ vendorId: 'm1' }]);
    expect(vendor.contacts.size).toBe(0);
    expect(vendor.calls).toHaveLength(1);
  });

  it('is only unlinked where the merchant wants that, or when the account was merged into another', async () => {
    for (const [type, settings] of [
      ['member.erased', { onErasure: 'unlink' }],
      ['member.merged', {}],
    ] as const) {
      const vendor = hubspot({ contacts: [{ ...ann, properties: { ...ann.properties, loyalty_points: '112' } }] });
      await apply(vendor, [leaves(type)], settings);
      expect(vendor.contacts.get('501')).toMatchObject({ loyalty_member_id: '', loyalty_points: '', lastname: 'Lee' });
    }
  });

  it('into another account is told nothing late: the contact with the e-mail is the other one’s', async () => {
    const host = { ...ann, properties: { ...ann.properties, loyalty_member_id: 'm2', email: 'ann@example.com' } };
    const vendor = hubspot({ contacts: [host] });
    expect(await apply(vendor, [of('m1', {}, { mergedInto: 'm2' })])).toEqual([{ vendorId: 'm1' }]);
    expect([...vendor.contacts.values()]).toEqual([host.properties]);
  });

  it('and was never there has gone already', async () => {
    expect(await apply(hubspot(), [leaves('member.erased')])).toEqual([{ vendorId: 'm1' }]);
    expect(await apply(hubspot(), [leaves('member.merged')])).toEqual([{ vendorId: 'm1' }]);
  });

  it('is gone also where what is told with it came before, and the other way round', async () => {
    for (const told of [['member.erased', 'member.merged'] as const, ['member.merged', 'member.erased'] as const]) {
      const vendor = hubspot({ contacts: [ann] });
      await apply(vendor, told.map(leaves));
      expect(vendor.contacts.size).toBe(0);
    }
  });

  it('is not written again by what came with it', async () => {
    const vendor = hubspot({ contacts: [ann] });
    await apply(vendor, [told, leaves('member.erased'), told]);
    expect(vendor.contacts.size).toBe(0);
  });
});

describe('errors inside a success', () => {
  const three = [of('m1', {}, { identities: [] }), of('m2', {}, { identities: [] }), of('m3', {}, { identities: [] })];

  it.each([true, false])(
    'are the verdict on those that they are about, and on no other (traces: %s)',
    async (traces) => {
      const vendor = hubspot({
        refused: { m1: 'CONFLICT', m3: 'VALIDATION_ERROR' },
        tracesComeBack: traces,
      });
      const [first, second, third] = await apply(vendor, three);
      expect(first).toBeInstanceOf(Transient);
      expect(second).toEqual({ vendorId: '9000' });
      expect(third).toBeInstanceOf(Permanent);
    },
  );

  it('that name nobody are about all that are not among the results', async () => {
    const answer = {
      status: 'COMPLETE',
      startedAt: UPDATED_AT,
      completedAt: UPDATED_AT,
      results: [{ id: '9', properties: { loyalty_member_id: 'm2' } }],
      errors: [{ status: 'error', category: 'RATE_LIMITS', message: 'slow down' }],
    };
    const vendor = hubspot({ failures: [undefined, Response.json(answer, { status: 207 })] });
    const [first, second, third] = await apply(vendor, three);
    expect([first, third]).toEqual([expect.any(Transient), expect.any(Transient)]);
    expect(second).toEqual({ vendorId: '9' });
  });

  it('and an answer that leaves somebody out is no success for him', async () => {
    const answer = { status: 'COMPLETE', startedAt: UPDATED_AT, completedAt: UPDATED_AT, results: [] };
    const vendor = hubspot({ failures: [undefined, Response.json(answer)] });
    expect(
      await apply(
        vendor,
        [told].slice(0, 1).map((one) => ({ ...one, member: { ...copy, identities: [] } })),
      ),
    ).toEqual([expect.any(Transient)]);
  });

  it('a batch that is refused for one of them is asked apart, until that one stands alone', async () => {
    const vendor = hubspot({ poison: ['m2'] });
    const [first, second, third] = await apply(vendor, three);
    expect([first, third]).toEqual([{ vendorId: expect.any(String) }, { vendorId: expect.any(String) }]);
    expect(second).toBeInstanceOf(Permanent);
    expect(vendor.contacts.size).toBe(2);
  });

  it('one whose e-mail HubSpot refuses keeps nobody else from being written', async () => {
    const refusal = Response.json({ category: 'VALIDATION_ERROR', message: 'no such address' }, { status: 400 });
    const vendor = hubspot({ failures: [undefined, refusal] });
    const [first, second] = await apply(vendor, [told, of('m2', {}, { identities: [] })]);
    expect(first).toBeInstanceOf(Permanent);
    expect(second).toEqual({ vendorId: '9000' });
  });
});

describe('what HubSpot refuses', () => {
  const refusing = (status: number, body: object, headers: Record<string, string> = {}) =>
    hubspot({ failures: [Response.json(body, { status, headers })] });

  it('is parked with the property that is missing, and without a word of what was sent', async () => {
    const vendor = hubspot({ contacts: [ann] });
    const [verdict] = await apply(vendor, [told], { prefix: 'club_' });
    expect(verdict).toBeInstanceOf(Permanent);
    expect((verdict as Error).message).toBe(
      'HubSpot answered 400: VALIDATION_ERROR, PROPERTY_DOESNT_EXIST (club_points)',
    );
  });

  it.each([
    ['for ten seconds when there were too many', 'TEN_SECONDLY_ROLLING', '2026-11-20T12:00:00Z', 10],
    ['until midnight of the account when the day’s are used up', 'DAILY', '2026-11-20T12:00:00Z', 11 * 3_600],
    ['until the next one just after it', 'DAILY', '2026-11-20T23:00:00Z', 24 * 3_600],
  ])('waits %s', async (_, policyName, at, seconds) => {
    const body = { status: 'error', message: 'You have reached your limit.', errorType: 'RATE_LIMIT', policyName };
    const context = contextAt(refusing(429, body).fetch, {}, new Date(at));
    await expect(connector.roles.sink.apply([told], context)).rejects.toMatchObject({
      name: 'Transient',
      retryAfterSeconds: seconds,
    });
  });

  it.each([
    [409, Transient],
    [423, Transient],
    [429, Transient],
    [500, Transient],
    [502, Transient],
    [400, Permanent],
    [401, Unauthorized],
    [403, Unauthorized],
  ])('with a %d is sorted', async (status, kind) => {
    expect(await failure(refusing(status, { category: 'X' }), [told])).toBeInstanceOf(kind);
  });
});

describe('custom events', () => {
  const settings = { events: { 'points.earned': 'pe62515_points_earned' } };

  it('are told of the contact that was written, under an id that is the same each time', async () => {
    const vendor = hubspot({ contacts: [ann] });
    expect(await apply(vendor, [told], settings)).toEqual([{ vendorId: '501' }]);
    await apply(vendor, [told], settings);
    expect([...vendor.events.values()]).toEqual([
      {
        eventName: 'pe62515_points_earned',
        objectId: '501',
        uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/),
        occurredAt: '2026-11-20T11:59:00Z',
        properties: {
          points: '12',
          source: 'shopify',
          object: '1001',
          next_expiry_on: '2027-11-30',
          balance: '112',
          tier: 'guest',
        },
      },
    ]);
  });

  it('are those that the merchant has made, and nobody else’s', async () => {
    const vendor = hubspot({ contacts: [ann] });
    await apply(vendor, [told, leaves('member.erased')], { events: { 'points.redeemed': 'pe62515_redeemed' } });
    await apply(vendor, [told], { events: { 'points.redeemed': 'pe62515_redeemed' } });
    expect(vendor.events.size).toBe(0);
  });

  it('that HubSpot does not know fail alone, and the others are told', async () => {
    const vendor = hubspot({ contacts: [ann], undefinedEvents: ['pe62515_tier'] });
    const changed = { ...told, event: { ...event, id: 'm1.7.tier.changed', type: 'tier.changed' } } as SinkEvent;
    const [earned, tier] = await apply(vendor, [told, changed], {
      events: { ...settings.events, 'tier.changed': 'pe62515_tier' },
    });
    expect(earned).toEqual({ vendorId: '501' });
    expect(tier).toBeInstanceOf(Permanent);
    expect(vendor.events.size).toBe(1);
  });

  it('wait for the contact: of one that was not written nothing is told', async () => {
    const vendor = hubspot({ refused: { m1: 'VALIDATION_ERROR' } });
    expect(await apply(vendor, [of('m1', {}, { identities: [] })], settings)).toEqual([expect.any(Permanent)]);
    expect(vendor.events.size).toBe(0);
  });

  it('have names that HubSpot can have given', () => {
    for (const events of [{ 'points.earned': 'points_earned' }, { 'points.urned': 'pe1_x' }])
      expect(connector.manifest.settings.safeParse({ ...fixture.settings, events }).success).toBe(false);
  });
});

describe('who sent a delivery', () => {
  const body = JSON.stringify([notice('deal.creation', 7001)]);
  const verify = async (request: ReturnType<typeof send>, secret?: object) =>
    connector.roles.source.verify(
      request,
      contextOf(connector, fixture, { now, ...(secret && { secret: { ...fixture.secret, ...secret } }) }),
    );
  const withKey = (key: string) => ({ ...send(body), headers: { 'x-api-key': key } });

  it('is proven by a secret of a workflow that signs nothing', async () => {
    const request = withKey(INBOUND_SECRET);
    expect(await verify(request)).toBe(request);
  });

  it.each(['', 'another-secret-of-32-characters!', INBOUND_SECRET.slice(0, -1)])('is not proven by %j', async (key) => {
    await expect(verify(withKey(key))).rejects.toThrow(WebhookRejected);
  });

  it('is not proven by a key beside a signature that is wrong', async () => {
    const request = send(body, { key: 'x'.repeat(32) });
    await expect(verify({ ...request, headers: { ...request.headers, 'x-api-key': INBOUND_SECRET } })).rejects.toThrow(
      WebhookRejected,
    );
  });

  it('is one account, in each of the events', async () => {
    for (const portalId of [PORTAL + 1, undefined, null])
      await expect(verify(send(JSON.stringify([notice('deal.creation', 1), { portalId }])))).rejects.toThrow(
        WebhookRejected,
      );
  });
});

describe('what happened at HubSpot', () => {
  const translate = (body: unknown, given: Parameters<typeof hubspot>[0] = {}, settings = {}, about?: string) => {
    const vendor = hubspot({ contacts: [ann], deals: [won, undone], ...given });
    const request = send(JSON.stringify(body), about ? { headers: { about } } : {});
    return {
      vendor,
      facts: (async () => connector.roles.source.translate(request as Verified, contextAt(vendor.fetch, settings)))(),
    };
  };
  const deal = (change: Partial<StoredDeal>) => ({ deals: [{ ...won, ...change }] });
  const pinged = [notice('deal.propertyChange', 7001, { propertyName: 'dealstage' })];

  it('is looked up once, however often it is named', async () => {
    const { facts, vendor } = translate([...pinged, ...pinged, notice('deal.creation', 7001)]);
    expect(await facts).toEqual([sale]);
    expect(vendor.calls.map(({ body }) => JSON.parse(body).inputs)).toEqual([
      [{ id: '7001' }],
      [{ id: '7001' }],
      [{ id: '501' }],
    ]);
  });

  it.each([
    ['a deal that is not won', deal({ stages: won.stages.slice(0, 1) })],
    ['a deal that was deleted since', { deals: [] }],
  ])('%s is nothing for us', async (_, given) => {
    expect(await translate(pinged, given).facts).toEqual([]);
  });

  it('a deal that is won again is another order, and what the first one earned goes back', async () => {
    const again = [...undone.stages, { value: 'closedwon', timestamp: '2026-11-20T11:45:00.000Z' }];
    const facts = await translate(pinged, deal({ stages: again })).facts;
    expect(facts.map((fact) => [fact.type, 'orderId' in fact && fact.orderId])).toEqual([
      ['refund', `7001:${Date.parse('2026-11-20T11:00:00Z')}`],
      ['sale', `7001:${Date.parse('2026-11-20T11:45:00Z')}`],
    ]);
  });

  it('a deal that moves from one won stage to another is the same sale', async () => {
    const stages = [...won.stages, { value: '88123', timestamp: '2026-11-20T11:50:00.000Z' }];
    expect(await translate(pinged, deal({ stages }), { wonStages: ['closedwon', '88123'] }).facts).toEqual([sale]);
  });

  it('a deal without a currency of its own is in the account’s', async () => {
    const facts = await translate(pinged, { deals: [{ ...won, amount: '900', currency: '' }] }, { currency: 'JPY' })
      .facts;
    expect(facts).toEqual([{ ...sale, currency: 'JPY', netMinor: 900, grossMinor: 900 }]);
  });

  it.each([
    ['no amount', { amount: '' }, 'the deal was won and has no amount'],
    ['a fraction of a cent', { amount: '1.005' }, 'not an amount of EUR'],
    ['a currency that is none', { currency: 'EURO' }, 'not the shape we know: 0.currency: custom'],
  ])('a deal with %s is parked, and can be sent round again once it is mended', async (_, change, because) => {
    await expect(translate(pinged, deal(change)).facts).rejects.toThrow(new Permanent(because));
  });

  it('a deal that cannot be read keeps nobody from the others, and is parked all the same', async () => {
    const deals = [{ ...won, id: '7000', amount: '' }, won];
    const body = deals.map(({ id }) => notice('deal.creation', Number(id)));
    const error = await translate(body, { deals }).facts.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Permanent);
    expect(error).toMatchObject({ message: '1 of 2: the deal was won and has no amount', facts: [sale] });
  });

  it('a deal of several people is its primary contact’s, else the one’s who was there first', async () => {
    const bob: StoredContact = { id: '1200', properties: { email: 'bob@example.com' } };
    const buyers = async (contacts: StoredDeal['contacts']) => {
      const [fact] = await translate(pinged, { contacts: [ann, bob], ...deal({ contacts }) }).facts;
      return fact?.identities.find(({ type }) => type === 'hubspot')?.value;
    };
    expect(await buyers([{ id: '1200' }, { id: '501' }])).toBe('501');
    expect(await buyers([{ id: '501' }, { id: '1200', label: 'Primary' }])).toBe('1200');
    expect(await buyers([])).toBeUndefined();
  });

  it('a contact who is no member is heard of only where all are to be enrolled', async () => {
    const bob: StoredContact = { id: '1200', properties: { email: 'bob@example.com', phone: '+4930123456' } };
    const body = [notice('contact.creation', 1200)];
    expect(await translate(body, { contacts: [bob] }).facts).toEqual([]);
    expect(await translate(body, { contacts: [bob] }, { enrolContacts: true }).facts).toEqual([
      expect.objectContaining({
        type: 'member',
        identities: [
          { type: 'hubspot', value: '1200' },
          { type: 'email', value: 'bob@example.com' },
          { type: 'phone', value: '+4930123456' },
        ],
        profile: {},
      }),
    ]);
  });

  it('what programs write to contacts is dropped: it is our own', async () => {
    const { facts, vendor } = translate([
      notice('contact.creation', 501, { changeSource: 'INTEGRATION' }),
      notice('contact.propertyChange', 501, { changeSource: 'INTEGRATION', propertyName: 'email' }),
    ]);
    expect(await facts).toEqual([]);
    expect(vendor.calls).toEqual([]);
    expect(await translate([notice('deal.creation', 7001, { changeSource: 'INTEGRATION' })]).facts).toEqual([sale]);
  });

  it('a member who wants no more e-mail from HubSpot wants no offers from us', async () => {
    const optedOut = { value: 'true', timestamp: '2026-11-20T09:00:00.000Z' };
    const body = [notice('contact.propertyChange', 501, { propertyName: 'hs_email_optout', propertyValue: 'true' })];
    expect(await translate(body, { contacts: [{ ...ann, optedOut }] }).facts).toContainEqual(
      expect.objectContaining({
        type: 'consent',
        factId: 'hubspot:contact:501:opted-out:2026-11-20T09:00:00.000Z',
        channel: 'email',
        purpose: 'marketing',
        granted: false,
      }),
    );
    const back = { ...optedOut, value: 'false' };
    expect((await translate(body, { contacts: [{ ...ann, optedOut: back }] }).facts).map(({ type }) => type)).toEqual([
      'member',
    ]);
  });

  it.each([
    [
      'a property that means nothing to us',
      [notice('contact.propertyChange', 501, { propertyName: 'loyalty_points' })],
    ],
    ['another kind of object', [notice('object.creation', 501, { objectTypeId: '0-2' })]],
    [
      'a kind of object that has the name of a method',
      [notice('object.creation', 501, { objectTypeId: 'constructor' })],
    ],
    ['an event that we do not know', [notice('contact.merge', 501), notice('conversation.newMessage', 1)]],
  ])('%s is nothing for us, and nothing is asked', async (_, body) => {
    const { facts, vendor } = translate(body);
    expect(await facts).toEqual([]);
    expect(vendor.calls).toEqual([]);
  });

  it.each([
    ['as chosen properties', { hs_object_id: '7001' }, 'deal'],
    ['as a number', { hs_object_id: 7001 }, 'deal'],
    ['as the object itself', { id: '7001', properties: { amount: '1' } }, 'deal'],
    ['as an older object', { objectId: 7001, properties: {} }, undefined],
  ])('a workflow may name its deal %s', async (_, body, about) => {
    expect(await translate(body, {}, {}, about).facts).toEqual([sale]);
  });

  it('a workflow about contacts says so in its address, and one about anything else tells nothing', async () => {
    expect((await translate({ vid: 501 }, {}, {}, 'contact').facts).map(({ type }) => type)).toEqual(['member']);
    expect(await translate({ hs_object_id: 501 }, {}, {}, 'ticket').facts).toEqual([]);
    await expect(translate({ dealname: 'x' }, {}, {}, 'deal').facts).rejects.toThrow(Permanent);
  });

  it('a hundred deals that are moved at once are a few calls', async () => {
    const deals = Array.from({ length: 100 }, (_, index) => ({ ...won, id: String(8_000 + index) }));
    const body = deals.map(({ id }) => notice('deal.propertyChange', Number(id), { propertyName: 'dealstage' }));
    const { facts, vendor } = translate(body, { deals });
    expect(await facts).toHaveLength(100);
    expect(vendor.calls).toHaveLength(6);
  });

  it('what HubSpot could not look up for the moment is not taken for deleted', async () => {
    const answer = { status: 'COMPLETE', results: [], errors: [{ category: 'RATE_LIMITS', message: 'slow down' }] };
    const { facts } = translate(pinged, { failures: [Response.json(answer, { status: 207 })] });
    await expect(facts).rejects.toThrow(Transient);
  });

  it('an answer that breaks off is none: nothing is told, and HubSpot tells it again', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const { facts } = translate(pinged, { failures: [new Response(broken)] });
    await expect(facts).rejects.toThrow(Transient);
  });

  it('nothing is told while HubSpot is away', async () => {
    const { facts } = translate(pinged, { failures: [new Response('', { status: 503 })] });
    await expect(facts).rejects.toThrow(Transient);
  });
});

describe('looking back', () => {
  const days = Array.from({ length: 120 }, (_, index) => ({ ...won, id: String(8_000 + index) }));
  const since = fixture.source.reconcile?.since as Date;

  it('goes page by page through all that has changed since', async () => {
    const vendor = hubspot({ contacts: [ann], deals: days });
    const orders: string[] = [];
    let after: string | undefined;
    do {
      const page = await connector.roles.source.reconcile?.(since, contextAt(vendor.fetch), after);
      orders.push(...(page?.facts ?? []).map((fact) => ('orderId' in fact ? (fact.orderId.split(':')[0] ?? '') : '')));
      after = page?.next;
    } while (after !== undefined);
    expect(orders).toEqual(days.map(({ id }) => id));
  });

  it('a deal that cannot be read keeps nobody from the others', async () => {
    const vendor = hubspot({ contacts: [ann], deals: [{ ...won, id: '1', amount: '' }, won] });
    expect(await connector.roles.source.reconcile?.(since, contextAt(vendor.fetch))).toEqual({
      facts: [sale],
      unreadable: [{ what: '1', because: 'the deal was won and has no amount' }],
    });
  });
});

describe('the service key', () => {
  const check = (fetch: typeof globalThis.fetch, settings?: object) => connector.check?.(contextAt(fetch, settings));

  it('says whose account it opens', async () => {
    expect(await check(hubspot().fetch)).toBe('HubSpot account 62515, in EUR and Europe/Berlin');
  });
  it('says so when the account counts in another currency', async () => {
    expect(await check(hubspot().fetch, { currency: 'USD' })).toMatch(/the setting currency says USD$/);
  });
  it('is none when it opens another account, or is refused', async () => {
    await expect(check(hubspot().fetch, { portalId: '1' })).rejects.toThrow(Unauthorized);
    const refused = hubspot({ failures: [new Response('', { status: 401 })] });
    await expect(check(refused.fetch)).rejects.toThrow(Unauthorized);
  });
});

const spec = vendorSpec<OpenApi>('hubspot.json');
if (spec)
  describe('HubSpot’s own document', () => {
    const document = withWhatWasLeftOut(spec);
    it('knows every call that we make', async () => {
      const { loyalty_member_id: _, ...unmarked } = ann.properties;
      const vendors = [
        hubspot({ contacts: [ann], deals: [won] }),
        hubspot({ contacts: [{ id: '501', properties: { ...unmarked, email: 'ann@example.com' } as never }] }),
        hubspot(),
      ];
      const settings = { events: fixture.settings.events };
      for (const vendor of vendors) {
        await apply(vendor, [told, of('m2')], settings);
        await apply(vendor, [leaves('member.merged')]);
        await apply(vendor, [leaves('member.erased')]);
        await connector.check?.(contextAt(vendor.fetch));
      }
      const [vendor] = vendors as [ReturnType<typeof hubspot>];
      const body = JSON.stringify([notice('deal.creation', 7001), notice('contact.creation', 501)]);
      await connector.roles.source.translate(send(body) as Verified, contextAt(vendor.fetch));
      await connector.roles.source.reconcile?.(now, contextAt(vendor.fetch));
      const calls = vendors.flatMap((one) => one.calls);
      expect(calls.flatMap((call) => strays(document, call))).toEqual([]);
      expect(
        new Set(calls.map(({ method, url }) => `${method} ${new URL(url).pathname.replace(/\d{3,}$/, '')}`)).size,
      ).toBe(10);
    });
  });
