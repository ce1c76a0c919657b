import type { Channel } from '../../loyalty/facts.ts';
import type { WordedKind, Words } from '../../loyalty/message-words.ts';
import type { Origin } from '../messages/choice.ts';
import { type SmsCost, smsCost } from '../messages/sms.ts';
import type { Said } from '../messages.ts';

/** What is said about one kind in one locale, and where the words come from. */
export interface MessageAnswer {
  readonly kind: WordedKind;
  readonly locale: string;
  /** The first of those that have words of their own for it; what it leaves out is said by the next. */
  readonly from: Origin;
  readonly words: Words;
  /** What a text about this may speak of; `optional`: not always there. */
  readonly variables: readonly string[];
  readonly optional: readonly string[];
  /** When staff wrote it. */
  readonly writtenAt?: string | undefined;
}

export interface MessagesAnswer {
  readonly messages: readonly (Pick<MessageAnswer, 'kind' | 'locale' | 'from'> & {
    readonly writtenAt?: string | undefined;
  })[];
}

/** A message as it would arrive. */
export interface PreviewAnswer {
  readonly kind: WordedKind;
  readonly channels: readonly {
    readonly channel: Channel;
    /** In which it is, where the one that was asked for has no words. */
    readonly locale: string;
    readonly text: string;
    readonly subject?: string | undefined;
    readonly html?: string | undefined;
    readonly template?: Said['template'] | undefined;
    readonly cost?: SmsCost | undefined;
  }[];
}

export interface TestSendAnswer {
  readonly testId: string;
  readonly memberId: string;
  readonly connector: string;
  readonly text: string;
}

export const previewOf = (
  channel: Channel,
  { locale, text, subject, html, template }: Said,
): PreviewAnswer['channels'][number] => ({
  channel,
  locale,
  text,
  subject,
  html,
  template,
  ...(channel === 'sms' && { cost: smsCost(text) }),
});
