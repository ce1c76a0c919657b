import { createHash } from 'node:crypto';
import type { Channel } from '../loyalty/channels.ts';
import { type Language, languageFor } from '../loyalty/replies.ts';
import type { Unsubscription } from './unsubscribe.ts';

/** What a person sees who opens the link of a message, in the browser's language. */
export type Page =
  | { readonly kind: 'ask' | 'done'; readonly what: Unsubscription }
  | { readonly kind: 'broken' | 'failed' };

interface Phrases {
  readonly title: string;
  readonly ask: (from: string, way: string) => string;
  readonly noOffers: string;
  readonly nothing: string;
  readonly done: (from: string, way: string) => string;
  readonly doneWithOffers: (from: string, way: string) => string;
  readonly broken: string;
  readonly failed: string;
  readonly ways: Readonly<Record<Channel, string>>;
}

const PHRASES: Readonly<Record<Language, Phrases>> = {
  en: {
    title: 'Unsubscribe',
    ask: (from, way) => `What shall ${from} not send you by ${way} any more?`,
    noOffers: 'No more offers',
    nothing: 'No more messages at all',
    done: (from, way) => `Done. ${from} sends you nothing by ${way} any more.`,
    doneWithOffers: (from, way) => `Done. ${from} sends you no more offers by ${way}.`,
    broken: 'This link is not whole. Open it from the message once more.',
    failed: 'That did not work. Try again in a moment.',
    ways: {
      sms: 'text message',
      email: 'e-mail',
      whatsapp: 'WhatsApp',
      messenger: 'Messenger',
      chat: 'chat',
      push: 'push message',
    },
  },
  de: {
    title: 'Abmelden',
    ask: (from, way) => `Was soll ${from} dir nicht mehr per ${way} schicken?`,
    noOffers: 'Keine Angebote mehr',
    nothing: 'Gar keine Nachrichten mehr',
    done: (from, way) => `Erledigt. ${from} schickt dir nichts mehr per ${way}.`,
    doneWithOffers: (from, way) => `Erledigt. ${from} schickt dir keine Angebote mehr per ${way}.`,
    broken: 'Dieser Link ist nicht vollständig. Öffne ihn noch einmal aus der Nachricht.',
    failed: 'Das hat nicht geklappt. Versuch es gleich noch einmal.',
    ways: { sms: 'SMS', email: 'E-Mail', whatsapp: 'WhatsApp', messenger: 'Messenger', chat: 'Chat', push: 'Push' },
  },
  es: {
    title: 'Darse de baja',
    ask: (from, way) => `¿Qué no quieres recibir más de ${from} por ${way}?`,
    noOffers: 'No más ofertas',
    nothing: 'Ningún mensaje más',
    done: (from, way) => `Hecho. ${from} no te enviará nada más por ${way}.`,
    doneWithOffers: (from, way) => `Hecho. ${from} no te enviará más ofertas por ${way}.`,
    broken: 'Este enlace no está completo. Ábrelo otra vez desde el mensaje.',
    failed: 'No ha funcionado. Inténtalo de nuevo en un momento.',
    ways: {
      sms: 'SMS',
      email: 'correo electrónico',
      whatsapp: 'WhatsApp',
      messenger: 'Messenger',
      chat: 'chat',
      push: 'notificación',
    },
  },
  fr: {
    title: 'Se désabonner',
    ask: (from, way) => `Que ne voulez-vous plus recevoir de ${from} par ${way}\u00a0?`,
    noOffers: 'Plus d’offres',
    nothing: 'Plus aucun message',
    done: (from, way) => `C’est fait. ${from} ne vous enverra plus rien par ${way}.`,
    doneWithOffers: (from, way) => `C’est fait. ${from} ne vous enverra plus d’offres par ${way}.`,
    broken: 'Ce lien n’est pas complet. Ouvrez-le de nouveau depuis le message.',
    failed: 'Cela n’a pas marché. Réessayez dans un instant.',
    ways: {
      sms: 'SMS',
      email: 'e-mail',
      whatsapp: 'WhatsApp',
      messenger: 'Messenger',
      chat: 'chat',
      push: 'notification',
    },
  },
};

const STYLE = [
  ':root{color-scheme:light dark}',
  // A merchant's name may be one long word, and a phone narrow.
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:0 auto;padding:clamp(1.5rem,8vh,4rem) 1rem;color:#222;background:#fff;overflow-wrap:anywhere}',
  'h1{font-size:1.6rem;line-height:1.2;margin:0}',
  'button{font:inherit;display:block;width:100%;margin:.75rem 0;padding:.75rem;border:1px solid;border-radius:.5rem;background:none;color:inherit;cursor:pointer}',
  '@media (prefers-color-scheme:dark){body{color:#eee;background:#111}}',
].join('');

/** Nothing is loaded, run or framed; the form leads back here only. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
};

/** `accepted`: the browser's Accept-Language. */
export function pageOf(
  page: Page,
  { name, locales, accepted = '' }: { name: string; locales: readonly string[]; accepted?: string | undefined },
): string {
  const wanted = accepted.split(',').map((one) => one.split(';')[0]?.trim() ?? '');
  const language = languageFor([...wanted, ...locales]);
  const phrases = PHRASES[language];
  const title = escaped(`${phrases.title} · ${name}`);
  return `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${STYLE}</style><main><h1>${escaped(phrases.title)}</h1>${bodyOf(page, phrases, name)}</main></html>`;
}

function bodyOf(page: Page, phrases: Phrases, name: string): string {
  const paragraph = (text: string) => `<p>${escaped(text)}</p>`;
  if (!('what' in page)) return paragraph(phrases[page.kind]);
  const { channel, purpose } = page.what;
  const way = phrases.ways[channel];
  if (page.kind === 'done')
    return paragraph(purpose === 'marketing' ? phrases.doneWithOffers(name, way) : phrases.done(name, way));
  const button = (value: string, text: string) => `<button name="no" value="${value}">${escaped(text)}</button>`;
  const offers = purpose === 'marketing' ? button('offers', phrases.noOffers) : '';
  // A look at it says nothing yet: scanners of mail open every link.
  return `${paragraph(phrases.ask(name, way))}<form method="post">${offers}${button('all', phrases.nothing)}</form>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '');
