import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import type { Channel } from '../../lib/loyalty/facts.ts';
import { MESSAGE_KINDS, type Messages, SHIPPED_LANGUAGES } from '../../lib/loyalty/message-words.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { examplesOf } from '../../lib/runtime/messages/examples.ts';
import { wordFaults } from '../../lib/runtime/messages/faults.ts';
import { shippedWords } from '../../lib/runtime/messages/shipped.ts';
import { smsCost } from '../../lib/runtime/messages/sms.ts';
import { compose } from '../../lib/runtime/messages.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

/** The café with no words of its own. */
const cafe: DeployedMerchant = {
  ...checkMerchant({ ...artCafe, messages: {}, brand: { imprint: 'Kunststr. 1, Berlin' } }, 'the test'),
  version: 'v',
};
const saying = (messages: Messages, more: Partial<DeployedMerchant> = {}): DeployedMerchant => ({
  ...cafe,
  ...more,
  messages,
});

const ada = { profile: { name: 'Ada\nLovelace' } };
const speaking = (locale: string) => ({ profile: { name: 'Ada', locale } });

let happened = 0;
const event = <T extends LoyaltyEvent['type']>(
  type: T,
  data: Extract<LoyaltyEvent, { type: T }>['data'],
  { balance = 42, tier = 'friend' } = {},
): LoyaltyEvent => {
  happened += 1;
  return {
    id: `m_1.${happened}.${type}`,
    type,
    memberId: 'm_1',
    entryId: `m_1.${happened}`,
    occurredAt: '2026-03-01T10:00:00Z',
    balance: { available: balance, pending: 0, held: 0 },
    tier,
    data,
  } as LoyaltyEvent;
};
const earned = (points = 12, more: object = {}, at: object = {}) =>
  event('points.earned', { points, source: 'shopify', object: 'A-1', ...more }, at);

const on = (channel: Channel, overrides: Messages = {}) => ({ channel, overrides });
const textOf = (template: string, about: LoyaltyEvent = earned()) =>
  compose([about], ada, saying({ [about.type]: { en: template } }), on('sms'))?.text;

describe('a text', () => {
  it('speaks of the event, the balance, the tier and the program', () => {
    expect(textOf('{{ name }}, {{ tier }}: +{{ points }} = {{ balance }} ({{ program }}, {{ merchant }})')).toBe(
      'Ada Lovelace, Friend: +12 = 42 (Kunstpause Club, Café Kunstpause)',
    );
  });

  it.each([
    ['an unknown word', '{{ adress }}'],
    ['an unknown filter', '{{ points | shout }}'],
    ['what is not a value’s own', '{{ name.constructor }}'],
    ['half a tag', '{% if points'],
    ['a file', '{% include "secret" %}'],
    ['a loop without end', '{% for i in (1..100000000) %}x{% endfor %}'],
    [
      'a memory without end',
      '{% assign x = "aaaaaaaaaa" %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}',
    ],
    ['a word where a number belongs', '{{ name | number }}'],
    ['no such style of a date', '{{ "2026-03-01" | date: "shiny" }}'],
    ['no day', '{{ "2026-02-30" | date }}'],
    ['no such currency', '{{ 5 | money: "€" }}'],
    ['one form for many numbers', '{{ points | plural: "point" }}'],
    ['a number that no language has', '{{ points | plural: dozen: "dozen", other: "# points" }}'],
  ])('with %s is no text', (_, template) => {
    expect(() => textOf(template)).toThrow(
      expect.objectContaining({
        name: 'Permanent',
        message: expect.stringMatching(/^the text for points\.earned in en cannot be made: /),
      }),
    );
  });

  it('has no more than a name of a name, and no half letters', () => {
    const long = { profile: { name: `${'a'.repeat(59)}😀 and more` } };
    const merchant = saying({ 'points.earned': { en: '{{ name }}' } });
    expect(compose([earned()], long, merchant, on('chat'))?.text).toBe(`${'a'.repeat(59)}😀`);
  });

  it('that cannot be made does not tell whom it was for', () => {
    expect(() => textOf('{{ name | number }}')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('Ada') }),
    );
  });

  it('that has nothing to say of what happened is no message', () => {
    const shy = '{% if activity != "birthday" %}+{{ points }}{% endif %}';
    expect(textOf(shy)).toBe('+12');
    expect(textOf(shy, earned(12, { activity: 'birthday' }))).toBeUndefined();
  });

  it('that is written as nothing is no message', () => {
    expect(textOf('')).toBeUndefined();
  });

  it('may ask for what is not always there', () => {
    const date = '{% if nextExpiryOn %}until {{ nextExpiryOn }}{% else %}for ever{% endif %}';
    expect(textOf(date)).toBe('for ever');
    expect(textOf(date, earned(12, { nextExpiryOn: '2027-03-31' }))).toBe('until 2027-03-31');
  });

  it('is not made of what a member wrote', () => {
    const sly = { profile: { name: '{{ balance }}{% raw %}' } };
    const merchant = saying({ 'points.earned': { en: 'Hello {{ name }}' } });
    expect(compose([earned()], sly, merchant, on('sms'))?.text).toBe('Hello {{ balance }}{% raw %}');
  });
});

