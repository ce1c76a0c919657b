import { createVerify } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { SinkEvent } from '../../lib/connectors/contract.ts';
import connector from '../../lib/connectors/google-sheets/index.ts';
import { LEDGER, MEMBERS } from '../../lib/connectors/google-sheets/rows.ts';
import { Permanent, Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import type { EventType, LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { grant } from '../../lib/runtime/grants.ts';
import { contextOf } from './fixture.ts';
import { added, event, fixture, keys, send } from './fixtures/google-sheets.ts';
import { SPREADSHEET, sheets } from './fixtures/google-sheets-api.ts';
import { standing } from './fixtures/standing.ts';
import { type OpenApi, strays } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { manifest } = connector;
const { now } = fixture.source;
const around = (fetch: typeof globalThis.fetch, settings: object = {}) =>
  contextOf(connector, fixture, {
    now,
    fetch,
    settings: manifest.settings.parse({ ...fixture.settings, ...settings }),
  });
const apply = (fetch: typeof globalThis.fetch, told: readonly SinkEvent[] = fixture.sink.told, settings?: object) =>
  connector.roles.sink.apply(told, around(fetch, settings));
const reason = (what: Promise<unknown>) =>
  what.then(
    () => 'it worked',
    (error: unknown) => error,
  );
const numbered = (seq: number, more: Partial<SinkEvent> = {}): SinkEvent => ({
  event: { ...event, id: `m_1.${seq}.points.earned`, entryId: `m_1.${seq}` } as LoyaltyEvent,
  member: { identities: [], standing },
  ...more,
});
const of = (memberId: string, change: Partial<typeof standing> = {}): SinkEvent => ({
  event: { ...event, id: `${memberId}.2.points.earned`, memberId } as LoyaltyEvent,
  member: { identities: [], standing: { ...standing, ...change } },
});
const ledgerIds = (spreadsheet: ReturnType<typeof sheets>) => spreadsheet.rowsOf('Ledger').map(([id]) => id);
const writes = ({ calls }: ReturnType<typeof sheets>) => calls.filter(({ method }) => method !== 'GET');

describe('the ledger’s tab', () => {
  it('gets a header and a row for each event, in their order', async () => {
    const spreadsheet = sheets();
    expect(await apply(spreadsheet.fetch, [numbered(7), numbered(8)])).toEqual([
      { vendorId: 'm_1.7.points.earned' },
      { vendorId: 'm_1.8.points.earned' },
    ]);
    const row = (id: string) => [
      id,
      '2026-11-21T09:59:00Z',
      'm_1',
      'points.earned',
      12,
      112,
      0,
      0,
      'friend',
      'source: shopify, object: 1001, nextExpiryOn: 2027-11-30',
    ];
    expect(spreadsheet.rowsOf('Ledger')).toEqual([[...LEDGER], row('m_1.7.points.earned'), row('m_1.8.points.earned')]);
  });

  it('is written raw: a word that looks like a formula is a word, and rows below are moved, not overwritten', async () => {
    const spreadsheet = sheets();
    const reason = '=1+1';
    const adjusted = { ...event, type: 'points.adjusted', data: { points: -5, reason } } as LoyaltyEvent;
    await apply(spreadsheet.fetch, [{ event: { ...adjusted, tier: '=HYPERLINK("https://x")' } }]);
    expect(spreadsheet.rowsOf('Ledger')[1]?.slice(8)).toEqual(['=HYPERLINK("https://x")', 'reason: =1+1']);
    for (const { url, body } of writes(spreadsheet)) {
      expect(`${url} ${body}`).toMatch(/valueInputOption"?[=:]"?RAW/);
      if (url.includes(':append')) expect(url).toContain('insertDataOption=INSERT_ROWS');
    }
  });

  it('says nothing twice: what stands there was written by a call whose answer was lost', async () => {
    const spreadsheet = sheets();
    let lose = true;
    const losing: typeof globalThis.fetch = async (url, init) => {
      const answer = await spreadsheet.fetch(url, init);
      if (!lose || !String(url).includes(':append')) return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(apply(losing, [numbered(7), numbered(8)]))).toBeInstanceOf(Transient);
    expect(await apply(losing, [numbered(8), numbered(7), numbered(9), numbered(9)])).toHaveLength(4);
    expect(ledgerIds(spreadsheet)).toEqual([
      'event_id',
      'm_1.7.points.earned',
      'm_1.8.points.earned',
      'm_1.9.points.earned',
    ]);
    expect(spreadsheet.rowsOf('Members')).toHaveLength(2);
  });

  it('is looked at where it ends, however long it is', async () => {
    const rows = Array.from({ length: 30_000 }, (_, at) => [`m_${at}.1.points.earned`]);
    const spreadsheet = sheets({ tabs: { Ledger: [[...LEDGER], ...rows] } });
    const again = { ...event, id: 'm_29990.1.points.earned' } as LoyaltyEvent;
    await apply(spreadsheet.fetch, [{ event: again }, { event }], { membersTab: undefined });
    expect(spreadsheet.rowsOf('Ledger')).toHaveLength(30_002);
    const [, values] = spreadsheet.calls;
    expect(new URL(values?.url ?? '').searchParams.getAll('ranges')).toEqual([
      "'Ledger'!A1:J1",
      "'Ledger'!A25002:A33001",
    ]);
  });

  it.each<[EventType, object, number | null]>([
    ['points.earned', { points: 12, source: 'x', object: 'y' }, 12],
    ['points.redeemed', { points: 12, redemptionId: 'r' }, -12],
    ['reward.redeemed', { points: 12, redemptionId: 'r', rewardId: 'tea' }, null],
    ['points.reversed', { points: 12, returned: 5, orderId: 'o', reason: 'return' }, -7],
    ['points.adjusted', { points: -3, reason: 'complaint' }, -3],
    ['points.gifted', { points: 4, direction: 'sent', giftId: 'g' }, -4],
    ['points.gifted', { points: 4, direction: 'received', giftId: 'g' }, 4],
    ['points.declined', { points: 4, because: 'reviewed' }, -4],
    ['points.activated', { points: 4, because: 'day' }, null],
    ['points.expired', { points: 4, through: '2026-11-20' }, -4],
    ['referral.completed', { points: 4 }, 4],
    ['referral.reversed', { points: 4 }, -4],
    ['birthday', { points: 4 }, null],
    ['member.merged', { points: 4, into: 'm_2' }, null],
    ['member.updated', {}, null],
  ])('counts each point once: %s %j moves %j', async (type, data, points) => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, [{ event: { ...event, type, data } as LoyaltyEvent }]);
    // A cell that is left alone reads as an empty one.
    expect(spreadsheet.rowsOf('Ledger')[1]?.[4]).toBe(points ?? '');
  });

  it('may be called anything', async () => {
    const ledgerTab = "Ann's ledger: 2026 / 50%";
    const spreadsheet = sheets({ tabs: { [ledgerTab]: [] } });
    await apply(spreadsheet.fetch, undefined, { ledgerTab, membersTab: undefined });
    expect(spreadsheet.rowsOf(ledgerTab)).toHaveLength(2);
  });
});

