import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { orNothing } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { openTypeform } from './api.ts';
import type manifest from './manifest.ts';

/** A form has one webhook of a tag: writing it again changes it. */
const TAG = 'stampbook';

const Webhook = z.object({
  url: z.string(),
  enabled: z.boolean(),
  verify_ssl: z.boolean(),
  event_types: z.object({ form_response: z.boolean().optional() }).optional(),
});

/** Makes the webhooks that are missing, and puts right those that would not tell us everything, or not safely. */
export async function subscribe(hookUrl: string, context: Context<typeof manifest>): Promise<readonly string[]> {
  const typeform = openTypeform(context);
  const [secret] = context.secret.webhookSecrets;
  const wanted = { url: hookUrl, enabled: true, secret, verify_ssl: true, event_types: { form_response: true } };
  for (const { id } of context.settings.forms) {
    const path = `/forms/${id}/webhooks/${TAG}`;
    const there = await orNothing(typeform('GET', path));
    if (there !== undefined && isAsWanted(read(Webhook, there), hookUrl)) continue;
    const made = await orNothing(typeform('PUT', path, wanted));
    if (made === undefined)
      throw new Permanent(`Typeform has no form ${id}, or the token may not see it: correct its id in the settings`);
    read(Webhook, made);
  }
  return [];
}

const isAsWanted = (webhook: z.output<typeof Webhook>, url: string): boolean =>
  webhook.url === url && webhook.enabled && webhook.verify_ssl && webhook.event_types?.form_response === true;
