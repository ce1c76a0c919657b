import { readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Connector, Found, Manifest } from '../../lib/connectors/contract.ts';
import { connectors } from '../../lib/connectors/index.ts';
import {
  NotEquipped,
  Permanent,
  Transient,
  Unauthorized,
  Unknown,
  WebhookRejected,
} from '../../lib/connectors/kit/errors.ts';
import type { RawRequest, Verified } from '../../lib/connectors/kit/webhook.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import { Fact } from '../../lib/loyalty/facts.ts';
import {
  type Answer,
  type Answering,
  contextOf,
  type Fixture,
  HOOK_URL,
  type SourceSample,
  unreachable,
} from './fixture.ts';
import { fixtures } from './fixtures/index.ts';
import { answering, speaking, WAYS } from './recording.ts';

/** What every connector has to hold and types cannot see. */

const folder = new URL('../../lib/connectors/', import.meta.url);
const ids = Object.keys(manifests) as ConnectorId[];
const loaded = new Map<ConnectorId, Connector>();
for (const id of ids) loaded.set(id, (await connectors[id]()).default as unknown as Connector);

interface Sampled {
  readonly id: ConnectorId;
  readonly connector: Connector & { readonly roles: Record<string, never> };
  readonly fixture: Fixture & Record<string, never>;
}
const sampled = (role: string): [ConnectorId, Sampled][] =>
  ids
    .filter((id) => (manifests[id].roles as readonly string[]).includes(role))
    .map((id) => [
      id,
      { id, connector: loaded.get(id) as Sampled['connector'], fixture: fixtures[id] as unknown as Sampled['fixture'] },
    ]);

describe('the catalogues', () => {
  it('hold the folders, all of them', () => {
    const folders = readdirSync(folder, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && entry.name !== 'kit',
    );
    expect(ids.toSorted()).toEqual(folders.map((entry) => entry.name).toSorted());
    expect(Object.keys(connectors).toSorted()).toEqual(ids.toSorted());
    expect(Object.keys(fixtures).toSorted()).toEqual(ids.toSorted());
  });

  it.each(ids)('%s is what its manifest says', (id) => {
    const { manifest, roles } = loaded.get(id) as Connector;
    expect(manifest).toBe(manifests[id]);
    expect(manifest.id).toBe(id);
    expect(Object.keys(roles).toSorted()).toEqual([...manifest.roles].toSorted());
    expect(new Set(manifest.roles).size).toBe(manifest.roles.length);
    expect(manifest.channel !== undefined).toBe(manifest.roles.includes('channel'));
    expect((manifest.hears?.length ?? 0) > 0).toBe(manifest.roles.includes('source'));
    const { source } = roles as { source?: { subscribe?: unknown; reconcile?: unknown } };
    const { source: sample } = fixtures[id] as { source?: SourceSample };
    expect([source?.subscribe, sample?.subscribe].map(Boolean)).toEqual(Array(2).fill(manifest.subscribes === true));
    expect([source?.reconcile, sample?.reconcile].map(Boolean)).toEqual(Array(2).fill(Boolean(manifest.reconcile)));
  });

  it.each(ids)('%s has limits that Lambda and SQS can hold', (id) => {
    const { concurrency, timeoutSeconds, batch } = manifests[id].limits;
    // One at a time is a reserved concurrency of one: a mapping alone takes no fewer than two. See test/cloud.
    expect(concurrency).toBeGreaterThanOrEqual(1);
    expect(timeoutSeconds).toBeLessThanOrEqual(15);
    expect(batch).toBeGreaterThanOrEqual(1);
  });

  it.each(ids)('%s takes its own sample, and neither an unknown setting nor a secret that is not filled', (id) => {
    const { settings, secret } = manifests[id];
    expect(settings.safeParse(fixtures[id].settings).success).toBe(true);
    expect(settings.safeParse({ ...fixtures[id].settings, misspelt: 1 }).success).toBe(false);
    expect(secret.safeParse(fixtures[id].secret).success).toBe(true);
    expect(secret.safeParse({ unset: true }).success).toBe(false);
  });
});