describe('numbers, days and money are written', () => {
  const template =
    '{{ 1234567 | number }} · {{ "2026-05-01" | date }} · {{ "2026-05-01" | date: "short" }} · {{ "2026-05" | date: "long" }} · {{ "5.00" | money }}';
  const merchant = (more: Partial<DeployedMerchant> = {}) =>
    saying({ 'points.earned': { en: template, de: template, fr: template } }, { locales: ['en', 'de', 'fr'], ...more });
  // Chat keeps the spaces of typesetters.
  const written = (locale: string, more: Partial<DeployedMerchant> = {}) =>
    compose([earned()], speaking(locale), merchant(more), on('chat'))?.text.replace(/\s/g, ' ');

  it.each([
    ['de', 'as in Germany', '1.234.567 · 1. Mai 2026 · 01.05.2026 · Mai 2026 · 5,00 €'],
    ['de-AT', 'as in Austria', '1 234 567 · 1. Mai 2026 · 01.05.2026 · Mai 2026 · € 5,00'],
    ['fr', 'as in France', '1 234 567 · 1 mai 2026 · 01/05/2026 · mai 2026 · 5,00 €'],
    ['en-US', 'as in America', '1,234,567 · May 1, 2026 · 05/01/2026 · May 2026 · €5.00'],
    [
      'en',
      'in English for the world, in a shop where people do not speak it',
      '1,234,567 · 1 May 2026 · 01/05/2026 · May 2026 · €5.00',
    ],
  ])('for %s %s', (locale, _, text) => {
    expect(written(locale)).toBe(text);
  });

  it('as where the merchant is, if that is how people speak there', () => {
    expect(written('en', { country: 'US' })).toContain('May 1, 2026');
  });

  it('in the text’s own way where the member’s locale is none', () => {
    expect(written('de-00000000-xx')).toContain('1.234.567');
  });

  it('on the day that it is for the merchant', () => {
    expect(textOf('{{ "2026-03-01T23:30:00Z" | date }}')).toBe('2 Mar 2026');
  });

  it.each([
    [1, 'ein Punkt'],
    [1_290, '1.290 Punkte'],
  ])('with the plural that %i has in the language', (points, text) => {
    const plural = '{{ points | plural: one: "ein Punkt", other: "# Punkte" }}';
    const de = saying({ 'points.earned': { de: plural } });
    expect(compose([earned(points)], speaking('de'), de, on('sms'))?.text).toBe(text);
  });

  it('with all the plurals of a language that has many', () => {
    const plural = '{{ points | plural: one: "# punkt", few: "# punkty", many: "# punktów", other: "# punktu" }}';
    const pl = saying({ 'points.earned': { pl: plural } });
    const texts = [1, 3, 5].map((points) => compose([earned(points)], speaking('pl'), pl, on('chat'))?.text);
    expect(texts).toEqual(['1 punkt', '3 punkty', '5 punktów']);
  });
});

