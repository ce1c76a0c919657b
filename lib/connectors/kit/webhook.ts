import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { WebhookRejected } from './errors.ts';

/** A delivery as it came. `url` is the registered hook URL from configuration plus the query as sent, never rebuilt from Host. */
export interface RawRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Bytes: a vendor signs these, not what a parser makes of them. */
  readonly body: Buffer;
}

declare const proven: unique symbol;

/** A delivery whose sender is proven. Only `verifyHmac`, `verifyEcdsa` and `verifySecret` make one; the other proofs of the kit go through them. */
export type Verified = RawRequest & { readonly [proven]: true };

/** What a set-up challenge is answered with. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

/** What a secret that is not filled yet may hold. No key, no entry. */
type Keys<Key> = readonly (Key | undefined)[] | undefined;

export interface HmacProof {
  /** Several while one is being rotated. */
  readonly keys: Keys<string | Buffer>;
  /** What the vendor signs, in its order, without separators. */
  readonly signed: readonly (string | Buffer)[];
  /** One or more candidates as the vendor sent them, prefixes stripped. */
  readonly signature: string | undefined | readonly string[];
  readonly algorithm: 'sha1' | 'sha256';
  readonly encoding: 'hex' | 'base64';
}

/** HMAC over what the vendor signs, under any of our keys. Constant time; fails closed without a key or a signature. */
export function verifyHmac(request: RawRequest, proof: HmacProof): Verified {
  const candidates = [proof.signature ?? []].flat().filter((candidate) => candidate.length > 0);
  const keys = (proof.keys ?? []).filter((key) => key !== undefined && key.length > 0);
  if (keys.length === 0) throw new WebhookRejected('no key is configured');
  if (candidates.length === 0) throw new WebhookRejected('the signature is missing');
  let matched = false;
  for (const key of keys) {
    const mac = createHmac(proof.algorithm, key as string | Buffer);
    for (const part of proof.signed) mac.update(part);
    const expected = Buffer.from(mac.digest(proof.encoding));
    // Every pair is compared: leaving early would tell which key is the live one.
    for (const candidate of candidates) matched = sameBytes(expected, Buffer.from(candidate)) || matched;
  }
  if (!matched) throw new WebhookRejected('the signature does not match');
  return request as Verified;
}

export interface EcdsaProof {
  /** The vendor's public keys, as it shows them: SPKI in base64. Several while one is being rotated. */
  readonly keys: Keys<string>;
  /** What the vendor signs, in its order, without separators. */
  readonly signed: readonly (string | Buffer)[];
  /** DER in base64. */
  readonly signature: string | undefined;
}

/** ECDSA with P-256 and SHA-256 under any of the vendor's keys. Fails closed without a key that is one, or a signature. */
export function verifyEcdsa(request: RawRequest, { keys, signed, signature }: EcdsaProof): Verified {
  const usable = (keys ?? []).flatMap((key) => publicKey(key ?? '') ?? []);
  if (usable.length === 0) throw new WebhookRejected('no public key is configured');
  if (!signature) throw new WebhookRejected('the signature is missing');
  const bytes = strictBase64(signature);
  if (!bytes) throw new WebhookRejected('the signature is not base64');
  const text = Buffer.concat(signed.map((part) => Buffer.from(part)));
  if (!usable.some((key) => verify('sha256', text, key, bytes)))
    throw new WebhookRejected('the signature does not match');
  return request as Verified;
}

/** A key that `verifyEcdsa` can use; `undefined` for anything else. */
export function publicKey(text: string): KeyObject | undefined {
  const der = strictBase64(text);
  if (!der) return undefined;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/** One spelling for each row of bytes: Node reads over what is no base64, and over bits that are left at the end. */
function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/** For the many vendors that sign nothing: a long secret in a header, a query or a path. */
export function verifySecret(request: RawRequest, presented: string | undefined, keys: Keys<string>): Verified {
  const usable = (keys ?? []).filter((key) => key !== undefined && key.length >= 16);
  if (usable.length === 0) throw new WebhookRejected('no secret of 16 characters or more is configured');
  if (!presented) throw new WebhookRejected('the secret is missing');
  let matched = false;
  for (const key of usable) matched = sameText(key as string, presented) || matched;
  if (!matched) throw new WebhookRejected('the secret does not match');
  return request as Verified;
}

/** Refuses a delivery whose own time stamp is too far from ours, either way. */
export function withinTolerance(timestampSeconds: number, now: Date, toleranceSeconds: number): void {
  const skewSeconds = Math.abs(Math.floor(now.getTime() / 1000) - timestampSeconds);
  if (!(skewSeconds <= toleranceSeconds)) throw new WebhookRejected('the time stamp is missing or too far from now');
}

/** Constant time, also over the lengths. */
export const sameText = (a: string, b: string): boolean => sameBytes(Buffer.from(a), Buffer.from(b));

// Both are hashed under one key first, so that lengths are equal and nothing is learnt from them either.
function sameBytes(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHmac('sha256', 'compare').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}
