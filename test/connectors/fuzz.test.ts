import { inspect, isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../lib/connectors/contract.ts';
import { connectors } from '../../lib/connectors/index.ts';
import { Permanent } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import { Fact } from '../../lib/loyalty/facts.ts';
import fc from '../fast-check.ts';
import { contextOf, type Delivery, type Fixture, type SourceSample } from './fixture.ts';
import { fixtures } from './fixtures/index.ts';

/** Whatever is signed and sent, a source tells facts that are facts, or says `Permanent`: nothing else may happen. */

const RUNS = Number(process.env.FUZZ_RUNS ?? 10_000);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);

const sources = (Object.keys(manifests) as ConnectorId[]).filter((id) =>
  (manifests[id].roles as readonly string[]).includes('source'),
);

// What breaks readers: wrong types, the edges of numbers, times and currencies, names that every object has.
const nasty = fc.constantFrom<unknown>(
  null,
  '',
  0,
  -1,
  1.5,
  1e21,
  Number.MAX_SAFE_INTEGER + 2,
  253_402_300_799,
  253_402_300_800,
  8_640_000_000_000_001,
  true,
  [],
  {},
  [[]],
  '-5.00',
  '0.001',
  '99999999999999.99',
  '1e3',
  'NaN',
  '2026-13-45T99:99:99Z',
  '2026-11-21',
  '+1',
  '+999999999999999999',
  '@',
  'a@b',
  'EUR',
  'eur',
  'XXX',
  'usd ',
  'KWD',
  'JPY',
  'EURO',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  '\u0000',
  '\uD800',
  '💥'.repeat(300),
  'x'.repeat(10_000),
  { id: {} },
  { toString: 1 },
  { valueOf: null, length: -1 },
);
const value = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }), fc.string());

interface Change {
  readonly at: number;
  readonly how: 'drop' | 'replace' | 'add' | 'repeat';
  readonly value: unknown;
}
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('drop', 'replace', 'replace', 'add', 'repeat'),
  value,
});

/** Every place in a value, as the object that holds it and the key. */
function places(node: unknown, found: [object, string][] = []): [object, string][] {
  if (typeof node !== 'object' || node === null) return found;
  for (const key of Object.keys(node)) {
    found.push([node, key]);
    places((node as Record<string, unknown>)[key], found);
  }
  return found;
}

function mutate(body: unknown, changes: readonly Change[]): unknown {
  const root = { body: structuredClone(body) };
  for (const { at, how, value } of changes) {
    const all = places(root);
    if (all.length === 0) break;
    const [holder, key] = all[at % all.length] as [Record<string, unknown>, string];
    if (how === 'drop') delete holder[key];
    else if (how === 'replace') holder[key] = structuredClone(value);
    else if (how === 'add')
      // Not by assignment: `__proto__` has to be a name like any other.
      Object.defineProperty(holder, text(value).slice(0, 30), {
        value: structuredClone(value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else if (Array.isArray(holder))
      holder.push(...Array.from({ length: at % 250 }, () => structuredClone(holder[Number(key)])));
  }
  return root.body;
}

/** Bodies of the two kinds there are: JSON, and forms. */
const text = (each: unknown): string => (typeof each === 'object' ? JSON.stringify(each) : String(each));
const isJson = (body: string): boolean => /^[{[]/.test(body);
const readable = (body: string): unknown =>
  isJson(body) ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
const written = (was: string, value: unknown): string => {
  if (isJson(was)) return JSON.stringify(value) ?? '';
  return typeof value === 'object' && value !== null
    ? new URLSearchParams(Object.entries(value).map(([name, each]): [string, string] => [name, text(each)])).toString()
    : text(value);
};

function bodies(deliveries: readonly Delivery[]): fc.Arbitrary<{ body: Buffer; delivery: Delivery }> {
  const delivery = fc.constantFrom(...deliveries);
  const mutated = fc.tuple(delivery, fc.array(change, { minLength: 1, maxLength: 4 })).map(([of, changes]) => ({
    delivery: of,
    body: Buffer.from(written(of.body, mutate(readable(of.body), changes))),
  }));
  const broken = fc.tuple(delivery, fc.nat(), fc.nat(255)).map(([of, at, byte]) => {
    const body = Buffer.from(of.body);
    body[at % body.length] = byte;
    return { delivery: of, body: at % 3 === 0 ? body.subarray(0, at % body.length) : body };
  });
  // One vendor's body under another one's name: of the same source, with the header of another delivery.
  const swapped = fc.tuple(delivery, delivery).map(([of, like]) => ({ delivery: of, body: Buffer.from(like.body) }));
  const random = fc
    .tuple(
      delivery,
      fc.oneof(
        fc.json(),
        fc.string(),
        value.map((each) => JSON.stringify(each) ?? ''),
      ),
    )
    .map(([of, text]) => ({ delivery: of, body: Buffer.from(text) }));
  const bytes = fc
    .tuple(delivery, fc.uint8Array({ maxLength: 200 }))
    .map(([of, each]) => ({ delivery: of, body: Buffer.from(each) }));
  return fc.oneof(
    { weight: 12, arbitrary: mutated },
    { weight: 2, arbitrary: broken },
    { weight: 2, arbitrary: swapped },
    { weight: 2, arbitrary: random },
    { weight: 1, arbitrary: bytes },
  );
}

describe.each(sources)('%s', (id) => {
  it(`makes facts of ${RUNS} bodies, or says why not`, async () => {
    const connector = (await connectors[id]()).default as unknown as Connector & {
      roles: { source: { translate(request: Verified, context: unknown): readonly Fact[] } };
    };
    const fixture = fixtures[id] as unknown as Fixture & { source: SourceSample };
    const { now, vendor } = fixture.source;
    const context = contextOf(connector, fixture, { now, ...(vendor && { fetch: vendor }) });
    const count = { facts: 0, nothing: 0, permanent: 0 };

    await fc.assert(
      fc.asyncProperty(bodies(fixture.source.deliveries), async ({ body, delivery }) => {
        const sample = fixture.source.send(delivery.body, { ...(delivery.headers && { headers: delivery.headers }) });
        try {
          const told = await connector.roles.source.translate({ ...sample, body } as unknown as Verified, context);
          for (const fact of told) {
            const read = Fact.safeParse(JSON.parse(JSON.stringify(fact)));
            if (!isDeepStrictEqual(read.data, fact)) throw new Error(`no fact: ${inspect(fact)}: ${read.error}`);
          }
          count[told.length > 0 ? 'facts' : 'nothing'] += 1;
        } catch (error) {
          if (!(error instanceof Permanent)) throw error;
          count.permanent += 1;
        }
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: false },
    );
    process.stdout.write(
      `fuzz ${id}: seed ${SEED}, ${RUNS} bodies: ${count.facts} told facts, ${count.nothing} nothing, ${count.permanent} refused\n`,
    );
    // A fuzzer that never gets past the first check proves nothing.
    expect(count.facts).toBeGreaterThan(RUNS / 50);
    expect(count.permanent).toBeGreaterThan(RUNS / 50);
  }, 300_000);
});
