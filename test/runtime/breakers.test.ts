import { beforeEach, describe, expect, it } from '@jest/globals';
import { openBreaker, readBreaker } from '../../lib/runtime/breakers.ts';
import { MemoryClient } from '../ledger/memory-client.ts';

const PROBE_MS = 30_000;
const MINUTE = 60_000;

let client: MemoryClient;
let now: number;
beforeEach(() => {
  client = new MemoryClient();
  now = Date.parse('2026-03-01T10:00:00Z');
});

const at = () => ({ client: client.asClient(), table: 'program' });
/** Each is a worker of its own. */
const worker = () => openBreaker({ ...at(), connector: 'bell', probeMs: PROBE_MS, now: () => now });
const state = () => readBreaker(at(), 'bell');

/** Fails as often as it takes. */
async function down(): Promise<void> {
  for (let times = 0; times < 5; times += 1) await worker().failed('Bell answered 503');
}

describe('a vendor', () => {
  it('that is well costs a look now and then, and nothing is written', async () => {
    const one = worker();
    for (let times = 0; times < 100; times += 1) {
      expect(await one.waitSeconds()).toBe(0);
      await one.answered();
      now += 10;
    }
    expect(client.calls).toBe(1);
    expect(await state()).toBeUndefined();
  });

  it('is tried until it has failed five times in a row, whoever it failed', async () => {
    const downs: boolean[] = [];
    for (let times = 0; times < 5; times += 1) downs.push(await worker().failed('Bell answered 503'));
    expect(downs).toEqual([false, false, false, false, true]);
    expect(await worker().waitSeconds()).toBe(30);
    expect(await state()).toMatchObject({ failures: 5, reason: 'Bell answered 503', openedAt: now, probes: 0 });
  });

  it('that answers in between, or has not failed for long, begins anew', async () => {
    for (let times = 0; times < 4; times += 1) await worker().failed('Bell answered 503');
    await worker().answered();
    expect(await state()).toBeUndefined();
    for (let times = 0; times < 4; times += 1) await worker().failed('Bell answered 503');
    now += 6 * MINUTE;
    expect(await worker().failed('Bell answered 503')).toBe(false);
    expect(await state()).toMatchObject({ failures: 1 });
  });

  it('is left alone for as long as it asks for, up to an hour', async () => {
    for (let times = 0; times < 4; times += 1) await worker().failed('Bell answered 429');
    await worker().failed('Bell answered 429', 600);
    expect(await worker().waitSeconds()).toBe(600);
    now += 600_000;
    expect(await worker().waitSeconds()).toBe(0);
    await worker().failed('Bell answered 429', 86_400);
    expect(await worker().waitSeconds()).toBe(3_600);
  });
});

describe('a vendor that is down', () => {
  it('is tried by one after a rest, and the others wait for that one', async () => {
    await down();
    now += 30_000;
    const waits = await Promise.all(Array.from({ length: 10 }, () => worker().waitSeconds()));
    expect(waits.toSorted((a, b) => a - b)).toEqual([0, ...Array(9).fill(PROBE_MS / 1_000)]);
  });

  it('rests twice as long after each probe that fails, five minutes at most', async () => {
    await down();
    const rests: number[] = [];
    for (let probe = 0; probe < 6; probe += 1) {
      const seconds = await worker().waitSeconds();
      rests.push(seconds);
      now += seconds * 1_000;
      expect(await worker().waitSeconds()).toBe(0);
      expect(await worker().failed('Bell answered 503')).toBe(true);
    }
    expect(rests).toEqual([30, 60, 120, 240, 300, 300]);
    expect(await state()).toMatchObject({ openedAt: Date.parse('2026-03-01T10:00:00Z') });
  });

  it('is probed by another when whoever was at it has died of it', async () => {
    await down();
    now += 30_000;
    expect(await worker().waitSeconds()).toBe(0);
    now += PROBE_MS;
    expect(await worker().waitSeconds()).toBe(0);
  });

  it('is probed by another at once when whoever was to do it has asked nothing', async () => {
    await down();
    now += 30_000;
    const [one, me, somebodyElse] = [worker(), {}, {}];
    expect(await one.waitSeconds(me)).toBe(0);
    await one.leave(somebodyElse);
    expect(await worker().waitSeconds()).toBe(PROBE_MS / 1_000);
    await one.leave(me);
    expect(await worker().waitSeconds()).toBe(0);
    // Theirs is not ours to give back.
    await one.leave(me);
    expect(await worker().waitSeconds()).toBe(PROBE_MS / 1_000);
  });

  it('is open to all as soon as one has got an answer', async () => {
    await down();
    const others = [worker(), worker()];
    for (const one of others) expect(await one.waitSeconds()).toBe(30);
    now += 30_000;
    const prober = worker();
    expect(await prober.waitSeconds()).toBe(0);
    await prober.answered();
    expect(await state()).toBeUndefined();
    for (const one of others) expect(await one.waitSeconds()).toBe(0);
  });

  it('does not rest longer for those who were on their way when it was found to be down', async () => {
    await Promise.all(Array.from({ length: 20 }, () => worker().failed('Bell answered 503')));
    expect(await state()).toMatchObject({ failures: 20, probes: 0 });
    expect(await worker().waitSeconds()).toBe(30);
  });
});
