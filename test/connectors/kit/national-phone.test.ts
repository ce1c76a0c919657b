import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type CountryCode, type Examples, getCountries, getExampleNumber } from 'libphonenumber-js/min';
import { nationalPhone } from '../../../lib/connectors/kit/national-phone.ts';

const examples = JSON.parse(
  readFileSync(new URL('../../../node_modules/libphonenumber-js/examples.mobile.json', import.meta.url), 'utf8'),
) as Examples;

/** Dialled at home in more ways than with or without one prefix. */
const SAYS_ITS_COUNTRY: readonly CountryCode[] = ['AR', 'BY', 'TM'];

describe('a number as it is dialled at home', () => {
  it('is that of the library that knows the plans of the world, in every country', () => {
    const wrong: string[] = [];
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples);
      if (!example) continue;
      const expected = SAYS_ITS_COUNTRY.includes(country) ? undefined : example.number;
      const ways = [example.formatNational(), example.formatNational().replace(/\D/g, '')];
      for (const way of ways)
        if (nationalPhone(country)(way) !== expected) wrong.push(`${country} ${way} ${nationalPhone(country)(way)}`);
      if (nationalPhone(country)(example.formatInternational()) !== example.number) wrong.push(`${country} with a +`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['030 901820', 'DE', '+4930901820'],
    ['030/901820', 'de', '+4930901820'],
    ['(212) 555-0100', 'US', '+12125550100'],
    ['1 212 555 0100', 'CA', '+12125550100'],
    ['8 912 345-67-89', 'RU', '+79123456789'],
    ['06 20 123 4567', 'HU', '+36201234567'],
    ['06 1234 5678', 'IT', '+390612345678'],
    ['0049 30 901820', 'US', '+4930901820'],
    ['+49 (0)30 901820', 'US', '+4930901820'],
  ])('%j in %s is %s', (text, country, number) => expect(nationalPhone(country)(text)).toBe(number));

  it.each([
    ['030 901820', undefined],
    ['030 901820', null],
    ['030 901820', 'XX'],
    ['030 901820', 'constructor'],
    ['030 901820 ext. 5', 'DE'],
    ['call me', 'DE'],
    ['12', 'DE'],
    ['555-0100', 'US'],
    ['212 555 0100 99', 'US'],
    ['0'.repeat(20), 'DE'],
    ['', 'DE'],
  ])('%j in %p is nobody’s', (text, country) => expect(nationalPhone(country)(text)).toBeUndefined());
});
