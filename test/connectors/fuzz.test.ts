import { inspect, isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
const NASTY: readonly unknown[] = [
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
];
/**
 * The same values are dealt out again and again, in ever new places: to think up new ones for each body, and to shrink
 * them, would take several times as long as reading the bodies does. As text: what is put into one body is not in another.
 */
const DEALT = fc
  .sample(fc.oneof(fc.constantFrom(...NASTY), fc.jsonValue({ maxDepth: 3 }), fc.string()), {
    numRuns: 3_000,
    seed: SEED,
  })
  .map((each) => JSON.stringify(each));
const TEXTS = fc.sample(fc.oneof(fc.json(), fc.string()), { numRuns: 1_000, seed: SEED });

/** Whole numbers below a limit, the same ones for the same seed. */
type Dice = (below: number) => number;
function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    // Marsaglia's xorshift, which has to begin with something else than nought.
    state = state || 1;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
const one = <T>(of: readonly T[], dice: Dice): T => of[dice(of.length)] as T;

/** Every place in a value, as the object that holds it and the key. */
function places(node: unknown, found: [object, string][] = []): [object, string][] {
  if (typeof node !== 'object' || node === null) return found;
  for (const key of Object.keys(node)) {
    found.push([node, key]);
    places((node as Record<string, unknown>)[key], found);
  }
  return found;
}

const WAYS = ['drop', 'replace', 'replace', 'add', 'repeat'] as const;

/** From one to four changes, each anywhere. */
function mutate(body: unknown, dice: Dice): unknown {
  const root = { body };
  for (let left = 1 + dice(4); left > 0; left -= 1) {
    const [holder, key] = one(places(root), dice) as [Record<string, unknown>, string];
    const how = one(WAYS, dice);
    const value: unknown = JSON.parse(one(DEALT, dice));
    if (how === 'drop') delete holder[key];
    else if (how === 'replace') holder[key] = value;
    else if (how === 'add' && Array.isArray(holder)) holder.push(value);
    else if (how === 'add')
      // Not by assignment: `__proto__` has to be a name like any other.
      Object.defineProperty(holder, text(value).slice(0, 30), {
        value,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else if (Array.isArray(holder)) {
      // Most often a few. A long list takes its time, and is long but once.
      const times = dice(10) === 0 && holder.length < 10 ? dice(250) : dice(4);
      const again = JSON.stringify(holder[Number(key)]) ?? 'null';
      for (let n = 0; n < times; n += 1) holder.push(JSON.parse(again));
    }
    if (!('body' in root)) return undefined;
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

/** What comes instead of a delivery's body. */
function instead(body: string, all: readonly Delivery[], dice: Dice): Buffer {
  const kind = dice(19);
  if (kind < 12) return Buffer.from(written(body, mutate(readable(body), dice)));
  if (kind < 14) {
    const broken = Buffer.from(body);
    const at = dice(broken.length);
    broken[at] = dice(256);
    return dice(3) === 0 ? broken.subarray(0, at) : broken;
  }
  // One vendor's body under another one's name: of the same source, with the header of another delivery.
  if (kind < 16) return Buffer.from(one(all, dice).body);
  if (kind < 18) return Buffer.from(one(dice(2) === 0 ? TEXTS : DEALT, dice));
  return Buffer.from(Array.from({ length: dice(201) }, () => dice(256)));
}

/**
 * A vendor that is asked the same says the same: once is enough to ask. Answers are as much of a `Response` as anybody
 * reads, since each real one comes with a stream that takes longer than all that is done with what it says.
 */
function remembered(vendor: typeof fetch): typeof fetch {
  const known = new Map<string, Pick<Response, 'status' | 'ok' | 'headers'> & { said: string }>();
  return async (input, init) => {
    const asked = `${init?.method} ${input} ${init?.body}`;
    let answer = known.get(asked);
    if (!answer) {
      const response = await vendor(input, init);
      const { status, ok, headers } = response;
      answer = { status, ok, headers, said: await response.text() };
      known.set(asked, answer);
    }
    const { said, ...rest } = answer;
    return { ...rest, body: null, text: async () => said, json: async () => JSON.parse(said) } as unknown as Response;
  };
}

// Half of all bodies end in an error that is expected: where each came from nobody asks.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe.each(sources)('%s', (id) => {
  it(`makes facts of ${RUNS} bodies, or says why not`, async () => {
    const connector = (await connectors[id]()).default as unknown as Connector & {
      roles: { source: { translate(request: Verified, context: unknown): readonly Fact[] } };
    };
    const fixture = fixtures[id] as unknown as Fixture & { source: SourceSample };
    const { now, vendor, deliveries } = fixture.source;
    const context = contextOf(connector, fixture, { now, ...(vendor && { fetch: remembered(vendor) }) });
    const requests = deliveries.map(({ body, headers }) => ({
      body,
      request: fixture.source.send(body, { ...(headers && { headers }) }),
    }));
    const dice = diceOf(SEED);
    const count = { facts: 0, nothing: 0, permanent: 0 };
    const before = process.cpuUsage();

    for (let run = 0; run < RUNS; run += 1) {
      const { body: genuine, request } = one(requests, dice);
      const body = instead(genuine, deliveries, dice);
      try {
        const told = await connector.roles.source.translate({ ...request, body } as unknown as Verified, context);
        for (const fact of told) {
          const read = Fact.safeParse(JSON.parse(JSON.stringify(fact)));
          if (!isDeepStrictEqual(read.data, fact)) throw new Error(`no fact: ${inspect(fact)}: ${read.error}`);
        }
        count[told.length > 0 ? 'facts' : 'nothing'] += 1;
      } catch (error) {
        if (!(error instanceof Permanent))
          throw new Error(`body ${run} of seed ${SEED}, like ${genuine.slice(0, 60)} …: ${body}`, { cause: error });
        count.permanent += 1;
      }
    }
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(
      `fuzz ${id}: seed ${SEED}, ${RUNS} bodies in ${((user + system) / 1e6).toFixed(1)} s of the processor: ${count.facts} told facts, ${count.nothing} nothing, ${count.permanent} refused\n`,
    );
    // A fuzzer that never gets past the first check proves nothing.
    expect(count.facts).toBeGreaterThan(RUNS / 50);
    expect(count.permanent).toBeGreaterThan(RUNS / 50);
  }, 300_000);
});
