import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MemberCopy, SinkEvent } from '../../lib/connectors/contract.ts';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import { PartlyRead } from '../../lib/connectors/kit/facts.ts';
import type { Reply, Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/salesforce/index.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { type Grant, grant, wayOf } from '../../lib/runtime/grants.ts';
import { contextOf } from './fixture.ts';
import { changed, fixture, member, reopened, reversal, sale, send, told, won } from './fixtures/salesforce.ts';
import { HOST, INSTANCE, ORGANIZATION, type Row, refusal, salesforce, unfolded } from './fixtures/salesforce-api.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

type Vendor = ReturnType<typeof salesforce>;
const contextAt = (fetch: typeof globalThis.fetch, settings: object = {}, tokenBase?: string) =>
  contextOf(connector, fixture, {
    ...(tokenBase && { tokenBase }),
    now: fixture.source.now,
    fetch,
    settings: connector.manifest.settings.parse({ ...fixture.settings, ...settings }),
  });
const apply = (vendor: Vendor, events: readonly SinkEvent[], settings?: object) =>
  connector.roles.sink.apply(events, contextAt(vendor.fetch, settings));
const failure = (...args: Parameters<typeof apply>) =>
  apply(...args).then(
    () => 'it worked',
    (error: unknown) => error,
  );
/** Every request, those inside of others one by one, as `PATCH /sobjects/…`. */
const requests = ({ calls }: Vendor) =>
  calls.flatMap(({ method, url, body }) => {
    const path = (each: string) =>
      decodeURIComponent(each.replace(`https://${HOST}`, '').replace('/services/data/v67.0', ''));
    const parts = (JSON.parse(body) as { compositeRequest?: { method: string; url: string }[] }).compositeRequest;
    return (parts ?? [{ method, url }]).map((one) => `${one.method} ${path(one.url)}`);
  });

const { event } = told;
const copy = told.member as MemberCopy;
const of = (memberId: string, change: object = {}, its: Partial<MemberCopy> | null = {}): SinkEvent => ({
  event: { ...event, id: `${memberId}.7.points.earned`, entryId: `${memberId}.7`, memberId, ...change } as LoyaltyEvent,
  ...(its && { member: { ...copy, ...its } }),
});
const happens = (type: LoyaltyEvent['type'], data: object, seq = 8): SinkEvent => ({
  event: { ...event, id: `m1.${seq}.${type}`, entryId: `m1.${seq}`, type, data } as never,
  member: copy,
});
const leaves = (type: 'member.erased' | 'member.merged'): SinkEvent => ({
  event: happens(type, type === 'member.erased' ? {} : { into: 'm2', points: 3 }).event,
});
const ann: Row = {
  object: 'Contact',
  id: '0035g00000XyZabAAB',
  fields: { Loyalty_Member_Id__c: 'm1', FirstName: 'Anna', LastName: 'Lee', Email: 'Ann@Example.com' },
};
const { Loyalty_Member_Id__c: _, ...unmarked } = ann.fields;
const stranger: Row = { ...ann, fields: unmarked };
const standing = {
  Loyalty_Points__c: 112,
  Loyalty_Points_Pending__c: 5,
  Loyalty_Points_Held__c: 0,
  Loyalty_Points_Lifetime__c: 340,
  Loyalty_Tier__c: 'gold',
  Loyalty_Visits__c: 9,
  Loyalty_Enrolled_On__c: '2026-01-05',
  Loyalty_Next_Expiry_On__c: '2027-11-30',
  Loyalty_Next_Expiry_Points__c: 12,
};
const byKey = 'PATCH /sobjects/Contact/Loyalty_Member_Id__c/m1';

describe('a member’s standing', () => {
  it('is written to the contact that bears the member’s id, and never makes one by the way', async () => {
    const vendor = salesforce({ rows: [ann] });
    expect(await apply(vendor, [told])).toEqual([{ vendorId: ann.id }]);
    expect(requests(vendor)).toEqual([`${byKey}?updateOnly=true`]);
    expect(vendor.rows).toEqual([{ ...ann, fields: { ...ann.fields, ...standing } }]);
  });

  it('leaves name, phone and e-mail of a contact that is there to the merchant’s staff', async () => {
    const vendor = salesforce({ rows: [ann] });
    await apply(vendor, [told]);
    for (const { body, url } of vendor.calls)
      for (const word of ['ann@', '4915', 'Lee']) expect(url + body).not.toContain(word);
  });

  it('goes to the contact with the same e-mail, which bears the member’s id from then on', async () => {
    const vendor = salesforce({ rows: [stranger] });
    expect(await apply(vendor, [told])).toEqual([{ vendorId: ann.id }]);
    expect(await apply(vendor, [told])).toEqual([{ vendorId: ann.id }]);
    expect(vendor.rows).toEqual([{ ...ann, fields: { ...ann.fields, ...standing } }]);
    // An address is logged here and there: no e-mail stands in it.
    for (const { url } of vendor.calls) expect(decodeURIComponent(url)).not.toContain('@');
  });

  it('makes a contact of somebody whom Salesforce does not know, once', async () => {
    const vendor = salesforce();
    const [first] = await apply(vendor, [told]);
    expect(await apply(vendor, [told])).toEqual([first]);
    expect(vendor.rows.map(({ fields }) => fields)).toEqual([
      {
        Loyalty_Member_Id__c: 'm1',
        LastName: 'Ann Lee',
        Email: 'ann@example.com',
        MobilePhone: '+4915112345678',
        ...standing,
      },
    ]);
  });

  it('makes one without a name or an e-mail, too, and asks for none', async () => {
    const vendor = salesforce();
    await apply(vendor, [of('m1', {}, { identities: [], name: undefined } as never)]);
    expect(requests(vendor)).toEqual([`${byKey}?updateOnly=true`, byKey]);
    expect(vendor.rows[0]?.fields).toMatchObject({ LastName: 'm1' });
  });

  it('is not guessed where several contacts have the e-mail', async () => {
    const vendor = salesforce({ rows: [stranger, { ...stranger, id: '0035g00000XyZacAAB' }] });
    const [verdict] = await apply(vendor, [told]);
    expect(verdict).toEqual(
      new Permanent('several contacts in Salesforce have the member’s e-mail: merge them, or give one the member’s id'),
    );
  });

  it('may stand on an object of the merchant’s own, which is told nothing else of the person', async () => {
    const vendor = salesforce();
    await apply(vendor, [told], { record: { object: 'Club_Member__c', fields: { held: null, visits: null } } });
    const { Loyalty_Points_Held__c: _, Loyalty_Visits__c: __, ...fewer } = standing;
    expect(vendor.rows).toEqual([
      expect.objectContaining({ object: 'Club_Member__c', fields: { Loyalty_Member_Id__c: 'm1', ...fewer } }),
    ]);
  });

  it('clears what is no more', async () => {
    const vendor = salesforce({ rows: [ann] });
    const { nextExpiryOn: _, nextExpiryPoints: __, ...now } = copy.standing as NonNullable<MemberCopy['standing']>;
    await apply(vendor, [of('m1', {}, { standing: now })]);
    expect(vendor.rows[0]?.fields).toMatchObject({
      Loyalty_Next_Expiry_On__c: null,
      Loyalty_Next_Expiry_Points__c: null,
    });
  });

  it('of ten members is one call, and of one member one request', async () => {
    const many = Array.from({ length: 9 }, (_, index) => `m${index + 2}`);
    const rows = many.map((id, index): Row => ({ ...ann, id: `00${index}`, fields: { Loyalty_Member_Id__c: id } }));
    const vendor = salesforce({ rows });
    const events = [...many.map((id) => of(id)), of('m2', { id: 'm2.8.points.earned', entryId: 'm2.8' })];
    expect(await apply(vendor, events)).toEqual([...rows, rows[0]].map((row) => ({ vendorId: row?.id })));
    expect(vendor.calls).toHaveLength(1);
    expect(requests(vendor)).toHaveLength(9);
  });
});

describe('a member who goes', () => {
  const full: Row = { ...ann, fields: { ...ann.fields, ...standing, Phone: '+4930123456' } };
  const empty = Object.fromEntries(Object.keys(standing).map((name) => [name, null]));

  it('is nobody any more, and nothing that was told before makes a record anew', async () => {
    const vendor = salesforce({ rows: [full] });
    await apply(vendor, [leaves('member.erased')]);
    expect(vendor.rows[0]?.fields).toEqual({
      Loyalty_Member_Id__c: 'm1',
      ...empty,
      FirstName: null,
      LastName: 'Erased',
      Email: null,
      MobilePhone: null,
      Phone: null,
    });
    const { calls } = vendor;
    const before = calls.length;
    expect(await apply(vendor, [of('m1', {}, null)])).toEqual([{ vendorId: 'm1' }]);
    expect(calls.length).toBe(before);
  });

  it('is nobody also where what is told with it came before, and the other way round', async () => {
    for (const told of [['member.erased', 'member.merged'] as const, ['member.merged', 'member.erased'] as const]) {
      const vendor = salesforce({ rows: [full] });
      await apply(vendor, told.map(leaves));
      expect(vendor.rows[0]?.fields).toMatchObject({ LastName: 'Erased', Email: null });
    }
  });

  it('keeps the name where the merchant wants that, or when the account was merged into another', async () => {
    for (const [type, settings] of [
      ['member.erased', { onErasure: 'unlink' }],
      ['member.merged', {}],
    ] as const) {
      const vendor = salesforce({ rows: [full] });
      await apply(vendor, [leaves(type)], settings);
      expect(vendor.rows[0]?.fields).toEqual({ ...full.fields, ...empty });
    }
  });

  it('into another account is told nothing late: the contact with the e-mail is the other one’s', async () => {
    const host: Row = { ...ann, fields: { ...ann.fields, Loyalty_Member_Id__c: 'm2' } };
    const vendor = salesforce({ rows: [host] });
    expect(await apply(vendor, [of('m1', {}, { mergedInto: 'm2' })], { ledger: {} })).toEqual([{ vendorId: 'm1' }]);
    expect(vendor.rows).toEqual([host]);
  });

  it('and was never there has gone already', async () => {
    expect(await apply(salesforce(), [leaves('member.erased')])).toEqual([{ vendorId: 'm1' }]);
  });

  it('is not written again by what came with it', async () => {
    const vendor = salesforce({ rows: [full] });
    await apply(vendor, [told, leaves('member.erased'), told], { ledger: {} });
    expect(vendor.rows).toEqual([expect.objectContaining({ fields: expect.objectContaining(empty) })]);
  });
});

describe('errors inside a success', () => {
  const three = [of('m1'), of('m2', {}, { identities: [] }), of('m3', {}, { identities: [] })];

  it('are the verdict on those that they are about, and on no other', async () => {
    const vendor = salesforce({
      rows: [ann],
      failing: {
        m2: refusal(400, 'UNABLE_TO_LOCK_ROW'),
        m3: refusal(400, 'FIELD_CUSTOM_VALIDATION_EXCEPTION', ['Loyalty_Tier__c']),
      },
    });
    const [first, second, third] = await apply(vendor, three);
    expect(first).toEqual({ vendorId: ann.id });
    expect(second).toBeInstanceOf(Transient);
    expect(third).toMatchObject({
      name: 'Refused',
      message: 'Salesforce answered 400: FIELD_CUSTOM_VALIDATION_EXCEPTION (Loyalty_Tier__c)',
    });
  });

  it.each([
    ['several records with the id', { status: 300, body: ['a', 'b'] }, Permanent],
    ['a limit that was reached in the middle', refusal(403, 'REQUEST_LIMIT_EXCEEDED'), Transient],
    ['a server that fails', { status: 503, body: null }, Transient],
    ['a write that says no', { status: 200, body: { id: 'x', success: false, errors: [{}] } }, Permanent],
    ['a rule against duplicates', refusal(400, 'DUPLICATES_DETECTED'), Permanent],
    [
      'one that somebody else makes at the same time',
      refusal(400, 'DUPLICATE_VALUE', ['Loyalty_Member_Id__c']),
      Transient,
    ],
  ])('%s', async (_, answer, kind) => {
    const [verdict, other] = await apply(salesforce({ rows: [ann], failing: { m2: answer } }), [
      three[1],
      told,
    ] as never);
    expect(verdict).toBeInstanceOf(kind);
    expect(other).toEqual({ vendorId: ann.id });
  });

  it('a session that ends in the middle is refused for all', async () => {
    const vendor = salesforce({ rows: [ann], failing: { m2: refusal(401, 'INVALID_SESSION_ID') } });
    expect(await failure(vendor, three)).toBeInstanceOf(Unauthorized);
  });

  it('an update that older versions answer with nothing is one', async () => {
    expect(await apply(salesforce({ failing: { m1: { status: 204, body: null } } }), [told])).toEqual([
      { vendorId: 'm1' },
    ]);
  });

  it('a part that is not answered is tried again', async () => {
    const vendor = salesforce({ failures: [Response.json({ compositeResponse: [] })] });
    expect(await failure(vendor, [told])).toBeInstanceOf(Transient);
  });
});

describe('what Salesforce refuses', () => {
  const refusing = (status: number, errorCode: string) =>
    salesforce({ failures: [Response.json(refusal(status, errorCode).body, { status })] });

  it.each([
    [401, 'INVALID_SESSION_ID', Unauthorized],
    [403, 'API_DISABLED_FOR_ORG', Unauthorized],
    [403, 'INSUFFICIENT_ACCESS', Permanent],
    [400, 'JSON_PARSER_ERROR', Permanent],
    [404, 'NOT_FOUND', Permanent],
    [400, 'UNABLE_TO_LOCK_ROW', Transient],
    [500, 'UNKNOWN_EXCEPTION', Transient],
    [503, 'SERVER_UNAVAILABLE', Transient],
  ])('with %d %s is sorted, without a word of what was sent', async (status, code, kind) => {
    const error = (await failure(refusing(status, code), [told])) as Error;
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(`Salesforce answered ${status}: ${code}`);
  });

  it('is not what an answer means that breaks off', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    expect(await failure(salesforce({ failures: [new Response(broken)] }), [told])).toBeInstanceOf(Transient);
  });

  it('waits for minutes when the day’s calls are used up', async () => {
    expect(await failure(refusing(403, 'REQUEST_LIMIT_EXCEEDED'), [told])).toMatchObject({
      name: 'Transient',
      retryAfterSeconds: 900,
    });
  });
});

