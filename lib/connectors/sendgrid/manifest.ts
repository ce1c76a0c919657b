import * as z from 'zod';
import { EventType } from '../../loyalty/events.ts';
import { defineManifest } from '../contract.ts';
import { publicKey } from '../kit/webhook.ts';

const Group = z.int().positive();

export default defineManifest({
  id: 'sendgrid',
  title: 'SendGrid',
  roles: ['source', 'channel', 'sink'],
  channel: 'email',
  apiVersion: 'v3',
  hears: [
    'processed',
    'deferred',
    'delivered',
    'open',
    'click',
    'bounce',
    'dropped',
    'spamreport',
    'unsubscribe',
    'group_unsubscribe',
    'group_resubscribe',
  ],
  shares: ['email', 'name', 'locale', 'standing'],
  settings: z
    .strictObject({
      from: z
        .strictObject({ email: z.email(), name: z.string().min(1).max(100) })
        .describe('Who writes: an address of a domain, or a single sender, that SendGrid has verified.'),
      replyTo: z.email().optional().describe('Where answers go, when not to the sender.'),
      groups: z
        .strictObject({
          marketing: Group.describe(
            'Unsubscribe group of offers. Needed: without one a reader can only leave everything.',
          ),
          transactional: Group.optional().describe('Unsubscribe group of what happened to points, if there is one.'),
        })
        .describe('Ids of unsubscribe groups (Suppressions → Unsubscribe Groups).'),
      templates: z
        .partialRecord(z.enum([...EventType.options, 'reply']), z.string().startsWith('d-'))
        .default({})
        .describe(
          'Dynamic templates by what a message is about: `{ "points.earned": "d-…" }`. They are given all values of the message, and its `text`, `subject` and `locale`. Else the e-mail is made here.',
        ),
      tracksReading: z
        .boolean()
        .default(false)
        .describe('Whether SendGrid puts a picture and its own links into e-mails, to see who opens and clicks.'),
      region: z.enum(['global', 'eu']).default('global').describe('`eu` for a subuser in the EU.'),
      contacts: z
        .strictObject({ listIds: z.array(z.uuid()).max(20).default([]) })
        .optional()
        .describe('Keeps members as contacts of Marketing Campaigns, for segments, and puts them on these lists.'),
    })
    .refine(({ region, contacts }) => region === 'global' || !contacts, {
      path: ['contacts'],
      error: 'SendGrid keeps contacts in its global region only: leave them out, or choose `region: "global"`',
    }),
  secret: z.object({
    apiKey: z
      .string()
      .startsWith('SG.')
      .min(20)
      .describe('API key with Mail Send and Unsubscribe Groups (read); for contacts Marketing, too.'),
    verificationKeys: z
      .array(z.string().refine((key) => publicKey(key) !== undefined, 'the verification key as SendGrid shows it'))
      .min(1)
      .describe('Verification key of the event webhook; two while it is being replaced.'),
  }),
  limits: { concurrency: 5, timeoutSeconds: 10, batch: 10 },
});
