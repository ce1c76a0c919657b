import * as z from 'zod';
import { defineManifest } from '../contract.ts';

const Digits = z.string().regex(/^\d{5,25}$/, 'digits only, as WhatsApp Manager shows it');

export default defineManifest({
  id: 'whatsapp',
  title: 'WhatsApp',
  roles: ['source', 'channel'],
  channel: 'whatsapp',
  apiVersion: 'v26.0',
  hears: ['messages', 'user_preferences'],
  subscribes: true,
  settings: z.strictObject({
    phoneNumberId: Digits.describe('Phone number ID of the sender: an id of Meta’s, not the number itself.'),
    businessAccountId: Digits.describe('ID of the WhatsApp Business Account that the number belongs to.'),
    languages: z
      .record(z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/), z.string().regex(/^[a-z]{2,3}(_[A-Za-z]{2,4})?$/))
      .default({})
      .describe(
        'Which language code the templates have for a locale, where it is another: `{ en: "en_US" }`. Else `pt-BR` is `pt_BR`.',
      ),
    version: z
      .string()
      .regex(/^v\d{2}\.0$/, 'a version of the Graph API: v26.0')
      .default('v26.0')
      .describe('Version of the Graph API.'),
  }),
  secret: z.object({
    accessToken: z
      .string()
      .min(20)
      .describe('Token of a system user with `whatsapp_business_messaging` and `whatsapp_business_management`.'),
    appSecrets: z
      .array(z.string().min(16))
      .min(1)
      .describe('App secret of the Meta app, which signs webhooks; two while it is being rotated.'),
    verifyToken: z
      .string()
      .min(16)
      .max(200)
      .describe('A random text of your own: Meta repeats it when it looks whether our address is ours.'),
  }),
  // A number may send 80 a second, and 20 where the merchant's staff use the app on it, too.
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 1, perSecond: 20 },
});
