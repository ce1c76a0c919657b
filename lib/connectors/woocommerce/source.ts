import type { Fact } from '../../loyalty/facts.ts';
import type { Context, RoleOf } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts } from '../kit/facts.ts';
import { read } from '../kit/read.ts';
import { type RawRequest, type Reply, verifyHmac } from '../kit/webhook.ts';
import { openWooCommerce } from './api.ts';
import { Customer, Deleted, Order } from './bodies.ts';
import type manifest from './manifest.ts';
import { reconcile } from './reconcile.ts';
import { refundsOf } from './refunds.ts';
import { subscribe } from './subscribe.ts';
import { customer, deleted, ordered } from './words.ts';

export const source: RoleOf<typeof manifest, 'source'> = {
  verify: (request, { secret }) =>
    verifyHmac(request, {
      keys: secret.webhookSecrets,
      signed: [request.body],
      signature: request.headers['x-wc-webhook-signature'],
      algorithm: 'sha256',
      encoding: 'base64',
    }),

  translate: async ({ headers, body }, context: Context<typeof manifest>): Promise<readonly Fact[]> => {
    const { settings, now } = context;
    const topic = headers['x-wc-webhook-topic'];
    if (topic === undefined) throw new Permanent('the delivery has no topic');
    switch (topic) {
      case 'order.created':
      case 'order.updated':
        return facts(await ordered(read(Order, body), settings, (id) => refundsOf(id, openWooCommerce(context))));
      case 'order.deleted':
        return settings.currency ? facts(deleted(read(Deleted, body).id, now, settings.currency)) : [];
      case 'customer.created':
      case 'customer.updated':
        return facts([customer(read(Customer, body))]);
      default:
        return [];
    }
  },

  handshake: (request) => (isPing(request) ? OK : undefined),

  subscribe,
  reconcile,
};

const OK: Reply = { status: 200, body: '', contentType: 'text/plain' };

/** A webhook is only activated when this was answered with 200. It is not signed, and tells nothing. */
const isPing = ({ method, headers, body }: RawRequest): boolean =>
  method === 'POST' &&
  headers['x-wc-webhook-topic'] === undefined &&
  headers['x-wc-webhook-signature'] === undefined &&
  body.length < 40 &&
  /^webhook_id=\d{1,20}$/.test(body.toString());
