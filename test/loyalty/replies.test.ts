import { describe, expect, it } from '@jest/globals';
import type { ReplyFact } from '../../lib/loyalty/facts.ts';
import { Program } from '../../lib/loyalty/program.ts';
import {
  CARRIERS_WORDS,
  type Choice,
  choiceFor,
  choicesOf,
  consentIn,
  LANGUAGES,
  languageFor,
  understood,
} from '../../lib/loyalty/replies.ts';
import { type Answer, answerText, type Reader } from '../../lib/loyalty/reply-texts.ts';
import artCafe from '../../merchants/art-cafe.ts';
import fc from '../fast-check.ts';

const program = Program.parse(artCafe.program);

describe('what a member writes is understood', () => {
  it.each([
    ['Points', { kind: 'points' }],
    [' balance? ', { kind: 'points', language: 'en' }],
    ['/points', { kind: 'points' }],
    ['points please', { kind: 'points' }],
    ['Punkte', { kind: 'points', language: 'de' }],
    ['¿Puntos?', { kind: 'points', language: 'es' }],
    ['solde', { kind: 'points', language: 'fr' }],
    ['REWARDS!', { kind: 'rewards', language: 'en' }],
    ['Prämien', { kind: 'rewards', language: 'de' }],
    ['praemien', { kind: 'rewards', language: 'de' }],
    ['premios', { kind: 'rewards', language: 'es' }],
    ['cadeaux', { kind: 'rewards', language: 'fr' }],
    ['Redeem 2', { kind: 'redeem', which: '2', language: 'en' }],
    ['redeem: cake of the day', { kind: 'redeem', which: 'CAKE OF THE DAY', language: 'en' }],
    ['redeem', { kind: 'redeem', which: '', language: 'en' }],
    ['Einlösen 1', { kind: 'redeem', which: '1', language: 'de' }],
    ['canjear 1', { kind: 'redeem', which: '1', language: 'es' }],
    ['échanger 1', { kind: 'redeem', which: '1', language: 'fr' }],
    ['2', { kind: 'redeem', which: '2' }],
    ['0042', { kind: 'confirm', number: '0042' }],
    ['48 27.', { kind: 'confirm', number: '4827' }],
    ['redeem 4827', { kind: 'confirm', number: '4827', language: 'en' }],
    ['bcdf-gh23', { kind: 'link', code: 'BCDFGH23' }],
    ['link BCDFGH23', { kind: 'link', code: 'BCDFGH23' }],
    ['/start BCDFGH23', { kind: 'link', code: 'BCDFGH23' }],
    ['link no-code-of-ours', { kind: 'link', code: 'NOCODEOFOURS', language: 'en' }],
    ['Hilfe', { kind: 'help' }],
    ['Stop.', { kind: 'stop' }],
    ['Abbestellen', { kind: 'stop' }],
    ['arrêter', { kind: 'stop' }],
    ['darse de baja', { kind: 'stop' }],
    ['start', { kind: 'start' }],
  ])('%s', (text, command) => {
    expect(understood(text, 'chat')).toEqual(command);
  });

  it.each([
    'Points are great but my coffee was cold',
    'please stop the music',
    'yes',
    'ja',
    'THANKS',
    '12345',
    '100',
    '0',
    '👍',
    '',
    'constructor',
    '__proto__',
  ])('but not %j', (text) => {
    expect(understood(text, 'chat')).toEqual({ kind: 'unknown' });
  });

  it('takes END, QUIT and CANCEL for a no where the carriers do, and nowhere else', () => {
    for (const word of ['END', 'quit', 'Cancel.']) {
      expect(understood(word, 'sms')).toEqual({ kind: 'stop' });
      expect(understood(word, 'whatsapp')).toEqual({ kind: 'unknown' });
    }
  });

  it('never mistakes a word of ours for one of the carriers’, nor takes theirs for a command', () => {
    for (const word of CARRIERS_WORDS)
      expect(['stop', 'start', 'help', 'unknown']).toContain(understood(word, 'sms').kind);
  });

  it('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(understood(text, 'sms').kind).toEqual(expect.any(String));
      }),
    );
  });
});

describe('a yes or a no that a vendor has left to us', () => {
  const reply = (text: string): ReplyFact => ({
    type: 'reply',
    factId: 'chat:1',
    source: 'telegram',
    occurredAt: '2026-05-01T10:00:00Z',
    identities: [{ type: 'telegram', value: '7' }],
    channel: 'chat',
    text,
  });

  it('is a word on the whole channel, with its proof', () => {
    const { text: _, ...told } = reply('stop');
    expect(consentIn(reply('stop'))).toEqual({ ...told, type: 'consent', granted: false, proof: 'STOP in chat:1' });
    expect(consentIn(reply('Start'))).toMatchObject({ granted: true, proof: 'START in chat:1' });
  });

  it('is nothing else that is written', () => {
    for (const text of ['points', 'please stop', 'help', '']) expect(consentIn(reply(text))).toBeUndefined();
  });
});

describe('the language of an answer', () => {
  it.each([
    ['the member’s own', 'fr-CA', 'de', ['en'], 'fr'],
    ['else that of the word', 'ja', 'de', ['en'], 'de'],
    ['else the merchant’s first that we speak', undefined, undefined, ['nl', 'es-MX', 'en'], 'es'],
    ['else English', undefined, undefined, ['nl'], 'en'],
  ] as const)('is %s', (_, spoken, written, locales, language) => {
    expect(languageFor(spoken, written, locales)).toBe(language);
  });
});

