import type { Context } from '../contract.ts';
import { NotEquipped } from '../kit/errors.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import type manifest from './manifest.ts';

export type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

/** Unverified: another address is also told for Europe, `https://api.typeform.eu`. */
const BASES = { us: 'https://api.typeform.com', eu: 'https://api.eu.typeform.com' };

export function openTypeform({ settings, secret, fetch, now }: Around): Call {
  if (!secret.accessToken) throw new NotEquipped('the secret has no accessToken');
  return openJsonApi({
    vendor: 'Typeform',
    base: BASES[settings.region],
    headers: { authorization: `Bearer ${secret.accessToken}` },
    fetch,
    now,
  });
}
