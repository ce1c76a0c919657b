import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SaleFact } from '../../lib/loyalty/facts.ts';
import type { Dated, SweepMessage } from '../../lib/runtime/sweeps.ts';
import { deliver, startWorld, type World } from './world.ts';

let world: World;
let expire: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');
let enrolling: typeof import('../../lib/runtime/enrolling.ts');

const gift = (activity: 'birthday' | 'anniversary' | 'monthly' | 'yearly', points: number) => ({
  id: activity,
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: [activity] }],
  multiplied: false,
  earn: { kind: 'flat' as const, points },
});

beforeAll(async () => {
  world = await startWorld((cafe) => ({
    ...cafe,
    program: {
      ...cafe.program,
      startsOn: '2024-01-01',
      rules: [
        ...cafe.program.rules.filter(({ id }) => id === 'spend'),
        gift('birthday', 100),
        gift('anniversary', 50),
        gift('monthly', 3),
        gift('yearly', 20),
      ],
      expiry: { kind: 'months', months: 36, until: 'day' },
      statements: true,
    },
  }));
  ({ handler: expire } = await import('../../functions/expire.ts'));
  shop = await import('../../lib/runtime/shop.ts');
  enrolling = await import('../../lib/runtime/enrolling.ts');
}, 60_000);
afterAll(() => world.stop());
afterAll(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});
beforeEach(() => {
  world.forget();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});

