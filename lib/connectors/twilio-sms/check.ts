import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { Permanent, Unauthorized } from '../kit/errors.ts';
import { ask, classify, discard, textOf } from '../kit/http.ts';
import { read } from '../kit/read.ts';
import { authorizationOf } from './client.ts';
import type manifest from './manifest.ts';

/** Looks up the Messaging Service that sends, which is neither a message nor money. */
export const check: Connector<typeof manifest>['check'] = async ({ settings, secret, fetch, now }) => {
  const { messagingServiceSid } = settings;
  const asked = { vendor: 'Twilio', now, repeatable: true };
  const response = await ask(
    fetch,
    `https://messaging.twilio.com/v1/Services/${messagingServiceSid}`,
    { method: 'GET', headers: { authorization: authorizationOf(secret) } },
    asked,
  );
  const failure = classify(response, asked);
  if (!failure) {
    const { friendly_name, account_sid } = read(Service, await textOf(response, asked));
    return `Messaging Service ${friendly_name ?? messagingServiceSid} of ${account_sid ?? secret.accountSid}`;
  }
  await discard(response);
  if (failure instanceof Permanent && response.status === 404)
    throw new Unauthorized(`the account has no Messaging Service ${messagingServiceSid}`);
  throw failure;
};

const Service = z.object({ friendly_name: z.string().nullish(), account_sid: z.string().nullish() });
