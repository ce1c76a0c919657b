import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import { refusalIn } from '../kit/refusal.ts';
import type manifest from './manifest.ts';

export type FreshdeskContext = Context<typeof manifest>;

export function openFreshdesk({ settings, secret, fetch, now }: FreshdeskContext): Call {
  return openJsonApi({
    vendor: 'Freshdesk',
    // A slash at its end would make Freshdesk speak of fields that are wrong.
    base: `https://${settings.domain}/api/v2`,
    headers: { authorization: `Basic ${Buffer.from(`${secret.apiKey}:X`).toString('base64')}` },
    fetch,
    now,
    meaningOf,
  });
}

/** Somebody has one of the names already that must be unique. */
export class Taken extends Permanent {
  override readonly name = 'Taken';
}

const Word = z.string().regex(/^\w{1,60}$/);
const Refusal = z.object({ errors: z.array(z.object({ field: Word, code: Word })).min(1) });

/** The fields' names and what is wrong with them; Freshdesk's own sentence may repeat what was in them. */
function meaningOf(status: number, text: string): Failure | undefined {
  if (status !== 400 && status !== 409) return undefined;
  const refusal = refusalIn(Refusal, text);
  const faults = refusal?.errors.slice(0, 5).map(({ field, code }) => `${field}: ${code}`);
  const message = `Freshdesk answered ${status}${faults ? `: ${faults.join(', ')}` : ''}`;
  return status === 409 ? new Taken(message) : faults && new Permanent(message);
}

/** 2 open, 3 pending; an account's own ones come after 5. */
export const STATUS = { open: 2, resolved: 4, closed: 5 } as const;
export const isOver = (status: number): boolean => status === STATUS.resolved || status === STATUS.closed;

/** Of a ticket, wherever it is shown. */
export const Filed = z.object({
  id: z.int().positive(),
  status: z.int(),
  tags: z
    .array(z.string())
    .nullish()
    .transform((tags) => tags ?? []),
  custom_fields: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((fields) => fields ?? {}),
});

/** What a ticket says that it is about. */
export function nameIn(ticket: z.output<typeof Filed>, { settings }: Pick<FreshdeskContext, 'settings'>) {
  const name = ticket.custom_fields[settings.caseField];
  return typeof name === 'string' ? name : undefined;
}
