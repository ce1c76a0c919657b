import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { flaggedIn, reviewEndedBy } from '../../lib/loyalty/flagged.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { Life } from './life.ts';

const flagsOf = (entry: Entry | string): readonly string[] => {
  if (typeof entry === 'string') throw new Error(entry);
  return entry.detail.kind === 'sale' || entry.detail.kind === 'refund' ? (entry.detail.flags ?? []) : [];
};
const suspicious = (fraud: ProgramInput['fraud'], more: Partial<ProgramInput> = {}) =>
  new Life({ expiry: { kind: 'none' }, fraud, ...more });

describe('somebody looks first', () => {
  it('when an order is larger than any of ours: its points wait, and the till goes on', () => {
    const life = suspicious({ largestSale: '500.00' });
    expect(flagsOf(life.buy('fine', 500))).toEqual([]);
    const large = life.buy('large', 501);
    expect(flagsOf(large)).toEqual(['impossible-amount']);
    expect(life.points).toEqual({ available: 500, pending: 501, held: 0, lifetime: 1_001 });
    expect(flaggedIn(large as Entry)).toEqual({
      source: 'till',
      object: 'large',
      entryId: 'm.2',
      flags: ['impossible-amount'],
      points: 501,
    });
  });

  it.each([
    ['hour', '2026-03-10T10:59:59Z', '2026-03-10T11:00:00Z'],
    // Midnight in Berlin.
    ['day', '2026-03-10T22:59:59Z', '2026-03-10T23:00:00Z'],
  ] as const)('when a member buys too often in one %s', (per, last, next) => {
    const life = suspicious({ salesPerMember: { max: 3, per } }).on(last);
    expect([1, 2, 3, 4].map((order) => flagsOf(life.buy(`o${order}`, 10)))).toEqual([[], [], [], ['sales-per-member']]);
    expect(flagsOf(life.on(next).buy('next', 10))).toEqual([]);
  });

  it('and counts by when it happened, not by when it was told', () => {
    const life = suspicious({ salesPerMember: { max: 3, per: 'hour' } }).on('2026-03-10T20:00:00Z');
    const hours = ['08', '09', '10', '11', '12', '13'];
    const flags = hours.map((hour) => flagsOf(life.buy(`o${hour}`, 10, { occurredAt: `2026-03-10T${hour}:30:00Z` })));
    expect(flags).toEqual(hours.map(() => []));
    // The account stays small.
    expect(Object.keys(life.account.counters)).toEqual([
      'fraud:sales@2026-03-10T11',
      'fraud:sales@2026-03-10T12',
      'fraud:sales@2026-03-10T13',
    ]);
  });

  it('when too many orders go back, once there are five', () => {
    const life = suspicious({ refundRatioBp: 4_000 });
    for (const order of ['a', 'b', 'c', 'd']) life.buy(order, 10);
    expect(flagsOf(life.return('a'))).toEqual([]);
    // In two parts it is one order.
    expect(flagsOf(life.return('b', 5))).toEqual([]);
    expect(flagsOf(life.return('b', 5))).toEqual([]);
    expect(flagsOf(life.buy('e', 10))).toEqual([]);
    // Two of five.
    expect(flagsOf(life.buy('f', 10))).toEqual(['refund-ratio']);
    for (const order of ['g', 'h', 'i']) life.buy(order, 10);
    expect(flagsOf(life.buy('j', 10))).toEqual([]);
    expect([life.return('c'), life.return('d')].map(flagsOf)).toEqual([[], ['refund-ratio']]);
  });

  it('when others say so, at a till or of a person', () => {
    const life = suspicious({});
    expect(flagsOf(life.buy('o', 10, {}, { flags: ['sales-per-staff'] }))).toEqual(['sales-per-staff']);
  });

  it('but an account counts nothing that the program does not ask for', () => {
    const life = suspicious({});
    life.buy('o', 10);
    life.return('o');
    expect(life.account.counters).toEqual({});
  });
});

describe('a review', () => {
  it('ends by an entry that says which', () => {
    const life = suspicious({ largestSale: '5.00' });
    life.buy('a#1 100%', 10);
    const ended = life.say('activated', 'a#1 100%', 'review');
    expect(reviewEndedBy(ended as Entry)).toEqual({ source: 'till', object: 'a#1 100%' });
    expect(life.points).toEqual({ available: 10, pending: 0, held: 0, lifetime: 10 });
  });

  it('is none where nothing was earned, and none of a lot that waits for something else', () => {
    const life = suspicious({ largestSale: '5.00' }, { pending: { kind: 'confirmation' } });
    expect(flaggedIn(life.buy('free', 10, { currency: 'USD' }) as Entry)).toBeUndefined();
    life.buy('o', 4);
    expect(reviewEndedBy(life.say('activated', 'o') as Entry)).toBeUndefined();
  });
});
