import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { route } from '../../lib/runtime/api/route.ts';
import { openApiKeys } from '../../lib/runtime/api-keys.ts';
import { LedgerBusy } from '../../lib/runtime/journal.ts';
import { call, startWorld, type World } from './world.ts';

let world: World;
let keys: ReturnType<typeof openApiKeys>;
let handler: Parameters<typeof call>[0];
let thrown: Error;

const ECHO = 'POST /v1/echo/{id}';
const STAFF = 'GET /v1/staff';
const THROWS = 'GET /v1/throws';

beforeAll(async () => {
  world = await startWorld();
  keys = openApiKeys({ client: world.client, table: world.tables.program });
  const { api, endpoint } = await import('../../lib/runtime/endpoint.ts');
  const anything = z.strictObject({});
  handler = api(
    endpoint(
      route(ECHO, 'pos', () => z.strictObject({ id: z.string(), name: z.string().optional() })),
      async (input, caller) => ({ status: 200, body: { input, caller } }),
    ),
    endpoint(
      route(STAFF, 'staff', () => anything),
      async () => ({ status: 204 }),
    ),
    endpoint(
      route(THROWS, 'pos', () => anything),
      async () => {
        throw thrown;
      },
    ),
  ) as unknown as typeof handler;
}, 60_000);
afterAll(() => world.stop());

let written = '';
beforeEach(() => {
  written = '';
  jest.restoreAllMocks();
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  }
});
afterAll(() => {
  jest.restoreAllMocks();
});

const echo = (key: string | undefined, more: Parameters<typeof call>[2] = {}) =>
  call(handler, ECHO, { key, path: { id: '1' }, body: {}, ...more });

describe('who may call', () => {
  it.each([
    ['no key', undefined],
    ['a key that nobody has', 'sb_pos_0000000000000000000000000000'],
    ['no text that could be one', 'x'.repeat(10_000)],
  ])('%s: 401', async (_, key) => {
    const said = await echo(key);
    expect(said).toMatchObject({
      status: 401,
      body: { type: 'urn:stampbook:unauthorized', status: 401 },
      headers: { 'www-authenticate': 'Bearer' },
    });
  });

  it.each([
    ['Basic', (key: string) => `Basic ${key}`],
    ['the key alone', (key: string) => key],
    ['two keys', (key: string) => `Bearer ${key} ${key}`],
  ])('%s is no way of sending it: 401', async (_, header) => {
    expect(await echo(undefined, { headers: { authorization: header(world.keys.admin) } })).toMatchObject({
      status: 401,
    });
  });

  it('the scheme may be written in any case', async () => {
    expect(await echo(undefined, { headers: { authorization: `bearer ${world.keys.pos}` } })).toMatchObject({
      status: 200,
    });
  });

  it.each([
    ['pos', 403],
    ['staff', 204],
    ['admin', 204],
  ] as const)('a %s key at what is for staff: %i', async (scope, status) => {
    expect((await call(handler, STAFF, { key: world.keys[scope] })).status).toBe(status);
  });

  it('learns the id and the source of the key, and not the key', async () => {
    const { key, keyId } = await keys.create({ scope: 'pos', name: 'till 1', source: 'till' });
    const said = await echo(key);
    expect(said.body.caller).toEqual({ keyId, scope: 'pos', source: 'till' });
  });

  it('a key that has been replaced works until the overlap is over', async () => {
    const old = await keys.create({ scope: 'pos', name: 'till 2', source: 'till' });
    const made = await keys.rotate(old.keyId, 1);
    expect(await echo(old.key)).toMatchObject({ status: 200 });
    expect(await echo(made.key)).toMatchObject({ status: 200, body: { caller: { source: 'till', scope: 'pos' } } });
    const later = Date.now() + 3_600_001;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(await echo(old.key)).toMatchObject({ status: 401 });
    expect(await echo(made.key)).toMatchObject({ status: 200 });
  });

  it('a key that is revoked is forgotten within a minute, and a new one works at once', async () => {
    const { key, keyId } = await keys.create({ scope: 'pos', name: 'till 3' });
    expect(await echo(key)).toMatchObject({ status: 200 });
    await keys.revoke(keyId);
    const later = Date.now() + 60_001;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(await echo(key)).toMatchObject({ status: 401 });
  });

  it('no key stands in the table, only what cannot be turned back into it', async () => {
    const rows = JSON.stringify(await world.rows('program'));
    for (const key of Object.values(world.keys)) expect(rows).not.toContain(key);
  });
});

