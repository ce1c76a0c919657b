import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import { deliver, startWorld, type World } from './world.ts';

let world: World;
let expire: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  // A month and no longer, so that little time must pass.
  world = await startWorld((cafe) => ({
    ...cafe,
    program: {
      ...cafe.program,
      startsOn: '2026-01-01',
      expiry: { kind: 'months', months: 1, until: 'day' },
      // Reminders have a test of their own.
      expiryReminders: [],
    },
  }));
  ({ handler: expire } = await import('../../functions/expire.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());

/** It is that time in the merchant's town, Berlin, in winter. */
const itIs = (day: string, time = '03:30:00') => {
  jest.useFakeTimers({
    now: new Date(`${day}T${time}+01:00`),
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
};
beforeEach(() => {
  world.forget();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});
afterAll(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const sale = (orderId: string, occurredAt: string): SaleFact => ({
  type: 'sale',
  factId: orderId,
  source: 'shopify',
  occurredAt,
  identities: [],
  orderId,
  currency: 'EUR',
  netMinor: 1000,
  grossMinor: 1000,
  lines: [],
});
const earn = async (memberId: string, day: string, orderId = `${memberId}-${day}`) => {
  itIs(day, '12:00:00');
  await shop.ledger().sale(memberId, sale(orderId, new Date().toISOString()));
};
const queued = () => world.sent('sweeps').map(({ body }) => JSON.parse(body) as SweepMessage);
/** Sweeps, and does all that the sweep has found, as the queue would bring it. */
async function sweep(duty: 'points' | 'reviews' | 'absences'): Promise<SweepMessage[]> {
  world.forget();
  expect(await deliver(expire, [{ body: { kind: 'sweep', duty } }])).toEqual([]);
  const done: SweepMessage[] = [];
  for (let messages = queued(); messages.length > 0; messages = queued()) {
    world.forget();
    done.push(...messages);
    expect(
      await deliver(
        expire,
        messages.map((body, index) => ({ body, id: `m${index}` })),
      ),
    ).toEqual([]);
  }
  return done;
}
const available = async (memberId: string) => (await shop.ledger().account(memberId))?.available;
const lapsed = async (memberId: string) =>
  (await shop.ledger().entries(memberId)).flatMap(({ detail }) =>
    detail.kind === 'expired' ? [[detail.through, detail.points]] : [],
  );

describe('points', () => {
  it('lapse the night after their last day, and not before', async () => {
    await earn('a', '2026-01-10');
    itIs('2026-02-10', '23:59:59');
    await sweep('points');
    expect(await available('a')).toBe(10);
    itIs('2026-02-11', '00:00:01');
    expect(await sweep('points')).toEqual([{ kind: 'member', duty: 'points', memberId: 'a' }]);
    expect(await available('a')).toBe(0);
    expect(await lapsed('a')).toEqual([['2026-02-10', 10]]);
  });

  it('lapse once, however often they are swept', async () => {
    await sweep('points');
    expect(
      await deliver(expire, [
        { body: { kind: 'member', duty: 'points', memberId: 'a' } },
        { body: { kind: 'member', duty: 'points', memberId: 'a' } },
      ]),
    ).toEqual([]);
    expect(await lapsed('a')).toHaveLength(1);
  });

  it('of nights on which nothing ran are caught up, each date under its own name', async () => {
    await earn('b', '2026-02-12');
    await earn('b', '2026-02-15');
    await earn('c', '2026-02-20');
    await earn('b', '2026-03-01');
    itIs('2026-03-25');
    await sweep('points');
    expect(await lapsed('b')).toEqual([
      ['2026-03-12', 10],
      ['2026-03-15', 10],
    ]);
    expect(await lapsed('c')).toEqual([['2026-03-20', 10]]);
    expect(await available('b')).toBe(10);
  });

  it('are looked for one day after another: a night does not look through the year again', async () => {
    itIs('2026-03-26');
    const send = jest.spyOn((await import('../../lib/runtime/dynamodb.ts')).dynamodb, 'send');
    await sweep('points');
    const queries = send.mock.calls.filter(([command]) => command.constructor.name === 'QueryCommand');
    expect(queries).toHaveLength(16);
    send.mockRestore();
  });

  it('go on where a catching up was cut short', async () => {
    await earn('d', '2026-03-27');
    itIs('2026-05-05');
    world.fail('SendMessageBatch', 1);
    expect(await deliver(expire, [{ id: 'sweep', body: { kind: 'sweep', duty: 'points' } }])).toEqual(['sweep']);
    const [cursor] = (await world.rows('program')).filter(({ pk }) => pk === 'S#points');
    expect(cursor).toMatchObject({ day: expect.stringMatching(/^2026-0[34]/) });
    await sweep('points');
    expect(await lapsed('d')).toEqual([['2026-04-27', 10]]);
  });

  it('are looked for by one coordinator: what comes meanwhile is left to it, also newer days', async () => {
    await earn('e', '2026-04-08');
    itIs('2026-05-10');
    const { openSweeps } = await import('../../lib/runtime/sweeps.ts');
    const { sqs } = await import('../../lib/runtime/sqs.ts');
    const { client, tables } = world;
    const sweeps = openSweeps({ client, tables, queue: { client: sqs, url: String(process.env.QUEUE_SWEEPS_URL) } });
    const since = '2026-03-01';
    await Promise.all(
      ['2026-05-06', '2026-05-06', '2026-05-10'].map((through, index) =>
        sweeps.sweep('points', { since, through, by: `sweep-${index}` }),
      ),
    );
    const [row] = (await world.rows('program')).filter(({ pk }) => pk === 'S#points');
    expect(row).toEqual({ pk: 'S#points', sk: 'S', day: '2026-05-10' });
    expect(queued().filter((message) => message.kind === 'member' && message.memberId === 'e')).toHaveLength(1);
  });

  it('are looked for again when a coordinator died in the middle', async () => {
    itIs('2026-05-20');
    const left = { pk: 'S#points', sk: 'S', day: '2026-05-01', busyUntil: Date.now() - 1, busyThrough: '2026-05-20' };
    await world.client.send(new PutItemCommand({ TableName: world.tables.program, Item: marshall(left) }));
    await sweep('points');
    const [row] = (await world.rows('program')).filter(({ pk }) => pk === 'S#points');
    expect(row).toEqual({ pk: 'S#points', sk: 'S', day: '2026-05-20' });
  });

  it('that come into a date that has been swept lapse the next night', async () => {
    itIs('2026-05-21', '12:00:00');
    await shop.ledger().sale('late-one', sale('late', '2026-04-20T12:00:00Z'));
    await shop.ledger().sale('a', sale('later', '2026-01-10T12:00:00Z'));
    expect([await available('late-one'), await available('a')]).toEqual([10, 10]);
    itIs('2026-05-22');
    await sweep('points');
    expect([await available('late-one'), await available('a')]).toEqual([0, 0]);
    expect(await lapsed('late-one')).toEqual([['2026-05-20', 10]]);
    // That date of theirs had its entry: these leave under the day before.
    expect(await lapsed('a')).toEqual([
      ['2026-02-10', 10],
      ['2026-05-21', 10],
    ]);
  });

  it('of many members are found page by page', async () => {
    const ids = Array.from({ length: 24 }, (_, index) => `many-${index}`);
    for (const id of ids) await earn(id, '2026-05-06');
    itIs('2026-06-07');
    const { openSweeps } = await import('../../lib/runtime/sweeps.ts');
    const { sqs } = await import('../../lib/runtime/sqs.ts');
    const small = openSweeps({
      client: world.client,
      tables: world.tables,
      queue: { client: sqs, url: String(process.env.QUEUE_SWEEPS_URL) },
      page: 3,
    });
    await small.sweep('points', { since: '2026-01-01', through: '2026-06-07', by: 'sweep' });
    const seen: string[] = [];
    for (let messages = queued(); messages.length > 0; messages = queued()) {
      world.forget();
      for (const message of messages) {
        if (message.kind === 'member') seen.push(message.memberId);
        if (message.kind === 'rest') await small.enqueue(message.duty, message.day, message.shard, message.after);
      }
    }
    expect(seen.sort()).toEqual(ids.sort());
  });
});

describe('points put aside', () => {
  it('go back when nobody has fetched them in time, and not before', async () => {
    await earn('h', '2026-06-20');
    await earn('h', '2026-06-20', 'h-2');
    itIs('2026-06-20', '23:30:00');
    await shop.ledger().authorize('h', { redemptionId: 'late', points: 15, capture: false });
    itIs('2026-06-21', '00:15:00');
    await sweep('reviews');
    expect(await shop.ledger().account('h')).toMatchObject({ available: 5, held: 15 });
    itIs('2026-06-21', '00:30:00');
    await sweep('reviews');
    await sweep('reviews');
    expect(await shop.ledger().account('h')).toMatchObject({ available: 20, held: 0 });
    expect((await shop.ledger().entries('h')).filter(({ detail }) => detail.kind === 'released')).toHaveLength(1);
  });
});

describe('a member who stays away', () => {
  const noticed = async (memberId: string) =>
    (await shop.ledger().entries(memberId)).flatMap(({ detail }) => (detail.kind === 'inactive' ? [detail.days] : []));

  it('is noticed on the days that the program names, and not one who was there since', async () => {
    await earn('away', '2026-07-01');
    await earn('faithful', '2026-07-01');
    await earn('faithful', '2026-07-20');
    itIs('2026-07-30');
    await sweep('absences');
    expect(await noticed('away')).toEqual([]);
    itIs('2026-07-31');
    await sweep('absences');
    await sweep('absences');
    expect([await noticed('away'), await noticed('faithful')]).toEqual([[30], []]);
    const due = (await world.rows('accounts')).map(({ memberId, inactiveDue }) => [memberId, inactiveDue]);
    expect(Object.fromEntries(due)).toMatchObject({
      away: expect.stringMatching(/^2026-08-30#/),
      faithful: expect.stringMatching(/^2026-08-19#/),
    });
    itIs('2026-09-05');
    await sweep('absences');
    expect([await noticed('away'), await noticed('faithful')]).toEqual([[30, 60], [30]]);
  });

  it('by copies of one message at once is noticed once', async () => {
    itIs('2026-11-01');
    const body = { kind: 'member', duty: 'absences', memberId: 'away' };
    expect(
      await deliver(
        expire,
        ['a', 'b', 'c'].map((id) => ({ id, body })),
      ),
    ).toEqual([]);
    expect(await noticed('away')).toEqual([30, 60, 90]);
    const [row] = (await world.rows('accounts')).filter(({ memberId }) => memberId === 'away');
    expect(row).not.toHaveProperty('inactiveDue');
  });
});

describe('a message that is none', () => {
  it.each(['{', '{}', '{"kind":"sweep","duty":"dishes"}'])('%s is not done', async (body) => {
    expect(await deliver(expire, [{ id: 'odd', body }])).toEqual(['odd']);
  });
});
