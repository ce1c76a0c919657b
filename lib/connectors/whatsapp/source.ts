import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Fact } from '../../loyalty/facts.ts';
import type { Context, RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts, factsOfEach } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read, shape } from '../kit/read.ts';
import { UnixTime } from '../kit/unix-time.ts';
import { verifyHmac, verifySecret } from '../kit/webhook.ts';
import { graph, STOPPED_MARKETING } from './graph.ts';
import type manifest from './manifest.ts';

type Draft = z.input<typeof Fact>;
type Around = Context<typeof manifest>;

const Id = z.string().min(1).max(150);
/** Absent for people who go by a name. */
const Digits = z
  .string()
  .regex(/^\d{5,20}$/)
  .nullish();

const Notice = z.object({
  object: z.literal('whatsapp_business_account'),
  entry: z.array(z.object({ id: z.string(), changes: z.array(z.object({ field: z.string(), value: z.unknown() })) })),
});

const Contact = z.object({ wa_id: Digits, user_id: Id.nullish() });

const Incoming = z.object({
  id: Id,
  from: Digits,
  timestamp: UnixTime,
  type: z.string(),
  text: z.object({ body: z.string() }).optional(),
  button: z.object({ text: z.string() }).optional(),
  interactive: z
    .object({
      button_reply: z.object({ title: z.string() }).optional(),
      list_reply: z.object({ title: z.string() }).optional(),
    })
    .optional(),
});

const Status = z.object({
  id: Id,
  status: z.string(),
  timestamp: UnixTime,
  recipient_id: Digits,
  recipient_user_id: Id.nullish(),
  biz_opaque_callback_data: z.string().min(1).max(200).optional().catch(undefined),
  errors: z.array(z.object({ code: z.int() })).nullish(),
});

const Sender = z.object({ metadata: z.object({ phone_number_id: z.string() }) });
/** Of each alone it is seen whether it can be read. */
const Messages = z.object({
  contacts: z.array(Contact).default([]),
  messages: z.array(z.unknown()).default([]),
  statuses: z.array(z.unknown()).default([]),
});
const Preferences = z.object({ user_preferences: z.array(z.unknown()) });
const Preference = z.object({
  wa_id: Digits,
  user_id: Id.nullish(),
  category: z.string(),
  value: z.string(),
  timestamp: UnixTime,
});

const RECEIPTS = { sent: 'sent', delivered: 'delivered', read: 'read', failed: 'failed' } as const;

/** WhatsApp knows no such words itself: they count, as on a phone, when they are the whole text. */
const STOP = new Set(['STOP', 'STOPP', 'STOPALL', 'UNSUBSCRIBE', 'ABMELDEN', 'BAJA', 'ARRET', 'ARRÊT']);
const START = new Set(['START', 'UNSTOP', 'ANMELDEN', 'ALTA']);

export const source: RoleOf<typeof manifest, 'source'> = {
  handshake(request, { secret }) {
    const asked = new URL(request.url).searchParams;
    if (request.method !== 'GET' || asked.get('hub.mode') !== 'subscribe') return undefined;
    verifySecret(request, asked.get('hub.verify_token') ?? undefined, [secret.verifyToken]);
    const challenge = asked.get('hub.challenge') ?? '';
    if (!/^[\w.-]{1,200}$/.test(challenge)) throw new WebhookRejected('not a challenge of Meta’s');
    return { status: 200, body: challenge, contentType: 'text/plain' };
  },

  verify(request, { secret, settings }) {
    const verified = verifyHmac(request, {
      keys: secret.appSecrets,
      signed: [request.body],
      signature: /^sha256=([0-9a-f]{64})$/.exec(request.headers['x-hub-signature-256'] ?? '')?.[1],
      algorithm: 'sha256',
      encoding: 'hex',
    });
    // The secret is that of the app, which may serve several accounts.
    const accounts = accountsIn(request.body);
    if (accounts.length > 0 && !accounts.includes(settings.businessAccountId))
      throw new WebhookRejected('the delivery is for another account');
    return verified;
  },

  translate(request, { settings }) {
    const ours = read(Notice, request.body).entry.filter(({ id }) => id === settings.businessAccountId);
    const changes = ours.flatMap(({ changes }) => changes);
    return factsOfEach(
      changes.flatMap(({ field, value }) => told(field, value, settings)),
      (tell) => facts(tell()),
    );
  },

  async subscribe(hookUrl, context) {
    const { settings, secret } = context;
    // Meta looks at once whether the address knows the token, and sends there what is about this account.
    const answer = await graph(context, `${settings.businessAccountId}/subscribed_apps`, {
      repeatable: true,
      body: { override_callback_uri: hookUrl, verify_token: secret.verifyToken },
    });
    if (!read(z.object({ success: z.boolean() }), answer).success)
      throw new Permanent('WhatsApp did not subscribe the app to the account');
    return [];
  },
};

