import * as z from 'zod';
import type { Fact, Identity } from '../../loyalty/facts.ts';
import type { Context } from '../contract.ts';
import { facts } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import type manifest from './manifest.ts';
import { isSignedBy } from './member-link.ts';

/** An answered form in our words, whether we were told of it or looked it up. */

export const Response = z.object({
  /** Typeform’s name for the answered form as a whole, here and in its Responses API. */
  token: z.string().min(1),
  submitted_at: z.string(),
  hidden: z.record(z.string(), z.unknown()).nullish(),
  answers: z
    .array(
      z.object({
        type: z.string(),
        email: z.string().nullish(),
        phone_number: z.string().nullish(),
        field: z.object({ ref: z.string().nullish() }),
      }),
    )
    .nullish(),
});
export type Response = z.output<typeof Response>;

type Around = Pick<Context<typeof manifest>, 'settings' | 'secret'>;
type Form = Around['settings']['forms'][number];

export function answered(formId: string, response: Response, { settings, secret }: Around): readonly Fact[] {
  const form = settings.forms.find(({ id }) => id === formId);
  if (!form) return [];
  return facts([
    {
      type: 'activity',
      source: 'typeform',
      factId: `typeform:${form.id}:${response.token}`,
      activity: form.activity,
      // The journal has one entry of a member for each id: with the form’s own, a member earns for the form once.
      activityId: form.once === 'member' ? form.id : `${form.id}:${response.token}`,
      occurredAt: response.submitted_at,
      identities: whose(form, response, secret.memberKeys),
    },
  ]);
}

function whose(form: Form, { hidden, answers }: Response, keys: readonly string[]): Identity[] {
  const answer = (type: 'email' | 'phone_number', ref: string | undefined) =>
    answers?.find((one) => one.type === type && (ref === undefined || one.field.ref === ref))?.[type];
  return identities([
    ['member', memberOf(form.id, hidden ?? {}, keys)],
    ['email', answer('email', form.emailRef)],
    ['phone', answer('phone_number', form.phoneRef)],
  ]);
}

/** The visitor can edit what stands in the address: without a signature it names nobody. */
function memberOf(formId: string, { m, sig }: Record<string, unknown>, keys: readonly string[]): string | undefined {
  if (typeof m !== 'string' || typeof sig !== 'string') return undefined;
  return isSignedBy(keys, formId, m, sig) ? m : undefined;
}
