import { describe, expect, it } from '@jest/globals';
import type { MemberCopy, SinkEvent } from '../../lib/connectors/contract.ts';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/salesforce/index.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { contextOf } from './fixture.ts';
import { changed, fixture, member, reopened, sale, send, told, won } from './fixtures/salesforce.ts';
import { HOST, ORGANIZATION, type Row, refusal, salesforce, unfolded } from './fixtures/salesforce-api.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

type Vendor = ReturnType<typeof salesforce>;
const contextAt = (fetch: typeof globalThis.fetch, settings: object = {}) =>
  contextOf(connector, fixture, {
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
