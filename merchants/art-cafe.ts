import { type MerchantInput, use } from './merchant.ts';

/** The demo: a café with a gallery. Till, web shop, frequent visitors. */
export default {
  id: 'art-cafe',
  name: 'Café Kunstpause',
  alarmEmail: 'ops@kunstpause.example',
  locales: ['en', 'de'],
  country: 'DE',
  consentAtEnrolment: ['sms'],
  program: {
    name: 'Kunstpause Club',
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    startsOn: '2026-01-01',
    rules: [
      {
        id: 'spend',
        on: 'sale',
        when: [{ is: 'category-not-in', categories: ['gift-card'] }],
        earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' },
      },
      {
        id: 'visit',
        on: 'activity',
        when: [{ is: 'activity', activities: ['visit'] }],
        multiplied: false,
        earn: { kind: 'flat', points: 5 },
      },
      {
        // Booked is not attended: the points wait until the till says that the guest came.
        id: 'workshop',
        on: 'activity',
        when: [{ is: 'activity', activities: ['booking'] }],
        earn: { kind: 'flat', points: 40 },
        pending: { kind: 'confirmation' },
      },
    ],
    caps: [{ id: 'daily', points: 2_000, per: 'day' }],
    tiers: [
      { id: 'guest', name: 'Guest', from: 0 },
      { id: 'friend', name: 'Friend', from: 200, multiplierBp: 12_500 },
      { id: 'patron', name: 'Patron', from: 1_000, multiplierBp: 15_000 },
    ],
    rewards: [
      { id: 'espresso', name: 'An espresso', cost: 30 },
      { id: 'cake', name: 'Cake of the day', cost: 60 },
      {
        id: 'voucher',
        name: 'A voucher for the web shop',
        cost: 150,
        value: { kind: 'amount-off', amount: '5.00' },
        steps: [{ cost: 280, value: { kind: 'amount-off', amount: '10.00' } }],
        code: { from: 'generated', validDays: 90 },
      },
      {
        id: 'vernissage',
        name: 'Two seats at a vernissage',
        cost: 500,
        value: { kind: 'experience' },
        tier: 'friend',
        stock: 40,
        perMember: { max: 2, per: 'year' },
      },
    ],
    expiry: { kind: 'months', months: 12, until: 'end-of-month' },
    inactivity: { daysAfter: [30, 60, 90] },
    redemption: { holdMinutes: 60, pointsPerMinor: 0.2 },
    referrals: {
      referrerPoints: 50,
      friendPoints: 25,
      minimumSpend: '10.00',
      limit: { max: 12, per: 'year' },
      link: 'https://kunstpause.example/welcome?code={code}',
    },
    gifts: { minPoints: 10, limit: { max: 500, per: 'month' } },
    fraud: { largestSale: '5000.00', salesPerMember: { max: 20, per: 'hour' }, refundRatioBp: 6_000 },
  },
  alerts: { redemptionFromPoints: 400 },
  messages: {
    'points.earned': {
      en: '{{ program }}: {{ points }} points for you. Balance: {{ balance }}. Reply STOP to opt out.',
      de: '{{ program }}: {{ points }} Punkte für dich. Stand: {{ balance }}. Abmelden mit STOP.',
    },
    'points.redeemed': {
      en: '{{ program }}: {{ points }} points redeemed. Balance: {{ balance }}.',
      de: '{{ program }}: {{ points }} Punkte eingelöst. Stand: {{ balance }}.',
    },
    'points.expiring': {
      en: '{{ program }}: {{ points }} of your points expire {% if on == through %}on {{ on }}{% else %}from {{ on }} to {{ through }}{% endif %}. Balance: {{ balance }}.',
      de: '{{ program }}: {{ points }} deiner Punkte verfallen {% if on == through %}am {{ on }}{% else %}vom {{ on }} bis {{ through }}{% endif %}. Stand: {{ balance }}.',
    },
    'points.expired': {
      en: '{{ program }}: {{ points }} points have expired. Balance: {{ balance }}.',
      de: '{{ program }}: {{ points }} Punkte sind verfallen. Stand: {{ balance }}.',
    },
  },
  connectors: [
    use('shopify', { shop: 'kunstpause.myshopify.com' }),
    use('stripe', {}),
    use('webhook', { endpoint: 'https://hooks.kunstpause.example/stampbook' }, [
      'points.earned',
      'points.redeemed',
      'points.reversed',
      'points.expiring',
      'points.expired',
      'member.inactive',
      'tier.changed',
    ]),
    use('twilio-sms', { messagingServiceSid: 'MG0123456789abcdef0123456789abcdef' }, [
      'points.earned',
      'points.redeemed',
      'points.expiring',
      'points.expired',
      'campaign.message',
    ]),
    use('slack', {}, ['points.redeemed', 'fraud.flagged', 'campaign.started', 'campaign.ended']),
  ],
} satisfies MerchantInput;
