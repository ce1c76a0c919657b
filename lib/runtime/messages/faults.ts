import type { EventType, LoyaltyEvent } from '../../loyalty/events.ts';
import type { Channel } from '../../loyalty/facts.ts';
import type { Words } from '../../loyalty/message-words.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Fault } from '../problem.ts';
import { exampleOf, examplesOf } from './examples.ts';
import { type Form, type Manner, namesIn, rendered, type Values } from './liquid.ts';
import { mannerFor } from './manner.ts';
import { namesFor, optionalNamesFor, valuesOf } from './values.ts';

/** As long as carriers take, in ten segments. */
const SMS_MAX = 1_600;

interface Template {
  readonly path: string;
  readonly text: string;
  readonly form?: Form;
  /** A vendor takes nothing empty there. */
  readonly never?: 'empty';
  readonly max?: number;
}

/** What is wrong with words that are to go to many: each is made once for every way in which the thing may happen. */
export function wordFaults(
  kind: EventType,
  locale: string,
  words: Words,
  merchant: DeployedMerchant,
): readonly Fault[] {
  const manner = mannerFor(locale, undefined, merchant);
  return templatesIn(words).flatMap((template) => {
    const message = faultOf(template, kind, manner, merchant);
    return message === undefined ? [] : [{ path: template.path, message }];
  });
}

function templatesIn({ email, whatsapp, ...short }: Words): readonly Template[] {
  return [
    ...Object.entries(short).map(([path, text]) => ({ path, text, ...(path === 'sms' && { max: SMS_MAX }) })),
    ...(whatsapp?.text !== undefined ? [{ path: 'whatsapp.text', text: whatsapp.text }] : []),
    ...(whatsapp?.values ?? []).map((text, at) => ({ path: `whatsapp.values.${at}`, text, never: 'empty' as const })),
    ...(email
      ? [
          { path: 'email.subject', text: email.subject, never: 'empty' as const },
          { path: 'email.text', text: email.text },
          ...(email.html !== undefined ? [{ path: 'email.html', text: email.html, form: 'html' as const }] : []),
        ]
      : []),
  ];
}

function faultOf(
  { path, text, form, never, max }: Template,
  kind: EventType,
  manner: Manner,
  merchant: DeployedMerchant,
): string | undefined {
  // Written as nothing, it is silent on purpose.
  if (text === '') return undefined;
  const known = [...namesFor(kind), ...(path.startsWith('email.') ? ['unsubscribeUrl'] : [])];
  try {
    const unknown = namesIn(text, manner, form).find((name) => !known.includes(name));
    if (unknown !== undefined)
      return `speaks of "${unknown}", which ${kind} does not have: use ${[...new Set(known)].sort().join(', ')}`;
    const made = rehearsals(kind, merchant).map((values) => rendered(text, values, manner, form).trim());
    if (made.every((one) => one === '')) return 'says nothing, whatever happens: write something, or leave it out';
    if (never === 'empty' && made.includes('')) return 'is empty at times: say something in every case';
    if (max !== undefined && made.some((one) => one.length > max))
      return `is longer than ${max} characters: shorten it`;
    return undefined;
  } catch (error) {
    return explained(error instanceof Error ? error.message : 'cannot be made', kind);
  }
}

/** In first place and last, and in between. */
const rehearsals = (kind: EventType, merchant: DeployedMerchant): readonly Values[] =>
  examplesOf(kind, merchant).flatMap((event) =>
    [true, false].flatMap((alone) =>
      ['Ada Lovelace', ''].map((name) => ({
        ...valuesOf([event], { profile: { name } }, merchant, { first: alone, last: alone }, event),
        unsubscribeUrl: undefined,
      })),
    ),
  );

/** Liquid says what is missing, and not what to do about it. */
function explained(message: string, kind: EventType): string {
  const name = /^undefined variable: (\w+)/.exec(message)?.[1];
  return name !== undefined && [...optionalNamesFor(kind), 'unsubscribeUrl'].includes(name)
    ? `"${name}" is not always there: put it between {% if ${name} %} and {% endif %}`
    : message;
}

/** A person and what happened, for a preview. */
export const rehearsal = (
  kind: EventType,
  locale: string,
  merchant: DeployedMerchant,
): { readonly event: LoyaltyEvent; readonly member: { readonly profile: { name: string; locale: string } } } => ({
  event: exampleOf(kind, merchant),
  member: { profile: { name: 'Ada', locale } },
});

/** On which a preview shows what becomes of the words. */
export const PREVIEWED = [
  'sms',
  'email',
  'whatsapp',
  'messenger',
  'chat',
  'push',
] as const satisfies readonly Channel[];
