import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApiKeys } from '../../lib/runtime/api-keys.ts';
import { openKeyring } from '../../lib/runtime/keyring.ts';
import { openThrottle } from '../../lib/runtime/throttle.ts';
import { openVendorFetch } from '../../lib/runtime/vendor-fetch.ts';
import { forIdentity, openWaitingRoom } from '../../lib/runtime/waiting-room.ts';
import { type RunningDynamoDb, startDynamoDb } from '../dynamodb.ts';

let dynamo: RunningDynamoDb;
let table: string;

beforeAll(async () => {
  dynamo = await startDynamoDb();
  ({ program: table } = await dynamo.createTables());
}, 60_000);
afterAll(() => dynamo.stop());

const DAY = 86_400_000;

// What is kept for a time only is kept from today on: DynamoDB Local removes what is over, whatever clock we bring.

describe('API keys', () => {
  it('are listed without the key, replaced with an overlap, and revoked', async () => {
    let now = Date.parse('2026-03-01T10:00:00Z');
    const keys = openApiKeys({ client: dynamo.client, table, now: () => new Date(now) });
    const keyring = () => openKeyring({ client: dynamo.client, table, now: () => now });
    const made = await keys.create({ scope: 'staff', name: 'office', source: 'office' });
    expect(made.key).toMatch(/^sb_staff_[\w-]{27}$/);
    now += 1_000;
    const { keyId, key, oldExpiresAt } = await keys.rotate(made.keyId, 2);
    expect(oldExpiresAt).toBe('2026-03-01T12:00:01.000Z');
    const common = { name: 'office', scope: 'staff', source: 'office' };
    expect(await keys.list()).toEqual([
      { ...common, keyId: made.keyId, createdAt: '2026-03-01T10:00:00.000Z', expiresAt: oldExpiresAt },
      { ...common, keyId, createdAt: '2026-03-01T10:00:01.000Z', expiresAt: undefined },
    ]);
    expect(await keyring().callerOf(made.key)).toMatchObject({ keyId: made.keyId, scope: 'staff', source: 'office' });
    now += 2 * 3_600_000;
    expect(await keyring().callerOf(made.key)).toBeUndefined();
    expect(await keyring().callerOf(key)).toMatchObject({ keyId });
    // Rotating what is on its way out does not give it more time.
    expect((await keys.rotate(made.keyId, 48)).oldExpiresAt).toBe(oldExpiresAt);
    await keys.revoke(keyId);
    expect(await keyring().callerOf(key)).toBeUndefined();
    expect((await keys.list()).map((one) => one.keyId)).not.toContain(keyId);
    await expect(keys.revoke(keyId)).rejects.toThrow(/there is no API key/);
  });
});

