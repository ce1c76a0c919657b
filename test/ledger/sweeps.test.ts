import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import { addDays, dayIn } from '../../lib/loyalty/calendar.ts';
import { Campaign } from '../../lib/loyalty/campaign.ts';
import { entryIdOf } from '../../lib/loyalty/entry.ts';
import { mayEarn } from '../../lib/loyalty/own-activities.ts';
import type { Program, ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { advanceCampaign, openCampaigns } from '../../lib/runtime/campaigns.ts';
import { openDuties } from '../../lib/runtime/duties.ts';
import { shardOf } from '../../lib/runtime/items.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openOccasions } from '../../lib/runtime/occasions.ts';
import { openSweepWork } from '../../lib/runtime/sweep-work.ts';
import { openSweeps, type SweepMessage } from '../../lib/runtime/sweeps.ts';
import { type Chance, chanceOf } from '../simulation/random.ts';
import { Died, MemoryClient } from './memory-client.ts';
import { program, programInput, sale, TestClock, tables } from './world.ts';

/** A night's sweeps with something broken at each call of the coordinator and of the workers, doubled, late, in any order. */

const counts = { crashPoints: 0, calls: 0 };
afterAll(() => {
  process.stdout.write(`\nsweeps: ${counts.crashPoints} crash points, ${counts.calls} calls\n`);
});

const gift = (activity: 'birthday' | 'anniversary' | 'monthly' | 'yearly', points: number) => ({
  id: activity,
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: [activity] }],
  multiplied: false,
  earn: { kind: 'flat' as const, points },
});
const changes = {
  rules: [
    ...programInput.rules,
    gift('birthday', 100),
    gift('anniversary', 50),
    gift('monthly', 3),
    gift('yearly', 20),
    {
      id: 'slow',
      on: 'sale',
      when: [{ is: 'location-in', locations: ['fair'] }],
      earn: { kind: 'flat', points: 9 },
      pending: { kind: 'days', days: 30 },
    },
  ],
  expiry: { kind: 'months', months: 2, until: 'day' },
  expiryReminders: [1],
  inactivity: { daysAfter: [30, 60, 90] },
  statements: true,
  // What the old year made of a tier ends with it.
  qualify: { keep: 0 },
  redemption: { pointsPerMinor: 1, holdMinutes: 30 },
} satisfies Partial<ProgramInput>;
const rules = program(changes);
const names = { ...tables, members: 'test-members', program: 'test-program' };

const DUTIES = [
  'points',
  'reviews',
  'absences',
  'birthdays',
  'anniversaries',
  'monthly',
  'yearly',
  'statements',
] as const;
type Work = (typeof DUTIES)[number] | 'campaigns';

/** `half`: the queue takes some of a batch and refuses the rest. */
type Mishap = 'fail' | 'lost' | 'die' | 'conflict' | 'half';

interface Queued {
  readonly id: string;
  readonly message: SweepMessage;
  attempts: number;
}

/** Tables, a queue and a bus that outlive the processes which use them. */
class Shop {
  readonly memory: MemoryClient;
  readonly clock = new TestClock();
  queue: Queued[] = [];
  readonly parked: Queued[] = [];
  readonly told: string[] = [];
  private sent = 0;

  private readonly rules: Program;

  constructor(memory = new MemoryClient(), timeZone = rules.timeZone) {
    this.memory = memory;
    this.rules = { ...rules, timeZone };
  }

  copy(): Shop {
    const copy = new Shop(new MemoryClient(structuredClone(this.memory.tables)));
    copy.clock.to(this.clock.at.toISOString());
    return copy;
  }

  put(message: SweepMessage): void {
    this.sent += 1;
    this.queue.push({ id: `message-${this.sent}`, message, attempts: 0 });
  }

