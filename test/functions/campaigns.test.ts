import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { defineConnector, defineManifest } from '../../lib/connectors/contract.ts';
import type { Alert } from '../../lib/loyalty/events.ts';
import type { PlannedMessage } from '../../lib/runtime/planned-message.ts';
import { call, deliver, startWorld, type World } from './world.ts';

let world: World;
type Handler = Parameters<typeof call>[0];
let handlers: Record<'members' | 'sales' | 'activities' | 'redemptions' | 'rewards' | 'campaigns', Handler>;
let expire: Handler;

beforeAll(async () => {
  world = await startWorld();
  const handler = async (name: string) => (await import(`../../functions/${name}.ts`)).handler;
  handlers = {
    members: await handler('members'),
    sales: await handler('sales'),
    activities: await handler('activities'),
    redemptions: await handler('redemptions'),
    rewards: await handler('rewards'),
    campaigns: await handler('campaigns'),
  };
  expire = await handler('expire');
}, 60_000);
afterAll(() => world.stop());

const itIs = (at: string) =>
  jest.useFakeTimers({
    now: new Date(at),
    doNotFake: [
      'nextTick',
      'setImmediate',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'queueMicrotask',
      'performance',
      'hrtime',
    ],
  });
beforeEach(() => {
  world.forget();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  itIs('2026-12-01T09:00:00Z');
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

let people = 0;
async function somebody(): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49170${String(50_000_000 + people)}`;
  const { body } = await call(handlers.members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  return { id: String(body.memberId), phone };
}
const sell = async (orderId: string, phone: string, total: string) =>
  (
    await call(handlers.sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId, member: { phone }, total, currency: 'EUR' },
    })
  ).body;
const create = (body: object, key = world.keys.admin) => call(handlers.campaigns, 'POST /v1/campaigns', { key, body });
const step = (id: string, what: 'schedule' | 'end' | 'cancel', key = world.keys.admin) =>
  call(handlers.campaigns, `POST /v1/campaigns/{id}/${what}`, { key, path: { id } });
const get = async (id: string) =>
  (await call(handlers.campaigns, 'GET /v1/campaigns/{id}', { key: world.keys.staff, path: { id } })).body;
const wake = (id: string, to: 'live' | 'ended') => deliver(expire, [{ body: { kind: 'campaign', id, to } }]);

const double = (id: string, more: object = {}) => ({
  id,
  name: 'Double days',
  startsAt: '2026-12-02T09:00:00+01:00',
  endsAt: '2026-12-03T18:00:00+01:00',
  effect: { kind: 'multiplier', bp: 20_000 },
  ...more,
});

describe('a campaign through the API', () => {
  it('is written, launched, used and over; staff are briefed and told', async () => {
    const { phone } = await somebody();
    const written = await create(double('advent', { briefing: 'Wear the hat.', budgetPoints: 1_000 }));
    expect([written.status, written.body.state]).toEqual([201, 'draft']);
    expect((await create(double('advent', { briefing: 'Wear the hat.', budgetPoints: 1_000 }))).status).toBe(200);
    expect((await create(double('advent'))).status).toBe(409);
    world.forget();
    expect((await step('advent', 'schedule')).body.state).toBe('scheduled');
    expect(world.schedules()).toEqual([
      'POST schedule campaign-advent-start at(2026-12-02T08:00:00)',
      'POST schedule campaign-advent-end at(2026-12-03T17:00:00)',
    ]);

    itIs('2026-12-02T07:59:59Z');
    expect((await sell('a1', phone, '10.00')).earned).toBe(10);
    itIs('2026-12-02T08:00:00Z');
    expect((await sell('a2', phone, '10.00')).earned).toBe(20);
    world.forget();
    expect(await wake('advent', 'live')).toEqual([]);
    expect(await wake('advent', 'live')).toEqual([]);
    expect(world.published().map(({ type }) => type)).toEqual(['campaign.started']);
    expect(await get('advent')).toMatchObject({ state: 'live', usedPoints: 10 });

    itIs('2026-12-03T17:00:00Z');
    expect((await sell('a3', phone, '10.00')).earned).toBe(10);
    expect(await wake('advent', 'ended')).toEqual([]);
    expect((await get('advent')).state).toBe('ended');
    expect(world.published().map(({ type }) => type)).toEqual(['campaign.started', 'campaign.ended']);
  });

  it('is stopped: the schedules go, and sales from then on earn as always', async () => {
    const { phone } = await somebody();
    await create(double('short', { startsAt: '2026-12-12T08:00:00Z', endsAt: '2026-12-13T08:00:00Z' }));
    await step('short', 'schedule');
    itIs('2026-12-12T12:00:00Z');
    expect((await sell('b1', phone, '10.00')).earned).toBe(20);
    world.forget();
    expect((await step('short', 'end')).body).toMatchObject({ state: 'ended', endsAt: '2026-12-12T12:00:00.000Z' });
    expect(world.schedules()).toEqual(['DELETE schedule campaign-short-start', 'DELETE schedule campaign-short-end']);
    expect(world.sent('sweeps').map(({ body }) => JSON.parse(body))).toEqual([
      { kind: 'campaign', id: 'short', to: 'ended' },
    ]);
    itIs('2026-12-12T12:00:06Z');
    expect((await sell('b2', phone, '10.00')).earned).toBe(10);
    expect((await step('short', 'cancel')).body.because).toBe('has-ended');
  });

  it('a call that breaks off at Scheduler is completed by the next', async () => {
    await create(double('broken'));
    world.fail('POST schedule', 1);
    expect((await step('broken', 'schedule')).status).toBe(500);
    world.forget();
    expect((await step('broken', 'schedule')).status).toBe(200);
    expect(world.schedules().filter((one) => one.startsWith('POST'))).toHaveLength(2);
  });

  it('what the bus does not take is told by the message that comes again', async () => {
    await create(double('told'));
    await step('told', 'schedule');
    itIs('2026-12-02T08:00:30Z');
    world.forget();
    world.fail('PutEvents', 1, 'entries');
    expect(await wake('told', 'live')).toEqual(['message-0']);
    world.forget();
    expect(await wake('told', 'live')).toEqual([]);
    expect(world.published().map(({ type }) => type)).toEqual(['campaign.started']);
  });

  it.each<[string, object, string]>([
    ['a tier that there is not', { when: [{ is: 'tier-in', tiers: ['silver'] }] }, 'when.0.tiers.0'],
    ['an end before the beginning', { endsAt: '2026-12-01T00:00:00Z' }, 'endsAt'],
    ['what only reports know', { segment: { is: 'spent', atLeast: '5.00' } }, 'segment'],
  ])('%s is refused, with the place', async (_, more, path) => {
    const { status, body } = await create(double('wrong', more));
    expect([status, (body.errors as { path: string }[])[0]?.path]).toEqual([400, path]);
  });

  it('is the admin’s to change, and the staff’s to read', async () => {
    expect((await create(double('mine'), world.keys.staff)).status).toBe(403);
    await create(double('mine'));
    expect((await step('mine', 'schedule', world.keys.staff)).status).toBe(403);
    expect((await get('mine')).state).toBe('draft');
    expect((await step('nobodys', 'schedule')).status).toBe(404);
    const listed = await call(handlers.campaigns, 'GET /v1/campaigns', { key: world.keys.staff });
    expect((listed.body.campaigns as { id: string }[]).map(({ id }) => id)).toContain('mine');
    expect((await call(handlers.campaigns, 'GET /v1/campaigns', { key: world.keys.pos })).status).toBe(403);
  });
});

describe('a campaign that has something to say', () => {
  const news = (id: string, more: object = {}) =>
    double(id, {
      startsAt: '2026-12-05T09:00:00+01:00',
      endsAt: '2026-12-06T18:00:00+01:00',
      effect: { kind: 'message', texts: { en: '{{ program }}: cake for {{ name }}!', de: 'Kuchen, {{ name }}!' } },
      segment: { is: 'spent', atLeast: '77.00' },
      ...more,
    });

  it('is written to those whom it means, in their language and with their consent to offers', async () => {
    const phoneOf = async (phone: string, locale: string, marketing: boolean) => {
      const { body } = await call(handlers.members, 'POST /v1/members', {
        key: world.keys.pos,
        body: { phone, profile: { name: 'Ada', locale }, consents: { sms: { transactional: true, marketing } } },
      });
      await sell(`news-${phone}`, phone, '80.00');
      return String(body.memberId);
    };
    const [german, silent] = [
      await phoneOf('+4917061000001', 'de-AT', true),
      await phoneOf('+4917061000002', 'en', false),
    ];
    await sell('too-little', (await somebody()).phone, '10.00');
    const { handler: tally } = await import('../../functions/tally.ts');
    const images = await world.images('entries');
    await tally({
      Records: images.map((NewImage) => ({
        eventName: 'INSERT' as const,
        dynamodb: { NewImage, SequenceNumber: '1' },
      })),
    } as never);

    expect((await create(news('cake'))).status).toBe(201);
    await step('cake', 'schedule');
    itIs('2026-12-05T08:00:10Z');
    world.forget();
    expect(await wake('cake', 'live')).toEqual([]);
    const queued = () => world.sent('sweeps').map(({ body }) => JSON.parse(body));
    expect(queued().filter(({ kind }) => kind === 'message')).toHaveLength(2);
    for (const body of queued()) expect(await deliver(expire, [{ body }])).toEqual([]);

    const { fromEntryItem } = await import('../../lib/runtime/items.ts');
    const { announce } = await import('../../lib/loyalty/announce.ts');
    const events = (await world.images('entries'))
      .flatMap((item) => announce(fromEntryItem(item)))
      .filter(({ type }) => type === 'campaign.message');
    expect(events.map(({ memberId }) => memberId).sort()).toEqual([german, silent].sort());

    const { handler: plan } = await import('../../functions/plan.ts');
    const told = async (detail: object): Promise<void> => {
      expect(await deliver(plan, [{ body: { detail } }])).toEqual([]);
      // What happens within moments is one message: it waits for the others.
      for (const { body } of world.sent('plan')) expect(await deliver(plan, [{ body }])).toEqual([]);
    };
    const said = () =>
      world
        .sent('test-twilio-sms-outbound')
        .map(({ body }) => (JSON.parse(body) as { message: PlannedMessage }).message);
    for (const detail of events) await told(detail);
    itIs('2026-12-05T08:00:30Z');
    for (const detail of events) await told(detail);
    expect([...new Set(said().map(({ to, text }) => `${to} ${text}`))]).toEqual(['+4917061000001 Kuchen, Ada!']);
    const reasons = async () =>
      (await world.rows('program')).flatMap(({ pk, reason }) => (pk === `MESSAGE#${silent}` ? [reason] : []));
    expect(await reasons()).toContain('no consent to sms');

    // What has not gone out when it is stopped does not go out any more.
    await step('cake', 'cancel');
    const before = said().length;
    for (const one of events.filter(({ memberId }) => memberId === german)) {
      const late = { ...one, id: `${one.entryId}.campaign.message.late` };
      await told(late);
      itIs('2026-12-05T08:01:00Z');
      await told(late);
    }
    expect(said()).toHaveLength(before);
  });

  it.each<[string, object, string]>([
    ['words that mean nothing', { en: '{{ nothing }}' }, 'effect.texts.en'],
    ['words that do not end', { en: 'Hello {{ name' }, 'effect.texts.en'],
    ['nothing in the first language', { de: 'Kuchen!' }, 'effect.texts.en'],
    ['no words at all', {}, 'effect.texts'],
  ])('%s are refused, with the place', async (_, texts, path) => {
    const { status, body } = await create(news('wrong', { effect: { kind: 'message', texts } }));
    expect([status, (body.errors as { path: string }[])[0]?.path]).toEqual([400, path]);
  });
});

