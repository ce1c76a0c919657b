import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'twilio-sms',
  title: 'Twilio SMS',
  roles: ['source', 'channel'],
  channel: 'sms',
  apiVersion: '2010-04-01',
  hears: ['status callback', 'incoming message'],
  settings: z.strictObject({
    messagingServiceSid: z
      .string()
      .regex(/^MG[0-9a-f]{32}$/, 'a Messaging Service SID: MG and 32 hexadecimal digits')
      .describe('The Messaging Service that sends. Its incoming-message webhook leads to our address.'),
  }),
  secret: z.object({
    accountSid: z.string().startsWith('AC').describe('Account SID, `AC…`.'),
    authToken: z.string().min(32).describe('Auth token of the account: it signs webhooks, so an API key will not do.'),
    /** Accepted beside the first while the token is being rotated. */
    secondaryAuthToken: z.string().min(32).optional().describe('The other auth token, while it is being rotated.'),
  }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