/** Whose the delivery is; of what cannot be read, nobody's: `translate` says what is wrong with it. */
function accountsIn(body: Buffer): string[] {
  try {
    return Notice.parse(JSON.parse(body.toString())).entry.map(({ id }) => id);
  } catch {
    return [];
  }
}

/** What each of the things in it comes to, once it is read. */
function told(field: string, value: unknown, { phoneNumberId }: Around['settings']): (() => Draft[])[] {
  if (field === 'user_preferences')
    return shape(Preferences, value).user_preferences.map((one) => () => preference(shape(Preference, one)));
  if (field !== 'messages') return [];
  // Other numbers of the account are not ours to listen to.
  if (shape(Sender, value).metadata.phone_number_id !== phoneNumberId) return [];
  const { contacts, messages, statuses } = shape(Messages, value);
  return [
    ...messages.map((message) => () => incoming(shape(Incoming, message), contacts)),
    ...statuses.map((status) => () => receipt(shape(Status, status))),
  ];
}

function incoming(message: z.output<typeof Incoming>, contacts: readonly z.output<typeof Contact>[]): Draft[] {
  // Of people who go by a name the message says no number; then it is the only one who is named.
  const contact = contacts.find(({ wa_id }) => wa_id && wa_id === message.from) ?? onlyOne(contacts, message.from);
  const who = whose(message.from ?? contact?.wa_id, contact?.user_id);
  const { button, interactive } = message;
  const text =
    message.text?.body ?? button?.text ?? (interactive?.button_reply ?? interactive?.list_reply)?.title ?? '';
  // Pictures, voices and hearts are for nobody here.
  if (who.length === 0 || text.trim() === '') return [];
  const base = {
    source: 'whatsapp',
    factId: `whatsapp:${message.id}`,
    occurredAt: message.timestamp,
    identities: who,
    channel: 'whatsapp' as const,
  };
  const word = text.trim().toUpperCase();
  const consent = (granted: boolean): Draft[] => [
    { ...base, type: 'consent', granted, proof: `${granted ? 'START' : 'STOP'} in message ${message.id}` },
  ];
  if (STOP.has(word)) return consent(false);
  if (START.has(word)) return consent(true);
  return [{ ...base, type: 'reply', text: text.slice(0, 2_000) }];
}

const onlyOne = (contacts: readonly z.output<typeof Contact>[], from: string | null | undefined) =>
  contacts.length === 1 && !from ? contacts[0] : undefined;

function receipt(status: z.output<typeof Status>): Draft[] {
  if (!Object.hasOwn(RECEIPTS, status.status)) return [];
  const code = status.errors?.[0]?.code;
  const base = {
    source: 'whatsapp',
    occurredAt: status.timestamp,
    identities: whose(status.recipient_id, status.recipient_user_id),
  };
  const drafts: Draft[] = [
    {
      ...base,
      type: 'receipt',
      factId: `whatsapp:${status.id}:${status.status}`,
      vendorId: status.id,
      ...(status.biz_opaque_callback_data !== undefined && { messageId: status.biz_opaque_callback_data }),
      status: RECEIPTS[status.status as keyof typeof RECEIPTS],
      ...(code !== undefined && { reason: `WhatsApp error ${code}` }),
    },
  ];
  if (code === STOPPED_MARKETING) {
    drafts.push({
      ...base,
      type: 'consent',
      factId: `whatsapp:${status.id}:stopped`,
      channel: 'whatsapp',
      purpose: 'marketing',
      granted: false,
      proof: `WhatsApp error ${STOPPED_MARKETING} for ${status.id}`,
    });
  }
  return drafts;
}

/** What somebody chose in WhatsApp itself. */
function preference({ wa_id, user_id, category, value, timestamp }: z.output<typeof Preference>): Draft[] {
  const who = whose(wa_id, user_id);
  if (who.length === 0 || category !== 'marketing_messages' || (value !== 'stop' && value !== 'resume')) return [];
  // It has no name of its own, and ours shows nobody's number.
  const name = createHash('sha256')
    .update(`${wa_id ?? user_id}:${category}:${value}:${timestamp}`)
    .digest('hex');
  return [
    {
      type: 'consent',
      source: 'whatsapp',
      factId: `whatsapp:preference:${name.slice(0, 32)}`,
      occurredAt: timestamp,
      identities: who,
      channel: 'whatsapp',
      purpose: 'marketing',
      granted: value === 'resume',
      proof: `${value} of marketing messages in WhatsApp`,
    },
  ];
}

const whose = (digits: string | null | undefined, userId: string | null | undefined) =>
  identities([
    ['phone', digits && `+${digits}`],
    ['whatsapp', userId],
  ]);