  /** One process: whatever calls through it is counted, and one of its calls goes wrong. */
  process(mishap?: { readonly at: number; readonly kind: Mishap }) {
    const memory = this.memory.restarted();
    const state = { calls: [] as string[], dead: false };
    const call = async <Answer>(
      name: string,
      answer: (refused: boolean) => Answer | Promise<Answer>,
    ): Promise<Answer> => {
      await Promise.resolve();
      if (state.dead) throw new Died();
      state.calls.push(name);
      counts.calls += 1;
      const kind = state.calls.length === mishap?.at ? mishap.kind : undefined;
      if (kind === 'fail') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      memory.mishap = () => (kind === 'conflict' ? 'conflict' : undefined);
      const answered = await answer(kind === 'half');
      if (kind === 'lost') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      if (kind === 'die') state.dead = true;
      if (kind === 'die') throw new Died();
      return answered;
    };
    const client = {
      send: (command: object) => call(command.constructor.name, () => memory.send(command)),
    } as never;
    const sqs = {
      send: (command: SendMessageBatchCommand) =>
        call('SendMessageBatchCommand', (half) => {
          const entries = command.input.Entries ?? [];
          for (const { MessageBody = '' } of half ? entries.slice(1) : entries) this.put(JSON.parse(MessageBody));
          return half ? { Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] } : {};
        }),
    } as never;
    const { clock, rules } = this;
    const ledger = openLedger({ client, tables, program: rules, version: 'test', now: clock.now, random: () => 0 });
    const campaigns = openCampaigns({ client, table: names.program, program: rules, now: clock.now });
    const work = openSweepWork({
      program: rules,
      sweeps: () =>
        openSweeps({
          client,
          tables: names,
          queue: { client: sqs, url: 'sweeps' },
          page: 1,
          makes: (round) => (round === 'statements' ? rules.statements : mayEarn(rules, round)),
          now: () => clock.at.getTime(),
        }),
      duties: () => openDuties({ till: ledger, program: rules, now: clock.now, remindsThrough: ['sms'] }),
      occasions: () => openOccasions({ till: ledger, members: this.members(client), program: rules, now: clock.now }),
      advanceCampaign: (id) =>
        advanceCampaign(campaigns, id, (event) => call('PutEventsCommand', () => void this.told.push(event.id))),
      today: () => dayIn(rules.timeZone, clock.now()),
    });
    return { state, work, ledger, campaigns };
  }

  members = (client: never) => openMembers({ client, table: names.members, timeZone: this.rules.timeZone });

  /** Works on the queue until it is empty; what failed comes back after the others, five times at most. */
  async drain(mishap?: { readonly at: number; readonly kind: Mishap }): Promise<readonly string[]> {
    let process = this.process(mishap);
    const calls: string[] = [];
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      try {
        await process.work(next.message, next.id);
      } catch (error) {
        const { name } = error as Error;
        if (!(error instanceof Died) && name !== 'TimeoutError' && !/refused 1 of/.test(String(error))) throw error;
        next.attempts += 1;
        (next.attempts < 5 ? this.queue : this.parked).push(next);
        if (process.state.dead) {
          calls.push(...process.state.calls);
          process = this.process();
        }
      }
    }
    return [...calls, ...process.state.calls];
  }

  /** Several functions at once, each message brought to two of them, in an order that is drawn. */
  async drainAtOnce(chance: Chance): Promise<void> {
    while (this.queue.length > 0) {
      const taken = Array.from({ length: 4 }, () => this.queue.splice(chance.below(this.queue.length), 1));
      await Promise.all([...taken.flat(), ...taken.flat()].map(({ message, id }) => this.process().work(message, id)));
    }
  }

  start(work: Work): void {
    if (work === 'campaigns') {
      this.put({ kind: 'campaign', id: 'begins', to: 'live' });
      this.put({ kind: 'campaign', id: 'ends', to: 'ended' });
    } else this.put({ kind: 'sweep', duty: work });
  }

  /** All that a sweep may change, whatever way it went. */
  async outcome() {
    const { ledger, campaigns } = this.process();
    const accounts: Record<string, unknown> = {};
    for (const memberId of [...(this.memory.tables.get(names.accounts)?.keys() ?? [])].sort()) {
      const row = this.memory.tables.get(names.accounts)?.get(memberId)?.get('');
      const booked = this.memory.tables.get(names.entries)?.get(memberId)?.size;
      // The newest hash is one of all that came before.
      const name = `${memberId} ${booked} ${row?.headHash?.S}`;
      const books = proved.get(name) ?? (await prove(ledger, memberId));
      proved.set(name, books);
      accounts[memberId] = { books, due: [row?.expiryDue?.S, row?.reviewDue?.S, row?.inactiveDue?.S] };
    }
    const cursors = [...(this.memory.tables.get(names.program) ?? [])]
      .filter(([pk]) => pk.startsWith('S#'))
      .map(([pk, rows]) => [
        pk,
        Object.keys(rows.get('S') ?? {})
          .sort()
          .join(),
        rows.get('S')?.day?.S,
      ])
      .sort();
    const states = await campaigns.list();
    return {
      accounts,
      cursors,
      parked: this.parked.map(({ message }) => message),
      campaigns: states.map(({ campaign: { id }, state, told }) => [id, state, told]),
      told: [...new Set(this.told)].sort(),
    };
  }
}

const proved = new Map<string, object>();

