import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Context as LambdaContext } from 'aws-lambda';
import * as z from 'zod';
import { defineConnector, defineManifest, type Found, type RoleOf } from '../../lib/connectors/contract.ts';
import { NotEquipped, Permanent, Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { context, deliver, startWorld, type World } from './world.ts';

const manifest = defineManifest({
  id: 'shopify',
  title: 'Test shop',
  roles: ['source'],
  apiVersion: '1',
  subscribes: true,
  reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 },
  settings: z.object({}).loose(),
  secret: z.object({ token: z.string() }),
  limits: { concurrency: 1, timeoutSeconds: 1, batch: 1 },
});

/** A vendor that has sold things at times, a page each, oldest first; and what goes wrong there next. */
let sold: string[] = [];
let unreadable: NonNullable<Found['unreadable']> = [];
let asked: { since: string; after: string | undefined; token: string }[] = [];
let troubles: (() => unknown)[] = [];
let missing: string[] = [];
let hooks: string[] = [];
/** Called while the vendor thinks. */
let meanwhile: () => Promise<void> = async () => undefined;

const sale = (at: string): Fact => ({
  type: 'sale',
  factId: `shop:order:${at}`,
  source: 'shopify',
  occurredAt: at,
  identities: [],
  orderId: at,
  currency: 'EUR',
  netMinor: 1000,
  grossMinor: 1000,
  lines: [],
});
const source: RoleOf<typeof manifest, 'source'> = {
  verify: () => {
    throw new Error('nobody delivers here');
  },
  translate: () => [],
  async subscribe(hookUrl) {
    const trouble = troubles.shift();
    if (trouble) throw trouble();
    hooks.push(hookUrl);
    return missing;
  },
  async reconcile(since, { secret }, after) {
    asked.push({ since: since.toISOString(), after, token: secret.token });
    const trouble = troubles.shift();
    if (trouble) throw trouble();
    await meanwhile();
    const [first, ...rest] = sold.filter((at) => new Date(at) >= since && (after === undefined || at > after));
    return { facts: first ? [sale(first)] : [], unreadable, ...(first && rest.length > 0 && { next: first }) };
  },
};

const ROW = { pk: { S: 'RECONCILE#shopify' }, sk: { S: 'RECONCILE' } };

let world: World;
let tend: Parameters<typeof deliver>[0];

beforeAll(async () => {
  jest.useFakeTimers({
    now: new Date('2026-06-10T10:00:00Z'),
    doNotFake: [
      'nextTick',
      'setImmediate',
      'setTimeout',
      'setInterval',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
      'queueMicrotask',
      'performance',
      'hrtime',
    ],
  });
  world = await startWorld();
  process.env.HOOK_URL = 'https://api.example/webhooks/shopify';
  const { tender } = await import('../../functions/tend.ts');
  tend = tender(defineConnector(manifest, { source })) as typeof tend;
}, 60_000);
afterAll(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await world.stop();
});

let written = '';
/** Each test has days of its own, and begins where nobody has looked. */
let day = 0;
beforeEach(async () => {
  day += 100;
  jest.setSystemTime(new Date(Date.UTC(2026, 5, 10 + day, 10)));
  [sold, unreadable, asked, troubles, missing, hooks, written] = [[], [], [], [], [], [], ''];
  meanwhile = async () => undefined;
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  world.setSecret({ token: 'first' });
  await world.client.send(new DeleteItemCommand({ TableName: world.tables.program, Key: ROW }));
  world.forget();
});

/** So long after ten o'clock of the test's day. */
const at = (minutes: number) => new Date(Date.UTC(2026, 5, 10 + day, 10, minutes)).toISOString();
const clock = (minutes: number) => jest.setSystemTime(new Date(at(minutes)));
const look = (id = 'm', attempt = 1) => deliver(tend, [{ body: { kind: 'reconcile' }, id, attempt }]);
const told = () =>
  world.sent('facts.fifo').map(({ body }) => {
    const { orderId, found } = JSON.parse(body) as { orderId: string; found: unknown };
    expect(found).toBe(true);
    return orderId;
  });
const row = async () => (await world.rows('program')).find(({ pk }) => pk === 'RECONCILE#shopify');
/** By a copy of the function that has so little time that one page is all it gets. */
const lookInAHurry = () =>
  (tend as (event: unknown, lambda: LambdaContext) => Promise<unknown>)(
    { Records: [{ messageId: 'm', receiptHandle: 'r', body: '{"kind":"reconcile"}', attributes: {} }] },
    { ...context, getRemainingTimeInMillis: () => 1_000 },
  );