describe('the members’ tab', () => {
  it('has one row for each, with how things stand', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, [of('m_1'), of('m_2', { available: 5 })]);
    await apply(spreadsheet.fetch, [of('m_2', { available: 7 }), of('m_3')]);
    const [header, first] = spreadsheet.rowsOf('Members');
    expect(header).toEqual([...MEMBERS]);
    expect(first).toEqual([
      'm_1',
      112,
      0,
      0,
      512,
      'friend',
      9,
      '2026-01-02',
      '2027-11-30',
      12,
      '2026-11-21T10:00:00.000Z',
    ]);
    expect(spreadsheet.rowsOf('Members').map(([id, available]) => [id, available])).toEqual([
      ['member_id', 'available'],
      ['m_1', 112],
      ['m_2', 7],
      ['m_3', 112],
    ]);
  });

  it('is written once for several events of one, as the last copy has it', async () => {
    const spreadsheet = sheets();
    const later = { identities: [], standing: { ...standing, available: 99 } };
    await apply(spreadsheet.fetch, [numbered(7), numbered(8, { member: later })]);
    expect(spreadsheet.rowsOf('Members').map(([, available]) => available)).toEqual(['available', 99]);
  });

  it('forgets when the next points lapse, once none do', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, [of('m_1')]);
    await apply(spreadsheet.fetch, [of('m_1', { nextExpiryOn: undefined, nextExpiryPoints: undefined })]);
    expect(spreadsheet.rowsOf('Members')[1]?.slice(8, 10)).toEqual(['', '']);
  });

  it('forgets who was erased, also when older news come late, and keeps the others in their places', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, [of('m_1'), of('m_2')]);
    const erased = { ...event, id: 'm_1.9.member.erased', type: 'member.erased', data: {} } as LoyaltyEvent;
    await apply(spreadsheet.fetch, [{ event: erased }]);
    await apply(spreadsheet.fetch, [numbered(8, { member: undefined }), of('m_2', { available: 7 }), of('m_3')]);
    const rows = spreadsheet.rowsOf('Members').filter((row) => row.some((cell) => cell !== ''));
    expect(rows.map(([id, available]) => [id, available]).toSorted()).toEqual([
      ['m_2', 7],
      ['m_3', 112],
      ['member_id', 'available'],
    ]);
  });

  it('counts nobody twice: an account that became a part of another has no row, and the other has all of it', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, [of('m_1'), of('m_2', { available: 5 })]);
    const data = { into: 'm_2', points: 112 };
    const merged = { ...event, id: 'm_1.9.member.merged', type: 'member.merged', data } as LoyaltyEvent;
    const host = { identities: [], mergedInto: 'm_2', standing: { ...standing, available: 117 } };
    await apply(spreadsheet.fetch, [{ event: merged, member: host }]);
    // What is late about the one is about the other.
    await apply(spreadsheet.fetch, [numbered(8, { member: host })]);
    const rows = spreadsheet.rowsOf('Members').filter((row) => row.some((cell) => cell !== ''));
    expect(rows.map(([id, available]) => [id, available])).toEqual([
      ['member_id', 'available'],
      ['m_2', 117],
    ]);
  });

  it('is read whole, in pieces, however many there are', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) => [`m_${at}`]);
    const spreadsheet = sheets({ tabs: { Ledger: [], Members: [[...MEMBERS], ...rows] } });
    await apply(spreadsheet.fetch, [of('m_3'), of('m_19999', { available: 1 })]);
    expect(spreadsheet.rowsOf('Members')).toHaveLength(20_001);
    expect(spreadsheet.rowsOf('Members')[20_000]?.slice(0, 2)).toEqual(['m_19999', 1]);
  });

  it('is left out where the merchant wants none', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch, undefined, { membersTab: undefined });
    expect(spreadsheet.rowsOf('Members')).toEqual([]);
    expect(JSON.stringify(spreadsheet.calls)).not.toContain('Members');
  });
});