describe('the words are taken', () => {
  const file: Messages = { 'points.earned': { en: 'file, en' } };
  const said = (locale: string | undefined, overrides: Messages = {}, merchant = saying(file)) =>
    compose([earned()], { profile: locale === undefined ? {} : { locale } }, merchant, on('sms', overrides));

  it('from staff first, from the merchant’s file next, from us last', () => {
    expect(said('en', { 'points.earned': { en: { sms: 'staff, en' } } })?.text).toBe('staff, en');
    expect(said('en')?.text).toBe('file, en');
    expect(said('en', {}, cafe)?.text).toBe('Kunstpause Club: 12 points for you. Balance: 42.');
  });

  it('in the member’s language first, whoever has words in it', () => {
    expect(said('de')).toMatchObject({ locale: 'de', text: 'Kunstpause Club: 12 Punkte für dich. Stand: 42.' });
    expect(said('de-AT')?.locale).toBe('de');
    expect(said('de', { 'points.earned': { de: { text: 'staff, de' } } })?.text).toBe('staff, de');
  });

  it('in the nearest of the merchant’s own before ours', () => {
    const merchant = saying({ 'points.earned': { 'de-CH': 'file, de-CH', de: 'file, de' } }, { locales: ['de-CH'] });
    expect(said('de-CH', {}, merchant)?.text).toBe('file, de-CH');
    expect(said('de-AT', {}, merchant)?.text).toBe('file, de');
    expect(said('de', {}, saying({ 'points.earned': { 'de-CH': 'file, de-CH' } }))?.text).toBe(
      'Kunstpause Club: 12 Punkte für dich. Stand: 42.',
    );
    const swiss = saying({ 'points.earned': { 'de-CH': 'file, de-CH' } }, { locales: ['en', 'de-CH'] });
    expect(said('de', {}, swiss)?.text).toBe('file, de-CH');
  });

  it('in the merchant’s first language where nothing is written in the member’s', () => {
    expect(said(undefined)?.locale).toBe('en');
    expect(said('it')?.locale).toBe('en');
  });

  it('not in a language of ours that the merchant does not speak', () => {
    expect(said('fr')?.locale).toBe('en');
    expect(said('fr', {}, saying(file, { locales: ['en', 'fr-CH'] }))?.locale).toBe('fr');
  });

  it('for the channel first, for all of few words next', () => {
    const words: Messages = {
      'points.earned': { en: { text: 'short', sms: 'sms', whatsapp: { text: 'whatsapp' } } },
    };
    const texts = (['sms', 'whatsapp', 'messenger', 'chat', 'push'] as const).map(
      (channel) => compose([earned()], ada, saying(words), on(channel))?.text,
    );
    expect(texts).toEqual(['sms', 'whatsapp', 'short', 'short', 'short']);
  });

  it('of a campaign only from the campaign', () => {
    const message = event('campaign.message', { campaignId: 'c' });
    expect(compose([message], ada, cafe, on('sms'))).toBeUndefined();
    const overrides = { 'campaign.message': { en: 'A table is laid for you at {{ program }}.' } };
    expect(compose([message], ada, cafe, on('sms', overrides))?.text).toBe(
      'A table is laid for you at Kunstpause Club.',
    );
    expect(compose([message], ada, cafe, on('email', overrides))).toMatchObject({
      subject: 'Kunstpause Club',
      text: expect.stringMatching(/^A table is laid/),
    });
  });

  it('not for what is no member’s news', () => {
    for (const told of [event('member.updated', {}), event('fraud.flagged', { because: 'x', object: 'y' })])
      expect(compose([told], ada, cafe, on('sms'))).toBeUndefined();
    expect(compose([], ada, cafe, on('sms'))).toBeUndefined();
  });
});