it('a reward of a campaign is in the catalogue while it is on, for those whom it means', async () => {
  const { id, phone } = await somebody();
  const other = await somebody();
  await call(handlers.members, 'PATCH /v1/members/{id}', {
    key: world.keys.staff,
    path: { id },
    body: { tags: { vip: true } },
  });
  await sell('c0', other.phone, '20.00');
  await sell('c1', phone, '20.00');
  const reward = { id: 'star', name: 'A star', cost: 5, stock: 1 };
  await create(double('stars', { effect: { kind: 'reward', reward }, segment: { is: 'tag-in', tags: ['vip'] } }));
  await step('stars', 'schedule');
  itIs('2026-12-02T10:00:00Z');
  const list = async (member?: string) => {
    const query = member === undefined ? {} : { query: { member } };
    const { body } = await call(handlers.rewards, 'GET /v1/rewards', { key: world.keys.pos, ...query });
    return (body.rewards as { id: string; left?: number }[]).filter(({ id }) => id === 'star');
  };
  expect([await list(), await list(id), await list(other.id)]).toMatchObject([
    [{ id: 'star', left: 1 }],
    [{ id: 'star', affordable: true }],
    [],
  ]);
  const redeem = (redemptionId: string, member: string) =>
    call(handlers.redemptions, 'POST /v1/redemptions', {
      key: world.keys.pos,
      body: { redemptionId, rewardId: 'star', member: { phone: member } },
    });
  expect((await redeem('s1', other.phone)).body.because).toBe('unknown-reward');
  expect((await redeem('s2', phone)).status).toBe(201);
  expect((await redeem('s3', phone)).body.because).toBe('out-of-stock');
});

