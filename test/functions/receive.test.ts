import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { defineConnector, defineManifest, type RoleOf } from '../../lib/connectors/contract.ts';
import { Permanent, Transient } from '../../lib/connectors/kit/errors.ts';
import { PartlyRead } from '../../lib/connectors/kit/facts.ts';
import { verifyHmac } from '../../lib/connectors/kit/webhook.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { context, deliver, startWorld, type World } from './world.ts';

const manifest = defineManifest({
  id: 'shopify',
  title: 'Test shop',
  roles: ['source'],
  apiVersion: '1',
  settings: z.object({ shop: z.string().default('none') }),
  secret: z.object({ keys: z.array(z.string().min(8)).min(1) }),
  limits: { concurrency: 1, timeoutSeconds: 1, batch: 1 },
});

/** Its words: `nothing`, `broken`, `half`, `busy`, `bug`, `wrong`, or facts as they are. */
const source: RoleOf<typeof manifest, 'source'> = {
  handshake: ({ method, url }) =>
    method === 'GET' && url.includes('challenge=') ? { status: 200, body: url, contentType: 'text/plain' } : undefined,
  verify: (request, { secret }) =>
    verifyHmac(request, {
      keys: secret.keys,
      signed: [request.url, request.body],
      signature: request.headers['x-proof'],
      algorithm: 'sha256',
      encoding: 'hex',
    }),
  translate: ({ body }) => {
    const { say, facts } = JSON.parse(body.toString()) as { say?: string; facts?: Fact[] };
    if (say === 'broken') throw new Permanent('not the shape we know: order.id: invalid_type');
    if (say === 'half') throw new PartlyRead('1 of 2: order.id: invalid_type', facts ?? []);
    if (say === 'busy') throw new Transient('the vendor is asked again');
    if (say === 'bug') throw new TypeError('Cannot read properties of undefined');
    if (say === 'wrong') return [{ type: 'sale', factId: 'x' } as unknown as Fact];
    return facts ?? [];
  },
};

const HOOK_URL = 'https://api.example/webhooks/shopify';
const KEY = 'a-key-of-the-shop';

let world: World;
let receive: (event: unknown, lambda: unknown) => Promise<{ statusCode?: number; body?: string }>;

beforeAll(async () => {
  world = await startWorld();
  process.env.HOOK_URL = HOOK_URL;
  const { receiver } = await import('../../functions/receive.ts');
  receive = receiver(defineConnector(manifest, { source })) as typeof receive;
}, 60_000);
afterAll(() => world.stop());

let written = '';
let later = 0;
beforeEach(() => {
  world.forget();
  written = '';
  jest.restoreAllMocks();
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
  // Each test begins with a secret that is not remembered from the one before.
  later += 10 * 60_000;
  const now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now + later);
  world.setSecret({ keys: [KEY] });
});
afterAll(() => {
  jest.restoreAllMocks();
});

interface Delivery {
  readonly body: string;
  readonly proof?: string | undefined;
  readonly query?: string;
  readonly method?: string;
  readonly key?: string;
}
const proofOf = ({ body, query, key = KEY }: Delivery) =>
  createHmac('sha256', key)
    .update(HOOK_URL + (query ? `?${query}` : ''))
    .update(body)
    .digest('hex');

async function hear(delivery: Delivery): Promise<{ status: number | undefined; body: string | undefined }> {
  const { body, query = '', method = 'POST' } = delivery;
  const proof = 'proof' in delivery ? delivery.proof : proofOf(delivery);
  const event = {
    version: '2.0',
    routeKey: `${method} /webhooks/shopify`,
    rawPath: '/webhooks/shopify',
    rawQueryString: query,
    // A Host header is anybody's.
    headers: {
      host: 'evil.example',
      'X-Topic': 'orders/paid',
      authorization: 'Basic c2VjcmV0',
      ...(proof !== undefined && { 'x-proof': proof }),
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'request-1', http: { method } },
  };
  const { statusCode, body: said } = await receive(event, context);
  return { status: statusCode, body: said };
}

const sale = (more: Partial<Extract<Fact, { type: 'sale' }>> = {}): Fact => ({
  type: 'sale',
  factId: 'shopify:order:1',
  source: 'shopify',
  occurredAt: '2026-03-01T10:00:00Z',
  identities: [{ type: 'phone', value: '+4915112345678' }],
  orderId: '1',
  currency: 'EUR',
  netMinor: 1000,
  grossMinor: 1190,
  lines: [],
  ...more,
});
const telling = (...facts: Fact[]) => JSON.stringify({ facts });

