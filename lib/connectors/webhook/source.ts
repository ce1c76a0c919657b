import type * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { RoleOf } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts, minor, total } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read } from '../kit/read.ts';
import { claimsStandard, verifyStandard } from '../kit/standard-webhooks.ts';
import { type RawRequest, verifySecret } from '../kit/webhook.ts';
import { type Body, type BodyType, bodies, Notice } from './bodies.ts';
import type manifest from './manifest.ts';

type Draft = z.input<typeof Fact>;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify: (request, { secret, now }) =>
    claimsStandard(request)
      ? verifyStandard(request, secret.inboundKeys, now)
      : verifySecret(request, presented(request), secret.inboundSecrets),

  translate(request) {
    const notice = read(Notice, request.body);
    if (!isKnown(notice.type)) return [];
    // Nothing else tells a repetition from a second one of the same.
    const messageId = request.headers['webhook-id'] ?? notice.id;
    if (!messageId) throw new Permanent('the message has no id: neither a webhook-id header nor an id in the body');
    switch (notice.type) {
      case 'order.paid':
        return facts([paid(read(bodies['order.paid'], request.body))]);
      case 'order.refunded':
        return facts([refunded(read(bodies['order.refunded'], request.body))]);
      case 'activity':
        return facts([activity(read(bodies.activity, request.body), messageId)]);
      case 'member.updated':
        return facts([member(read(bodies['member.updated'], request.body), messageId)]);
    }
  },
};

const isKnown = (type: string): type is BodyType => Object.hasOwn(bodies, type);

/** The static secret, in one of the places where senders can put one. */
function presented({ headers }: RawRequest): string | undefined {
  if (headers['x-api-key']) return headers['x-api-key'];
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString();
  return decoded.slice(decoded.indexOf(':') + 1);
}

function paid({ timestamp, data: { order, customer, ...place } }: Body<'order.paid'>): Draft {
  const amounts = sums(order);
  if (!amounts) throw new Permanent('the order has no total');
  const lines = linesOf(order);
  if (
    lines.length > 0 &&
    (total(lines.map((line) => line.netMinor)) !== amounts.netMinor ||
      total(lines.map((line) => line.grossMinor)) !== amounts.grossMinor)
  ) {
    throw new Permanent('the lines do not add up to the order’s total and net');
  }
  return {
    type: 'sale',
    source: 'webhook',
    factId: `webhook:order:${order.id}:paid`,
    orderId: order.id,
    occurredAt: timestamp,
    identities: whose(customer),
    currency: order.currency,
    ...amounts,
    lines,
    ...where(place),
    ...(order.redemption && { redemptionId: order.redemption }),
  };
}

function refunded({ timestamp, data: { order, customer, staff } }: Body<'order.refunded'>): Draft {
  const lines = linesOf(order).map(({ id, netMinor, grossMinor }) => ({ id, netMinor, grossMinor }));
  const amounts = sums(order);
  return {
    type: 'refund',
    source: 'webhook',
    factId: `webhook:refund:${order.id}`,
    refundId: order.id,
    orderId: order.refund_of,
    occurredAt: timestamp,
    identities: whose(customer),
    currency: order.currency,
    extent:
      lines.length > 0 ? { kind: 'lines', lines } : amounts ? { kind: 'amount', ...amounts } : { kind: 'everything' },
    reason: order.reason ?? 'return',
    ...(staff && { staffId: staff }),
  };
}

function activity({ timestamp, data }: Body<'activity'>, messageId: string): Draft {
  const activityId = data.activity.id ?? messageId;
  return {
    type: 'activity',
    source: 'webhook',
    factId: `webhook:${data.activity.kind}:${activityId}`,
    activity: data.activity.kind,
    activityId,
    occurredAt: timestamp,
    identities: whose(data.customer),
    ...(data.location && { locationId: data.location }),
  };
}

function member({ timestamp, data: { customer, profile } }: Body<'member.updated'>, messageId: string): Draft {
  return {
    type: 'member',
    source: 'webhook',
    factId: `webhook:member:${messageId}`,
    occurredAt: timestamp,
    identities: whose(customer),
    profile: {
      ...(profile?.name && { name: profile.name }),
      ...(profile?.locale && { locale: profile.locale }),
      ...(profile?.birthday && { birthday: profile.birthday }),
    },
  };
}

type Customer = NonNullable<Body<'order.paid'>['data']['customer']>;

const whose = (customer: Customer | null | undefined) =>
  identities([
    ['member', customer?.member],
    ['card', customer?.card],
    ['webhook', customer?.id],
    ['email', customer?.email],
    ['phone', customer?.phone],
  ]);

const where = ({ location, staff }: { location?: string | null | undefined; staff?: string | null | undefined }) => ({
  ...(location && { locationId: location }),
  ...(staff && { staffId: staff }),
});

interface Priced {
  readonly total?: string | null | undefined;
  readonly net?: string | null | undefined;
}

function sums({ currency, total: gross, net }: Priced & { currency: string }) {
  if (gross === null || gross === undefined) return undefined;
  return { netMinor: minor(net ?? gross, currency), grossMinor: minor(gross, currency) };
}

const linesOf = ({ currency, lines }: Pick<Body<'order.paid'>['data']['order'], 'currency' | 'lines'>) =>
  (lines ?? []).map(
    ({ id, sku, category, tags, quantity, total: gross, net, list_total: list, list_net: listNet }) => ({
      id,
      ...(sku && { sku }),
      ...(category && { category }),
      ...(tags && { tags }),
      quantity,
      netMinor: minor(net ?? gross, currency),
      grossMinor: minor(gross, currency),
      ...(list && { listNetMinor: minor(listNet ?? list, currency), listGrossMinor: minor(list, currency) }),
    }),
  );