describe('single entries', () => {
  const settings = { ledger: {} };
  const rowsOf = ({ rows }: Vendor) =>
    rows.filter(({ object }) => object === 'Loyalty_Points__c').map(({ fields }) => fields);

  it('are rows under the entry’s own id, so that one that is told twice is one', async () => {
    const vendor = salesforce({ rows: [ann] });
    expect(await apply(vendor, [told], settings)).toEqual([{ vendorId: ann.id }]);
    await apply(vendor, [told], settings);
    expect(rowsOf(vendor)).toEqual([
      {
        Entry_Id__c: 'm1-7',
        Member__r: { Loyalty_Member_Id__c: 'm1' },
        Points__c: 12,
        Balance__c: 112,
        Type__c: 'points.earned',
        Occurred_At__c: '2026-11-20T11:59:00Z',
      },
    ]);
  });

  it.each([
    ['points.earned', { points: 12, pending: 5 }, 7],
    ['points.activated', { points: 5, because: 'day' }, 5],
    ['points.adjusted', { points: -3, reason: 'x' }, -3],
    ['points.gifted', { points: 4, direction: 'sent', giftId: 'g' }, -4],
    ['points.gifted', { points: 4, direction: 'received', giftId: 'g' }, 4],
    ['points.redeemed', { points: 50, redemptionId: 'r' }, -50],
    ['points.reversed', { points: 12, returned: 2, orderId: 'o', reason: 'return' }, -10],
    ['points.expired', { points: 9, through: '2026-11-30' }, -9],
    ['referral.completed', { points: 20 }, 20],
    ['referral.reversed', { points: 20 }, -20],
  ] as const)('%s %j counts %d', async (type, data, points) => {
    const vendor = salesforce({ rows: [ann] });
    await apply(vendor, [happens(type, data)], settings);
    expect(rowsOf(vendor).map((row) => row.Points__c)).toEqual([points]);
  });

  it.each([
    ['points.earned', { points: 5, pending: 5 }],
    ['tier.changed', { from: 'guest', to: 'gold' }],
    ['reward.redeemed', { redemptionId: 'r', rewardId: 'coffee', points: 50 }],
    ['birthday', { points: 30 }],
  ] as const)(
    '%s %j is no row: nothing can be spent that could not before, or another event says so',
    async (type, data) => {
      const vendor = salesforce({ rows: [ann] });
      expect(await apply(vendor, [happens(type, data)], settings)).toEqual([{ vendorId: ann.id }]);
      expect(rowsOf(vendor)).toEqual([]);
    },
  );

  it('hang on the member’s record: without that there are none', async () => {
    const vendor = salesforce({ failing: { m1: refusal(400, 'DUPLICATES_DETECTED') } });
    expect(await apply(vendor, [told], settings)).toEqual([expect.any(Permanent)]);
    expect(rowsOf(vendor)).toEqual([]);
  });

  it('that fail, fail alone', async () => {
    const vendor = salesforce({ rows: [ann], failing: { 'm1-8': refusal(400, 'INVALID_FIELD', ['Points__c']) } });
    const [first, second] = await apply(
      vendor,
      [told, happens('points.expired', { points: 9, through: 'x' })],
      settings,
    );
    expect(first).toEqual({ vendorId: ann.id });
    expect(second).toBeInstanceOf(Permanent);
  });
});

