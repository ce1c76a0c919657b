import * as z from 'zod';
import { defineManifest } from '../contract.ts';
import { standingFields } from '../kit/people.ts';

export default defineManifest({
  id: 'freshdesk',
  title: 'Freshdesk',
  roles: ['source', 'sink', 'alert', 'ticket'],
  apiVersion: 'v2',
  hears: ['ticket.resolved'],
  shares: ['email', 'phone', 'name', 'standing'],
  settings: z.strictObject({
    domain: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}\.freshdesk\.com$/, 'Freshdesk’s own host, such as acme.freshdesk.com')
      .describe('Freshdesk’s own host, such as `acme.freshdesk.com`; an address of your own does not do.'),
    caseField: z
      .string()
      .regex(/^cf_[a-z0-9_]{1,60}$/, 'the API name of a custom ticket field: cf_…')
      .describe('API name of a custom ticket field, a single line of text, in which tickets say what they are about.'),
    requesterEmail: z
      .email()
      .describe('Who asks where no member is named: an address of your own, since each ticket must have somebody.'),
    groupId: z.int().positive().optional().describe('The group that our tickets are for.'),
    earningTypes: z
      .array(z.string().min(1).max(100))
      .min(1)
      .optional()
      .describe('Only tickets of these types earn points when they are resolved. Absent: all that we did not open.'),
    nameRequesters: z
      .boolean()
      .default(true)
      .describe('Whether a member who disputes something is the requester of the ticket.'),
    notifyEmails: z
      .array(z.email())
      .min(1)
      .max(10)
      .optional()
      .describe(
        'Which of your agents are told by e-mail what staff should know. Absent: nobody is, there are tickets only.',
      ),
    contactFields: standingFields(z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'the API name of a contact field'))
      .optional()
      .describe(
        'What agents see of a member’s standing, each in the contact field of that API name: any of `points`, `pending`, `held`, `lifetime`, `tier`, `visits`, `enrolledOn`, `nextExpiryOn`, `nextExpiryPoints`. Absent: nothing.',
      ),
    makeContacts: z
      .boolean()
      .default(false)
      .describe('Whether members whom Freshdesk does not know become contacts, by name, e-mail address and number.'),
  }),
  secret: z.object({
    apiKey: z.string().min(10).describe('API key of the agent that we act as: Profile settings.'),
    webhookSecrets: z
      .array(z.string().min(24))
      .default([])
      .describe(
        'Texts of 24 or more random characters: the automation rule sends one in the header `x-stampbook-secret`. Two while one is replaced. None: nothing is heard.',
      ),
  }),
  // The smallest plan that is paid for allows 200 calls a minute, to all that asks it.
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 1, perSecond: 2 },
});
