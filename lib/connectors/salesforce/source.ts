import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context, RoleOf } from '../contract.ts';
import { WebhookRejected } from '../kit/errors.ts';
import { facts, minor } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read } from '../kit/read.ts';
import { verifySecret } from '../kit/webhook.ts';
import type manifest from './manifest.ts';

type Settings = Context<typeof manifest>['settings'];
type Draft = z.input<typeof Fact>;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings }) {
    const verified = verifySecret(request, request.headers['x-api-key'], secret.inboundSecrets);
    // A sandbox is a copy of the organization, with its Flows and perhaps its secrets.
    const organization = organizationIn(request.body);
    if (organization?.slice(0, ID_LENGTH) !== settings.organizationId.slice(0, ID_LENGTH))
      throw new WebhookRejected('the delivery is of another organization, or does not say of which');
    return verified;
  },

  translate(request, { settings }) {
    switch (read(Notice, request.body).type) {
      case 'opportunity.won':
        return facts([sale(read(Won, request.body), settings)]);
      case 'opportunity.reopened':
        return facts([reversal(read(Reopened, request.body), settings)]);
      case 'contact.changed':
        return facts(contact(read(Changed, request.body), settings));
      default:
        return [];
    }
  },
};

/** Salesforce writes an id with 15 characters, or with three more that follow from them. */
const ID_LENGTH = 15;
const Id = z
  .string()
  .regex(/^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$/)
  .transform((id) => id.slice(0, ID_LENGTH));
/** A Flow writes what is not there as null, or as nothing between quotes. */
const Absent = z.union([z.null(), z.literal('')]).transform(() => undefined);
const Text = z.union([Absent, z.string().max(320)]).optional();
const Reference = z.union([Absent, Id]).optional();

const Notice = z.object({ type: z.string() });
/** Formulas write `2026-11-20 10:00:00Z`, the API `…+0000`. */
const Time = z
  .string()
  .transform((text) => text.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  .pipe(z.iso.datetime({ offset: true }));
const notice = { eventId: z.string().min(1).max(60), occurredAt: Time };
const who = { contactId: Reference, memberId: Text, email: Text, phone: Text };

const Won = z.object({
  ...notice,
  ...who,
  opportunityId: Id,
  amount: z.union([z.string(), z.number().transform(String)]),
  currency: Text,
});
const Reopened = z.object({ ...notice, opportunityId: Id, currency: Text });
const Changed = z.object({ ...notice, ...who, contactId: Id, name: Text, byUserId: Reference });

function sale(body: z.output<typeof Won>, settings: Settings): Draft {
  const currency = body.currency ?? settings.currency;
  // Salesforce does not say what of it is tax.
  const amount = minor(body.amount, currency);
  return {
    type: 'sale',
    source: 'salesforce',
    factId: `salesforce:opportunity:${body.opportunityId}:won`,
    orderId: body.opportunityId,
    occurredAt: body.occurredAt,
    identities: whose(body),
    currency,
    netMinor: amount,
    grossMinor: amount,
    lines: [],
  };
}

const reversal = (body: z.output<typeof Reopened>, { currency }: Settings): Draft => ({
  type: 'refund',
  source: 'salesforce',
  factId: `salesforce:opportunity:${body.opportunityId}:reopened:${body.eventId}`,
  refundId: `reopened:${body.eventId}`,
  orderId: body.opportunityId,
  occurredAt: body.occurredAt,
  identities: [],
  currency: body.currency ?? currency,
  extent: { kind: 'everything' },
  reason: 'cancelled',
});

/** Our own changes come back, and most contacts are nobody's who has enrolled. */
function contact(body: z.output<typeof Changed>, { integrationUserId, enrolContacts }: Settings): Draft[] {
  const { byUserId, memberId, name } = body;
  if (byUserId !== undefined && byUserId === integrationUserId?.slice(0, ID_LENGTH)) return [];
  if (memberId === undefined && !enrolContacts) return [];
  return [
    {
      type: 'member',
      source: 'salesforce',
      factId: `salesforce:contact:${body.eventId}`,
      occurredAt: body.occurredAt,
      identities: whose(body),
      profile: { ...(name && { name: name.slice(0, 200) }) },
    },
  ];
}

const whose = ({ memberId, contactId, email, phone }: Partial<z.output<typeof Changed>>) =>
  identities([
    ['member', memberId],
    ['salesforce', contactId],
    ['email', email],
    ['phone', phone],
  ]);

/** Read before the shape is known, hence with care. */
function organizationIn(body: Buffer): string | undefined {
  try {
    const organization: unknown = JSON.parse(body.toString())?.organizationId;
    return typeof organization === 'string' ? organization : undefined;
  } catch {
    return undefined;
  }
}
