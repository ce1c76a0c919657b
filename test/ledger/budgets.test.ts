import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { openBudgets } from '../../lib/runtime/budgets.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import { type RunningDynamoDb, startDynamoDb, type Tables } from '../dynamodb.ts';
import fc from '../fast-check.ts';
import { contended } from './contended.ts';
import { MemoryClient } from './memory-client.ts';
import { program, sale, TestClock, visit } from './world.ts';

let dynamo: RunningDynamoDb;
let tables: Tables;
beforeAll(async () => {
  dynamo = await startDynamoDb();
}, 60_000);
afterAll(() => dynamo.stop());
beforeEach(async () => {
  tables = await dynamo.createTables();
});

/** A point for each euro without end, and ten for each order as long as there are a hundred. */
const rules = [
  { id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'net' } },
  { id: 'opening', on: 'sale', earn: { kind: 'flat', points: 10 }, budgetPoints: 100 },
  { id: 'visit', on: 'activity', earn: { kind: 'flat', points: 60 }, budgetPoints: 100 },
] satisfies ProgramInput['rules'];

const theProgram = program({ rules, caps: [] });
const clock = new TestClock();

const budgetsOn = (client: DynamoDBClient) => openBudgets({ client, table: tables.program, random: Math.random });

const ledgerOn = (client: DynamoDBClient = dynamo.client): Ledger =>
  openLedger({
    client,
    tables,
    program: theProgram,
    version: 'test',
    now: clock.now,
    random: Math.random,
    budgets: budgetsOn(client),
  });

const lifetime = async (ledger: Ledger, memberId: string): Promise<number> =>
  (await ledger.account(memberId))?.lifetime ?? 0;

describe('a budget', () => {
  it('is never exceeded by fifty sales of fifty members at once, each told twice, and is used in full', async () => {
    const ledger = ledgerOn();
    const members = Array.from({ length: 50 }, (_, at) => `m${at}`);
    await Promise.all(
      members.flatMap((member, at) => [
        ledger.sale(member, sale(`o${at}`, 100)),
        ledger.sale(member, sale(`o${at}`, 100)),
      ]),
    );
    const earned = await Promise.all(members.map((member) => lifetime(ledger, member)));
    expect({
      sum: earned.reduce((sum, one) => sum + one, 0),
      used: await budgetsOn(dynamo.client).used('opening'),
    }).toEqual({ sum: 50 + 100, used: 100 });
  }, 60_000);

  it('that is nearly used up gives what is left, and says so', async () => {
    const ledger = ledgerOn();
    await ledger.activity('m1', visit('v1'));
    const outcome = await ledger.activity('m2', visit('v2'));
    expect(outcome.kind === 'posted' && [outcome.entry.detail, outcome.entry.trace]).toEqual([
      {
        kind: 'activity',
        activity: 'visit',
        activityId: 'v2',
        earned: 40,
        to: '2027-03-31',
        parts: [{ rule: 'visit', points: 40, room: 40 }],
        unlocked: ['coffee'],
      },
      [
        { step: 'rule', rule: 'visit', points: 60 },
        { step: 'budget', rule: 'visit', points: -20 },
      ],
    ]);
  });

  it('is asked by a quote and not used by it', async () => {
    const ledger = ledgerOn();
    await ledger.activity('q1', visit('v1'));
    const { draft } = await ledger.quote('q2', sale('o', 100));
    expect([draft.change.lifetime, await budgetsOn(dynamo.client).used('opening')]).toEqual([11, 0]);
  });

  it('is not used by what is told again with other content', async () => {
    const ledger = ledgerOn();
    await ledger.activity('m', visit('v'));
    const other = await ledger.activity('m', visit('v', { locationId: 'elsewhere' }));
    const conflict = await ledger.sale('m', sale('o', 100)).then(() => ledger.sale('m', sale('o', 200)));
    const budgets = budgetsOn(dynamo.client);
    expect([other.kind, conflict.kind, await budgets.used('visit'), await budgets.used('opening')]).toEqual([
      'replayed',
      'conflict',
      60,
      10,
    ]);
  });

  it('gives more to the same entry when it wants more, and takes nothing back', async () => {
    const budgets = budgetsOn(dynamo.client);
    const asked: unknown[] = [];
    for (const visit of [30, 50, 20, 200])
      asked.push(await budgets.reserve('m', 'E#till#v#visit', { visit: { points: visit, of: 100 } }));
    expect({ asked, used: await budgets.used('visit') }).toEqual({
      asked: [{ visit: 30 }, { visit: 50 }, { visit: 20 }, { visit: 100 }],
      used: 100,
    });
  });
});

