import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import { decideGift } from '../../lib/loyalty/gift.ts';
import { points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { program } from '../ledger/world.ts';

const stamp = { recordedAt: '2026-03-10T12:00:00.000Z', program: 'test' };
const account = (memberId: string, buckets: Record<string, number>, more: Partial<Account> = {}): Account => ({
  ...newAccount(memberId, 'base'),
  available: points(Object.values(buckets).reduce((a, b) => a + b, 0)),
  buckets: Object.fromEntries(Object.entries(buckets).map(([date, amount]) => [date, points(amount)])),
  ...more,
});
const limit = { max: 100, per: 'month' } as const;

/** Ada gives to Ben: what each has afterwards, or why not. */
function give(
  ada: Account,
  ben: Account,
  amount: number,
  changes: Partial<ProgramInput> = { gifts: {} },
  when = '2026-03-10T12:00:00Z',
) {
  const situation = { program: program(changes), now: new Date(when) };
  const [sent, received] = decideGift([ada, ben], { giftId: 'g', to: ben.memberId, points: amount }, situation);
  if (sent.detail.kind === 'refused') return { because: sent.detail.because, alone: received === undefined };
  if (!received) throw new Error('a gift has two sides');
  return { ada: append(ada, sent, stamp).account, ben: append(ben, received, stamp).account };
}

describe('a gift', () => {
  it('is of the points that would be spent first, and each keeps its last day', () => {
    const { ada, ben } = give(
      account('ada', { '2026-12-31': 30, '2027-01-31': 20, never: 50 }),
      account('ben', { '2026-12-31': 5 }),
      60,
    );
    expect([ada?.buckets, ben?.buckets]).toEqual([{ never: 40 }, { '2026-12-31': 35, '2027-01-31': 20, never: 10 }]);
  });

  it('is neither earned nor lost: lifetime and tier stay', () => {
    const rich = account('ada', { never: 100 }, { lifetime: points(100), window: { 2026: 100 } });
    const { ada, ben } = give(rich, account('ben', {}), 60);
    expect([ada?.lifetime, ada?.window, ben?.lifetime, ben?.window]).toEqual([100, { 2026: 100 }, 0, {}]);
  });

  it('pays first what the other one owes', () => {
    const { ben } = give(account('ada', { never: 100 }), account('ben', { owed: -25 }), 60);
    expect(ben?.buckets).toEqual({ never: 35 });
  });

  it('under an expiry by inactivity keeps both members’ points alive, and then lives as long as theirs', () => {
    const inactivity = { gifts: {}, expiry: { kind: 'inactivity', months: 6, until: 'day' } } as Partial<ProgramInput>;
    const { ada, ben } = give(
      account('ada', { '2026-07-01': 100 }, { lastActivityOn: '2026-01-01' }),
      account('ben', { '2026-08-01': 10 }, { lastActivityOn: '2026-02-01' }),
      60,
      inactivity,
    );
    expect([ada?.buckets, ben?.buckets]).toEqual([{ '2026-09-10': 40 }, { '2026-09-10': 70 }]);
  });

  it('under an expiry by inactivity moves to the day of a receiver who was there later than today', () => {
    const inactivity = { gifts: {}, expiry: { kind: 'inactivity', months: 6, until: 'day' } } as Partial<ProgramInput>;
    const { ben } = give(
      account('ada', { '2026-09-10': 100 }, { lastActivityOn: '2026-03-10' }),
      account('ben', {}, { lastActivityOn: '2026-03-11' }),
      60,
      inactivity,
    );
    expect(ben?.buckets).toEqual({ '2026-09-11': 60 });
  });

  it.each([
    ['the program has no gifts', {}, 10, {}, 'no-gifts'],
    ['it is smaller than the least', { never: 50 }, 9, { gifts: { minPoints: 10 } }, 'too-few-points'],
    ['it is more than the limit', { never: 500 }, 101, { gifts: { limit } }, 'limit-reached'],
    ['there are not so many points', { never: 50 }, 51, { gifts: {} }, 'not-enough-points'],
    ['they lapsed yesterday', { '2026-03-09': 50 }, 10, { gifts: {} }, 'not-enough-points'],
    ['they are owed', { never: 50, owed: -45 }, 10, { gifts: {} }, 'not-enough-points'],
  ])('is refused when %s, and that is the giver’s entry alone', (_, buckets, amount, changes, because) => {
    expect(give(account('ada', buckets as never), account('ben', {}), amount, changes)).toEqual({
      because,
      alone: true,
    });
  });

  it('to oneself is refused', () => {
    const ada = account('ada', { never: 50 });
    expect(give(ada, ada, 10)).toEqual({ because: 'to-oneself', alone: true });
  });

  it.each([
    ['reaches the limit exactly', 40, '2026-03-31T12:00:00Z', undefined],
    ['goes one over it', 41, '2026-03-31T12:00:00Z', 'limit-reached'],
    // Midnight in Berlin, which is on summer time since the 29th.
    ['comes on the last minute of the month', 41, '2026-03-31T21:59:00Z', 'limit-reached'],
    ['comes on the first minute of the next', 41, '2026-03-31T22:00:00Z', undefined],
  ])('counts towards the giver’s limit of the month: a second one that %s', (_, amount, when, because) => {
    const changes = { gifts: { limit } };
    const { ada } = give(account('ada', { never: 500 }), account('ben', {}), 60, changes);
    expect(give(ada as Account, account('cem', {}), amount, changes, when).because).toBe(because);
  });
});
