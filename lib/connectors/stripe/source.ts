import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts, found } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { nationalPhone } from '../kit/national-phone.ts';
import { read, shape } from '../kit/read.ts';
import { verifyHmac, withinTolerance } from '../kit/webhook.ts';
import { CheckoutSession, CustomerEvent, Dispute, Notice, PaymentIntent, Refund } from './bodies.ts';
import { minorOf } from './currency.ts';
import manifest from './manifest.ts';
import { endpoints, eventsSince } from './read-back.ts';

type Draft = z.input<typeof Fact>;
type Settings = z.output<typeof manifest.settings>;
const TOLERANCE_SECONDS = 300;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings, now }) {
    const { timestamp, signatures } = parts(request.headers['stripe-signature']);
    withinTolerance(timestamp, now, TOLERANCE_SECONDS);
    const verified = verifyHmac(request, {
      keys: secret.webhookSecrets,
      signed: [`${timestamp}.`, request.body],
      signature: signatures,
      algorithm: 'sha256',
      encoding: 'hex',
    });
    // A platform's endpoint hears of all its connected accounts, with one secret.
    if (accountOf(request.body) !== settings.account) throw new WebhookRejected('the event is of another account');
    return verified;
  },

  translate: (request, { settings }) => told(read(z.unknown(), request.body), settings),

  /** Made by the merchant, since Stripe shows the signing secret once, to whoever makes it; looked at by us. */
  async subscribe(hookUrl, context) {
    const wanted = manifest.hears.filter((type) => !EARNING.has(type) || earns(type, context.settings));
    const ours = (await endpoints(context)).filter(({ url }) => url === hookUrl);
    const [endpoint] = ours.toSorted((a, b) => Number(b.status === 'enabled') - Number(a.status === 'enabled'));
    if (!endpoint) return [`Stripe has no webhook endpoint for ${hookUrl}: make one, for ${wanted.join(', ')}`];
    const { status, enabled_events: events, api_version: version } = endpoint;
    const missing = events.includes('*') ? [] : wanted.filter((type) => !events.includes(type));
    return [
      ...(status === 'enabled' ? [] : [`Stripe’s webhook endpoint is ${status}: enable it`]),
      ...(missing.length > 0 ? [`Stripe’s webhook endpoint does not send ${missing.join(', ')}: add them`] : []),
      ...(version === manifest.apiVersion
        ? []
        : [
            `Stripe’s webhook endpoint sends version ${version ?? 'of the account'}: make one of ${manifest.apiVersion}`,
          ]),
    ];
  },

  /** Stripe keeps events for 30 days, newest first. */
  async reconcile(since, context, after) {
    const { data, has_more: more } = await eventsSince(since, context, after);
    const last = data.at(-1);
    return {
      ...(await found(
        data,
        (event) => told(event, context.settings),
        ({ id }) => id,
      )),
      ...(more && last && { next: last.id }),
    };
  },
};

/** Which of the events of one sale earns. A bank debit is completed first and paid days later, by an event of its own. */
const EARNING: ReadonlyMap<string, Settings['accrueOn']> = new Map([
  ['payment_intent.succeeded', 'payment_intent.succeeded'],
  ['checkout.session.completed', 'checkout.session.completed'],
  ['checkout.session.async_payment_succeeded', 'checkout.session.completed'],
]);
const earns = (type: string, { accrueOn }: Settings): boolean => EARNING.get(type) === accrueOn;

/** An event in our words, whether it was sent or looked up. */
function told(event: unknown, settings: Settings): readonly Fact[] {
  const notice = shape(Notice, event);
  if (notice.object !== 'event') return [];
  switch (notice.type) {
    case 'payment_intent.succeeded':
      return earns(notice.type, settings) ? facts([payment(shape(PaymentIntent, event).data.object)]) : [];
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return earns(notice.type, settings) ? facts(checkout(shape(CheckoutSession, event).data.object)) : [];
    case 'refund.created':
    case 'refund.updated':
      return facts(refund(shape(Refund, event).data.object));
    case 'charge.dispute.closed':
      return facts(dispute(shape(Dispute, event).data.object));
    case 'customer.created':
    case 'customer.updated':
      return facts(customer(shape(CustomerEvent, event), settings));
    default:
      return [];
  }
}

/** `t=1700000000,v1=<hex>,v1=<hex>,v0=…`: any v1 may be ours, v0 is a toy. */
function parts(header = '') {
  const entries = header.split(',').map((entry) => entry.split('=', 2) as [string, string?]);
  const times = entries.flatMap(([name, value = '']) =>
    name === 't' && /^\d{1,12}$/.test(value) ? [Number(value)] : [],
  );
  const [timestamp] = times;
  if (timestamp === undefined || times.length > 1) throw new WebhookRejected('the signature names no time');
  return { timestamp, signatures: entries.flatMap(([name, value]) => (name === 'v1' && value ? [value] : [])) };
}

