import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Campaign, type CampaignInput } from '../../lib/loyalty/campaign.ts';
import { rehearse } from '../../lib/loyalty/dry-run.ts';
import type { ProgramEvent } from '../../lib/loyalty/events.ts';
import { openBudgets } from '../../lib/runtime/budgets.ts';
import { advanceCampaign, type CampaignMessage, openCampaigns, openLaunching } from '../../lib/runtime/campaigns.ts';
import { openCurrentCampaigns } from '../../lib/runtime/current-campaigns.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import type { OneTime } from '../../lib/runtime/one-time.ts';
import { readStory } from '../../lib/runtime/stories.ts';
import { openCampaignsAround, openSurroundings } from '../../lib/runtime/surroundings.ts';
import { type RunningDynamoDb, startDynamoDb, type Tables } from '../dynamodb.ts';
import { Died, MemoryClient } from './memory-client.ts';
import { ledgerOn, program, sale, TestClock } from './world.ts';

const campaign = (more: Partial<CampaignInput> = {}): Campaign =>
  Campaign.parse({
    id: 'double',
    name: 'Double days',
    startsAt: '2026-03-10T08:00:00Z',
    endsAt: '2026-03-12T20:00:00Z',
    effect: { kind: 'multiplier', bp: 20_000 },
    ...more,
  });

/** A shop's campaigns, with schedules that are a map and a queue that is a list. */
function office(client = new MemoryClient(), clock = new TestClock('2026-03-01T12:00:00Z')) {
  const schedules = new Map<string, { at: string; message: object }>();
  const queue: CampaignMessage[] = [];
  const told: ProgramEvent[] = [];
  const oneTime = {
    create: async (name: string, at: string, message: object) => {
      if (!schedules.has(name)) schedules.set(name, { at, message });
    },
    remove: async (name: string) => {
      schedules.delete(name);
    },
  } satisfies OneTime;
  const options = { client: client.asClient(), table: 'program', program: program(), now: clock.now };
  const campaigns = openLaunching({
    ...options,
    schedules: oneTime,
    send: async (message) => {
      queue.push(message);
    },
  });
  return {
    clock,
    oneTime,
    schedules,
    queue,
    told,
    campaigns,
    current: openCurrentCampaigns({ client: client.asClient(), table: 'program', now: () => clock.now().getTime() }),
    worker: (id: string) =>
      advanceCampaign(openCampaigns(options), id, async (event) => {
        told.push(event);
      }),
  };
}

const state = async ({ campaigns }: ReturnType<typeof office>) => (await campaigns.get('double'))?.state;