describe('journals in Loyalty Management', () => {
  const settings = { loyaltyManagement: { program: 'Kunstpause Club' } };

  it('credit and debit what we have reckoned, under the entry’s own id', async () => {
    const vendor = salesforce({ rows: [ann], members: ['m1'] });
    const redeemed = happens('points.redeemed', { points: 50, redemptionId: 'r' });
    expect(await apply(vendor, [told, redeemed], settings)).toEqual([{ vendorId: ann.id }, { vendorId: ann.id }]);
    expect(requests(vendor).slice(3)).toEqual([
      'POST /connect/loyalty/programs/Kunstpause Club/program-processes/CreditPointsToMembers',
      'POST /connect/loyalty/programs/Kunstpause Club/program-processes/DebitPointsFromMembers',
    ]);
    const journal = { ActivityDate: '2026-11-20T11:59:00Z', MembershipNumber: 'm1', Status: 'Processed' };
    expect(Object.fromEntries(vendor.journals)).toEqual({
      'm1.7': {
        TransactionJournal: { ...journal, ExternalTransactionNumber: 'm1.7', JournalTypeName: 'Accrual' },
        PointsToCredit: 12,
      },
      'm1.8': {
        TransactionJournal: { ...journal, ExternalTransactionNumber: 'm1.8', JournalTypeName: 'Redemption' },
        PointsToDebit: 50,
      },
    });
  });

  it('are made once, also when the answer was lost on its way', async () => {
    const vendor = salesforce({ rows: [ann], members: ['m1'] });
    let lost = false;
    const losing: typeof fetch = async (url, init) => {
      const answer = await vendor.fetch(url, init);
      if (lost || !String(url).includes('program-processes')) return answer;
      lost = true;
      throw new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    };
    expect(await failure({ ...vendor, fetch: losing }, [told], settings)).toBeInstanceOf(Transient);
    expect(await apply({ ...vendor, fetch: losing }, [told], settings)).toEqual([{ vendorId: ann.id }]);
    expect(requests(vendor).filter((one) => one.includes('program-processes'))).toHaveLength(1);
  });

  it('enrol a member first who is not there yet, under the member’s id and no name', async () => {
    const vendor = salesforce({ rows: [ann] });
    await apply(vendor, [told, happens('points.activated', { points: 3, because: 'x' })], settings);
    const enrolments = vendor.calls.filter(({ url }) => url.includes('individual-member-enrollments'));
    expect(enrolments.map(({ body }) => JSON.parse(body))).toEqual([
      {
        enrollmentDate: '2026-11-20T11:59:00Z',
        membershipNumber: 'm1',
        memberStatus: 'Active',
        associatedContactDetails: { lastName: 'm1', allowDuplicateRecords: 'false' },
      },
    ]);
    expect([...vendor.journals.keys()]).toEqual(['m1.7', 'm1.8']);
  });

  it('do not mind that somebody else was quicker to enrol', async () => {
    const duplicate = Response.json(refusal(400, 'DUPLICATE_VALUE').body, { status: 400 });
    const vendor = salesforce({ rows: [ann], failures: [undefined, undefined, duplicate] });
    vendor.members.add('m1');
    const blind: typeof fetch = async (url, init) => {
      const answer = await vendor.fetch(url, init);
      const text = (await answer.text()).replace('"MembershipNumber":"m1"', '"MembershipNumber":"m0"');
      return new Response(text, answer);
    };
    expect(await apply({ ...vendor, fetch: blind }, [told], settings)).toEqual([{ vendorId: ann.id }]);
    expect(vendor.journals.size).toBe(1);
  });

  it('leave it to the merchant to enrol, where that is wanted, and say that nothing was booked', async () => {
    const vendor = salesforce({ rows: [ann] });
    const [verdict] = await apply(vendor, [told], { loyaltyManagement: { program: 'Club', enrol: false } });
    expect(verdict).toBeInstanceOf(Permanent);
    expect(vendor.members.size).toBe(0);
  });

  it('a process that says no inside a success has not done it, and its words stay where they are', async () => {
    const vendor = salesforce({
      rows: [ann, { ...ann, id: '2', fields: { Loyalty_Member_Id__c: 'm2' } }],
      refusedBy: ['m1'],
    });
    const [first, second] = await apply(vendor, [told, of('m2')], settings);
    expect(first).toEqual(new Permanent('the process CreditPointsToMembers in Salesforce did not do it'));
    expect(second).toEqual({ vendorId: '2' });
  });

  it('go by the names that the merchant’s processes have', async () => {
    const vendor = salesforce({ rows: [ann], members: ['m1'] });
    const credit = { name: 'Gutschrift', parameter: 'Punkte', journalType: 'Bonus' };
    await apply(vendor, [told], { loyaltyManagement: { program: 'Club', credit } });
    expect(vendor.journals.get('m1.7')).toMatchObject({ Punkte: 12, TransactionJournal: { JournalTypeName: 'Bonus' } });
  });

  it('ask for a name with a quotation mark in it safely', async () => {
    const vendor = salesforce({ rows: [ann], members: ['m1'] });
    await apply(vendor, [told], { loyaltyManagement: { program: "Ann's \\ Club" } });
    expect(requests(vendor)[1]).toContain(String.raw`LoyaltyProgram.Name IN ('Ann\'s \\ Club')`);
  });

  it('are none where nothing changed that can be spent', async () => {
    const vendor = salesforce({ rows: [ann] });
    await apply(vendor, [happens('tier.changed', { from: 'guest', to: 'gold' })], settings);
    expect(vendor.calls).toHaveLength(1);
  });
});

