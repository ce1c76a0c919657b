import { describe, expect, it } from '@jest/globals';
import type { Channel } from '../../lib/loyalty/channels.ts';
import { type Messages, REPLY_KINDS, type Words } from '../../lib/loyalty/message-words.ts';
import { type Choice, choicesOf, LANGUAGES, type Language, understood } from '../../lib/loyalty/replies.ts';
import type { Answer } from '../../lib/loyalty/reply-answers.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { wordFaults } from '../../lib/runtime/messages/faults.ts';
import { composeReply, rehearsedReply } from '../../lib/runtime/messages/replies.ts';
import { shippedWords } from '../../lib/runtime/messages/shipped.ts';
import { smsCost } from '../../lib/runtime/messages/sms.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

/** The words of answers to what members write. */

const cafe: DeployedMerchant = { ...checkMerchant({ ...artCafe, messages: {} }, 'the test'), version: 'v' };
const club: DeployedMerchant = { ...cafe, program: { ...cafe.program, name: 'Club' } };

const [espresso, , voucher] = choicesOf(club.program) as [Choice, Choice, Choice];
const next = { choice: voucher, missing: 1 };
const all: readonly Answer[] = [
  { kind: 'points', balance: 1_234, pending: 1, held: 30, expiring: { points: 50, on: '2026-12-31' } },
  { kind: 'points', balance: 1, pending: 0, held: 0 },
  { kind: 'rewards', inReach: [espresso, voucher], more: 2, next },
  { kind: 'rewards', inReach: [], more: 0 },
  { kind: 'rewards', inReach: [], more: 1, next },
  { kind: 'asked', choice: { ...voucher, cashMinor: 250 }, number: '0042', minutes: 30 },
  { kind: 'given', name: 'A voucher', code: '7HKQ4X-M3RYAN-9CWDTE', through: '2026-12-31', balance: 10 },
  // A month and a day whose names have letters of their own in some languages.
  { kind: 'given', name: 'A voucher', code: 'SEAT-1', through: '2026-08-31', balance: 0 },
  { kind: 'aside', name: 'An espresso', redemptionId: 'R-BCDFG-HJKMN', until: '2026-08-01T12:30:00Z' },
  { kind: 'refused', because: 'not-enough-points', missing: 12 },
  ...(
    [
      'unknown-reward',
      'points-buy-rewards-only',
      'not-available-yet',
      'no-longer-available',
      'tier-too-low',
      'limit-reached',
      'wrong-step',
      'not-enough-points',
      'out-of-stock',
    ] as const
  ).map((because): Answer => ({ kind: 'refused', because })),
  ...(
    [
      'not-the-number',
      'too-late',
      'not-as-asked',
      'help',
      'started',
      'linked',
      'no-such-code',
      'linked-elsewhere',
    ] as const
  ).map((kind): Answer => ({ kind })),
];

interface Asked {
  readonly locale?: string;
  readonly written?: Language;
  readonly channel?: Channel;
  readonly overrides?: Messages;
  readonly merchant?: DeployedMerchant;
}
const reply = (answer: Answer, { locale, written, channel = 'sms', overrides = {}, merchant = club }: Asked = {}) =>
  composeReply(answer, { profile: { name: 'Ada', locale } }, merchant, { channel, overrides, written });
const said = (answer: Answer, asked?: Asked) => reply(answer, asked)?.text;
const saying = (messages: Messages, more: Partial<DeployedMerchant> = {}) => ({ ...club, ...more, messages });

