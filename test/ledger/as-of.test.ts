import { beforeAll, describe, expect, it } from '@jest/globals';
import { asOf, outstanding, owed, until } from '../../lib/loyalty/as-of.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { MemoryClient } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock } from './world.ts';

const M = 'm_then';
const ZONE = 'Europe/Berlin';
let entries: Entry[];

/** A year of a member in Berlin: earns in March, spends in April, earns more on the last minute of May, loses what is old. */
beforeAll(async () => {
  const clock = new TestClock('2026-03-10T12:00:00Z');
  const ledger = ledgerOn(new MemoryClient().asClient(), clock);
  await ledger.sale(M, sale('o1', 10_000));
  clock.to('2026-04-05T09:00:00Z');
  await ledger.authorize(M, { redemptionId: 'r1', points: 200, capture: false });
  clock.to('2026-04-05T09:30:00Z');
  await ledger.capture(M, { redemptionId: 'r1', points: 150 });
  // 23:59:59 on 31 May in Berlin, and half a second into June.
  clock.to('2026-05-31T21:59:59Z');
  await ledger.sale(M, sale('o2', 1_000, { occurredAt: '2026-05-31T21:59:59Z' }));
  clock.to('2026-05-31T22:00:00.500Z');
  await ledger.sale(M, sale('o3', 1_000, { occurredAt: '2026-05-30T12:00:00Z' }));
  clock.to('2027-04-02T01:00:00Z');
  await ledger.expire(M, '2027-03-31');
  clock.to('2027-05-01T12:00:00Z');
  await ledger.authorize(M, { redemptionId: 'r2', points: 140, capture: true });
  await ledger.refund(M, refund('o3', 'all', { kind: 'everything' }));
  entries = await ledger.entries(M);
});

const then = (moment: string) => {
  const standing = asOf(entries, moment, ZONE);
  const { seq, available, pending, held, tier } = standing.account;
  return { seq, available, spendable: standing.spendable, pending, held, tier };
};

describe('a balance as of', () => {
  it.each([
    ['before there was anything', '2026-03-09', { seq: 0, available: 0, spendable: 0, held: 0 }],
    ['the day of the first sale', '2026-03-10', { seq: 1, available: 700, spendable: 700, held: 0 }],
    ['the second of the first sale', '2026-03-10T12:00:00Z', { seq: 1, available: 700, spendable: 700, held: 0 }],
    ['the moment before it', '2026-03-10T11:59:59.999Z', { seq: 0, available: 0, spendable: 0, held: 0 }],
    ['the same, told from India', '2026-03-10T17:29:59+05:30', { seq: 0, available: 0, spendable: 0, held: 0 }],
    ['while points were put aside', '2026-04-05T09:15:00Z', { seq: 2, available: 500, spendable: 500, held: 200 }],
    ['the evening of that day', '2026-04-05', { seq: 3, available: 550, spendable: 550, held: 0 }],
    ['a day that ends in Berlin before it does in UTC', '2026-05-31', { seq: 4, available: 620, spendable: 620 }],
    ['the day after', '2026-06-01', { seq: 5, available: 690, spendable: 690 }],
    ['the last day of the oldest points', '2027-03-31', { seq: 5, available: 690, spendable: 690 }],
    ['the night before the sweep came', '2027-04-01', { seq: 5, available: 690, spendable: 140 }],
    ['after the sweep', '2027-04-02', { seq: 6, available: 140, spendable: 140 }],
    ['after spent points were taken back', '2027-05-01', { seq: 8, available: -70, spendable: -70 }],
  ])('%s (%s)', (_, moment, expected) => {
    expect(then(moment)).toMatchObject({ pending: 0, held: 0, tier: 'base', ...expected });
  });

  it('counts what a merchant owes apart from what members owe', () => {
    const standing = asOf(entries, '2027-05-01', ZONE);
    expect({ outstanding: outstanding(standing), owed: owed(standing) }).toEqual({ outstanding: 0, owed: 70 });
    expect(outstanding(asOf(entries, '2026-04-05T09:15:00Z', ZONE))).toBe(700);
    expect(outstanding(asOf(entries, '2027-04-01', ZONE))).toBe(140);
  });

  it('never leaves a gap, also where a clock was behind', () => {
    const [first, second, third] = entries as [Entry, Entry, Entry];
    const skewed = [first, { ...second, recordedAt: '2026-04-06T00:00:00Z' }, third];
    expect(until(skewed, '2026-04-05', ZONE)).toEqual([first]);
  });

  it('of nobody is nothing', () => {
    expect(asOf([], '2026-04-05', ZONE)).toMatchObject({ account: { seq: 0, available: 0 }, spendable: 0 });
  });
});
