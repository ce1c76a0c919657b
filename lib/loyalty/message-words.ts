import * as z from 'zod';
import { EventType } from './events.ts';
import type { Answer } from './reply-answers.ts';

/** What is said to members, as a merchant writes it: Liquid, by kind of event and by locale. */

/** The languages in which there are words for everything that members hear of. */
export const SHIPPED_LANGUAGES = ['en', 'de', 'es', 'fr'] as const;
export type ShippedLanguage = (typeof SHIPPED_LANGUAGES)[number];

/** What a member is written to about; of several things at once the first of these is what the message is about. */
export const MESSAGE_KINDS = [
  'points.expiring',
  'points.expired',
  'dispute.closed',
  'dispute.opened',
  'tier.changed',
  'points.redeemed',
  'reward.redeemed',
  'points.reversed',
  'points.declined',
  'points.adjusted',
  'points.gifted',
  'referral.completed',
  'referral.reversed',
  'reward.unlocked',
  'birthday',
  'anniversary',
  'milestone.reached',
  'member.enrolled',
  'points.activated',
  'points.earned',
  'statement.ready',
  'member.inactive',
] as const satisfies readonly EventType[];
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What a member is answered who has written to us. */
export const REPLY_KINDS = [
  'reply.points',
  'reply.rewards',
  'reply.asked',
  'reply.given',
  'reply.aside',
  'reply.refused',
  'reply.not-the-number',
  'reply.too-late',
  'reply.not-as-asked',
  'reply.help',
  'reply.started',
  'reply.linked',
  'reply.no-such-code',
  'reply.linked-elsewhere',
] as const satisfies readonly `reply.${Answer['kind']}`[];
export type ReplyKind = (typeof REPLY_KINDS)[number];

/** Everything that there are words for. */
export const WORDED_KINDS = [...MESSAGE_KINDS, ...REPLY_KINDS] as const;
export type WordedKind = (typeof WORDED_KINDS)[number];

/** Everything that there may be words for: no merchant has to leave an event unsaid because we do. */
export type TextKind = EventType | ReplyKind;

export const isReplyKind = (kind: string): kind is ReplyKind => (REPLY_KINDS as readonly string[]).includes(kind);

export const languageOf = (locale: string): string => locale.split('-', 1)[0] ?? locale;

export const isShippedIn = (locale: string): boolean =>
  (SHIPPED_LANGUAGES as readonly string[]).includes(languageOf(locale));

/** BCP 47, as profiles have it. */
export const Locale = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'is not a locale: write it like "de" or "en-GB"')
  // What has its form and no meaning would end in an error when a number is written in it.
  .refine(isKnown, 'is not a locale that numbers and dates can be written in: use one such as "de" or "en-GB"');

function isKnown(locale: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale).length > 0;
  } catch {
    return false;
  }
}

/** A few words. Nothing at all: such a message is not sent. */
const Short = z.string().max(1_000);

const email = {
  subject: z.string().min(1).max(200),
  text: z.string().min(1).max(10_000),
};

const words = {
  /** For every channel of a few words that has none of its own here. */
  text: Short.optional(),
  sms: Short.optional(),
  messenger: Short.optional(),
  chat: Short.optional(),
  push: Short.optional(),
  whatsapp: z
    .strictObject({
      /** While the member has written to us within a day. */
      text: Short.optional(),
      /** What says the same at any time: its name there, and what its places are filled with. */
      template: z
        .string()
        .regex(/^[a-z0-9_]{1,512}$/, 'is not a name of a template: lower-case letters, digits and _')
        .optional(),
      values: z.array(z.string().min(1).max(500)).max(20).optional(),
    })
    .refine(
      ({ template, values }) => template !== undefined || values === undefined,
      'has values and no template that they are for: name it',
    )
    .optional(),
};

const htmlWords = {
  ...words,
  email: z
    .strictObject({
      ...email,
      /** The whole page; absent: the layout that everybody has, around the text. */
      html: z.string().max(60_000).optional(),
    })
    .optional(),
};

/** Words for one kind in one locale. What is left out is said as it would be without them. */
export const Words = z.strictObject(htmlWords);
export type Words = z.output<typeof Words>;

/** As a merchant's file has them: a page may be written in MJML. */
const FileWords = z.strictObject({
  ...words,
  email: z
    .strictObject({ ...email, html: z.string().max(60_000).optional(), mjml: z.string().max(60_000).optional() })
    .refine(
      ({ html, mjml }) => html === undefined || mjml === undefined,
      'has a page in html and one in mjml: keep one of them',
    )
    .optional(),
});
export type FileWords = z.output<typeof FileWords>;

/** A text stands for the words of a few. Told so by hand: of a union, nobody would say which of its sides has what fault. */
const TextOrWords = z.preprocess(
  (given) => (typeof given === 'string' ? { text: given } : given),
  FileWords,
) as unknown as z.ZodType<FileWords, string | z.input<typeof FileWords>>;

/** Kind → locale → words. */
export const FileMessages = z.partialRecord(
  z.enum([...EventType.options, ...REPLY_KINDS]),
  z.record(Locale, TextOrWords),
);

/** The same with every page in HTML. */
export type Messages = Readonly<Partial<Record<TextKind, Readonly<Record<string, string | Words>>>>>;

/** How e-mail looks. */
export const Brand = z.strictObject({
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/, 'is not a colour: write it like "#1f2937"')
    .default('#1f2937'),
  /** A picture of 120 to 480 pixels’ width; absent: the merchant's name in letters. */
  logoUrl: z.url({ protocol: /^https$/ }).optional(),
  /** Who writes and from where, which the law asks for in many places. */
  imprint: z.string().max(300).optional(),
});
export type Brand = z.output<typeof Brand>;