describe('how often', () => {
  it('a key with a small bucket is told to wait, and how long', async () => {
    const { key } = await keys.create({ scope: 'pos', name: 'hasty', limit: { perSecond: 1, burst: 5 } });
    const statuses = [];
    for (let index = 0; index < 8; index += 1) statuses.push((await echo(key)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    const said = await echo(key);
    expect(said).toMatchObject({
      status: 429,
      body: { type: 'urn:stampbook:too-many-requests' },
      headers: { 'retry-after': '1' },
    });
    const later = Date.now() + 1_100;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(await echo(key)).toMatchObject({ status: 200 });
  });

  it('costs a write only every so many requests', async () => {
    const { key } = await keys.create({ scope: 'pos', name: 'busy' });
    const send = jest.spyOn((await import('../../lib/runtime/dynamodb.ts')).dynamodb, 'send');
    for (let index = 0; index < 40; index += 1) await echo(key);
    // Two leases, the first of which finds that there is no bucket yet; and one look at the key.
    expect(send.mock.calls.length).toBeLessThanOrEqual(5);
  });
});

describe('what is sent', () => {
  it('is one input of path and body, and the path wins', async () => {
    expect((await echo(world.keys.pos, { body: { id: '2', name: 'Ada' } })).body.input).toEqual({
      id: '1',
      name: 'Ada',
    });
  });

  it('may be base64, and may be nothing', async () => {
    expect((await echo(world.keys.pos, { body: { name: 'Zoë' }, base64: true })).body.input).toEqual({
      id: '1',
      name: 'Zoë',
    });
    expect((await echo(world.keys.pos, { raw: '' })).status).toBe(200);
  });

  it('has at most 256 KB', async () => {
    const body = (bytes: number) => JSON.stringify({ name: 'a'.repeat(bytes - 11) });
    expect((await echo(world.keys.pos, { raw: body(256 * 1024) })).status).toBe(200);
    expect(await echo(world.keys.pos, { raw: body(256 * 1024 + 1) })).toMatchObject({
      status: 413,
      body: { type: 'urn:stampbook:too-large' },
    });
    // Counted in bytes, not in letters.
    expect((await echo(world.keys.pos, { raw: JSON.stringify({ name: 'ü'.repeat(131_072) }) })).status).toBe(413);
  });

  it('is text: half a character is replaced, since no table could hold it', async () => {
    expect((await echo(world.keys.pos, { raw: '{"name":"\\ud83d"}' })).body.input).toEqual({ id: '1', name: '\ufffd' });
  });

  it('to no route of ours: 404', async () => {
    expect(await call(handler, '$default', { key: world.keys.pos })).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-route' },
    });
  });
});

describe('what is answered', () => {
  it('carries headers that let nobody store, frame, sniff or run it', async () => {
    for (const said of [await echo(world.keys.pos), await echo(undefined), await echo(world.keys.pos, { raw: '[' })]) {
      expect(said.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'strict-transport-security': expect.stringContaining('max-age='),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  it('says nothing of an error but the id under which the log has it', async () => {
    thrown = Object.assign(new Error('table t1 of +4915112345678 and ada@example.org broke'), {
      Item: { phone: { S: '+4915112345678' } },
    });
    const said = await call(handler, THROWS, { key: world.keys.pos });
    expect(said).toMatchObject({
      status: 500,
      body: {
        type: 'urn:stampbook:internal-error',
        title: 'Something went wrong on our side',
        status: 500,
        requestId: 'request-1',
      },
    });
    expect(Object.keys(said.body)).toHaveLength(4);
    expect(written).toContain('broke');
    expect(written).not.toMatch(/4915112345678|ada@example/);
  });

  it('asks to try again when too many wrote to one account', async () => {
    thrown = new LedgerBusy('no posting after 12 tries');
    expect(await call(handler, THROWS, { key: world.keys.pos })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
  });

  it('is noted by route, status and key id, and by nothing that was sent', async () => {
    const secret = { name: 'Grace Hopper', id: '1' };
    await echo(world.keys.pos, { body: secret, query: { phone: '+4915112345678' } });
    await echo(world.keys.pos, { body: secret });
    expect(written).toContain('"route":"POST /v1/echo/{id}"');
    expect(written).not.toMatch(/Grace|Hopper|4915112345678|sb_pos_/);
  });
});
