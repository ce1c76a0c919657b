import { type MerchantInput, use } from './merchant.ts';

/** A car dealership: few, large purchases and yearly services; its dealer-management system calls the API. */
export default {
  id: 'acura-north',
  name: 'Acura North',
  alarmEmail: 'it@acura-north.example',
  locales: ['en'],
  country: 'US',
  program: {
    name: 'North Rewards',
    currency: 'USD',
    timeZone: 'America/Chicago',
    startsOn: '2026-01-01',
    rules: [
      {
        id: 'spend',
        on: 'sale',
        when: [
          { is: 'minimum-spend', amount: '20.00' },
          { is: 'category-not-in', categories: ['tax-and-title', 'warranty'] },
        ],
        earn: { kind: 'per-amount', points: 2, amount: '1.00', base: 'net' },
      },
      {
        id: 'service',
        on: 'activity',
        when: [{ is: 'activity', activities: ['service'] }],
        earn: { kind: 'flat', points: 100 },
      },
    ],
    caps: [{ id: 'daily', points: 100_000, per: 'day' }],
    tiers: [
      { id: 'member', name: 'Member', from: 0 },
      { id: 'gold', name: 'Gold', from: 20_000, multiplierBp: 12_000 },
    ],
    rewards: [
      { id: 'oil-change', name: 'Oil change', cost: 5_000 },
      { id: 'loaner', name: 'A loaner for a weekend', cost: 15_000, tier: 'gold' },
    ],
    expiry: { kind: 'months', months: 24, until: 'end-of-month' },
    redemption: { holdMinutes: 60 * 24 },
    refunds: { whenSpent: 'stop-at-zero' },
  },
  alerts: { redemptionFromPoints: 10_000 },
  messages: {
    'points.earned': {
      en: '{{ lead }}You earned {{ points | plural: one: "# point", other: "# points" }}.{% if last %} Balance: {{ balance | number }}. Reply STOP to opt out.{% endif %}',
    },
  },
  connectors: [
    use('stripe', { accrueOn: 'checkout.session.completed' }),
    use('webhook', { endpoint: 'https://dms.acura-north.example/stampbook' }, [
      'points.earned',
      'points.redeemed',
      'points.reversed',
      'tier.changed',
    ]),
    use('twilio-sms', { messagingServiceSid: 'MGfedcba9876543210fedcba9876543210' }, ['points.earned']),
    use('slack', {}, ['points.redeemed']),
  ],
} satisfies MerchantInput;
