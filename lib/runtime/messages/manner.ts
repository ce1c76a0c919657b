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

const languageIn = (country: string): string => new Intl.Locale(`und-${country}`).maximize().language;

/** A profile's locale has the form of one, and need be none. */
function isWritable(locale: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}
