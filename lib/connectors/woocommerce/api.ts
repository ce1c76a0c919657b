import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import type manifest from './manifest.ts';

export type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

/** A coupon of that code is there already. */
export class CodeTaken extends Permanent {
  override readonly name = 'CodeTaken';
}

/** The name of the refusal is unverified. */
const CODE_TAKEN = 'woocommerce_rest_coupon_code_already_exists';

export function openWooCommerce({ settings, secret, fetch, now }: Around): Call {
  const { consumerKey, consumerSecret } = secret;
  const inHeader = settings.credentialsIn === 'header';
  const basic = Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64');
  const call = openJsonApi({
    vendor: 'WooCommerce',
    base: `${settings.site}/wp-json/wc/v3`,
    headers: inHeader ? { authorization: `Basic ${basic}` } : {},
    fetch,
    now,
    meaningOf,
  });
  if (inHeader) return call;
  const query = new URLSearchParams({ consumer_key: consumerKey, consumer_secret: consumerSecret });
  return (method, path, body) => call(method, `${path}${path.includes('?') ? '&' : '?'}${query}`, body);
}

const Refusal = z.object({ code: z.string().regex(/^\w{1,80}$/) });

/** Its `message` may repeat what was sent; its code does not. */
function meaningOf(status: number, text: string): Permanent | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const code = codeIn(text);
  if (code === CODE_TAKEN) return new CodeTaken(`WooCommerce answered ${status} ${code}`);
  return code === undefined ? undefined : new Permanent(`WooCommerce answered ${status} ${code}`);
}

function codeIn(text: string): string | undefined {
  try {
    return Refusal.safeParse(JSON.parse(text)).data?.code;
  } catch {
    return undefined;
  }
}