describe('a bucket', () => {
  const limit = { perSecond: 10, burst: 40 };

  it('gives no more than it holds and what flows in, to however many ask', async () => {
    let now = Date.now();
    const caller = { keyId: 'shared', scope: 'pos', source: 'api', limit } as const;
    const processes = Array.from({ length: 5 }, () => openThrottle({ client: dynamo.client, table, now: () => now }));
    const spend = async (rounds: number) => {
      let granted = 0;
      for (let round = 0; round < rounds; round += 1) {
        const answers = await Promise.all(processes.map((throttled) => throttled(caller)));
        granted += answers.filter((seconds) => seconds === 0).length;
      }
      return granted;
    };
    expect(await spend(40)).toBe(40);
    now += 2_000;
    const granted = await spend(40);
    expect(granted).toBeGreaterThanOrEqual(10);
    expect(granted).toBeLessThanOrEqual(20);
  });

  it('is full again after a rest, also when the clock was set back', async () => {
    // A clock that was fast comes back to today: what is kept until then is not over.
    let now = Date.now() + 30 * DAY;
    const caller = { keyId: 'rested', scope: 'pos', source: 'api', limit } as const;
    const drained = async () => {
      const throttled = openThrottle({ client: dynamo.client, table, now: () => now });
      let granted = 0;
      while ((await throttled(caller)) === 0) granted += 1;
      return granted;
    };
    expect(await drained()).toBe(40);
    now += 60_000;
    expect(await drained()).toBe(40);
    now -= 30 * DAY;
    expect(await drained()).toBe(40);
  });

  it('says how long to wait', async () => {
    const start = Date.now();
    const now = () => start;
    const throttled = openThrottle({ client: dynamo.client, table, now });
    const caller = { keyId: 'slow', scope: 'pos', source: 'api', limit: { perSecond: 0.1, burst: 1 } } as const;
    expect([await throttled(caller), await throttled(caller)]).toEqual([0, 10]);
  });

  it('lets everybody through while its table has no room', async () => {
    const busy = Object.assign(new Error('slow down'), { name: 'ProvisionedThroughputExceededException' });
    const client = { send: () => Promise.reject(busy) } as unknown as RunningDynamoDb['client'];
    const caller = { keyId: 'any', scope: 'pos', source: 'api' } as const;
    expect(await openThrottle({ client, table })(caller)).toBe(0);
    const denied = {
      send: () => Promise.reject(Object.assign(new Error('no'), { name: 'AccessDeniedException' })),
    } as unknown as RunningDynamoDb['client'];
    await expect(openThrottle({ client: denied, table })(caller)).rejects.toThrow('no');
  });
});

describe('the waiting room', () => {
  it('keeps a fact under each name, once, and no longer than it may', async () => {
    let now = Date.now();
    const room = openWaitingRoom({ client: dynamo.client, table, now: () => new Date(now) });
    const identities = [
      { type: 'phone', value: '+491' },
      { type: 'card', value: 'C1' },
    ];
    const fact = {
      type: 'reply',
      factId: 'f',
      occurredAt: '2026-03-01T10:00:00Z',
      source: 'x1',
      identities,
      channel: 'sms',
      text: 'hi',
    } as const;
    const whats = identities.map(forIdentity);
    await room.put({ ...fact, identities }, whats, 2);
    await room.put({ ...fact, identities }, whats, 2);
    expect(await room.waiting(whats)).toEqual([fact]);
    expect(await room.waiting(whats.slice(1))).toEqual([fact]);
    now += 2 * DAY + 1_000;
    expect(await room.waiting(whats)).toEqual([]);
  });
});

describe('the way out to vendors', () => {
  it('leads through the gateway where there is one, with all as it was', async () => {
    const heard: { method: string | undefined; headers: Record<string, unknown>; body: string }[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      heard.push({ method: request.method, headers: request.headers, body });
      response.writeHead(302, { location: 'http://elsewhere.example/' }).end('moved');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const fetch = openVendorFetch({ timeoutSeconds: 5, gateway: `http://127.0.0.1:${port}/twilio-sms` });
    const response = await fetch('https://api.twilio.com/Messages.json?a=1', {
      method: 'POST',
      headers: { authorization: 'Basic x', 'content-type': 'text/plain' },
      body: 'To=%2B49',
    });
    // Redirects are answers, and nobody follows them.
    expect([response.status, await response.text()]).toEqual([302, 'moved']);
    expect(heard).toEqual([
      {
        method: 'POST',
        body: 'To=%2B49',
        headers: expect.objectContaining({
          'x-vendor-url': 'https://api.twilio.com/Messages.json?a=1',
          authorization: 'Basic x',
          'content-type': 'text/plain',
        }),
      },
    ]);
    server.close();
  });

  it('is given up after the connector’s own time', async () => {
    const hung: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const fetchIt = openVendorFetch({ timeoutSeconds: 0.05, gateway: undefined, open: () => hung });
    await expect(fetchIt('https://api.example/')).rejects.toMatchObject({ name: 'TimeoutError' });
    const own = new AbortController();
    const asked = fetchIt('https://api.example/', { signal: own.signal });
    own.abort(new Error('never mind'));
    await expect(asked).rejects.toThrow('never mind');
  });
});
