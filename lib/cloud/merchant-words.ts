import type { Merchant } from '../../merchants/merchant.ts';
import type { EventType } from '../loyalty/events.ts';
import type { FileWords } from '../loyalty/message-words.ts';
import { configOf } from './bundles.ts';

/** A fault in what a merchant has written to be said. */
export interface WordsFault {
  readonly path: string;
  readonly value: string;
  readonly fix: string;
}

/**
 * The merchant with each page compiled, or what is wrong with its words. Both are looked at here and not when somebody is
 * to be written to. What they take to load is loaded only for those who have written something.
 */
export async function spoken(merchant: Merchant): Promise<Merchant | readonly WordsFault[]> {
  const written = Object.entries(merchant.messages).flatMap(([kind, byLocale]) =>
    Object.entries(byLocale ?? {}).map(([locale, words]) => ({ kind: kind as EventType, locale, words })),
  );
  if (written.length === 0) return merchant;
  const { wordFaults } = await import('../runtime/messages/faults.ts');
  const faults: WordsFault[] = [];
  const messages: Merchant['messages'] = {};
  for (const { kind, locale, words } of written) {
    const compiled = await compiledOf(words);
    const path = (inside: string) => `messages.${kind}.${locale}.${inside}`;
    if (typeof compiled === 'string') {
      faults.push({ path: path('email.mjml'), value: words.email?.mjml ?? '', fix: compiled });
      continue;
    }
    messages[kind] = { ...messages[kind], [locale]: compiled };
    for (const fault of wordFaults(kind, locale, compiled, configOf(merchant)))
      faults.push({ path: path(fault.path), value: templateAt(words, fault.path), fix: fault.message });
  }
  return faults.length > 0 ? faults : { ...merchant, messages };
}

/** Words whose page is HTML; a text: what MJML has against it. */
async function compiledOf({ email, ...words }: FileWords): Promise<FileWords | string> {
  if (email?.mjml === undefined) return { ...words, ...(email && { email }) };
  const { mjml, ...letter } = email;
  const { default: compile } = await import('mjml');
  const { html, errors } = await compile(mjml, { validationLevel: 'soft', keepComments: false, fonts: {} });
  if (errors.length > 0) return errors.map(({ formattedMessage }) => formattedMessage).join('; ');
  return { ...words, email: { ...letter, html } };
}

const templateAt = (words: FileWords, path: string): string =>
  String(path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], words) ?? '');
