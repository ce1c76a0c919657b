import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Balance } from '../../scripts/generate/answers.ts';
import { call, startWorld, type World } from './world.ts';

let world: World;
let members: typeof import('../../functions/members.ts').handler;
let sales: typeof import('../../functions/sales.ts').handler;
let id: string;

const itIs = (now: string) => {
  jest.useFakeTimers({
    now: new Date(now),
    doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  });
};

const sell = (orderId: string, total: string) =>
  call(sales, 'POST /v1/sales', { key: world.keys.pos, body: { orderId, member: { id }, total, currency: 'EUR' } });
const balance = (query: Record<string, string>, member = id) =>
  call(members, 'GET /v1/members/{id}/balance', { key: world.keys.pos, path: { id: member }, query });

beforeAll(async () => {
  itIs('2026-03-10T12:00:00Z');
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  world = await startWorld();
  ({ handler: members } = await import('../../functions/members.ts'));
  ({ handler: sales } = await import('../../functions/sales.ts'));
  const said = await call(members, 'POST /v1/members', { key: world.keys.pos, body: { phone: '+4916020000001' } });
  id = String(said.body.memberId);
  await sell('then-1', '10.00');
  itIs('2026-04-10T12:00:00Z');
  await sell('then-2', '5.00');
}, 60_000);
afterAll(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await world.stop();
});
afterEach(() => itIs('2026-04-10T12:00:00Z'));

describe('the balance as of', () => {
  it.each([
    ['a day', { asOf: '2026-03-31' }, { asOf: '2026-03-31', balance: 10, buckets: { '2027-03-31': 10 } }],
    ['a second', { asOf: '2026-03-10T11:59:59Z' }, { balance: 0, buckets: {} }],
    ['a second elsewhere', { asOf: '2026-03-10T14:00:00+02:00' }, { balance: 10 }],
    ['a plus that became a space', { asOf: '2026-03-10T14:00:00 02:00' }, { balance: 10 }],
    ['today', { asOf: '2026-04-10' }, { balance: 15 }],
    ['now', {}, { asOf: '2026-04-10T12:00:00.000Z', balance: 15, buckets: { '2027-03-31': 10, '2027-04-30': 5 } }],
  ])('%s', async (_, query, expected) => {
    const { status, body } = await balance(query as Record<string, string>);
    expect({ status, body }).toEqual({ status: 200, body: expect.objectContaining(expected) });
    expect(Balance.parse(body)).toMatchObject({ memberId: id, pending: 0, held: 0, owed: 0, tier: 'guest' });
  });

  it('leaves out what had passed then, swept or not', async () => {
    itIs('2027-04-01T12:00:00Z');
    expect((await balance({ asOf: '2027-04-01' })).body).toMatchObject({ balance: 5, buckets: { '2027-04-30': 5 } });
  });

  it.each([
    ['no day', { asOf: '2026-02-30' }, 'is neither a day nor a time'],
    ['no time', { asOf: 'yesterday' }, 'is neither a day nor a time'],
    ['tomorrow', { asOf: '2026-04-11' }, 'is in the future'],
    ['in a second', { asOf: '2026-04-10T12:00:01Z' }, 'is in the future'],
  ])('%s is refused', async (_, query, message) => {
    const { status, body } = await balance(query);
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [{ path: 'asOf', message: expect.stringContaining(message) }],
    });
  });

  it('of nobody: 404', async () => {
    expect((await balance({}, 'm_nobody')).status).toBe(404);
  });
});