describe.each(sampled('source'))('%s, a source', (_, { connector, fixture }) => {
  const source = connector.roles.source as unknown as {
    verify(request: RawRequest, context: unknown): Verified | Promise<Verified>;
    translate(request: Verified, context: unknown): readonly Fact[] | Promise<readonly Fact[]>;
  };
  const sample = fixture.source as SourceSample;
  const context = contextOf(connector, fixture, { now: sample.now, ...(sample.vendor && { fetch: sample.vendor }) });
  const verify = async (request: RawRequest, given: unknown = context) => source.verify(request, given);
  const genuine = sample.deliveries.map((delivery) => [`${delivery.hears}, ${delivery.when}`, delivery] as const);
  const requests = genuine.map(
    ([name, { body, headers }]) => [name, sample.send(body, { ...(headers && { headers }) })] as const,
  );
  const refused = async (request: RawRequest, given: unknown = context) =>
    expect(verify(request, given)).rejects.toThrow(WebhookRejected);

  it('has a sample of all it hears', () => {
    expect([...new Set(sample.deliveries.map(({ hears }) => hears))].toSorted()).toEqual(
      [...(connector.manifest.hears ?? [])].toSorted(),
    );
  });

  it.each(genuine)('%s: understood, in our words', async (_, { body, headers, facts }) => {
    const verified = await verify(sample.send(body, { ...(headers && { headers }) }));
    const told = await source.translate(verified, context);
    expect(told).toEqual(facts);
    expect(told.map((fact) => Fact.parse(fact))).toEqual(facts);
    expect(told.every((fact) => fact.source === connector.manifest.id)).toBe(true);
  });

  it('says the same about the same thing, however often it is told', async () => {
    for (const [, request] of requests) {
      const first = await source.translate(await verify(request), context);
      expect(await source.translate(await verify(request), context)).toEqual(first);
    }
  });

  it('refuses a bare request, whatever the secret', async () => {
    const bare = { method: 'POST', url: 'https://api.example/webhooks/x', headers: {}, body: Buffer.alloc(0) };
    for (const secret of [context.secret, {}, { unset: true }, emptied(context.secret)]) {
      await refused(bare, { ...context, secret });
      await refused({ ...bare, body: Buffer.from('{}') }, { ...context, secret });
    }
  });

  it('refuses the genuine one when no secret is set: no key, no entry', async () => {
    for (const [, request] of requests) {
      for (const secret of [{}, { unset: true }, emptied(context.secret)])
        await refused(request, { ...context, secret });
    }
  });

  it('refuses what is signed with an empty key, or with another one', async () => {
    for (const { body, headers } of sample.deliveries) {
      const other = JSON.stringify(fixture.secret).includes('whsec_A')
        ? `whsec_${Buffer.alloc(24, 7).toString('base64')}`
        : 'x'.repeat(32);
      await refused(sample.send(body, { key: other, ...(headers && { headers }) }));
    }
  });

  it('refuses it without its proof, with an empty one, and with a cut one', async () => {
    for (const [, request] of requests) {
      const proof = request.headers[sample.proof] ?? '';
      expect(proof).not.toBe('');
      for (const value of [
        undefined,
        '',
        ' ',
        proof.slice(0, -1),
        `${proof.slice(0, -4)}AAAA`,
        proof.slice(0, proof.length / 2),
      ]) {
        await refused({ ...request, headers: { ...request.headers, [sample.proof]: value } });
      }
    }
  });

  if (sample.proves !== 'sender')
    it('refuses it with any one byte changed, cut short, made longer, or emptied', async () => {
      for (const [, request] of requests) {
        for (let at = 0; at < request.body.length; at += 7) {
          const body = Buffer.from(request.body);
          body[at] = (body[at] ?? 0) ^ 1;
          await refused({ ...request, body });
        }
        for (const body of [
          request.body.subarray(0, -1),
          Buffer.concat([request.body, Buffer.from('&a=1')]),
          Buffer.alloc(0),
        ]) {
          await refused({ ...request, body });
        }
      }
    });

  it('refuses what is meant for somebody else', () => refused(sample.otherTenant));

  const seconds = (offset: number) => new Date(sample.now.getTime() + offset * 1000);
  if (sample.restamp) {
    const restamp = sample.restamp;
    it.each([-301, 301, -86_400, 3_153_600_000])('refuses it %d seconds away, though genuine', async (offset) => {
      for (const { body, headers } of sample.deliveries)
        await refused(sample.send(body, { at: seconds(offset), ...(headers && { headers }) }));
    });
    it.each([-300, 0, 300])('takes it %d seconds away', async (offset) => {
      for (const { body, headers } of sample.deliveries)
        await verify(sample.send(body, { at: seconds(offset), ...(headers && { headers }) }));
    });
    it('refuses an old one under a new time', async () => {
      for (const { body, headers } of sample.deliveries) {
        const old = sample.send(body, { at: seconds(-3_600), ...(headers && { headers }) });
        await refused(old);
        await refused(restamp(old, sample.now));
      }
    });
  }

  it('takes a type it does not know for nothing, or says why not: never another error', async () => {
    for (const json of [
      'null',
      '[]',
      '{}',
      '1',
      '"x"',
      '{"type":"x","object":"event"}',
      '{"type":"__proto__"}',
      '',
      '{',
      '\u0000',
      '💥',
    ]) {
      for (const { headers } of sample.deliveries) {
        const request = { ...sample.send(json, { ...(headers && { headers }) }) } as unknown as Verified;
        await expect((async () => source.translate(request, context))().catch(onlyPermanent)).resolves.toBeInstanceOf(
          Array,
        );
      }
    }
  });
});