describe('the life of a campaign', () => {
  it('draft, scheduled, live, ended; told once each', async () => {
    const shop = office();
    await shop.campaigns.create(campaign({ briefing: 'Say it at the till.' }));
    const seen = [await state(shop)];
    expect(await shop.current()).toEqual([]);
    await shop.campaigns.schedule('double');
    seen.push(await state(shop));
    expect([...shop.schedules].map(([name, { at }]) => [name, at])).toEqual([
      ['campaign-double-start', '2026-03-10T08:00:00.000Z'],
      ['campaign-double-end', '2026-03-12T20:00:00.000Z'],
    ]);
    shop.clock.to('2026-03-10T08:00:20Z');
    for (const _ of [1, 2]) await shop.worker('double');
    seen.push(await state(shop));
    shop.clock.to('2026-03-12T20:00:20Z');
    for (const _ of [1, 2]) await shop.worker('double');
    seen.push(await state(shop));
    expect(seen).toEqual(['draft', 'scheduled', 'live', 'ended']);
    expect(shop.told.map(({ id, occurredAt }) => [id, occurredAt])).toEqual([
      ['campaign.double.campaign.started', '2026-03-10T08:00:00Z'],
      ['campaign.double.campaign.ended', '2026-03-12T20:00:00Z'],
    ]);
    // A sale of then may be told a month later, and not for ever.
    expect(await shop.current()).toHaveLength(1);
    shop.clock.to('2026-05-01T12:00:00Z');
    await shop.campaigns.create(
      campaign({ id: 'next', startsAt: '2026-06-01T00:00:00Z', endsAt: '2026-06-02T00:00:00Z' }),
    );
    await shop.campaigns.schedule('next');
    shop.clock.to('2026-05-01T12:00:10Z');
    expect((await shop.current()).map(({ id }) => id)).toEqual(['next']);
  });

  it('a message that comes early, or for a draft, changes nothing', async () => {
    const shop = office();
    await shop.campaigns.create(campaign());
    await shop.worker('double');
    await shop.campaigns.schedule('double');
    await shop.worker('double');
    await shop.worker('nobody');
    expect([await state(shop), shop.told]).toEqual(['scheduled', []]);
  });

  it('one that no message has begun is told of both when the last one comes', async () => {
    const shop = office();
    await shop.campaigns.create(campaign());
    await shop.campaigns.schedule('double');
    shop.clock.to('2026-03-13T00:00:00Z');
    await shop.worker('double');
    expect(shop.told.map(({ type }) => type)).toEqual(['campaign.started', 'campaign.ended']);
  });

  it.each([
    ['cancelled before it begins: nobody hears of it', '2026-03-05T00:00:00Z', 'cancel', 'cancelled', 0, 0],
    ['cancelled while it is on: from then on it gives nothing', '2026-03-11T00:00:00Z', 'cancel', 'cancelled', 1, 2],
    ['ended while it is on', '2026-03-11T00:00:00Z', 'end', 'ended', 1, 2],
  ] as const)('%s', async (_, at, how, becomes, listed, told) => {
    const shop = office();
    await shop.campaigns.create(campaign());
    await shop.campaigns.schedule('double');
    shop.clock.to('2026-03-11T00:00:00Z' === at ? '2026-03-10T08:00:00Z' : at);
    await shop.worker('double');
    shop.clock.to(at);
    for (const kind of ['done', 'again']) expect((await shop.campaigns[how]('double')).kind).toBe(kind);
    for (const { id } of shop.queue) await shop.worker(id);
    expect([await state(shop), shop.schedules.size, shop.told.length]).toEqual([becomes, 0, told]);
    shop.clock.to('2026-03-11T00:10:00Z');
    const current = await shop.current();
    expect(current).toHaveLength(listed);
    for (const { endsAt } of current) expect(Date.parse(endsAt)).toBe(Date.parse(at));
  });

  it.each([
    ['schedule', '2026-03-11T00:00:00Z', 'starts-in-the-past'],
    ['end', '2026-03-01T00:00:00Z', 'not-started'],
  ] as const)('%s can be too late or too early', async (how, at, because) => {
    const shop = office();
    await shop.campaigns.create(campaign());
    shop.clock.to(at);
    expect(await shop.campaigns[how]('double')).toEqual({ kind: 'refused', because });
  });

  it('the same words again are the same campaign, and others are not', async () => {
    const shop = office();
    const kinds = [];
    for (const one of [campaign(), campaign(), campaign({ name: 'Other' })])
      kinds.push((await shop.campaigns.create(one)).kind);
    expect(kinds).toEqual(['done', 'again', 'conflict']);
  });

  it('two rewards of campaigns are never called the same', async () => {
    const shop = office();
    const effect = { kind: 'reward', reward: { id: 'egg', name: 'An egg', cost: 5 } } as const;
    await shop.campaigns.create(campaign({ id: 'one', effect }));
    await shop.campaigns.create(campaign({ id: 'two', effect }));
    await shop.campaigns.schedule('one');
    expect(await shop.campaigns.schedule('two')).toEqual({ kind: 'refused', because: 'reward-id-is-taken' });
  });

  it('cancelled while it is being scheduled, it leaves no schedule behind', async () => {
    const shop = office();
    await shop.campaigns.create(campaign());
    let cancelled = false;
    const create = shop.oneTime.create;
    shop.oneTime.create = async (...asked) => {
      if (!cancelled) {
        cancelled = true;
        await shop.campaigns.cancel('double');
      }
      await create(...asked);
    };
    await shop.campaigns.schedule('double');
    expect([await state(shop), [...shop.schedules.keys()]]).toEqual(['cancelled', []]);
  });

  it('that begins in a moment, it is woken a moment later', async () => {
    const shop = office();
    await shop.campaigns.create(campaign());
    shop.clock.to('2026-03-10T07:59:59.900Z');
    await shop.campaigns.schedule('double');
    expect([...shop.schedules.values()].map(({ at }) => at)).toEqual([
      '2026-03-10T08:00:29.900Z',
      '2026-03-12T20:00:00.000Z',
    ]);
  });

  it('as many as fit into the row that tills read, and no more', async () => {
    const shop = office();
    const locations = Array.from({ length: 120 }, (_, at) => `${at}${'x'.repeat(95)}`);
    const when = [{ is: 'location-in' as const, locations }];
    const becomes = [];
    for (let at = 0; at < 12; at += 1) {
      await shop.campaigns.create(campaign({ id: `c${at}`, when }));
      becomes.push((await shop.campaigns.schedule(`c${at}`)).kind);
    }
    expect([becomes.filter((kind) => kind === 'done').length, becomes.at(-1)]).toEqual([9, 'refused']);
    // To stop one is always possible.
    expect((await shop.campaigns.cancel('c0')).kind).toBe('done');
  });

  it('twenty that are scheduled at once are all there', async () => {
    const shop = office();
    const ids = Array.from({ length: 20 }, (_, at) => `c${at}`);
    for (const id of ids) await shop.campaigns.create(campaign({ id }));
    // Each of them twice, a few at a time.
    for (let from = 0; from < ids.length; from += 4)
      await Promise.all(
        ids.slice(from, from + 4).flatMap((id) => [shop.campaigns.schedule(id), shop.campaigns.schedule(id)]),
      );
    expect((await shop.current()).map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it('the first to begin stands first, whatever becomes of which', async () => {
    const shop = office();
    for (const [id, startsAt] of [
      ['late', '2026-03-11T08:00:00Z'],
      ['early', '2026-03-10T08:00:00Z'],
      ['also-late', '2026-03-11T09:00:00+01:00'],
    ] as const) {
      await shop.campaigns.create(campaign({ id, startsAt }));
      await shop.campaigns.schedule(id);
    }
    const order = async () => (await shop.current()).map(({ id }) => id);
    expect(await order()).toEqual(['early', 'also-late', 'late']);
    shop.clock.to('2026-03-10T09:00:00Z');
    await shop.worker('early');
    expect(await order()).toEqual(['early', 'also-late', 'late']);
  });
});

describe('whatever breaks off, and whoever repeats it', () => {
  it.each(['fail', 'lost', 'die'] as const)('at any call: %s', async (mishap) => {
    for (let at = 1; at <= 40; at += 1) {
      const tables = new MemoryClient();
      const clock = new TestClock('2026-03-01T12:00:00Z');
      let calls = 0;
      let client = tables.restarted();
      client.mishap = (call) => (call === at ? mishap : undefined);
      let shop = office(client, clock);
      const told: ProgramEvent[] = [];
      const schedules = new Map<string, unknown>();
      const insist = async (what: (shop: ReturnType<typeof office>) => Promise<unknown>) => {
        for (let attempt = 0; attempt < 3; attempt += 1) {
          try {
            await what(shop);
            break;
          } catch (error) {
            if (attempt === 2) throw error;
            if (!(error instanceof Died) && !(error instanceof Error)) throw error;
            calls += client.calls;
            client = tables.restarted();
            told.push(...shop.told);
            for (const [name, one] of shop.schedules) schedules.set(name, one);
            shop = office(client, clock);
          }
        }
      };
      await insist((one) => one.campaigns.create(campaign()));
      await insist((one) => one.campaigns.schedule('double'));
      clock.to('2026-03-10T08:00:00Z');
      await insist((one) => one.worker('double'));
      clock.to('2026-03-12T20:00:00Z');
      await insist((one) => one.worker('double'));
      told.push(...shop.told);
      for (const [name, one] of shop.schedules) schedules.set(name, one);
      calls += client.calls;
      expect({
        at,
        state: await state(office(tables.restarted(), clock)),
        told: [...new Set(told.map(({ id }) => id))],
      }).toEqual({
        at,
        state: 'ended',
        told: ['campaign.double.campaign.started', 'campaign.double.campaign.ended'],
      });
      expect([...schedules.keys()].sort()).toEqual(['campaign-double-end', 'campaign-double-start']);
      if (at > calls) break;
    }
  });
});

describe('at a till', () => {
  let dynamo: RunningDynamoDb;
  let tables: Tables;
  beforeAll(async () => {
    dynamo = await startDynamoDb();
  }, 60_000);
  afterAll(() => dynamo.stop());
  beforeEach(async () => {
    tables = await dynamo.createTables();
  });

  const till = (clock: TestClock) => {
    const { client } = dynamo;
    const campaignsFor = openCampaignsAround(
      openCurrentCampaigns({ client, table: tables.program, now: () => clock.now().getTime() }),
      async () => undefined,
    );
    const theProgram = program({ caps: [] });
    return openLedger({
      client,
      tables,
      program: theProgram,
      version: 'test',
      now: clock.now,
      random: Math.random,
      surroundings: openSurroundings({ program: theProgram, tagsOf: async () => [], campaignsFor }),
      campaigns: campaignsFor,
      budgets: openBudgets({ client, table: tables.program, random: Math.random }),
    });
  };
  async function scheduled(one: Campaign) {
    const clock = new TestClock('2026-03-01T12:00:00Z');
    const campaigns = openCampaigns({
      client: dynamo.client,
      table: tables.program,
      program: program(),
      now: clock.now,
    });
    await campaigns.create(one);
    await campaigns.schedule(one.id);
    clock.to('2026-03-10T12:00:00Z');
    return clock;
  }

  it('a budget is never exceeded by fifty sales at once, each told twice, and is used in full', async () => {
    const clock = await scheduled(campaign({ budgetPoints: 333 }));
    const ledger = till(clock);
    const members = Array.from({ length: 50 }, (_, at) => `m${at}`);
    await Promise.all(
      members.flatMap((member, at) => [
        ledger.sale(member, sale(`o${at}`, 300)),
        ledger.sale(member, sale(`o${at}`, 300)),
      ]),
    );
    const given = await Promise.all(
      members.map(async (member) => {
        const [entry] = await ledger.entries(member);
        return entry?.detail.kind === 'sale' ? (entry.detail.campaigns?.[0]?.points ?? 0) : 0;
      }),
    );
    const earned = await Promise.all(members.map(async (member) => (await ledger.account(member))?.lifetime ?? 0));
    const sum = (list: number[]) => list.reduce((total, one) => total + one, 0);
    expect({ given: sum(given), earned: sum(earned) }).toEqual({ given: 333, earned: 50 * 21 + 333 });
  }, 60_000);

  it('a member gets something so often, however many sales come at once', async () => {
    const clock = await scheduled(
      campaign({ effect: { kind: 'bonus', points: 100 }, perMember: { max: 2, per: 'ever' } }),
    );
    const ledger = till(clock);
    await Promise.all(Array.from({ length: 8 }, (_, at) => ledger.sale('m', sale(`o${at}`, 100))));
    expect((await ledger.account('m'))?.lifetime).toBe(8 * 7 + 200);
  }, 60_000);

  it('a reward is there while its campaign is on, and what was put aside of it is fetched after', async () => {
    const clock = await scheduled(
      campaign({ effect: { kind: 'reward', reward: { id: 'egg', name: 'An egg', cost: 10 } } }),
    );
    const ledger = till(clock);
    await ledger.sale('m', sale('o1', 1_000));
    const ask = (redemptionId: string) => ledger.authorize('m', { redemptionId, rewardId: 'egg', capture: false });
    expect((await ask('r1')).kind).toBe('posted');
    clock.to('2026-03-12T19:59:00Z');
    expect((await ask('r2')).kind).toBe('posted');
    clock.to('2026-03-12T20:00:00Z');
    expect(await ask('r3')).toMatchObject({ kind: 'refused', because: 'unknown-reward' });
    expect((await ledger.capture('m', { redemptionId: 'r2' })).kind).toBe('posted');
  }, 60_000);
});

describe('a dry run', () => {
  it('says what it would have given, from the member’s own story, and books nothing', async () => {
    const clock = new TestClock('2026-03-10T12:00:00Z');
    const client = new MemoryClient();
    const ledger = ledgerOn(client.asClient(), clock);
    await ledger.sale('m', sale('o1', 1_000));
    await ledger.sale('m', sale('o2', 300, { lines: [] }));
    const story = await readStory(ledger, 'm');
    const before = JSON.stringify(await ledger.entries('m'));
    const question = { program: program(), since: '2026-03-01T00:00:00Z', until: '2026-03-20T00:00:00Z' };
    const ask = (more: Partial<CampaignInput>) =>
      story &&
      rehearse(
        campaign({ startsAt: '2027-01-01T00:00:00Z', endsAt: '2027-01-02T00:00:00Z', ...more }),
        story,
        question,
      );
    expect(ask({})).toEqual({ memberId: 'm', points: 91, meant: true, held: false });
    expect(ask({ effect: { kind: 'bonus', points: 40 }, perMember: { max: 1, per: 'ever' } })?.points).toBe(40);
    expect(ask({ segment: { is: 'tier-in', tiers: ['gold'] } })?.points).toBe(0);
    // Of what gives no points: whom it means.
    const effect = { kind: 'message', texts: { en: 'Hello.' } } as const;
    const asked = { ...question, person: { tags: [], consents: {} } };
    const meant = (segment: CampaignInput['segment']) =>
      story && rehearse(campaign({ effect, segment }), story, asked).meant;
    expect([{ atLeast: '13.00' }, { atLeast: '13.01' }].map((bounds) => meant({ is: 'spent', ...bounds }))).toEqual([
      true,
      false,
    ]);
    expect(JSON.stringify(await ledger.entries('m'))).toBe(before);
  });
});
