import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'twilio-sms',
  title: 'Twilio SMS',
  roles: ['source', 'channel'],
  channel: 'sms',
  apiVersion: '2010-04-01',
  settings: z.strictObject({ messagingServiceSid: z.string().regex(/^MG[0-9a-f]{32}$/, 'a Messaging Service SID: MG and 32 hexadecimal digits') }),
  secret: z.object({
    accountSid: z.string().startsWith('AC'),
    authToken: z.string().min(32),
    /** Accepted beside the first while the token is being rotated. */
    secondaryAuthToken: z.string().min(32).optional(),
  }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
