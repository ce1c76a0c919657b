import type { EventType, LoyaltyEvent } from '../loyalty/events.ts';
import type { Channel } from '../loyalty/facts.ts';
import type { Messages } from '../loyalty/message-words.ts';
import type { DeployedMerchant } from './config.ts';
import type { Member } from './members.ts';
import { type Chosen, choose, inForce, layersOf, shortIn, type Wording } from './messages/choice.ts';
import { filled } from './messages/filling.ts';
import type { Form, Values } from './messages/liquid.ts';
import { pageOf, signed } from './messages/mail.ts';
import { mannerFor } from './messages/manner.ts';
import { kindOf, type Part, partsOf } from './messages/parts.ts';
import { plainForSms } from './messages/sms.ts';
import { plainValues, valuesOf } from './messages/values.ts';

/** A message in words, for one channel. */
export interface Composed {
  readonly locale: string;
  /** What it is about: of several events, the weightiest. */
  readonly kind: EventType;
  readonly text: string;
  /** Of an e-mail. */
  readonly subject?: string;
  readonly html?: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly template?: { readonly name: string; readonly values: readonly string[] };
}

/** The same without what it is about: what staff try out, and answers. */
export type Said = Omit<Composed, 'kind' | 'values'>;

export interface Composing {
  readonly channel: Channel;
  /** What staff have written at run time; and of a campaign its own words, under `campaign.message`. */
  readonly overrides: Messages;
  /** Stands at the foot of an e-mail. */
  readonly unsubscribeUrl?: string | undefined;
}

/** What is to be filled: a text, and for an e-mail what it is sent under. */
interface Blank {
  readonly text: string;
  readonly subject?: string;
  readonly html?: string | undefined;
}

interface Saying extends Chosen<Blank> {
  readonly part: Part;
  /** As it reads by itself. */
  readonly alone: string;
}

/**
 * One message about events that came together, in the member's language. `undefined`: nothing is written for them, or
 * what is written has nothing to say of these. Throws `Permanent` for a text that cannot be made.
 */
export function compose(
  events: readonly LoyaltyEvent[],
  member: Pick<Member, 'profile'>,
  merchant: DeployedMerchant,
  { channel, overrides, unsubscribeUrl }: Composing,
): Composed | undefined {
  const newest = events.at(-1);
  if (!newest) return undefined;
  const wording: Wording = { merchant, overrides };
  const spoken = member.profile.locale;
  const valuesAt = (part: Part, first: boolean, last: boolean): Values => ({
    ...valuesOf(part, member, merchant, { first, last }, newest),
    unsubscribeUrl,
  });
  const mannerOf = ({ locale }: Pick<Saying, 'locale'>) => mannerFor(locale, spoken, merchant);
  const fill = (saying: Pick<Saying, 'locale' | 'part'>, template: string, values: Values, form?: Form) =>
    filled({ kind: saying.part[0].type, locale: saying.locale }, template, values, mannerOf(saying), form);

  // Who has nothing to say of what happened leaves first place and last word to the others.
  const sayings = partsOf(events).flatMap((part): Saying[] => {
    const chosen = blankFor(wording, part[0].type, spoken, channel);
    if (!chosen) return [];
    const alone = fill({ ...chosen, part }, chosen.said.text, valuesAt(part, true, true));
    return alone === '' ? [] : [{ ...chosen, part, alone }];
  });
  const [one, ...others] = sayings;
  if (!one) return undefined;

  const kind = kindOf([one.part, ...others.map(({ part }) => part)]);
  const main = sayings.find(({ part }) => part[0].type === kind) ?? one;
  const values = valuesAt(main.part, true, true);
  const text =
    others.length === 0
      ? one.alone
      : sayings
          .map((saying, at) =>
            fill(saying, saying.said.text, valuesAt(saying.part, at === 0, at === sayings.length - 1)),
          )
          .filter((one) => one !== '')
          .join(channel === 'email' ? '\n\n' : ' ');
  const composed = { locale: main.locale, kind, text, values: plainValues(values) };

  switch (channel) {
    case 'sms':
      return { ...composed, text: plainForSms(text) };
    case 'whatsapp': {
      const template = templateFor(wording, main, (value) => fill(main, value, values));
      return { ...composed, ...(template && { template }) };
    }
    case 'email': {
      const subject = oneLine(fill(main, main.said.subject ?? '{{ program }}', values));
      // A line whose last words are not said this time ends where it ends.
      const letter = { locale: main.locale, subject, text: text.replace(/[ \t]+$/gm, ''), unsubscribeUrl };
      const { html } = main.said;
      return {
        ...composed,
        subject,
        text: signed(letter, merchant, mannerOf(main)),
        // A page of the merchant's own has no room for what else there is to say.
        html:
          html !== undefined && sayings.length === 1
            ? fill(main, html, values, 'html')
            : pageOf(letter, merchant, mannerOf(main)),
      };
    }
    default:
      return composed;
  }
}

/** What is to be said in the first of the member's languages that has a word for it. */
function blankFor(wording: Wording, kind: EventType, spoken: string | undefined, channel: Channel) {
  if (channel !== 'email') {
    return choose(wording, kind, spoken, (words): Blank | undefined => {
      const text = shortIn(channel, words);
      return text === undefined ? undefined : { text };
    });
  }
  return choose(
    wording,
    kind,
    spoken,
    ({ email }): Blank | undefined => email,
    // Better in few words than in another language.
    ({ text }): Blank | undefined => (text === undefined ? undefined : { text }),
  );
}

/** In the language of the text: a vendor keeps its templates by language. */
function templateFor(wording: Wording, { part, locale }: Saying, fill: (value: string) => string) {
  const { template, values = [] } = inForce(layersOf(wording, part[0].type, locale)).whatsapp ?? {};
  return template === undefined ? undefined : { name: template, values: values.map((value) => oneLine(fill(value))) };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
