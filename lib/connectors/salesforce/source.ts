import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context, RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts, factsOfEach, minor } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read, shape } from '../kit/read.ts';
import { type RawRequest, verifySecret } from '../kit/webhook.ts';
import manifest from './manifest.ts';
import { answerTo, isOutboundMessage, noticeOf, outboundMessageIn } from './outbound-message.ts';

type Settings = Context<typeof manifest>['settings'];
type Draft = z.input<typeof Fact>;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings }) {
    const verified = verifySecret(request, secretIn(request), secret.inboundSecrets);
    // A sandbox is a copy of the organization, with its Flows and perhaps its secrets.
    if (organizationIn(request)?.slice(0, ID_LENGTH) !== settings.organizationId.slice(0, ID_LENGTH))
      throw new WebhookRejected('the delivery is of another organization, or does not say of which');
    return verified;
  },

  translate(request, { settings }) {
    if (!isOutboundMessage(request)) return told(read(z.unknown(), request.body), settings);
    const message = outboundMessageIn(request.body);
    if (!message) throw new Permanent('the body is not an Outbound Message');
    const about = new URL(request.url).searchParams.get('about') ?? '';
    if (!ABOUT.has(about)) throw new Permanent('the address does not say what the Outbound Message is about');
    return factsOfEach(message.notifications, (one) => {
      const notice = noticeOf(one, about, settings);
      return notice ? told(notice, settings) : [];
    });
  },

  answer: (request, status) => (isOutboundMessage(request) ? answerTo(status) : undefined),
};

/** Stands in the address, since no field of the message could say it. */
const ABOUT: ReadonlySet<string> = new Set(manifest.hears);

/** An Outbound Message bears no header of the merchant's. */
const secretIn = (request: RawRequest): string | undefined =>
  isOutboundMessage(request)
    ? (new URL(request.url).searchParams.get('key') ?? undefined)
    : request.headers['x-api-key'];

function told(body: unknown, settings: Settings): readonly Fact[] {
  switch (shape(Notice, body).type) {
    case 'opportunity.won':
      return facts([sale(shape(Won, body), settings)]);
    case 'opportunity.reopened':
      return facts([reversal(shape(Reopened, body), settings)]);
    case 'contact.changed':
      return facts(contact(shape(Changed, body), settings));
    default:
      return [];
  }
}

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
function organizationIn(request: RawRequest): string | undefined {
  if (isOutboundMessage(request)) return outboundMessageIn(request.body)?.organizationId;
  try {
    const organization: unknown = JSON.parse(request.body.toString())?.organizationId;
    return typeof organization === 'string' ? organization : undefined;
  } catch {
    return undefined;
  }
}
