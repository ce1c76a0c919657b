import { describe, expect, it } from '@jest/globals';
import type { ReplyFact } from '../../lib/loyalty/facts.ts';
import { Program } from '../../lib/loyalty/program.ts';
import { CARRIERS_WORDS, choiceFor, choicesOf, consentIn, languageFor, understood } from '../../lib/loyalty/replies.ts';
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
    ['link BCDFGH23', { kind: 'link', code: 'BCDFGH23', language: 'en' }],
    ['Vincular bcdf gh23', { kind: 'link', code: 'BCDFGH23', language: 'es' }],
    ['/start BCDFGH23', { kind: 'link', code: 'BCDFGH23' }],
    ['link no-code-of-ours', { kind: 'link', code: 'NOCODEOFOURS', language: 'en' }],
    ['menu', { kind: 'help' }],
    ['Hilfe', { kind: 'help', language: 'de' }],
    ['¡Ayuda!', { kind: 'help', language: 'es' }],
    ['aide', { kind: 'help', language: 'fr' }],
    ['Stop.', { kind: 'stop' }],
    ['Abbestellen', { kind: 'stop' }],
    ['arrêter', { kind: 'stop' }],
    ['darse de baja', { kind: 'stop' }],
    ['start', { kind: 'start' }],
    ['Alta', { kind: 'start', language: 'es' }],
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

describe('the language of a page', () => {
  it.each([
    ['the first that is ours', ['ja', 'de-AT', 'en'], 'de'],
    ['else English', ['nl', ''], 'en'],
  ] as const)('is %s', (_, locales, language) => {
    expect(languageFor(locales)).toBe(language);
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
