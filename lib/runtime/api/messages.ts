import * as z from 'zod';
import { Locale, WORDED_KINDS, Words } from '../../loyalty/message-words.ts';
import { ForeignId, MemberRef, Text } from './fields.ts';
import { route } from './route.ts';

const which = () => ({ kind: z.enum(WORDED_KINDS), locale: Locale });

export const listMessages = route('GET /v1/messages', 'staff', () => z.strictObject({}));
export const getMessage = route('GET /v1/messages/{kind}/{locale}', 'staff', () => z.strictObject(which()));
export const putMessage = route('PUT /v1/messages/{kind}/{locale}', 'admin', () =>
  z
    .strictObject({ ...which(), ...Words.shape })
    .refine(({ kind: _, locale: __, ...words }) => Object.values(words).some((word) => word !== undefined), {
      error: 'says nothing: send text, sms, email or the words of another channel',
      path: ['text'],
    }),
);
export const deleteMessage = route('DELETE /v1/messages/{kind}/{locale}', 'admin', () => z.strictObject(which()));

export const previewMessage = route('POST /v1/messages/preview', 'staff', () =>
  z.strictObject({
    ...which(),
    /** To be tried out; absent: what is said now. */
    words: Words.optional(),
  }),
);

export const testMessage = route('POST /v1/messages/test', 'admin', () =>
  z.strictObject({
    ...which(),
    words: Words.optional(),
    /** Who is to read it, as an answer of ours to them. */
    member: MemberRef,
    /** By which of the merchant's channels. */
    connector: Text(41),
    /** Sent once, however often it is asked for. */
    testId: ForeignId,
  }),
);
