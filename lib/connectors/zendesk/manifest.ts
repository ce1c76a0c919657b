import * as z from 'zod';
import { defineManifest } from '../contract.ts';
import { standingFields } from '../kit/people.ts';

/** Zendesk signs with it what the test button sends before there is a webhook. Everybody knows it. */
const PUBLISHED_SECRET = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==';

export default defineManifest({
  id: 'zendesk',
  title: 'Zendesk',
  roles: ['source', 'sink', 'ticket'],
  // Of the events; the API has no younger one than v2.
  apiVersion: '2022-11-06',
  hears: ['zen:event-type:ticket.status_changed'],
  subscribes: true,
  shares: ['email', 'name', 'standing'],
  settings: z.strictObject({
    subdomain: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{1,62}$/, 'the first part of the address: acme of acme.zendesk.com')
      .describe('The first part of the address: `acme` of `acme.zendesk.com`.'),
    accountId: z
      .int()
      .positive()
      .optional()
      .describe('The account’s number, as it stands in `account_id` of its webhooks. Events of any other are refused.'),
    groupId: z.int().positive().optional().describe('The group that our tickets are for.'),
    earningTag: z
      .string()
      .regex(/^\S{1,100}$/, 'a tag: no blanks')
      .optional()
      .describe('Only tickets with this tag earn points when they are solved. Absent: all that we did not open.'),
    nameRequesters: z
      .boolean()
      .default(true)
      .describe('Whether a member who disputes something is the requester of the ticket, by e-mail address and name.'),
    userFields: standingFields(z.string().regex(/^[a-z0-9_]{1,100}$/i, 'the key of a user field'))
      .optional()
      .describe(
        'What agents see of a member’s standing, each in the user field of that key: any of `points`, `pending`, `held`, `lifetime`, `tier`, `visits`, `enrolledOn`, `nextExpiryOn`, `nextExpiryPoints`. Absent: nothing.',
      ),
    makeUsers: z
      .boolean()
      .default(false)
      .describe('Whether members whom Zendesk does not know become users, by e-mail address and name.'),
  }),
  secret: z.object({
    email: z.email().describe('E-mail address of the agent that the API token acts as.'),
    apiToken: z.string().min(20).describe('API token: Admin Center › Apps and integrations › APIs › API tokens.'),
    signingSecrets: z
      .array(
        z
          .string()
          .min(24)
          .refine((text) => text !== PUBLISHED_SECRET, 'the secret of Zendesk’s test button, which everybody knows'),
      )
      .default([])
      .describe('Signing secrets of the webhook; while one is reset, both. None: nothing is heard.'),
  }),
  // An account may ask 200 times a minute in the smallest plan.
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 1, perSecond: 2 },
});