/** It is that time in UTC; the merchant is in Berlin. */
const itIs = (now: string) => {
  jest.useFakeTimers({
    now: new Date(now),
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

let made = 0;
async function enrol(birthday: string | undefined, at: string): Promise<string> {
  made += 1;
  const outcome = await enrolling
    .enrolment()
    .enrol(
      [{ type: 'email', value: `m${made}@example.org` }],
      { profile: birthday === undefined ? {} : { birthday }, consents: {}, proof: '' },
      { source: 'till', at },
    );
  if (outcome.kind !== 'enrolled') throw new Error(outcome.kind);
  world.forget();
  return outcome.member.memberId;
}
const birthdayIs = async (memberId: string, birthday: string, at: string) =>
  enrolling.enrolment().change(memberId, { profile: { birthday } }, { source: 'till', at });

const queued = () => world.sent('sweeps').map(({ body }) => JSON.parse(body) as SweepMessage);
async function find(duty: Dated): Promise<SweepMessage[]> {
  world.forget();
  expect(await deliver(expire, [{ body: { kind: 'sweep', duty } }])).toEqual([]);
  const found: SweepMessage[] = [];
  for (let messages = queued(); messages.length > 0; messages = queued()) {
    world.forget();
    found.push(...messages.filter(({ kind }) => kind === 'on-day'));
    const more = messages.filter(({ kind }) => kind !== 'on-day');
    if (more.length > 0) await work(more);
  }
  return found;
}
const work = async (messages: readonly SweepMessage[]) =>
  expect(
    await deliver(
      expire,
      messages.map((body, index) => ({ body, id: `m${index}` })),
    ),
  ).toEqual([]);
async function sweep(duty: Dated): Promise<SweepMessage[]> {
  const found = await find(duty);
  if (found.length > 0) await work(found);
  return found;
}
const sweptThrough = async (duty: Dated, day: string) =>
  world.client.send(
    new PutItemCommand({ TableName: world.tables.program, Item: marshall({ pk: `S#${duty}`, sk: 'S', day }) }),
  );
const kept = async (memberId: string, activity: string) =>
  (await shop.ledger().entries(memberId))
    .flatMap(({ detail, occurredAt }) =>
      detail.kind === 'activity' && detail.activity === activity
        ? [[detail.activityId, detail.earned, occurredAt.slice(0, 10)]]
        : [],
    )
    .sort();

describe('birthdays', () => {
  it('are kept on the day, once, however often the sweep comes by', async () => {
    const may = await enrol('1990-05-10', '2026-01-10T12:00:00Z');
    const other = await enrol('1990-05-11', '2026-01-10T12:00:00Z');
    await enrol(undefined, '2026-01-10T12:00:00Z');
    itIs('2026-05-09T01:35:00Z');
    expect(await sweep('birthdays')).toEqual([]);
    itIs('2026-05-10T01:35:00Z');
    expect(await sweep('birthdays')).toEqual([{ kind: 'on-day', duty: 'birthdays', day: '2026-05-10', memberId: may }]);
    await sweep('birthdays');
    await Promise.all(
      [1, 2, 3].map(() => work([{ kind: 'on-day', duty: 'birthdays', day: '2026-05-10', memberId: may }])),
    );
    expect(await kept(may, 'birthday')).toEqual([['2026', 100, '2026-05-10']]);
    expect(await kept(other, 'birthday')).toEqual([]);
  });

  it('of days on which no sweep ran are caught up, each as of its own day', async () => {
    const first = await enrol('1991-05-12', '2026-01-10T12:00:00Z');
    const second = await enrol('1992-05-13', '2026-01-10T12:00:00Z');
    itIs('2026-05-15T01:35:00Z');
    await sweep('birthdays');
    expect(await kept(first, 'birthday')).toEqual([['2026', 100, '2026-05-12']]);
    expect(await kept(second, 'birthday')).toEqual([['2026', 100, '2026-05-13']]);
  });

  it('that are changed give one a year, whichever comes first', async () => {
    const twice = await enrol('1990-05-16', '2026-01-10T12:00:00Z');
    itIs('2026-05-16T01:35:00Z');
    await sweep('birthdays');
    await birthdayIs(twice, '1990-05-18', '2026-05-17T12:00:00Z');
    itIs('2026-05-18T01:35:00Z');
    expect(await sweep('birthdays')).toContainEqual({
      kind: 'on-day',
      duty: 'birthdays',
      day: '2026-05-18',
      memberId: twice,
    });
    expect(await kept(twice, 'birthday')).toEqual([['2026', 100, '2026-05-16']]);
  });

  it('that are changed between the sweep and its work are kept on the day that they are on', async () => {
    const moved = await enrol('1990-05-20', '2026-01-10T12:00:00Z');
    itIs('2026-05-20T01:35:00Z');
    const found = await find('birthdays');
    await birthdayIs(moved, '1990-05-22', '2026-05-20T01:36:00Z');
    await work(found);
    expect(await kept(moved, 'birthday')).toEqual([]);
    itIs('2026-05-22T01:35:00Z');
    await sweep('birthdays');
    expect(await kept(moved, 'birthday')).toEqual([['2026', 100, '2026-05-22']]);
  });

  it('of somebody who was here twice are kept once, also when the two are found to be one afterwards', async () => {
    const host = await enrol('1990-05-23', '2026-01-10T12:00:00Z');
    const guest = await enrol('1990-05-22', '2026-01-10T12:00:00Z');
    itIs('2026-05-22T01:35:00Z');
    await sweep('birthdays');
    const merged = await shop.ledger().merge(host, guest, 'anna', () => shop.members().merging(host, guest));
    expect(merged.kind).toBe('posted');
    itIs('2026-05-23T01:35:00Z');
    await sweep('birthdays');
    expect([await kept(host, 'birthday'), await kept(guest, 'birthday')]).toEqual([[], [['2026', 100, '2026-05-22']]]);
    const [row] = (await world.rows('members')).filter(({ pk, sk }) => pk === `M#${guest}` && sk === 'P');
    expect(row).not.toHaveProperty('birthdayDue');
  });

  it('of those who are gone are nobody’s', async () => {
    const gone = await enrol('1990-05-24', '2026-01-10T12:00:00Z');
    itIs('2026-05-24T01:35:00Z');
    const found = await find('birthdays');
    await enrolling.enrolment().erase(gone, { source: 'till', at: '2026-05-24T01:36:00Z' });
    await work(found);
    expect(await kept(gone, 'birthday')).toEqual([]);
    expect((await world.rows('members')).filter(({ pk }) => pk === `M#${gone}`)).toEqual([]);
  });

  it('on 29 February are kept on the 28th of other years, and on the day itself when there is one', async () => {
    const leap = await enrol('1996-02-29', '2026-01-10T12:00:00Z');
    await sweptThrough('birthdays', '2027-02-26');
    itIs('2027-02-27T02:35:00Z');
    await sweep('birthdays');
    expect(await kept(leap, 'birthday')).toEqual([]);
    itIs('2027-02-28T02:35:00Z');
    await sweep('birthdays');
    itIs('2027-03-01T02:35:00Z');
    await sweep('birthdays');
    await sweptThrough('birthdays', '2028-02-27');
    itIs('2028-02-28T02:35:00Z');
    await sweep('birthdays');
    expect(await kept(leap, 'birthday')).toEqual([['2027', 100, '2027-02-28']]);
    itIs('2028-02-29T02:35:00Z');
    await sweep('birthdays');
    expect(await kept(leap, 'birthday')).toEqual([
      ['2027', 100, '2027-02-28'],
      ['2028', 100, '2028-02-29'],
    ]);
  }, 60_000);

  it('are found once more when a sweep was cut short', async () => {
    const half = await enrol('1990-03-03', '2026-01-10T12:00:00Z');
    itIs('2028-03-03T02:35:00Z');
    world.fail('SendMessageBatch', 1);
    expect(await deliver(expire, [{ id: 'sweep', body: { kind: 'sweep', duty: 'birthdays' } }])).toEqual(['sweep']);
    await sweep('birthdays');
    expect(await kept(half, 'birthday')).toEqual([['2028', 100, '2028-03-03']]);
  });
});

describe('the day on which somebody joined', () => {
  it('is the merchant’s, and comes round with the years', async () => {
    // Half past midnight in Berlin.
    const joined = await enrol(undefined, '2026-06-30T22:30:00Z');
    itIs('2026-07-01T01:40:00Z');
    await sweep('anniversaries');
    expect(await kept(joined, 'anniversary')).toEqual([]);
    await sweptThrough('anniversaries', '2027-06-29');
    itIs('2027-06-30T01:40:00Z');
    await sweep('anniversaries');
    expect(await kept(joined, 'anniversary')).toEqual([]);
    itIs('2027-07-01T01:40:00Z');
    await sweep('anniversaries');
    await sweep('anniversaries');
    expect(await kept(joined, 'anniversary')).toEqual([['2027', 50, '2027-07-01']]);
  }, 60_000);
});

describe('what comes to everybody', () => {
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

  it('comes with each month, also with those that were missed, to those who were members then', async () => {
    const one = await enrol(undefined, '2028-04-20T12:00:00Z');
    itIs('2028-05-15T01:45:00Z');
    expect(await sweep('monthly')).toEqual([]);
    const two = await enrol(undefined, '2028-06-20T12:00:00Z');
    itIs('2028-07-03T01:45:00Z');
    await sweep('monthly');
    expect(await sweep('monthly')).toEqual([]);
    expect(await kept(one, 'monthly')).toEqual([
      ['2028-06', 3, '2028-06-01'],
      ['2028-07', 3, '2028-07-01'],
    ]);
    expect(await kept(two, 'monthly')).toEqual([['2028-07', 3, '2028-07-01']]);
  });

  it('comes with each year', async () => {
    const one = await enrol(undefined, '2028-04-20T12:00:00Z');
    itIs('2028-12-31T02:50:00Z');
    await sweep('yearly');
    expect(await kept(one, 'yearly')).toEqual([]);
    itIs('2029-01-01T02:50:00Z');
    const found = await sweep('yearly');
    await work(found);
    expect(await kept(one, 'yearly')).toEqual([['2029', 20, '2029-01-01']]);
  });

  it('is a statement of the month, the same however late it is made, and for those to whom something happened', async () => {
    const one = await enrol(undefined, '2029-01-20T12:00:00Z');
    const idle = await enrol(undefined, '2029-01-20T12:00:00Z');
    itIs('2029-01-31T01:55:00Z');
    await sweep('statements');
    // Half an hour before February in Berlin, and half an hour into it.
    itIs('2029-01-31T22:30:00Z');
    await shop.ledger().sale(one, sale('jan', '2029-01-31T22:30:00Z'));
    itIs('2029-01-31T23:30:00Z');
    await shop.ledger().sale(one, sale('feb', '2029-01-31T23:30:00Z'));
    await shop.ledger().authorize(one, { redemptionId: 'r', points: 5, capture: true });
    itIs('2029-02-04T02:55:00Z');
    const found = await sweep('statements');
    await work(found);
    itIs('2029-03-01T02:55:00Z');
    await sweep('statements');
    // In March one of them was booked a statement, and nothing to anybody else: of those nothing is read.
    itIs('2029-04-01T01:55:00Z');
    expect(await sweep('statements')).toEqual([
      { kind: 'on-day', duty: 'statements', day: '2029-04-01', memberId: one },
    ]);
    const statements = async (memberId: string) =>
      (await shop.ledger().entries(memberId)).flatMap(({ detail }) => (detail.kind === 'statement' ? [detail] : []));
    expect(await statements(one)).toEqual([
      {
        kind: 'statement',
        period: '2029-01',
        earned: 10,
        redeemed: 0,
        expired: 0,
        closingBalance: 10,
        nextExpiryOn: '2032-01-31',
        nextExpiryPoints: 10,
      },
      {
        kind: 'statement',
        period: '2029-02',
        earned: 10,
        redeemed: 5,
        expired: 0,
        closingBalance: 15,
        nextExpiryOn: '2032-01-31',
        nextExpiryPoints: 5,
      },
    ]);
    expect(await statements(idle)).toEqual([]);
  });
});
