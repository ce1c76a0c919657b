import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context, RoleOf } from '../contract.ts';
import { WebhookRejected } from '../kit/errors.ts';
import { facts, factsOfEach } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read, shape } from '../kit/read.ts';
import { UnixTime } from '../kit/unix-time.ts';
import { verifyEcdsa, withinTolerance } from '../kit/webhook.ts';
import type manifest from './manifest.ts';

type Draft = z.input<typeof Fact>;

/** A delivery that was not taken comes again for a day; whether under a new time is not said. */
const TOLERANCE_SECONDS = 25 * 3_600;

const Notices = z.array(z.looseObject({ event: z.string() }));

const Event = z.object({
  event: z.string(),
  sg_event_id: z.string().min(1).max(150),
  timestamp: UnixTime,
  email: z.string().optional(),
  /** Our own name of the message; absent: it is none of ours. */
  lid: z.string().min(1).max(200).optional().catch(undefined),
  /** Of a bounce: `bounce` or `blocked`. */
  type: z.string().optional(),
  /** Of a bounce: 5.1.1 and the like. */
  status: z.string().optional(),
  reason: z.string().optional(),
  asm_group_id: z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{1,12}$/)
        .transform(Number),
    ])
    .optional(),
  /** A programme that fetches all pictures, whether anybody looks or not. */
  sg_machine_open: z.boolean().optional(),
});
type Event = z.output<typeof Event>;

const RECEIPTS = {
  processed: 'accepted',
  deferred: 'accepted',
  delivered: 'delivered',
  open: 'read',
  click: 'read',
  bounce: 'failed',
  dropped: 'failed',
} as const;

/** Of all e-mail, or of one group; and whether it is wanted. */
const CONSENTS = {
  unsubscribe: { group: false, granted: false },
  spamreport: { group: false, granted: false },
  group_unsubscribe: { group: true, granted: false },
  group_resubscribe: { group: true, granted: true },
} as const;

/** SendGrid's words for why it did not even try; others may hold an address. */
const DROPS = new Set(['Bounced Address', 'Unsubscribed Address', 'Spam Reporting Address', 'Invalid', 'Spam Content']);

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, now }) {
    const timestamp = request.headers['x-twilio-email-event-webhook-timestamp'] ?? '';
    if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookRejected('the time stamp is missing or no time');
    withinTolerance(Number(timestamp), now, TOLERANCE_SECONDS);
    return verifyEcdsa(request, {
      keys: secret.verificationKeys,
      signed: [timestamp, request.body],
      signature: request.headers['x-twilio-email-event-webhook-signature'],
    });
  },

  translate(request, { settings }) {
    const known = read(Notices, request.body).filter(({ event }) => event in KNOWN);
    return factsOfEach(known, (notice) => facts(told(shape(Event, notice), settings)));
  },
};

const KNOWN: Readonly<Record<string, unknown>> = Object.assign(Object.create(null), RECEIPTS, CONSENTS);

function told(event: Event, settings: Context<typeof manifest>['settings']): Draft[] {
  const base = {
    source: 'sendgrid',
    factId: `sendgrid:${event.sg_event_id}`,
    occurredAt: event.timestamp,
    identities: identities([['email', event.email]]),
  };
  if (isReceipt(event.event)) {
    // Other e-mails leave the same account.
    if (event.lid === undefined || event.sg_machine_open) return [];
    const reason = reasonOf(event);
    const status = RECEIPTS[event.event];
    return [{ ...base, type: 'receipt', vendorId: event.lid, messageId: event.lid, status, ...(reason && { reason }) }];
  }
  const { group, granted } = CONSENTS[event.event as keyof typeof CONSENTS];
  const purpose = group ? purposeOf(event.asm_group_id, settings) : undefined;
  if (base.identities.length === 0 || (group && purpose === undefined)) return [];
  const proof = `${event.event} in SendGrid's event ${event.sg_event_id}`;
  return [{ ...base, type: 'consent', channel: 'email', ...(purpose && { purpose }), granted, proof }];
}

const isReceipt = (event: string): event is keyof typeof RECEIPTS => Object.hasOwn(RECEIPTS, event);

/** Groups that are not ours are about e-mails that are not ours. */
function purposeOf(group: number | undefined, { groups }: Context<typeof manifest>['settings']) {
  if (group === undefined) return undefined;
  if (group === groups.marketing) return 'marketing';
  return group === groups.transactional ? 'transactional' : undefined;
}

/** Without the words of the reader's own server, which repeat the address. */
function reasonOf({ event, type, status, reason }: Event): string | undefined {
  if (event === 'dropped') return `SendGrid dropped it${DROPS.has(reason ?? '') ? `: ${reason}` : ''}`;
  if (event !== 'bounce') return undefined;
  const code = /^[245]\.\d{1,3}\.\d{1,3}$/.test(status ?? '') ? ` ${status}` : '';
  return `${type === 'blocked' ? 'blocked for now' : 'bounced'}${code}`;
}
