import { describe, expect, it } from '@jest/globals';
import { decideSale } from '../../lib/loyalty/accrue.ts';
import { announce } from '../../lib/loyalty/announce.ts';
import { Campaign, type CampaignInput } from '../../lib/loyalty/campaign.ts';
import { isHeldOut } from '../../lib/loyalty/campaigning.ts';
import { newAccount } from '../../lib/loyalty/entry.ts';
import type { ProgramEvent } from '../../lib/loyalty/events.ts';
import type { Person } from '../../lib/loyalty/segmenting.ts';
import { openCampaignMessages } from '../../lib/runtime/campaign-messages.ts';
import { advanceCampaign, openCampaigns } from '../../lib/runtime/campaigns.ts';
import { openReports } from '../../lib/runtime/reports.ts';
import { openSegments } from '../../lib/runtime/segments.ts';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import { Died, MemoryClient } from './memory-client.ts';
import { ledgerOn, program, sale, TestClock } from './world.ts';

const campaign = (more: Partial<CampaignInput> = {}): Campaign =>
  Campaign.parse({
    id: 'news',
    name: 'News',
    startsAt: '2026-03-12T08:00:00Z',
    endsAt: '2026-03-14T20:00:00Z',
    effect: { kind: 'message', texts: { en: 'Come and see.' } },
    ...more,
  });

const IDS = Array.from({ length: 12 }, (_, at) => `m${String(at).padStart(2, '0')}`);
const person: Person = { tags: [], consents: {} };

/** Twelve members, of whom each has bought once: the first for a hundred euros, all others for ten. */
async function town(one: Campaign = campaign(), ids: readonly string[] = IDS, page = 5) {
  const memory = new MemoryClient();
  const clock = new TestClock('2026-03-10T12:00:00Z');
  const books = ledgerOn(memory.asClient(), clock);
  for (const [at, id] of ids.entries()) await books.sale(id, sale(`o-${id}`, at === 0 ? 10_000 : 1_000));
  const options = { client: memory.asClient(), table: 'program', program: program(), now: clock.now };
  await openCampaigns(options).create(one);
  await openCampaigns(options).schedule(one.id);
  const reports = (client = memory.asClient()) =>
    openReports({ client, table: 'reports', program: program(), journal: (id) => books.entries(id) });
  for (const id of ids) await reports().count(await books.entries(id));

  const queue: SweepMessage[] = [];
  const told: ProgramEvent[] = [];
  const erased = new Set<string>();
  /** A worker's process: whatever it opens, it opens on its own client. */
  const process = (client = memory.restarted()) => {
    const ledger = ledgerOn(client.asClient(), clock);
    const campaigns = openCampaigns({ ...options, client: client.asClient() });
    const messages = openCampaignMessages({
      campaign: campaigns.get,
      segments: openSegments({
        reports: reports(client.asClient()),
        people: async () => new Map(),
        program: program(),
        page: 3,
      }),
      keeper: ledger,
      personOf: async (id) => (erased.has(id) ? undefined : person),
      summaryOf: (id) => reports(client.asClient()).summary(id),
      send: async (found) => void queue.push(...found),
      now: clock.now,
      today: () => '2026-03-12',
      hasTime: () => true,
      page,
    });
    const tell = async (event: ProgramEvent) => void told.push(event);
    return async (message: SweepMessage) => {
      if (message.kind === 'campaign') return advanceCampaign(campaigns, message.id, tell, (id) => messages.begin(id));
      if (message.kind === 'messages') return messages.begin(message.id, message.after);
      if (message.kind === 'message') return messages.write(message.id, message.memberId);
    };
  };
  const wake = () => queue.push({ kind: 'campaign', id: one.id, to: 'live' });
  /** Each message as often as that. */
  const work = async (times = 1) => {
    for (let message = queue.shift(); message; message = queue.shift())
      for (let time = 0; time < times; time += 1) await process()(message);
  };
  /** Who was written to, by the entries and what the world hears of them; and who was held out. */
  const written = async () => {
    const all = (await Promise.all(ids.map((id) => books.entries(id)))).flat();
    const noted = all.flatMap((entry) =>
      entry.detail.kind === 'messaged' ? [{ entry, ...entry.detail.campaigns[0] }] : [],
    );
    const events = all.flatMap(announce).filter(({ type }) => type === 'campaign.message');
    return {
      sent: events.map(({ memberId }) => memberId).sort(),
      held: noted.filter(({ held }) => held).map(({ entry }) => entry.memberId),
      noted: noted.length,
    };
  };
  return { memory, clock, books, options, queue, told, erased, process, wake, work, written };
}

