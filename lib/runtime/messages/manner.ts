import { languageOf } from '../../loyalty/message-words.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Manner } from './liquid.ts';

/**
 * How numbers and days are written in a text of this language: as where the member lives, else as where the merchant does
 * if that is how people speak there. English elsewhere is the world's: 31 March, and 1,290 where Germans write 1.290.
 */
export function mannerFor(
  locale: string,
  spoken: string | undefined,
  { country, program: { timeZone, currency } }: Pick<DeployedMerchant, 'country' | 'program'>,
): Manner {
  const language = languageOf(locale);
  const wanted = [
    ...(spoken !== undefined && languageOf(spoken) === language && spoken !== language ? [spoken] : []),
    ...(locale === language && country !== undefined && languageIn(country) === language
      ? [`${language}-${country}`]
      : []),
    ...(locale === 'en' && country !== undefined ? ['en-001'] : []),
    locale,
  ];
  return { locale: wanted.find(isWritable) ?? 'en', timeZone, currency };
}

const languages = new Map<string, string>();
function languageIn(country: string): string {
  const language = languages.get(country) ?? new Intl.Locale(`und-${country}`).maximize().language;
  languages.set(country, language);
  return language;
}

const known = new Map<string, boolean>();
/** Locales are the members' own words, and there are many. */
const KNOWN_MAX = 1_000;

/** A profile's locale has the form of one, and need be none. To ask takes longer than to write a text. */
function isWritable(locale: string): boolean {
  let writable = known.get(locale);
  if (writable === undefined) {
    try {
      writable = Intl.NumberFormat.supportedLocalesOf(locale).length > 0;
    } catch {
      writable = false;
    }
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(locale, writable);
  }
  return writable;
}
