import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { toAccountItem, toEntryItem } from '../../lib/runtime/items.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import { type RunningDynamoDb, startDynamoDb, type Tables } from '../dynamodb.ts';
import { MemoryClient } from './memory-client.ts';
import { itemBytes, transactionUnits } from './size.ts';
import { ledgerOn, program, refund, sale, TestClock, visit } from './world.ts';

/** The same ledger on DynamoDB Local: what the memory client says must be what the real parser and conditions say. */

let dynamo: RunningDynamoDb;
let tables: Tables;
beforeAll(async () => {
  dynamo = await startDynamoDb();
  tables = await dynamo.createTables();
}, 60_000);
afterAll(() => dynamo.stop());

const M = 'm_real';

/** One of everything, some of it twice, some of it out of order. */
async function life(ledger: Ledger, clock: TestClock): Promise<string[]> {
  const told: string[] = [];
  const tell = async (name: string, doing: Promise<{ kind: string }>) => told.push(`${name}: ${(await doing).kind}`);
  await tell('enrol', ledger.note(M, { kind: 'enrolled' }, { source: 'till', object: M, at: '2026-03-10T12:00:00Z' }));
  await tell('early refund', ledger.refund(M, refund('o1', 'a', 500)));
  await tell('sale', ledger.sale(M, sale('o1', 20_000)));
  await tell('sale again', ledger.sale(M, sale('o1', 20_000)));
  await tell('other sale, same order', ledger.sale(M, sale('o1', 20_001)));
  await tell('visit', ledger.activity(M, visit('v1')));
  await tell('hold', ledger.authorize(M, { redemptionId: 'r1', points: 600, capture: false }));
  await tell('too much', ledger.authorize(M, { redemptionId: 'r2', points: 900_000, capture: true }));
  await tell('too much, again', ledger.authorize(M, { redemptionId: 'r2', points: 900_000, capture: true }));
  await tell('sale that captures', ledger.sale(M, sale('o2', 5_000, { redemptionId: 'r1' })));
  await tell('refund', ledger.refund(M, refund('o2', 'a', 2_500)));
  await tell('refund again', ledger.refund(M, refund('o2', 'a', 2_500)));
  await tell('reward', ledger.authorize(M, { redemptionId: 'r3', rewardId: 'coffee', capture: true }));
  await tell('void what was spent', ledger.void(M, { redemptionId: 'r3', reason: 'voided' }));
  clock.to('2027-05-01T12:00:00Z');
  await tell('expiry', ledger.expire(M, '2027-04-30'));
  await tell('expiry again', ledger.expire(M, '2027-04-30'));
  return told;
}

describe('on DynamoDB', () => {
  it('a life leaves the same journal as in memory, and it verifies', async () => {
    const clocks = [new TestClock(), new TestClock()] as const;
    const [a, b] = [ledgerOn(dynamo.client, clocks[0], {}, tables), ledgerOn(new MemoryClient().asClient(), clocks[1])];
    const told = await life(a, clocks[0]);
    expect(told).toEqual(await life(b, clocks[1]));
    expect(told).toEqual([
      'enrol: posted',
      'early refund: posted',
      'sale: posted',
      'sale again: replayed',
      'other sale, same order: conflict',
      'visit: posted',
      'hold: posted',
      'too much: refused',
      'too much, again: refused',
      'sale that captures: posted',
      'refund: posted',
      'refund again: replayed',
      'reward: posted',
      'void what was spent: conflict',
      'expiry: posted',
      'expiry again: refused',
    ]);
    expect(await a.entries(M)).toEqual(await b.entries(M));
    expect(await a.account(M)).toEqual(await b.account(M));
    expect(checkMember(M, await a.entries(M), await a.account(M))).toBeUndefined();
  });

  it('promises 4, 14, 16: a hundred sales of one member, each told twice at once, are a hundred sales under the limit', async () => {
    const ledger = ledgerOn(
      dynamo.client,
      new TestClock(),
      { caps: [{ id: 'daily', points: 600, per: 'day' }] },
      await dynamo.createTables(),
      Math.random,
    );
    const facts = Array.from({ length: 100 }, (_, i) => sale(`o${i}`, 100));
    const waiting = [...facts, ...facts].values();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const fact of waiting) await ledger.sale(M, fact);
      }),
    );
    const account = await ledger.account(M);
    expect({ seq: account?.seq, available: account?.available }).toEqual({ seq: 100, available: 600 });
    expect(checkMember(M, await ledger.entries(M), account)).toBeUndefined();
  }, 60_000);
});

