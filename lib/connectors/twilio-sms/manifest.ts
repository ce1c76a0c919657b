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
  secret: z
    .object({
      accountSid: z.string().startsWith('AC').describe('Account SID, `AC…`.'),
      authToken: z
        .string()
        .min(32)
        .describe('Auth token of the account: it signs webhooks, so an API key alone will not do.'),
      /** Accepted beside the first while the token is being rotated. */
      secondaryAuthToken: z.string().min(32).optional().describe('The other auth token, while it is being rotated.'),
      apiKeySid: z.string().startsWith('SK').optional().describe('SID of an API key, `SK…`, that calls are made with.'),
      apiKeySecret: z
        .string()
        .min(16)
        .optional()
        .describe('Its secret. Without a key, calls are made with the auth token.'),
    })
    .refine(({ apiKeySid, apiKeySecret }) => (apiKeySid === undefined) === (apiKeySecret === undefined), {
      path: ['apiKeySecret'],
      error: 'an API key has both, its SID and its secret',
    }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1 },
});
