import { describe, expect, it } from '@jest/globals';
import type { Day } from '../../lib/loyalty/account.ts';
import { announce } from '../../lib/loyalty/announce.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { nextReview } from '../../lib/loyalty/due.ts';
import { type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import { nextReviewOn, tierOf } from '../../lib/loyalty/tiers.ts';
import fc from '../fast-check.ts';
import { program, programInput } from '../ledger/world.ts';
import { Life } from './life.ts';

/** Silver at a hundred, gold at three hundred. */
const tiers = [
  { id: 'base', name: 'Base', from: 0 },
  { id: 'silver', name: 'Silver', from: 100 },
  { id: 'gold', name: 'Gold', from: 300 },
];
type Qualify = NonNullable<ProgramInput['qualify']>;
const rolling = (months: number): Qualify['window'] => ({ kind: 'rolling', months });

const standing = (qualify: Qualify, window: Record<string, number>, day: Day): string =>
  tierOf(program({ tiers, qualify }), { window }, day).id;

describe('a tier is reached', () => {
  it.each([
    ['points', 'one short', 99, 'base'],
    ['points', 'exactly: equality is in', 100, 'silver'],
    ['points', 'two at once', 300, 'gold'],
    // Money is counted in cents.
    ['spend', 'one cent short', 9_999, 'base'],
    ['spend', 'exactly', 10_000, 'silver'],
    ['visits', 'one short', 99, 'base'],
    ['visits', 'exactly', 100, 'silver'],
  ] as const)('by %s, %s', (by, _, amount, tier) => {
    expect(standing({ by }, { '2026': amount }, '2026-05-01')).toBe(tier);
  });

  it('by spend in a currency without decimals', () => {
    const yen = program({
      ...programInput,
      currency: 'JPY',
      rules: [{ id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '100', base: 'net' } }],
      tiers,
      qualify: { by: 'spend' },
    });
    expect(['2026'].map((year) => tierOf(yen, { window: { [year]: 100 } }, '2026-05-01').id)).toEqual(['silver']);
  });

  it.each([
    ['points', [60, 39, 1], ['base', 'base', 'silver']],
    ['spend', [60, 39.99, 0.01], ['base', 'base', 'silver']],
  ] as const)('by the very purchase that completes it, by %s', (by, bills, reached) => {
    const life = new Life({ tiers, qualify: { by } }).on('2026-03-10');
    expect(
      bills.map((euros, index) => {
        life.buy(`o${index}`, euros);
        return life.account.tier;
      }),
    ).toEqual(reached);
  });

  it('by visits, of which a purchase is one and a returned purchase none', () => {
    const three = [tiers[0], { id: 'silver', name: 'Silver', from: 3 }] as typeof tiers;
    const life = new Life({ tiers: three, qualify: { by: 'visits' } }).on('2026-03-10');
    const seen = [() => life.buy('a', 1), () => life.visit('v'), () => life.buy('b', 1), () => life.return('a')].map(
      (step) => {
        step();
        return life.account.tier;
      },
    );
    expect(seen).toEqual(['base', 'base', 'silver', 'base']);
  });

  it.each([
    ['at-old-tier', 120],
    ['at-new-tier', 240],
  ] as const)('and the purchase that reaches it earns %s', (reachingSaleEarns, earned) => {
    const twice = [tiers[0], { id: 'silver', name: 'Silver', from: 100, multiplierBp: 20_000 }] as typeof tiers;
    const life = new Life({ tiers: twice, qualify: { reachingSaleEarns } }).on('2026-03-10');
    life.buy('o', 120);
    expect({ points: life.account.available, tier: life.account.tier }).toEqual({ points: earned, tier: 'silver' });
  });

  it('never by the balance: what is spent or has lapsed counts on', () => {
    const life = new Life({ tiers, expiry: { kind: 'months', months: 1, until: 'day' } }).on('2026-03-10');
    life.buy('a', 60);
    life.spend(60);
    life.buy('b', 40);
    life.on('2026-04-11').sweepPoints('2026-04-10');
    expect({ available: life.account.available, tier: life.account.tier }).toEqual({ available: 0, tier: 'silver' });
  });

  it.each([
    // The last minute of the year in Berlin, and the first of the next one.
    ['2026-12-31T22:59:59Z', { '2026': 100 }],
    ['2026-12-31T23:00:00Z', { '2027': 100 }],
  ])('in the year of the merchant’s calendar: %s', (when, window) => {
    const life = new Life({ tiers }).on(when);
    life.buy('o', 100);
    expect(life.account.window).toEqual(window);
  });
});

