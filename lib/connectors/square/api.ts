import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent, Transient } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import { refusalIn } from '../kit/refusal.ts';
import manifest from './manifest.ts';

export type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

const BASES = { production: 'https://connect.squareup.com', sandbox: 'https://connect.squareupsandbox.com' };

export const openSquare = ({ settings, secret, fetch, now }: Around): Call =>
  openJsonApi({
    vendor: 'Square',
    base: BASES[settings.environment],
    headers: { authorization: `Bearer ${secret.accessToken}`, 'square-version': manifest.apiVersion },
    fetch,
    now,
    meaningOf,
  });

/** For an idempotency key: at most 128 characters are taken, and ids may be longer. */
export const keyOf = (...parts: string[]): string => createHash('sha256').update(parts.join('\n')).digest('base64url');

/** Its `detail` may hold a phone number; its code and the name of a field do not. */
const Refusal = z.object({
  errors: z
    .array(
      z.object({ category: z.string(), code: z.string().regex(/^\w{1,60}$/), field: z.string().max(60).optional() }),
    )
    .min(1),
});

function meaningOf(status: number, text: string): Failure | undefined {
  // These say by their status alone what is to be done, and for how long to wait.
  if (status >= 500 || [401, 403, 404, 408, 410, 425, 429].includes(status)) return undefined;
  const [first] = refusalIn(Refusal, text)?.errors ?? [];
  if (!first) return undefined;
  const words = `Square answered ${status} ${first.code}${first.field ? ` about ${first.field}` : ''}`;
  return first.category === 'RATE_LIMIT_ERROR' ? new Transient(words) : new Permanent(words);
}
