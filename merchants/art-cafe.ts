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
      {
        // Pictures earn as much again, once they can no longer come back.
        id: 'art',
        on: 'sale',
        when: [{ is: 'category-in', categories: ['art'] }],
        earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' },
        pending: { kind: 'days', days: 14 },
      },
      {
        id: 'birthday',
        on: 'activity',
        when: [{ is: 'activity', activities: ['birthday'] }],
        multiplied: false,
        earn: { kind: 'flat', points: 30 },
      },
      {
        id: 'anniversary',
        on: 'activity',
        when: [{ is: 'activity', activities: ['anniversary'] }],
        multiplied: false,
        earn: { kind: 'flat', points: 20 },
      },
      {
        // A patron's month begins with an espresso.
        id: 'patron-month',
        on: 'activity',
        when: [
          { is: 'activity', activities: ['monthly'] },
          { is: 'tier-in', tiers: ['patron'] },
        ],
        multiplied: false,
        earn: { kind: 'flat', points: 30 },
      },
      {
        id: 'new-year',
        on: 'activity',
        when: [
          { is: 'activity', activities: ['yearly'] },
          { is: 'tier-in', tiers: ['friend', 'patron'] },
        ],
        multiplied: false,
        earn: { kind: 'flat', points: 10 },
      },
    ],
    milestones: [
      { id: 'visits', of: 'visits', every: 10 },
      { id: 'thousand', of: 'points', at: 1_000 },
    ],
    statements: true,
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
  // A word for each thing; nobody is woken before the bakers are done.
  messaging: { mergeSeconds: 0, marketingPerWeek: 5, quietHours: { from: '21:00', to: '07:30' } },
  brand: { colour: '#7c2d12', imprint: 'Kunststraße 1, 10115 Berlin · hello@kunstpause.example' },
  // What is not here is said in the words that everybody has.
  messages: {
    // A greeting says itself what came with it: an empty text is no message.
    'points.earned': {
      en: '{% unless activity == "birthday" or activity == "anniversary" %}{{ lead }}{{ points | plural: one: "# point", other: "# points" }} for you{% if pending %}, {{ pending | number }} of them later{% endif %}.{% if last %} Balance: {{ balance | number }}. Reply STOP to opt out.{% endif %}{% endunless %}',
      de: '{% unless activity == "birthday" or activity == "anniversary" %}{{ lead }}{{ points | plural: one: "# Punkt", other: "# Punkte" }} für dich{% if pending %}, davon {{ pending | number }} später{% endif %}.{% if last %} Stand: {{ balance | number }}. Abmelden mit STOP.{% endif %}{% endunless %}',
    },
    // Each step of the ladder invites to something else.
    'member.inactive': {
      en: '{{ program }}: {% case rung %}{% when 1 %}we have not seen you for {{ days }} days. Your {{ balance }} points are waiting.{% when 2 %}there are new pictures on our walls. Come and see: each visit is 5 points.{% else %}we miss you! A workshop brings 40 points; ask for a seat at the counter.{% endcase %}',
      de: '{{ program }}: {% case rung %}{% when 1 %}seit {{ days }} Tagen haben wir dich nicht gesehen. Deine {{ balance }} Punkte warten.{% when 2 %}bei uns hängen neue Bilder. Komm schauen: jeder Besuch bringt 5 Punkte.{% else %}du fehlst uns! Ein Workshop bringt 40 Punkte; frag am Tresen nach einem Platz.{% endcase %}',
    },
  },
  connectors: [
    use('shopify', { shop: 'kunstpause.myshopify.com' }),
    use('stripe', {}),
    use('webhook', { endpoint: 'https://hooks.kunstpause.example/stampbook' }, [
      'points.earned',
      'points.redeemed',
      'points.reversed',
      'points.activated',
      'points.expiring',
      'points.expired',
      'reward.unlocked',
      'milestone.reached',
      'birthday',
      'anniversary',
      'member.inactive',
      'statement.ready',
      'tier.changed',
    ]),
    use('twilio-sms', { messagingServiceSid: 'MG0123456789abcdef0123456789abcdef' }, [
      'points.earned',
      'points.activated',
      'points.redeemed',
      'points.expiring',
      'points.expired',
      'birthday',
      'anniversary',
      'milestone.reached',
      'statement.ready',
      'member.inactive',
      'campaign.message',
    ]),
    use('slack', {}, ['points.redeemed', 'fraud.flagged', 'campaign.started', 'campaign.ended']),
  ],
} satisfies MerchantInput;
