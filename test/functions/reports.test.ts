import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { addDays, addMonths, dayIn } from '../../lib/loyalty/calendar.ts';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import { recount } from '../../lib/runtime/recount.ts';
import * as bodies from '../../scripts/generate/answers.ts';
import { call, context, startWorld, type World } from './world.ts';

let world: World;
let tally: typeof import('../../functions/tally.ts').handler;
let answer: typeof import('../../functions/reports.ts').handler;
let shop: typeof import('../../lib/runtime/shop.ts');
let reporting: typeof import('../../lib/runtime/reporting.ts');

const now = new Date().toISOString();
const today = dayIn('Europe/Berlin', now);
let anna: string;
let bert: string;

const sale = (orderId: string, netMinor: number, more: Partial<SaleFact> = {}): SaleFact => ({
  type: 'sale',
  factId: orderId,
  source: 'till',
  occurredAt: now,
  identities: [],
  orderId,
  currency: 'EUR',
  netMinor,
  grossMinor: netMinor,
  lines: [],
  ...more,
});

const stream = async (): Promise<DynamoDBRecord[]> =>
  (await world.images('entries'))
    .sort((a, b) => Number(a.seq?.N) - Number(b.seq?.N))
    .map((image, index) => ({
      eventName: 'INSERT',
      dynamodb: { NewImage: image as never, SequenceNumber: `seq-${index}` },
    }));

const get = (name: string, query: Record<string, string> = {}, key = world.keys.staff) =>
  call(answer as never, 'GET /v1/reports/{name}', { key, path: { name }, query });
const post = (what: 'count' | 'members', body: unknown, key = world.keys.staff) =>
  call(answer as never, `POST /v1/segments/${what}`, { key, body });

beforeAll(async () => {
  world = await startWorld();
  ({ handler: tally } = await import('../../functions/tally.ts'));
  ({ handler: answer } = await import('../../functions/reports.ts'));
  shop = await import('../../lib/runtime/shop.ts');
  reporting = await import('../../lib/runtime/reporting.ts');
  const enrol = async (phone: string, profile: object) => {
    const enrolled = await shop.members().enrol({
      identities: [{ type: 'phone', value: phone }],
      profile,
      consents: {},
      source: 'till',
      at: now,
    });
    if (enrolled.kind === 'disagree') throw new Error('nobody was enrolled');
    const { memberId } = enrolled.member;
    await shop.ledger().note(memberId, { kind: 'enrolled' }, { source: 'member', object: 'self', at: now });
    return memberId;
  };
  anna = await enrol('+4915112345678', { name: 'Anna', locale: 'de-AT', birthday: '1990-03-31' });
  bert = await enrol('+4915112345679', { name: 'Bert', locale: 'en' });
  await shop.ledger().sale(anna, sale('A-1', 25_000, { locationId: 'mitte', staffId: 'eva' }));
  await shop.ledger().sale(bert, sale('B-1', 1_000, { locationId: 'west' }));
  await shop.ledger().authorize(anna, { redemptionId: 'r1', points: 50, capture: true });
  const records = await stream();
  expect(await tally({ Records: records.slice(0, 3) })).toEqual({ batchItemFailures: [] });
  // The second batch begins before the first has ended, and comes twice.
  await tally({ Records: records.slice(2) });
  await tally({ Records: records.slice(2) }, context);
}, 90_000);
afterAll(() => world.stop());
beforeEach(() => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});

