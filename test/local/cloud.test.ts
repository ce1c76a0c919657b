import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { callAs } from '../../lib/local/aws-call.ts';
import { type LocalCloud, startLocalCloud } from '../../lib/local/cloud.ts';
import type { OutboxCall } from '../../lib/local/outbox.ts';
import { writeShop } from './small-shop.ts';
import { scratch } from './stubs.ts';

// Parts start, fail and come back in real processes; two cores may be busy with other tests.
// A message that a busy machine has lost sight of comes back after its visibility time-out, a minute.
jest.setTimeout(180_000);

const place = scratch();
const assemblyDirectory = writeShop(place.directory);
const dataDirectory = path.join(place.directory, 'data');
let cloud: LocalCloud;
const start = async (fresh = false) => {
  cloud = await startLocalCloud({ assemblyDirectory, stage: 'shop', dataDirectory, port: 0, fresh, quiet: true });
};
beforeAll(() => start());
afterAll(async () => {
  await cloud?.stop();
  place.remove();
});

async function local(method: string, what: string, body?: object) {
  const response = await fetch(`${cloud.endpoints.local}/${what}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever came back is looked at, as a tool would.
  return { status: response.status, body: (await response.json()) as any };
}
const tell = async (thing: object) => {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${cloud.api}/v1/things`, { method: 'POST', headers, body: JSON.stringify(thing) });
};
const idle = async () => {
  const { status, body } = await local('GET', 'idle?timeoutMs=100000');
  if (status !== 200) throw new Error(`not idle: ${JSON.stringify(body)}`);
};
const outbox = async (): Promise<OutboxCall[]> => (await local('GET', 'outbox?connector=sms')).body;
const told = async () => (await outbox()).map(({ body }) => JSON.parse(body).id);
const queue = async (name: string) => {
  const all = (await local('GET', 'queues')).body as { name: string; visible: number }[];
  return all.find((one) => one.name === name);
};
const thing = async (id: string) => {
  const operate = callAs(cloud.aws.endpoint, cloud.aws.operator);
  const input = { TableName: 'shop-things', Key: { id: { S: id } } };
  const { Item } = (await operate('DynamoDB_20120810.GetItem', input)) as {
    Item?: Record<string, { S: string }>;
  };
  return Item && { record: JSON.parse(Item.record?.S ?? ''), at: Item.at?.S };
};

