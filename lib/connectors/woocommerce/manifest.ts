import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'woocommerce',
  title: 'WooCommerce',
  roles: ['source', 'sink'],
  apiVersion: 'wc/v3',
  hears: ['order.created', 'order.updated', 'order.deleted', 'customer.created', 'customer.updated'],
  subscribes: true,
  // WooCommerce never sends a delivery twice: what is lost is found here, or nowhere.
  reconcile: { everyMinutes: 30, overlapMinutes: 15, lookBackDays: 3 },
  shares: ['standing', 'code'],
  settings: z.strictObject({
    site: z
      .string()
      .regex(/^https:\/\/[^/?#@\s]+(\/[^?#\s]*[^/?#\s])?$/, 'the shop’s https:// address, without a slash at its end')
      .describe('The shop’s address, such as `https://shop.example`, with the folder that WordPress lies in, if any.'),
    earnOn: z
      .array(z.string().regex(/^[a-z0-9-]{1,30}$/, 'a status as WooCommerce writes it: completed'))
      .min(1)
      .default(['completed'])
      .describe(
        'Orders in these states have earned. With `processing` they do once they are paid, before they are sent.',
      ),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'the shop’s currency as ISO 4217 writes it: EUR')
      .optional()
      .describe(
        'The shop’s currency. With it, an order that is deleted takes its points back: nothing but its number is told then. Leave it out where old orders are cleared away.',
      ),
    credentialsIn: z
      .enum(['header', 'query'])
      .default('header')
      .describe('`query` only for hosts that strip the Authorization header: addresses end up in logs more often.'),
  }),
  // A list: while a secret is replaced, deliveries on their way are signed with the old one.
  secret: z.object({
    webhookSecrets: z
      .array(z.string().regex(/^[A-Za-z0-9]{16,}$/, 'letters and digits only, 16 or more'))
      .min(1)
      .describe(
        'Sign what WooCommerce sends. Letters and digits only: WordPress changes some other characters. The first is given to WooCommerce.',
      ),
    consumerKey: z
      .string()
      .regex(/^ck_\w{8,}$/, 'a consumer key: ck_…')
      .describe('REST API key, Read/Write.'),
    consumerSecret: z
      .string()
      .regex(/^cs_\w{8,}$/, 'a consumer secret: cs_…')
      .describe('What is shown beside the key, once.'),
  }),
  // Many shops share a small server with their customers.
  limits: { concurrency: 2, timeoutSeconds: 15, batch: 1, perSecond: 4 },
});