describe('our own words', () => {
  const everywhere = saying({}, { locales: [...SHIPPED_LANGUAGES] });
  const every = SHIPPED_LANGUAGES.flatMap((locale) => MESSAGE_KINDS.map((kind) => [kind, locale] as const));

  it.each(every)('for %s in %s have no fault', (kind, locale) => {
    expect(wordFaults(kind, locale, shippedWords(kind, locale) ?? {}, everywhere)).toEqual([]);
  });

  it.each(every)('for %s in %s are one SMS of the cheap alphabet', (kind, locale) => {
    for (const example of examplesOf(kind, everywhere)) {
      const text = compose([example], speaking(locale), everywhere, on('sms'))?.text ?? '';
      expect([text, smsCost(text)]).toEqual([text, expect.objectContaining({ encoding: 'GSM-7', segments: 1 })]);
    }
  });

  it('leave a greeting to say what came with it', () => {
    const birthday = earned(30, { activity: 'birthday' });
    for (const channel of ['sms', 'email', 'chat'] as const)
      expect(compose([birthday], ada, cafe, on(channel))).toBeUndefined();
  });

  it.each([
    ['friend', 'patron', 'Kunstpause Club: You are now: Patron. Congratulations!'],
    ['patron', 'friend', 'Kunstpause Club: You are now: Friend.'],
  ])('congratulate on a rise alone: %s to %s', (from, to, text) => {
    const changed = event('tier.changed', { from, to }, { tier: to });
    expect(compose([changed], ada, cafe, on('sms'))?.text).toBe(text);
  });

  it('say how to end it in what nobody asked for, by SMS', () => {
    const missed = event('member.inactive', { days: 30, rung: 1 });
    expect(compose([missed], ada, cafe, on('sms'))?.text).toMatch(/ Reply STOP to opt out\.$/);
    expect(compose([missed], ada, cafe, on('chat'))?.text).not.toContain('STOP');
    expect(compose([earned()], ada, cafe, on('sms'))?.text).not.toContain('STOP');
  });
});

describe('several things at once are one message', () => {
  const sms = (events: readonly LoyaltyEvent[], merchant = cafe) => compose(events, ada, merchant, on('sms'));

  it('with the name before it and the balance after it, once', () => {
    const events = [
      earned(12, {}, { balance: 212 }),
      event('reward.unlocked', { rewardId: 'voucher' }, { balance: 212 }),
      event('tier.changed', { from: 'guest', to: 'friend' }, { balance: 212 }),
    ];
    expect(sms(events)).toMatchObject({
      kind: 'tier.changed',
      text: 'Kunstpause Club: 12 points for you. Your points are enough for: A voucher for the web shop. You are now: Friend. Congratulations!',
    });
    expect(sms(events.slice(0, 2))?.text).toMatch(/ for you\. Your points .* Balance: 212\.$/);
  });

  it('with the points of one kind added up, and the last balance', () => {
    expect(sms([earned(12, { pending: 2 }, { balance: 12 }), earned(30, {}, { balance: 42 })])?.text).toBe(
      'Kunstpause Club: 42 points for you, 2 of them later. Balance: 42.',
    );
  });

  it('with rewards by their names', () => {
    const both = ['espresso', 'cake'].map((rewardId) => event('reward.unlocked', { rewardId }));
    expect(sms(both)?.text).toBe(
      'Kunstpause Club: Your points are enough for: An espresso, Cake of the day. Balance: 42.',
    );
  });

  it('without what is told twice', () => {
    const data = { redemptionId: 'r-1', rewardId: 'espresso', points: 30 };
    expect(sms([event('points.redeemed', data), event('reward.redeemed', data)])?.text).toBe(
      'Kunstpause Club: 30 points redeemed: An espresso. Balance: 42.',
    );
    expect(sms([event('reward.redeemed', data)])?.text).toBe(
      'Kunstpause Club: For you: An espresso. 30 points redeemed. Balance: 42.',
    );
  });

  it('with a reward by its id where the program has no name for it: a campaign’s own, or one of before', () => {
    const data = { redemptionId: 'r-1', rewardId: 'summer-drink', points: 30 };
    expect(sms([event('reward.redeemed', data)])?.text).toBe(
      'Kunstpause Club: For you: summer-drink. 30 points redeemed. Balance: 42.',
    );
  });

  it('and none when it comes to nothing', () => {
    const corrected = [25, -25].map((points) => event('points.adjusted', { points, reason: 'goodwill' }));
    expect(sms(corrected)).toBeUndefined();
    const moved = [
      event('tier.changed', { from: 'guest', to: 'friend' }),
      event('tier.changed', { from: 'friend', to: 'guest' }, { tier: 'guest' }),
    ];
    expect(sms(moved)).toBeUndefined();
  });

  it('whose first and last word are had by who has something to say', () => {
    const greeted = [earned(30, { activity: 'birthday' }), event('birthday', { points: 30 })];
    expect(sms(greeted)?.text).toBe(
      'Kunstpause Club: Happy birthday, Ada Lovelace! 30 points from all of us. Reply STOP to opt out.',
    );
  });

  it('with gifts given and received apart', () => {
    const gifts = (['sent', 'received'] as const).map((direction) =>
      event('points.gifted', { points: 20, direction, giftId: 'g' }),
    );
    expect(sms(gifts)?.text).toBe('Kunstpause Club: You gave away 20 points. You were given 20 points. Balance: 42.');
  });
});

