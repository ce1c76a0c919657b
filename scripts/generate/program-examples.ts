import type { ProgramInput } from '../../lib/loyalty/program.ts';

/**
 * What each word of a program does, by example. `docs/program.md` prints them; `test/loyalty/program-doc.test.ts` does
 * what they say, and finds any word of the schema that has none.
 */

/** Amounts are decimal strings in major units, with tax; without `net` there is no tax in them. */
export interface Goods {
  readonly total: string;
  readonly net?: string;
  /** Before discounts. */
  readonly list?: string;
  readonly quantity?: number;
  readonly sku?: string;
  readonly category?: string;
  readonly tags?: readonly string[];
}

export type Doing =
  | { readonly sale: Goods & { readonly lines?: readonly Goods[] }; readonly place?: string; readonly source?: string }
  | { readonly activity: string; readonly place?: string; readonly daysAway?: number }
  /** Of the sale before. */
  | { readonly back: string | 'everything' }
  | { readonly redeem: { readonly rewardId?: string; readonly points?: number; readonly step?: number } }
  | { readonly ask: 'tier' | 'balance' | 'last days' };

export interface Happening {
  readonly says: string;
  readonly does: Doing;
  /** 13:00 on Tuesday, 10 March 2026, in the shop's zone, where nothing else is said. */
  readonly at?: string;
  readonly comes: string;
}

export interface Example {
  readonly title: string;
  readonly says?: string;
  /** What the file says beside the words of `WHOLE`, or in their place. */
  readonly program: Partial<ProgramInput>;
  readonly memberTags?: readonly string[];
  readonly broughtByFriend?: boolean;
  readonly happens: readonly Happening[];
}

/** The smallest program there is. */
export const WHOLE = {
  name: 'Kunstpause Club',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  startsOn: '2026-01-01',
  rules: [{ id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } }],
  tiers: [{ id: 'guest', name: 'Guest', from: 0 }],
  expiry: { kind: 'none' },
  rewards: [],
} as const satisfies ProgramInput;

type Rule = ProgramInput['rules'][number];
const onePerEuro: Rule = WHOLE.rules[0];
const fifty: Rule['earn'] = { kind: 'flat', points: 50 };
const sold = (total: string, comes: string, more: Partial<Happening> = {}): Happening => ({
  says: `An order of ${total}`,
  does: { sale: { total } },
  comes,
  ...more,
});
const basket: Goods & { lines: readonly Goods[] } = {
  total: '64.00',
  lines: [
    { total: '10.00', sku: 'bean-1', category: 'coffee', tags: ['fair'] },
    { total: '4.00', sku: 'cup-7', category: 'ware' },
    { total: '50.00', category: 'gift-card' },
  ],
};
const BASKET = '10.00 of coffee (`bean-1`, tagged fair), 4.00 of ware (`cup-7`) and a gift card over 50.00';
const bought = (comes: string): Happening => ({ says: BASKET, does: { sale: basket }, comes });
const only = (when: NonNullable<Rule['when']>): Partial<ProgramInput> => ({ rules: [{ ...onePerEuro, when }] });
const spending = (more: Partial<ProgramInput>): Partial<ProgramInput> => ({
  rules: [onePerEuro, { id: 'visit', on: 'activity', when: [{ is: 'activity', activities: ['visit'] }], earn: fifty }],
  ...more,
});
const rich = sold('500.00', '500 points');

