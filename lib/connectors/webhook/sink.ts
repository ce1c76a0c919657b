import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Receipt, RoleOf } from '../contract.ts';
import { Gone, Transient } from '../kit/errors.ts';
import { ask, discard, retryAfter } from '../kit/http.ts';
import { assertPublicHttps } from '../kit/public-address.ts';
import { signStandard } from '../kit/standard-webhooks.ts';
import type manifest from './manifest.ts';

export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, { settings, secret, fetch, now }) {
    const { href } = assertPublicHttps(settings.endpoint);
    const receipts: Receipt[] = [];
    for (const { event } of told) {
      const id = messageId(event);
      const body = JSON.stringify(tell(event));
      const response = await ask(
        fetch,
        href,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...signStandard({ id, at: now, body }, secret.outboundKeys) },
          body,
        },
        // The receiver knows a repetition by its webhook-id.
        { vendor: 'the endpoint', now, repeatable: true },
      );
      await discard(response);
      if (response.status === 410) throw new Gone('the endpoint answered 410: it wants no more events');
      // Everything else may be mended at the other end while we try again: a wrong path, a redirect, a key.
      if (!response.ok) {
        throw new Transient(`the endpoint answered ${response.status}`, {
          retryAfterSeconds: retryAfter(response.headers, now),
        });
      }
      receipts.push({ vendorId: id });
    }
    return receipts;
  },
};

/** The event's own id, the same on every attempt; dots are what the signature separates by. */
const messageId = ({ id }: LoyaltyEvent): string => `msg_${id.replaceAll('.', '_')}`;

/** Ids and numbers, not dossiers: who wants a name asks the API. */
const tell = ({ type, occurredAt, data, id, memberId, entryId, balance, tier }: LoyaltyEvent) => ({
  type,
  timestamp: occurredAt,
  data: { ...data, eventId: id, memberId, entryId, balance, tier },
});