async function prove(ledger: Ledger, memberId: string): Promise<object> {
  const [entries, account] = [await ledger.entries(memberId), await ledger.account(memberId)];
  expect(checkMember(memberId, entries, account)).toBeUndefined();
  return {
    entries: entries.map(({ key, detail }) => `${key} ${JSON.stringify(detail)}`).sort(),
    balance: [account?.available, account?.pending, account?.held, account?.tier],
  };
}

const NIGHT = '2027-01-01T02:30:00Z';
let evening: Shop;
const HOLDER = 'm_8';
/** Two of them in one shard, so that a page of one goes on. */
const ids = ['m_0', 'm_8', 'm_1'];

/** On the first night of the year somebody is due for everything. */
beforeAll(async () => {
  evening = new Shop();
  const { ledger, campaigns } = evening.process();
  const day = (at: string) => evening.clock.to(`${at}T11:00:00Z`);
  for (const memberId of ids) {
    const person = { memberId, profile: { birthday: '1990-01-01' }, enrolledAt: '2026-01-01T11:00:00Z' };
    const due = `01-01#${shardOf(memberId)}`;
    const Item = marshall({ pk: `M#${memberId}`, sk: 'P', ...person, birthdayDue: due, joinedDue: due });
    await evening.memory.send(new PutItemCommand({ TableName: names.members, Item }));
  }
  const buy = (id: string, order: string, at: string, more: object = {}) => {
    day(at);
    return ledger.sale(id, sale(order, 20_000, { occurredAt: `${at}T10:00:00Z`, ...more }));
  };
  for (const id of ids) {
    // The first points lapse with the old year, the next two days later.
    if (id !== HOLDER) await buy(id, `${id}-1`, '2026-10-31');
    await buy(id, `${id}-2`, '2026-11-02');
    await buy(id, `${id}-3`, '2026-12-02', id === ids[0] ? { locationId: 'fair' } : {});
  }
  const told = async (memberId: string) => {
    const asked = (await ledger.entries(memberId)).find(({ detail }) => detail.kind === 'reminded');
    if (!asked) throw new Error('nobody was reminded');
    await ledger.reminderTold({
      type: 'reminder',
      factId: `told:${memberId}`,
      source: 'sms',
      occurredAt: evening.clock.at.toISOString(),
      identities: [],
      memberId,
      entryId: entryIdOf(asked),
      outcome: 'sent',
    });
  };
  for (const eve of ['2026-12-30', '2026-12-31']) {
    evening.clock.to(`${eve}T02:30:00Z`);
    for (const duty of DUTIES) evening.start(duty);
    await evening.drain();
    if (eve === '2026-12-30') for (const id of ids) if (id !== HOLDER) await told(id);
  }
  evening.clock.to('2026-12-31T22:00:00Z');
  await ledger.authorize(HOLDER, { redemptionId: 'never-fetched', points: 10, capture: false });
  const campaign = (id: string, startsAt: string, endsAt: string) =>
    Campaign.parse({ id, name: id, startsAt, endsAt, effect: { kind: 'multiplier', bp: 20_000 } });
  for (const one of [
    campaign('begins', '2027-01-01T01:00:00Z', '2027-01-09T01:00:00Z'),
    campaign('ends', '2026-12-31T22:30:00Z', '2027-01-01T01:00:00Z'),
  ]) {
    await campaigns.create(one);
    await campaigns.schedule(one.id);
  }
  evening.clock.to(NIGHT);
});

const night = async (work: readonly Work[], mishap?: { readonly at: number; readonly kind: Mishap }) => {
  const shop = evening.copy();
  for (const one of work) shop.start(one);
  const calls = await shop.drain(mishap);
  return { calls, shop, outcome: await shop.outcome() };
};

/** What is read changes nothing: of several reads on end, one that fails stands for all. */
function mishapsOf(name: string, before = ''): readonly Mishap[] {
  const reads = (call: string) => /^(GetItem|Query|Scan)/.test(call);
  if (reads(name)) return reads(before) ? [] : ['fail', 'die'];
  if (name.startsWith('Transact')) return ['fail', 'lost', 'die', 'conflict'];
  return name.startsWith('SendMessage') ? ['fail', 'lost', 'die', 'half'] : ['fail', 'lost', 'die'];
}

