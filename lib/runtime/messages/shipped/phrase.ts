import type { MessageKind, ReplyKind } from '../../../loyalty/message-words.ts';

/** What is said about one kind: a sentence by itself, and the subject under which it is an e-mail. */
export interface Phrase {
  readonly subject: string;
  readonly says: string;
  /** What an e-mail has room for besides. */
  readonly more?: string;
}

/** One language's words. */
export interface Phrasebook {
  readonly greeting: string;
  readonly balance: string;
  /** In an SMS that nobody asked for. STOP is the word that vendors listen to, in all languages. */
  readonly optOut: string;
  /** At an e-mail's foot. */
  readonly because: string;
  readonly unsubscribe: string;
  readonly phrases: Readonly<Record<MessageKind, Phrase>>;
  /** After the program's name: short, since each of it may be a text message that costs money. */
  readonly replies: Readonly<Record<ReplyKind, string>>;
}