describe('what a vendor told in vain', () => {
  it('is looked for as far back as the manifest says, the first time; then a little beyond the last time', async () => {
    sold = [at(-73 * 60), at(-71 * 60), at(-10)];
    expect(await look()).toEqual([]);
    expect(told()).toEqual([at(-71 * 60), at(-10)]);
    clock(60);
    sold.push(at(45));
    expect(await look()).toEqual([]);
    expect(asked.map(({ since }) => since)).toEqual([at(-72 * 60), at(-72 * 60), at(-30), at(-30)]);
    expect(told()).toEqual([at(-71 * 60), at(-10), at(-10), at(45)]);
  });

  it('is never older than where the first look back began, however lately the vendor has touched it', async () => {
    await look();
    clock(60);
    const before = sale(at(-73 * 60));
    jest.spyOn(source, 'reconcile').mockResolvedValueOnce({ facts: [before, sale(at(10))] });
    await look();
    expect(told()).toEqual([at(10)]);
  });

  it('moves nothing on before it is handed over: the same hours are asked for again', async () => {
    await look();
    const before = await row();
    clock(60);
    sold = [at(5)];
    world.fail('SendMessageBatch', 1, 'entries');
    expect(await look()).toEqual(['m']);
    expect(await row()).toEqual(before);
    expect(await look()).toEqual([]);
    expect(told()).toEqual([at(5)]);
    expect(await row()).toMatchObject({ through: at(60) });
  });

  it('waits for a vendor that is away, and is then asked for all of the time', async () => {
    await look();
    for (const [index, hour] of [1, 2, 3].entries()) {
      clock(hour * 60);
      troubles = [() => new Transient('down', { retryAfterSeconds: 120 })];
      expect(await look('m', index + 1)).toEqual(['m']);
    }
    expect(world.visibilityChanges().every(({ seconds }) => seconds >= 120)).toBe(true);
    sold = [at(30), at(90), at(150)];
    clock(181);
    asked = [];
    expect(await look()).toEqual([]);
    expect(asked[0]?.since).toBe(at(-30));
    expect(told()).toEqual(sold);
    expect(await row()).toMatchObject({ through: at(181) });
  });

  it('goes on at the page it has come to when its time is up, or the vendor fails in the middle', async () => {
    sold = [at(-40), at(-30), at(-20)];
    await lookInAHurry();
    expect(told()).toEqual([at(-40)]);
    expect(world.sent('tending').map(({ body }) => JSON.parse(body))).toEqual([{ kind: 'reconcile' }]);
    expect(await row()).toMatchObject({ after: at(-40) });
    clock(1);
    troubles = [() => new Transient('down')];
    expect(await look()).toEqual(['m']);
    expect(await look()).toEqual([]);
    expect(asked.map(({ after }) => after)).toEqual([undefined, at(-40), at(-40), at(-30)]);
    expect(told()).toEqual(sold);
    // What happened while it was on its way belongs to the next time.
    expect(await row()).toMatchObject({ through: at(0) });
    expect(await row()).not.toHaveProperty('after');
    expect(await row()).not.toHaveProperty('busyUntil');
  });

  it('begins with its first page again when it was left for a day: page marks do not keep', async () => {
    sold = [at(-40), at(-30)];
    await lookInAHurry();
    clock(25 * 60);
    await look();
    expect(asked.slice(1).map(({ since, after }) => [since, after])).toEqual([
      [at(-72 * 60), undefined],
      [at(-72 * 60), at(-40)],
    ]);
    expect(await row()).toMatchObject({ through: at(25 * 60) });
  });

  it('is asked for by one at a time: whoever comes second leaves it to the first', async () => {
    sold = [at(-20)];
    let second: string[] | undefined;
    meanwhile = async () => {
      meanwhile = async () => undefined;
      second = await look('second');
    };
    expect(await look('first')).toEqual([]);
    expect(second).toEqual([]);
    expect(asked).toHaveLength(1);
    expect(told()).toEqual(sold);
  });

  it('is taken over from one that died, who writes nothing any more if it lives after all', async () => {
    sold = [at(-20)];
    meanwhile = async () => {
      meanwhile = async () => undefined;
      // Its lease runs out while the vendor thinks.
      clock(5);
      expect(await look('other')).toEqual([]);
    };
    expect(await look('slow')).toEqual([]);
    expect(told()).toEqual([...sold, ...sold]);
    expect(await row()).toMatchObject({ through: at(5) });
    expect(await row()).not.toHaveProperty('busyUntil');
  });

  it('comes back under a lease that was left behind once that has run out', async () => {
    await world.client.send(
      new UpdateItemCommand({
        TableName: world.tables.program,
        Key: ROW,
        UpdateExpression: 'SET busyUntil = :until',
        ExpressionAttributeValues: { ':until': { N: String(Date.parse(at(1))) } },
      }),
    );
    sold = [at(-20)];
    expect(await look()).toEqual([]);
    expect(asked).toEqual([]);
    clock(2);
    await look();
    expect(told()).toEqual(sold);
  });

  it('and cannot be read is counted and named, and keeps nobody from the rest', async () => {
    sold = [at(-20)];
    unreadable = [{ what: 'order 7', because: 'not the shape we know: total: invalid_type' }];
    expect(await look()).toEqual([]);
    expect(told()).toEqual(sold);
    expect(written).toMatch(/order 7.*total: invalid_type/);
    expect(written).toContain('"FoundUnreadable":1');
  });

  it('is asked for once more with a key that has replaced the one refused; staff hear of one that has not been', async () => {
    await look();
    world.setSecret({ token: 'second' });
    clock(1);
    troubles = [() => new Unauthorized('no')];
    asked = [];
    expect(await look()).toEqual([]);
    expect(asked.map(({ token }) => token)).toEqual(['first', 'second']);
    clock(120);
    troubles = [() => new Unauthorized('no')];
    expect(await look()).toEqual([]);
    expect(world.sent('outbound-parked')).toMatchObject([{ reason: 'no' }]);
  });

  it.each([
    ['the secret holds nothing to ask with', () => undefined, [() => new NotEquipped('the secret has no token')]],
    ['the secret is not filled', () => world.setSecret({ unset: true }), []],
  ])('is left out, and said so, while %s; the first time is then the first that works', async (_, before, trouble) => {
    // A secret is remembered for minutes.
    clock(-60);
    before();
    troubles = trouble;
    expect(await look()).toEqual([]);
    expect(written).toContain('"TendingSkipped":1');
    expect(await row()).not.toHaveProperty('from');
    world.setSecret({ token: 'first' });
    clock(0);
    sold = [at(-72 * 60 - 30), at(-20)];
    expect(await look()).toEqual([]);
    expect(told()).toEqual([at(-20)]);
  });

  it('is parked as a message when no try will help', async () => {
    troubles = [() => new Permanent('bad query')];
    expect(await look()).toEqual([]);
    expect(await deliver(tend, [{ body: { kind: 'dance' } }, { body: 'no json' }])).toEqual([]);
    expect(world.sent('outbound-parked').map(({ reason }) => reason)).toEqual([
      'bad query',
      'not the shape we know: kind: invalid_value',
      'the body is not JSON',
    ]);
    expect(asked).toHaveLength(1);
  });
});

describe('what a vendor sends us', () => {
  const subscribe = () => deliver(tend, [{ body: { kind: 'subscribe' }, id: 'm' }]);

  it('is asked for at our address, as often as one likes', async () => {
    expect([await subscribe(), await subscribe()]).toEqual([[], []]);
    expect(hooks).toEqual(['https://api.example/webhooks/shopify', 'https://api.example/webhooks/shopify']);
    expect(written).not.toContain('SubscriptionDiffers');
  });

  it('is told to staff where only the merchant can put it right', async () => {
    missing = ['the endpoint is disabled: enable it', 'orders are not sent'];
    expect(await subscribe()).toEqual([]);
    // For those who ask later.
    expect((await world.rows('program')).find(({ pk }) => pk === 'SIGNS#shopify')).toMatchObject({
      subscribedAt: new Date().toISOString(),
      differences: missing,
    });
    expect(written).toContain('the endpoint is disabled: enable it');
    expect(written).toContain('"SubscriptionDiffers":2');
  });

  it('is asked for again after a vendor’s trouble', async () => {
    troubles = [() => new Transient('down')];
    expect([await subscribe(), await subscribe()]).toEqual([['m'], []]);
  });
});
