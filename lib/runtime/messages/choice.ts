import type { Channel } from '../../loyalty/channels.ts';
import { isReplyKind, languageOf, type Messages, type TextKind, type Words } from '../../loyalty/message-words.ts';
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
function wordsFrom(
  origin: Origin,
  { merchant, overrides }: Wording,
  kind: TextKind,
  locale: string,
): Words | undefined {
  const written = origin === 'api' ? overrides : origin === 'file' ? merchant.messages : undefined;
  if (!written) return isOurs(kind, merchant, locale) ? shippedWords(kind, locale) : undefined;
  const words = Object.hasOwn(written[kind] ?? {}, locale) ? written[kind]?.[locale] : undefined;
  return typeof words === 'string' ? { text: words } : words;
}

/**
 * Ours are used in the languages that the merchant speaks: rewards and tiers have names in no others. Whoever writes to us
 * has chosen the language, and is answered in it.
 */
const isOurs = (kind: TextKind, { locales }: Wording['merchant'], locale: string): boolean =>
  isReplyKind(kind) || locales.some((one) => languageOf(one) === languageOf(locale));

/** What one origin says in one locale. */
interface Layer {
  readonly origin: Origin;
  readonly locale: string;
  readonly words: Words;
}

/** All that is written for a kind in the language of this locale, the first that is asked first. */
export function layersOf(wording: Wording, kind: TextKind, locale: string): readonly Layer[] {
  const language = languageOf(locale);
  const { locales } = wording.merchant;
  // Whoever speaks Austrian German reads plain German before that of Switzerland.
  const near = new Set([locale, language, ...locales.filter((one) => languageOf(one) === language)]);
  return ORIGINS.flatMap((origin) =>
    (origin === 'shipped' ? [language] : [...near]).flatMap((one) => {
      const words = wordsFrom(origin, wording, kind, one);
      return words ? [{ origin, locale: one, words }] : [];
    }),
  );
}

/**
 * In the member's language, else in the merchant's first. A language counts for more than where the words come from: who
 * speaks German reads our German rather than the merchant's English. Of `picks` a later one is asked for a language in
 * which the ones before it have found nothing.
 */
export function choose<Part>(
  wording: Wording,
  kind: TextKind,
  spoken: string | undefined,
  ...picks: readonly ((words: Words) => Part | undefined)[]
): Chosen<Part> | undefined {
  for (const locale of firstOfEach([...(spoken === undefined ? [] : [spoken]), ...wording.merchant.locales])) {
    const layers = layersOf(wording, kind, locale);
    for (const pick of picks) {
      for (const { words, ...from } of layers) {
        const said = pick(words);
        if (said !== undefined) return { ...from, said };
      }
    }
  }
  return undefined;
}

/** Of each language the best known locale. */
const firstOfEach = (locales: readonly string[]): readonly string[] =>
  locales.filter((locale, at) => locales.findIndex((one) => languageOf(one) === languageOf(locale)) === at);

/** What is said on a channel of a few words: a text for all of them goes before what the next layer has for this one. */
export const shortIn = (channel: Exclude<Channel, 'email'>, words: Words): string | undefined =>
  (channel === 'whatsapp' ? words.whatsapp?.text : words[channel]) ?? words.text;

/** Words as they hold, put together of all layers: each channel has the first that says something there. */
export function inForce(layers: readonly Layer[]): Words {
  const first = <Part>(pick: (words: Words) => Part | undefined): Part | undefined => {
    for (const { words } of layers) {
      const said = pick(words);
      if (said !== undefined) return said;
    }
    return undefined;
  };
  const text = first((words) => words.text);
  const own = (channel: Exclude<Channel, 'email'>) => {
    const said = first((words) => shortIn(channel, words));
    return said === text ? undefined : said;
  };
  const template = first(({ whatsapp }) =>
    whatsapp?.template === undefined ? undefined : { template: whatsapp.template, values: whatsapp.values },
  );
  const whatsapp = { text: own('whatsapp'), ...template };
  return {
    text,
    sms: own('sms'),
    messenger: own('messenger'),
    chat: own('chat'),
    push: own('push'),
    ...((whatsapp.text !== undefined || template) && { whatsapp }),
    email: first(({ email }) => email),
  };
}