describe('a spreadsheet that is not as it should be', () => {
  it.each<[string, object, RegExp]>([
    ['lacks the tab', { tabs: { Sheet1: [] } }, /no tab “Ledger”.*ledgerTab/],
    [
      'has another header',
      { tabs: { Ledger: [['event_id', 'when']], Members: [] } },
      /“Ledger”.*B1: write occurred_at/,
    ],
    ['has a column in between', { tabs: { Ledger: [['', ...LEDGER]], Members: [] } }, /A1: write event_id/],
  ])('%s: staff are told what to do, and nothing is written', async (_, given, words) => {
    const spreadsheet = sheets(given);
    const error = await reason(apply(spreadsheet.fetch));
    expect(error).toBeInstanceOf(Permanent);
    expect(error).toHaveProperty('message', expect.stringMatching(words));
    expect(writes(spreadsheet)).toEqual([]);
  });

  it('may have columns of the merchant’s own behind ours, and nothing but a header', async () => {
    const spreadsheet = sheets({ tabs: { Ledger: [[...LEDGER, 'mine']], Members: [[...MEMBERS]] }, height: 1 });
    await apply(spreadsheet.fetch);
    expect(spreadsheet.rowsOf('Ledger')).toHaveLength(2);
    expect(spreadsheet.rowsOf('Ledger')[0]).toContain('mine');
  });

  it.each<[number, string, unknown, RegExp]>([
    [403, 'PERMISSION_DENIED', Unauthorized, /share the spreadsheet/],
    [401, 'UNAUTHENTICATED', Unauthorized, /401/],
    [404, 'NOT_FOUND', Permanent, /spreadsheetId/],
    [400, 'INVALID_ARGUMENT', Permanent, /renamed/],
    [429, 'RESOURCE_EXHAUSTED', Transient, /429/],
    [500, 'INTERNAL', Transient, /500/],
    [503, 'UNAVAILABLE', Transient, /503/],
  ])('or cannot be reached: a %d %s', async (status, word, kind, words) => {
    const message = 'Unable to parse range: Ann Lee';
    const error = await reason(
      apply(async () => Response.json({ error: { code: status, message, status: word } }, { status })),
    );
    expect(error).toBeInstanceOf(kind as typeof Permanent);
    expect(error).toHaveProperty('message', expect.stringMatching(words));
    expect(inspect(error)).not.toContain('Ann');
  });

  it('is tried again when Google wrote fewer rows than it was given', async () => {
    const { fetch } = sheets();
    const fewer: typeof globalThis.fetch = async (url, init) =>
      String(url).includes(':append') ? Response.json({ updates: {} }) : fetch(url, init);
    expect(await reason(apply(fewer))).toBeInstanceOf(Transient);
  });
});

