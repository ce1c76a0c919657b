import * as z from 'zod';
import type { EventType } from '../../loyalty/events.ts';
import { Currency } from '../../loyalty/money.ts';
import { defineManifest } from '../contract.ts';

const properties = [
  'points',
  'points_pending',
  'points_held',
  'points_lifetime',
  'tier',
  'visits',
  'enrolled_on',
  'next_expiry_on',
  'next_expiry_points',
] as const;

/** What is worth a line in a contact's history. Their names alone: the shapes of all events would be a part of each bundle. */
const tellable = [
  'member.enrolled',
  'points.earned',
  'points.activated',
  'points.adjusted',
  'points.gifted',
  'points.redeemed',
  'points.reversed',
  'points.expiring',
  'points.expired',
  'milestone.reached',
  'birthday',
  'anniversary',
  'reward.unlocked',
  'reward.redeemed',
  'tier.changed',
  'referral.completed',
  'member.inactive',
] as const satisfies readonly EventType[];

const EventName = z
  .string()
  .regex(/^pe\d+_\w{1,100}$/, 'a full event name, such as "pe62515_points_earned"')
  .optional();
const eventNames = Object.fromEntries(tellable.map((type) => [type, EventName])) as Record<
  (typeof tellable)[number],
  typeof EventName
>;

const isTimeZone = (zone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format() !== '';
  } catch {
    return false;
  }
};

export default defineManifest({
  id: 'hubspot',
  title: 'HubSpot',
  roles: ['sink', 'source'],
  // Each version lives eighteen months.
  apiVersion: '2026-03',
  hears: [
    'deal.creation',
    'deal.propertyChange',
    'contact.creation',
    'contact.propertyChange',
    'object.creation',
    'object.propertyChange',
    'workflow',
  ],
  reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 },
  shares: ['email', 'phone', 'name', 'standing'],
  settings: z.strictObject({
    portalId: z
      .string()
      .regex(/^\d{1,20}$/, 'the HubSpot account’s number, such as "62515"')
      .describe('The account’s own number (Hub ID). Deliveries of any other account are refused.'),
    currency: Currency.describe('The account’s own currency: that of deals that name none.'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'a time zone, such as "Europe/Berlin"')
      .default('UTC')
      .describe('The account’s time zone: at its midnight the daily limit of calls begins anew.'),
    wonStages: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(50)
      .default(['closedwon'])
      .describe('Internal ids of the deal stages that count as won, of all pipelines.'),
    enrolContacts: z
      .boolean()
      .default(false)
      .describe(
        'Whether a contact that is no member becomes one. Otherwise only the contacts of members are heard of.',
      ),
    prefix: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,40}$/, 'small letters, digits and _, such as "loyalty_"')
      .default('loyalty_')
      .describe('What the names of our contact properties begin with.'),
    properties: z
      .array(z.enum(properties))
      .max(properties.length)
      .default([...properties])
      .describe('Which contact properties are kept, without the prefix. Each has to be made in HubSpot first.'),
    events: z
      .strictObject(eventNames)
      .default({})
      .describe(
        'Custom events (Enterprise), by ours: `"points.earned": "pe62515_points_earned"`. None: none are sent.',
      ),
    onErasure: z
      .enum(['delete', 'unlink'])
      .default('delete')
      .describe(
        'When a member is erased: `delete` the contact for good, as HubSpot does on a request of privacy, or `unlink`: only what we have written of points goes.',
      ),
  }),
  secret: z.object({
    serviceKey: z
      .string()
      .min(20)
      .describe(
        'Service key (Development › Keys). Scopes: `crm.objects.contacts.read`, `crm.objects.contacts.write`, `crm.objects.deals.read`; with custom events `behavioral-events-ingestion`.',
      ),
    clientSecrets: z
      .array(z.string().min(16))
      .default([])
      .describe(
        'Client secret of the app whose webhooks we hear; while it is rotated, both. Not needed for workflows.',
      ),
    inboundSecrets: z
      .array(z.string().min(24))
      .default([])
      .describe('For webhooks of workflows: sent as `x-api-key`; 24 random characters or more.'),
  }),
  // An account without a paid hub may call 100 times in ten seconds.
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 10, perSecond: 9 },
});
