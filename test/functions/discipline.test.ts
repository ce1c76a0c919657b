import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { defineConnector, defineManifest } from '../../lib/connectors/contract.ts';
import { NotYet, Permanent, Transient } from '../../lib/connectors/kit/errors.ts';
import { ask, classify } from '../../lib/connectors/kit/http.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { deliver, startWorld, type World } from './world.ts';

/** What a vendor's trouble does to what it is to be told. Time is set, and nobody waits. */

const HOUR = 3_600_000;
let world: World;
let deliverer: typeof import('../../functions/deliver.ts').deliverer;
let tender: typeof import('../../functions/tend.ts').tender;
let now: number;
let written = '';

beforeAll(async () => {
  world = await startWorld();
  world.setSecret({ token: 'first' });
  process.env.ATTEMPTS_MAX = '6';
  process.env.HOOK_URL = 'https://api.example/webhooks/bell';
  ({ deliverer } = await import('../../functions/deliver.ts'));
  ({ tender } = await import('../../functions/tend.ts'));
}, 60_000);
afterAll(async () => {
  jest.restoreAllMocks();
  await world.stop();
});

/** A vendor of its own for each test, whose trouble is nobody else's. */
let vendors = 0;
function openVendor() {
  vendors += 1;
  const manifest = defineManifest({
    id: `vendor-${vendors}`,
    title: 'Bell',
    roles: ['sink'],
    apiVersion: '1',
    settings: z.object({}),
    secret: z.object({ token: z.string() }),
    limits: { concurrency: 1, timeoutSeconds: 1, batch: 2 },
  });
  const vendor = {
    id: manifest.id,
    asked: [] as string[],
    took: [] as string[],
    /** What it says to an event; `undefined`: thanks. */
    says: (_id: string): Error | undefined => undefined,
    handler: undefined as unknown as Parameters<typeof deliver>[0],
  };
  const connector = defineConnector(manifest, {
    sink: {
      apply: async (told) =>
        told.map(({ event: { id } }) => {
          vendor.asked.push(id);
          const error = vendor.says(id);
          if (!error) vendor.took.push(id);
          return error ?? { vendorId: id };
        }),
    },
  });
  vendor.handler = deliverer(connector) as typeof vendor.handler;
  return vendor;
}

beforeEach(() => {
  world.forget();
  written = '';
  jest.restoreAllMocks();
  now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    written += String(line);
    return true;
  });
});

let happenings = 0;
function event(): LoyaltyEvent {
  happenings += 1;
  return {
    id: `m_any.${happenings}.points.earned`,
    type: 'points.earned',
    memberId: 'm_any',
    entryId: `m_any.${happenings}`,
    occurredAt: '2026-03-01T10:00:00Z',
    balance: { available: 42, pending: 0, held: 0 },
    tier: 'guest',
    data: { points: 12, source: 'shopify', object: 'A-1' },
  };
}
const parked = () => world.sent('outbound-parked').map(({ reason }) => reason);
const row = async (vendor: string, { id }: LoyaltyEvent) =>
  (await world.rows('program')).find(({ pk }) => pk === `D#${vendor}#${id}`);

/** The queue: brings each message when it is due, two together at most, until none is left or it has become too late. */
async function run(handler: Parameters<typeof deliver>[0], bodies: readonly unknown[], until: number): Promise<void> {
  const begun = now;
  const waiting = new Map(
    bodies.map((detail, at) => [`m${at}`, { id: `m${at}`, body: { detail }, due: now, attempt: 0, sentAt: begun }]),
  );
  while (waiting.size > 0) {
    now = Math.max(now, Math.min(...[...waiting.values()].map(({ due }) => due)));
    if (now > until) return;
    const batch = [...waiting.values()].filter(({ due }) => due <= now).slice(0, 2);
    for (const message of batch) message.attempt += 1;
    const before = world.visibilityChanges().length;
    const left = await deliver(handler, batch);
    const changes = world.visibilityChanges().slice(before);
    for (const message of batch) {
      if (!left.includes(message.id)) waiting.delete(message.id);
      message.due = now + (changes.find(({ receipt }) => receipt === `receipt-${message.id}`)?.seconds ?? 30) * 1_000;
    }
  }
}