/** Read before the shape is known, hence with care: what is no JSON object has no account. */
function accountOf(body: Buffer): string | undefined {
  try {
    const account: unknown = JSON.parse(body.toString())?.account;
    return typeof account === 'string' ? account : undefined;
  } catch {
    return undefined;
  }
}

type Of<Schema extends z.ZodType<{ data: { object: unknown } }>> = z.output<Schema>['data']['object'];

/** A payment tells only the total that was paid: tax and shipping are inside, a tip is known where the terminal asked for one. */
function payment(intent: Of<typeof PaymentIntent>): Draft {
  const tip = intent.amount_details?.tip?.amount ?? 0;
  const amount = minorOf(Math.max(0, intent.amount_received - tip), intent.currency);
  return {
    ...noted(intent.metadata),
    type: 'sale',
    source: 'stripe',
    factId: `stripe:pi:${intent.id}`,
    orderId: intent.id,
    // Of the object and not of the event: two events about one payment must say the same.
    occurredAt: intent.created,
    currency: intent.currency,
    netMinor: amount,
    grossMinor: amount,
    paidMinor: minorOf(intent.amount_received, intent.currency),
    lines: [],
    identities: identities([
      ['member', intent.metadata?.member_id],
      ['stripe', intent.customer],
      ['email', intent.receipt_email],
    ]),
  };
}

function checkout(session: Of<typeof CheckoutSession>): Draft[] {
  if (session.payment_status !== 'paid') return [];
  const { amount_total: paid, currency } = session;
  if (paid === null || currency === null) throw new Permanent('a paid session without an amount');
  // A subscription's session has no payment intent.
  const orderId = session.payment_intent ?? session.id;
  const goods = Math.max(0, paid - (session.total_details?.amount_shipping ?? 0));
  return [
    {
      ...noted(session.metadata),
      type: 'sale',
      source: 'stripe',
      factId: `stripe:pi:${orderId}`,
      orderId,
      occurredAt: session.created,
      currency,
      netMinor: minorOf(Math.max(0, goods - (session.total_details?.amount_tax ?? 0)), currency),
      grossMinor: minorOf(goods, currency),
      paidMinor: minorOf(paid, currency),
      lines: [],
      identities: identities(
        [
          ['member', session.metadata?.member_id],
          ['member', session.client_reference_id],
          ['stripe', session.customer],
          ['email', session.customer_details?.email],
          ['phone', session.customer_details?.phone],
          ['email', session.customer_email],
        ],
        nationalPhone(session.customer_details?.address?.country),
      ),
    },
  ];
}

/** What a merchant's own code may write into the metadata of a payment. */
const noted = (metadata: Record<string, string> | null | undefined) => ({
  ...(metadata?.location_id && { locationId: metadata.location_id }),
  ...(metadata?.redemption_id && { redemptionId: metadata.redemption_id }),
});

function refund(body: Of<typeof Refund>): Draft[] {
  // Pending ones come again when they are through; failed ones never gave anything back.
  if (body.status !== 'succeeded') return [];
  const amount = minorOf(body.amount, body.currency);
  if (amount === 0) return [];
  return [
    {
      ...reversal(body, body.charge),
      factId: `stripe:re:${body.id}`,
      extent: { kind: 'amount', grossMinor: amount },
      reason: 'return',
    },
  ];
}

/** Shops make a customer of whoever pays: not each of them has asked to be a member. */
function customer(event: z.output<typeof CustomerEvent>, { enrolCustomers }: Settings): Draft[] {
  const { id, name, email, phone, address, metadata } = event.data.object;
  if (!metadata?.member_id && !enrolCustomers) return [];
  return [
    {
      type: 'member',
      source: 'stripe',
      // Each change is a thing of its own that happened.
      factId: `stripe:customer:${id}:${event.id}`,
      occurredAt: event.created,
      identities: identities(
        [
          ['member', metadata?.member_id],
          ['stripe', id],
          ['email', email],
          ['phone', phone],
        ],
        nationalPhone(address?.country),
      ),
      profile: name ? { name: name.slice(0, 200) } : {},
    },
  ];
}

function dispute(body: Of<typeof Dispute>): Draft[] {
  if (body.status !== 'lost') return [];
  const amount = minorOf(body.amount, body.currency);
  const charge = typeof body.charge === 'string' ? { id: body.charge } : body.charge;
  // How much the charge was is known only where the merchant has it expanded.
  const whole = 'amount' in charge && body.amount >= charge.amount;
  return [
    {
      ...reversal(body, charge.id),
      factId: `stripe:dp:${body.id}`,
      extent: whole ? { kind: 'everything' } : { kind: 'amount', grossMinor: amount },
      reason: 'chargeback',
    },
  ];
}

function reversal(
  body: { id: string; payment_intent?: string | null | undefined; currency: string; created: string },
  charge: string | null | undefined,
) {
  const orderId = body.payment_intent ?? charge;
  if (!orderId) throw new Permanent('neither a payment intent nor a charge is named');
  return {
    type: 'refund' as const,
    source: 'stripe',
    refundId: body.id,
    orderId,
    occurredAt: body.created,
    currency: body.currency,
    identities: [],
  };
}