describe('a refund takes back what the purchase counted', () => {
  it.each([
    ['the tier with it', ['a'], 'base'],
    ['only as much: the rest still reaches it', ['b'], 'silver'],
  ])('%s', (_, returned, tier) => {
    const life = new Life({ tiers, qualify: { by: 'spend' } }).on('2026-03-10');
    life.buy('a', 100);
    life.buy('b', 30);
    for (const one of returned) life.return(one);
    expect(life.account.tier).toBe(tier);
  });

  it('in the year of the purchase, not of the refund', () => {
    const life = new Life({ tiers }).on('2026-12-30');
    life.buy('a', 100);
    life.on('2027-01-05').buy('b', 20);
    life.return('a');
    expect({ window: life.account.window, tier: life.account.tier }).toEqual({ window: { '2027': 20 }, tier: 'base' });
  });

  it('and says so', () => {
    const life = new Life({ tiers }).on('2026-03-10');
    life.buy('a', 100);
    const told = announce(life.return('a') as Entry);
    expect(told.find(({ type }) => type === 'tier.changed')?.data).toEqual({ from: 'silver', to: 'base' });
  });
});

describe('a tier is kept', () => {
  // What was reached in 2026; and then nothing more.
  const reached = { '2026': 300 };
  it.each([
    [
      'not beyond its year',
      { keep: 0 },
      [
        ['2026-12-31', 'gold'],
        ['2027-01-01', 'base'],
      ],
    ],
    [
      'for the next year too',
      { keep: 1 },
      [
        ['2027-12-31', 'gold'],
        ['2028-01-01', 'base'],
      ],
    ],
    [
      'for two more',
      { keep: 2 },
      [
        ['2028-12-31', 'gold'],
        ['2029-01-01', 'base'],
      ],
    ],
    [
      'through the days of grace',
      { keep: 0, graceDays: 31 },
      [
        ['2027-01-31', 'gold'],
        ['2027-02-01', 'base'],
      ],
    ],
    [
      'and lands softly, one step at a time',
      { keep: 1, softLanding: true },
      [
        ['2027-12-31', 'gold'],
        ['2028-01-01', 'silver'],
        ['2028-12-31', 'silver'],
        ['2029-01-01', 'base'],
      ],
    ],
    [
      'and lands softly for a year where nothing is kept',
      { keep: 0, softLanding: true },
      [
        ['2026-12-31', 'gold'],
        ['2027-01-01', 'silver'],
        ['2027-12-31', 'silver'],
        ['2028-01-01', 'base'],
      ],
    ],
    [
      'and lands softly after the days of grace',
      { keep: 0, softLanding: true, graceDays: 10 },
      [
        ['2027-01-10', 'gold'],
        ['2027-01-11', 'silver'],
        ['2028-01-10', 'silver'],
        ['2028-01-11', 'base'],
      ],
    ],
  ] as [string, Qualify, [Day, string][]][])('%s, by the calendar year', (_, qualify, days) => {
    expect(days.map(([day]) => [day, standing(qualify, reached, day)])).toEqual(days);
  });

  const rolled = { '2026-01': 100, '2026-03': 200 };
  it.each([
    [
      'while the months hold enough',
      { window: rolling(12), keep: 0 },
      [
        ['2026-03-31', 'gold'],
        ['2026-12-31', 'gold'],
        ['2027-01-01', 'silver'],
        ['2027-02-28', 'silver'],
        ['2027-03-01', 'base'],
      ],
    ],
    [
      'three months more',
      { window: rolling(12), keep: 3 },
      [
        ['2027-03-31', 'gold'],
        ['2027-04-01', 'silver'],
        ['2027-05-31', 'silver'],
        ['2027-06-01', 'base'],
      ],
    ],
    [
      'a month alone',
      { window: rolling(1), keep: 0 },
      [
        ['2026-01-31', 'silver'],
        ['2026-02-01', 'base'],
        ['2026-03-01', 'silver'],
        ['2026-04-01', 'base'],
      ],
    ],
    [
      'and lands softly for a month',
      { window: rolling(12), keep: 0, softLanding: true },
      [
        ['2027-02-28', 'silver'],
        ['2027-03-01', 'base'],
      ],
    ],
    [
      'through the days of grace, over a leap day',
      { window: rolling(24), keep: 0, graceDays: 29 },
      [
        ['2028-01-29', 'gold'],
        ['2028-01-30', 'silver'],
        ['2028-03-29', 'silver'],
        ['2028-03-30', 'base'],
      ],
    ],
    [
      'through days of grace that are longer than the month in which it was reached',
      { window: rolling(3), keep: 0, graceDays: 65 },
      [
        ['2026-03-31', 'gold'],
        ['2026-04-01', 'gold'],
        ['2026-06-04', 'gold'],
        ['2026-06-05', 'silver'],
      ],
    ],
  ] as [string, Qualify, [Day, string][]][])('%s, in a rolling window', (_, qualify, days) => {
    expect(days.map(([day]) => [day, standing(qualify, rolled, day)])).toEqual(days);
  });
});

