import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Fact, SaleFact } from '../../lib/loyalty/facts.ts';
import { onceInALifetime } from '../../lib/loyalty/own-activities.ts';
import { Program } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openEnrolment } from '../../lib/runtime/enrolment.ts';
import type { FactsQueue } from '../../lib/runtime/facts-queue.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openStaffNotes } from '../../lib/runtime/staff-notes.ts';
import { forIdentity, openWaitingRoom } from '../../lib/runtime/waiting-room.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { type RunningDynamoDb, startDynamoDb, type Tables } from '../dynamodb.ts';
import { MemoryClient } from '../ledger/memory-client.ts';
import { tables as tablesInMemory } from '../ledger/world.ts';

let dynamo: RunningDynamoDb;
let database: { readonly client: DynamoDBClient; readonly tables: Tables };
const useDynamoDb = async () => {
  database = { client: dynamo.client, tables: await dynamo.createTables() };
};
const useMemory = async () => {
  const tables = { ...tablesInMemory, members: 'members', program: 'program', reports: 'reports' };
  database = { client: new MemoryClient().asClient(), tables };
};
const program = Program.parse(artCafe.program);

beforeAll(async () => {
  dynamo = await startDynamoDb();
}, 60_000);
afterAll(() => dynamo.stop());

/** Dies at one of its calls: before anything is written, or after, so that nobody hears of it. */
class Death extends Error {}
function mortal(diesAt: number, when: 'before' | 'after') {
  let calls = 0;
  const live = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    calls += 1;
    const isLast = calls === diesAt;
    if (isLast && when === 'before') throw new Death();
    const result = await call();
    if (isLast) throw new Death();
    return result;
  };
  const { tables, client: immortal } = database;
  const client = { send: (command: never) => live(() => immortal.send(command)) } as unknown as DynamoDBClient;
  const queued: Fact[] = [];
  const facts: FactsQueue = {
    tell: (some) =>
      live(async () => {
        queued.push(...some);
      }),
    release: (some) =>
      live(async () => {
        queued.push(...some);
      }),
  };
  const ledger = openLedger({ client, tables, program, version: 'test', now: () => new Date() });
  const members = openMembers({ client, table: tables.members, timeZone: 'Europe/Berlin' });
  const waitingRoom = openWaitingRoom({ client, table: tables.program });
  const enrolment = openEnrolment({
    members,
    ledger,
    waitingRoom,
    facts,
    consentAtEnrolment: ['sms'],
    mayEarn: (activity) => activity === 'registration' || activity === 'profile-completed',
  });
  return { enrolment, members, ledger, waitingRoom, queued, calls: () => calls };
}

const alive = () => mortal(Number.POSITIVE_INFINITY, 'before');
const told = { source: 'api', at: '2026-03-01T10:00:00.000Z' };
let people = 0;
function somebody() {
  people += 1;
  return [
    { type: 'phone', value: `+49174${String(60_000_000 + people)}` },
    { type: 'card', value: `CARD${people}` },
  ];
}
const waitingSale = (identities: Fact['identities']): SaleFact => ({
  type: 'sale',
  factId: `sale-${people}`,
  source: 'shopify',
  occurredAt: told.at,
  identities,
  orderId: String(people),
  currency: 'EUR',
  netMinor: 100,
  grossMinor: 100,
  lines: [],
});
const wanted = { profile: { name: 'Ada', birthday: '1815-12-10' }, consents: { email: true }, proof: 'form 1' };

/** How many calls it takes when nothing goes wrong. */
async function callsOf(run: (world: ReturnType<typeof mortal>) => Promise<unknown>): Promise<number> {
  const world = alive();
  await run(world);
  return world.calls();
}

async function storyOf(memberId: string) {
  const { ledger } = alive();
  const entries = await ledger.entries(memberId);
  expect(checkMember(memberId, entries, await ledger.account(memberId))).toBeUndefined();
  return entries.map(({ detail }) => (detail.kind === 'consent' ? `${detail.kind} ${detail.channel}` : detail.kind));
}

async function enrolled() {
  const identities = somebody();
  const outcome = await alive().enrolment.enrol(identities, wanted, told);
  if (outcome.kind === 'disagree') throw new Error('two members');
  return { identities, memberId: outcome.member.memberId };
}