describe('what Google allows', () => {
  it('is one writer at a time, and never sixty writes a minute, though a thousand rows wait', async () => {
    expect(manifest.limits.concurrency).toBe(1);
    const spreadsheet = sheets();
    // As the runtime paces it: so many calls a second, whatever they are.
    const at: number[] = [];
    let clock = 0;
    const paced: typeof globalThis.fetch = async (url, init) => {
      clock += 1 / manifest.limits.perSecond;
      if (init?.method !== 'GET') at.push(clock);
      return spreadsheet.fetch(url, init);
    };
    for (let from = 0; from < 1_000; from += manifest.limits.batch)
      await apply(
        paced,
        Array.from({ length: manifest.limits.batch }, (_, index) => of(`m_${from + index}`)),
      );
    expect(spreadsheet.rowsOf('Ledger')).toHaveLength(1_001);
    const busiest = Math.max(...at.map((start) => at.filter((each) => each >= start && each < start + 60).length));
    expect(busiest).toBeLessThanOrEqual(60);
  });

  it('is asked for with an assertion that the service account signs, for a short time', async () => {
    let form = new URLSearchParams();
    const { accessToken } = await grant({
      oauth: manifest.oauth,
      settings: {},
      secret: fixture.secret,
      asked: { vendor: 'Google Sheets', now, repeatable: true },
      fetch: async (url, init) => {
        expect(String(url)).toBe('https://oauth2.googleapis.com/token');
        form = new URLSearchParams(String(init?.body));
        return Response.json({ access_token: 'ya29.x', expires_in: 3_599, token_type: 'Bearer' });
      },
    });
    expect(accessToken).toBe('ya29.x');
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(json(head)).toMatchObject({ alg: 'RS256' });
    const said = json(claims);
    expect(said).toMatchObject({
      iss: fixture.secret.clientEmail,
      scope: 'https://www.googleapis.com/auth/spreadsheets',
      aud: 'https://oauth2.googleapis.com/token',
    });
    expect(said.exp - said.iat).toBeLessThanOrEqual(3_600);
    expect(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(keys.publicKey, signature, 'base64url')).toBe(
      true,
    );
  });
});

