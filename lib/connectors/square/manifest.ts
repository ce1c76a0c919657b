import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'square',
  title: 'Square',
  roles: ['source', 'sink'],
  apiVersion: '2026-09-16',
  hears: [
    'payment.created',
    'payment.updated',
    'refund.created',
    'refund.updated',
    'customer.created',
    'customer.updated',
    'loyalty.account.created',
    'loyalty.event.created',
  ],
  subscribes: true,
  reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 },
  // Accounts of Square Loyalty are found and opened by phone.
  shares: ['phone', 'standing'],
  settings: z.strictObject({
    merchantId: z
      .string()
      .regex(/^[A-Z0-9]{5,40}$/, 'the seller’s own id, such as 6SSW7HV8K2ST5')
      .describe('The seller’s own id. Deliveries of any other seller are refused.'),
    environment: z
      .enum(['production', 'sandbox'])
      .default('production')
      .describe('`sandbox` for a seller of the Developer Console’s own.'),
    locationIds: z
      .array(z.string().min(1).max(50))
      .min(1)
      .optional()
      .describe('Sales at these locations count; absent: at all of them.'),
    ledgerMode: z
      .enum(['ours', 'mirror-in', 'mirror-out'])
      .default('ours')
      .describe(
        'Who counts the points. `ours`: Square Loyalty is not used; sales earn here. `mirror-out`: sales earn here, and the balances of Square Loyalty are made to follow; it needs events in the connector’s list. `mirror-in`: Square Loyalty counts, and this ledger follows; sales earn nothing here.',
      ),
    onErasure: z
      .enum(['nothing', 'delete'])
      .default('nothing')
      .describe(
        'With `mirror-out`: what happens at Square when a member is erased. `delete` writes our member id into the reference id of customers, where that is empty, finds the customer by it, sets the points to 0 and deletes the customer.',
      ),
    openAccounts: z
      .boolean()
      .default(false)
      .describe('With `mirror-out`: whether members without an account of Square Loyalty get one, where it is sold.'),
  }),
  // A list: while a key is replaced, deliveries on their way are signed with the old one.
  secret: z.object({
    signatureKeys: z
      .array(z.string().min(1))
      .min(1)
      .describe('Signature keys of the webhook subscription; while one is replaced, both.'),
    accessToken: z
      .string()
      .min(20)
      .describe(
        'Access token of the application, for this seller. Permissions: `ORDERS_READ`, `PAYMENTS_READ`, `CUSTOMERS_READ`, `MERCHANT_PROFILE_READ` unless `locationIds` is set, for Square Loyalty `LOYALTY_READ`, `LOYALTY_WRITE`, and for `onErasure` `CUSTOMERS_WRITE`.',
      ),
  }),
  limits: { concurrency: 3, timeoutSeconds: 8, batch: 1, perSecond: 8 },
});
