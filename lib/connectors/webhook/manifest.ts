import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'webhook',
  title: 'Webhook endpoint',
  roles: ['source', 'sink'],
  apiVersion: 'standard-webhooks/1.0.0',
  settings: z.strictObject({
    /** Where our events go. */
    endpoint: z.url({ protocol: /^https$/, error: 'an https:// address' }),
  }),
  secret: z.object({
    /** Standard Webhooks keys (`whsec_…`) that senders sign with. */
    inboundKeys: z.array(z.string().startsWith('whsec_')).default([]),
    /** For senders that cannot sign: sent as `x-api-key` or `Authorization: Bearer`. */
    inboundSecrets: z.array(z.string().min(24)).default([]),
    /** The first signs what we send; while rotating, all do. */
    outboundKeys: z.array(z.string().startsWith('whsec_')).min(1),
  }),
  limits: { concurrency: 5, timeoutSeconds: 15, batch: 1 },
});
