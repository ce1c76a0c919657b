import * as z from 'zod';
import { read } from '../kit/read.ts';
import { openZendesk, type ZendeskContext } from './api.ts';
import manifest from './manifest.ts';

/** Made by the merchant, since a webhook's kind is chosen once and its secret is Zendesk's; looked at by us. */
export async function subscribe(hookUrl: string, context: ZendeskContext): Promise<readonly string[]> {
  const [event] = manifest.hears;
  const { webhooks } = read(Webhooks, await openZendesk(context)('GET', '/webhooks?page[size]=100'));
  const ours = webhooks.filter(({ endpoint }) => endpoint === hookUrl);
  if (ours.length === 0) return [`Zendesk has no webhook for ${hookUrl}: make one that is subscribed to ${event}`];
  const active = ours.filter(({ status }) => status === 'active');
  if (active.length === 0) return ['Zendesk’s webhook is not active: activate it'];
  if (active.some(({ subscriptions }) => subscriptions.includes(event))) return [];
  return [
    `Zendesk’s webhook is not subscribed to ${event}: edit it, or make one of that kind where it hangs on a trigger`,
  ];
}

const Webhooks = z.object({
  webhooks: z.array(
    z.object({
      endpoint: z.string(),
      status: z.string(),
      subscriptions: z
        .array(z.string())
        .nullish()
        .transform((names) => names ?? []),
    }),
  ),
});