describe('a campaign that has something to say', () => {
  it.each([1, 2])(
    'says it to each member once, page by page, also where each message comes %i times',
    async (times) => {
      const shop = await town();
      shop.clock.to('2026-03-12T08:00:00Z');
      shop.wake();
      shop.wake();
      await shop.work(times);
      expect(await shop.written()).toEqual({ sent: IDS, held: [], noted: IDS.length });
      expect(shop.told.map(({ type }) => type)).toEqual(['campaign.started']);
    },
  );

  it('to those whom it means, also by what only reports add up', async () => {
    const shop = await town(campaign({ segment: { is: 'spent', atLeast: '50.00' } }));
    shop.clock.to('2026-03-12T08:00:00Z');
    shop.wake();
    await shop.work();
    expect((await shop.written()).sent).toEqual(['m00']);
  });

  it('not to the hold-out share, of whom it is noted', async () => {
    const one = campaign({ holdOutBp: 5_000 });
    const shop = await town(one);
    shop.clock.to('2026-03-12T08:00:00Z');
    shop.wake();
    await shop.work();
    const held = IDS.filter((id) => isHeldOut(one, id));
    expect(held.length).toBeGreaterThan(0);
    expect(await shop.written()).toEqual({
      sent: IDS.filter((id) => !held.includes(id)),
      held,
      noted: IDS.length,
    });
    // What both do afterwards can be told apart.
    const situation = { program: program(), now: shop.clock.at, campaigns: [one] };
    const noted = await Promise.all(
      IDS.map(async (id) => {
        const account = await shop.books.account(id);
        const fact = sale(`later-${id}`, 500, { occurredAt: '2026-03-12T12:00:00Z' });
        const { detail } = decideSale(account ?? newAccount(id, 'base'), fact, situation);
        return detail.kind === 'sale' && detail.campaigns;
      }),
    );
    expect(noted).toEqual(
      IDS.map((id) => [held.includes(id) ? { id: 'news', held: true } : { id: 'news', points: 0 }]),
    );
  });

  it('to nobody who is not meant any more when it is his turn, or is not there any more', async () => {
    const shop = await town(campaign({ segment: { is: 'purchases', atMost: 1 } }));
    shop.clock.to('2026-03-12T08:00:00Z');
    shop.wake();
    const process = shop.process();
    while (shop.queue.length > 0 && !shop.queue.every(({ kind }) => kind === 'message')) {
      const [message] = shop.queue.splice(
        shop.queue.findIndex(({ kind }) => kind !== 'message'),
        1,
      );
      if (message) await process(message);
    }
    await shop.books.sale('m03', sale('again', 1_000));
    shop.erased.add('m04');
    await shop.work();
    expect((await shop.written()).sent).toEqual(IDS.filter((id) => id !== 'm03' && id !== 'm04'));
  });

  it.each([
    ['cancelled', async (shop: Awaited<ReturnType<typeof town>>) => openCampaigns(shop.options).cancel('news')],
    ['ended', async (shop: Awaited<ReturnType<typeof town>>) => openCampaigns(shop.options).end('news')],
    ['over', async (shop: Awaited<ReturnType<typeof town>>) => shop.clock.to('2026-03-14T20:00:00Z')],
  ])('no more once it is %s', async (_, stop) => {
    const shop = await town();
    shop.clock.to('2026-03-12T08:00:00Z');
    shop.wake();
    let turns = 0;
    const { process } = shop;
    for (let message = shop.queue.shift(); message; message = shop.queue.shift()) {
      await process()(message);
      turns += message.kind === 'message' ? 1 : 0;
      if (turns === 2) await stop(shop);
    }
    expect((await shop.written()).noted).toBe(2);
  });

  it.each(['fail', 'lost', 'die'] as const)('once, whatever breaks at whichever call: %s', async (mishap) => {
    const few = IDS.slice(0, 2);
    for (let at = 1; ; at += 1) {
      const shop = await town(campaign(), few, 1);
      shop.clock.to('2026-03-12T08:00:00Z');
      shop.wake();
      let calls = 0;
      let broke = false;
      while (shop.queue[0]) {
        const client = shop.memory.restarted();
        const before = calls;
        client.mishap = (call) => (!broke && before + call === at ? mishap : undefined);
        try {
          await shop.process(client)(shop.queue[0]);
          shop.queue.shift();
        } catch (error) {
          if (!(error instanceof Died) && !(error instanceof Error)) throw error;
          // What the queue has not heard the end of comes again.
          broke = true;
        }
        calls += client.calls;
      }
      expect({ at, ...(await shop.written()) }).toEqual({ at, sent: few, held: [], noted: few.length });
      if (!broke) break;
    }
  });
});