describe('a row that somebody has written by hand', () => {
  const hear = async (row: object, settings?: object) =>
    connector.roles.source.translate(send(JSON.stringify(added(row))) as unknown as Verified, around(fetch, settings));

  it('earns under the number of the order where there is one, and is a repetition of nothing but itself', async () => {
    expect(await hear({ order_id: ' A-7 ' })).toMatchObject([{ type: 'sale', orderId: 'A-7' }]);
    expect(await hear({})).toEqual(await hear({}));
  });

  it.each([
    [12.1, 'EUR', 1_210],
    [12.100000000000001, 'EUR', 1_210],
    [1_200, 'JPY', 1_200],
    [1.234, 'KWD', 1_234],
    [0, 'EUR', 0],
  ])('of %d %s is %d', async (amount, currency, grossMinor) =>
    expect(await hear({ amount, currency })).toMatchObject([{ grossMinor }]),
  );

  it.each<[string, object, object]>([
    ['an amount that is finer than the currency', { amount: 12.345 }, {}],
    ['a text for an amount', { amount: '12,34' }, {}],
    ['an amount below zero', { amount: -1 }, {}],
    ['no amount for a sale', { amount: null }, {}],
    ['no currency anywhere', {}, { currency: undefined }],
    ['a currency that there is not', { currency: 'EURO' }, {}],
    ['a refund of nothing', { type: 'refund', order_id: ' ' }, {}],
    ['an unknown type', { type: 'adjustment' }, {}],
    ['no id', { id: 'row 5' }, {}],
    ['no time', { occurred_at: '21.11.2026' }, {}],
  ])('with %s is for staff to look at', async (_, row, settings) =>
    expect(await reason(hear(row, settings))).toBeInstanceOf(Permanent),
  );

  it('gives back everything where a refund names no amount', async () =>
    expect(await hear({ type: 'refund', order_id: 'A-1', amount: null })).toMatchObject([
      { type: 'refund', extent: { kind: 'everything' } },
    ]));

  it('may belong to nobody', async () =>
    expect(await hear({ email: null, phone: ' ' })).toMatchObject([{ identities: [] }]));
});

describe('a check of the credentials', () => {
  it('says which spreadsheet they open, or that they are refused', async () => {
    expect(await connector.check?.(around(sheets().fetch))).toBe('the spreadsheet “Loyalty”');
    expect(await reason(Promise.resolve(connector.check?.(around(sheets({ token: 'another' }).fetch))))).toBeInstanceOf(
      Unauthorized,
    );
  });
});

const trimmed = vendorSpec<OpenApi>('google-sheets.json');
(trimmed ? describe : describe.skip)('against the document of Google’s API', () => {
  const document = trimmed as OpenApi;
  /** The document was trimmed to what is done with cells; Google’s own has `spreadsheets.get`, with these parameters. */
  const isMeta = ({ url }: { url: string }) => new URL(url).pathname.endsWith(SPREADSHEET);

  it('every request is one that it describes', async () => {
    const spreadsheet = sheets({ tabs: { Ledger: [], Members: [[...MEMBERS], ...Array(9_000).fill(['m_x'])] } });
    await apply(spreadsheet.fetch);
    await apply(spreadsheet.fetch, [numbered(8)]);
    await connector.check?.(around(spreadsheet.fetch));
    const cells = spreadsheet.calls.filter((call) => !isMeta(call));
    expect(cells.flatMap((call) => strays(document, call))).toEqual([]);
    const kinds = cells.map(
      ({ method, url }) => `${method} ${/(values:?\w*|:append)(\?|$)/.exec(url)?.[1] ?? 'values'}`,
    );
    expect(new Set(kinds)).toEqual(
      new Set(['GET values:batchGet', 'PUT values', 'GET values', 'POST :append', 'POST values:batchUpdate']),
    );
    expect(spreadsheet.calls.filter(isMeta).map(({ method, url }) => `${method} ${new URL(url).search}`)).toEqual([
      'GET ?fields=sheets.properties(title,gridProperties.rowCount)',
      'GET ?fields=sheets.properties(title,gridProperties.rowCount)',
      'GET ?fields=properties.title',
    ]);
  });

  it('which tells a wrong one from a right one', async () => {
    const spreadsheet = sheets();
    await apply(spreadsheet.fetch);
    const call = spreadsheet.calls.find(({ url }) => url.includes(':append'));
    if (!call) throw new Error('no call');
    for (const wrong of [
      { ...call, url: call.url.replace('RAW', 'raw') },
      { ...call, url: call.url.replace('insertDataOption', 'insert') },
      { ...call, body: call.body.replace('"values"', '"rows"') },
      { ...call, method: 'PUT' },
    ])
      expect(strays(document, wrong)).not.toEqual([]);
  });
});