describe('a delivery that is proven', () => {
  it('becomes facts in the queue: by person, and once', async () => {
    expect(await hear({ body: telling(sale()) })).toEqual({ status: 200, body: undefined });
    await hear({ body: telling(sale()) });
    await hear({ body: telling(sale({ netMinor: 900 })) });
    const [first, second, changed] = world.sent('facts.fifo');
    expect(JSON.parse(first?.body ?? '')).toEqual(sale());
    expect(second).toEqual(first);
    expect(changed?.deduplication).not.toBe(first?.deduplication);
    expect(changed?.group).toBe(first?.group);
    expect(`${first?.group}${first?.deduplication}`).not.toContain('4915112345678');
  });

  it('of many facts is sent ten at a time', async () => {
    const facts = Array.from({ length: 23 }, (_, index) =>
      sale({ factId: `f${index}`, orderId: String(index), identities: [] }),
    );
    expect((await hear({ body: telling(...facts) })).status).toBe(200);
    expect(world.sent('facts.fifo')).toHaveLength(23);
    expect(new Set(world.sent('facts.fifo').map(({ group }) => group)).size).toBe(23);
  });

  it('of nothing for us is taken in', async () => {
    expect((await hear({ body: '{"say":"nothing"}' })).status).toBe(200);
    expect(world.sent('facts.fifo')).toEqual([]);
  });

  it('is proven over the registered address and the query as it came', async () => {
    expect((await hear({ body: telling(), query: 'a=1&b=%20' })).status).toBe(200);
  });

  it('under the secret that has just replaced ours', async () => {
    expect((await hear({ body: telling() })).status).toBe(200);
    world.setSecret({ keys: ['the-new-key-of-the-shop'] });
    later += 31_000;
    expect((await hear({ body: telling(), key: 'the-new-key-of-the-shop' })).status).toBe(200);
  });

  it.each([
    ['broken', 'not the shape we know'],
    ['bug', 'TypeError'],
    ['wrong', 'a fact has faults'],
  ])('and %s is parked whole, with its reason, and taken in', async (say, reason) => {
    const body = JSON.stringify({ say, buyer: '+4915112345678' });
    expect((await hear({ body, query: 'token=secret' })).status).toBe(200);
    const [parked, ...others] = world.sent('intake-parked');
    expect(others).toEqual([]);
    expect(parked?.reason).toContain(reason);
    expect(parked?.body).not.toMatch(/c2VjcmV0|token=secret/);
    expect(world.sent('facts.fifo')).toEqual([]);
    expect(written).toContain('"Parked":1');
    expect(written).not.toContain('4915112345678');
  });

  it('and quoted by what stumbled over it is parked with a reason that quotes nothing', async () => {
    expect((await hear({ body: '+4915112345678 calls' })).status).toBe(200);
    const [parked] = world.sent('intake-parked');
    expect(parked?.reason).toMatch(/^SyntaxError: Unexpected token/);
    expect(`${parked?.reason}${written}`).not.toContain('4915112345678');
  });

  it('of several things, one of which cannot be read, is parked for its sake and keeps nobody from the others', async () => {
    const body = JSON.stringify({ say: 'half', facts: [sale()] });
    expect((await hear({ body })).status).toBe(200);
    expect(world.sent('facts.fifo').map((one) => JSON.parse(one.body))).toEqual([sale()]);
    const [parked] = world.sent('intake-parked');
    expect(parked?.reason).toContain('PartlyRead: 1 of 2: order.id');
    // All of it is told again, under the same keys, and stays parked for what is left.
    world.forget();
    expect(await deliver(receive as never, [{ body: parked?.body }])).toEqual([]);
    expect([world.sent('facts.fifo').length, world.sent('intake-parked').length]).toEqual([1, 1]);
  });

  it('that was parked is translated again when staff send it round', async () => {
    const query = 'about=contact&token=secret&m=msg%3A1';
    await hear({ body: JSON.stringify({ say: 'broken', facts: [sale()] }), query });
    const [parked] = world.sent('intake-parked');
    // The translation has been mended: it takes the facts now.
    const translate = jest
      .spyOn(source, 'translate')
      .mockImplementation(({ body }) => (JSON.parse(body.toString()) as { facts: Fact[] }).facts);
    expect(await deliver(receive as never, [{ body: parked?.body }])).toEqual([]);
    expect(translate.mock.calls[0]?.[0].headers['x-topic']).toBe('orders/paid');
    // What a translation reads of the address is there still; what may be a secret is not.
    expect(translate.mock.calls[0]?.[0].url).toBe(`${HOOK_URL}?about=contact&m=msg%3A1`);
    expect(JSON.parse(world.sent('facts.fifo')[0]?.body ?? '')).toEqual(sale());
  });

  it('that is still broken when it comes round is parked again', async () => {
    await hear({ body: '{"say":"broken"}' });
    const [parked] = world.sent('intake-parked');
    world.forget();
    expect(await deliver(receive as never, [{ body: parked?.body }])).toEqual([]);
    expect(world.sent('intake-parked')).toHaveLength(1);
  });
});

