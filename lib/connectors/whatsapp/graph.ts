import * as z from 'zod';
import type { Context } from '../contract.ts';
import { NotNow, OptedOut, Permanent, Transient, Unauthorized } from '../kit/errors.ts';
import { ask, classify, type Failure, retryAfter, textOf } from '../kit/http.ts';
import type manifest from './manifest.ts';

/** Meta's own numbers, where they say more than the status. */
const BUSY = new Set([2, 4, 80_007, 130_429, 131_000, 131_056]);
const TOO_FAST_TO_ONE = 131_056;
const CREDENTIALS = new Set([0, 3, 10, 190]);
/** No window is open, or Meta has shown the person enough marketing for now. */
const NOT_NOW = new Set([131_047, 131_049]);
/** The person has stopped marketing. Not in Meta's table of errors when this was written. */
export const STOPPED_MARKETING = 131_050;

const Refusal = z.object({
  error: z.object({ code: z.int(), is_transient: z.boolean().optional().catch(undefined) }),
});

type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

/** Asks the Graph API; answers the body, or throws what a failure means. `body`: it changes something. */
export async function graph(
  { settings, secret, fetch, now }: Around,
  path: string,
  { body, repeatable }: { readonly body?: object; readonly repeatable: boolean },
): Promise<string> {
  const asked = { vendor: 'WhatsApp', now, repeatable };
  const response = await ask(
    fetch,
    `https://graph.facebook.com/${settings.version}/${path}`,
    {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${secret.accessToken}`,
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    },
    asked,
  );
  const text = await textOf(response, asked);
  // An error may stand in a 200, too.
  const failure = meaning(refusalOf(text), response) ?? classify(response, asked);
  if (failure) throw failure;
  return text;

  function meaning(
    error: z.output<typeof Refusal>['error'] | undefined,
    { status, headers }: Response,
  ): Failure | NotNow | undefined {
    if (!error) return undefined;
    const { code } = error;
    // Not Meta's message: it may repeat the number.
    const message = `WhatsApp answered ${status}, error ${code}`;
    if (code === STOPPED_MARKETING) return new OptedOut(message, { purpose: 'marketing' });
    if (NOT_NOW.has(code)) return new NotNow(message);
    if (BUSY.has(code) || error.is_transient === true) {
      const pause = code === TOO_FAST_TO_ONE ? 6 : undefined;
      return new Transient(message, { retryAfterSeconds: retryAfter(headers, now) ?? pause });
    }
    if (CREDENTIALS.has(code) || (code >= 200 && code < 300)) return new Unauthorized(message);
    const failure = classify(response, asked);
    return !failure || failure instanceof Permanent ? new Permanent(message) : failure;
  }
}

function refusalOf(text: string): z.output<typeof Refusal>['error'] | undefined {
  try {
    return Refusal.safeParse(JSON.parse(text)).data?.error;
  } catch {
    return undefined;
  }
}
