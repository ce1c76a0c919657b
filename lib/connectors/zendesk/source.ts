import * as z from 'zod';
import type { Identity } from '../../loyalty/facts.ts';
import type { RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { NotThere } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { decisionIn, isOurs } from '../kit/support-desk.ts';
import { verifyHmac, withinTolerance } from '../kit/webhook.ts';
import { openZendesk, type ZendeskContext } from './api.ts';
import manifest from './manifest.ts';
import { subscribe } from './subscribe.ts';

/** Zendesk names none. */
const TOLERANCE_SECONDS = 300;
const [STATUS_CHANGED] = manifest.hears;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings, now }) {
    const stamp = request.headers['x-zendesk-webhook-signature-timestamp'] ?? '';
    withinTolerance(Math.floor(Date.parse(stamp) / 1000), now, TOLERANCE_SECONDS);
    const verified = verifyHmac(request, {
      // As it is shown, though it looks like base64.
      keys: secret.signingSecrets,
      signed: [stamp, request.body],
      signature: request.headers['x-zendesk-webhook-signature'],
      algorithm: 'sha256',
      encoding: 'base64',
    });
    if (settings.accountId !== undefined && accountOf(request.body) !== settings.accountId)
      throw new WebhookRejected('the event is of another account');
    return verified;
  },

  async translate(request, context) {
    if (read(Notice, request.body).type !== STATUS_CHANGED) return [];
    const { detail, event, time } = read(StatusChanged, request.body);
    // Closed follows days later by itself, or at once for what was merged into another ticket: neither is news.
    if (event.current.toUpperCase() !== 'SOLVED') return [];
    const filed = { name: detail.external_id, tags: detail.tags };
    const about = { source: 'zendesk', occurredAt: time } as const;
    if (isOurs(filed)) {
      const decision = decisionIn(filed);
      if (!decision) return [];
      return facts([
        { ...about, ...decision, type: 'dispute', factId: `zendesk:ticket:${detail.id}:decided`, identities: [] },
      ]);
    }
    const { earningTag } = context.settings;
    if (earningTag !== undefined && !detail.tags.includes(earningTag)) return [];
    return facts([
      {
        ...about,
        type: 'activity',
        activity: 'ticket-closed',
        // For life: tickets are opened again, and solved again.
        factId: `zendesk:ticket:${detail.id}:solved`,
        activityId: `ticket:${detail.id}`,
        identities: await whoIs(detail.requester_id, context),
      },
    ]);
  },

  subscribe,
};

const Id = z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,17}$/)]).transform(String);
const Notice = z.object({ type: z.string() });
const StatusChanged = z.object({
  time: z.iso.datetime({ offset: true }),
  detail: z.object({
    id: Id,
    external_id: z.string().nullish(),
    requester_id: Id,
    tags: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
  }),
  event: z.object({ current: z.string() }),
});

const User = z.object({
  user: z.object({ email: z.string().nullish(), phone: z.string().nullish(), external_id: z.string().nullish() }),
});

/** The event has the requester's number only. */
async function whoIs(id: string, context: ZendeskContext): Promise<Identity[]> {
  try {
    const { user } = read(User, await openZendesk(context)('GET', `/users/${id}`));
    return identities([
      ['zendesk', id],
      ['member', user.external_id],
      ['email', user.email],
      ['phone', user.phone],
    ]);
  } catch (error) {
    if (!(error instanceof NotThere)) throw error;
    return identities([['zendesk', id]]);
  }
}

/** Read before the shape is known, hence with care: what is no JSON object has no account. */
function accountOf(body: Buffer): number | undefined {
  try {
    return read(Account, body).account_id;
  } catch (error) {
    if (error instanceof Permanent) return undefined;
    throw error;
  }
}
const Account = z.object({ account_id: z.int() });
