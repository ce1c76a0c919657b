import type { EventType } from '../../loyalty/events.ts';
import { languageOf, type Messages, type Words } from '../../loyalty/message-words.ts';
import type { DeployedMerchant } from '../config.ts';
import { shippedWords } from './shipped.ts';

/** Where words come from: written by staff at run time, in the merchant's file, or by us. */
export const ORIGINS = ['api', 'file', 'shipped'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Everything that could be said to this merchant's members, the first that has a word for it first. */
export interface Wording {
  readonly merchant: Pick<DeployedMerchant, 'locales' | 'messages'>;
  readonly overrides: Messages;
}

export interface Chosen<Part> {
  readonly locale: string;
  readonly origin: Origin;
  readonly said: Part;
}

/** The words of one origin. A plain text is for all channels of a few words. */
export function wordsFrom(
  origin: Origin,
  { merchant, overrides }: Wording,
  kind: EventType,
  locale: string,
): Words | undefined {
  const written = origin === 'api' ? overrides : origin === 'file' ? merchant.messages : undefined;
  if (!written) return isSpoken(merchant, locale) ? shippedWords(kind, locale) : undefined;
  const words = Object.hasOwn(written[kind] ?? {}, locale) ? written[kind]?.[locale] : undefined;
  return typeof words === 'string' ? { text: words } : words;
}

/** Ours are used in the languages that the merchant speaks: rewards and tiers have names in no others. */
const isSpoken = ({ locales }: Wording['merchant'], locale: string): boolean =>
  locales.some((one) => languageOf(one) === languageOf(locale));

/**
 * In the member's language, else in the merchant's first. A language counts for more than where the words come from: who
 * speaks German reads our German rather than the merchant's English. Of `picks` a later one is asked for a language in
 * which the ones before it have found nothing.
 */
export function choose<Part>(
  wording: Wording,
  kind: EventType,
  spoken: string | undefined,
  ...picks: readonly ((words: Words) => Part | undefined)[]
): Chosen<Part> | undefined {
  for (const [language, locales] of languagesFor(wording.merchant, spoken)) {
    for (const pick of picks) {
      for (const origin of ORIGINS) {
        for (const locale of origin === 'shipped' ? [language] : locales) {
          const words = wordsFrom(origin, wording, kind, locale);
          const said = words && pick(words);
          if (said !== undefined) return { locale, origin, said };
        }
      }
    }
  }
  return undefined;
}

/** Language → its locales, each the best first. */
function languagesFor({ locales }: Wording['merchant'], spoken: string | undefined) {
  const languages = new Map<string, Set<string>>();
  for (const locale of [...(spoken === undefined ? [] : [spoken]), ...locales]) {
    const language = languageOf(locale);
    const known = languages.get(language) ?? new Set<string>();
    // Whoever speaks Austrian German reads plain German before that of Switzerland.
    languages.set(language, known.add(locale).add(language));
  }
  return languages;
}