describe('what a posting costs', () => {
  const lines = Array.from({ length: 10 }, (_, i) => ({
    id: `${5_551_234_567_000 + i}`,
    quantity: 1,
    netMinor: 1_234 + i,
    grossMinor: 1_468 + i,
  }));
  const basket = sale('5551234567890', 12_385, { lines, grossMinor: 14_725, source: 'shopify' });

  it('an accrual of ten lines and a redemption: four write units each', async () => {
    const clock = new TestClock();
    const memory = new MemoryClient();
    const ledger = ledgerOn(memory.asClient(), clock);
    const id = 'm_0123456789abcdefghij';
    const sold = await ledger.sale(id, basket);
    const redeemed = await ledger.authorize(id, {
      redemptionId: 'f3b0c442-98fc-4c14-9afb-f4c8996fb924',
      rewardId: 'coffee',
      capture: true,
    });
    const account = await ledger.account(id);
    if (sold.kind !== 'posted' || redeemed.kind !== 'posted' || !account) throw new Error('not posted');
    const units = [sold, redeemed].map(({ entry }) =>
      transactionUnits([toAccountItem(account, program()), toEntryItem(entry)]),
    );
    process.stdout.write(
      `\nentry of ten lines ${itemBytes(toEntryItem(sold.entry))} B, of a redemption ${itemBytes(toEntryItem(redeemed.entry))} B\n`,
    );
    expect(units).toEqual([4, 4]);
  });

  it('an accrual with every kind of rule in use, over ten lines with SKUs, categories and discounts: four write units', async () => {
    const lines = Array.from({ length: 10 }, (_, i) => ({
      id: `${14_441_234_567_000 + i}`,
      sku: `KP-${1_000 + 37 * i}-${i % 3}`,
      category: ['coffee', 'ware', 'gift-card'][i % 3],
      ...(i % 4 === 0 && { tags: ['new'] }),
      quantity: 1 + (i % 3),
      netMinor: 1_234 + 17 * i,
      grossMinor: 1_468 + 20 * i,
      ...(i % 2 === 0 && { listNetMinor: 1_371 + 19 * i, listGrossMinor: 1_631 + 22 * i }),
    }));
    const sum = (of: 'netMinor' | 'grossMinor') => lines.reduce((all, line) => all + line[of], 0);
    const changes: Partial<ProgramInput> = {
      rules: [
        {
          id: 'spend',
          on: 'sale',
          when: [{ is: 'category-not-in', categories: ['gift-card'] }],
          earn: { kind: 'per-amount', points: 7, amount: '2.00', base: 'net' },
        },
        {
          id: 'list-price',
          on: 'sale',
          when: [{ is: 'category-in', categories: ['coffee'] }],
          earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross', discounts: 'before' },
        },
        { id: 'per-new', on: 'sale', when: [{ is: 'tag-in', tags: ['new'] }], earn: { kind: 'per-item', points: 3 } },
        {
          id: 'over-50',
          on: 'sale',
          when: [{ is: 'minimum-spend', amount: '50.00' }],
          earn: { kind: 'flat', points: 50 },
          group: 'bonus',
          pending: { kind: 'days', days: 14 },
          expiry: { kind: 'months', months: 3 },
        },
        {
          id: 'first',
          on: 'sale',
          when: [{ is: 'first-purchase' }],
          earn: { kind: 'flat', points: 20 },
          group: 'bonus',
        },
      ],
      groups: [{ id: 'bonus', takes: 'best' }],
      multipliers: [{ id: 'tuesday', when: [{ is: 'weekday', days: ['tue'] }], bp: 20_000 }],
      stacking: { rounding: 'carry', maxBp: 25_000 },
      caps: [
        { id: 'daily', points: 500, per: 'day' },
        { id: 'monthly', points: 5_000, per: 'month', rules: ['spend', 'per-new'] },
      ],
    };
    const memory = new MemoryClient();
    const ledger = ledgerOn(memory.asClient(), new TestClock(), changes);
    const id = 'm_0123456789abcdefghij';
    const told = { grossMinor: sum('grossMinor'), lines, source: 'shopify', locationId: 'berlin', staffId: 'anna' };
    const sold = await ledger.sale(id, sale('5551234567890', sum('netMinor'), told));
    const account = await ledger.account(id);
    if (sold.kind !== 'posted' || sold.entry.detail.kind !== 'sale' || !account) throw new Error('not posted');
    const items = [toAccountItem(account, program(changes)), toEntryItem(sold.entry)];
    process.stdout.write(`\nentry of ten lines under five rules ${items.map(itemBytes).at(-1)} B\n`);
    expect([sold.entry.detail.parts.length, transactionUnits(items)]).toEqual([4, 4]);
  });

  it('an account with 24 buckets, a week of counters and two holds stays under a kilobyte', () => {
    const days = Array.from({ length: 24 }, (_, i) => new Date(Date.UTC(2027, i + 1, 0)).toISOString().slice(0, 10));
    const hold = {
      points: points(1_234),
      from: { '2027-01-31': points(1_234) },
      lapsesAt: '2026-03-10T13:00:00.000Z',
      rewardId: 'coffee',
    };
    const account: Account = {
      memberId: 'm_0123456789abcdefghij',
      seq: 1_234,
      headHash: 'x'.repeat(43),
      available: points(123_456),
      pending: points(0),
      held: points(2_468),
      lifetime: points(654_321),
      buckets: Object.fromEntries(days.map((day) => [day, points(12_345)])),
      holds: { 'r-000001': hold, 'r-000002': hold },
      lots: {},
      window: { '2026': 12_345, '2027': 23_456 },
      counters: Object.fromEntries(days.slice(0, 7).map((day) => [`daily@${day}`, 1_234])),
      carry: 0,
      purchases: 120,
      early: {},
      visits: 123,
      lastActivityOn: '2026-03-10',
      tier: 'gold',
    };
    process.stdout.write(`\naccount of 24 buckets ${itemBytes(toAccountItem(account, program()))} B\n`);
    expect(itemBytes(toAccountItem(account, program()))).toBeLessThanOrEqual(1_024);
  });

  it('an ordinary accrual moves none of the indexes that sweeps read', async () => {
    const clock = new TestClock();
    const ledger = ledgerOn(new MemoryClient().asClient(), clock);
    const due = async () => toAccountItem((await ledger.account(M)) as Account, program()).expiryDue?.S;
    await ledger.sale(M, sale('o1', 1_000));
    const before = await due();
    await ledger.sale(M, sale('o2', 1_000));
    await ledger.sale(M, sale('o3', 1_000, { occurredAt: '2026-04-10T12:00:00Z' }));
    expect([await due(), before]).toEqual(['2027-04-01#0', '2027-04-01#0']);
  });
});