describe('a review', () => {
  const life = (qualify: Qualify = {}) => {
    const one = new Life({ tiers, qualify }).on('2026-03-10');
    one.buy('o', 300);
    return one;
  };

  it('takes a tier on the first day on which it is not kept, and books nothing before', () => {
    const one = life();
    expect([one.on('2027-12-31').review(), one.account.tier]).toEqual(['nothing', 'gold']);
    const entry = one.on('2028-01-01T00:00:30+01:00').review() as Entry;
    expect({ key: entry.key, detail: entry.detail, from: entry.tierFrom, to: entry.after.tier }).toEqual({
      key: 'E#sweep#2028-01-01#tier-review',
      detail: { kind: 'tier-reviewed', on: '2028-01-01' },
      from: 'gold',
      to: 'base',
    });
    expect(announce(entry).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'tier.changed', data: { from: 'gold', to: 'base' } },
    ]);
    expect(one.review()).toBe('nothing');
  });

  it('that comes late ends where those in time would have', () => {
    const soft: Qualify = { keep: 1, softLanding: true };
    const [late, inTime] = [life(soft), life(soft)];
    for (const day of ['2028-01-01', '2029-01-01']) inTime.on(day).review();
    late.on('2029-02-03').review();
    expect([late.account.tier, inTime.account.tier]).toEqual(['base', 'base']);
    expect([late.entries.length, inTime.entries.length]).toEqual([2, 3]);
  });

  it('changes nothing for who has bought enough since', () => {
    const one = life();
    one.on('2027-11-30').buy('p', 300);
    expect(one.on('2028-01-01').review()).toBe('nothing');
  });

  it('is due on that day, and at once where an entry in between left the old tier', () => {
    const one = life();
    const { program: rules } = one.situation;
    const due = (day: Day) => nextReview(one.account, rules, day);
    expect(due('2026-03-10')).toBe('2028-01-01');
    one.on('2028-01-01').spend(1);
    expect([one.account.tier, due('2028-01-01')]).toEqual(['gold', '2028-01-01']);
    one.review();
    expect([one.account.tier, due('2028-01-01')]).toEqual(['base', undefined]);
  });
});

