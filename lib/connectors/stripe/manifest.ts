import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'stripe',
  title: 'Stripe',
  roles: ['source'],
  apiVersion: '2026-10-28.endive',
  hears: [
    'payment_intent.succeeded',
    'checkout.session.completed',
    'checkout.session.async_payment_succeeded',
    'refund.created',
    'refund.updated',
    'charge.dispute.closed',
    'customer.created',
    'customer.updated',
  ],
  subscribes: true,
  reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 },
  settings: z.strictObject({
    accrueOn: z
      .enum(['payment_intent.succeeded', 'checkout.session.completed'])
      .default('payment_intent.succeeded')
      .describe(
        'One sale raises several events; exactly one of them earns. A payment tells only the total that was paid; a checkout session also tells tax and shipping.',
      ),
    enrolCustomers: z
      .boolean()
      .default(false)
      .describe(
        'Whether every customer of Stripe becomes a member. Else only those are taken in whose `metadata.member_id` says which member they are.',
      ),
    account: z
      .string()
      .regex(/^acct_\w+$/, 'a connected account: acct_…')
      .optional()
      .describe('Only with Connect: whose events these are. Events of any other connected account are refused.'),
  }),
  // A list: while a secret is rolled, both sign.
  secret: z.object({
    webhookSecrets: z
      .array(z.string().startsWith('whsec_'))
      .min(1)
      .describe('Signing secrets of the endpoint; while one is rolled, both.'),
    apiKey: z
      .string()
      .regex(/^(rk|sk)_(live|test)_\w+$/, 'an API key of the account: rk_live_…')
      .optional()
      .describe(
        'Restricted key that may read Events and Webhook Endpoints. With it, the endpoint is looked at daily and lost events are made up for.',
      ),
  }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