describe('the outside surface', () => {
  it('is written to endpoints.json', () => {
    const written = JSON.parse(readFileSync(path.join(dataDirectory, 'endpoints.json'), 'utf8'));
    expect(written).toEqual(cloud.endpoints);
    expect(written).toEqual({
      api: cloud.api,
      portal: `${cloud.api}/portal`,
      local: `${cloud.api}/_local`,
      keys: { pos: expect.any(String), staff: expect.any(String), admin: expect.any(String) },
      webhooks: { shopify: { url: `${cloud.api}/webhooks/shopify`, secret: expect.stringMatching(/^[0-9a-f]{40}$/) } },
    });
  });

  it('says that it is well', async () => {
    expect(await local('GET', 'health')).toMatchObject({ status: 200, body: { status: 'ok', stage: 'shop' } });
  });

  it.each([
    ['POST', 'vendor', { connector: 'sms' }, 'status'],
    ['POST', 'vendor', { connector: 'sms', status: 99 }, '200 to 599'],
    ['POST', 'clock', { now: 'soon' }, 'datetime'],
    ['POST', 'clock', { advance: '30 days' }, 'ISO 8601 duration'],
    ['POST', 'faults', { kind: 'bad luck' }, 'kind'],
    ['POST', 'redrive', { queue: 'outbound' }, 'dead-letter queue'],
  ])('%s %s of %j is refused with the reason', async (method, what, body, reason) => {
    const answer = await local(method, what, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(reason);
  });

  it('does not know what is not there', async () => {
    expect((await local('GET', 'nothing')).status).toBe(404);
  });

  it('is closed to pages of others that are open in the same browser', async () => {
    const asking = (headers: Record<string, string>) => fetch(`${cloud.endpoints.local}/health`, { headers });
    expect((await asking({ origin: 'https://elsewhere.example' })).status).toBe(403);
    expect((await asking({ origin: cloud.api })).status).toBe(200);
  });

  it('serves its page with strict headers', async () => {
    const page = await fetch(cloud.api);
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  });
});

describe('a thing', () => {
  it('goes all the way: door, queue, table, stream, bus, queue, vendor', async () => {
    expect((await tell({ id: 'whole' })).status).toBe(202);
    await idle();
    expect(await outbox()).toEqual([
      {
        id: expect.stringMatching(/^call_/),
        connector: 'sms',
        method: 'POST',
        url: 'https://sms.example/send',
        headers: expect.objectContaining({ 'content-type': 'text/plain;charset=UTF-8' }),
        body: JSON.stringify({ id: 'whole', records: 1 }),
        at: expect.any(String),
        status: 200,
      },
    ]);
  });

  it('comes out of its queue as Lambda hands it out', async () => {
    const seen = await thing('whole');
    expect(seen?.record).toEqual({
      messageId: expect.any(String),
      receiptHandle: expect.any(String),
      body: '{"id":"whole"}',
      attributes: {
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: expect.any(String),
        SentTimestamp: expect.any(String),
        SenderId: expect.any(String),
        SequenceNumber: expect.any(String),
        MessageGroupId: 'g',
        MessageDeduplicationId: 'whole',
      },
      messageAttributes: {
        kind: { stringValue: 'thing', stringListValues: [], binaryListValues: [], dataType: 'String' },
      },
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:000000000000:shop-facts.fifo',
      awsRegion: 'eu-central-1',
    });
  });

  it('comes again when the function reports it as failed, and its neighbours do not', async () => {
    await Promise.all([tell({ id: 'good', group: 'a' }), tell({ id: 'bad', group: 'b', fail: 1 })]);
    await idle();
    const counts = await Promise.all(['good', 'bad'].map(async (id) => (await thing(id))?.record.attributes));
    expect(counts.map((attributes) => attributes?.ApproximateReceiveCount)).toEqual(['1', '2']);
  });

  it('comes again when the process dies over it', async () => {
    await tell({ id: 'crashed', group: 'c', crash: 1 });
    await idle();
    expect((await thing('crashed'))?.record.attributes.ApproximateReceiveCount).toBe('2');
  });

  it('is parked when it fails too often, and comes back by redrive', async () => {
    await tell({ id: 'parked', group: 'p', fail: 2 });
    await idle();
    expect(await queue('shop-facts-parked.fifo')).toMatchObject({ visible: 1, deadLetterOf: 'shop-facts.fifo' });
    expect((await local('POST', 'redrive', { queue: 'facts-parked.fifo' })).body).toEqual({
      queue: 'shop-facts-parked.fifo',
      moved: 1,
    });
    await idle();
    expect(await queue('shop-facts-parked.fifo')).toMatchObject({ visible: 1 });
  });

  it('that the stream’s function cannot take is given up alone, and the next one is told', async () => {
    await Promise.all([
      tell({ id: 'poison', poison: 1, group: '1' }),
      tell({ id: 'before', group: '2' }),
      tell({ id: 'after', group: '3' }),
    ]);
    await idle();
    expect(await told()).toEqual(expect.arrayContaining(['before', 'after']));
    expect(await told()).not.toContain('poison');
    expect(await queue('shop-relay-dead')).toMatchObject({ visible: 1 });
  });
});

describe('a vendor', () => {
  it('answers as it is told, and is then itself again', async () => {
    await local('POST', 'vendor', { connector: 'sms', status: 503 });
    await tell({ id: 'retried', group: 'r' });
    await idle();
    const calls = (await outbox()).filter(({ body }) => body.includes('"retried"'));
    expect(calls.map(({ status }) => status)).toEqual([503, 200]);
  });

  it('is waited for while it is slow', async () => {
    await local('POST', 'vendor', { connector: 'sms', status: 200, delayMs: 300 });
    await tell({ id: 'slow', group: 's' });
    const { body } = await local('GET', 'idle?timeoutMs=0');
    expect(body.idle).toBe(false);
    await idle();
    expect((await outbox()).filter((call) => call.body.includes('"slow"'))).toHaveLength(1);
  });
});

describe('the clock', () => {
  it('runs what is due when it is moved, and answers when it has been fired', async () => {
    cloud.clock.set(new Date('2027-03-27T12:00:00Z'));
    await idle();
    const { body } = await local('POST', 'clock', { advance: 'P2D' });
    // 02:30 does not exist on the 28th in Berlin, 03:30 does: it is 01:30 in UTC.
    expect(body.ran).toEqual([
      { name: 'nightly', due: '2027-03-28T01:30:00.000Z', outcome: 'ok' },
      { name: 'nightly', due: '2027-03-29T01:30:00.000Z', outcome: 'ok' },
    ]);
    expect(body.now.slice(0, 10)).toBe('2027-03-29');
    await idle();
    expect((await thing('2027-03-29T01:30:00.000Z'))?.at?.slice(0, 10)).toBe('2027-03-29');
  });

  it('fires the newest runs of a schedule, not all, when it jumps far', async () => {
    const { body } = await local('POST', 'clock', { now: '2029-01-01T00:00:00Z' });
    expect(body.ran).toHaveLength(2);
    expect(body.ran.at(-1).due).toBe('2028-12-31T02:30:00.000Z');
    expect((await local('POST', 'clock', { advance: 'PT1M' })).body.ran).toEqual([]);
    await idle();
  });
});

describe('a fault', () => {
  it('kills the process at its call, and the thing comes again', async () => {
    await local('POST', 'faults', { function: 'work', operation: 'PutItem', kind: 'kill', times: 1 });
    await tell({ id: 'killed', group: 'k' });
    await idle();
    expect((await thing('killed'))?.record.attributes.ApproximateReceiveCount).toBe('2');
    expect(await told()).toContain('killed');
  });

  it('is refused its rights as in AWS: a door without its queue', async () => {
    await local('POST', 'faults', { function: 'take', service: 'sqs', kind: 'error', times: 1 });
    const answer = await tell({ id: 'refused' });
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it('of all functions’ processes and DynamoDB Local at once loses nothing', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => tell({ id: `storm-${n}`, group: `s${n}` })));
    await local('POST', 'kill', { function: 'work' });
    await local('POST', 'restart-dynamodb');
    await idle();
    const names = await told();
    for (let n = 0; n < 20; n += 1) expect(names).toContain(`storm-${n}`);
  });
});

