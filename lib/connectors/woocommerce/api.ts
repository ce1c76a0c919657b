import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { type Call, NotThere, openJsonApi } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { refusalIn } from '../kit/refusal.ts';
import type manifest from './manifest.ts';

export type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

/** A coupon of that code is there already. */
export class CodeTaken extends Permanent {
  override readonly name = 'CodeTaken';
}

const CODE_TAKEN = 'woocommerce_rest_coupon_code_already_exists';
/** Shops before WooCommerce 10 say it with a 400, later ones with a 404. */
const NO_SUCH_ID = 'woocommerce_rest_invalid_id';

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
  const code = refusalIn(Refusal, text)?.code;
  if (code === undefined) return undefined;
  const words = `WooCommerce answered ${status} ${code}`;
  if (code === CODE_TAKEN) return new CodeTaken(words);
  return code === NO_SUCH_ID ? new NotThere(words) : new Permanent(words);
}

const Webhook = z.object({ id: z.int(), status: z.string(), topic: z.string(), delivery_url: z.string() });
type Webhook = z.output<typeof Webhook>;

/** As many as a page can hold. */
const PAGE = 100;

/** Those of all plugins and services: ours may be behind a hundred others. */
export async function webhooksOf(woo: Call): Promise<readonly Webhook[]> {
  const all: Webhook[] = [];
  for (let page = 1; ; page += 1) {
    const more = read(z.array(Webhook), await woo('GET', `/webhooks?per_page=${PAGE}&page=${page}`));
    all.push(...more);
    if (more.length < PAGE) return all;
  }
}
