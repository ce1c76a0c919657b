import { describe, expect, it } from '@jest/globals';
import { type Delivery, openDeliveries } from '../../lib/runtime/deliveries.ts';
import { openDeliveryCounts } from '../../lib/runtime/delivery-counts.ts';
import { Died, MemoryClient } from '../ledger/memory-client.ts';
import { chanceOf } from '../simulation/random.ts';

const table = 'program';
const all = { from: '2000-01-01', to: '2100-01-01' };

function office(connector = 'twilio-sms', memory = new MemoryClient()) {
  const clock = { at: new Date('2026-03-10T12:00:00Z') };
  const open = (on: MemoryClient) =>
    openDeliveries({ client: on.asClient(), table, connector, timeZone: 'Europe/Berlin', now: () => clock.at });
  const counts = async (days: { from: string; to: string } = all) => {
    const lines = await openDeliveryCounts({ client: memory.asClient(), table }).lines(days);
    const sums: Record<string, Record<string, number>> = {};
    for (const { day, connector: of, amounts } of lines) {
      const name = `${day} ${of}`;
      for (const [what, amount] of Object.entries(amounts))
        if (amount !== 0) sums[name] = { ...sums[name], [what]: (sums[name]?.[what] ?? 0) + amount };
    }
    return sums;
  };
  return { clock, memory, open, counts, deliveries: open(memory) };
}

async function claim(deliveries: ReturnType<typeof openDeliveries>, eventId: string, from?: Delivery) {
  const claim = await deliveries.claim(eventId, 'sink', 'm1', from);
  if (claim.kind === 'standing') return claim.delivery;
  return undefined;
}

describe('what became of deliveries', () => {
  it('is counted by connector, on the merchant’s day on which it came of them', async () => {
    const { clock, deliveries, counts, memory } = office();
    await claim(deliveries, 'e1');
    await deliveries.settle('e1', 'sink', 'retry', { reason: 'busy' });
    // Past midnight in Berlin.
    clock.at = new Date('2026-03-10T23:00:00Z');
    await deliveries.claim('e1', 'sink', 'm1', await claim(deliveries, 'e1'));
    await deliveries.settle('e1', 'sink', 'sent', { vendorId: 'v1' });
    const webhook = office('webhook', memory);
    await claim(webhook.deliveries, 'e2');
    await webhook.deliveries.settle('e2', 'sink', 'failed', { reason: 'refused' });
    expect(await counts()).toEqual({
      '2026-03-10 twilio-sms': { failed: 1 },
      '2026-03-10 webhook': { failed: 1, parked: 1 },
      '2026-03-11 twilio-sms': { delivered: 1 },
    });
    expect(await counts({ from: '2026-03-11', to: '2026-03-11' })).toEqual({
      '2026-03-11 twilio-sms': { delivered: 1 },
    });
  });

  it('is what was said first, when two have worked on the same', async () => {
    const { deliveries, counts } = office();
    await claim(deliveries, 'e1');
    await deliveries.settle('e1', 'sink', 'sent', { vendorId: 'v1' });
    await deliveries.settle('e1', 'sink', 'sent', { vendorId: 'v1' });
    await deliveries.settle('e1', 'sink', 'retry', { reason: 'too late' });
    expect(await claim(deliveries, 'e1')).toMatchObject({ status: 'sent' });
    expect(await counts()).toEqual({ '2026-03-10 twilio-sms': { delivered: 1 } });
  });

  it.each([1, 2, 3])('is counted once through conflicts, lost answers and deaths (seed %i)', async (seed) => {
    const { memory, open, counts } = office();
    const chance = chanceOf(seed);
    const mishap = () => {
      const dice = chance();
      return dice < 0.1 ? 'conflict' : dice < 0.2 ? 'lost' : dice < 0.3 ? 'fail' : dice < 0.4 ? 'die' : undefined;
    };
    const ids = Array.from({ length: 30 }, (_, at) => `e${at}`);
    await Promise.all(
      ids.map(async (id) => {
        await claim(open(memory), id);
        for (;;) {
          const client = memory.restarted();
          client.mishap = mishap;
          try {
            return await open(client).settle(id, 'sink', 'sent');
          } catch (error) {
            if (!(error instanceof Died) && !/TimeoutError|Throttl|Internal/.test((error as Error).name)) throw error;
          }
        }
      }),
    );
    expect(await counts()).toEqual({ '2026-03-10 twilio-sms': { delivered: 30 } });
  });
});
