import { describe, expect, it } from '@jest/globals';
import { spoken } from '../../lib/cloud/merchant-words.ts';
import acuraNorth from '../../merchants/acura-north.ts';
import artCafe from '../../merchants/art-cafe.ts';
import bookBar from '../../merchants/book-bar.ts';
import { checkMerchant, type MerchantInput } from '../../merchants/merchant.ts';

const saying = (messages: MerchantInput['messages']) =>
  checkMerchant({ ...artCafe, messages }, 'merchants/art-cafe.ts');

describe('the words of a merchant’s file', () => {
  it.each([artCafe, acuraNorth, bookBar])('of $id can be said', async (input) => {
    expect(await spoken(checkMerchant(input, 'the test'))).toMatchObject({ id: input.id });
  });

  it('may be a text, which is for all channels of a few words', () => {
    expect(saying({ birthday: { en: 'Hooray' } }).messages).toEqual({ birthday: { en: { text: 'Hooray' } } });
  });

  it('are tried out before there is anything to build from them', async () => {
    const bad = { text: 'Hooray, {{ nmae }}', email: { subject: 'S', text: 'fine', html: '{{ points | shout }}' } };
    expect(await spoken(saying({ birthday: { en: bad, de: 'gut' } }))).toEqual([
      {
        path: 'messages.birthday.en.text',
        value: 'Hooray, {{ nmae }}',
        fix: expect.stringMatching(/^speaks of "nmae", which birthday does not have: use /),
      },
      {
        path: 'messages.birthday.en.email.html',
        value: '{{ points | shout }}',
        fix: expect.stringMatching(/^undefined filter: shout/),
      },
    ]);
  });

  it('may be those of answers, tried out in the same way', async () => {
    const good = { 'reply.given': { en: '{{ reward }}: {{ code }}' } };
    expect(await spoken(saying(good))).toMatchObject({
      messages: { 'reply.given': { en: { text: '{{ reward }}: {{ code }}' } } },
    });
    expect(await spoken(saying({ 'reply.given': { en: 'Yours!' } }))).toEqual([
      { path: 'messages.reply.given.en.text', value: 'Yours!', fix: expect.stringMatching(/needs \{\{ code \}\}$/) },
    ]);
  });

  it('may have a page in MJML, of which functions see the HTML', async () => {
    const page =
      '<mjml><mj-body><mj-section><mj-column><mj-text>{{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>';
    const { messages } = (await spoken(
      saying({ birthday: { en: { email: { subject: 'S', text: 'T', mjml: page } } } }),
    )) as { messages: Record<string, Record<string, { email: { html: string } }>> };
    expect(messages.birthday?.en?.email).toEqual({
      subject: 'S',
      text: 'T',
      html: expect.stringMatching(/<!doctype html>[\s\S]*<table[\s\S]*\{\{ name \}\}/),
    });
  });

  it.each([
    ['of a page', '<mjml><mj-body><mj-nothing /></mj-body></mjml>', /mj-nothing/],
    ['of a word on a page', '<mjml><mj-body><mj-raw>{{ nmae }}</mj-raw></mj-body></mjml>', /^speaks of "nmae"/],
  ])('have each fault named: %s', async (_, mjml, fix) => {
    expect(await spoken(saying({ birthday: { en: { email: { subject: 'S', text: 'T', mjml } } } }))).toEqual([
      expect.objectContaining({ fix: expect.stringMatching(fix) }),
    ]);
  });

  it.each<[string, object, string]>([
    ['an unknown event', { 'points.eaten': { en: 'x' } }, 'messages.points.eaten'],
    ['a locale that is none', { birthday: { english: 'x' } }, 'messages.birthday.english'],
    ['a channel that is none', { birthday: { en: { fax: 'x' } } }, 'messages.birthday.en.fax'],
    [
      'two pages',
      { birthday: { en: { email: { subject: 's', text: 't', html: 'h', mjml: 'm' } } } },
      'messages.birthday.en.email',
    ],
    ['places of no template', { birthday: { en: { whatsapp: { values: ['x'] } } } }, 'messages.birthday.en.whatsapp'],
  ])('are refused with %s', (_, messages, path) => {
    expect(() => saying(messages)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`\n  ${path} = `) }),
    );
  });

  it('must remind members before points expire: in our languages they do, in others the merchant writes it', () => {
    const first = (locales: string[], messages: MerchantInput['messages'] = {}) =>
      checkMerchant({ ...artCafe, locales, messages }, 'merchants/art-cafe.ts');
    expect(() => first(['fr'])).not.toThrow();
    expect(() => first(['it'])).toThrow(/members are to be reminded and no text says so in it/);
    expect(() => first(['it'], { 'points.expiring': { it: '{{ points }} punti' } })).not.toThrow();
  });
});
