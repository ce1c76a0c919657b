import * as z from 'zod';
import { defineManifest } from '../contract.ts';

const Ref = z.string().min(1).max(255);

const Form = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, 'a form’s id, as in its address: lT4Z3j')
    .describe('As in the form’s address: `https://….typeform.com/to/lT4Z3j`.'),
  activity: z
    .enum(['survey', 'feedback', 'review'])
    .default('survey')
    .describe('What an answer to it counts as, for the program’s rules.'),
  once: z
    .enum(['member', 'response'])
    .default('member')
    .describe('`member`: a member earns for this form once, however often it is filled in. `response`: each time.'),
  emailRef: Ref.optional().describe(
    'The `ref` of the question that asks for the member’s e-mail; absent: the first e-mail question that was answered.',
  ),
  phoneRef: Ref.optional().describe(
    'The same for the phone number; absent: the first phone question that was answered.',
  ),
});

export default defineManifest({
  id: 'typeform',
  title: 'Typeform',
  roles: ['source'],
  // Typeform names no versions; this is the date of the pages that it was written by.
  apiVersion: '2026-11',
  hears: ['form_response'],
  subscribes: true,
  reconcile: { everyMinutes: 360, overlapMinutes: 60, lookBackDays: 3 },
  settings: z.strictObject({
    region: z
      .enum(['us', 'eu'])
      .default('us')
      .describe('`eu` for accounts whose data lie in Typeform’s European data centre.'),
    forms: z.array(Form).min(1).max(20).describe('The forms that count. Answers to any other are ignored.'),
  }),
  // A list: while a secret is replaced, answers on their way are signed with the old one.
  secret: z.object({
    webhookSecrets: z
      .array(z.string().min(16))
      .min(1)
      .describe('Sign what Typeform sends: at least 16 random characters. The first is given to Typeform.'),
    accessToken: z
      .string()
      .regex(/^tfp_\w+$/, 'a personal token: tfp_…')
      .optional()
      .describe(
        'Personal token. With it, webhooks are set up and lost answers made up for. Scopes: `webhooks:read`, `webhooks:write`, `responses:read`.',
      ),
    memberKeys: z
      .array(z.string().min(32))
      .default([])
      .describe(
        'Sign the member ids in links to a form, so that nobody answers in another’s name. While one is replaced, both.',
      ),
  }),
  // About two calls a second is what an account is said to bear.
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 1, perSecond: 2 },
});