const merge = ({ ledger, members }: ReturnType<typeof mortal>, host: string, guest: string) =>
  ledger.merge(host, guest, 'anna', () => members.merging(host, guest));

describe.each([
  ['in memory', useMemory, 1],
  // A call costs fifty times as much here; a few of the places to die at show that memory does not lie.
  ['on DynamoDB', useDynamoDb, 8],
] as const)('%s', (_, use, step) => {
  beforeAll(use);

  describe('enrolling that dies on the way', () => {
    it('at any of its calls is finished by the next try: one member, whole journal, nothing left waiting', async () => {
      const prepare = async () => {
        const identities = somebody();
        const sale = waitingSale(identities);
        await alive().waitingRoom.put(sale, identities.map(forIdentity), 30);
        return { identities, sale };
      };
      const { identities: first } = await prepare();
      const calls = await callsOf(({ enrolment }) => enrolment.enrol(first, wanted, told));
      expect(calls).toBeGreaterThan(10);
      for (let diesAt = 1; diesAt <= calls; diesAt += step) {
        for (const when of ['before', 'after'] as const) {
          const { identities, sale } = await prepare();
          const dying = mortal(diesAt, when);
          await expect(dying.enrolment.enrol(identities, wanted, told)).rejects.toThrow(Death);
          const next = alive();
          const outcome = await next.enrolment.enrol(identities, wanted, told);
          if (outcome.kind === 'disagree') throw new Error('two members');
          const { memberId } = outcome.member;
          expect(await Promise.all(identities.map(next.members.find))).toEqual([memberId, memberId]);
          expect(outcome.member).toMatchObject({
            profile: { name: 'Ada' },
            consents: {
              sms: { transactional: { granted: true }, marketing: { granted: true } },
              email: {
                transactional: { granted: true, proof: 'form 1' },
                marketing: { granted: true, proof: 'form 1' },
              },
            },
          });
          expect((await storyOf(memberId)).sort()).toEqual(['consent email', 'consent sms', 'enrolled']);
          // Sent at least once, and gone afterwards.
          for (const fact of [
            sale,
            onceInALifetime('registration', memberId, told.at),
            onceInALifetime('profile-completed', memberId, told.at),
          ])
            expect([...dying.queued, ...next.queued]).toContainEqual(fact);
          expect(await next.waitingRoom.waiting(identities.map(forIdentity))).toEqual([]);
        }
      }
    }, 120_000);
  });

  describe('erasing that dies on the way', () => {
    it('at any of its calls is finished by the next try, with all that was merged and noted', async () => {
      const notes = openStaffNotes({ client: database.client, table: database.tables.members });
      const prepare = async () => {
        const [one, other] = [await enrolled(), await enrolled()];
        await merge(alive(), one.memberId, other.memberId);
        for (const { memberId } of [one, other])
          await notes.write(memberId, { about: 'x', text: 'likes cake', by: 'anna', at: told.at });
        return { identities: [...one.identities, ...other.identities], memberId: one.memberId, other: other.memberId };
      };
      const first = await prepare();
      const calls = await callsOf(({ enrolment }) => enrolment.erase(first.memberId, told));
      for (let diesAt = 1; diesAt <= calls; diesAt += step) {
        for (const when of ['before', 'after'] as const) {
          const { identities, memberId, other } = await prepare();
          await expect(mortal(diesAt, when).enrolment.erase(memberId, told)).rejects.toThrow(Death);
          const next = alive();
          expect(await next.enrolment.erase(memberId, told)).toBe(true);
          expect(new Set(await Promise.all(identities.map(next.members.find)))).toEqual(new Set([undefined]));
          for (const id of [memberId, other]) {
            const { Items } = await database.client.send(
              new QueryCommand({
                TableName: database.tables.members,
                KeyConditionExpression: 'pk = :pk',
                ExpressionAttributeValues: { ':pk': { S: `M#${id}` } },
              }),
            );
            expect(Items).toEqual([]);
          }
          expect((await storyOf(memberId)).filter((kind) => kind === 'erased')).toHaveLength(1);
        }
      }
    }, 120_000);
  });

  describe('merging that dies on the way', () => {
    it('at any of its calls, there or back, leaves rows and accounts that agree, and is finished by the next try', async () => {
      const agree = async (host: string, guest: string, identities: Fact['identities'], merged: boolean) => {
        const { members, ledger } = alive();
        expect((await ledger.account(guest))?.mergedInto).toBe(merged ? host : undefined);
        expect((await members.get(guest))?.memberId).toBe(merged ? host : guest);
        expect(new Set(await Promise.all(identities.map(members.find)))).toEqual(new Set([merged ? host : guest]));
        await storyOf(host);
        await storyOf(guest);
      };
      const part = ({ ledger, members }: ReturnType<typeof mortal>, host: string, guest: string) =>
        ledger.unmerge(host, guest, 'anna', () => members.parting(host, guest));
      const [first, second] = [await enrolled(), await enrolled()];
      const there = await callsOf((world) => merge(world, first.memberId, second.memberId));
      const back = await callsOf((world) => part(world, first.memberId, second.memberId));
      for (const [command, calls, merged] of [
        [merge, there, true],
        [part, back, false],
      ] as const) {
        for (let diesAt = 1; diesAt <= calls; diesAt += step) {
          for (const when of ['before', 'after'] as const) {
            const [{ memberId: host }, { memberId: guest, identities }] = [await enrolled(), await enrolled()];
            if (command === part) await merge(alive(), host, guest);
            await expect(command(mortal(diesAt, when), host, guest)).rejects.toThrow(Death);
            const isDone = ((await alive().ledger.account(guest))?.mergedInto === host) === merged;
            await agree(host, guest, identities, merged === isDone);
            expect((await command(alive(), host, guest)).kind).toBe(isDone ? 'replayed' : 'posted');
            await agree(host, guest, identities, merged);
          }
        }
      }
    }, 120_000);

    it('by two at once, while one of them changes, ends in one member with all of it', async () => {
      for (let round = 0; round < 8; round += 1) {
        const [{ memberId: host }, { memberId: guest, identities }] = [await enrolled(), await enrolled()];
        const fresh = somebody();
        await Promise.all([
          merge(alive(), host, guest),
          merge(alive(), host, guest),
          alive().enrolment.change(guest, { tags: { vip: true } }, told),
          alive().enrolment.enrol([...identities, ...fresh], wanted, told),
        ]);
        const { members } = alive();
        expect(new Set(await Promise.all([...identities, ...fresh].map(members.find)))).toEqual(new Set([host]));
        expect(await members.get(guest)).toMatchObject({ memberId: host, tags: ['vip'] });
      }
    });
  });
});

