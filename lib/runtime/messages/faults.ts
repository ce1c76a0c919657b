import { isReplyKind, type TextKind, type Words } from '../../loyalty/message-words.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Fault } from '../problem.ts';
import { type Form, type Manner, namesIn, rendered } from './liquid.ts';
import { mannerFor } from './manner.ts';
import { type Scene, sceneOf } from './scenes.ts';

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
export function wordFaults(kind: TextKind, locale: string, words: Words, merchant: DeployedMerchant): readonly Fault[] {
  const manner = mannerFor(locale, undefined, merchant);
  const scene = sceneOf(kind, merchant);
  const faults = templatesIn(words).flatMap((template) => {
    const message = faultOf(template, scene, manner);
    return message === undefined ? [] : [{ path: template.path, message }];
  });
  return isReplyKind(kind) ? [...notInReplies(words), ...faults] : faults;
}

function notInReplies({ email, whatsapp }: Words): readonly Fault[] {
  return [
    ...(email ? [{ path: 'email', message: 'an answer is a few words on any channel: write them as text' }] : []),
    ...(whatsapp?.template !== undefined
      ? [{ path: 'whatsapp.template', message: 'an answer needs none, since the member has just written: use text' }]
      : []),
  ];
}

function templatesIn({ email, whatsapp, ...short }: Words): readonly Template[] {
  const { sms, ...others } = short;
  // What is for all of few words goes by SMS too, unless that has its own.
  const limits = { max: SMS_MAX };
  return [
    ...Object.entries(others).map(([path, text]) => ({
      path,
      text,
      ...(path === 'text' && sms === undefined && limits),
    })),
    ...(sms !== undefined ? [{ path: 'sms', text: sms, ...limits }] : []),
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
  { kind, names, optional, rehearsals, needed }: Scene,
  manner: Manner,
): string | undefined {
  const isMail = path.startsWith('email.');
  const known = isMail ? [...names, 'unsubscribeUrl'] : names;
  // Written as nothing, it is silent on purpose.
  if (text === '') return needed === undefined ? undefined : missing(needed);
  try {
    const unknown = namesIn(text, manner, form).find((name) => !known.includes(name));
    if (unknown !== undefined)
      return `speaks of "${unknown}", which ${kind} does not have: use ${[...new Set(known)].sort().join(', ')}`;
    const made = rehearsals.map((values) => rendered(text, values, manner, form).trim());
    if (made.every((one) => one === '')) return 'says nothing, whatever happens: write something, or leave it out';
    if (never === 'empty' && made.includes('')) return 'is empty at times: say something in every case';
    if (needed !== undefined && rehearsals.some((values, at) => !made[at]?.includes(String(values[needed]))))
      return missing(needed);
    if (max !== undefined && made.some((one) => one.length > max))
      return `is longer than ${max} characters: shorten it`;
    return undefined;
  } catch (error) {
    return explained(error instanceof Error ? error.message : 'cannot be made', [
      ...optional,
      ...(isMail ? ['unsubscribeUrl'] : []),
    ]);
  }
}

const missing = (name: string): string =>
  `does not tell the ${name}, always or at times: the member needs {{ ${name} }}`;

/** Liquid says what is missing, and not what to do about it. */
function explained(message: string, optional: readonly string[]): string {
  const name = /^undefined variable: (\w+)/.exec(message)?.[1];
  return name !== undefined && optional.includes(name)
    ? `"${name}" is not always there: put it between {% if ${name} %} and {% endif %}`
    : message;
}
