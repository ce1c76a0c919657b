import { createHmac } from 'node:crypto';
import { WebhookRejected } from './errors.ts';
import { type RawRequest, type Verified, verifyHmac, withinTolerance } from './webhook.ts';

/** Standard Webhooks 1.0.0, symmetric signatures (`v1`), both ways. */

const PREFIX = 'whsec_';
const TOLERANCE_SECONDS = 300;
// Below this a key can be guessed; the specification makes them 24 to 64 bytes.
const KEY_BYTES_MIN = 16;

/** `whsec_` and base64, or the base64 alone; `undefined` when it is not a key. Strict, since Node's decoder drops what it does not know. */
export function decodeKey(text: string): Buffer | undefined {
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  return key.length >= KEY_BYTES_MIN ? key : undefined;
}

export interface StandardMessage {
  /** The same on every attempt; without dots. */
  readonly id: string;
  /** Of this attempt. */
  readonly at: Date;
  readonly body: string | Buffer;
}

/** The three headers of a delivery, signed with every key: the receiver may hold the old or the new one while they change. */
export function signStandard(
  message: StandardMessage,
  keys: readonly string[],
): Record<`webhook-${'id' | 'timestamp' | 'signature'}`, string> {
  const timestamp = String(Math.floor(message.at.getTime() / 1000));
  const signatures = keys.map((text) => {
    const key = decodeKey(text);
    if (!key) throw new RangeError('not a Standard Webhooks key: whsec_ and base64 of 24 to 64 random bytes');
    return `v1,${createHmac('sha256', key).update(`${message.id}.${timestamp}.`).update(message.body).digest('base64')}`;
  });
  if (signatures.length === 0) throw new RangeError('no key to sign with');
  return { 'webhook-id': message.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

/** Whether a delivery claims to be signed: then nothing less than the signature will do. */
export const claimsStandard = ({ headers }: RawRequest): boolean =>
  ['webhook-id', 'webhook-timestamp', 'webhook-signature'].some((name) => headers[name] !== undefined);

export function verifyStandard(request: RawRequest, keys: readonly string[] | undefined, now: Date): Verified {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers;
  if (!id || !timestamp || !signature) throw new WebhookRejected('a webhook- header is missing');
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookRejected('webhook-timestamp is not a time');
  withinTolerance(Number(timestamp), now, TOLERANCE_SECONDS);
  return verifyHmac(request, {
    keys: (keys ?? []).map(decodeKey),
    signed: [`${id}.${timestamp}.`, request.body],
    // Versions that we do not know may stand beside ours.
    signature: signature.split(' ').flatMap((entry) => (entry.startsWith('v1,') ? [entry.slice(3)] : [])),
    algorithm: 'sha256',
    encoding: 'base64',
  });
}
