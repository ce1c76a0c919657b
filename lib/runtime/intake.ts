import { gunzipSync, gzipSync } from 'node:zlib';
import type { RawRequest, Verified } from '../connectors/kit/webhook.ts';

/**
 * A delivery as it is kept while it cannot be read: whole, since only its bytes can be translated again once we know
 * how. Zipped, because SQS takes less than a vendor may send.
 */
interface Kept {
  readonly receivedAt: string;
  readonly method: string;
  readonly url: string;
  readonly headers: RawRequest['headers'];
  readonly body: string;
}

/** Proofs and credentials have done their work: the delivery is proven, and only we can write to where it is kept. */
const LEFT_OUT = new Set(['authorization', 'cookie', 'x-api-key']);

export function kept({ method, url, headers, body }: Verified, receivedAt: Date): string {
  const needed = Object.fromEntries(Object.entries(headers).filter(([name]) => !LEFT_OUT.has(name)));
  const keep: Kept = {
    receivedAt: receivedAt.toISOString(),
    method,
    url: withoutSecrets(url),
    headers: needed,
    body: gzipSync(body).toString('base64'),
  };
  return JSON.stringify(keep);
}

export function unkept(text: string): Verified {
  const { method, url, headers, body } = JSON.parse(text) as Kept;
  return { method, url, headers, body: gunzipSync(Buffer.from(body, 'base64')) } as RawRequest as Verified;
}

/** What translations read of an address: what a delivery is about, and our own name of the message. */
const READ = ['about', 'm'];

/** Of the query, only these: a static secret may stand in it, too. */
function withoutSecrets(url: string): string {
  const [address = url] = url.split('?');
  const parameters = new URL(url).searchParams;
  const read = new URLSearchParams(
    READ.flatMap((name) => parameters.getAll(name).map((value): [string, string] => [name, value])),
  );
  return read.size > 0 ? `${address}?${read}` : address;
}
