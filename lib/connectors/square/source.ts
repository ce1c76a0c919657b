import * as z from 'zod';
import type { RoleOf } from '../contract.ts';
import { WebhookRejected } from '../kit/errors.ts';
import { facts } from '../kit/facts.ts';
import { read } from '../kit/read.ts';
import { verifyHmac } from '../kit/webhook.ts';
import { openSquare } from './api.ts';
import { Customer, LoyaltyAccount, LoyaltyEvent, Payment, Refund } from './bodies.ts';
import { lookingUp } from './look-up.ts';
import { accountOf } from './loyalty.ts';
import type manifest from './manifest.ts';
import { moved, opened } from './mirror-in.ts';
import { reconcile } from './reconcile.ts';
import { refunded, sold } from './sales.ts';
import { subscribe } from './subscribe.ts';
import { customer } from './words.ts';

const Notice = z.object({ type: z.string() });
const holding = <Name extends string, Thing extends z.ZodType>(name: Name, thing: Thing) =>
  z.object({ data: z.object({ object: z.object({ [name]: thing } as Record<Name, Thing>) }) });

const bodies = {
  payment: holding('payment', Payment),
  refund: holding('refund', Refund),
  customer: holding('customer', Customer),
  account: holding('loyalty_account', LoyaltyAccount),
  event: holding('loyalty_event', LoyaltyEvent),
};

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings }) {
    const verified = verifyHmac(request, {
      keys: secret.signatureKeys,
      signed: [request.url, request.body],
      signature: request.headers['x-square-hmacsha256-signature'],
      algorithm: 'sha256',
      encoding: 'base64',
    });
    // One application, and so one key, may serve several sellers.
    if (sellerOf(request.body) !== settings.merchantId) throw new WebhookRejected('the event is of another seller');
    return verified;
  },

  async translate({ body }, context) {
    const { type } = read(Notice, body);
    const counts = context.settings.ledgerMode === 'mirror-in' ? 'theirs' : 'ours';
    switch (type) {
      case 'payment.created':
      case 'payment.updated': {
        const { payment } = read(bodies.payment, body).data.object;
        return counts === 'ours' ? facts(await sold(payment, context.settings, lookingUp(openSquare(context)))) : [];
      }
      case 'refund.created':
      case 'refund.updated': {
        const { refund } = read(bodies.refund, body).data.object;
        return counts === 'ours' ? facts(await refunded(refund, lookingUp(openSquare(context)))) : [];
      }
      case 'customer.created':
      case 'customer.updated':
        return facts([customer(read(bodies.customer, body).data.object.customer)]);
      case 'loyalty.account.created': {
        const { loyalty_account: account } = read(bodies.account, body).data.object;
        return counts === 'theirs' ? facts(opened(account)) : [];
      }
      // Our own writing comes back so too: where we count, none of it is news.
      case 'loyalty.event.created': {
        const { loyalty_event: event } = read(bodies.event, body).data.object;
        return counts === 'theirs' ? facts(await moved(event, (id) => accountOf(id, openSquare(context)))) : [];
      }
      default:
        return [];
    }
  },

  subscribe,
  reconcile,
};

/** Read before the shape is known, hence with care: what is no JSON object is nobody’s. */
function sellerOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())?.merchant_id;
  } catch {
    return undefined;
  }
}
