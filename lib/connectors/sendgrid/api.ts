import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent, Transient } from '../kit/errors.ts';
import { ask, classify, type Failure, retryAfter, textOf } from '../kit/http.ts';
import type manifest from './manifest.ts';

const HOSTS = { global: 'https://api.sendgrid.com', eu: 'https://api.eu.sendgrid.com' } as const;

export type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object;
  readonly repeatable: boolean;
  /** Where 404 says that there is none of it. */
  readonly mayBeMissing?: true;
}

/** Asks SendGrid; answers the status and what was said, or throws what a failure means. */
export async function sendgrid(
  { settings, secret, fetch, now }: Around,
  { method, path, body, repeatable, mayBeMissing }: Call,
): Promise<{ readonly status: number; readonly text: string }> {
  const asked = { vendor: 'SendGrid', now, repeatable };
  const response = await ask(
    fetch,
    HOSTS[settings.region] + path,
    {
      method,
      headers: { authorization: `Bearer ${secret.apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    },
    asked,
  );
  const text = await textOf(response, asked);
  const { status, headers } = response;
  if (status === 404 && mayBeMissing) return { status, text };
  const failure = classify(response, asked);
  if (failure) throw withDetail(failure, { status, text, pauseSeconds: pause(headers, now) });
  return { status, text };
}

/** SendGrid names the field that it did not like; what it says of it may hold the address. */
const Refusal = z.object({
  errors: z.array(z.object({ field: z.string().nullish(), parameter: z.string().nullish() })),
});

function withDetail(
  failure: Failure,
  { status, text, pauseSeconds }: { status: number; text: string; pauseSeconds: number | undefined },
): Failure {
  if (status === 429) return new Transient(failure.message, { retryAfterSeconds: pauseSeconds });
  if (failure.constructor !== Permanent) return failure;
  const names = fieldsIn(text);
  return names.length > 0 ? new Permanent(`${failure.message}: ${names.join(', ')}`) : failure;
}

function fieldsIn(text: string): string[] {
  try {
    const { errors } = Refusal.parse(JSON.parse(text));
    const names = errors.map(({ field, parameter }) => field ?? parameter ?? '');
    return names.filter((name) => /^[a-z_.[\]\d]{1,80}$/.test(name)).slice(0, 3);
  } catch {
    return [];
  }
}

/** SendGrid says at which second it will listen again. */
function pause(headers: Headers, now: Date): number | undefined {
  const reset = headers.get('x-ratelimit-reset') ?? '';
  const seconds = /^\d{10}$/.test(reset) ? Math.max(1, Number(reset) - Math.floor(now.getTime() / 1000)) : undefined;
  return retryAfter(headers, now) ?? seconds;
}
