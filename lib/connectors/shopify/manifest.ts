import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'shopify',
  title: 'Shopify',
  roles: ['source'],
  apiVersion: '2026-10',
  settings: z.strictObject({ shop: z.string().regex(/^[a-z0-9-]+\.myshopify\.com$/, 'the shop’s own host, such as my-shop.myshopify.com') }),
  // A list, since the old secret may sign for up to an hour after rotation.
  secret: z.object({ webhookSecrets: z.array(z.string().min(1)).min(1) }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