describe('a second start', () => {
  it('has the data, the keys and the time of the first', async () => {
    const before = {
      calls: await outbox(),
      keys: cloud.endpoints.keys,
      hooks: cloud.endpoints.webhooks.shopify?.secret,
    };
    await cloud.stop();
    await start();
    expect(await outbox()).toEqual(before.calls);
    expect(cloud.endpoints.keys).toEqual(before.keys);
    expect(cloud.endpoints.webhooks.shopify?.secret).toBe(before.hooks);
    expect(cloud.clock.now().getUTCFullYear()).toBe(2029);
    expect(await thing('whole')).toBeDefined();
    await idle();
    expect(await outbox()).toEqual(before.calls);
  });

  it('is refused while the first runs', async () => {
    const second = startLocalCloud({ assemblyDirectory, stage: 'shop', dataDirectory, port: 0, quiet: true });
    await expect(second).rejects.toThrow('already running');
  });

  it('with fresh knows nothing', async () => {
    await cloud.stop();
    await start(true);
    expect(await outbox()).toEqual([]);
    expect(await thing('whole')).toBeUndefined();
  });
});

it('refuses a call whose grant is taken out of the role, and says so: function, action and resource', async () => {
  await cloud.stop();
  const without = scratch();
  const said: string[] = [];
  const warn = jest.spyOn(console, 'warn').mockImplementation((message) => void said.push(String(message)));
  try {
    cloud = await startLocalCloud({
      assemblyDirectory: writeShop(without.directory, (resources) => {
        const policies = resources.takeRole?.Properties?.Policies as [{ PolicyDocument: { Statement: unknown[] } }];
        policies[0].PolicyDocument.Statement = [];
      }),
      stage: 'shop',
      dataDirectory: path.join(without.directory, 'data'),
      port: 0,
    });
    expect((await tell({ id: 'denied' })).status).toBe(500);
  } finally {
    warn.mockRestore();
    await cloud.stop();
    without.remove();
  }
  expect(said).toEqual([
    expect.stringMatching(
      /assumed-role\/\S+\/shop-take is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:eu-central-1:000000000000:shop-facts\.fifo/,
    ),
  ]);
});
