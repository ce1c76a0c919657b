import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readMerchants } from '../../lib/cloud/merchants.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, use } from '../../merchants/merchant.ts';

const directory = join(import.meta.dirname, '../../merchants');
const { program } = artCafe;
const [spend] = program.rules;
const shopify = { id: 'shopify', settings: { shop: 'a.myshopify.com' }, on: [] };

/** The whole message: everything about the fault, and nothing else. */
const complaint = (path: string, value: string, fix: string) =>
  `merchants/art-cafe.ts has a fault:\n  ${path} = ${value}\n    ${fix}`;

describe('a wrong merchant is refused with path, value and fix', () => {
  it.each([
    [
      'an id that names nothing',
      { id: 'Art Café' },
      'id',
      '"Art Café"',
      'lower-case letters, digits and hyphens; it names the stacks',
    ],
    ['no address for alarms', { alarmEmail: undefined }, 'alarmEmail', 'nothing', 'is missing: give it a text'],
    ['half an address', { alarmEmail: 'ops' }, 'alarmEmail', '"ops"', 'use an address such as it@shop.example'],
    [
      'a word of its own',
      { colour: 'red' },
      'colour',
      '"red"',
      'nothing here is called "colour": mend its spelling or take it out',
    ],
    ['no locale', { locales: [] }, 'locales', '[]', 'needs at least 1'],
    ['a country in words', { country: 'Germany' }, 'country', '"Germany"', 'two capital letters, such as DE'],
    [
      'an unknown channel',
      { consentAtEnrolment: ['pigeon'] },
      'consentAtEnrolment.0',
      '"pigeon"',
      'use "sms", "email", "whatsapp", "messenger", "chat", "push", or { channel: "sms", purpose: "transactional" }',
    ],
    [
      'an unknown currency',
      { program: { ...program, currency: 'EURO' } },
      'program.currency',
      '"EURO"',
      'unknown currency "EURO": use an ISO 4217 code such as EUR',
    ],
    [
      'a zone that is a city',
      { program: { ...program, timeZone: 'Berlin' } },
      'program.timeZone',
      '"Berlin"',
      'unknown time zone "Berlin": use an IANA name such as Europe/Berlin',
    ],
    [
      'a day that is none',
      { program: { ...program, startsOn: '2026-02-30' } },
      'program.startsOn',
      '"2026-02-30"',
      'use a day that exists, such as 2026-01-31',
    ],
    ['no rule', { program: { ...program, rules: [] } }, 'program.rules', '[]', 'needs at least 1'],
    [
      'an unknown condition',
      { program: { ...program, rules: [{ ...spend, when: [{ is: 'full-moon' }] }] } },
      'program.rules.0.when.0.is',
      '"full-moon"',
      'use "category-in", "category-not-in", "sku-in", "sku-not-in", "tag-in", "tag-not-in", "minimum-spend", "first-purchase", "every", "activity", "days-away", "location-in", "location-not-in", "source-in", "source-not-in", "weekday", "hours", "between", "tier-in", "member-tag-in"',
    ],
    [
      'a fraction of a cent',
      {
        program: {
          ...program,
          rules: [{ ...spend, earn: { kind: 'per-amount', points: 1, base: 'net', amount: '1.001' } }],
        },
      },
      'program.rules.0.earn.amount',
      '"1.001"',
      'not an amount of EUR: too many decimals, or too large',
    ],
    [
      'a fraction of a point',
      { program: { ...program, caps: [{ id: 'daily', points: 1.5, per: 'day' }] } },
      'program.caps.0.points',
      '1.5',
      'must be a whole number',
    ],
    [
      'a reward for nothing',
      { program: { ...program, rewards: [{ id: 'air', name: 'Air', cost: 0 }] } },
      'program.rewards.0.cost',
      '0',
      'must be more than 0',
    ],
    [
      'a reward for a tier that is not there',
      { program: { ...program, rewards: [{ id: 'x', name: 'X', cost: 5, tier: 'platinum' }] } },
      'program.rewards.0.tier',
      '"platinum"',
      'no such tier: use one of guest, friend, patron',
    ],
    [
      'points that live no month',
      { program: { ...program, expiry: { kind: 'months', months: 0 } } },
      'program.expiry.months',
      '0',
      'must be at least 1',
    ],
    [
      'an unknown connector',
      { connectors: [{ ...shopify, id: 'myspace' }] },
      'connectors.0.id',
      '"myspace"',
      `no connector "myspace": there are ${Object.keys(manifests).join(', ')}`,
    ],
    [
      'the same connector twice',
      { connectors: [use('slack', {}), use('slack', {})] },
      'connectors.1.id',
      '"slack"',
      '"slack" stands twice: use it once, with all its events',
    ],
    [
      'a wrong setting of a connector',
      { connectors: [{ ...shopify, settings: { shop: 'kunstpause.com' } }] },
      'connectors.0.settings.shop',
      '"kunstpause.com"',
      'the shop’s own host, such as my-shop.myshopify.com',
    ],
    [
      'a setting that a connector does not know',
      { connectors: [{ ...shopify, settings: { shop: 'a.myshopify.com', key: 'x' } }] },
      'connectors.0.settings.key',
      '"x"',
      'nothing here is called "key": mend its spelling or take it out',
    ],
    [
      'events for a connector that only tells',
      { connectors: [use('stripe', {}, ['points.earned'])] },
      'connectors.0.on',
      '["points.earned"]',
      'Stripe only tells us things and can be told nothing: leave its events out',
    ],
    [
      'a rhythm for a connector that cannot be asked',
      { connectors: [{ id: 'slack', settings: {}, on: [], reconcileEveryMinutes: 15 }] },
      'connectors.0.reconcileEveryMinutes',
      '15',
      'Slack cannot be asked what happened: leave it out',
    ],
  ])('%s', (_, change, path, value, fix) => {
    expect(() => checkMerchant({ ...artCafe, ...change }, 'merchants/art-cafe.ts')).toThrow(
      expect.objectContaining({ name: 'MerchantFileError', message: complaint(path, value, fix) }),
    );
  });

  it('with all its faults at once', () => {
    expect(() => checkMerchant({ ...artCafe, id: 'A', alarmEmail: 'b' }, 'merchants/x.ts')).toThrow(
      /^merchants\/x\.ts has 2 faults:\n {2}id = "A"/,
    );
  });

  it.each([[null], [undefined], [42], ['text'], [[]]])('even when it is %p', (input) => {
    expect(() => checkMerchant(input, 'merchants/x.ts')).toThrow(/\(file\) = .*\n {4}must be an object|is missing/);
  });
});

