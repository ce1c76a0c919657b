import { describe, expect, it } from '@jest/globals';
import { type Field, mappingOf, type Preset, presets } from '../../lib/runtime/import/columns.ts';
import { type Reading, readRow } from '../../lib/runtime/import/reading.ts';
import { program } from '../ledger/world.ts';

const now = new Date('2026-03-10T12:00:00Z');
const reading = (preset: Preset = presets.stampbook, more: Partial<Reading> = {}): Reading => ({
  mapping: mappingOf(preset, []),
  from: preset.from,
  program: program(),
  tiers: new Map(),
  dates: 'ymd',
  country: 'DE',
  now,
  ...more,
});
const plain = (cells: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(cells).map(([name, value]) => [name.toLowerCase().replaceAll(/[\s_]/g, ''), value]),
  );
const read = (cells: Readonly<Record<string, unknown>>, how = reading()) =>
  readRow({ number: 1, line: 2, cells: plain(cells), asWritten: [] }, how);

describe('a row is read', () => {
  it('with all that a member can bring along', () => {
    expect(
      read({
        id: '77',
        phone: '0170 1234567',
        email: 'Ada@Example.com',
        firstName: 'Ada',
        lastName: 'Lovelace',
        birthday: '1990-05-04',
        enrolledAt: '2024-01-02T08:00:00+01',
        points: '1,250',
        pending: '40',
        spent: '310',
        expiring: '2026-06-30:200; 2026-12-31:50',
        tierWindow: '2026:900; 2025:300',
        tier: 'Gold',
        visits: '12',
        lastActivityOn: '2026-02-01',
        'consent.sms': 'yes',
        'consent.email.marketing': 'unsubscribed',
      }),
    ).toEqual({
      kind: 'member',
      identities: [
        { type: 'phone', value: '+491701234567' },
        { type: 'email', value: 'ada@example.com' },
        { type: 'import', value: '77' },
      ],
      profile: { name: 'Ada Lovelace', birthday: '1990-05-04' },
      consents: {
        sms: {
          transactional: consent(true),
          marketing: consent(true),
        },
        email: { marketing: consent(false) },
      },
      undatedConsents: false,
      enrolledAt: '2024-01-02T07:00:00.000Z',
      opening: {
        importId: '77',
        from: 'import',
        points: 1_250,
        pending: 40,
        pendingUntil: undefined,
        expiring: { '2026-06-30': 200, '2026-12-31': 50 },
        lifetime: 1_600,
        window: { '2026': 900, '2025': 300 },
        tier: 'gold',
        tierThrough: undefined,
        visits: 12,
        purchases: undefined,
        lastActivityOn: '2026-02-01',
      },
      leftOut: [],
    });
  });
  const consent = (granted: boolean) => ({
    granted,
    at: '2024-01-02T07:00:00.000Z',
    source: 'import',
    proof: 'brought along from import',
  });

  it.each([
    ['89,085', 89_085],
    ['250.00', 250],
    ['-40', -40],
    ['', 0],
  ])('points written as %j', (points, expected) => {
    expect(read({ id: '1', points })).toMatchObject({ kind: 'member', opening: { points: expected } });
  });

  it.each([
    ['2026-03-01', 'ymd', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01 09:30:00 UTC', 'ymd', '2026-03-01T09:30:00.000Z'],
    ['2026-03-01 09:30:00+00', 'ymd', '2026-03-01T09:30:00.000Z'],
    ['1/3/2026', 'dmy', '2026-03-01T12:00:00.000Z'],
    ['3/1/2026', 'mdy', '2026-03-01T12:00:00.000Z'],
    ['01.03.2026', 'dmy', '2026-03-01T12:00:00.000Z'],
  ] as const)('the date %j in %s', (enrolledAt, dates, expected) => {
    expect(read({ id: '1', enrolledAt }, reading(presets.stampbook, { dates }))).toMatchObject({
      enrolledAt: expected,
    });
  });

  it.each([
    ['nothing to find the member by', { points: '10' }, 'no id, phone, email or card that can be read'],
    ['a phone that is none', { phone: '12', points: '10' }, 'no id, phone, email or card that can be read'],
    ['a fraction of a point', { id: '1', points: '10.5' }, 'points is no whole number'],
    ['a thousand in German', { id: '1', points: '1.234' }, 'points is no whole number'],
    ['too many points', { id: '1', points: '9999999999' }, 'points: more than a thousand million'],
    ['negative pending points', { id: '1', points: '1', pending: '-1' }, 'pending is negative'],
    [
      'an American date',
      { id: '1', enrolledAt: '3/1/2026' },
      'enrolledAt: no date; write it as 2026-03-31 or say --dates dmy or mdy',
    ],
    [
      '31 February',
      { id: '1', enrolledAt: '2026-02-31' },
      'enrolledAt: no date; write it as 2026-03-31 or say --dates dmy or mdy',
    ],
    ['a future date', { id: '1', enrolledAt: '2027-01-01' }, 'enrolledAt lies in the future'],
    [
      'more that expires than there is',
      { id: '1', points: '10', expiring: '2026-06-30:11' },
      'expiring: 11 points expire and there are 10',
    ],
    [
      'points that have expired',
      { id: '1', points: '10', expiring: '2026-03-09:5' },
      'expiring: 5 points whose last day 2026-03-09 is over',
    ],
    [
      'expiring points without a date',
      { id: '1', points: '10', expiring: '5' },
      'expiring: write it as 2027-03-31:100; 2027-06-30:50',
    ],
    [
      'months where years count',
      { id: '1', points: '1', tierWindow: '2026-01:5' },
      'tierWindow: write it as 2026:1200; 2025:300',
    ],
    [
      'an unknown tier',
      { id: '1', points: '1', tier: 'VIP' },
      'tier: the program has no "VIP"; say --tier "VIP=<a tier of it>"',
    ],
    ['neither yes nor no', { id: '1', 'consent.sms': 'maybe' }, 'consent.sms: yes or no'],
    ['history without a time', { id: '1', transactionId: 't' }, 'occurredAt is missing'],
    [
      'history of nobody',
      { transactionId: 't', occurredAt: '2026-01-01' },
      'nobody is named: an id, or a phone, email or card that can be read',
    ],
  ])('and refused with %s', (_, cells, because) => {
    expect(read(cells)).toEqual({ kind: 'refused', because });
  });

  it('without what cannot be read and is not needed', () => {
    expect(read({ id: '1', phone: '12', birthday: 'May', locale: '?' })).toMatchObject({
      kind: 'member',
      profile: {},
      leftOut: ['phone', 'birthday', 'locale'],
    });
  });

  it('and an id that is an address stays out of the journal', () => {
    expect(read({ id: 'ada@example.com', points: '5' })).toMatchObject({ opening: { importId: 'self' } });
  });

  it('with a phone that a spreadsheet was kept from reckoning with', () => {
    expect(read({ phone: "'+491701234567", points: '5' })).toMatchObject({
      identities: [{ type: 'phone', value: '+491701234567' }],
    });
  });
});

describe('the names of other systems', () => {
  it('Smile.io: a table of customers', () => {
    const row = {
      'Smile Customer ID': '9001',
      'First name': 'Ada',
      'Last name': 'L',
      Email: 'a@example.com',
      'Membership status': 'Member',
      'Points balance': '89,085',
      'Vip tier name': 'Gold',
      'Date of birth': '1004-05-04',
    };
    const smile = reading(presets.smile);
    expect(read(row, smile)).toMatchObject({
      identities: [
        { type: 'email', value: 'a@example.com' },
        { type: 'smile-io', value: '9001' },
      ],
      profile: { name: 'Ada L', birthday: '0000-05-04' },
      opening: { importId: '9001', from: 'smile-io', points: 89_085, tier: 'gold' },
    });
    expect(read({ ...row, 'Membership status': 'Candidate', 'Points balance': '0' }, smile)).toEqual({
      kind: 'passed-over',
      because: 'guest without points',
    });
  });

  it('LoyaltyLion: a customer of the API, and a line of the transactions’ table', () => {
    const loyaltylion = reading(presets.loyaltylion);
    expect(
      read(
        {
          id: 22_541,
          email: 'a@example.com',
          'properties.firstname': 'A',
          pointsapproved: 250,
          pointspending: 50,
          pointsspent: 100,
          guest: false,
          'loyaltytiermembership.loyaltytier.name': 'Gold',
        },
        loyaltylion,
      ),
    ).toMatchObject({ opening: { importId: '22541', points: 250, pending: 50, lifetime: 400, tier: 'gold' } });
    expect(
      read(
        {
          'Customer ID': '22541',
          'Transaction ID': 't-1',
          Resource: 'Order',
          'Points Approved': '-25',
          'Created At': '2026-01-02 08:00:00+00',
        },
        loyaltylion,
      ),
    ).toEqual({
      kind: 'history',
      who: { type: 'loyaltylion', value: '22541' },
      happened: {
        importId: 't-1',
        from: 'loyaltylion',
        what: 'purchase',
        points: -25,
        at: '2026-01-02T08:00:00.000Z',
      },
    });
  });

  it('Square: a loyalty account of the API', () => {
    expect(
      read(
        {
          id: 'acc',
          customerid: 'CUST',
          'mapping.phonenumber': '+14155551234',
          balance: 20,
          lifetimepoints: 120,
          expiringpointdeadlines: [{ points: 5, expires_at: '2026-09-30T23:00:00Z' }],
          enrolledat: '2024-01-02T00:00:00Z',
        },
        reading(presets.square),
      ),
    ).toMatchObject({
      identities: [
        { type: 'phone', value: '+14155551234' },
        { type: 'square', value: 'CUST' },
      ],
      opening: { importId: 'CUST', points: 20, lifetime: 120, expiring: { '2026-10-01': 5 } },
    });
  });

  it('and --map before all of them', () => {
    const told = [
      ['Loyalty #', 'card'],
      ['Vip tier name', ''],
      ['Shop ID', 'identity.shopify'],
    ] as [string, Field | ''][];
    const how = reading(presets.smile, { mapping: mappingOf(presets.smile, told) });
    expect(read({ 'Loyalty #': 'C-123', 'Vip tier name': 'Unheard of', 'Shop ID': '5' }, how)).toMatchObject({
      identities: [
        { type: 'card', value: 'C123' },
        { type: 'shopify', value: '5' },
      ],
      opening: { importId: 'self', tier: undefined },
    });
  });
});