describe('a tier that staff give', () => {
  const grant = { grantId: 'g', tier: 'gold', through: '2026-06-30', by: 'ada' };

  it('counts at once, through its last day, and no lower than what the window says', () => {
    const life = new Life({ tiers }).on('2026-03-10');
    const entry = life.grant(grant) as Entry;
    expect({
      key: entry.key,
      detail: entry.detail,
      tier: life.account.tier,
      due: nextReview(life.account, life.situation.program, '2026-03-10'),
    }).toEqual({
      key: 'E#staff#g#tier-granted',
      detail: { kind: 'tier-granted', ...grant },
      tier: 'gold',
      due: '2026-07-01',
    });
    life.buy('o', 100);
    expect([life.on('2026-06-30').review(), life.account.tier]).toEqual(['nothing', 'gold']);
    life.on('2026-07-01').review();
    expect({ tier: life.account.tier, granted: life.account.granted }).toEqual({ tier: 'silver', granted: undefined });
  });

  it('below the member’s own changes nothing', () => {
    const life = new Life({ tiers }).on('2026-03-10');
    life.buy('o', 300);
    life.grant({ ...grant, tier: 'silver' });
    expect(life.account.tier).toBe('gold');
  });

  it('can be ended before; the newest grant is the one that counts', () => {
    const life = new Life({ tiers }).on('2026-03-10');
    life.grant(grant);
    life.grant({ ...grant, grantId: 'h', tier: 'silver' });
    expect(life.account.tier).toBe('silver');
    expect(life.endGrant('g')).toBe('no-such-grant');
    life.endGrant('h');
    expect({ tier: life.account.tier, granted: life.account.granted }).toEqual({ tier: 'base', granted: undefined });
  });

  it.each([
    ['of a tier that there is not', { ...grant, tier: 'platinum' }, 'unknown-tier'],
    ['through a day that is over', { ...grant, through: '2026-03-09' }, 'day-is-over'],
  ])('is refused when it is %s', (_, asked, because) => {
    expect(new Life({ tiers }).on('2026-03-10').grant(asked)).toBe(because);
  });
});

describe('promise 13: the tier is a function of the window', () => {
  const qualify = fc.record({
    window: fc.oneof(
      fc.constant({ kind: 'calendar-year' } as const),
      fc.record({ kind: fc.constant('rolling' as const), months: fc.integer({ min: 1, max: 24 }) }),
    ),
    keep: fc.integer({ min: 0, max: 2 }),
    graceDays: fc.integer({ min: 0, max: 92 }),
    softLanding: fc.boolean(),
  });
  const window = (yearly: boolean) =>
    fc.dictionary(
      yearly
        ? fc.integer({ min: 2023, max: 2026 }).map(String)
        : fc
            .tuple(fc.integer({ min: 2025, max: 2026 }), fc.integer({ min: 1, max: 12 }))
            .map(([year, month]) => `${year}-${String(month).padStart(2, '0')}`),
      fc.integer({ min: 0, max: 400 }),
      { maxKeys: 6 },
    );

  it('and the day of the next review is the first on which it would be another', () => {
    fc.assert(
      fc.property(
        qualify.chain((one) => fc.tuple(fc.constant(one), window(one.window.kind === 'calendar-year'))),
        fc.integer({ min: 0, max: 364 }),
        fc.option(fc.record({ tier: fc.constantFrom('silver', 'gold'), days: fc.integer({ min: 0, max: 200 }) }), {
          nil: undefined,
        }),
        ([how, counted], day, given) => {
          const rules = program({ tiers, qualify: how });
          const today = addDays('2026-01-01', day);
          const account = {
            ...newAccount('m', 'base'),
            // Nothing counts before it has happened.
            window: Object.fromEntries(Object.entries(counted).filter(([key]) => key <= today)),
            ...(given && { granted: { id: 'g', tier: given.tier, through: addDays(today, given.days) } }),
          };
          const now = tierOf(rules, account, today).id;
          const due = nextReviewOn(rules, account, today);
          const until = due ?? addDays(today, 366 * 7);
          // Every week until then, the last day before it, and the day itself.
          const before = [addDays(until, -1)];
          for (let day = today; day < until; day = addDays(day, 7)) before.push(day);
          expect(new Set(before.map((day) => tierOf(rules, account, day).id))).toEqual(new Set([now]));
          if (due) expect(tierOf(rules, account, due).id).not.toBe(now);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a program', () => {
  it('may not look further back than an account remembers', () => {
    const { error } = Program.safeParse({
      ...programInput,
      tiers,
      qualify: { keep: 4, graceDays: 1, softLanding: true },
    });
    expect(error?.issues.map(({ path, message }) => ({ path, message }))).toEqual([
      {
        path: ['qualify', 'keep'],
        message: 'looks 9 years back with its soft landing and grace, and an account remembers 5: set it lower',
      },
    ]);
  });
});
