import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'shopify',
  title: 'Shopify',
  roles: ['source', 'sink'],
  apiVersion: '2026-10',
  hears: ['orders/paid', 'orders/cancelled', 'refunds/create', 'customers/create', 'customers/update'],
  subscribes: true,
  reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 },
  shares: ['standing', 'code'],
  settings: z.strictObject({
    shop: z
      .string()
      .regex(/^[a-z0-9-]+\.myshopify\.com$/, 'the shop’s own host, such as my-shop.myshopify.com')
      .describe('The shop’s own host, such as `my-shop.myshopify.com`. Deliveries of any other shop are refused.'),
    namespace: z
      .string()
      .regex(/^[A-Za-z0-9_-]{3,255}$/, '3 to 255 letters, digits, hyphens and underscores')
      .default('loyalty')
      .describe('Where a customer’s metafields `points` and `tier` stand.'),
    tierTag: z
      .string()
      .regex(/^[^,]{1,30}$/, 'up to 30 characters, without a comma')
      .default('tier:')
      .describe(
        'How the tag begins that says a customer’s tier: `tier:gold`. Any other tag that begins so is taken off.',
      ),
    memberTag: z
      .string()
      .regex(/^[^,"\\]{3,30}$/, '3 to 30 characters, without a comma, a quotation mark and a backslash')
      .default('stampbook:')
      .describe(
        'How the tag begins that says which member a customer is: `stampbook:m_42`. Any other tag that begins so is taken off.',
      ),
    onErasure: z
      .enum(['nothing', 'erase'])
      .default('nothing')
      .describe(
        'When a member is erased: `erase` asks Shopify to erase the personal data of the customers with the member’s tag. Needs the scope `write_customer_data_erasure`.',
      ),
  }),
  // A list, since the old secret may sign for up to an hour after rotation.
  secret: z.object({
    webhookSecrets: z
      .array(z.string().min(1))
      .min(1)
      .describe(
        'Client secrets of the app; while one is rotated, both. Webhooks made by hand under Settings › Notifications are signed with that page’s own key.',
      ),
    accessToken: z
      .string()
      .regex(/^shpat_\w+$/, 'an Admin API access token: shpat_…')
      .optional()
      .describe(
        'Admin API access token of an app made in the shop’s admin. With it, or with `clientId`, webhooks are set up and lost ones made up for. Scopes: `read_orders`, `read_customers`, `read_locations`, and to be told of events `write_customers`, `write_discounts`.',
      ),
    clientId: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Client id of an app made in the Dev Dashboard, of the same scopes; its client secret is the first of `webhookSecrets`.',
      ),
  }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
