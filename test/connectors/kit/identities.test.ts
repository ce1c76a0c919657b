import { describe, expect, it } from '@jest/globals';
import { card, email, identities, internationalPhone } from '../../../lib/connectors/kit/identities.ts';
import { phoneIn } from '../../../lib/connectors/kit/phone-numbers.ts';

describe('who it was', () => {
  it.each([
    ['+4915112345678', undefined, '+4915112345678'],
    [' +15551230000 ', undefined, '+15551230000'],
    ['+1 (555) 123-0000', undefined, '+15551230000'],
    ['030 901820', 'DE', '+4930901820'],
    ['(212) 555-0100', 'US', '+12125550100'],
    ['0049 30 901820', 'DE', '+4930901820'],
    ['030 901820', undefined, undefined],
    ['030 901820', 'XX', undefined],
    ['call me', 'DE', undefined],
    ['12', 'DE', undefined],
    ['+0123456789', undefined, undefined],
    ['+1'.repeat(30), undefined, undefined],
    ['', undefined, undefined],
  ])('the phone %j in %p is %p', (text, country, expected) => expect(phoneIn(country)(text)).toBe(expected));

  it.each([
    ['Ann@Example.COM ', 'ann@example.com'],
    ['JÜRGEN@müller.example', 'jürgen@müller.example'],
    ['ann@localhost', undefined],
    ['ann', undefined],
    ['a b@c.de', undefined],
    ['a@b@c.de', undefined],
    [`${'a'.repeat(65)}@b.de`, undefined],
    [`a@${'b'.repeat(300)}.de`, undefined],
  ])('the address %j is %p', (text, expected) => expect(email(text)).toBe(expected));

  it.each([
    ['+4915112345678', '+4915112345678'],
    [' +49 (0)151 / 1234-5678 ', '+4915112345678'],
    ['+1 (555) 123.0000', '+15551230000'],
    ['030 901820', undefined],
    ['0049 30 901820', undefined],
    ['+49', undefined],
    ['', undefined],
  ])('the phone %j, without a number plan, is %p', (text, expected) => expect(internationalPhone(text)).toBe(expected));

  it.each([
    ['ab12-34', 'AB1234'],
    ['1234 5678', '12345678'],
    ['a', undefined],
    ['ab_c', undefined],
  ])('the card %j is %p', (text, expected) => expect(card(text)).toBe(expected));

  it('comes best first, each once, without what cannot be read', () => {
    expect(
      identities([
        ['shopify', '1'],
        ['email', 'A@b.de'],
        ['phone', 'unknown'],
        ['email', 'a@B.de'],
        ['phone', null],
        ['card', undefined],
        ['member', ' m1 '],
      ]),
    ).toEqual([
      { type: 'shopify', value: '1' },
      { type: 'email', value: 'a@b.de' },
      { type: 'member', value: 'm1' },
    ]);
  });
});
