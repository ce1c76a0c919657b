import type { Channel } from '../../loyalty/channels.ts';
import type { Messages, ReplyKind } from '../../loyalty/message-words.ts';
import type { Language } from '../../loyalty/replies.ts';
import type { Answer } from '../../loyalty/reply-answers.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Member } from '../members.ts';
import type { Said } from '../messages.ts';
import { choose, shortIn } from './choice.ts';
import { filled } from './filling.ts';
import type { Manner, Values } from './liquid.ts';
import { mannerFor } from './manner.ts';
import { replyExamplesOf, replyValuesOf } from './reply-values.ts';
import { plainForSms } from './sms.ts';

/** Of a merchant, what answers are made of. */
export type Answering = Pick<DeployedMerchant, 'name' | 'country' | 'locales' | 'messages' | 'program'>;

export interface Replying {
  readonly channel: Channel;
  /** What staff have written at run time. */
  readonly overrides: Messages;
  /** The language of the word that was written, for whoever has told no other. */
  readonly written?: Language | undefined;
}

/** An answer to what a member wrote. `undefined`: the merchant has nothing to say there. */
export const composeReply = (
  said: Answer,
  member: Pick<Member, 'profile'>,
  merchant: Answering,
  how: Replying,
): Said | undefined =>
  replied(`reply.${said.kind}`, member, merchant, how, (manner) => replyValuesOf(said, member, merchant, manner));

/** The same of an example, for a preview. */
export const rehearsedReply = (
  kind: ReplyKind,
  { name, locale }: { readonly name: string; readonly locale: string },
  merchant: Answering,
  how: Replying,
): Said | undefined =>
  replied(kind, { profile: { name, locale } }, merchant, how, () => replyExamplesOf(kind, name, merchant)[0] ?? {});

function replied(
  kind: ReplyKind,
  { profile }: Pick<Member, 'profile'>,
  merchant: Answering,
  { channel, overrides, written }: Replying,
  valuesIn: (manner: Manner) => Values,
): Said | undefined {
  // Whoever has told no language is answered in that of the word, and nobody is left without an answer.
  const locales = [...(written ? [written] : []), ...merchant.locales, 'en'];
  const wording = { merchant: { ...merchant, locales }, overrides };
  const chosen = choose(wording, kind, profile.locale, (words) =>
    channel === 'email' ? words.text : shortIn(channel, words),
  );
  if (!chosen) return undefined;
  const { locale, said: template } = chosen;
  const manner = mannerFor(locale, profile.locale, merchant);
  const text = filled({ kind, locale }, template, valuesIn(manner), manner);
  if (text === '') return undefined;
  return { locale, text: channel === 'sms' ? plainForSms(text) : text };
}
