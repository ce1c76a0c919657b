import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { announce } from '../../lib/loyalty/announce.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import { decideHistory, decideOpening, type Opening } from '../../lib/loyalty/opening.ts';
import { type Points, points } from '../../lib/loyalty/points.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { program } from '../ledger/world.ts';

const now = new Date('2026-03-10T12:00:00Z');
const stamp = { recordedAt: now.toISOString(), program: 'test' };
const fresh = newAccount('m', 'base');

function moved(told: Partial<Opening>, changes: Partial<ProgramInput> = {}, account: Account = fresh) {
  const opening: Opening = { importId: '77', from: 'smile-io', points: points(0), ...told };
  return append(account, decideOpening(account, opening, { program: program(changes), now }), stamp);
}
const p = (value: number) => value as Points;
const inactivity = { expiry: { kind: 'inactivity', months: 12, until: 'end-of-month' } } as const;

describe('a balance that is brought along', () => {
  it('is one entry that says where it came from', () => {
    const { entry } = moved({ points: p(120), lifetime: p(900) });
    expect(entry).toMatchObject({
      key: 'E#import#smile-io:77#opening',
      source: 'import',
      detail: { kind: 'imported', importId: '77', points: 120, lifetime: 900, from: 'smile-io' },
      after: { available: 120, pending: 0, held: 0, lifetime: 900, tier: 'base' },
    });
    expect(announce(entry)).toEqual([]);
  });

  it.each<[string, Partial<Opening>, Partial<ProgramInput>, Pick<Account, 'buckets' | 'lots'>]>([
    ['as if earned on the day of the move', { points: p(120) }, {}, { buckets: { '2027-03-31': p(120) }, lots: {} }],
    [
      'never, where nothing expires',
      { points: p(120) },
      { expiry: { kind: 'none' } },
      { buckets: { never: p(120) }, lots: {} },
    ],
    [
      'with the dates that are known, and the rest as above',
      { points: p(120), expiring: { '2026-06-30': p(20), '2026-12-31': p(50) } },
      {},
      { buckets: { '2026-06-30': p(20), '2026-12-31': p(50), '2027-03-31': p(50) }, lots: {} },
    ],
    [
      'counted from the last activity, where inactivity expires',
      { points: p(120), lastActivityOn: '2025-09-02' },
      inactivity,
      { buckets: { '2026-09-30': p(120) }, lots: {} },
    ],
    [
      'and from the move, where that would have lapsed already',
      { points: p(120), lastActivityOn: '2024-09-02' },
      inactivity,
      { buckets: { '2027-03-31': p(120) }, lots: {} },
    ],
    ['as a debt, where it is negative', { points: p(-30) }, {}, { buckets: { owed: p(-30) }, lots: {} }],
    [
      'as nothing, where the program lets debts go',
      { points: p(-30) },
      { refunds: { whenSpent: 'stop-at-zero' } },
      { buckets: {}, lots: {} },
    ],
    [
      'waiting until the day that is known',
      { pending: p(40), pendingUntil: '2026-03-20' },
      {},
      { buckets: {}, lots: { '2026-03-20/2027-03-31': p(40) } },
    ],
    [
      'waiting as long as the program’s own points do',
      { pending: p(40) },
      { pending: { kind: 'days', days: 14 } },
      { buckets: {}, lots: { '2026-03-24/2027-03-31': p(40) } },
    ],
    [
      'waiting a month, where nobody knows',
      { pending: p(40) },
      {},
      { buckets: {}, lots: { '2026-04-09/2027-03-31': p(40) } },
    ],
    [
      'waiting no longer, where the day is over',
      { pending: p(40), pendingUntil: '2026-03-01' },
      {},
      { buckets: { '2027-03-31': p(40) }, lots: {} },
    ],
  ])('expires %s', (_, told, changes, expected) => {
    const { account } = moved(told, changes);
    expect({ buckets: account.buckets, lots: account.lots }).toEqual(expected);
  });

  it('pays what a member owes here', () => {
    const owing = moved({ points: p(-30) }).account;
    const { account } = moved({ importId: '78', points: p(100) }, {}, owing);
    expect(account).toMatchObject({ available: 70, buckets: { '2027-03-31': 70 } });
  });

  it('moves nobody’s date back', () => {
    const active = moved({ points: p(10), lastActivityOn: '2026-03-01' }, inactivity).account;
    const { account } = moved({ importId: '78', points: p(5), lastActivityOn: '2025-06-01' }, inactivity, active);
    expect(account).toMatchObject({ lastActivityOn: '2026-03-01', buckets: { '2027-03-31': 15 } });
  });
});

describe('a tier that is brought along', () => {
  it.each<[string, Partial<Opening>, string, string | undefined]>([
    ['from what counts', { window: { '2026': 1_000 } }, 'gold', undefined],
    ['from what counted last year, as long as the program keeps it', { window: { '2025': 1_000 } }, 'gold', undefined],
    ['not from too little', { window: { '2026': 999 } }, 'base', undefined],
    ['as it was there, as long as one that is reached today', { tier: 'gold' }, 'gold', '2027-12-31'],
    ['until a day that is known', { tier: 'gold', tierThrough: '2026-06-30' }, 'gold', '2026-06-30'],
    ['once only, where the window gives it anyway', { tier: 'gold', window: { '2026': 1_500 } }, 'gold', undefined],
  ])('%s', (_, told, tier, through) => {
    const { account, entry } = moved(told);
    expect([entry.after.tier, account.granted?.through]).toEqual([tier, through]);
    expect(announce(entry)).toEqual([]);
  });
});

describe('a line of history', () => {
  it('changes nothing but the story', () => {
    const { account } = moved({ points: p(120) });
    const happened = {
      importId: 't-1',
      from: 'smile-io',
      what: 'purchase',
      points: p(25),
      at: '2025-11-01T10:00:00.000Z',
    } as const;
    const after = append(account, decideHistory(account, happened), stamp);
    expect(after.account).toEqual({ ...account, seq: 2, headHash: after.entry.hash });
    expect(after.entry).toMatchObject({
      key: 'E#import#smile-io:t-1#history',
      occurredAt: '2025-11-01T10:00:00.000Z',
      detail: { kind: 'history', what: 'purchase', points: 25 },
    });
    expect(announce(after.entry)).toEqual([]);
  });
});