describe('that something was heard', () => {
  const heardAt = async () => (await world.rows('program')).find(({ pk }) => pk === 'SIGNS#shopify')?.heardAt;

  it('is noted, once a minute at most, and never of what is not proven', async () => {
    const { receiver } = await import('../../functions/receive.ts');
    receive = receiver(defineConnector(manifest, { source })) as typeof receive;
    const before = await heardAt();
    await hear({ body: telling(sale()), proof: undefined });
    expect(await heardAt()).toBe(before);
    await hear({ body: telling(sale()) });
    const first = await heardAt();
    expect(first).not.toBe(before);
    await hear({ body: telling(sale()) });
    expect(await heardAt()).toBe(first);
  });

  it('is no reason to refuse anything when it cannot be', async () => {
    const { receiver } = await import('../../functions/receive.ts');
    const { TABLE_PROGRAM } = process.env;
    const before = await heardAt();
    process.env.TABLE_PROGRAM = 'no-such-table';
    receive = receiver(defineConnector(manifest, { source })) as typeof receive;
    process.env.TABLE_PROGRAM = TABLE_PROGRAM;
    expect((await hear({ body: telling(sale()) })).status).toBe(200);
    expect(await heardAt()).toBe(before);
  });
});

describe('a delivery that is not proven', () => {
  it.each<[string, Delivery]>([
    ['without a proof', { body: telling(sale()), proof: undefined }],
    ['with an empty one', { body: telling(sale()), proof: '' }],
    ['under another key', { body: telling(sale()), key: 'somebody-elses-key' }],
    ['of another body', { body: telling(sale()), proof: proofOf({ body: telling() }) }],
    [
      'of another query',
      { body: telling(sale()), query: 'a=2', proof: proofOf({ body: telling(sale()), query: 'a=1' }) },
    ],
  ])('%s: 401, nothing stored, and counted', async (_, delivery) => {
    expect(await hear(delivery)).toEqual({ status: 401, body: undefined });
    expect([...world.sent('facts.fifo'), ...world.sent('intake-parked')]).toEqual([]);
    expect(written).toContain('"SignatureRejected":1');
  });

  it.each<[string, unknown]>([
    ['not filled in', { unset: true }],
    ['filled in wrongly', { keys: ['short'] }],
    ['no object', 'x'],
  ])('while the secret is %s: 401', async (_, secret) => {
    world.setSecret(secret);
    expect((await hear({ body: telling(sale()) })).status).toBe(401);
    expect(written).not.toContain('short');
  });

  it('above 256 KB: 413, whatever it is', async () => {
    expect((await hear({ body: 'x'.repeat(256 * 1024 + 1) })).status).toBe(413);
  });
});

describe('what the vendor is to send again', () => {
  it.each<[string, () => void, string]>([
    ['the queue cannot be reached', () => world.fail('SendMessageBatch', 1), telling(sale())],
    ['the queue takes only some', () => world.fail('SendMessageBatch', 1, 'entries'), telling(sale())],
    ['nothing can be parked', () => world.fail('SendMessage', 1), '{"say":"broken"}'],
    ['the secret cannot be read', () => world.fail('GetSecretValue', 1), telling(sale())],
    ['the vendor itself has no time for our question', () => undefined, '{"say":"busy"}'],
  ])('%s: 503', async (_, fail, body) => {
    fail();
    expect((await hear({ body })).status).toBe(503);
    expect((await hear({ body: telling(sale()) })).status).toBe(200);
  });
});

describe('a vendor that reads what we answer', () => {
  it('is told in its own words what became of its delivery, whatever that is', async () => {
    const { receiver } = await import('../../functions/receive.ts');
    const answer = (_: unknown, status: number) =>
      status === 413
        ? undefined
        : { status: status === 200 ? 200 : 500, body: `<${status}/>`, contentType: 'text/xml' };
    receive = receiver(defineConnector(manifest, { source: { ...source, answer } })) as typeof receive;
    expect(await hear({ body: telling(sale()) })).toEqual({ status: 200, body: '<200/>' });
    expect(await hear({ body: '{"say":"broken"}' })).toEqual({ status: 200, body: '<200/>' });
    expect(await hear({ body: telling(sale()), proof: '' })).toEqual({ status: 500, body: '<401/>' });
    expect(await hear({ body: '{"say":"busy"}' })).toEqual({ status: 500, body: '<503/>' });
    expect(await hear({ body: 'x'.repeat(256 * 1024 + 1) })).toEqual({ status: 413, body: undefined });
    // A challenge has its answer already.
    expect((await hear({ method: 'GET', body: '', query: 'challenge=1' })).body).toContain('challenge=1');
    receive = receiver(defineConnector(manifest, { source })) as typeof receive;
  });
});

describe('a challenge', () => {
  it('is answered', async () => {
    expect(await hear({ method: 'GET', body: '', query: 'challenge=1' })).toEqual({
      status: 200,
      body: `${HOOK_URL}?challenge=1`,
    });
    expect((await hear({ method: 'GET', body: '', proof: undefined })).status).toBe(401);
  });
});