describe('an e-mail', () => {
  const mail = (events: readonly LoyaltyEvent[], member: Parameters<typeof compose>[1] = ada, merchant = cafe) =>
    compose(events, member, merchant, { ...on('email'), unsubscribeUrl: 'https://shop.example/u?a=1&b=2' });

  it('has a subject, and a text that says who writes, why, and how to end it', () => {
    expect(mail([earned(12, { nextExpiryOn: '2027-03-31' })])).toMatchObject({
      subject: '12 points for you',
      text: [
        'Hello Ada Lovelace,',
        '',
        '12 points for you. They are good until 31 Mar 2027.',
        '',
        'Balance: 42.',
        '',
        '-- ',
        'Café Kunstpause',
        'Kunststr. 1, Berlin',
        'You receive this e-mail as a member of Kunstpause Club.',
        'Unsubscribe: https://shop.example/u?a=1&b=2',
      ].join('\n'),
    });
  });

  it('has the same in a page, with every value as a value', () => {
    const page = mail([earned()], { profile: { name: '<script>alert("x")</script>' } })?.html ?? '';
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('Hello &lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;,</p>');
    expect(page).not.toContain('<script');
    expect(page).toContain('href="https://shop.example/u?a=1&amp;b=2"');
    expect(page).not.toMatch(/\{[{%]/);
  });

  it('asks nobody but the merchant’s own house for a picture', () => {
    const hosts = (page = '') => [...page.matchAll(/(?:src|href)="https:\/\/([^/"]+)/g)].map(([, host]) => host);
    expect(hosts(mail([earned()])?.html)).toEqual(['shop.example']);
    const brand = { colour: '#fafafa', logoUrl: 'https://cdn.kunstpause.example/logo.png' };
    expect(hosts(mail([earned()], ada, { ...cafe, brand })?.html)).toEqual(['cdn.kunstpause.example', 'shop.example']);
  });

  it.each([
    ['#1f2937', '#ffffff'],
    ['#fde047', '#000000'],
  ])('writes on %s in %s', (colour, ink) => {
    const page = mail([earned()], ada, { ...cafe, brand: { colour } })?.html;
    expect(page).toMatch(new RegExp(`color:${ink};"\\s*>Café Kunstpause<`));
    // And so is the name where the picture is not loaded.
    const logo = { colour, logoUrl: 'https://cdn.kunstpause.example/logo.png' };
    const [, style] =
      /alt="Café Kunstpause"[^>]* style="([^"]*)"/.exec(mail([earned()], ada, { ...cafe, brand: logo })?.html ?? '') ??
      [];
    expect(style).toContain(`color: ${ink};`);
  });

  it('says no way out where there is none', () => {
    const { text = '', html = '' } = compose([earned()], ada, cafe, on('email')) ?? {};
    expect(text + html).not.toContain('Unsubscribe');
  });

  it('about several things has their paragraphs, one greeting and one balance', () => {
    const made = mail([earned(), event('reward.unlocked', { rewardId: 'cake' })]);
    expect(made?.subject).toBe('Within your reach: Cake of the day');
    expect(made?.text.split('\n\n-- ')[0]).toBe(
      'Hello Ada Lovelace,\n\n12 points for you.\n\nYour points are enough for: Cake of the day.\n\nBalance: 42.',
    );
  });

  it('may be a page of the merchant’s own, with every value as a value', () => {
    const html = '<h1>{{ name }}</h1>{% if unsubscribeUrl %}<a href="{{ unsubscribeUrl }}">no more</a>{% endif %}';
    const merchant = saying({ 'points.earned': { en: { email: { subject: 'S', text: 'T', html } } } });
    expect(mail([earned()], { profile: { name: 'A & B' } }, merchant)?.html).toBe(
      '<h1>A &amp; B</h1><a href="https://shop.example/u?a=1&amp;b=2">no more</a>',
    );
    // It has no room for what else there is to say.
    expect(mail([earned(), event('reward.unlocked', { rewardId: 'cake' })], ada, merchant)?.html).toContain(
      'enough for: Cake',
    );
  });

  it('in a language that only has few words is those words', () => {
    const italian = saying({ 'points.earned': { it: '{{ points }} punti' } });
    expect(compose([earned()], speaking('it'), italian, on('email'))).toMatchObject({
      locale: 'it',
      subject: 'Kunstpause Club',
      text: expect.stringMatching(/^12 punti\n/),
    });
  });
});