describe('the first night of the year', () => {
  it('does something for everybody, in each of its duties', async () => {
    const { shop, outcome } = await night([...DUTIES, 'campaigns']);
    const { ledger } = shop.process();
    const before = evening.process().ledger;
    for (const [index, id] of ids.entries()) {
      const entries = (await ledger.entries(id)).slice((await before.entries(id)).length);
      const kinds = entries.map(({ detail }) => (detail.kind === 'activity' ? detail.activity : detail.kind));
      const own = [['activated', 'expired', 'inactive'], ['released'], ['expired', 'inactive']][index] ?? [];
      const all = ['anniversary', 'birthday', 'monthly', 'reminded', 'statement', 'tier-reviewed', 'yearly'];
      expect(kinds.sort()).toEqual([...all, ...own].sort());
    }
    expect(outcome.cursors).toEqual(DUTIES.map((duty) => [`S#${duty}`, 'day,pk,sk', '2027-01-01']).sort());
    expect(outcome).toMatchObject({
      campaigns: [
        ['begins', 'live', ['started']],
        ['ends', 'ended', ['started', 'ended']],
      ],
      told: ['campaign.begins.campaign.started', 'campaign.ends.campaign.ended', 'campaign.ends.campaign.started'],
      parked: [],
    });
  });

  it.each([...DUTIES, 'campaigns'] as const)(
    '%s: with every call as a crash point and then again, it ends as if nothing had happened',
    async (work) => {
      const clean = await night([work]);
      for (const [index, name] of clean.calls.entries()) {
        for (const kind of mishapsOf(name, clean.calls[index - 1])) {
          counts.crashPoints += 1;
          const { outcome } = await night([work], { at: index + 1, kind });
          expect({ name, index, kind, outcome }).toEqual({ name, index, kind, outcome: clean.outcome });
        }
      }
    },
    60_000,
  );

  it.each([...DUTIES, 'campaigns'] as const)(
    '%s: by two coordinators at once, with every message doubled and in any order, it is done once',
    async (work) => {
      const clean = await night([work]);
      for (let seed = 1; seed <= 4; seed += 1) {
        const shop = evening.copy();
        shop.start(work);
        shop.start(work);
        await shop.drainAtOnce(chanceOf(seed));
        expect({ seed, outcome: await shop.outcome() }).toEqual({ seed, outcome: clean.outcome });
      }
    },
  );

  it.each(DUTIES)('%s: once more, hours later, changes nothing', async (duty) => {
    const { shop, outcome } = await night([duty]);
    shop.clock.to('2027-01-01T09:00:00Z');
    shop.start(duty);
    await shop.drain();
    expect(await shop.outcome()).toEqual(outcome);
  });
});

describe('nights that were missed', () => {
  it('are caught up in their order, each as of its own day', async () => {
    const shop = evening.copy();
    shop.clock.to('2027-03-05T02:30:00Z');
    const found: Record<string, string[]> = {};
    for (const duty of DUTIES) {
      shop.start(duty);
      const [coordinator] = shop.queue.splice(0, 1);
      if (coordinator) await shop.process().work(coordinator.message, coordinator.id);
      found[duty] = shop.queue.flatMap(({ message }) => ('day' in message ? [message.day] : []));
      await shop.drain();
    }
    const [first = ''] = ids;
    const entries = (await shop.process().ledger.entries(first)).slice(
      (await evening.process().ledger.entries(first)).length,
    );
    expect(found.monthly?.filter((day, at, all) => all.indexOf(day) === at)).toEqual([
      '2027-01-01',
      '2027-02-01',
      '2027-03-01',
    ]);
    const of = (activity: string) =>
      entries.flatMap(({ detail, occurredAt }) =>
        detail.kind === 'activity' && detail.activity === activity
          ? [`${detail.activityId} ${occurredAt.slice(0, 10)}`]
          : [],
      );
    expect(of('monthly')).toEqual(['2027-01 2027-01-01', '2027-02 2027-02-01', '2027-03 2027-03-01']);
    expect([of('yearly'), of('birthday'), of('anniversary')]).toEqual([
      ['2027 2027-01-01'],
      ['2027 2027-01-01'],
      ['2027 2027-01-01'],
    ]);
    expect(entries.flatMap(({ detail }) => (detail.kind === 'statement' ? [detail.period] : []))).toEqual(['2026-12']);
    expect((await shop.outcome()).cursors.map(([, , day]) => day)).toEqual(DUTIES.map(() => '2027-03-05'));
  });
});

