import * as z from 'zod';
import { minuteIn } from '../../loyalty/calendar.ts';
import type { Context } from '../contract.ts';
import { Permanent, Transient } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, NotThere, openJsonApi } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import manifest from './manifest.ts';

/** HubSpot has read it and says no: about one of those that were sent along, or about all. */
export class Refused extends Permanent {
  override readonly name = 'Refused';
}

const OBJECTS = `/crm/objects/${manifest.apiVersion}`;
export const CONTACTS = `${OBJECTS}/contacts`;
export const DEALS = `${OBJECTS}/deals`;
export const CONTACTS_OF_DEALS = `/crm/associations/${manifest.apiVersion}/deals/contacts`;
export const EVENTS = `/events/${manifest.apiVersion}/send/batch`;
export const ACCOUNT = `/account-info/${manifest.apiVersion}/details`;

type Around = Pick<Context<typeof manifest>, 'settings' | 'secret' | 'fetch' | 'now'>;

export const openHubSpot = ({ settings, secret, fetch, now }: Around): Call =>
  openJsonApi({
    vendor: 'HubSpot',
    base: 'https://api.hubapi.com',
    headers: { authorization: `Bearer ${secret.serviceKey}` },
    fetch,
    now,
    meaningOf: (status, text) => meaningOf(status, text, { zone: settings.timeZone, now }),
  });

// Its messages repeat what was sent; only words that cannot be anybody's are taken over.
const Word = z
  .string()
  .regex(/^[A-Z][A-Z_]{2,60}$/)
  .optional()
  .catch(undefined);
const Names = z
  .array(z.string().regex(/^[a-z][a-z0-9_]{1,99}$/))
  .optional()
  .catch(undefined);

/** As the whole answer, and as one of the `errors` of a batch. */
export const Refusal = z.object({
  category: Word,
  policyName: Word,
  errors: z
    .array(
      z.object({
        code: Word,
        context: z.object({ propertyName: Names }).optional().catch(undefined),
      }),
    )
    .optional()
    .catch(undefined),
});
export type Refusal = z.output<typeof Refusal>;

/** Made by somebody else at the same time, held by another change, too many at once: later it may work. */
const PASSING = new Set(['CONFLICT', 'RATE_LIMITS', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE']);

/** What one of the errors inside a success means. */
export const failureOf = (refusal: Refusal): Failure =>
  PASSING.has(refusal.category ?? '')
    ? new Transient(`HubSpot refused it for now: ${wordsOf(refusal)}`)
    : new Refused(`HubSpot refused it: ${wordsOf(refusal)}`);

const Found = z.object({ results: z.array(z.looseObject({})), errors: z.array(Refusal).default([]) });

/** All that there are of those that are asked for: what is missing was deleted, or never was. */
export async function readAll(
  path: string,
  body: { readonly inputs: readonly { readonly id: string }[] } & Readonly<Record<string, unknown>>,
  call: Call,
): Promise<readonly unknown[]> {
  if (body.inputs.length === 0) return [];
  try {
    const { results, errors } = read(Found, await call('POST', `${path}/batch/read`, body));
    const failure = errors.map(failureOf).find((one) => one instanceof Transient);
    if (failure) throw failure;
    return results;
  } catch (error) {
    if (error instanceof NotThere) return [];
    throw error;
  }
}

const BURST_SECONDS = 10;
const LOCKED = 423;

function meaningOf(status: number, text: string, { zone, now }: { zone: string; now: Date }): Failure | undefined {
  const refusal = refusalIn(text);
  const message = `HubSpot answered ${status}: ${wordsOf(refusal)}`;
  if (status === 429 && refusal.policyName !== undefined) {
    const retryAfterSeconds = refusal.policyName === 'DAILY' ? untilMidnight(zone, now) : BURST_SECONDS;
    return new Transient(message, { retryAfterSeconds });
  }
  if (status === LOCKED || status === 409) return new Transient(message);
  return status === 400 ? new Refused(message) : undefined;
}

function refusalIn(text: string): Refusal {
  try {
    return Refusal.catch({}).parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** `VALIDATION_ERROR, PROPERTY_DOESNT_EXIST (loyalty_tier)` */
function wordsOf({ category, policyName, errors = [] }: Refusal): string {
  const details = errors.map(({ code, context }) => {
    const names = context?.propertyName?.join(', ');
    return [code, names && `(${names})`].filter(Boolean).join(' ');
  });
  const words = [...new Set([category, policyName, ...details].filter(Boolean))];
  return words.length > 0 ? words.slice(0, 5).join(', ') : 'no reason is given';
}

/** A day whose clock is changed ends an hour sooner or later: then it is tried once in vain. */
const untilMidnight = (zone: string, now: Date): number => (24 * 60 - minuteIn(zone, now)) * 60;