interface Tended {
  subscribe(hookUrl: string, context: unknown): Promise<readonly string[]>;
  reconcile(since: Date, context: unknown, after?: string): Promise<Found>;
}
const tended = sampled('source').filter(([id]) => {
  const { subscribes, reconcile }: Manifest = manifests[id];
  return subscribes || reconcile;
});

describe.each(tended)('%s, a source that is asked', (id, { connector, fixture }) => {
  const { subscribe, reconcile } = connector.roles.source as unknown as Partial<Tended>;
  const sample = fixture.source as SourceSample;
  const around = (fetch: typeof globalThis.fetch, secret?: unknown) =>
    contextOf(connector, fixture, { now: sample.now, fetch, secret });
  const hookUrl = `${HOOK_URL}/${id}`;
  const ways: [string, (context: unknown) => Promise<unknown>][] = [
    ...(subscribe ? [['subscribe', (context: unknown) => subscribe(hookUrl, context)] as [string, never]] : []),
    ...(reconcile
      ? [['reconcile', (context: unknown) => reconcile(sample.reconcile?.since as Date, context)] as [string, never]]
      : []),
  ];
  const failing = async (way: (context: unknown) => Promise<unknown>, answer: () => Response | Promise<Response>) => {
    const fetch: typeof globalThis.fetch = async (url, init) => {
      expect(new URL(String(url)).protocol).toBe('https:');
      expect(init?.redirect).toBe('manual');
      return answer();
    };
    const error = await way(around(fetch)).then(
      () => 'it worked',
      (thrown: unknown) => thrown,
    );
    for (const text of strings(fixture.secret)) expect(inspect(error, { depth: 10 })).not.toContain(text);
    return error;
  };

  if (reconcile && sample.reconcile) {
    const { since, vendor, facts } = sample.reconcile;
    it('finds what happened, in the words and under the keys of its deliveries', async () => {
      const found = await reconcile(since, around(vendor));
      expect(found).toMatchObject({ facts, unreadable: [] });
      expect(found.facts.map((fact) => Fact.parse(fact))).toEqual(facts);
      const heard = sample.deliveries.flatMap((one) => one.facts);
      for (const fact of facts) {
        const told = heard.find(({ factId }) => factId === fact.factId);
        // Who served is not always to be had; a time may be written for another zone.
        expect({ staffId: undefined, ...fact, occurredAt: new Date(fact.occurredAt) }).toEqual({
          ...told,
          staffId: 'staffId' in fact ? (told as { staffId?: string }).staffId : undefined,
          occurredAt: new Date(told?.occurredAt ?? 0),
        });
      }
    });
  }

  if (subscribe && sample.subscribe) {
    const { sending, silent } = sample.subscribe;
    it('changes nothing where all is as it should be', async () => {
      expect(await subscribe(hookUrl, around(sending))).toEqual([]);
    });
    it('makes what is missing, or says what the merchant is to do, and the same when it is asked again', async () => {
      const { fetch, changes, says } = silent();
      expect(await subscribe(hookUrl, around(fetch))).toEqual(says);
      const once = [...changes()];
      expect(once.length + says.length).toBeGreaterThan(0);
      expect(await subscribe(hookUrl, around(fetch))).toEqual(says);
      expect(changes()).toEqual(once);
    });
  }

  describe.each(ways)('%s', (_, way) => {
    if (!sample.equipped)
      it('says so when the secret holds nothing to ask with', async () => {
        const shape = connector.manifest.secret.shape as Record<
          string,
          { safeParse(value: unknown): { success: boolean } }
        >;
        const needed = Object.entries(fixture.secret).filter(([name]) => !shape[name]?.safeParse(undefined).success);
        await expect(way(around(unreachable, Object.fromEntries(needed)))).rejects.toThrow(NotEquipped);
      });

    it('is tried again when nobody answers, after a 5xx, and as late as a 429 asks for', async () => {
      for (const error of [new DOMException('timed out', 'TimeoutError'), new TypeError('fetch failed')])
        expect(await failing(way, () => Promise.reject(error))).toBeInstanceOf(Transient);
      for (const status of [500, 502, 503, 504])
        expect(await failing(way, () => new Response('down', { status }))).toBeInstanceOf(Transient);
      const busy = await failing(way, () => new Response('', { status: 429, headers: { 'retry-after': '7' } }));
      expect(busy).toMatchObject({ name: 'Transient', retryAfterSeconds: 7 });
    });

    it.each([401, 403])('has staff told of a %d', async (status) => {
      expect(await failing(way, () => new Response('no', { status }))).toBeInstanceOf(Unauthorized);
    });

    it('takes no other answer for one that it knows', async () => {
      for (const status of [200, 201, 301, 400, 404, 422])
        for (const body of ['', 'no', '{}', 'null', '[]', '{"data":null}', '{"data":{"x":1}}', '<html>'])
          if (body !== sample.nothing || status > 299)
            expect(await failing(way, () => new Response(body, { status }))).toBeInstanceOf(Permanent);
    });
  });
});

