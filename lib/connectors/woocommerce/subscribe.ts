import * as z from 'zod';
import type { Context } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openWooCommerce, webhooksOf } from './api.ts';
import manifest from './manifest.ts';

const Made = z.object({ id: z.int() });

/** Makes the webhooks that are missing, and switches on again those that failed too often: nobody else would. */
export async function subscribe(hookUrl: string, context: Context<typeof manifest>): Promise<readonly string[]> {
  const woo = openWooCommerce(context);
  const [secret] = context.secret.webhookSecrets;
  const ours = (await webhooksOf(woo)).filter((one) => one.delivery_url === hookUrl);
  for (const topic of manifest.hears) {
    const there = ours.filter((one) => one.topic === topic);
    if (there.some(({ status }) => status === 'active')) continue;
    const [asleep] = there;
    const wanted = { status: 'active', secret };
    const made = asleep
      ? await woo('PUT', `/webhooks/${asleep.id}`, wanted)
      : await woo('POST', '/webhooks', { name: `Stampbook ${topic}`, topic, delivery_url: hookUrl, ...wanted });
    read(Made, made);
  }
  return [];
}