describe('an answer', () => {
  it.each<[Answer['kind'], string | undefined, string]>([
    ['points', 'en', 'Club: you have 1,234 points. On their way: 1. Put aside: 30. Good until 31 Dec 2026: 50.'],
    ['points', 'en-US', 'Club: you have 1,234 points. On their way: 1. Put aside: 30. Good until Dec 31, 2026: 50.'],
    ['points', 'de', 'Club: du hast 1.234 Punkte. Noch unterwegs: 1. Zurückgelegt: 30. Gültig bis 31. Dez. 2026: 50.'],
    [
      'rewards',
      'en',
      'Club: yours for points:\n1 An espresso (30)\n3 A voucher for the web shop (€5.00) (150)\nWrite REDEEM and the number. 2 more at the counter. Next: A voucher for the web shop (€5.00), 1 point to go.',
    ],
    ['asked', 'en', 'Club: A voucher for the web shop (€5.00) for 150 points and €2.50? Reply 0042 within 30 minutes.'],
    [
      'asked',
      'de',
      'Club: A voucher for the web shop (5,00 €) für 150 Punkte und 2,50 €? Antworte innerhalb von 30 Minuten mit 0042.',
    ],
    ['given', 'en', 'Club: A voucher is yours: 7HKQ4X-M3RYAN-9CWDTE, good until 31 Dec 2026. You have 10 points left.'],
    // In the merchant's zone, two hours ahead.
    [
      'aside',
      'en-GB',
      'Club: An espresso is put aside for you until 1 Aug, 14:30. Say this at the counter: R-BCDFG-HJKMN',
    ],
    ['refused', 'es', 'Club: te faltan 12 puntos.'],
  ])('of %s in %s', (kind, locale, text) => {
    const [first] = all.filter((answer) => answer.kind === kind) as [Answer];
    expect(said(first, { locale })).toBe(text);
  });

  it('counts one as one', () => {
    expect(said({ kind: 'points', balance: 1, pending: 0, held: 0 }, { locale: 'de' })).toBe('Club: du hast 1 Punkt.');
  });

  it('has nothing to list where nothing is in reach', () => {
    const none: Answer = { kind: 'rewards', inReach: [], more: 0 };
    expect(said(none)).toBe('Club: nothing is in reach yet.');
    expect(said({ ...none, next })).toBe(
      'Club: nothing is in reach yet. Next: A voucher for the web shop (€5.00), 1 point to go.',
    );
  });

  it('does not speak of missing points that nobody has counted', () => {
    expect(said({ kind: 'refused', because: 'not-enough-points' })).toBe(
      'Club: you do not have enough points for that.',
    );
  });

  it.each<[string, Asked, string]>([
    ['in the member’s own language', { locale: 'fr-CA', written: 'de' }, 'fr'],
    ['else in that of the word', { locale: 'ja', written: 'de' }, 'de'],
    ['else in the merchant’s first that we speak', { merchant: { ...club, locales: ['nl', 'es-MX', 'en'] } }, 'es'],
    ['else in English', { merchant: { ...club, locales: ['nl'] } }, 'en'],
  ])('is %s', (_, asked, locale) => {
    expect(reply({ kind: 'help' }, asked)?.locale).toBe(locale);
  });

  it.each(LANGUAGES)('tells members to write only what is understood: %s', (locale) => {
    const words = all
      .filter(({ kind }) => kind !== 'given' && kind !== 'aside')
      .flatMap((answer) => said(answer, { locale })?.match(/\b\p{Lu}{4,}\b/gu) ?? [])
      .filter((word) => word !== 'STOP');
    expect(new Set(words).size).toBeGreaterThanOrEqual(3);
    for (const word of words) {
      const { kind, language: spoken = locale } = understood(word, 'sms');
      expect([word, kind, spoken]).toEqual([word, expect.stringMatching(/^(points|rewards|redeem)$/), locale]);
    }
  });

  it.each([...LANGUAGES, 'fr-FR', 'de-AT'])('has no letter that makes a text message dear: %s', (locale) => {
    for (const answer of all) {
      const text = said(answer, { locale }) ?? '';
      expect([text, smsCost(text).encoding]).toEqual([text, 'GSM-7']);
    }
  });
});