describe.each(
  speaking.flatMap((role) =>
    sampled(role).map(([id, each]) => [`${id}, ${article(role)} ${role}`, role, each] as const),
  ),
)('%s', (_, role, { connector, fixture }) => {
  const sample = fixture[role] as unknown as { answer: Answer | Answering; calls?: number } & Record<string, unknown>;
  const act = (fetch: typeof globalThis.fetch) => {
    const context = contextOf(connector, fixture, { fetch }) as never;
    const roles = connector.roles as unknown as Record<
      string,
      Record<string, (given: unknown, context: never) => Promise<unknown>>
    >;
    const [method, given] = WAYS[role];
    return roles[role]?.[method]?.(sample[given], context);
  };
  const failing = async (fetch: typeof globalThis.fetch) => {
    const error = await Promise.resolve(act(fetch)).then(
      () => 'it worked',
      (thrown: unknown) => thrown,
    );
    keepsQuiet(error);
    return error;
  };
  /** Neither the error nor its causes show a credential, a number or a text. */
  const keepsQuiet = (error: unknown) => {
    const shown = inspect(error, { depth: 10 });
    const message = sample.message as { to: string; text: string } | undefined;
    for (const private_ of [...strings(fixture.secret), ...(message ? [message.to, message.text] : [])])
      expect(shown).not.toContain(private_);
  };
  const repeatable = role !== 'channel';

  it('does it over https, and says what the vendor calls it', async () => {
    const calls: [string, RequestInit][] = [];
    const receipt = await act(async (url, init) => {
      calls.push([String(url), init ?? {}]);
      return answering(sample.answer)(url, init);
    });
    expect(receipt).toEqual(
      role === 'sink'
        ? (sample.vendorIds as string[]).map((vendorId) => ({ vendorId }))
        : { vendorId: sample.vendorId },
    );
    expect(calls.length).toBe(sample.calls ?? (role === 'sink' ? (sample.told as unknown[]).length : 1));
    for (const [url, init] of calls) {
      expect(new URL(url).protocol).toBe('https:');
      expect(init.redirect).toBe('manual');
    }
  });

  it('tries again when it was never sent', async () => {
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']) {
      expect(
        await failing(async () => {
          throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code }) });
        }),
      ).toBeInstanceOf(Transient);
    }
  });

  it(`after a time-out or a broken connection, ${repeatable ? 'tries again: it may be done twice' : 'never tries again: it may have been sent'}`, async () => {
    for (const error of [
      new DOMException('timed out', 'TimeoutError'),
      new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }) }),
      'a string',
    ]) {
      expect(
        await failing(async () => {
          throw error;
        }),
      ).toBeInstanceOf(repeatable ? Transient : Unknown);
    }
  });

  it.each([500, 502, 503, 504])(`after a %d, ${repeatable ? 'tries again' : 'does not know'}`, async (status) => {
    expect(await failing(answering({ status, body: 'down', contentType: 'text/html' }))).toBeInstanceOf(
      repeatable ? Transient : Unknown,
    );
  });

  it.each([
    ['7', 7],
    ['Sat, 21 Nov 2026 10:02:00 GMT', 120],
  ])('waits as long as Retry-After: %s asks for', async (after, waits) => {
    const error = await failing(
      answering({ status: 429, body: '', contentType: 'text/plain' }, { 'retry-after': after }),
    );
    expect(error).toBeInstanceOf(Transient);
    expect((error as Transient).retryAfterSeconds).toBe(waits);
  });

  it.each([301, 302, 307, 308])('does not follow a %d, and does not take it for success', async (status) => {
    let calls = 0;
    const error = await failing(async (url, init) => {
      calls += 1;
      return answering({ status, body: '', contentType: 'text/plain' }, { location: 'https://elsewhere.example/' })(
        url,
        init,
      );
    });
    expect([Transient, Permanent].some((kind) => error instanceof kind)).toBe(true);
    expect(calls).toBe(1);
  });

  it('fails in one of the four ways, whatever the answer', async () => {
    for (const status of [400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 425, 429, 500, 503, 599]) {
      for (const body of [
        '',
        'no',
        '{}',
        'null',
        '[]',
        '{"code":null}',
        '<html>',
        `{"message":${JSON.stringify(JSON.stringify(sample))}}`,
      ]) {
        const error = await failing(answering({ status, body, contentType: 'application/json' }));
        expect([Transient, Permanent, Unauthorized, Unknown].filter((kind) => error instanceof kind).length).toBe(1);
      }
    }
  });
});

