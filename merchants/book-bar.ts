import { type MerchantInput, use } from './merchant.ts';

/** What changes a balance or a tier: whoever keeps a copy of either has to hear of it. */
const changes = [
  'member.enrolled',
  'points.earned',
  'points.activated',
  'points.adjusted',
  'points.redeemed',
  'points.reversed',
  'points.expired',
  'reward.redeemed',
  'tier.changed',
  'member.erased',
  'member.merged',
] as const;

/** What members are written about, whichever way they are reached. */
const news = [
  'points.earned',
  'points.reversed',
  'points.expiring',
  'points.expired',
  'tier.changed',
  'birthday',
  'dispute.closed',
  'campaign.message',
] as const;

/** What somebody at the counter or at the desk should see to. */
const cares = ['dispute.opened', 'dispute.closed', 'fraud.flagged'] as const;

/** The café's sister, a bookshop with a bar: an example of everything that can be connected. */
export default {
  id: 'book-bar',
  name: 'Kunstpause Books & Bar',
  alarmEmail: 'ops@kunstpause.example',
  locales: ['en', 'de', 'fr'],
  country: 'DE',
  // WhatsApp and e-mail only when a member asks for them.
  consentAtEnrolment: ['sms'],
  program: {
    name: 'Books & Bar Club',
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    startsOn: '2026-01-01',
    rules: [
      { id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } },
      {
        // Whoever had to ask for help, and got it.
        id: 'helped',
        on: 'activity',
        when: [{ is: 'activity', activities: ['ticket-closed'] }],
        earn: { kind: 'flat', points: 20 },
      },
      {
        id: 'survey',
        on: 'activity',
        when: [{ is: 'activity', activities: ['survey', 'review'] }],
        earn: { kind: 'flat', points: 25 },
      },
      {
        id: 'reading',
        on: 'activity',
        when: [{ is: 'activity', activities: ['event'] }],
        earn: { kind: 'flat', points: 10 },
      },
      {
        id: 'birthday',
        on: 'activity',
        when: [{ is: 'activity', activities: ['birthday'] }],
        multiplied: false,
        earn: { kind: 'flat', points: 50 },
      },
    ],
    // A ticket is easily written.
    caps: [{ id: 'helped', points: 20, per: 'day', rules: ['helped'] }],
    tiers: [
      { id: 'reader', name: 'Reader', from: 0 },
      { id: 'bookworm', name: 'Bookworm', from: 1_000, multiplierBp: 12_000 },
    ],
    rewards: [
      {
        id: 'book',
        name: 'Five euros off a book',
        cost: 100,
        value: { kind: 'amount-off', amount: '5.00' },
        code: { from: 'generated', validDays: 90 },
      },
      { id: 'bottle', name: 'A bottle from the shelf', cost: 600 },
    ],
    expiry: { kind: 'months', months: 24, until: 'end-of-month' },
    redemption: { holdMinutes: 60, pointsPerMinor: 0.2 },
  },
  alerts: { redemptionFromPoints: 500 },
  // A receipt is said at once, and by itself.
  messaging: { quietHours: { from: '22:00', to: '09:00' }, mergeSeconds: 0 },
  brand: { colour: '#1e3a5f', imprint: 'Kunstpause Books & Bar · books@kunstpause.example' },
  connectors: [
    // Shops and tills.
    use('shopify', { shop: 'kunstpause.myshopify.com' }, changes),
    use('woocommerce', { site: 'https://shop.kunstpause.example/store', currency: 'EUR' }, ['reward.redeemed']),
    use('square', { merchantId: '6SSW7HV8K2ST5' }),
    use('stripe', {}),
    // Members: on WhatsApp whoever asked for it, else by text message, else by e-mail.
    use('whatsapp', { phoneNumberId: '106540352242922', businessAccountId: '102290129340398' }, news),
    use('twilio-sms', { messagingServiceSid: 'MG0123456789abcdef0123456789abcdef' }, news),
    use(
      'sendgrid',
      {
        from: { email: 'books@kunstpause.example', name: 'Kunstpause Books & Bar' },
        groups: { marketing: 14, transactional: 15 },
      },
      news,
    ),
    // What they think.
    use('typeform', { forms: [{ id: 'lT4Z3j' }, { id: 'Revw01', activity: 'review', once: 'response' }] }),
    // Desks.
    use('zendesk', { subdomain: 'kunstpause' }, cares),
    use(
      'freshdesk',
      {
        domain: 'kunstpause.freshdesk.com',
        caseField: 'cf_stampbook_case',
        requesterEmail: 'loyalty@kunstpause.example',
      },
      ['fraud.flagged'],
    ),
    // Copies.
    use('hubspot', { portalId: '62515', currency: 'EUR', timeZone: 'Europe/Berlin' }, changes),
    use(
      'salesforce',
      { host: 'shop.my.salesforce.com', organizationId: '00D5g000000abcdEAA', currency: 'EUR' },
      changes,
    ),
    use(
      'google-sheets',
      {
        spreadsheetId: '1AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789-abcdef',
        membersTab: 'Members',
        currency: 'EUR',
      },
      // The service is slow: a row for what moves points, and none for anything else.
      ['points.earned', 'points.adjusted', 'points.redeemed', 'points.reversed', 'points.expired'],
    ),
    use('webhook', { endpoint: 'https://hooks.kunstpause.example/books' }, changes),
    // Staff.
    use('slack', {}, ['points.redeemed', ...cares, 'campaign.started', 'campaign.ended']),
  ],
} satisfies MerchantInput;