describe('what happened at Salesforce', () => {
  const translate = async (body: object, settings?: object) =>
    connector.roles.source.translate(send(JSON.stringify(body)) as Verified, contextAt(fetch, settings));

  it('an opportunity’s amount is in the organization’s currency where it names none', async () => {
    expect(await translate({ ...won, amount: '900', currency: null }, { currency: 'JPY' })).toEqual([
      { ...sale, currency: 'JPY', netMinor: 900, grossMinor: 900 },
    ]);
  });

  it.each([null, '', '1.005', '-5', 'viel'])('an opportunity of %j is parked', async (amount) => {
    await expect(translate({ ...won, amount })).rejects.toThrow(Permanent);
  });

  it('an id is the same in both of its lengths', async () => {
    expect(await translate({ ...won, opportunityId: won.opportunityId.slice(0, 15) })).toEqual([sale]);
  });

  it.each([
    '2026-11-20T10:00:00.000Z',
    '2026-11-20 10:00:00Z',
    '2026-11-20T10:00:00.000+0000',
    '2026-11-20T11:00:00+01:00',
  ])('%s is a time', async (occurredAt) => {
    const [fact] = await translate({ ...won, occurredAt });
    expect(new Date(fact?.occurredAt ?? 0)).toEqual(new Date('2026-11-20T10:00:00Z'));
  });

  it('each time that it is reopened is a reversal of its own', async () => {
    const other = { ...reopened, eventId: `${reopened.eventId}x` };
    const [[first], [second]] = [await translate(reopened), await translate(other)];
    expect(first?.factId).not.toBe(second?.factId);
  });

  it('a contact who is no member is heard of only where all are to be enrolled', async () => {
    const nobody = { ...changed, memberId: null };
    expect(await translate(nobody)).toEqual([]);
    expect(await translate(nobody, { enrolContacts: true })).toEqual([
      { ...member, identities: member.identities.slice(1) },
    ]);
  });

  it('what we have changed ourselves is dropped', async () => {
    expect(
      await translate({ ...changed, byUserId: '0055g00000RobotAAA' }, { integrationUserId: '0055g00000Robot' }),
    ).toEqual([]);
    expect(await translate(changed, { integrationUserId: '0055g00000Robot' })).toEqual([member]);
  });

  it.each([
    ['another organization', { organizationId: '00D5g000000abceEAA' }],
    ['none at all', { organizationId: undefined }],
    ['a number', { organizationId: 5 }],
  ])('a delivery of %s is refused, though the key is right', async (_, change) => {
    const request = send(JSON.stringify({ ...won, ...change }));
    await expect((async () => connector.roles.source.verify(request, contextAt(fetch)))()).rejects.toThrow(
      WebhookRejected,
    );
  });

  it('the organization’s id is the same in both of its lengths', async () => {
    const request = send(JSON.stringify({ ...won, organizationId: ORGANIZATION.slice(0, 15) }));
    expect(await connector.roles.source.verify(request, contextAt(fetch))).toBe(request);
  });
});

