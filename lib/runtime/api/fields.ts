import * as z from 'zod';
import { card, email, internationalPhone } from '../../connectors/kit/identities.ts';
import type { Identity } from '../../loyalty/facts.ts';
import { minorDigits, parseAmount } from '../../loyalty/money.ts';

/** Fields that several requests share. */

/** Somebody else's id: any text they like, without control characters, that is short enough to be part of a key. */
export const ForeignId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'holds control characters: send the id as it is printed')
  // Such ids become keys of objects, where these names are taken.
  .refine((id) => !(id in Object.prototype), 'is a word of the language that we are written in: use another id');

export const Text = (max: number) => z.string().trim().min(1).max(max);

const DAY_MS = 86_400_000;
/** Longer ago than this is no late report but a wrong year; five minutes are for clocks that run ahead. */
const PAST_MAX_MS = 400 * DAY_MS;
const FUTURE_MAX_MS = 5 * 60_000;

export const OccurredAt = z.iso.datetime({ offset: true }).refine((text) => {
  const age = Date.now() - Date.parse(text);
  return age <= PAST_MAX_MS && age >= -FUTURE_MAX_MS;
}, 'is out of range: send a time within the last 400 days');

/** Reads a field of ours into the one way of writing it. */
export const readAs = (read: (text: string) => string | undefined, message: string) =>
  z
    .string()
    .max(200)
    .transform((text, context) => {
      const value = read(text);
      if (value === undefined) context.addIssue({ code: 'custom', message, input: text });
      return value ?? '';
    });

export const Email = readAs(email, 'is not an e-mail address: write it like "ada@example.org"');
export const Card = readAs(card, 'is not a card number: send 3 to 64 letters and digits');
export const InternationalPhone = readAs(
  internationalPhone,
  'is not a phone number with its country: write it like "+4915112345678"',
);

/** The id of a connector, or another system's name. */
export const SourceName = z
  .string()
  .regex(
    /^(?!(phone|email|card|member)$)[a-z][a-z0-9-]{1,40}$/,
    'is not the name of a source: use lower-case letters, digits and hyphens, as in "shopify"',
  );

/** Who it was: exactly one of our own id, a phone, an e-mail, a card, or another system's id together with its name. */
export const whoIs = <Phone extends z.ZodType<string>>(phone: Phone) => ({
  id: Text(100).optional(),
  phone: phone.optional(),
  email: Email.optional(),
  card: Card.optional(),
  source: SourceName.optional(),
});

export type Who = { readonly [Field in 'id' | 'phone' | 'email' | 'card' | 'source']?: string | undefined };

/** Runs whatever else is wrong, so that one answer names every fault. */
export const always = { when: () => true };

/** `given` may hold anything yet: other fields may have failed. */
export function namesOne(given: unknown, context: z.core.$RefinementCtx): void {
  if (given === null || typeof given !== 'object') return;
  const who = given as Record<string, unknown>;
  const ways = ['id', 'phone', 'email', 'card'].filter((field) => who[field] !== undefined);
  const complain = (message: string) => context.addIssue({ code: 'custom', message, input: undefined });
  if (ways.length === 0) complain('says nobody: send one of id, phone, email, card');
  if (ways.length > 1) complain(`says it in ${ways.length} ways (${ways.join(', ')}): send one of them`);
  if (who.source !== undefined && ways.length === 1 && ways[0] !== 'id')
    complain('has a source, which belongs to an id: remove it');
}

export function identityOf({ id, phone, email, card, source }: Who): Identity {
  if (phone !== undefined) return { type: 'phone', value: phone };
  if (email !== undefined) return { type: 'email', value: email };
  if (card !== undefined) return { type: 'card', value: card };
  return { type: source ?? 'member', value: id ?? '' };
}

export const MemberRef = z.strictObject(whoIs(InternationalPhone)).superRefine(namesOne, always).transform(identityOf);

/** Complains about an amount that its currency cannot have; how it is written has been checked before. */
export function amountFits(
  path: readonly (string | number)[],
  text: unknown,
  currency: unknown,
  context: z.core.$RefinementCtx,
): number | undefined {
  if (typeof text !== 'string' || !/^\d{1,13}(\.\d+)?$/.test(text) || typeof currency !== 'string') return undefined;
  let minor: number | undefined;
  try {
    minor = parseAmount(text, currency);
    if (minor !== undefined) return minor;
  } catch {
    return undefined; // an unknown currency has its own complaint
  }
  const message = `is not an amount of ${currency}: it has ${minorDigits(currency)} decimals at most, and is not more than a thousand million`;
  context.addIssue({ code: 'custom', path: [...path], message, input: text });
  return undefined;
}

/** After the checks above there is always one. */
export function minorOf(text: string, currency: string): number {
  const minor = parseAmount(text, currency);
  if (minor === undefined) throw new Error('an amount passed its check and cannot be read');
  return minor;
}
