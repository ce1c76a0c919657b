import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { announce } from '../../lib/loyalty/announce.ts';
import { addDays, dayIn } from '../../lib/loyalty/calendar.ts';
import type { Draft, Entry } from '../../lib/loyalty/entry.ts';
import { append, newAccount } from '../../lib/loyalty/entry.ts';
import { beginnings, broughtByTime, isEmptyRound, keptOn, timeOn, yearsOn } from '../../lib/loyalty/occasions.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import { decideStatement } from '../../lib/loyalty/statement.ts';
import fc from '../fast-check.ts';
import { program, programInput, refund, sale, visit } from '../ledger/world.ts';

describe('a day of the year', () => {
  it.each([
    ['2026-02-28', 'feb-28', ['02-28', '02-29']],
    ['2026-03-01', 'feb-28', ['03-01']],
    ['2026-02-28', 'mar-1', ['02-28']],
    ['2026-03-01', 'mar-1', ['03-01', '02-29']],
    ['2028-02-28', 'feb-28', ['02-28']],
    ['2028-02-29', 'feb-28', ['02-29']],
    ['2028-03-01', 'mar-1', ['03-01']],
    ['2100-02-28', 'feb-28', ['02-28', '02-29']],
  ] as const)('%s with %s is that of %j', (day, leapDay, days) => {
    expect(keptOn(day, leapDay)).toEqual(days);
  });

  it('comes once in every year, whoever was born when', () => {
    const born = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays('1960-01-01', days));
    fc.assert(
      fc.property(
        born,
        fc.integer({ min: 2020, max: 2110 }),
        fc.constantFrom('feb-28', 'mar-1'),
        (day, year, leapDay) => {
          const days = Array.from({ length: 366 }, (_, index) => addDays(`${year}-01-01`, index));
          const kept = days.filter((one) => one.startsWith(String(year)) && yearsOn(one, day, leapDay) !== undefined);
          expect(kept).toHaveLength(1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is none of a birthday that is yet to come', () => {
    expect(yearsOn('2026-05-10', '2026-05-10', 'feb-28')).toBeUndefined();
    expect(yearsOn('2026-05-10', '2030-05-10', 'feb-28')).toBeUndefined();
    expect(yearsOn('2026-05-10', '1990-05-10', 'feb-28')).toBe(36);
  });
});

describe('months and years that have begun', () => {
  it.each([
    ['month', '2026-01-31', '2026-02-01', ['2026-02-01']],
    ['month', '2026-02-01', '2026-02-28', []],
    ['month', '2026-11-15', '2027-02-10', ['2026-12-01', '2027-01-01', '2027-02-01']],
    ['year', '2026-01-01', '2026-12-31', []],
    ['year', '2026-03-01', '2028-01-01', ['2027-01-01', '2028-01-01']],
  ] as const)('a %s after %s through %s: %j', (per, after, through, days) => {
    expect(beginnings(per, after, through)).toEqual(days);
  });
});

describe('a time on a day that is over', () => {
  // Clocks that skip midnight, zones on both sides of the date line, and those of half hours.
  const zones = [
    'Europe/Berlin',
    'America/Sao_Paulo',
    'Asia/Beirut',
    'Africa/Cairo',
    'Pacific/Auckland',
    'Pacific/Kiritimati',
    'Etc/GMT+12',
    'Pacific/Pago_Pago',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/St_Johns',
  ];
  it.each(zones)('is on that day in %s, whatever clocks do', (timeZone) => {
    const now = new Date('2031-01-01T00:00:00Z');
    for (let day = '2017-01-01'; day < '2019-01-01'; day = addDays(day, 1))
      expect(dayIn(timeZone, timeOn(day, { timeZone }, now))).toBe(day);
  });

  it('is now on the day itself', () => {
    const now = new Date('2026-05-10T01:30:00Z');
    expect(timeOn('2026-05-10', { timeZone: 'Europe/Berlin' }, now)).toBe('2026-05-10T01:30:00.000Z');
  });
});

/** Somebody to whom things happen. */
class Member {
  account: Account;
  readonly entries: Entry[] = [];
  readonly program: ReturnType<typeof program>;
  constructor(changes: Partial<ProgramInput> = {}) {
    this.program = program(changes);
    this.account = newAccount('m', 'base');
  }
  post(draft: Draft | { readonly refused: string }, at: string): Entry {
    if ('refused' in draft) throw new Error(draft.refused);
    const next = append(this.account, draft, { recordedAt: at, program: 'test' });
    this.account = next.account;
    this.entries.push(next.entry);
    return next.entry;
  }
  at = (now: string) => ({ program: this.program, now: new Date(now) });
  sale = (id: string, netMinor: number, at: string) =>
    this.post(decideSale(this.account, sale(id, netMinor, { occurredAt: at }), this.at(at)), at);
  visit = (id: string, at: string) =>
    this.post(decideActivity(this.account, visit(id, { occurredAt: at }), this.at(at)), at);
  comes = (activity: 'birthday' | 'anniversary', at: string, years?: number) => {
    const fact = broughtByTime(activity, 'm', { once: at.slice(0, 4), occurredAt: at, ...(years && { years }) });
    return this.post(decideActivity(this.account, fact, this.at(at)), at);
  };
  told = (type: string) =>
    this.entries
      .flatMap(announce)
      .filter((event) => event.type === type)
      .map(({ data }) => data);
}

const birthdayRule = {
  id: 'birthday',
  on: 'activity' as const,
  when: [{ is: 'activity' as const, activities: ['birthday'] }],
  earn: { kind: 'flat' as const, points: 100 },
};

describe('what time brings', () => {
  it('is told with what the program gave for it', () => {
    const member = new Member({ rules: [...programInput.rules, birthdayRule] });
    member.comes('birthday', '2026-05-10T01:30:00Z');
    member.comes('anniversary', '2026-06-10T01:30:00Z', 3);
    expect(member.told('birthday')).toEqual([{ points: 100 }]);
    expect(member.told('anniversary')).toEqual([{ years: 3, points: 0 }]);
  });

  it('keeps no points alive, and goes to those that are', () => {
    const member = new Member({
      rules: [...programInput.rules, birthdayRule],
      expiry: { kind: 'inactivity', months: 6, until: 'day' },
    });
    member.sale('o1', 1_000, '2026-03-10T12:00:00Z');
    member.comes('birthday', '2026-05-10T01:30:00Z');
    expect(member.account).toMatchObject({ buckets: { '2026-09-10': 170 }, lastActivityOn: '2026-03-10' });
    member.sale('o2', 1_000, '2026-06-10T12:00:00Z');
    expect(member.account.buckets).toEqual({ '2026-12-10': 240 });
  });

  it('is no entry where a month brings nothing, and a birthday is one also without a present', () => {
    const gold = { is: 'tier-in' as const, tiers: ['gold'] };
    const monthly = { is: 'activity' as const, activities: ['monthly'] };
    const member = new Member({ rules: [...programInput.rules, { ...birthdayRule, when: [monthly, gold] }] });
    const empty = (activity: 'monthly' | 'yearly' | 'birthday', tier = 'base') => {
      const account = { ...member.account, tier, granted: { id: 'g', tier, through: '2026-12-31' } };
      const fact = broughtByTime(activity, 'm', { once: '2026-05', occurredAt: '2026-05-01T01:30:00Z' });
      return isEmptyRound(decideActivity(account, fact, member.at('2026-05-01T01:30:00Z')));
    };
    expect([empty('monthly'), empty('yearly'), empty('birthday'), empty('monthly', 'gold')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('can be spent for as long as anything else when nothing is alive', () => {
    const member = new Member({
      rules: [...programInput.rules, birthdayRule],
      expiry: { kind: 'inactivity', months: 6, until: 'day' },
    });
    member.comes('birthday', '2026-05-10T01:30:00Z');
    expect(member.account.buckets).toEqual({ '2026-11-10': 100 });
  });
});

describe('milestones', () => {
  const milestones = [
    { id: 'third', of: 'visits' as const, at: 3 },
    { id: 'pairs', of: 'purchases' as const, every: 2 },
    { id: 'hundreds', of: 'points' as const, every: 100 },
  ];

  it('are told with what reached them, at once, and the highest of several', () => {
    const member = new Member({ milestones });
    member.visit('v1', '2026-03-01T12:00:00Z');
    member.sale('o1', 5_000, '2026-03-02T12:00:00Z');
    member.visit('v2', '2026-03-03T12:00:00Z');
    member.sale('o2', 100, '2026-03-04T12:00:00Z');
    expect(member.entries.map(({ detail }) => ('milestones' in detail ? detail.milestones : undefined))).toEqual([
      undefined,
      [{ id: 'hundreds', of: 'points', count: 300 }],
      [{ id: 'third', of: 'visits', count: 3 }],
      [{ id: 'pairs', of: 'purchases', count: 2 }],
    ]);
    expect(member.told('milestone.reached')).toEqual([
      { milestoneId: 'hundreds', of: 'points', count: 300 },
      { milestoneId: 'third', of: 'visits', count: 3 },
      { milestoneId: 'pairs', of: 'purchases', count: 2 },
    ]);
  });

  it('are reached once, also when goods go back and are bought again', () => {
    const member = new Member({ milestones });
    member.sale('o1', 1_000, '2026-03-02T12:00:00Z');
    const second = member.sale('o2', 1_000, '2026-03-03T12:00:00Z');
    const back = refund('o2', 'r', { kind: 'everything' });
    member.post(
      decideRefund(member.account, back, member.at('2026-03-04T12:00:00Z'), second, [second]),
      '2026-03-04T12:00:00Z',
    );
    expect(member.account.purchases).toBe(1);
    member.sale('o3', 1_000, '2026-03-05T12:00:00Z');
    expect(member.told('milestone.reached')).toEqual([
      { milestoneId: 'pairs', of: 'purchases', count: 2 },
      { milestoneId: 'hundreds', of: 'points', count: 100 },
    ]);
  });

  it('that come into the program later are nothing to those who passed them long ago', () => {
    const member = new Member();
    for (const day of ['01', '02', '03', '04']) member.visit(day, `2026-03-${day}T12:00:00Z`);
    const later = Object.assign(new Member({ milestones }), { account: member.account });
    later.visit('v5', '2026-03-05T12:00:00Z');
    expect(later.told('milestone.reached')).toEqual([]);
  });

  it.each([{}, { every: 2, at: 3 }])('with %j are none', (counts) => {
    expect(() => program({ milestones: [{ id: 'm', of: 'visits', ...counts }] })).toThrow('set every or at');
  });
});

describe('a statement', () => {
  it('is not made before the month is over', () => {
    const member = new Member();
    member.sale('o1', 1_000, '2026-03-10T12:00:00Z');
    expect(decideStatement(member.account, '2026-03', member.entries, member.at('2026-03-31T21:59:59Z'))).toEqual({
      refused: 'month-not-over',
    });
    expect(decideStatement(member.account, '2026-03', member.entries, member.at('2026-03-31T22:00:00Z'))).toMatchObject(
      {
        detail: { kind: 'statement', period: '2026-03', earned: 70, closingBalance: 70 },
      },
    );
  });

  it('says nothing of a month in which nothing happened', () => {
    const member = new Member();
    member.sale('o1', 1_000, '2026-03-10T12:00:00Z');
    const draft = decideStatement(member.account, '2026-04', member.entries, member.at('2026-05-02T12:00:00Z'));
    expect(draft).toEqual({ refused: 'nothing-to-say' });
  });

  it('is told', () => {
    const member = new Member();
    member.sale('o1', 1_000, '2026-03-10T12:00:00Z');
    const at = '2026-04-01T12:00:00Z';
    member.post(decideStatement(member.account, '2026-03', member.entries, member.at(at)), at);
    expect(member.told('statement.ready')).toEqual([
      {
        period: '2026-03',
        earned: 70,
        redeemed: 0,
        expired: 0,
        closingBalance: 70,
        nextExpiryOn: '2027-03-31',
        nextExpiryPoints: 70,
      },
    ]);
  });
});