describe('the app', () => {
  it('says whose organization it opens', async () => {
    expect(await connector.check?.(contextAt(salesforce().fetch))).toBe(`Salesforce organization ${ORGANIZATION}`);
  });
  it('is the wrong one when it opens another, and refused when its session is', async () => {
    const other = contextAt(salesforce().fetch, { organizationId: '00D5g000000zzzz' });
    await expect(connector.check?.(other)).rejects.toThrow(Unauthorized);
    const failures = [Response.json(refusal(401, 'INVALID_SESSION_ID').body, { status: 401 })];
    await expect(connector.check?.(contextAt(salesforce({ failures }).fetch))).rejects.toThrow(Unauthorized);
  });
  it('asks only hosts of Salesforce, with the token that it was given', async () => {
    for (const host of ['evil.example', 'my.salesforce.com.evil.example', 'x.my.salesforce.com/..', ''])
      expect(connector.manifest.settings.safeParse({ ...fixture.settings, host }).success).toBe(false);
    const vendor = salesforce({ rows: [ann] });
    await apply(vendor, [told]);
    expect(vendor.calls[0]?.headers.authorization).toBe('Bearer an-access-token-of-the-vendor');
  });
});

describe('a token', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const now = new Date('2026-11-20T12:00:00Z');
  const byKey = { clientId: fixture.secret.clientId, username: 'stampbook@kunstpause.example', privateKey: key };
  const { clientId, clientSecret } = fixture.secret;
  const asking = (given: object, { at = now, settings = {} }: { at?: Date; settings?: object } = {}) => {
    const vendor = salesforce({ rows: [ann], certificate: publicKey, now });
    const secret = connector.manifest.secret.parse(given) as Grant['secret'];
    const context = contextAt(vendor.fetch, settings);
    const granted = grant({
      oauth: wayOf(connector.manifest.oauth, secret),
      secret,
      settings: context.settings,
      fetch: vendor.fetch,
      asked: { vendor: 'Salesforce', now: at, repeatable: true },
    });
    return { vendor, granted };
  };

  it.each([
    ['a key', byKey],
    ['the consumer secret', { clientId, clientSecret }],
    ['a key, where there is both', { ...byKey, clientSecret: 'an-old-consumer-secret' }],
  ])('is got by %s, and used where Salesforce says', async (_, secret) => {
    const { vendor, granted } = asking(secret);
    const { base } = await granted;
    expect(base).toBe(INSTANCE);
    expect(await connector.roles.sink.apply([told], contextAt(vendor.fetch, {}, base))).toEqual([{ vendorId: ann.id }]);
    expect(vendor.calls.map(({ url }) => new URL(url).origin)).toEqual([INSTANCE]);
  });

  it.each<[string, object, Parameters<typeof asking>[1]]>([
    ['for too long', byKey, { at: new Date(now.getTime() + 121_000) }],
    ['that has ended', byKey, { at: new Date(now.getTime() - 181_000) }],
    ['for a sandbox', byKey, { settings: { signIn: 'test.salesforce.com' } }],
    ['of another user', { ...byKey, username: 'somebody@else.example' }, {}],
    [
      'under another key',
      {
        ...byKey,
        privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          type: 'pkcs8',
          format: 'pem',
        }),
      },
      {},
    ],
  ])('is not given for an assertion %s', async (_, secret, given) => {
    await expect(asking(secret, given).granted).rejects.toThrow(
      new Unauthorized('Salesforce gave no token: 400 invalid_grant'),
    );
  });

  it('is not given to a host that is none of Salesforce’s, whoever says so', async () => {
    for (const base of [
      'https://evil.example',
      'http://na139.salesforce.com',
      `${INSTANCE}.evil.example`,
      `${INSTANCE}/`,
    ]) {
      const vendor = salesforce({ rows: [ann] });
      await expect(connector.roles.sink.apply([told], contextAt(vendor.fetch, {}, base))).rejects.toThrow(Unauthorized);
      expect(vendor.calls).toEqual([]);
    }
  });

  it('is asked for with a consumer secret, or with a user and a key', () => {
    const accepts = (secret: object) => connector.manifest.secret.safeParse(secret).success;
    expect([byKey, { clientId, clientSecret }].map(accepts)).toEqual([true, true]);
    const { username, privateKey: __, ...half } = byKey;
    expect(
      [half, { ...half, username }, { clientId, privateKey: key }, { ...byKey, privateKey: 'x' }].map(accepts),
    ).toEqual(Array(4).fill(false));
  });
});

