import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import type { Line, RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { refund, sale, visit } from '../ledger/world.ts';
import { Counter, goods, onePerEuro, type Rules, WORDS } from './counter.ts';

type When = NonNullable<Rules[number]['when']>[number];

const basket = (orderId: string, lines: readonly Line[], more: Partial<SaleFact> = {}): SaleFact => {
  const sum = (of: 'netMinor' | 'grossMinor') => lines.reduce((all, line) => all + line[of], 0);
  return sale(orderId, sum('netMinor'), { grossMinor: sum('grossMinor'), lines: [...lines], ...more });
};
const linesBack = (...lines: (Pick<Line, 'id' | 'grossMinor'> & { quantity?: number })[]): RefundFact['extent'] => ({
  kind: 'lines',
  lines: lines.map((line) => ({ netMinor: line.grossMinor, ...line })),
});

/** 10.00 of coffee, 4.00 of cups, and a gift card over 50.00. */
const shopping = basket('o', [
  goods('1', 1_000, { sku: 'bean', category: 'coffee', tags: ['new', 'fair'] }),
  goods('2', 400, { sku: 'cup', category: 'ware' }),
  goods('3', 5_000, { category: 'gift-card' }),
]);
const total = sale('o', 6_400);
const at = (occurredAt: string) => sale('o', 1_000, { occurredAt });

describe('a rule applies', () => {
  const cases: [condition: When, says: string, fact: SaleFact, earned: number, account?: Partial<Account>][] = [
    [{ is: 'category-in', categories: ['coffee'] }, 'to goods of the category', shopping, 10],
    [{ is: 'category-in', categories: ['coffee', 'ware'] }, 'to goods of one of them', shopping, 14],
    [{ is: 'category-in', categories: ['tea'] }, 'to nothing where there is none', shopping, 0],
    [{ is: 'category-in', categories: ['coffee'] }, 'to nothing where goods are not told', total, 0],
    [{ is: 'category-not-in', categories: ['gift-card'] }, 'to all goods but those', shopping, 14],
    [{ is: 'category-not-in', categories: ['gift-card'] }, 'to all where goods are not told', total, 64],
    [{ is: 'sku-in', skus: ['bean'] }, 'to the article', shopping, 10],
    [{ is: 'sku-in', skus: ['bean'] }, 'to nothing where articles are not told', total, 0],
    [{ is: 'sku-not-in', skus: ['bean'] }, 'to goods without a number, too', shopping, 54],
    [{ is: 'tag-in', tags: ['fair', 'bio'] }, 'to goods that have one of the tags', shopping, 10],
    [{ is: 'tag-not-in', tags: ['new'] }, 'to goods that have none of the tags', shopping, 54],
    [{ is: 'minimum-spend', amount: '64.00' }, 'from the minimum on: it is in', shopping, 64],
    [{ is: 'minimum-spend', amount: '64.01' }, 'not a cent below it', shopping, 0],
    [{ is: 'first-purchase' }, 'to the first order', shopping, 64],
    [{ is: 'first-purchase' }, 'not to the second', shopping, 0, { purchases: 1 }],
    [{ is: 'every', nth: 10, of: 'purchase' }, 'to the tenth order', shopping, 64, { purchases: 9 }],
    [{ is: 'every', nth: 10, of: 'purchase' }, 'to the twentieth', shopping, 64, { purchases: 19 }],
    [{ is: 'every', nth: 10, of: 'purchase' }, 'not to the eleventh', shopping, 0, { purchases: 10 }],
    [{ is: 'every', nth: 5, of: 'visit' }, 'to the fifth visit, which a purchase is', shopping, 64, { visits: 4 }],
    [{ is: 'every', nth: 5, of: 'visit' }, 'not to the fourth', shopping, 0, { visits: 3 }],
    [{ is: 'location-in', locations: ['berlin'] }, 'in the place', { ...total, locationId: 'berlin' }, 64],
    [{ is: 'location-in', locations: ['berlin'] }, 'nowhere where no place is told', total, 0],
    [{ is: 'location-not-in', locations: ['berlin'] }, 'elsewhere', { ...total, locationId: 'bonn' }, 64],
    [{ is: 'location-not-in', locations: ['berlin'] }, 'also where no place is told', total, 64],
    [{ is: 'location-not-in', locations: ['berlin'] }, 'not there', { ...total, locationId: 'berlin' }, 0],
    [{ is: 'source-in', sources: ['till'] }, 'to what the till told', total, 64],
    [{ is: 'source-in', sources: ['shopify'] }, 'not to what others told', total, 0],
    [{ is: 'source-not-in', sources: ['shopify'] }, 'to all others', total, 64],
    [{ is: 'source-not-in', sources: ['till'] }, 'not to that one', total, 0],
    [{ is: 'weekday', days: ['tue'] }, 'on a Tuesday', at('2026-03-10T12:00:00Z'), 10],
    [
      { is: 'weekday', days: ['wed'] },
      'by the shop’s day: Tuesday 23:30 UTC is Wednesday',
      at('2026-03-10T23:30:00Z'),
      10,
    ],
    [{ is: 'weekday', days: ['tue'] }, 'and no longer Tuesday', at('2026-03-10T23:30:00Z'), 0],
    [{ is: 'hours', from: '15:00', to: '17:00' }, 'from the first minute', at('2026-03-10T14:00:00Z'), 10],
    [{ is: 'hours', from: '15:00', to: '17:00' }, 'to before the second', at('2026-03-10T15:59:59Z'), 10],
    [{ is: 'hours', from: '15:00', to: '17:00' }, 'and no more at the second', at('2026-03-10T16:00:00Z'), 0],
    [{ is: 'hours', from: '15:00', to: '17:00' }, 'by summer time in summer', at('2026-07-10T13:00:00Z'), 10],
    [{ is: 'hours', from: '22:00', to: '02:00' }, 'past midnight', at('2026-03-10T00:30:00Z'), 10],
    [{ is: 'hours', from: '22:00', to: '02:00' }, 'not at two', at('2026-03-10T01:00:00Z'), 0],
    [
      { is: 'hours', from: '02:00', to: '03:00' },
      'in the hour that the clock repeats, both times',
      at('2025-10-26T01:30:00Z'),
      10,
    ],
    [{ is: 'between', from: '2026-03-10', to: '2026-03-12' }, 'on the first day', at('2026-03-09T23:00:00Z'), 10],
    [{ is: 'between', from: '2026-03-10', to: '2026-03-12' }, 'on the last day', at('2026-03-12T22:59:59Z'), 10],
    [{ is: 'between', from: '2026-03-10', to: '2026-03-12' }, 'and not on the next', at('2026-03-12T23:00:00Z'), 0],
    [{ is: 'between', to: '2026-03-12' }, 'at any time before', at('2026-01-01T12:00:00Z'), 10],
    [{ is: 'between', from: '2026-03-10' }, 'at any time after', at('2026-12-01T12:00:00Z'), 10],
    [{ is: 'tier-in', tiers: ['gold'] }, 'to the tier', total, 64, { window: { '2026': 1_000 } }],
    [{ is: 'tier-in', tiers: ['gold'] }, 'not to those below', total, 0],
    [{ is: 'member-tag-in', tags: ['press', 'staff'] }, 'to members with one of the tags', total, 64],
    [{ is: 'member-tag-in', tags: ['press'] }, 'and no others', total, 0],
    [{ is: 'activity', activities: ['visit'] }, 'to the activity', total, 7],
    [{ is: 'days-away', days: [60] }, 'to the step of an absence', total, 9],
  ];

  it.each(cases)('%j: %s', (...[condition, , fact, earned, account]) => {
    const tiers = [
      { id: 'base', name: 'Base', from: 0 },
      { id: 'gold', name: 'Gold', from: 1_000 },
    ];
    const around = { memberTags: ['staff'] };
    if (condition.is === 'activity') {
      const rules: Rules = [{ id: 'visit', on: 'activity', when: [condition], earn: { kind: 'flat', points: earned } }];
      const told = new Counter({ rules }).tellAll(visit('v'), visit('s', { activity: 'share' }));
      expect(told).toEqual([earned, 0]);
      return;
    }
    if (condition.is === 'days-away') {
      const when: Rules[number]['when'] = [{ is: 'activity', activities: ['inactive'] }, condition];
      const counter = new Counter({
        rules: [{ id: 'away', on: 'activity', when, earn: { kind: 'flat', points: earned } }],
        inactivity: { daysAfter: [30, 60] },
      });
      const steps = [30, 60].map((daysAway) => visit(`away-${daysAway}`, { activity: 'inactive', daysAway }));
      expect(counter.tellAll(...steps)).toEqual([0, earned]);
      return;
    }
    const startsOn = '2025-01-01';
    const counter = new Counter({ startsOn, tiers, rules: [{ ...onePerEuro, when: [condition] }] }, account, around);
    expect(counter.tell(fact)).toBe(earned);
  });

  it('and every word has its line here', () => {
    const words = WORDS.conditions;
    expect([...new Set(cases.map(([condition]) => condition.is))].sort()).toEqual([...words].sort());
  });

  it('only when all of its conditions hold, and to the goods that all of them mean', () => {
    const rules: Rules = [
      {
        ...onePerEuro,
        when: [
          { is: 'category-not-in', categories: ['gift-card'] },
          { is: 'tag-not-in', tags: ['new'] },
          { is: 'minimum-spend', amount: '4.00' },
        ],
      },
    ];
    expect(new Counter({ rules }).tellAll(shopping, basket('p', [goods('1', 399)]))).toEqual([4, 0]);
  });

  it('to a first order again, once the first has gone back whole', () => {
    const counter = new Counter({ rules: [{ ...onePerEuro, when: [{ is: 'first-purchase' }] }] });
    expect(
      counter.tellAll(sale('a', 500), refund('a', 'r', { kind: 'everything' }), sale('b', 500), sale('c', 500)),
    ).toEqual([5, -5, 5, 0]);
  });
});

describe('an action gives', () => {
  const net = { grossMinor: 1_190, netMinor: 1_000, listGrossMinor: 2_380, listNetMinor: 2_000 };
  const cases: [earn: Rules[number]['earn'], says: string, fact: SaleFact, earned: number][] = [
    [
      { kind: 'per-amount', points: 1, amount: '1.00', base: 'net' },
      'on the net',
      basket('o', [goods('1', 0, net)]),
      10,
    ],
    [
      { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' },
      'on the gross',
      basket('o', [goods('1', 0, net)]),
      11,
    ],
    [
      { kind: 'per-amount', points: 1, amount: '1.00', base: 'net', discounts: 'before' },
      'on the net before discounts',
      basket('o', [goods('1', 0, net)]),
      20,
    ],
    [
      { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross', discounts: 'before' },
      'on the gross before discounts',
      basket('o', [goods('1', 0, net)]),
      23,
    ],
    [
      { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross', discounts: 'before' },
      'on what is given away, at its list price',
      basket('o', [goods('1', 0, { listGrossMinor: 800, listNetMinor: 800 })]),
      8,
    ],
    [
      { kind: 'per-amount', points: 7, amount: '2.00', base: 'gross' },
      'in proportion: 10.5 for 3.00',
      sale('o', 300),
      10,
    ],
    [{ kind: 'per-amount', points: 1, amount: '0.01', base: 'gross' }, 'a point a cent', sale('o', 12_345), 12_345],
    [
      { kind: 'per-item', points: 5 },
      'for each piece',
      basket('o', [goods('1', 900, { quantity: 3 }), goods('2', 100)]),
      20,
    ],
    [
      { kind: 'per-item', points: 10 },
      'for a weight, to the gram',
      basket('o', [goods('1', 900, { quantity: 1.275 })]),
      12,
    ],
    [{ kind: 'per-item', points: 5 }, 'for one piece, where goods are not told', sale('o', 900), 5],
    [{ kind: 'flat', points: 50 }, 'the same for any order', sale('o', 1), 50],
  ];
  it.each(cases)('%j %s', (earn, _, fact, earned) => {
    expect(new Counter({ rules: [{ id: 'r', on: 'sale', earn }] }).tell(fact)).toBe(earned);
  });
  it('and every kind has its line here', () => {
    const kinds = WORDS.actions;
    expect([...new Set(cases.map(([{ kind }]) => kind))].sort()).toEqual([...kinds].sort());
  });
});

describe('at the counter', () => {
  const withoutGiftCards: Rules = [{ ...onePerEuro, when: [{ is: 'category-not-in', categories: ['gift-card'] }] }];

  it('selling a gift card earns nothing, paying with one earns in full: goods earn, not means of payment', () => {
    const bought = basket('a', [goods('1', 5_000, { category: 'gift-card' })]);
    // 30.00 of the 40.00 were paid by gift card; a sale says what was bought, not how it was paid.
    const paidWith = basket('b', [goods('1', 4_000)]);
    expect(new Counter({ rules: withoutGiftCards }).tellAll(bought, paidWith)).toEqual([0, 40]);
  });

  it('ten per cent off goods that do not earn changes nothing', () => {
    const full = basket('a', [goods('1', 1_000), goods('2', 5_000, { category: 'gift-card' })]);
    const off = basket('b', [
      goods('1', 1_000),
      goods('2', 4_500, { category: 'gift-card', listNetMinor: 5_000, listGrossMinor: 5_000 }),
    ]);
    expect(new Counter({ rules: withoutGiftCards }).tellAll(full, off)).toEqual([10, 10]);
  });

  it('an exchange is a refund and another sale', () => {
    const counter = new Counter({ rules: [onePerEuro] });
    expect(
      counter.tellAll(
        basket('a', [goods('shirt', 4_000), goods('socks', 500)]),
        refund('a', 'swap', linesBack({ id: 'shirt', grossMinor: 4_000 })),
        basket('a-swap', [goods('coat', 9_000)]),
      ),
    ).toEqual([45, -40, 90]);
  });

  it('a chargeback takes all of it, after what was returned before', () => {
    const counter = new Counter({
      rules: [onePerEuro, { id: 'thanks', on: 'sale', earn: { kind: 'flat', points: 20 } }],
    });
    expect(
      counter.tellAll(
        sale('a', 10_000),
        refund('a', 'return', 4_000),
        refund('a', 'bank', { kind: 'everything' }, { reason: 'chargeback' }),
      ),
    ).toEqual([120, -40, -80]);
  });

  it('what is given once for an order stays until nothing of it is left', () => {
    const rules: Rules = [
      {
        id: 'over-50',
        on: 'sale',
        when: [{ is: 'minimum-spend', amount: '50.00' }],
        earn: { kind: 'flat', points: 100 },
      },
    ];
    expect(new Counter({ rules }).tellAll(sale('a', 6_000), refund('a', 'r', 5_999), refund('a', 's', 1))).toEqual([
      100, 0, -100,
    ]);
  });

  it('pieces go back by their number where it is told, by their money where it is not', () => {
    const rules: Rules = [{ id: 'r', on: 'sale', earn: { kind: 'per-item', points: 6 } }];
    const sold = basket('a', [goods('1', 1_000, { quantity: 4 })]);
    expect([
      new Counter({ rules }).tellAll(sold, refund('a', 'r', linesBack({ id: '1', grossMinor: 100, quantity: 1 }))),
      new Counter({ rules }).tellAll(sold, refund('a', 'r', linesBack({ id: '1', grossMinor: 500 }))),
    ]).toEqual([
      [24, -6],
      [24, -12],
    ]);
  });

  it('a sale for nothing is gone once all its pieces are back', () => {
    const rules: Rules = [{ id: 'r', on: 'sale', earn: { kind: 'per-item', points: 6 } }];
    const sold = basket('a', [goods('1', 0, { quantity: 2 })]);
    const back = (refundId: string) => refund('a', refundId, linesBack({ id: '1', grossMinor: 0, quantity: 1 }));
    const counter = new Counter({ rules });
    expect([counter.tellAll(sold, back('r'), back('s')), counter.account.purchases]).toEqual([[12, -6, -6], 0]);
  });

  it('goods that came back before the sale was told never earned, and a whole order was no purchase', () => {
    const early = { 'till#a': [{ id: 'r', extent: { kind: 'everything' as const } }] };
    const counter = new Counter({ rules: [onePerEuro] }, { early });
    expect([counter.tell(sale('a', 5_000)), counter.account.purchases, counter.account.visits]).toEqual([0, 0, 0]);
  });
});

describe('the sale that reaches a tier', () => {
  const tiers = [
    { id: 'base', name: 'Base', from: 0 },
    { id: 'gold', name: 'Gold', from: 100, multiplierBp: 20_000 },
  ];
  it.each([
    ['at-old-tier', 100],
    ['at-new-tier', 200],
  ] as const)('earns %s as the program says: %d points for 100.00', (reachingSaleEarns, earned) => {
    const counter = new Counter({ rules: [onePerEuro], tiers, qualify: { reachingSaleEarns } });
    expect([counter.tell(sale('a', 10_000)), counter.account.tier]).toEqual([earned, 'gold']);
  });

  it('is multiplied by it whether its refunds come after it or before', () => {
    const changes = { rules: [onePerEuro], tiers, qualify: { reachingSaleEarns: 'at-new-tier' as const } };
    const half = { kind: 'amount' as const, netMinor: 5_000, grossMinor: 5_000 };
    const after = new Counter(changes);
    const before = new Counter(changes, { early: { 'till#a': [{ id: 'r', extent: half }] } });
    expect([after.tellAll(sale('a', 10_000), refund('a', 'r', 5_000)), before.tell(sale('a', 10_000))]).toEqual([
      [200, -100],
      100,
    ]);
  });

  it('does not reach it by what the new tier would add', () => {
    const counter = new Counter({ rules: [onePerEuro], tiers, qualify: { reachingSaleEarns: 'at-new-tier' } });
    expect([counter.tell(sale('a', 9_999)), counter.account.tier]).toEqual([99, 'base']);
  });
});
