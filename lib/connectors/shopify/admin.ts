import * as z from 'zod';
import type { Context } from '../contract.ts';
import { NotEquipped, Permanent, Transient, Unauthorized } from '../kit/errors.ts';
import { ask, classify, discard, textOf } from '../kit/http.ts';
import { read } from '../kit/read.ts';
import manifest from './manifest.ts';

/** Asks the GraphQL Admin API: the document's `data`, or one of the kit's failures. */
export type Admin = (document: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** With the token of an app made in the shop's admin, or one for a day that the app's own credentials are worth. */
export async function openAdmin({
  settings,
  secret,
  fetch,
  now,
}: Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>): Promise<Admin> {
  const asked = { vendor: 'Shopify', now, repeatable: true };
  const post = async (path: string, body: object, headers: Record<string, string> = {}): Promise<string> => {
    const response = await ask(
      fetch,
      `https://${settings.shop}/admin/${path}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body: JSON.stringify(body),
      },
      asked,
    );
    const failure = classify(response, asked);
    if (!failure) return textOf(response, asked);
    await discard(response);
    throw failure;
  };

  /** One that was got before is kept while it is good: every sale and every copy would ask for another. */
  async function token(): Promise<string> {
    if (secret.accessToken) return secret.accessToken;
    if (!secret.clientId) throw new NotEquipped('the secret has neither accessToken nor clientId');
    const kept = tokens.get(kind);
    if (kept && kept.goodUntil > now.getTime()) return kept.token;
    const answer = await post('oauth/access_token', {
      client_id: secret.clientId,
      client_secret: secret.webhookSecrets[0],
      grant_type: 'client_credentials',
    });
    const { access_token: got, expires_in: seconds } = read(Token, answer);
    tokens.set(kind, { token: got, goodUntil: now.getTime() + (seconds - MARGIN_SECONDS) * 1_000 });
    return got;
  }

  const kind = `${settings.shop} ${secret.clientId}`;
  const wasKept = tokens.has(kind);
  let headers = { 'x-shopify-access-token': await token() };
  const path = `api/${manifest.apiVersion}/graphql.json`;

  return async (query, variables) => {
    const body = { query, variables };
    const text = await post(path, body, headers).catch(async (error: unknown) => {
      // It may have been taken back before its time.
      if (!(error instanceof Unauthorized && wasKept && tokens.delete(kind))) throw error;
      headers = { 'x-shopify-access-token': await token() };
      return post(path, body, headers);
    });
    const answer = read(Answer, text);
    const [error] = answer.errors;
    if (error) throw failureOf(error, answer);
    return answer.data;
  };
}

/** Of apps without a token of their own, for as long as this process lives: getting another one does no harm. */
const tokens = new Map<string, { readonly token: string; readonly goodUntil: number }>();
const MARGIN_SECONDS = 300;

const Token = z.object({ access_token: z.string().min(1), expires_in: z.number().catch(0) });

const Amount = z.number().catch(0);
const Answer = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ code: z.string().optional() }).optional() }))
    .default([]),
  extensions: z
    .object({
      cost: z.object({
        requestedQueryCost: Amount,
        throttleStatus: z.object({ currentlyAvailable: Amount, restoreRate: Amount }),
      }),
    })
    .optional()
    .catch(undefined),
});

/** Shopify says inside a 200 what went wrong. */
function failureOf(
  { message, extensions }: z.output<typeof Answer>['errors'][number],
  answer: z.output<typeof Answer>,
): Transient | Unauthorized | Permanent {
  const code = extensions?.code ?? 'no code';
  const words = `Shopify answered ${code}: ${message.slice(0, 200)}`;
  switch (code) {
    case 'THROTTLED': {
      const { cost } = answer.extensions ?? {};
      const missing = cost ? cost.requestedQueryCost - cost.throttleStatus.currentlyAvailable : 0;
      const retryAfterSeconds = cost?.throttleStatus.restoreRate
        ? Math.max(1, Math.ceil(missing / cost.throttleStatus.restoreRate))
        : undefined;
      return new Transient(words, { retryAfterSeconds });
    }
    case 'INTERNAL_SERVER_ERROR':
    case 'TIMEOUT':
      return new Transient(words);
    case 'ACCESS_DENIED':
    case 'SHOP_INACTIVE':
      return new Unauthorized(words);
    default:
      return new Permanent(words);
  }
}