describe('an Outbound Message', () => {
  const field = (name: string, value: string | null) =>
    value === null ? `<sf:${name} xsi:nil="true"/>` : `<sf:${name}>${value}</sf:${name}>`;
  const notification = (id: string, fields: Readonly<Record<string, string | null>>) =>
    `<Notification><Id>${id}</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">${Object.entries(
      fields,
    )
      .map(([name, value]) => field(name, value))
      .join('')}</sObject></Notification>`;
  const envelope = (
    notifications: readonly string[],
    organizationId = ORGANIZATION,
  ) => `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>04k5g0000008OIAAA2</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://${HOST}/services/Soap/c/67.0/00D</EnterpriseUrl>
   <PartnerUrl>https://${HOST}/services/Soap/u/67.0/00D</PartnerUrl>
   ${notifications.join('\n')}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
  const opportunity = {
    Id: won.opportunityId,
    Amount: '1250.5',
    Contact_Email__c: 'Ann@Example.com',
    Contact_Phone__c: null,
    ContactId: '0035g00000XyZabAAB',
    CurrencyIsoCode: 'EUR',
    IsWon: 'true',
    Loyalty_Member_Id__c: null,
    SystemModstamp: '2026-11-20T10:00:00.000Z',
  };
  const [one, two] = ['04l5g00000AAAAAAA1', '04l5g00000BBBBBAA2'] as const;
  const other = { ...opportunity, Id: '0065g00000ZzZzZAAV', Contact_Email__c: 'bob@example.com', ContactId: null };
  const otherSale = {
    ...sale,
    factId: 'salesforce:opportunity:0065g00000ZzZzZ:won',
    orderId: '0065g00000ZzZzZ',
    identities: [{ type: 'email', value: 'bob@example.com' }],
  };
  const [key = ''] = fixture.secret.inboundSecrets ?? [];
  const soap = (body: string, { about = 'opportunity.won', secret = key }: { about?: string; secret?: string } = {}) =>
    ({
      method: 'POST',
      url: `https://api.example/webhooks/salesforce?about=${about}&key=${secret}`,
      headers: { 'content-type': 'text/xml; charset=UTF-8', soapaction: '""' },
      body: Buffer.from(body),
    }) as unknown as Verified;
  const verify = async (request: Verified) => connector.roles.source.verify(request, contextAt(fetch));
  const translate = async (request: Verified, settings?: object) =>
    (await connector.roles.source.translate(request, contextAt(fetch, settings))).map((fact) => ({
      ...fact,
      occurredAt: fact.occurredAt.replace('.000Z', 'Z'),
    }));
  const answer = (request: Verified, status: number) => connector.roles.source.answer?.(request, status) as Reply;

  it('tells of several at once, each once, and is answered with one Ack', async () => {
    const body = envelope([notification(one, opportunity), notification(two, other), notification(one, opportunity)]);
    const request = soap(body);
    expect(await verify(request)).toBe(request);
    expect(await translate(request)).toEqual([sale, otherSale]);
    const { status, contentType, body: words } = answer(request, 200);
    expect([status, contentType]).toEqual([200, 'text/xml; charset=utf-8']);
    expect(words.match(/<Ack>true<\/Ack>/g)).toHaveLength(1);
    expect(words).toContain('<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound">');
  });

  it('says under the keys of a Flow what a Flow would have said', async () => {
    const [fact] = await translate(soap(envelope([notification(one, opportunity)])));
    expect(fact?.factId).toBe(sale.factId);
  });

  it('of a hundred is read whole', async () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      notification(`04l${String(index).padStart(15, '0')}`, { ...other, Id: `006${String(index).padStart(12, '0')}` }),
    );
    expect(new Set((await translate(soap(envelope(many)))).map(({ factId }) => factId)).size).toBe(100);
  });

  it.each([
    ['900.0', 'JPY', 900],
    ['1.25E7', 'EUR', 1_250_000_000],
    ['0.1', 'EUR', 10],
  ])('writes an amount as %s %s', async (Amount, CurrencyIsoCode, netMinor) => {
    const [fact] = await translate(soap(envelope([notification(one, { ...opportunity, Amount, CurrencyIsoCode })])));
    expect(fact).toMatchObject({ netMinor });
  });

  it('one that cannot be read keeps nobody from the others, and is parked with its reason', async () => {
    const { IsWon: _, ...unknown } = opportunity;
    const request = soap(
      envelope([
        notification(one, { ...opportunity, Amount: null }),
        notification('04l5g00000CCCCCAA3', unknown),
        notification(two, other),
      ]),
    );
    const error = await Promise.resolve(translate(request)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartlyRead);
    expect(error).toMatchObject({
      message: '2 of 3: not the shape we know: amount: invalid_union',
      facts: [expect.objectContaining({ factId: otherSale.factId })],
    });
  });

  it('that comes so late that it is not so any more says nothing', async () => {
    const lost = envelope([notification(one, { ...opportunity, IsWon: 'false' })]);
    expect(await translate(soap(lost))).toEqual([]);
    expect(
      await translate(soap(envelope([notification(one, opportunity)]), { about: 'opportunity.reopened' })),
    ).toEqual([]);
    expect(await translate(soap(lost, { about: 'opportunity.reopened' }))).toEqual([
      {
        ...reversalOf(one),
        occurredAt: '2026-11-20T10:00:00Z',
      },
    ]);
  });

  it('about a contact is a member’s, and our own user’s is dropped', async () => {
    const fields = {
      Id: changed.contactId,
      Loyalty_Member_Id__c: 'm1',
      Name: 'Ann &amp; Lee &#8364;',
      Email: 'ann@example.com',
      MobilePhone: '+4915112345678',
      LastModifiedById: '0055g00000RobotAAA',
      LastModifiedDate: '2026-11-20T11:00:00.000Z',
    };
    const request = soap(envelope([notification(one, fields)]), { about: 'contact.changed' });
    expect(await translate(request)).toEqual([
      { ...member, factId: `salesforce:contact:${one}`, profile: { name: 'Ann & Lee €' } },
    ]);
    expect(await translate(request, { integrationUserId: '0055g00000Robot' })).toEqual([]);
  });

  it.each([
    ['another organization', envelope([notification(one, opportunity)], '00D5g000000zzzzEAA'), undefined],
    ['none', envelope([notification(one, opportunity)], ''), undefined],
    ['another secret', envelope([notification(one, opportunity)]), 'another-static-secret-of-32-chars'],
    ['no secret', envelope([notification(one, opportunity)]), ''],
    ['a body that is cut off', envelope([notification(one, opportunity)]).slice(0, -20), undefined],
    ['no envelope', '<notifications/>', undefined],
    ['an envelope of something else', envelope([]).replace('2005/09/outbound', '2005/09/inbound'), undefined],
    ['nothing', '', undefined],
    ['JSON', JSON.stringify(won), undefined],
    [
      'entities of its own',
      envelope([notification(one, opportunity)])
        .replace(/<\?xml.*\?>/, `<!DOCTYPE x [<!ENTITY o "${ORGANIZATION}"><!ENTITY f SYSTEM "file:///etc/passwd">]>`)
        .replace(`>${ORGANIZATION}<`, '>&o;<'),
      undefined,
    ],
    ['nests that never end', `${'<a>'.repeat(80_000)}`, undefined],
  ])('with %s is refused with a fault, and never with an Ack', async (_, body, secret) => {
    const request = soap(body, secret === undefined ? {} : { secret });
    await expect(verify(request)).rejects.toThrow(WebhookRejected);
    const { status, body: words } = answer(request, 401);
    expect(status).toBe(500);
    expect(words).toContain('<faultcode>soapenv:Client</faultcode>');
    expect(words).not.toContain('Ack');
  });

  it('is proven by the secret in its address alone, and a Flow’s callout by its header alone', async () => {
    const request = soap(envelope([notification(one, opportunity)]), { secret: '' });
    await expect(verify({ ...request, headers: { ...request.headers, 'x-api-key': key } })).rejects.toThrow(
      WebhookRejected,
    );
    const flow = { ...send(JSON.stringify(won)), url: request.url + key, headers: {} };
    await expect(verify(flow as Verified)).rejects.toThrow(WebhookRejected);
  });

  it('that is to come again gets a fault of ours; what is no Outbound Message gets no words at all', () => {
    expect(answer(soap(''), 503).body).toContain('<faultcode>soapenv:Server</faultcode>');
    expect(answer(send(JSON.stringify(won)) as Verified, 200)).toBeUndefined();
  });

  it.each(['', 'opportunity.lost', '__proto__'])('whose address says %j is parked', async (about) => {
    await expect(translate(soap(envelope([notification(one, opportunity)]), { about }))).rejects.toThrow(
      new Permanent('the address does not say what the Outbound Message is about'),
    );
  });

  it('in whatever way it is spoilt gives facts, or says why not', async () => {
    const whole = envelope([notification(one, opportunity), notification(two, other)]);
    const spoilt = fc.tuple(fc.nat(whole.length), fc.nat(40), fc.string({ maxLength: 20 }));
    await fc.assert(
      fc.asyncProperty(spoilt, async ([at, length, text]) => {
        const request = soap(whole.slice(0, at) + text + whole.slice(at + length));
        const error = await translate(request).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(Permanent);
      }),
      { numRuns: 500 },
    );
  });

  const reversalOf = (id: string) => ({
    ...reversal,
    factId: `salesforce:opportunity:0065g00000AbCdE:reopened:${id}`,
    refundId: `reopened:${id}`,
  });
});

const document = vendorSpec<OpenApi>('salesforce.json');
if (document)
  describe('the contract that was written down for Salesforce', () => {
    it('knows every request that we make, also those inside of others', async () => {
      const vendors = [salesforce({ rows: [ann] }), salesforce({ rows: [stranger] }), salesforce()];
      const settings = { ledger: {}, loyaltyManagement: { program: 'Kunstpause Club' } };
      const redeemed = happens('points.redeemed', { points: 50, redemptionId: 'r' });
      for (const vendor of vendors) {
        await apply(vendor, [told, redeemed, of('m2')], settings);
        await apply(vendor, [leaves('member.erased')], settings);
      }
      const calls = vendors.flatMap((vendor) => vendor.calls.flatMap(unfolded));
      expect(calls.length).toBeGreaterThan(20);
      expect(calls.flatMap((call) => strays(document, call))).toEqual([]);
    });
  });