const checked = ids.flatMap((id): [ConnectorId, Connector][] => {
  const connector = loaded.get(id) as Connector;
  return connector.check ? [[id, connector]] : [];
});

describe.each(checked)('%s, whose credentials can be checked', (id, connector) => {
  const fixture = fixtures[id] as unknown as Fixture;
  const failing = async (answer: () => Response | Promise<Response>) => {
    let asked = 0;
    const fetch: typeof globalThis.fetch = async (url, init) => {
      asked += 1;
      expect(new URL(String(url)).protocol).toBe('https:');
      expect(init?.redirect).toBe('manual');
      expect(init?.method ?? 'GET').toMatch(id === 'salesforce' || id === 'shopify' ? /^(GET|POST)$/ : /^GET$/);
      return answer();
    };
    const error = await connector.check?.(contextOf(connector, fixture, { fetch }) as never).then(
      () => 'they were taken',
      (thrown: unknown) => thrown,
    );
    expect(asked).toBeGreaterThan(0);
    for (const text of strings(fixture.secret)) expect(inspect(error, { depth: 10 })).not.toContain(text);
    return error;
  };

  it.each([401, 403])('says that they are refused by a %d', async (status) => {
    for (const body of ['', '{}', 'no'])
      expect(await failing(() => new Response(body, { status }))).toBeInstanceOf(Unauthorized);
  });

  it('says nothing against them when nobody answers', async () => {
    for (const status of [429, 500, 503])
      expect(await failing(() => new Response('', { status }))).toBeInstanceOf(Transient);
    expect(await failing(() => Promise.reject(new TypeError('fetch failed')))).toBeInstanceOf(Transient);
  });

  it('does not take just any answer for a yes', async () => {
    for (const body of ['', 'null', '1', '<html>'])
      expect(await failing(() => new Response(body, { status: 200 }))).toBeInstanceOf(Error);
  });
});

/** Why there is nothing to ask. */
const unchecked: Partial<Record<ConnectorId, string>> = {
  slack: 'an incoming webhook posts, or does nothing',
  webhook: 'the other side has no account of ours',
};
it('where credentials cannot be checked there is a reason', () => {
  expect(Object.keys(unchecked).filter((id) => loaded.get(id as ConnectorId)?.check)).toEqual([]);
  const silent = ids.filter((id) => !loaded.get(id)?.check && !unchecked[id]);
  if (silent.length > 0)
    process.stderr.write(`\n${'!'.repeat(20)} nobody has said how credentials are checked: ${silent.join(', ')}\n\n`);
});

it('no source asks the vendor anything while it translates', async () => {
  await expect(unreachable('https://x.example')).rejects.toThrow();
});

function article(role: string): string {
  return /^[aeiou]/.test(role) ? 'an' : 'a';
}

function onlyPermanent(error: unknown): [] {
  if (error instanceof Permanent) return [];
  throw error;
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

/** The same shape with nothing in it. */
function emptied(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, emptied(each)]));
  return '';
}
