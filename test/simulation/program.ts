import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import type { Chance } from './random.ts';

/** A program with every kind of rule in it; what a merchant chooses once is drawn by the seed. */
export function drawProgram(chance: Chance): Program {
  const input: ProgramInput = {
    name: 'The simulated club',
    currency: 'EUR',
    timeZone: chance.oneOf(['Europe/Berlin', 'America/Santiago', 'Pacific/Apia', 'UTC']),
    startsOn: '2026-01-01',
    rules: [
      {
        id: 'spend',
        on: 'sale',
        when: [{ is: 'category-not-in', categories: ['gift-card'] }],
        earn: { kind: 'per-amount', points: 7, amount: '3.00', base: chance.oneOf(['net', 'gross']) },
        group: 'spending',
      },
      {
        id: 'evening',
        on: 'sale',
        when: [
          { is: 'hours', from: '18:00', to: '23:00' },
          { is: 'category-not-in', categories: ['gift-card'] },
        ],
        earn: { kind: 'per-amount', points: 3, amount: '1.00', base: 'net' },
        group: 'spending',
      },
      {
        id: 'coffee',
        on: 'sale',
        when: [{ is: 'category-in', categories: ['coffee'] }],
        earn: { kind: 'per-item', points: 2 },
        pending: { kind: 'days', days: 14 },
      },
      {
        id: 'before-discount',
        on: 'sale',
        when: [{ is: 'tag-in', tags: ['promoted'] }],
        earn: { kind: 'per-amount', points: 1, amount: '2.00', base: 'gross', discounts: 'before' },
      },
      { id: 'large', on: 'sale', when: [{ is: 'minimum-spend', amount: '80.00' }], earn: { kind: 'flat', points: 50 } },
      {
        id: 'first',
        on: 'sale',
        when: [{ is: 'first-purchase' }],
        earn: { kind: 'flat', points: 25 },
        multiplied: false,
      },
      { id: 'tenth', on: 'sale', when: [{ is: 'every', nth: 10, of: 'purchase' }], earn: { kind: 'flat', points: 40 } },
      {
        id: 'visit',
        on: 'activity',
        when: [{ is: 'activity', activities: ['visit'] }],
        earn: { kind: 'flat', points: 5 },
        expiry: { kind: 'months', months: 3, until: 'end-of-quarter' },
      },
      {
        id: 'booking',
        on: 'activity',
        when: [{ is: 'activity', activities: ['booking'] }],
        earn: { kind: 'flat', points: 30 },
        pending: { kind: 'confirmation' },
      },
    ],
    groups: [{ id: 'spending', takes: chance.oneOf(['best', 'first']) }],
    multipliers: [
      { id: 'weekend', when: [{ is: 'weekday', days: ['sat', 'sun'] }], bp: 20_000 },
      { id: 'spring', when: [{ is: 'between', from: '2026-03-01', to: '2026-05-31' }], bp: 12_500 },
    ],
    stacking: {
      multipliers: chance.oneOf(['multiply', 'add', 'best']),
      maxBp: 30_000,
      rounding: chance.oneOf(['down', 'nearest', 'up', 'carry']),
    },
    caps: [
      { id: 'daily', points: 400, per: 'day' },
      { id: 'visits', points: 15, per: 'week', rules: ['visit'] },
    ],
    tiers: [
      { id: 'base', name: 'Base', from: 0 },
      { id: 'silver', name: 'Silver', from: 300, multiplierBp: 12_000 },
      { id: 'gold', name: 'Gold', from: 900, multiplierBp: 15_000 },
    ],
    qualify: {
      by: chance.oneOf(['points', 'spend', 'visits']),
      window: chance.oneOf([{ kind: 'calendar-year' as const }, { kind: 'rolling' as const, months: 6 }]),
      graceDays: chance.oneOf([0, 14]),
      softLanding: chance() < 0.5,
      reachingSaleEarns: chance.oneOf(['at-old-tier', 'at-new-tier']),
    },
    expiry: chance.oneOf<ProgramInput['expiry']>([
      { kind: 'months', months: 6, until: 'end-of-month' },
      { kind: 'months', months: 4, until: 'day' },
      { kind: 'inactivity', months: 3, until: 'end-of-month' },
      { kind: 'fixed', on: '2026-06-30' },
      { kind: 'none' },
    ]),
    rewards: [
      { id: 'espresso', name: 'An espresso', cost: 30 },
      { id: 'dinner', name: 'A dinner', cost: 400, tier: 'silver' },
      { id: 'mug', name: 'A mug', cost: 60, perMember: { max: 1, per: 'month' } },
    ],
    redemption: { pointsPerMinor: 1, holdMinutes: 120 },
    refunds: {
      whenSpent: chance.oneOf(['allow', 'owe', 'stop-at-zero']),
      offsetBp: chance.oneOf([10_000, 5_000]),
      graceDays: 30,
    },
    gifts: { minPoints: 5, limit: { max: 500, per: 'month' } },
    referrals: {
      referrerPoints: 40,
      friendPoints: 20,
      minimumSpend: '5.00',
      withinDays: 60,
      limit: { max: 5, per: 'year' },
    },
    fraud: { largestSale: '140.00' },
  };
  return Program.parse(input);
}