describe('a vendor that is down', () => {
  it('for two hours is told everything once afterwards, and nothing is parked', async () => {
    const vendor = openVendor();
    const events = Array.from({ length: 12 }, event);
    const back = now + 2 * HOUR;
    vendor.says = () => (now < back ? new Transient('Bell answered 503') : undefined);
    await run(vendor.handler, events, now + 3 * HOUR);
    expect(parked()).toEqual([]);
    expect(vendor.took.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
    // Some have found it down; then one looks now and then.
    expect(vendor.asked.length - vendor.took.length).toBeLessThan(80);
    expect(written).toContain('the vendor answers again');
  });

  it('does not use up the tries of one that has nobody to share them with', async () => {
    const vendor = openVendor();
    const one = event();
    const back = now + 2 * HOUR;
    vendor.says = () => (now < back ? new Transient('Bell answered 503') : undefined);
    await run(vendor.handler, [one], now + 3 * HOUR);
    expect(parked()).toEqual([]);
    expect(vendor.took).toEqual([one.id]);
    expect(vendor.asked.length).toBeGreaterThan(Number(process.env.ATTEMPTS_MAX));
    expect(await row(vendor.id, one)).toMatchObject({ status: 'sent', failures: 4 });
  });

  it('has what nobody tried wait without a try, and comes back when the vendor wants', async () => {
    const vendor = openVendor();
    vendor.says = () => new Transient('Bell answered 429', { retryAfterSeconds: 1_800 });
    for (let times = 0; times < 5; times += 1) await deliver(vendor.handler, [{ body: { detail: event() } }]);
    vendor.asked = [];
    const one = event();
    expect(await deliver(vendor.handler, [{ id: 'm', body: { detail: one } }])).toEqual(['m']);
    expect(vendor.asked).toEqual([]);
    expect(await row(vendor.id, one)).toBeUndefined();
    const wait = world.visibilityChanges().at(-1)?.seconds;
    expect(wait).toBeGreaterThanOrEqual(1_800);
    expect(wait).toBeLessThanOrEqual(1_830);
    expect(written).toContain('"VendorDown":1');
  });

  it('is tried by the next when there was nothing to tell it after all', async () => {
    const vendor = openVendor();
    const tell = (one: LoyaltyEvent) => deliver(vendor.handler, [{ id: 'm', body: { detail: one } }]);
    const known = event();
    await tell(known);
    vendor.says = () => new Transient('Bell answered 503');
    for (let times = 0; times < 5; times += 1) await tell(event());
    vendor.says = () => undefined;
    expect(await tell(event())).toEqual(['m']);
    now += 31_000;
    expect(await tell(known)).toEqual([]);
    expect(await tell(event())).toEqual([]);
    expect(vendor.took).toHaveLength(2);
  });

  it('is not waited for longer than a queue keeps anything', async () => {
    const vendor = openVendor();
    vendor.says = () => new Transient('Bell answered 503');
    const sentAt = now - 73 * HOUR;
    expect(await deliver(vendor.handler, [{ body: { detail: event() }, sentAt }])).toEqual([]);
    expect(parked()).toEqual(['three days did not help: Bell answered 503']);
  });
});

describe('a vendor that is well', () => {
  it('and never takes one of them is tried a few times; that one is parked with its reason, the others are told', async () => {
    const vendor = openVendor();
    const [bad, ...good] = Array.from({ length: 30 }, event);
    vendor.says = (id) => (id === bad?.id ? new Transient('Bell answered 500') : undefined);
    for (const one of good) {
      await run(vendor.handler, [one], now + HOUR);
      if (parked().length === 0 && bad) {
        await deliver(vendor.handler, [{ id: 'bad', body: { detail: bad } }]);
        now += 16 * 60_000;
      }
    }
    expect(parked()).toEqual(['tried 6 times: Bell answered 500']);
    expect(vendor.took).toEqual(good.map(({ id }) => id));
    expect(vendor.asked.filter((id) => id === bad?.id)).toHaveLength(6);
  });

  it('has what it refuses parked at once; sent round again after the fix, it is told', async () => {
    const vendor = openVendor();
    const one = event();
    vendor.says = () => new Permanent('Bell answered 400');
    const body = { detail: one };
    expect(await deliver(vendor.handler, [{ id: 'm', body }])).toEqual([]);
    expect(world.sent('outbound-parked')).toMatchObject([{ body: JSON.stringify(body), reason: 'Bell answered 400' }]);
    vendor.says = () => undefined;
    expect(await deliver(vendor.handler, [{ id: 'redriven', body }])).toEqual([]);
    expect(vendor.took).toEqual([one.id]);
  });

  it('is not taken to be down for what it refuses, nor for one of two', async () => {
    const vendor = openVendor();
    for (let times = 0; times < 10; times += 1) {
      const [first, second] = [event(), event()];
      vendor.says = (id) => (id === first.id ? new Transient('locked') : undefined);
      await deliver(vendor.handler, [{ body: { detail: first } }, { body: { detail: second } }]);
      vendor.says = () => new Permanent('Bell answered 400');
      await deliver(vendor.handler, [{ body: { detail: event() } }]);
    }
    expect((await world.rows('program')).find(({ pk }) => pk === `BREAKER#${vendor.id}`)).toBeUndefined();
  });

  it('is not taken to be down for what takes its time there, and that is looked at again when it asks for it', async () => {
    const vendor = openVendor();
    vendor.says = () => new NotYet('Bell is still ringing', { retryAfterSeconds: 600 });
    for (let times = 0; times < 6; times += 1)
      expect(await deliver(vendor.handler, [{ id: 'm', body: { detail: event() } }])).toEqual(['m']);
    expect(vendor.asked).toHaveLength(6);
    expect(world.visibilityChanges().at(-1)?.seconds).toBeGreaterThanOrEqual(600);
    vendor.says = () => undefined;
    expect(await deliver(vendor.handler, [{ body: { detail: event() } }])).toEqual([]);
  });

  it('and ends the worker each time does not do so for ever', async () => {
    const vendor = openVendor();
    const one = event();
    const { openDeliveries } = await import('../../lib/runtime/deliveries.ts');
    const at = { client: world.client, table: world.tables.program, timeZone: 'Europe/Berlin' };
    const deliveries = openDeliveries({ ...at, connector: vendor.id });
    for (let times = 0; times < 6; times += 1) {
      const claim = await deliveries.claim(one.id, 'sink', 'm');
      if (claim.kind === 'standing') await deliveries.claim(one.id, 'sink', 'm', claim.delivery);
    }
    expect(await deliver(vendor.handler, [{ id: 'm', body: { detail: one }, attempt: 7 }])).toEqual([]);
    expect(vendor.asked).toEqual([]);
    expect(parked()).toEqual(['broke off 6 times, without a word']);
  });
});

describe('a token', () => {
  it('is got once for all, and once more when the vendor refuses it; what was told is told once', async () => {
    const called: string[] = [];
    let granted = 0;
    let good = 'access-1';
    const gateway = createServer((request, response) => {
      const url = String(request.headers['x-vendor-url']);
      called.push(`${url} ${url.endsWith('/token') ? '' : request.headers.authorization}`.trim());
      response.setHeader('content-type', 'application/json');
      if (url.endsWith('/token')) {
        granted += 1;
        response.end(JSON.stringify({ access_token: `access-${granted}`, expires_in: 3_600 }));
      } else {
        response.statusCode = request.headers.authorization === `Bearer ${good}` ? 200 : 401;
        response.end('{}');
      }
    });
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as AddressInfo;
    process.env.VENDOR_GATEWAY = `http://127.0.0.1:${port}`;
    world.setSecret({ token: 'first', clientId: 'id', clientSecret: 'password' });
    now += HOUR;
    const manifest = defineManifest({
      id: 'vendor-with-tokens',
      title: 'Bell',
      roles: ['sink'],
      apiVersion: '1',
      settings: z.object({}),
      secret: z.object({ clientId: z.string(), clientSecret: z.string() }),
      oauth: { grant: 'client_credentials', clientAuth: 'basic', tokenUrl: 'https://bell.example/token' },
      limits: { concurrency: 1, timeoutSeconds: 5, batch: 1, perSecond: 100 },
    });
    const handler = deliverer(
      defineConnector(manifest, {
        sink: {
          async apply(told, { fetch, accessToken, now: at }) {
            const asked = { vendor: 'Bell', now: at, repeatable: true };
            const headers = { authorization: `Bearer ${await accessToken()}` };
            const response = await ask(fetch, 'https://bell.example/ring', { method: 'POST', headers }, asked);
            const failure = classify(response, asked);
            if (failure) throw failure;
            return told.map(({ event: { id } }) => ({ vendorId: id }));
          },
        },
      }),
    ) as Parameters<typeof deliver>[0];
    try {
      const tell = () => deliver(handler, [{ body: { detail: event() } }]);
      expect(await tell()).toEqual([]);
      expect(await tell()).toEqual([]);
      good = 'access-2';
      now += 10 * 60_000;
      expect(await tell()).toEqual([]);
      expect(called).toEqual([
        'https://bell.example/token',
        'https://bell.example/ring Bearer access-1',
        'https://bell.example/ring Bearer access-1',
        'https://bell.example/ring Bearer access-1',
        'https://bell.example/token',
        'https://bell.example/ring Bearer access-2',
      ]);
      // Brand-new and refused all the same: staff are told, and no third one is asked for.
      good = 'none';
      expect(await tell()).toEqual([]);
      expect(parked()).toEqual(['Bell answered 401']);
      expect(granted).toBe(2);
    } finally {
      delete process.env.VENDOR_GATEWAY;
      gateway.close();
      gateway.closeAllConnections();
    }
  });
});

describe('a source whose vendor is down', () => {
  it('is looked after when it is back, and nothing is parked', async () => {
    const manifest = defineManifest({
      id: 'vendor-source',
      title: 'Bell',
      roles: ['source'],
      apiVersion: '1',
      subscribes: true,
      settings: z.object({}),
      secret: z.object({ token: z.string() }),
      limits: { concurrency: 1, timeoutSeconds: 1, batch: 1 },
    });
    const back = now + 2 * HOUR;
    let done = 0;
    const handler = tender(
      defineConnector(manifest, {
        source: {
          verify: () => {
            throw new Error('nobody asks');
          },
          translate: () => [],
          async subscribe() {
            if (now < back) throw new Transient('Bell answered 503');
            done += 1;
            return [];
          },
        },
      }),
    ) as Parameters<typeof deliver>[0];
    let wait = 0;
    for (let attempt = 1; done === 0 && attempt < 100; attempt += 1) {
      await deliver(handler, [{ id: 'm', body: { kind: 'subscribe' }, attempt, sentAt: back - 2 * HOUR }]);
      wait = world.visibilityChanges().at(-1)?.seconds ?? 0;
      now += wait * 1_000;
    }
    expect({ done, parked: parked() }).toEqual({ done: 1, parked: [] });
    expect(now - back).toBeLessThan(HOUR);
  });
});