describe('a report', () => {
  it('is a table of sums that are those of the members', async () => {
    const { status, body } = await get('points');
    expect(status).toBe(200);
    expect(bodies.Report.safeParse(body)).toMatchObject({ success: true });
    const accounts = await Promise.all([anna, bert].map((id) => shop.ledger().account(id)));
    const held = accounts.reduce((sum, one) => sum + (one ? one.available + one.pending + one.held : 0), 0);
    expect(body).toMatchObject({ from: addDays(today, -29), to: today, by: 'day' });
    expect(body.rows).toEqual([
      expect.objectContaining({ day: today, redeemed: 50, change: held, sales: 2, sold: '260.00' }),
    ]);
  });

  it('can be told by location, staff and source', async () => {
    const of = async (by: string) =>
      ((await get('points', { by })).body.rows as Record<string, unknown>[]).map((row) => [row[by], row.sold]);
    expect(await of('location')).toEqual([
      ['mitte', '250.00'],
      ['west', '10.00'],
    ]);
    expect(await of('staff')).toEqual([['eva', '250.00']]);
    expect(await of('month')).toEqual([[today.slice(0, 7), '260.00']]);
  });

  it('of what is outstanding says it for each day, also those on which nothing happened', async () => {
    const { body } = await get('liability', { from: addDays(today, -2), to: today });
    const rows = body.rows as { outstanding: number }[];
    expect(rows.map(({ outstanding }) => outstanding > 0)).toEqual([false, false, true]);
  });

  it('of members says who came, who is there and who did something', async () => {
    const { body } = await get('members', { from: today, to: today });
    // Nobody is away, or the program does not say after how many days somebody is.
    const away = world.merchant.program.inactivity ? 0 : null;
    expect(body.rows).toEqual([{ day: today, joined: 2, left: 0, members: 2, active: 2, lapsed: away, wonBack: away }]);
    const month = today.slice(0, 7);
    const { rows, from } = (await get('cohorts')).body;
    expect(rows).toEqual([
      expect.objectContaining({ cohort: month, month, age: 0, size: 2, active: 2, activeBp: 10_000, sold: '260.00' }),
    ]);
    expect(from).toBe(addMonths(`${month}-01`, -11));
  });

  it('of what points become adds up, month by month of their issue', async () => {
    const { body } = await get('breakage');
    const [row] = body.rows as Record<string, number>[];
    const { rows } = (await get('liability', { from: today })).body as { rows: { outstanding: number }[] };
    expect(row).toMatchObject({
      month: today.slice(0, 7),
      redeemed: 50,
      expired: 0,
      outstanding: rows[0]?.outstanding,
    });
    expect((row?.issued ?? 0) - (row?.reversed ?? 0) - 50).toBe(row?.outstanding);
    // No month has run off yet: nobody knows what the rest will become.
    expect(row).toMatchObject({ expiredBp: 0, expectedBp: null });
  });

  it('of a campaign’s effect says that too few were there, and nothing else', async () => {
    const { openCampaigns } = await import('../../lib/runtime/campaigns.ts');
    const { Campaign } = await import('../../lib/loyalty/campaign.ts');
    const { program } = world.merchant;
    const on = { client: world.client, table: world.tables.program, program };
    const yesterday = () => new Date(Date.parse(now) - 86_400_000);
    const told = openCampaigns({ ...on, now: yesterday });
    const spring = Campaign.parse({
      id: 'spring',
      name: 'Spring',
      startsAt: new Date(Date.parse(now) - 3_600_000).toISOString(),
      endsAt: new Date(Date.parse(now) + 3_600_000).toISOString(),
      effect: { kind: 'bonus', points: 10 },
      holdOutBp: 5_000,
    });
    await told.create(spring);
    await told.create({ ...spring, id: 'draft' });
    await told.schedule('spring');
    const { body } = await get('effects', { from: today });
    expect(bodies.Report.safeParse(body)).toMatchObject({ success: true });
    const rows = body.rows as { of: string; given: number; heldOut: number; verdict: string }[];
    expect(rows.map(({ of, verdict }) => [of, verdict])).toEqual(
      ['came', 'spent', 'purchases', 'visits', 'points'].map((of) => [of, 'too-few-to-tell']),
    );
    for (const { given, heldOut } of rows) expect(given + heldOut).toBe(2);
  });

  it('of deliveries says what came of them, by connector', async () => {
    const { openDeliveries } = await import('../../lib/runtime/deliveries.ts');
    const deliveries = openDeliveries({
      client: world.client,
      table: world.tables.program,
      connector: 'webhook',
      timeZone: 'Europe/Berlin',
    });
    for (const id of ['e1', 'e2']) await deliveries.claim(id, 'sink', 'm1');
    await Promise.all([
      deliveries.settle('e1', 'sink', 'sent'),
      deliveries.settle('e1', 'sink', 'sent'),
      deliveries.settle('e2', 'sink', 'failed', { reason: 'refused' }),
    ]);
    const { body } = await get('deliveries', { by: 'month' });
    expect(body.rows).toEqual([
      expect.objectContaining({ month: today.slice(0, 7), connector: 'webhook', delivered: 1, failed: 1, parked: 1 }),
    ]);
  });

  it('is a spreadsheet, if that is asked for', async () => {
    const [csv] = await Promise.all([
      answer(
        {
          version: '2.0',
          routeKey: 'GET /v1/reports/{name}',
          rawPath: '/v1/reports/points',
          rawQueryString: 'format=csv&by=location',
          headers: { authorization: `Bearer ${world.keys.staff}` },
          queryStringParameters: { format: 'csv', by: 'location' },
          pathParameters: { name: 'points' },
          isBase64Encoded: false,
          requestContext: { requestId: 'r', http: { method: 'GET' } },
        } as never,
        context,
      ),
    ]);
    expect(csv?.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8' });
    expect(csv?.body?.split('\n').map((line) => line.split(',')[0])).toEqual(['location', 'mitte', 'west', '']);
  });

  it.each([
    ['profit', {}],
    ['points', { by: 'weather' }],
    ['cohorts', { by: 'day' }],
    ['points', { from: '2026-02-30' }],
    ['points', { from: '2026-02-02', to: '2026-02-01' }],
    ['points', { from: '2001-01-01' }],
    ['points', { format: 'pdf' }],
  ])('%s with %j is no report', async (name, query) => {
    expect((await get(name, query)).status).toBe(400);
  });

  it('is for staff', async () => {
    expect((await get('points', {}, world.keys.pos)).status).toBe(403);
    expect((await post('count', { segment: { is: 'visits', atLeast: 0 } }, world.keys.pos)).status).toBe(403);
  });
});

describe('a segment', () => {
  it.each([
    [{ is: 'purchases', atLeast: 1 }, () => [anna, bert]],
    [{ is: 'spent', atLeast: '100.00' }, () => [anna]],
    [{ is: 'location-in', locations: ['west'] }, () => [bert]],
    [{ is: 'locale-in', locales: ['de'] }, () => [anna]],
    [{ not: { is: 'birthday-month', months: [3] } }, () => [bert]],
    [
      {
        all: [
          { is: 'purchases', atLeast: 2 },
          { is: 'tag-in', tags: ['vip'] },
        ],
      },
      () => [],
    ],
  ])('%j is counted, and listed', async (segment, expected) => {
    const ids = expected().sort();
    expect((await post('count', { segment })).body).toEqual({ count: ids.length, looked: 2 });
    const { members } = (await post('members', { segment })).body as { members: string[] };
    expect(members.sort()).toEqual(ids);
  });

  it('is listed page by page, each member once', async () => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { body } = await post('members', { segment: { is: 'visits', atLeast: 0 }, limit: 1, after });
      expect(bodies.SegmentMembers.safeParse(body)).toMatchObject({ success: true });
      found.push(...(body.members as string[]));
      after = body.next as string | undefined;
    } while (after !== undefined);
    expect(found.sort()).toEqual([anna, bert].sort());
  });

  it('means nobody who was erased', async () => {
    await shop.members().erase(bert);
    expect((await post('count', { segment: { is: 'tag-in', tags: ['x'] } })).body.count).toBe(0);
    expect((await post('count', { segment: { not: { is: 'tag-in', tags: ['x'] } } })).body.count).toBe(1);
    await shop.ledger().note(bert, { kind: 'erased' }, { source: 'member', object: 'self', at: now });
    await tally({ Records: await stream() });
    expect((await post('count', { segment: { is: 'visits', atLeast: 0 } })).body.count).toBe(1);
  });

  it('that is none is refused, with where', async () => {
    const { status, body } = await post('count', {
      segment: { all: [{ is: 'visits', atLeast: 1 }, { not: { is: 'balance' } }] },
    });
    expect(status).toBe(400);
    expect(JSON.stringify(body.errors)).toContain('all.1: not: needs atLeast, or atMost, or both');
  });

  it.each([
    [{ is: 'spent', atLeast: '5.001' }, 'not an amount of EUR: "5.001"'],
    [{ not: { is: 'tier-in', tiers: ['gold'] } }, 'no such tier "gold": use one of guest, friend, patron'],
  ])('%j means nothing here, which is said', async (segment, message) => {
    for (const what of ['count', 'members'] as const)
      expect((await post(what, { segment })).body.errors).toEqual([{ path: 'segment', message }]);
  });
});