describe('merchants are found by their files', () => {
  it('all of them, in the order of their names', async () => {
    expect((await readMerchants({ directory })).map(({ id }) => id)).toEqual(['acura-north', 'art-cafe', 'book-bar']);
  });

  it('or the one that is asked for', async () => {
    expect((await readMerchants({ directory, merchant: 'art-cafe' })).map(({ id }) => id)).toEqual(['art-cafe']);
  });

  it.each([
    [
      'an unknown merchant',
      { merchant: 'art-caffe' },
      'merchant = "art-caffe"\n  There is no such file in merchants/. There are: acura-north, art-cafe, book-bar.',
    ],
    ['the word merchant, which is no merchant', { merchant: 'merchant' }, /There is no such file/],
    ['a stage that names nothing', { stage: 'Dev 1' }, /^stage = "Dev 1"\n {2}A stage ends names/],
    ['a stage without a name', { stage: '' }, /^stage = ""/],
  ])('but not %s', async (_, wanted, message) => {
    await expect(readMerchants({ directory, ...wanted })).rejects.toThrow(message);
  });
});

describe('a file', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'merchants-'));
    const write = (id: string, text: string) => writeFileSync(join(folder, `${id}.ts`), text);
    const whole = (id: string) => `export default ${JSON.stringify({ ...artCafe, id })};`;
    write('empty', 'export const nothing = 1;');
    write('broken', 'export default { id: ');
    write('misnamed', whole('something-else'));
    write('a-name-as-long-as-one-may-write', whole('a-name-as-long-as-one-may-write'));
    write('shop', whole('shop'));
    write('shop-dev', whole('shop-dev'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    [
      'empty',
      {},
      'merchants/empty.ts has a fault:\n  default = nothing\n    say `export default { … } satisfies MerchantInput`',
    ],
    ['broken', {}, /^merchants\/broken\.ts cannot be read:\n/],
    [
      'misnamed',
      {},
      'merchants/misnamed.ts has a fault:\n  id = "something-else"\n    a file is called by its merchant: set it to "misnamed", or rename the file',
    ],
    [
      'a-name-as-long-as-one-may-write',
      { stage: 'somebodys-try-out' },
      /id = "a-name.*\n {4}too long by 4: Lambda takes 64 characters/,
    ],
    ['shop', { stage: 'dev' }, /would take the names of the merchant shop-dev/],
  ])('%s is refused', async (merchant, wanted, message) => {
    await expect(readMerchants({ directory: folder, merchant, ...wanted })).rejects.toThrow(message);
  });

  it('is nobody’s business while another is asked for', async () => {
    expect((await readMerchants({ directory: folder, merchant: 'shop' })).map(({ id }) => id)).toEqual(['shop']);
  });
});