describe('two at once', () => {
  beforeAll(useDynamoDb);
  it('who bring one identity each and share a third end in one member', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [shared, mine] = somebody();
      const [, yours] = somebody();
      if (!shared || !mine || !yours) throw new Error('nobody');
      const outcomes = await Promise.all([
        alive().enrolment.enrol([shared, mine], wanted, told),
        alive().enrolment.enrol([shared, yours], wanted, told),
      ]);
      const ids = new Set(
        outcomes.map((outcome) => (outcome.kind === 'disagree' ? 'disagree' : outcome.member.memberId)),
      );
      expect(ids.size).toBe(1);
      const { members } = alive();
      expect(new Set(await Promise.all([shared, mine, yours].map(members.find)))).toEqual(ids);
    }
  });

  it('one who enrols and one who erases leave no identity that leads nowhere', async () => {
    for (let round = 0; round < 10; round += 1) {
      const identities = somebody();
      const outcome = await alive().enrolment.enrol(identities, wanted, told);
      if (outcome.kind === 'disagree') throw new Error('two members');
      const extra = somebody();
      await Promise.all([
        alive().enrolment.enrol([...identities, ...extra], wanted, told),
        alive().enrolment.erase(outcome.member.memberId, told),
      ]);
      const { members } = alive();
      for (const identity of [...identities, ...extra]) {
        const owner = await members.find(identity);
        if (owner !== undefined) expect(await members.get(owner)).toMatchObject({ memberId: owner });
      }
    }
  });
});