describe('what can be redeemed', () => {
  const choices = choicesOf(program);
  const names = choices.map(({ number, reward, step, cost }) => [number, reward.id, step, cost]);

  it('has a number, and so does each step of it', () => {
    expect(names).toEqual([
      [1, 'espresso', undefined, 30],
      [2, 'cake', undefined, 60],
      [3, 'voucher', undefined, 150],
      [4, 'voucher', 1, 280],
      [5, 'vernissage', undefined, 500],
    ]);
  });

  it.each([
    ['2', 2],
    ['cake', 2],
    ['Cake of the Day', 2],
    ['web shop', 3],
    ['VOUCHER', 3],
    ['4', 4],
  ])('is found by %j', (which, number) => {
    expect(choiceFor(which, choices)?.number).toBe(number);
  });

  it.each(['9', 'tea', '', 'a', 'cak'])('is not found by %j', (which) => {
    expect(choiceFor(which, choices)).toBeUndefined();
  });
});

describe('an answer', () => {
  const [espresso, , voucher] = choicesOf(program) as [Choice, Choice, Choice];
  const reader = (language: Reader['language'], locale: string = language): Reader => ({
    language,
    locale,
    program: 'Club',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
  });
  const all: readonly Answer[] = [
    { kind: 'points', balance: 1_234, pending: 1, held: 30, expiring: { points: 50, on: '2026-12-31' } },
    { kind: 'points', balance: 1, pending: 0, held: 0 },
    { kind: 'rewards', inReach: [espresso, voucher], more: 2, next: { choice: voucher, missing: 1 } },
    { kind: 'rewards', inReach: [], more: 0 },
    { kind: 'asked', choice: { ...voucher, cashMinor: 250 }, number: '0042', minutes: 30 },
    { kind: 'given', name: 'A voucher', code: '7HKQ4X-M3RYAN-9CWDTE', through: '2026-12-31', balance: 10 },
    { kind: 'aside', name: 'An espresso', redemptionId: 'R-BCDFG-HJKMN', until: '2026-05-01T12:30:00Z' },
    { kind: 'refused', because: 'not-enough-points', missing: 12 },
    ...(['unknown-reward', 'tier-too-low', 'out-of-stock', 'limit-reached'] as const).map(
      (because): Answer => ({ kind: 'refused', because }),
    ),
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

  it('says what it has to', () => {
    const said = (answer: Answer, language: Reader['language'], locale?: string) =>
      answerText(answer, reader(language, locale));
    const [points, one, rewards, none, asked, given, aside, missing] = all as [Answer, ...Answer[]];
    expect(said(points, 'en')).toBe(
      'Club: you have 1,234 points. On their way: 1. Put aside: 30. Good until Dec 31, 2026: 50.',
    );
    expect(said(points, 'de')).toBe(
      'Club: du hast 1.234 Punkte. Noch unterwegs: 1. Zurückgelegt: 30. Gültig bis 31.12.2026: 50.',
    );
    expect(said(one as Answer, 'en')).toBe('Club: you have 1 point.');
    expect(said(one as Answer, 'de')).toBe('Club: du hast 1 Punkt.');
    expect(said(rewards as Answer, 'en')).toBe(
      'Club: yours for points:\n1 An espresso (30)\n3 A voucher for the web shop (€5.00) (150)\nWrite REDEEM and the number. 2 more at the counter. Next: A voucher for the web shop (€5.00), 1 point to go.',
    );
    expect(said(none as Answer, 'fr')).toBe("Club: rien n'est encore à votre portée.");
    expect(said(asked as Answer, 'en')).toBe(
      'Club: A voucher for the web shop (€5.00) for 150 points and €2.50? Reply 0042 within 30 minutes.',
    );
    expect(said(asked as Answer, 'de')).toBe(
      'Club: A voucher for the web shop (5,00 €) für 150 Punkte und 2,50 €? Antworte innerhalb von 30 Minuten mit 0042.',
    );
    expect(said(given as Answer, 'en')).toBe(
      'Club: A voucher is yours: 7HKQ4X-M3RYAN-9CWDTE, good until Dec 31, 2026. You have 10 points left.',
    );
    // In the merchant's zone, two hours ahead.
    expect(said(aside as Answer, 'en', 'en-GB')).toBe(
      'Club: An espresso is put aside for you until 1 May, 14:30. Say this at the counter: R-BCDFG-HJKMN',
    );
    expect(said(missing as Answer, 'es')).toBe('Club: necesitas 12 puntos más.');
  });

  it.each(LANGUAGES)('tells members to write only what is understood: %s', (language) => {
    const words = all
      .filter(({ kind }) => kind !== 'given' && kind !== 'aside')
      .flatMap((answer) => answerText(answer, reader(language)).match(/\b\p{Lu}{4,}\b/gu) ?? [])
      .filter((word) => word !== 'STOP');
    expect(new Set(words).size).toBeGreaterThanOrEqual(3);
    for (const word of words) {
      const { kind, language: spoken = language } = understood(word, 'sms');
      expect([word, kind, spoken]).toEqual([word, expect.stringMatching(/^(points|rewards|redeem)$/), language]);
    }
  });

  it.each(LANGUAGES)('has no space and no quote that makes a text message dear: %s', (language) => {
    for (const answer of all)
      expect(answerText(answer, reader(language, language === 'fr' ? 'fr-FR' : language))).not.toMatch(
        /[\u00a0\u202f\u2019]/,
      );
  });
});
