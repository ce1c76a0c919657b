import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent, Transient } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import { refusalIn } from '../kit/refusal.ts';
import type manifest from './manifest.ts';

export type ZendeskContext = Context<typeof manifest>;

/** `headers`: beside those that say who asks. */
export function openZendesk(
  { settings, secret, fetch, now }: Pick<ZendeskContext, 'settings' | 'secret' | 'fetch' | 'now'>,
  headers: Readonly<Record<string, string>> = {},
): Call {
  const credentials = Buffer.from(`${secret.email}/token:${secret.apiToken}`).toString('base64');
  return openJsonApi({
    vendor: 'Zendesk',
    base: `https://${settings.subdomain}.zendesk.com/api/v2`,
    headers: { authorization: `Basic ${credentials}`, ...headers },
    fetch,
    now,
    meaningOf,
  });
}

const Refusal = z.object({
  error: z.string().regex(/^\w{1,60}$/),
  details: z.record(z.string().regex(/^\w{1,60}$/), z.unknown()).default({}),
});

function meaningOf(status: number, text: string): Failure | undefined {
  // Somebody else writes to the same ticket at this moment.
  if (status === 409) return new Transient('Zendesk answered 409');
  if (status !== 400 && status !== 422) return undefined;
  const refusal = refusalIn(Refusal, text);
  // The names of the fields and not what Zendesk says of them: it may repeat what was in them.
  return (
    refusal && new Permanent(`Zendesk answered ${status} ${[refusal.error, ...Object.keys(refusal.details)].join(' ')}`)
  );
}
