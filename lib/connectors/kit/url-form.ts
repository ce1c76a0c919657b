import { createHash, createHmac } from 'node:crypto';
import { WebhookRejected } from './errors.ts';
import { type Form, readForm } from './form.ts';
import { type RawRequest, sameText, type Verified, verifyHmac } from './webhook.ts';

/**
 * Signatures over the registered URL and the sorted form (Twilio; Mandrill does the same). A body that is no form is
 * covered by its hash, which stands in the signed URL.
 */
export function verifyUrlForm(
  request: RawRequest,
  proof: { readonly keys: readonly (string | undefined)[]; readonly signature: string | undefined },
): Verified {
  const hash = new URL(request.url).searchParams.get('bodySHA256');
  const form = hash === null ? formParts(readForm(request.body)) : [];
  let rejection: unknown;
  for (const url of spellings(request.url)) {
    try {
      const verified = verifyHmac(request, { ...proof, signed: [url, ...form], algorithm: 'sha1', encoding: 'base64' });
      if (hash !== null && !sameText(createHash('sha256').update(request.body).digest('hex'), hash.toLowerCase())) {
        throw new WebhookRejected('the body is not the one that was signed');
      }
      return verified;
    } catch (error) {
      rejection = error;
    }
  }
  throw rejection;
}

/** As the vendor would sign it: for tests, and for the local cloud, which plays the vendor. */
export const signUrlForm = (url: string, body: Buffer, key: string): string =>
  createHmac('sha1', key)
    .update([url, ...formParts(readForm(body))].join(''))
    .digest('base64');

function formParts(form: Form): string[] {
  return [...form.keys()]
    .sort()
    .flatMap((name) => [...new Set(form.get(name))].sort().flatMap((value) => [name, value]));
}

/** With and without the port: what stands before the vendor's eyes depends on the proxies between us. */
function spellings(url: string): string[] {
  const [, scheme = '', host = '', rest = ''] = /^(https?:\/\/)([^/?#]+)([^#]*)/.exec(url) ?? [];
  const bare = host.replace(/:\d+$/, '');
  const port = scheme === 'https://' ? 443 : 80;
  return [...new Set([host, bare, `${bare}:${port}`])].map((spelling) => scheme + spelling + rest);
}