describe('months that were missed', () => {
  /** Whom a sweep finds, in the order in which it sends them, and how often it asked an index. */
  async function caughtUp(duty: 'points' | 'reviews' | 'absences' | 'birthdays' | 'anniversaries', isLarge: boolean) {
    const { memory } = evening.copy();
    const asked: string[] = [];
    const found: SweepMessage[] = [];
    const client = {
      send: async (command: { readonly input: { readonly IndexName?: string } }) => {
        const answer = (await memory.send(command)) as object;
        if (command.input.IndexName === undefined) return answer;
        asked.push(command.constructor.name);
        return isLarge && command instanceof ScanCommand ? { ...answer, LastEvaluatedKey: {} } : answer;
      },
    };
    const sqs = {
      send: async ({ input }: SendMessageBatchCommand) => {
        for (const { MessageBody = '' } of input.Entries ?? []) found.push(JSON.parse(MessageBody));
        return {};
      },
    };
    const queue = { client: sqs as never, url: 'sweeps' };
    await openSweeps({ client: client as never, tables: names, queue }).sweep(duty, {
      since: '2026-12-01',
      through: '2027-06-01',
    });
    return { asked: asked.length, found };
  }

  it.each(['points', 'reviews', 'absences', 'birthdays', 'anniversaries'] as const)(
    'ask a small shop about its %s once for many days, and find whom a large one is asked about day by day',
    async (duty) => {
      const [small, large] = [await caughtUp(duty, false), await caughtUp(duty, true)];
      expect(small.found.length).toBeGreaterThan(0);
      expect(small.found).toEqual(large.found);
      expect(small.asked).toBeLessThan(large.asked / 10);
    },
  );
});

describe('clocks', () => {
  const born = (shop: Shop, memberId: string, birthday: string) => {
    const Item = marshall({
      ...{ pk: `M#${memberId}`, sk: 'P', memberId, profile: { birthday }, enrolledAt: '2026-01-01T11:00:00Z' },
      birthdayDue: `${birthday.slice(5)}#${shardOf(memberId)}`,
    });
    return shop.memory.send(new PutItemCommand({ TableName: names.members, Item }));
  };

  // The day on which a midnight does not exist, an hour comes twice, or nothing is odd but the distance.
  it.each([
    ['Africa/Cairo', '2027-04-30'],
    ['America/Santiago', '2027-09-05'],
    ['Pacific/Chatham', '2027-09-26'],
    ['Europe/Athens', '2027-10-31'],
    ['Pacific/Kiritimati', '2028-02-29'],
    ['Pacific/Pago_Pago', '2027-12-31'],
  ])(
    'in %s around %s: everybody is greeted on the day itself, and a day that was missed as of that day',
    async (zone, odd) => {
      const days = [-2, -1, 0, 1, 2].map((days) => addDays(odd, days));
      for (const nights of [days, days.slice(-1)]) {
        const shop = new Shop(new MemoryClient(), zone);
        const night = async (day: string) => {
          const local = Temporal.PlainDateTime.from(`${day}T04:35`).toZonedDateTime(zone, { disambiguation: 'reject' });
          shop.clock.to(local.toInstant().toString());
          shop.start('birthdays');
          await shop.drain();
        };
        for (const day of days) await born(shop, `m_${day}`, `1988-${day.slice(5)}`);
        await night(addDays(odd, -3));
        for (const day of nights) await night(day);
        const { ledger } = shop.process();
        const kept = await Promise.all(days.map((day) => ledger.entries(`m_${day}`)));
        expect(kept.map((entries) => entries.map(({ occurredAt }) => dayIn(zone, occurredAt)))).toEqual(
          days.map((day) => [day]),
        );
        expect(kept.flat().map(({ recordedAt }) => dayIn(zone, recordedAt))).toEqual(
          days.map((day) => (nights.length > 1 ? day : days.at(-1))),
        );
      }
    },
  );
});

describe('points of several days', () => {
  it('swept late by several at once leave each day its own entry', async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      const memory = new MemoryClient();
      const clock = new TestClock('2026-03-01T11:00:00Z');
      const short = program({ expiry: { kind: 'months', months: 1, until: 'day' }, expiryReminders: [] });
      const ledger = openLedger({
        ...{ client: memory.asClient(), tables, program: short, version: 'test' },
        now: clock.now,
        random: () => 0,
      });
      for (const day of ['2026-03-01', '2026-03-02', '2026-03-03'])
        await ledger.sale('m', sale(day, 1_000, { occurredAt: `${day}T10:00:00Z` }));
      clock.to('2026-04-20T02:30:00Z');
      const duties = openDuties({ till: ledger, program: short, now: clock.now, remindsThrough: [] });
      const late = async () => {
        for (let wait = 0; wait < turn; wait += 1) await Promise.resolve();
        await duties.points('m');
      };
      await Promise.all([duties.points('m'), late(), late()]);
      const lost = (await ledger.entries('m')).flatMap(({ detail }) =>
        detail.kind === 'expired' ? [detail.through] : [],
      );
      expect(lost).toEqual(['2026-04-01', '2026-04-02', '2026-04-03']);
    }
  });
});
