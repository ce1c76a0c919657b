import * as z from 'zod';
import type { Message } from '../../loyalty/events.ts';
import type { Context, Receipt } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { ask, classify, discard, textOf } from '../kit/http.ts';
import { read } from '../kit/read.ts';
import { authorizationOf } from './client.ts';
import type manifest from './manifest.ts';

const PAGE_SIZE = 100;
/** Longer than a try is left in the dark; and the same words may come again on another day. */
const LOOK_BACK_MS = 24 * 3_600_000;

const Listed = z.object({
  messages: z.array(
    z.object({
      sid: z.string().min(1),
      body: z.string().nullable(),
      direction: z.string(),
      messaging_service_sid: z.string().nullish(),
      date_created: z.string(),
    }),
  ),
});

/** Twilio keeps no name of ours, so it is known by its reader and its words. */
export async function find(
  { to, text }: Message,
  { settings, secret, fetch, now }: Context<typeof manifest>,
): Promise<Receipt | undefined> {
  const asked = { vendor: 'Twilio', now, repeatable: true };
  const query = new URLSearchParams({ To: to, PageSize: String(PAGE_SIZE) });
  const response = await ask(
    fetch,
    `https://api.twilio.com/2010-04-01/Accounts/${secret.accountSid}/Messages.json?${query}`,
    {
      headers: {
        authorization: authorizationOf(secret),
        accept: 'application/json',
      },
    },
    asked,
  );
  const failure = classify(response, asked);
  if (failure) {
    await discard(response);
    throw failure;
  }
  // The newest first.
  const { messages } = read(Listed, await textOf(response, asked));
  const isRecent = (one: { date_created: string }) => now.getTime() - Date.parse(one.date_created) < LOOK_BACK_MS;
  const ours = messages.filter(
    (one) =>
      one.direction.startsWith('outbound') &&
      one.messaging_service_sid === settings.messagingServiceSid &&
      isRecent(one),
  );
  const found = ours.find(({ body }) => lettersOf(body ?? '') === lettersOf(text));
  if (found) return { vendorId: found.sid };
  if (ours.some(({ body }) => !body)) throw new Permanent('Twilio does not keep the words: nobody can tell');
  if (messages.length >= PAGE_SIZE && messages.every(isRecent))
    throw new Permanent('there are too many messages to this number to tell');
  return undefined;
}

/** A Messaging Service may put plainer quotes, dashes and spaces into a text than we did. */
const lettersOf = (text: string): string => text.normalize('NFKD').replace(/[^\p{L}\p{N}\p{S}]/gu, '');
