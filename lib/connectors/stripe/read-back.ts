import * as z from 'zod';
import type { Context } from '../contract.ts';
import { NotEquipped } from '../kit/errors.ts';
import { ask, classify, discard, textOf } from '../kit/http.ts';
import { read } from '../kit/read.ts';
import manifest from './manifest.ts';

/** What Stripe itself knows: its events, and where it sends them. It is only read. */

type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

async function get<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  query: URLSearchParams,
  { secret, fetch, now }: Around,
  headers: Record<string, string> = {},
): Promise<z.output<Schema>> {
  if (!secret.apiKey) throw new NotEquipped('the secret has no apiKey');
  const asked = { vendor: 'Stripe', now, repeatable: true };
  const response = await ask(
    fetch,
    `https://api.stripe.com/v1/${path}?${query}`,
    {
      method: 'GET',
      headers: { authorization: `Bearer ${secret.apiKey}`, 'stripe-version': manifest.apiVersion, ...headers },
    },
    asked,
  );
  const failure = classify(response, asked);
  if (!failure) return read(schema, await textOf(response, asked));
  await discard(response);
  throw failure;
}

const Events = z.object({ data: z.array(z.looseObject({ id: z.string() })), has_more: z.boolean() });

/** A page of the events that we hear of, newest first; those before `after`. Of a connected account, where it is set. */
export function eventsSince(since: Date, around: Around, after?: string): Promise<z.output<typeof Events>> {
  const query = new URLSearchParams({ 'created[gte]': String(Math.floor(since.getTime() / 1_000)), limit: '100' });
  for (const type of manifest.hears) query.append('types[]', type);
  if (after !== undefined) query.set('starting_after', after);
  const { account } = around.settings;
  return get(Events, 'events', query, around, account ? { 'stripe-account': account } : {});
}

const Endpoints = z.object({
  data: z.array(
    z.object({
      url: z.string(),
      status: z.string(),
      enabled_events: z.array(z.string()),
      api_version: z.string().nullable(),
    }),
  ),
});

/** All there are: an account has sixteen at most. */
export const endpoints = async (around: Around): Promise<z.output<typeof Endpoints>['data']> =>
  (await get(Endpoints, 'webhook_endpoints', new URLSearchParams({ limit: '100' }), around)).data;