it('a dry run tells who would have got what, a page at a time', async () => {
  const { id, phone } = await somebody();
  await sell('d1', phone, '30.00');
  await create(double('rehearsed', { holdOutBp: 0 }));
  const all: { memberId: string; points: number }[] = [];
  let after: unknown;
  do {
    const { status, body } = await call(handlers.campaigns, 'POST /v1/campaigns/{id}/dry-run', {
      key: world.keys.admin,
      path: { id: 'rehearsed' },
      body: { days: 7, ...(after !== undefined && { after }) },
    });
    expect(status).toBe(200);
    all.push(...(body.who as typeof all));
    after = body.next;
  } while (after !== undefined);
  expect(all.find(({ memberId }) => memberId === id)).toEqual({ memberId: id, points: 30, held: false });
});

it('staff channels get the briefing, once for each event', async () => {
  const said: Alert[] = [];
  const bell = defineConnector(
    defineManifest({
      id: 'slack',
      title: 'A bell',
      roles: ['alert'],
      apiVersion: '1',
      settings: z.object({}),
      secret: z.object({}),
      limits: { concurrency: 2, timeoutSeconds: 5, batch: 1 },
    }),
    {
      alert: {
        raise: async (alert) => {
          said.push(alert);
          return { vendorId: alert.id };
        },
      },
    },
  );
  const { deliverer } = await import('../../functions/deliver.ts');
  const ring = deliverer(bell) as Handler;
  world.setSecret({});
  const detail = {
    id: 'campaign.advent.campaign.started',
    type: 'campaign.started',
    campaignId: 'advent',
    occurredAt: '2026-12-02T09:00:00+01:00',
    data: {
      name: 'Double days',
      kind: 'multiplier',
      startsAt: '2026-12-02T09:00:00+01:00',
      endsAt: '2026-12-03T18:00:00+01:00',
      briefing: 'Wear the hat.',
    },
  };
  for (const id of ['one', 'two']) expect(await deliver(ring, [{ id, body: { detail } }])).toEqual([]);
  expect(said).toEqual([
    {
      id: detail.id,
      title: 'Double days begins',
      text: 'Wear the hat.',
      fields: [
        { name: 'Campaign', value: 'advent' },
        { name: 'Kind', value: 'multiplier' },
        { name: 'From', value: '2 Dec 2026, 09:00' },
        { name: 'Until', value: '3 Dec 2026, 18:00' },
      ],
    },
  ]);
});
