import { Gone, Permanent, Transient, Unauthorized, Unknown } from './errors.ts';

/** Nothing had left this machine when it failed: safe to try again, whatever it was. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

export type Failure = Transient | Permanent | Unauthorized | Unknown;

export interface Asked {
  /** For staff: "Twilio". */
  readonly vendor: string;
  readonly now: Date;
  /** Doing it twice is the same as doing it once, or bearable. Not so for a message to a member. */
  readonly repeatable: boolean;
}

/** What an answer means; `undefined`: it worked. A vendor with codes of its own asks those first. */
export function classify(
  response: Pick<Response, 'status' | 'headers'>,
  { vendor, now, repeatable }: Asked,
): Failure | undefined {
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  const message = `${vendor} answered ${status}`;
  if (status === 401 || status === 403) return new Unauthorized(message);
  if (status === 410) return new Gone(message);
  // 429 and 425 say that it was not done. After the others it may have been, before the answer was lost on the way.
  if (status === 429 || status === 425)
    return new Transient(message, { retryAfterSeconds: retryAfter(response.headers, now) });
  if (status === 408 || status >= 500) {
    return repeatable
      ? new Transient(message, { retryAfterSeconds: retryAfter(response.headers, now) })
      : new Unknown(message);
  }
  return new Permanent(message);
}

// How undici and Node call what happens before a connection stands.
const NEVER_LEFT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What it means that there was no answer. */
export function classifyFailure(error: unknown, { vendor, repeatable }: Asked): Failure {
  if (
    error instanceof Transient ||
    error instanceof Permanent ||
    error instanceof Unauthorized ||
    error instanceof Unknown
  )
    return error;
  if (neverLeft(error)) return new Transient(`${vendor} could not be reached`, { cause: error });
  const message = `no answer from ${vendor}`;
  return repeatable ? new Transient(message, { cause: error }) : new Unknown(message, { cause: error });
}

function neverLeft(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof NotSent) return true;
    if ('code' in at && NEVER_LEFT.has(String(at.code))) return true;
    // Happy eyeballs: every address was tried, and none let us in.
    if (at instanceof AggregateError && at.errors.length > 0) return at.errors.every(neverLeft);
  }
  return false;
}

/** Asks the vendor; throws a `Failure` when no answer comes. Redirects are answers, and never followed. */
export async function ask(
  fetch: typeof globalThis.fetch,
  url: string,
  init: RequestInit,
  asked: Asked,
): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'manual' });
  } catch (error) {
    throw classifyFailure(error, asked);
  }
}

/** What the vendor answered, to the end; an answer that breaks off is none. */
export async function textOf(response: Response, asked: Asked): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw classifyFailure(error, asked);
  }
}

/** Lets go of an answer that nobody reads, so that its connection can be used again. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}

/** Seconds, or a date; `undefined` when there is none. */
export function retryAfter(headers: Headers, now: Date): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Math.ceil(Number(text));
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