describe('a message by WhatsApp', () => {
  it('names the template that says the same at any time, with its places filled', () => {
    expect(compose([earned(1_290)], speaking('de'), cafe, on('whatsapp'))).toMatchObject({
      locale: 'de',
      text: 'Kunstpause Club: 1.290 Punkte für dich. Stand: 42.',
      template: { name: 'points_earned', values: ['1.290', '42'] },
    });
  });

  it('takes the merchant’s own template, in one line to a place', () => {
    const whatsapp = { template: 'kunstpause_plus', values: ['{{ name }}', '{{ points }}\n\n{{ balance }}'] };
    const merchant = saying({ 'points.earned': { en: { whatsapp } } });
    expect(compose([earned()], ada, merchant, on('whatsapp'))).toMatchObject({
      text: 'Kunstpause Club: 12 points for you. Balance: 42.',
      template: { name: 'kunstpause_plus', values: ['Ada Lovelace', '12 42'] },
    });
  });

  it('has its template written out for the merchant, in each of our languages and with as many places', () => {
    const page = readFileSync(new URL('../../docs/messages.md', import.meta.url), 'utf8');
    const rows = page.split('\n').flatMap((line) => {
      const [, name, , ...texts] = /^\| `[a-z_]+` /.test(line) ? line.split('|').map((cell) => cell.trim()) : [];
      return name === undefined ? [] : [[name.replaceAll('`', ''), texts.filter((text) => text !== '')] as const];
    });
    const placesIn = (text: string) => [...new Set(text.match(/\{\{\d\}\}/g))].length;
    const written = rows
      .filter(([, texts]) => texts.length === SHIPPED_LANGUAGES.length)
      .map(([name, texts]) => [name, texts.map(placesIn)]);
    const shipped = MESSAGE_KINDS.map((kind) => {
      const { template, values = [] } = shippedWords(kind, 'en')?.whatsapp ?? {};
      return [template, SHIPPED_LANGUAGES.map(() => values.length)];
    });
    expect(written).toEqual(shipped);
    // Meta takes no template that begins or ends with a place.
    for (const [, texts] of rows) for (const text of texts) expect(text).not.toMatch(/^\{\{|\{\{\d\}\}\.?$/);
  });

  it('has none in a language in which none is named', () => {
    const italian = saying({ 'points.earned': { it: '{{ points }} punti' } });
    expect(compose([earned()], speaking('it'), italian, on('whatsapp'))).toEqual(
      expect.not.objectContaining({ template: expect.anything() }),
    );
  });
});

describe('a vendor that fills a template of its own', () => {
  it('is given texts and numbers, and nothing else', () => {
    expect(compose([earned(12, { pending: 2 })], ada, cafe, on('email'))?.values).toEqual({
      activity: '',
      points: 12,
      pending: 2,
      source: 'shopify',
      object: 'A-1',
      merchant: 'Café Kunstpause',
      program: 'Kunstpause Club',
      balance: 42,
      tier: 'Friend',
      name: 'Ada Lovelace',
      reward: '',
      lead: 'Kunstpause Club: ',
    });
  });
});

describe('words are refused when they are saved', () => {
  const faults = (words: Parameters<typeof wordFaults>[2], kind: LoyaltyEvent['type'] = 'points.earned') =>
    wordFaults(kind, 'en', words, cafe);

  it.each([
    [
      'an unknown word, though it be spoken of seldom',
      '{% if pending %}{{ adress }}{% endif %}',
      /^speaks of "adress", which points\.earned does not have: use activity, balance, .*points/,
    ],
    ['a word of another kind', '{{ through }}', /^speaks of "through"/],
    ['an unknown filter', '{{ points | shout }}', /^undefined filter: shout/],
    ['an unknown tag', '{% shout %}', /^tag "shout" not found/],
    [
      'what is not always there',
      'until {{ nextExpiryOn | date }}',
      /^"nextExpiryOn" is not always there: put it between \{% if nextExpiryOn %\} and \{% endif %\}/,
    ],
    ['a filter that cannot take it', '{{ object | number }}', /^number is for numbers/],
    ['a filter that seldom cannot take it', '{% if pending %}{{ source | date }}{% endif %}', /^date is for days/],
    ['half a tag', '{{ points', /^output "\{\{ points" not closed/],
    ['a file', '{% include "secret" %}', /./],
    ['nothing to say, whatever happens', '{% if points == 0.5 %}never{% endif %}', /^says nothing, whatever happens/],
  ])('with %s', (_, text, message) => {
    expect(faults({ text })).toEqual([{ path: 'text', message: expect.stringMatching(message) }]);
  });

  it('each where it stands', () => {
    const bad = '{{ adress }}';
    const words = {
      sms: bad,
      push: 'good',
      whatsapp: { text: bad, template: 't', values: ['{{ points }}', bad] },
      email: { subject: bad, text: bad, html: bad },
    };
    expect(faults(words).map(({ path }) => path)).toEqual([
      'sms',
      'whatsapp.text',
      'whatsapp.values.1',
      'email.subject',
      'email.text',
      'email.html',
    ]);
  });

  it('with a place that is empty at times, which WhatsApp would refuse', () => {
    expect(faults({ whatsapp: { template: 't', values: ['{{ name }}'] } })).toEqual([
      { path: 'whatsapp.values.0', message: 'is empty at times: say something in every case' },
    ]);
    expect(
      faults({ whatsapp: { template: 't', values: ['{% if balance > 0 %}{{ balance }}{% endif %}'] } }),
    ).toHaveLength(1);
  });

  it('that are longer than an SMS can be', () => {
    const long = `{% for i in (1..200) %}{{ program }}{% endfor %}`;
    expect(faults({ sms: long })).toEqual([{ path: 'sms', message: 'is longer than 1600 characters: shorten it' }]);
    expect(faults({ chat: long })).toEqual([]);
    // What has no text of its own for SMS is sent there too.
    expect(faults({ text: long })).toEqual([{ path: 'text', message: 'is longer than 1600 characters: shorten it' }]);
    expect(faults({ text: long, sms: 'short' })).toEqual([]);
  });

  it('but not for being silent, for asking first, or for the way out of an e-mail', () => {
    expect(faults({ text: '' })).toEqual([]);
    expect(faults({ text: '{% if nextExpiryOn %}{{ nextExpiryOn | date }}{% else %}-{% endif %}' })).toEqual([]);
    const html = '{% if unsubscribeUrl %}{{ unsubscribeUrl }}{% endif %}x';
    expect(faults({ email: { subject: 's', text: 't', html } })).toEqual([]);
    expect(faults({ text: '{% assign sum = points | plus: balance %}{{ sum | number }}' })).toEqual([]);
  });
});