describe('a recount', () => {
  const again = () =>
    recount({
      reports: reporting.reports(),
      program: world.merchant.program,
      entries: shop.ledger().entries,
      everyMember: () => [anna, bert],
    });

  it('finds every sum as the journal says, and counts what the stream never brought', async () => {
    expect(await again()).toMatchObject({ members: 2, differences: [] });
    await shop.ledger().sale(anna, sale('A-2', 5_000));
    expect(await again()).toMatchObject({ members: 2, differences: [] });
    expect((await reporting.reports().summary(anna))?.purchases).toBe(2);
  });

  it('finds a sum that somebody changed', async () => {
    const { UpdateItemCommand } = await import('@aws-sdk/client-dynamodb');
    const [row] = (await world.rows('reports')).filter(({ pk }) => String(pk).startsWith('T#location'));
    await world.client.send(
      new UpdateItemCommand({
        TableName: world.tables.reports,
        Key: { pk: { S: String(row?.pk) }, sk: { S: String(row?.sk) } },
        UpdateExpression: 'ADD sales :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );
    const { differences } = await again();
    expect(differences).toEqual([expect.objectContaining({ measure: 'sales', there: 2, counted: 1 })]);
  });
});

describe('a batch that cannot be counted', () => {
  it('comes again', async () => {
    const records = await stream();
    const broken = {
      ...records[0],
      dynamodb: { ...records[0]?.dynamodb, NewImage: { memberId: { S: 'm_x' }, seq: { N: '1' } } },
    };
    expect(await tally({ Records: [broken as DynamoDBRecord] })).toEqual({
      batchItemFailures: [{ itemIdentifier: 'seq-0' }],
    });
  });
});
