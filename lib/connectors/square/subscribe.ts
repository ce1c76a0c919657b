import * as z from 'zod';
import type { Context } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openSquare } from './api.ts';
import { listOf } from './bodies.ts';
import manifest from './manifest.ts';

const Subscription = z.object({
  enabled: z.boolean().nullish(),
  event_types: z.array(z.string()).nullish(),
  notification_url: z.string().nullish(),
});
type Subscription = z.output<typeof Subscription>;

const Page = listOf('subscriptions', Subscription);

/** Made by the merchant, since Square shows the signature key to whoever makes it; looked at by us. */
export async function subscribe(hookUrl: string, context: Context<typeof manifest>): Promise<readonly string[]> {
  const ours = (await all(context)).filter(({ notification_url: url }) => url === hookUrl);
  const [best] = ours.toSorted((a, b) => Number(b.enabled ?? false) - Number(a.enabled ?? false));
  const wanted = manifest.hears.filter(
    (type) => !type.startsWith('loyalty.') || context.settings.ledgerMode === 'mirror-in',
  );
  if (!best)
    return [
      `Square has no webhook subscription for ${hookUrl}: make one in the Developer Console, for ${wanted.join(', ')}`,
    ];
  const missing = wanted.filter((type) => !best.event_types?.includes(type));
  return [
    ...(best.enabled ? [] : ['Square’s webhook subscription is disabled: enable it']),
    ...(missing.length > 0 ? [`Square’s webhook subscription does not send ${missing.join(', ')}: add them`] : []),
  ];
}

async function all(context: Context<typeof manifest>): Promise<Subscription[]> {
  const square = openSquare(context);
  const found: Subscription[] = [];
  for (let cursor: string | undefined; ; ) {
    const query = new URLSearchParams({ include_disabled: 'true', ...(cursor !== undefined && { cursor }) });
    const page = read(Page, await square('GET', `/v2/webhooks/subscriptions?${query}`));
    found.push(...page.items);
    if (page.cursor === undefined || page.cursor === cursor) return found;
    cursor = page.cursor;
  }
}
