import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'stripe',
  title: 'Stripe',
  roles: ['source'],
  apiVersion: '2026-10-28.endive',
  settings: z.strictObject({
    /** One sale raises several events; exactly one of them may earn. */
    accrueOn: z.enum(['payment_intent.succeeded', 'checkout.session.completed']).default('payment_intent.succeeded'),
  }),
  // A list: while a secret is rolled, both sign.
  secret: z.object({ webhookSecrets: z.array(z.string().startsWith('whsec_')).min(1) }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
