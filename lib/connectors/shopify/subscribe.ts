import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { shape } from '../kit/read.ts';
import { type Admin, openAdmin } from './admin.ts';
import manifest from './manifest.ts';

/** Makes the subscriptions that are missing, and puts right those that would not tell us everything. */
export async function subscribe(hookUrl: string, context: Context<typeof manifest>): Promise<readonly string[]> {
  const admin = await openAdmin(context);
  const { webhookSubscriptions } = shape(Subscriptions, await admin(LIST, { uri: hookUrl }));
  const standing = new Map(
    webhookSubscriptions.nodes.filter(({ uri }) => uri === hookUrl).map((one) => [one.topic, one]),
  );
  for (const topic of manifest.hears.map((name) => name.replace('/', '_').toUpperCase())) {
    const there = standing.get(topic);
    if (!there) await change(admin, CREATE, { topic, webhookSubscription: { uri: hookUrl, format: 'JSON' } });
    else if (there.format !== 'JSON' || there.filter || there.includeFields.length > 0)
      await change(admin, UPDATE, {
        id: there.id,
        webhookSubscription: { uri: hookUrl, format: 'JSON', filter: '', includeFields: [] },
      });
  }
  return [];
}

async function change(admin: Admin, mutation: string, variables: Record<string, unknown>): Promise<void> {
  const { changed } = shape(Changed, await admin(mutation, variables));
  // Somebody else was quicker, perhaps we ourselves.
  const [error] = changed.userErrors.filter(({ message }) => !/already been taken/i.test(message));
  if (error) throw new Permanent(`Shopify refused a subscription: ${error.message.slice(0, 200)}`);
}

const Subscriptions = z.object({
  webhookSubscriptions: z.object({
    nodes: z.array(
      z.object({
        id: z.string(),
        topic: z.string(),
        uri: z.string(),
        format: z.string(),
        filter: z.string().nullable(),
        includeFields: z.array(z.string()),
      }),
    ),
  }),
});
const Changed = z.object({ changed: z.object({ userErrors: z.array(z.object({ message: z.string() })) }) });

const LIST = `query Subscriptions($uri: String!) {
  webhookSubscriptions(first: 100, uri: $uri) { nodes { id topic uri format filter includeFields } }
}`;
const CREATE = `mutation Subscribe($topic: WebhookSubscriptionTopic!, $webhookSubscription: WebhookSubscriptionInput!) {
  changed: webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhookSubscription) { userErrors { message } }
}`;
const UPDATE = `mutation Correct($id: ID!, $webhookSubscription: WebhookSubscriptionInput!) {
  changed: webhookSubscriptionUpdate(id: $id, webhookSubscription: $webhookSubscription) { userErrors { message } }
}`;
