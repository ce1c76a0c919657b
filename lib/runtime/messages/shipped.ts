import {
  isReplyKind,
  languageOf,
  MESSAGE_KINDS,
  type MessageKind,
  type ShippedLanguage,
  type Words,
} from '../../loyalty/message-words.ts';
import { de } from './shipped/de.ts';
import { en } from './shipped/en.ts';
import { es } from './shipped/es.ts';
import { fr } from './shipped/fr.ts';
import type { Phrasebook } from './shipped/phrase.ts';

/** What is said where the merchant says nothing else. */

const phrasebooks: Readonly<Record<ShippedLanguage, Phrasebook>> = { en, de, es, fr };

/** A language of ours has its own; in any other, what stands around the merchant's words is English. */
export const phrasebookOf = (locale: string): Phrasebook => phrasebooks[languageOf(locale) as ShippedLanguage] ?? en;

/** Whether it is right to add where the member stands. */
const WITHOUT_BALANCE: ReadonlySet<MessageKind> = new Set([
  'member.enrolled',
  'member.inactive',
  'milestone.reached',
  'tier.changed',
  'birthday',
  'anniversary',
  'statement.ready',
  'dispute.opened',
  'dispute.closed',
]);

/** The first word to somebody, and what nobody asked for: there it is said how to end it. */
const WITH_OPT_OUT: ReadonlySet<MessageKind> = new Set([
  'member.enrolled',
  'member.inactive',
  'birthday',
  'anniversary',
]);

/** A greeting says itself what came with it. */
const UNLESS: Readonly<Partial<Record<MessageKind, string>>> = {
  'points.earned': 'activity == "birthday" or activity == "anniversary"',
};

/**
 * What the places of a vendor's template are filled with, one template a kind and the same places in each language. The
 * texts that belong to them stand in docs/messages.md: the merchant has them approved.
 */
const PLACES: Readonly<Record<MessageKind, readonly string[]>> = {
  'points.expiring': ['points', 'on | date', 'balance'],
  'points.expired': ['points', 'balance'],
  'dispute.closed': ['program'],
  'dispute.opened': ['program'],
  'tier.changed': ['program', 'tier'],
  'points.redeemed': ['points', 'balance'],
  'reward.redeemed': ['reward', 'points', 'balance'],
  'points.reversed': ['points', 'returned', 'balance'],
  'points.declined': ['points', 'balance'],
  'points.adjusted': ['points', 'balance'],
  'points.gifted': ['points', 'balance'],
  'referral.completed': ['points', 'balance'],
  'referral.reversed': ['points', 'balance'],
  'reward.unlocked': ['reward', 'balance'],
  birthday: ['program', 'points'],
  anniversary: ['years', 'points'],
  'milestone.reached': ['program', 'count'],
  'member.enrolled': ['program'],
  'points.activated': ['points', 'balance'],
  'points.earned': ['points', 'balance'],
  'statement.ready': ['period | date', 'earned', 'redeemed', 'expired', 'closingBalance'],
  'member.inactive': ['program', 'balance'],
};

const NUMBERS: ReadonlySet<string> = new Set([
  'points',
  'balance',
  'returned',
  'years',
  'count',
  'earned',
  'redeemed',
  'expired',
  'closingBalance',
]);

export const templateNameOf = (kind: MessageKind): string => kind.replace('.', '_');

const placeOf = (place: string): string => `{{ ${NUMBERS.has(place) ? `${place} | number` : place} }}`;

function wordsFor(kind: MessageKind, { phrases, greeting, balance, optOut }: Phrasebook): Words {
  const { subject, says, more = '' } = phrases[kind];
  const unless = (text: string) => (UNLESS[kind] ? `{% unless ${UNLESS[kind]} %}${text}{% endunless %}` : text);
  const atEnd = (text: string) => `{% if last %}${text}{% endif %}`;
  const text = `{{ lead }}${says}${WITHOUT_BALANCE.has(kind) ? '' : atEnd(` ${balance}`)}`;
  const letter = [`{% if first %}${greeting}\n\n{% endif %}${says}${more === '' ? '' : ` ${more}`}`];
  if (!WITHOUT_BALANCE.has(kind)) letter.push(atEnd(`\n\n${balance}`));
  return {
    text: unless(text),
    ...(WITH_OPT_OUT.has(kind) && { sms: unless(`${text}${atEnd(` ${optOut}`)}`) }),
    whatsapp: { template: templateNameOf(kind), values: PLACES[kind].map(placeOf) },
    email: { subject, text: unless(letter.join('')) },
  };
}

const made = new Map<string, Words>();

/** `undefined` for what members are not written to about, and in a language that is not ours. */
export function shippedWords(kind: string, locale: string): Words | undefined {
  const book = phrasebooks[languageOf(locale) as ShippedLanguage];
  if (!book) return undefined;
  if (isReplyKind(kind)) return { text: `{{ lead }}${book.replies[kind]}` };
  if (!(MESSAGE_KINDS as readonly string[]).includes(kind)) return undefined;
  const name = `${kind} ${languageOf(locale)}`;
  const known = made.get(name) ?? wordsFor(kind as MessageKind, book);
  made.set(name, known);
  return known;
}
