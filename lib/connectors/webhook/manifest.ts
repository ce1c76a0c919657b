import * as z from 'zod';
import { defineManifest } from '../contract.ts';
import { decodeKey } from '../kit/standard-webhooks.ts';

const Key = z
  .string()
  .startsWith('whsec_')
  .refine((text) => decodeKey(text) !== undefined, 'whsec_ and base64 of 24 to 64 random bytes');

export default defineManifest({
  id: 'webhook',
  title: 'Webhook endpoint',
  roles: ['source', 'sink'],
  apiVersion: 'standard-webhooks/1.0.0',
  hears: ['order.paid', 'order.refunded', 'activity', 'member.updated'],
  settings: z.strictObject({
    endpoint: z
      .url({ protocol: /^https$/, error: 'an https:// address' })
      .describe('Where our events go: https, and on the public internet.'),
  }),
  secret: z.object({
    inboundKeys: z.array(Key).default([]).describe('Standard Webhooks keys (`whsec_…`) that senders sign with.'),
    inboundSecrets: z
      .array(z.string().min(24))
      .default([])
      .describe(
        'For senders that cannot sign: sent as `x-api-key`, as `Authorization: Bearer`, or as the password of Basic.',
      ),
    outboundKeys: z.array(Key).min(1).describe('Sign what we send: all of them, while one is being rotated.'),
  }),
  limits: { concurrency: 5, timeoutSeconds: 15, batch: 1 },
});
