import * as z from 'zod';
import type { ConsentFact, Fact } from '../../loyalty/facts.ts';
import type { RoleOf } from '../contract.ts';
import { WebhookRejected } from '../kit/errors.ts';
import { facts } from '../kit/facts.ts';
import { fields, readForm } from '../kit/form.ts';
import { identities } from '../kit/identities.ts';
import { shape } from '../kit/read.ts';
import { verifyUrlForm } from '../kit/url-form.ts';
import type manifest from './manifest.ts';

type Draft = z.input<typeof Fact>;

const Sid = z.string().regex(/^(SM|MM)[0-9a-fA-F]{32}$/);

const Status = z.object({
  MessageSid: Sid,
  MessageStatus: z.string(),
  To: z.string().optional(),
  ErrorCode: z.string().max(20).optional(),
});

const Incoming = z.object({
  MessageSid: Sid,
  From: z.string(),
  Body: z.string(),
  /** Only with Advanced Opt-Out; then the words may be the merchant's own. */
  OptOutType: z.string().optional(),
});

/** Statuses on the way count as accepted. Incoming ones are not about a message of ours. */
const RECEIPTS = {
  accepted: 'accepted',
  queued: 'accepted',
  scheduled: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  partially_delivered: 'delivered',
  read: 'read',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
} as const;

/** Twilio's default words. They count only when they are the whole text. */
const STOP = new Set(['STOP', 'UNSUBSCRIBE', 'END', 'QUIT', 'STOPALL', 'REVOKE', 'OPTOUT', 'CANCEL']);
const START = new Set(['START', 'YES', 'UNSTOP']);
const HELP = new Set(['HELP', 'INFO']);

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret }) {
    const verified = verifyUrlForm(request, {
      keys: [secret.authToken, secret.secondaryAuthToken],
      signature: request.headers['x-twilio-signature'],
    });
    if (readForm(request.body).get('AccountSid')?.[0] !== secret.accountSid)
      throw new WebhookRejected('the delivery is for another account');
    return verified;
  },

  translate(request, { now }) {
    const form = fields(readForm(request.body));
    // Twilio sends no time: it happened just now.
    const at = now.toISOString();
    if (form.MessageStatus !== undefined) return facts(receipt(shape(Status, form), at, nameIn(request.url)));
    if (form.Body !== undefined || form.OptOutType !== undefined) return facts(incoming(shape(Incoming, form), at));
    return [];
  },

  /** Twilio reads what a text is answered with: nothing, since replies are messages of their own. */
  answer(request, status) {
    if (status !== 200) return undefined;
    return readForm(request.body).has('MessageStatus')
      ? { status: 204, body: '', contentType: 'text/plain' }
      : { status, body: '<Response/>', contentType: 'text/xml' };
  },
};

/** Our own name of the message, which stands in the address that its receipts go to. */
function nameIn(url: string): string | undefined {
  const name = new URL(url).searchParams.get('m') ?? '';
  return name !== '' && name.length <= 200 ? name : undefined;
}

function receipt(status: z.output<typeof Status>, occurredAt: string, messageId: string | undefined): Draft[] {
  const known = Object.hasOwn(RECEIPTS, status.MessageStatus);
  if (!known) return [];
  const base = { source: 'twilio-sms', occurredAt, identities: whose(status.To ?? '') };
  const drafts: Draft[] = [
    {
      ...base,
      type: 'receipt',
      factId: `twilio-sms:${status.MessageSid}:${status.MessageStatus}`,
      vendorId: status.MessageSid,
      ...(messageId !== undefined && { messageId }),
      status: RECEIPTS[status.MessageStatus as keyof typeof RECEIPTS],
      ...(status.ErrorCode && { reason: `Twilio error ${status.ErrorCode}` }),
    },
  ];
  if (status.ErrorCode === '21610') {
    const proof = `Twilio error 21610 for ${status.MessageSid}`;
    drafts.push({
      ...base,
      type: 'consent',
      factId: `twilio-sms:${status.MessageSid}:opted-out`,
      channel: channelOf(status.To ?? ''),
      granted: false,
      proof,
    });
  }
  return drafts;
}

function incoming(message: z.output<typeof Incoming>, occurredAt: string): Draft[] {
  const who = whose(message.From);
  // A short code or a name: machines, not members.
  if (who.length === 0) return [];
  const base = {
    source: 'twilio-sms',
    occurredAt,
    identities: who,
    channel: channelOf(message.From),
    factId: `twilio-sms:${message.MessageSid}`,
  };
  const word = (message.OptOutType ?? message.Body).trim().toUpperCase();
  const consent = (granted: boolean): Draft[] => [
    { ...base, type: 'consent', granted, proof: `${granted ? 'START' : 'STOP'} in message ${message.MessageSid}` },
  ];
  if (STOP.has(word)) return consent(false);
  if (START.has(word)) return consent(true);
  // Twilio answers these itself; pictures without words are for nobody.
  if (HELP.has(word) || message.Body.trim() === '') return [];
  return [{ ...base, type: 'reply', text: message.Body.slice(0, 2_000) }];
}

/** `whatsapp:+49…` → `+49…` */
const whose = (address: string) => identities([['phone', address.replace(/^[a-z]+:/, '')]]);
const channelOf = (address: string): ConsentFact['channel'] => (address.startsWith('whatsapp:') ? 'whatsapp' : 'sms');