describe('a large budget lies in parts', () => {
  const reserving = (client: DynamoDBClient, of: number) => {
    const budgets = openBudgets({ client, table: 'program' });
    return {
      ask: async (entry: number, points: number) =>
        (await budgets.reserve(`m${entry}`, `E#${entry}`, { rule: { points, of } })).rule ?? 0,
      used: () => budgets.used('rule'),
    };
  };
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

  it('so that fifty who meet seldom wait for each other, and exactly all of it is given', async () => {
    const { client, seen } = contended(new MemoryClient(), { ms: 10 });
    const { ask, used } = reserving(client, 20_000);
    const few = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(at, 10)));
    expect(sum(few)).toBe(500);
    // In one row, fifty took 365 transactions.
    expect(seen.transactions).toBeLessThan(200);
    const rest = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(100 + at, 777)));
    expect({ given: sum(few) + sum(rest), used: await used() }).toEqual({ given: 20_000, used: 20_000 });
    // Each that is asked again gets what it had.
    expect(await Promise.all(few.map((_, at) => ask(at, 10)))).toEqual(few);
  }, 60_000);

  it('of which one after the other gets what it wants as long as there is any, however it is parted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9_000 }),
        fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 12 }),
        async (of, wishes) => {
          const { ask, used } = reserving(new MemoryClient().asClient(), of);
          let left = of;
          for (const [at, wish] of wishes.entries()) {
            expect(await ask(at, wish)).toBe(Math.min(wish, left));
            left -= Math.min(wish, left);
          }
          expect(await used()).toBe(of - left);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    [4_000, 3_000, 0],
    [4_000, 9_000, 6_000],
    [400, 20_000, 19_700],
  ])('of %i with some given, and then made %i: it gives %i more', async (before, after, more) => {
    const memory = new MemoryClient();
    const first = Math.min(before, 3_000) === 3_000 ? 3_000 : 300;
    await reserving(memory.asClient(), before).ask(1, first);
    expect(await reserving(memory.asClient(), after).ask(2, 100_000)).toBe(more);
  });
});

describe('whatever breaks at whichever call', () => {
  /** Fails before the call, or after it was done. */
  const breaking = (at: number, how: 'before' | 'after'): DynamoDBClient => {
    let calls = 0;
    const send = async (command: Parameters<DynamoDBClient['send']>[0]) => {
      calls += 1;
      const broken = () => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      if (calls === at && how === 'before') throw broken();
      const answer = await dynamo.client.send(command);
      if (calls === at) throw broken();
      return answer;
    };
    return { send } as unknown as DynamoDBClient;
  };

  it.each(['before', 'after'] as const)('%s it: told again, the sale counts against the budget once', async (how) => {
    for (let call = 1; ; call += 1) {
      const member = `${how}${call}`;
      const first = await ledgerOn(breaking(call, how))
        .sale(member, sale(`${how}${call}`, 100))
        .catch(() => undefined);
      const before = await budgetsOn(dynamo.client).used('opening');
      await ledgerOn().sale(member, sale(`${how}${call}`, 100));
      const [used, earned] = [await budgetsOn(dynamo.client).used('opening'), await lifetime(ledgerOn(), member)];
      expect({ used, earned }).toEqual({ used: call * 10, earned: 11 });
      if (first) {
        expect(before).toBe(used);
        break;
      }
    }
  });
});