export const EXAMPLES: readonly {
  readonly section: string;
  readonly says: string;
  readonly examples: readonly Example[];
}[] = [
  {
    section: 'Rules',
    says: 'A rule is on sales or on activities; it asks for conditions (`when`: all of them hold) and gives points (`earn`). Rules add up unless a group says otherwise. A sale says what was bought, not how it was paid: goods that are paid for by gift card or with points earn as any others, and selling a gift card earns what the rules say about that line.',
    examples: [
      {
        title: '`per-amount`',
        says: 'In proportion, `base` with tax (`gross`) or without it (`net`), `after` discounts or `before` them.',
        program: {
          rules: [
            {
              id: 'spend',
              on: 'sale',
              earn: { kind: 'per-amount', points: 7, amount: '2.00', base: 'net', discounts: 'after' },
            },
          ],
        },
        happens: [
          sold('3.00', '10 points'),
          {
            says: '23.80 with 3.80 of tax in it',
            does: { sale: { total: '23.80', net: '20.00' } },
            comes: '70 points',
          },
        ],
      },
      {
        title: '`per-amount` before discounts',
        program: {
          rules: [
            {
              id: 'spend',
              on: 'sale',
              earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross', discounts: 'before' },
            },
          ],
        },
        happens: [
          {
            says: 'Goods of 20.00, ten per cent off',
            does: { sale: { total: '18.00', lines: [{ total: '18.00', list: '20.00' }] } },
            comes: '20 points',
          },
        ],
      },
      {
        title: '`per-item`',
        says: 'A quantity may be a weight.',
        program: {
          rules: [
            {
              id: 'beans',
              on: 'sale',
              when: [{ is: 'category-in', categories: ['coffee'] }],
              earn: { kind: 'per-item', points: 10 },
            },
          ],
        },
        happens: [
          {
            says: 'Three bags',
            does: { sale: { total: '27.00', lines: [{ total: '27.00', category: 'coffee', quantity: 3 }] } },
            comes: '30 points',
          },
          {
            says: '1.275 kg',
            does: { sale: { total: '27.00', lines: [{ total: '27.00', category: 'coffee', quantity: 1.275 }] } },
            comes: '12 points',
          },
        ],
      },
      {
        title: '`flat`',
        says: 'Given once; it stays until nothing of the order is left.',
        program: {
          rules: [{ id: 'over-50', on: 'sale', when: [{ is: 'minimum-spend', amount: '50.00' }], earn: fifty }],
        },
        happens: [
          sold('49.99', '0 points'),
          sold('50.00', '50 points'),
          { says: '49.00 of it come back', does: { back: '49.00' }, comes: '0 points back' },
          { says: 'And the rest', does: { back: '1.00' }, comes: '50 points back' },
        ],
      },
      {
        title: 'On an `activity`',
        program: {
          rules: [
            { id: 'review', on: 'activity', when: [{ is: 'activity', activities: ['review', 'survey'] }], earn: fifty },
          ],
        },
        happens: [
          { says: 'A review', does: { activity: 'review' }, comes: '50 points' },
          { says: 'A visit', does: { activity: 'visit' }, comes: '0 points' },
        ],
      },
      {
        title: '`multiplied`, `pending`, `expiry` of a rule of its own',
        says: 'A bonus that no tier doubles, that waits two weeks and lives for three months.',
        program: {
          rules: [
            onePerEuro,
            {
              id: 'welcome',
              on: 'sale',
              when: [{ is: 'first-purchase' }],
              earn: fifty,
              multiplied: false,
              pending: { kind: 'days', days: 14 },
              expiry: { kind: 'months', months: 3, until: 'day' },
            },
          ],
          multipliers: [{ id: 'double', bp: 20_000 }],
        },
        happens: [
          sold('10.00', '70 points, 50 of them wait until 2026-03-24'),
          { says: 'How long they live', does: { ask: 'last days' }, comes: '20 for ever, 50 until 2026-06-10' },
        ],
      },
      {
        title: '`budgetPoints`',
        says: 'Counted over all members, never exceeded; what goes back makes no room. A rule whose budget is used up gives nothing.',
        program: { rules: [{ id: 'opening', on: 'sale', earn: fifty, budgetPoints: 100_000 }] },
        happens: [sold('10.00', '50 points')],
      },
    ],
  },
  {
    section: 'Conditions',
    says: 'About goods: they choose the lines that count. A sale without lines counts whole, unless goods were asked for by name.',
    examples: [
      {
        title: '`category-in`',
        program: only([{ is: 'category-in', categories: ['coffee', 'ware'] }]),
        happens: [bought('14 points')],
      },
      {
        title: '`category-not-in`',
        program: only([{ is: 'category-not-in', categories: ['gift-card'] }]),
        happens: [bought('14 points')],
      },
      { title: '`sku-in`', program: only([{ is: 'sku-in', skus: ['cup-7'] }]), happens: [bought('4 points')] },
      { title: '`sku-not-in`', program: only([{ is: 'sku-not-in', skus: ['cup-7'] }]), happens: [bought('60 points')] },
      {
        title: '`tag-in`',
        program: only([{ is: 'tag-in', tags: ['fair', 'organic'] }]),
        happens: [bought('10 points')],
      },
      { title: '`tag-not-in`', program: only([{ is: 'tag-not-in', tags: ['fair'] }]), happens: [bought('54 points')] },
      {
        title: '`minimum-spend`',
        says: 'Of the goods that count, as the rule counts them; a flat rule by the amount with tax. Equality is in.',
        program: only([
          { is: 'category-not-in', categories: ['gift-card'] },
          { is: 'minimum-spend', amount: '14.00' },
        ]),
        happens: [bought('14 points'), sold('13.99', '0 points')],
      },
      {
        title: '`first-purchase`',
        says: 'The member’s first that we were told of. One that came back whole was none.',
        program: only([{ is: 'first-purchase' }]),
        happens: [sold('10.00', '10 points'), sold('10.00', '0 points')],
      },
      {
        title: '`every`',
        says: 'The second, the fourth … `purchase` or `visit`; a purchase is a visit, too.',
        program: only([{ is: 'every', nth: 2, of: 'visit' }]),
        happens: [
          { says: 'A visit', does: { activity: 'visit' }, comes: '0 points' },
          sold('10.00', '10 points'),
          sold('10.00', '0 points'),
        ],
      },
      {
        title: '`every` purchase',
        program: only([{ is: 'every', nth: 2, of: 'purchase' }]),
        happens: [sold('10.00', '0 points'), sold('10.00', '10 points')],
      },
      {
        title: '`location-in`',
        program: only([{ is: 'location-in', locations: ['berlin'] }]),
        happens: [
          { says: '10.00 in Berlin', does: { sale: { total: '10.00' }, place: 'berlin' }, comes: '10 points' },
          sold('10.00', '0 points'),
        ],
      },
      {
        title: '`location-not-in`',
        program: only([{ is: 'location-not-in', locations: ['berlin'] }]),
        happens: [
          { says: '10.00 in Berlin', does: { sale: { total: '10.00' }, place: 'berlin' }, comes: '0 points' },
          sold('10.00', '10 points'),
        ],
      },
      {
        title: '`source-in`',
        says: 'Who told of it: a connector, or the source of an API key.',
        program: only([{ is: 'source-in', sources: ['shopify'] }]),
        happens: [
          { says: '10.00 in the web shop', does: { sale: { total: '10.00' }, source: 'shopify' }, comes: '10 points' },
          sold('10.00', '0 points'),
        ],
      },
      {
        title: '`source-not-in`',
        program: only([{ is: 'source-not-in', sources: ['shopify'] }]),
        happens: [
          { says: '10.00 in the web shop', does: { sale: { total: '10.00' }, source: 'shopify' }, comes: '0 points' },
          sold('10.00', '10 points'),
        ],
      },
      {
        title: '`weekday`',
        says: '`mon` to `sun`, in the shop’s zone as all that is about time.',
        program: only([{ is: 'weekday', days: ['mon', 'tue', 'wed', 'thu', 'fri'] }]),
        happens: [
          sold('10.00', '10 points'),
          sold('10.00', '0 points', { at: '2026-03-14T12:00:00Z', says: 'On a Saturday' }),
        ],
      },
      {
        title: '`weekday` at the weekend',
        program: only([{ is: 'weekday', days: ['sat', 'sun'] }]),
        happens: [
          sold('10.00', '0 points'),
          sold('10.00', '10 points', {
            at: '2026-03-13T23:30:00Z',
            says: 'Friday, 23:30 in London: Saturday in Berlin',
          }),
        ],
      },
      {
        title: '`hours`',
        says: 'From the first minute to before the second; past midnight where the second is earlier.',
        program: only([{ is: 'hours', from: '15:00', to: '17:00' }]),
        happens: [
          sold('10.00', '10 points', { at: '2026-03-10T14:00:00Z', says: 'At 15:00' }),
          sold('10.00', '0 points', { at: '2026-03-10T16:00:00Z', says: 'At 17:00' }),
        ],
      },
      {
        title: '`between`',
        says: 'Both days are in; one of them may be absent.',
        program: only([{ is: 'between', from: '2026-03-10', to: '2026-03-12' }]),
        happens: [
          sold('10.00', '10 points'),
          sold('10.00', '10 points', { at: '2026-03-12T22:59:00Z', says: 'On the last day, 23:59' }),
          sold('10.00', '0 points', { at: '2026-03-12T23:00:00Z', says: 'A minute later' }),
        ],
      },
      {
        title: '`tier-in`',
        program: {
          ...only([{ is: 'tier-in', tiers: ['friend'] }]),
          tiers: [
            { id: 'guest', name: 'Guest', from: 0 },
            { id: 'friend', name: 'Friend', from: 100 },
          ],
        },
        happens: [sold('10.00', '0 points')],
      },
      {
        title: '`member-tag-in`',
        says: 'A tag that staff or a segment gave the member.',
        program: only([{ is: 'member-tag-in', tags: ['press'] }]),
        memberTags: ['press'],
        happens: [sold('10.00', '10 points')],
      },
    ],
  },
  {
    section: 'Groups, multipliers, caps',
    says: 'First each rule gives what it gives, with the factor of all multipliers that apply; then each group chooses one of its rules; then caps and budgets leave what they leave. What is rounded is rounded for each rule, over the whole order.',
    examples: [
      {
        title: '`groups`: the `best` counts',
        program: {
          rules: [
            { id: 'a', on: 'sale', earn: { kind: 'flat', points: 10 }, group: 'bonus' },
            { id: 'b', on: 'sale', earn: { kind: 'flat', points: 30 }, group: 'bonus' },
          ],
          groups: [{ id: 'bonus', takes: 'best' }],
        },
        happens: [sold('10.00', '30 points')],
      },
      {
        title: '`groups`: the `first` that applies counts',
        program: {
          rules: [
            { id: 'a', on: 'sale', earn: { kind: 'flat', points: 10 }, group: 'bonus' },
            { id: 'b', on: 'sale', earn: { kind: 'flat', points: 30 }, group: 'bonus' },
          ],
          groups: [{ id: 'bonus', takes: 'first' }],
        },
        happens: [sold('10.00', '10 points')],
      },
      {
        title: '`multipliers` that `multiply`',
        says: '`bp` are basis points: 20,000 is twice. The tier’s own counts as one of them.',
        program: {
          multipliers: [{ id: 'tuesday', when: [{ is: 'weekday', days: ['tue'] }], bp: 20_000 }],
          tiers: [{ id: 'guest', name: 'Guest', from: 0, multiplierBp: 15_000 }],
          stacking: { multipliers: 'multiply' },
        },
        happens: [
          sold('10.00', '30 points'),
          sold('10.00', '15 points', { at: '2026-03-11T12:00:00Z', says: 'On Wednesday' }),
        ],
      },
      {
        title: '… that `add`',
        program: {
          multipliers: [
            { id: 'double', bp: 20_000 },
            { id: 'triple', bp: 30_000 },
          ],
          stacking: { multipliers: 'add' },
        },
        happens: [sold('10.00', '40 points')],
      },
      {
        title: '… of which the `best` counts, and `maxBp`',
        program: {
          multipliers: [
            { id: 'double', bp: 20_000 },
            { id: 'triple', bp: 30_000 },
          ],
          stacking: { multipliers: 'best', maxBp: 25_000 },
        },
        happens: [sold('10.00', '25 points')],
      },
      ...(
        [
          ['down', '1 point'],
          ['nearest', '2 points'],
          ['up', '2 points'],
        ] as const
      ).map(([rounding, comes]) => ({
        title: `\`rounding\`: ${rounding}`,
        program: { stacking: { rounding } },
        happens: [sold('1.60', comes)],
      })),
      {
        title: '`rounding`: carry',
        says: 'What is less than a point is kept with the member until it is one.',
        program: { stacking: { rounding: 'carry' } },
        happens: [sold('1.60', '1 point'), sold('0.40', '1 point')],
      },
      {
        title: '`caps`',
        says: 'To one member in one `day`, `week` (from Monday), `month` or `year`, or `ever`; of all rules, or of those that are named. What goes back makes no room.',
        program: {
          caps: [
            { id: 'daily', points: 150, per: 'day' },
            { id: 'weekly', points: 300, per: 'week' },
            { id: 'monthly', points: 500, per: 'month' },
            { id: 'yearly', points: 900, per: 'year' },
            { id: 'once', points: 5_000, per: 'ever', rules: ['spend'] },
          ],
        },
        happens: [
          sold('100.00', '100 points'),
          sold('100.00', '50 points'),
          sold('100.00', '100 points', { at: '2026-03-11T12:00:00Z', says: '100.00 the next day' }),
          sold('100.00', '50 points', { at: '2026-03-12T12:00:00Z', says: '100.00 a day later: the week is full' }),
        ],
      },
    ],
  },
  {
    section: 'Pending',
    says: 'Points that wait are earned and cannot be spent. What goes back while it waits leaves nothing.',
    examples: [
      {
        title: '`days`',
        program: { pending: { kind: 'days', days: 14 } },
        happens: [
          sold('10.00', '10 points, 10 of them wait until 2026-03-24'),
          { says: 'It comes back', does: { back: 'everything' }, comes: '10 points back' },
        ],
      },
      {
        title: '`confirmation`',
        says: 'Until somebody says so: `POST /v1/sales/{orderId}/confirm`.',
        program: { pending: { kind: 'confirmation' } },
        happens: [sold('10.00', '10 points, 10 of them wait for a yes')],
      },
    ],
  },
  {
    section: 'Tiers',
    says: 'Reached at once, by what counts in the window, and never lost by spending.',
    examples: [
      {
        title: 'By `points` in a `calendar-year`',
        says: 'Kept for the year in which it was reached and `keep` more.',
        program: {
          tiers: [
            { id: 'guest', name: 'Guest', from: 0 },
            { id: 'friend', name: 'Friend', from: 100, multiplierBp: 15_000, benefits: ['A seat by the window'] },
          ],
          qualify: { by: 'points', window: { kind: 'calendar-year' }, keep: 1, reachingSaleEarns: 'at-old-tier' },
        },
        happens: [
          sold('100.00', '100 points'),
          sold('10.00', '15 points'),
          {
            says: 'On the last day of the next year',
            does: { ask: 'tier' },
            at: '2027-12-31T12:00:00Z',
            comes: 'Friend',
          },
          { says: 'And after it', does: { ask: 'tier' }, at: '2028-01-01T12:00:00Z', comes: 'Guest' },
        ],
      },
      {
        title: 'By `spend`; the sale that reaches it earns `at-new-tier`',
        says: '`from` is money in whole major units then, without tax.',
        program: {
          tiers: [
            { id: 'guest', name: 'Guest', from: 0 },
            { id: 'friend', name: 'Friend', from: 100, multiplierBp: 15_000 },
          ],
          qualify: { by: 'spend', reachingSaleEarns: 'at-new-tier' },
        },
        happens: [sold('100.00', '150 points')],
      },
      {
        title: 'By `visits` in a `rolling` window, with `graceDays` and a `softLanding`',
        says: '`keep` is in months then. A review takes the tier so many days after it could; a soft landing is one step down, for as long again.',
        program: {
          tiers: [
            { id: 'guest', name: 'Guest', from: 0 },
            { id: 'friend', name: 'Friend', from: 1 },
            { id: 'patron', name: 'Patron', from: 2 },
          ],
          qualify: { by: 'visits', window: { kind: 'rolling', months: 3 }, keep: 0, graceDays: 5, softLanding: true },
        },
        happens: [
          sold('10.00', '10 points'),
          { says: 'A visit', does: { activity: 'visit' }, comes: '0 points' },
          { says: 'While the window holds both', does: { ask: 'tier' }, at: '2026-05-31T12:00:00Z', comes: 'Patron' },
          { says: 'In the days of grace', does: { ask: 'tier' }, at: '2026-06-05T12:00:00Z', comes: 'Patron' },
          { says: 'Landing', does: { ask: 'tier' }, at: '2026-06-06T12:00:00Z', comes: 'Friend' },
          { says: 'A month later', does: { ask: 'tier' }, at: '2026-07-06T12:00:00Z', comes: 'Guest' },
        ],
      },
    ],
  },
  {
    section: 'Expiry',
    says: 'The last day on which points can be spent, in the shop’s zone.',
    examples: [
      {
        title: '`none`',
        program: { expiry: { kind: 'none' } },
        happens: [
          sold('10.00', '10 points'),
          { says: 'How long they live', does: { ask: 'last days' }, comes: '10 for ever' },
        ],
      },
      ...(
        [
          ['day', '2027-03-10'],
          ['end-of-month', '2027-03-31'],
          ['end-of-quarter', '2027-03-31'],
          ['end-of-year', '2027-12-31'],
        ] as const
      ).map(([until, day]) => ({
        title: `\`months\`, until ${until}`,
        program: { expiry: { kind: 'months', months: 12, until } } satisfies Partial<ProgramInput>,
        happens: [
          sold('10.00', '10 points'),
          { says: 'How long they live', does: { ask: 'last days' as const }, comes: `10 until ${day}` },
        ],
      })),
      {
        title: '`inactivity`',
        says: 'Every purchase keeps all points alive.',
        program: { expiry: { kind: 'inactivity', months: 6, until: 'day' } },
        happens: [
          sold('10.00', '10 points'),
          { says: 'How long they live', does: { ask: 'last days' }, comes: '10 until 2026-09-10' },
          sold('10.00', '10 points', { at: '2026-09-01T12:00:00Z', says: 'Another 10.00 in September' }),
          { says: 'And now', does: { ask: 'last days' }, at: '2026-09-01T12:00:00Z', comes: '20 until 2027-03-01' },
        ],
      },
      {
        title: '`fixed`',
        says: 'What is earned after it lives until the same day a year later.',
        program: { expiry: { kind: 'fixed', on: '2026-06-30' } },
        happens: [
          sold('10.00', '10 points'),
          sold('10.00', '10 points', { at: '2026-07-01T12:00:00Z', says: '10.00 on 1 July' }),
          {
            says: 'How long they live',
            does: { ask: 'last days' },
            at: '2026-07-01T12:00:00Z',
            comes: '10 until 2026-06-30, 10 until 2027-06-30',
          },
        ],
      },
    ],
  },
  {
    section: 'Rewards and redemption',
    says: 'What points can be spent on. The server works out the cost; a refusal is kept, so that asking again says the same.',
    examples: [
      {
        title: 'Rewards of every `kind`',
        program: spending({
          rewards: [
            {
              id: 'espresso',
              name: 'An espresso',
              cost: 30,
              value: { kind: 'item', sku: 'espresso' },
              perMember: { max: 1, per: 'day' },
            },
            {
              id: 'voucher',
              name: 'A voucher',
              cost: 100,
              value: { kind: 'amount-off', amount: '5.00' },
              steps: [{ cost: 180, value: { kind: 'amount-off', amount: '10.00' } }],
              code: { from: 'generated', validDays: 90 },
            },
            {
              id: 'sale',
              name: 'A tenth off',
              cost: 50,
              value: { kind: 'percent-off', percentBp: 1_000, maximum: '20.00' },
              code: { from: 'list', validDays: 30 },
            },
            {
              id: 'shipping',
              name: 'Free shipping',
              cost: 20,
              value: { kind: 'shipping' },
              from: '2026-04-01',
              to: '2026-12-31',
            },
            {
              id: 'vernissage',
              name: 'A vernissage',
              cost: 100,
              cash: '10.00',
              value: { kind: 'experience' },
              tier: 'guest',
              stock: 40,
            },
          ],
        }),
        happens: [
          rich,
          { says: 'An espresso', does: { redeem: { rewardId: 'espresso' } }, comes: '30 points spent' },
          { says: 'Another one', does: { redeem: { rewardId: 'espresso' } }, comes: 'refused: limit-reached' },
          { says: 'A voucher', does: { redeem: { rewardId: 'voucher' } }, comes: '100 points spent' },
          { says: 'The larger voucher', does: { redeem: { rewardId: 'voucher', step: 1 } }, comes: '180 points spent' },
          {
            says: 'Shipping, which begins in April',
            does: { redeem: { rewardId: 'shipping' } },
            comes: 'refused: not-available-yet',
          },
          {
            says: 'The vernissage',
            does: { redeem: { rewardId: 'vernissage' } },
            comes: '100 points spent, and 10.00 to pay',
          },
          {
            says: 'A voucher, with 90 points left',
            does: { redeem: { rewardId: 'voucher' } },
            comes: 'refused: not-enough-points',
          },
        ],
      },
      {
        title: 'Points as money',
        says: 'A hundred points are a euro: `pointsPerMinor` points a cent. `sameOrder` says whether an order may be paid with what it has just earned (`counts`) or not (`waits`). An authorization holds points for `holdMinutes`.',
        program: spending({
          redemption: {
            pointsPerMinor: 1,
            stepPoints: 50,
            minPoints: 100,
            maxPoints: 400,
            holdMinutes: 30,
            sameOrder: 'waits',
          },
        }),
        happens: [
          rich,
          { says: '150 points', does: { redeem: { points: 150 } }, comes: '150 points spent' },
          { says: '130 points', does: { redeem: { points: 130 } }, comes: 'refused: wrong-step' },
          { says: '50 points', does: { redeem: { points: 50 } }, comes: 'refused: wrong-step' },
          { says: '450 points', does: { redeem: { points: 450 } }, comes: 'refused: wrong-step' },
        ],
      },
      {
        title: 'Points as money, from the order itself',
        program: spending({ redemption: { pointsPerMinor: 1, sameOrder: 'counts' } }),
        happens: [rich, { says: '500 points', does: { redeem: { points: 500 } }, comes: '500 points spent' }],
      },
    ],
  },
  {
    section: 'Refunds',
    says: 'A refund takes back what the goods had earned, by the rule that was stored with the sale. When the points are spent already, the program says what happens.',
    examples: (
      [
        ['allow', '-60'],
        ['owe', '-60'],
        ['stop-at-zero', '0'],
      ] as const
    ).map(([whenSpent, balance]) => ({
      title: `\`whenSpent\`: ${whenSpent}`,
      program: spending({
        redemption: { pointsPerMinor: 1 },
        refunds: { whenSpent, graceDays: 30, ...(whenSpent === 'owe' && { offsetBp: 5_000 }) },
      }),
      happens: [
        sold('100.00', '100 points'),
        { says: '60 points are spent', does: { redeem: { points: 60 } }, comes: '60 points spent' },
        { says: 'It comes back', does: { back: 'everything' as const }, comes: '100 points back' },
        { says: 'Balance', does: { ask: 'balance' as const }, comes: balance },
        ...(whenSpent === 'owe'
          ? [
              sold('100.00', '100 points', { says: 'Another 100.00: half of it pays the debt' }),
              { says: 'Balance', does: { ask: 'balance' as const }, comes: '40' },
              { says: 'How long they live', does: { ask: 'last days' as const }, comes: '-10 owed, 50 for ever' },
            ]
          : []),
      ],
    })),
  },
  {
    section: 'People',
    says: 'Guests, friends, gifts, staff, and what looks wrong.',
    examples: [
      {
        title: '`guests`',
        says: 'An unknown buyer’s sale is kept so many days, and credited to whoever enrols with the same phone, e-mail or card.',
        program: { guests: { keepDays: 60 } },
        happens: [],
      },
      {
        title: '`referrals`',
        says: 'Both get something once the friend has bought for the first time, and nothing stays when that order is returned.',
        program: {
          referrals: {
            referrerPoints: 100,
            friendPoints: 50,
            minimumSpend: '20.00',
            withinDays: 90,
            limit: { max: 10, per: 'year' },
            link: 'https://kunstpause.example/?ref={code}',
          },
        },
        broughtByFriend: true,
        happens: [sold('19.99', '19 points'), sold('20.00', '70 points'), sold('20.00', '20 points')],
      },
      {
        title: '`gifts`',
        says: 'Points from one member to another; `limit` is what one gives away.',
        program: { gifts: { minPoints: 10, limit: { max: 500, per: 'month' } } },
        happens: [],
      },
      {
        title: '`staff`',
        says: 'The reasons that an adjustment may have, and from how many points on a second person must say yes.',
        program: { staff: { reasons: ['goodwill', 'complaint'], approvalFromPoints: 500 } },
        happens: [],
      },
      {
        title: '`fraud`',
        says: 'Nothing of it stops a till: the sale is booked, and its points wait until somebody has looked.',
        program: {
          fraud: {
            largestSale: '1000.00',
            refundRatioBp: 5_000,
            salesPerMember: { max: 10, per: 'day' },
            salesPerStaff: { max: 60, per: 'hour' },
            salesPerLocation: { max: 500, per: 'hour' },
            salesPerSource: { max: 5_000, per: 'day' },
          },
        },
        happens: [
          sold('1000.00', '1000 points'),
          sold('1000.01', '1000 points, 1000 of them wait for staff: impossible-amount'),
        ],
      },
    ],
  },
  {
    section: 'What comes round',
    says: 'A birthday, the day on which somebody joined, a month and a year come without anybody asking: as activities that a rule can give something for. They are no deeds of the member, and keep no points alive.',
    examples: [
      {
        title: '`birthday`, `anniversary`, `monthly`, `yearly`',
        says: 'Those of 29 February are greeted on the 28th of other years, or with `mar-1` on 1 March.',
        program: {
          leapDay: 'mar-1',
          rules: [
            onePerEuro,
            { id: 'birthday', on: 'activity', when: [{ is: 'activity', activities: ['birthday'] }], earn: fifty },
          ],
        },
        happens: [{ says: 'a birthday', does: { activity: 'birthday' }, comes: '50 points' }],
      },
      {
        title: '`leapDay`',
        says: 'What is meant where nothing is said.',
        program: { leapDay: 'feb-28' },
        happens: [],
      },
      {
        title: '`milestones`',
        says: 'Counts that are worth a word: each time, or once. The event `milestone.reached` tells them with what reached them.',
        program: {
          milestones: [
            { id: 'hundredth-visit', of: 'visits', at: 100 },
            { id: 'ten-purchases', of: 'purchases', every: 10 },
            { id: 'thousands', of: 'points', every: 1_000 },
          ],
        },
        happens: [],
      },
      {
        title: '`expiryReminders`',
        says: 'So many days before points lapse, members are told. What nobody was told of does not lapse.',
        program: { expiryReminders: [30, 7] },
        happens: [],
      },
      {
        title: '`inactivity`',
        says: 'After so many days without a deed, the event `member.inactive` says so, each once until the member comes back. Which step it is, `rung`, a text may ask, and invite to something else each time.',
        program: { inactivity: { daysAfter: [30, 60, 90] } },
        happens: [],
      },
      {
        title: '`days-away`',
        says: 'An offer to come back for: the activity `inactive` comes with each step, and a rule may give another one for another step. To offer a reward, launch a campaign of kind `reward` for those who were not `active-within` so many days.',
        program: {
          inactivity: { daysAfter: [30, 60, 90] },
          rules: [
            onePerEuro,
            {
              id: 'come-back',
              on: 'activity',
              when: [
                { is: 'activity', activities: ['inactive'] },
                { is: 'days-away', days: [60] },
              ],
              earn: fifty,
              expiry: { kind: 'months', months: 1, until: 'day' },
            },
          ],
        },
        happens: [
          { says: '30 days without a deed', does: { activity: 'inactive', daysAway: 30 }, comes: '0 points' },
          { says: '60 days', does: { activity: 'inactive', daysAway: 60 }, comes: '50 points' },
        ],
      },
      {
        title: '`statements`',
        says: 'On the first of a month, what the last one has brought, for those to whom it brought something: the event `statement.ready`.',
        program: { statements: true },
        happens: [],
      },
    ],
  },
];
