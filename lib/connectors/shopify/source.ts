import type { RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts } from '../kit/facts.ts';
import { read } from '../kit/read.ts';
import { type RawRequest, verifyHmac } from '../kit/webhook.ts';
import { Customer, Order, Refund } from './bodies.ts';
import type manifest from './manifest.ts';
import { reconcile } from './reconcile.ts';
import { subscribe } from './subscribe.ts';
import { cancelled, customer, paid, refunded } from './words.ts';

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings }) {
    const verified = verifyHmac(request, {
      keys: secret.webhookSecrets,
      signed: [request.body],
      signature: header(request, 'hmac-sha256'),
      algorithm: 'sha256',
      encoding: 'base64',
    });
    // One app, and so one secret, may serve several shops: without this a sister shop's sale would earn points here.
    if (header(request, 'shop-domain')?.toLowerCase() !== settings.shop)
      throw new WebhookRejected('the delivery is for another shop');
    return verified;
  },

  translate(request) {
    const topic = header(request, 'topic');
    if (topic === undefined) throw new Permanent('the delivery has no topic');
    switch (topic.toLowerCase()) {
      case 'orders/paid':
        return facts(paid(read(Order, request.body)));
      case 'orders/cancelled':
        return facts(cancelled(read(Order, request.body)));
      case 'refunds/create':
        return facts(refunded(read(Refund, request.body)));
      case 'customers/create':
      case 'customers/update':
        return facts([customer(read(Customer, request.body))]);
      default:
        return [];
    }
  },

  subscribe,
  reconcile,
};

/** Classic webhooks write `X-Shopify-Topic`, the newer events `shopify-topic`. */
const header = ({ headers }: RawRequest, name: string): string | undefined =>
  headers[`x-shopify-${name}`] ?? headers[`shopify-${name}`];
