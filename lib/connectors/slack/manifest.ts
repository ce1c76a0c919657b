import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: 'slack',
  title: 'Slack',
  roles: ['alert'],
  apiVersion: 'incoming-webhooks',
  settings: z.strictObject({}),
  // The address is the credential.
  secret: z.object({
    webhookUrl: z
      .url({ protocol: /^https$/, hostname: /(^|\.)slack(-gov)?\.com$/ })
      .describe(
        'Address of an incoming webhook of a Slack app, `https://hooks.slack.com/services/…`. It names the channel, and whoever has it can post.',
      ),
  }),
  // An address takes about one message a second; more of them only wait for each other.
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 1, perSecond: 1 },
});