describe('a merchant’s own words for an answer', () => {
  const help: Answer = { kind: 'help' };

  it('go before ours: those of staff first, those of the file next, and only where they are spoken', () => {
    const merchant = saying({ 'reply.help': { de: { text: 'Datei' } } });
    expect(said(help, { merchant, locale: 'de-AT' })).toBe('Datei');
    const overrides = { 'reply.help': { de: { sms: 'Tresen, {{ name }}' } } };
    expect(said(help, { merchant, overrides, locale: 'de-AT' })).toBe('Tresen, Ada');
    expect(said(help, { merchant, overrides, locale: 'de', channel: 'chat' })).toBe('Datei');
    expect(said(help, { merchant, overrides, locale: 'en' })).toMatch(/^Club: write POINTS/);
  });

  it('may be in a language that is none of ours', () => {
    const merchant = saying({ 'reply.help': { it: 'Aiuto' } });
    expect(reply(help, { merchant, locale: 'it' })).toEqual({ locale: 'it', text: 'Aiuto' });
    expect(reply({ kind: 'linked' }, { merchant, locale: 'it' })?.locale).toBe('en');
  });

  it('may be nothing', () => {
    expect(reply(help, { merchant: saying({ 'reply.help': { en: '' } }) })).toBeUndefined();
  });

  it('may write what is in reach in lines of their own', () => {
    const text =
      '{% for one in rewards %}{{ one.number }}) {{ one.name }}: {{ one.cost }}{% unless forloop.last %}; {% endunless %}{% endfor %}';
    const merchant = saying({ 'reply.rewards': { en: text } });
    const [, , rewards] = all as [Answer, Answer, Answer];
    expect(said(rewards, { merchant })).toBe('1) An espresso: 30; 3) A voucher for the web shop (€5.00): 150');
  });
});

describe('words for an answer are tried out before they are saved', () => {
  const faults = (kind: (typeof REPLY_KINDS)[number], words: Words) => wordFaults(kind, 'en', words, club);

  it.each(REPLY_KINDS)('ours for %s have no fault', (kind) => {
    for (const locale of LANGUAGES)
      expect(wordFaults(kind, locale, shippedWords(kind, locale) ?? {}, club)).toEqual([]);
  });

  it.each<[string, Parameters<typeof faults>, string, RegExp]>([
    [
      'an unknown word',
      ['reply.points', { text: '{{ points }}' }],
      'text',
      /^speaks of "points", which reply\.points does not have: use balance, expiringOn, expiringPoints, held, lead, merchant, name, pending, program$/,
    ],
    ['what is not always there', ['reply.points', { sms: '{{ expiringOn | date }}' }], 'sms', /is not always there/],
    [
      'an unknown word of a list',
      ['reply.rewards', { text: '{% for one in rewards %}{{ one.nmae }}{% endfor %}' }],
      'text',
      /undefined variable/,
    ],
    [
      'a day where an hour belongs',
      ['reply.aside', { text: '{{ redemptionId }}: {{ reward | time }}' }],
      'text',
      /^time is for points in time/,
    ],
    [
      'no such style of an hour',
      ['reply.aside', { text: '{{ redemptionId }}: {{ until | time: "long" }}' }],
      'text',
      /^time knows no such style/,
    ],
    [
      'no number to say yes with',
      ['reply.asked', { text: '{{ reward }}? {{ cost }} points.' }],
      'text',
      /needs \{\{ number \}\}/,
    ],
    [
      'a number only at times',
      ['reply.asked', { text: '{{ reward }}?{% if cash %} {{ number }}{% endif %}' }],
      'text',
      /needs \{\{ number \}\}/,
    ],
    ['no code', ['reply.given', { chat: 'It is yours!' }], 'chat', /needs \{\{ code \}\}/],
    ['nothing where a code is due', ['reply.given', { text: '' }], 'text', /needs \{\{ code \}\}/],
    [
      'nothing to say at the counter',
      ['reply.aside', { whatsapp: { text: 'Come in!' } }],
      'whatsapp.text',
      /needs \{\{ redemptionId \}\}/,
    ],
    ['a letter', ['reply.help', { email: { subject: 'Help', text: 'Help' } }], 'email', /^an answer is a few words/],
    ['a template', ['reply.help', { whatsapp: { template: 'help' } }], 'whatsapp.template', /^an answer needs none/],
    [
      'more than an SMS holds',
      ['reply.help', { text: '{% for i in (1..200) %}{{ merchant }}{% endfor %}' }],
      'text',
      /^is longer than 1600/,
    ],
  ])('and refused with %s', (_, [kind, words], path, message) => {
    expect(faults(kind, words)).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it('and not for being silent where nothing is lost by it', () => {
    expect(faults('reply.help', { text: '' })).toEqual([]);
  });

  it('and shown with all that can be said', () => {
    const how = { channel: 'sms', overrides: {} } as const;
    expect(rehearsedReply('reply.points', { name: 'Ada', locale: 'en' }, club, how)).toEqual({
      locale: 'en',
      text: 'Club: you have 1,290 points. On their way: 10. Put aside: 30. Good until 31 Mar 2027: 42.',
    });
  });
});
