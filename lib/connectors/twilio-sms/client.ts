import type { Client, RequestOpts } from 'twilio/lib/base/BaseTwilio.js';
import domainModule from 'twilio/lib/base/Domain.js';
import versionModule from 'twilio/lib/base/Version.js';
import { MessageListInstance } from 'twilio/lib/rest/api/v2010/account/message.js';
import type { Context } from '../contract.ts';
import { type Asked, ask, classify } from '../kit/http.ts';
import type manifest from './manifest.ts';

type Secret = Context<typeof manifest>['secret'];

/** An API key where there is one: it can be taken back by itself. Webhooks are signed with the auth token all the same. */
export function authorizationOf({ accountSid, authToken, apiKeySid, apiKeySecret }: Secret): string {
  const pair = apiKeySid && apiKeySecret ? `${apiKeySid}:${apiKeySecret}` : `${accountSid}:${authToken}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/**
 * The `messages` resource of the `twilio` package, and nothing else of it: the whole package is 3.7 MB in a bundle and
 * its HTTP client brings axios along, where this is 40 KB and every call goes out through `fetch`.
 */
export function messagesOf(
  secret: Secret,
  fetch: typeof globalThis.fetch,
  asked: Asked,
): ReturnType<typeof MessageListInstance> {
  const authorization = authorizationOf(secret);
  const client = {
    async request({ method, uri, headers, data }: RequestOpts) {
      const response = await ask(
        fetch,
        String(uri),
        {
          method: String(method).toUpperCase(),
          headers: { ...(headers as Record<string, string>), authorization, 'user-agent': 'stampbook' },
          body: new URLSearchParams(data as Record<string, string>).toString(),
        },
        asked,
      );
      // The package's own errors forget the headers, and with them how long Twilio wants us to wait.
      if (response.status === 429) throw classify(response, asked);
      // As text: the package reads both JSON and what a proxy may put in its place.
      return {
        statusCode: response.status,
        body: await response.text(),
        headers: Object.fromEntries(response.headers),
      };
    },
  };
  const domain = new domainModule.default(client as unknown as Client, 'https://api.twilio.com');
  return MessageListInstance(
    new versionModule.default(domain, '2010-04-01') as Parameters<typeof MessageListInstance>[0],
    secret.accountSid,
  );
}
