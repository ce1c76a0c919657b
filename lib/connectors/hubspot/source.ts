import * as z from 'zod';
import type { RoleOf } from '../contract.ts';
import { WebhookRejected } from '../kit/errors.ts';
import { factsOfEach } from '../kit/facts.ts';
import { read, shape } from '../kit/read.ts';
import { type RawRequest, verifyHmac, verifySecret, withinTolerance } from '../kit/webhook.ts';
import { openHubSpot } from './api.ts';
import type manifest from './manifest.ts';
import { AT_ONCE, type Thing as LookedUp, type Reader, readContacts, readDeals } from './read-back.ts';
import { reconcile } from './reconcile.ts';

const TOLERANCE_SECONDS = 300;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings, now }) {
    const { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp = '' } = request.headers;
    // A workflow's webhook is signed only where an app stands behind it; else a secret comes along.
    if (signature === undefined && timestamp === '')
      return verifySecret(request, request.headers['x-api-key'], secret.inboundSecrets);
    if (!/^\d{1,15}$/.test(timestamp)) throw new WebhookRejected('the time stamp is missing or no number');
    withinTolerance(Math.floor(Number(timestamp) / 1000), now, TOLERANCE_SECONDS);
    const verified = verifyHmac(request, {
      keys: secret.clientSecrets,
      signed: [request.method, spelt(request.url), request.body, timestamp],
      signature,
      algorithm: 'sha256',
      encoding: 'base64',
    });
    // An app signs with one secret for all the accounts that it is installed in.
    if (!isOf(settings.portalId, request.body)) throw new WebhookRejected('the delivery is of another account');
    return verified;
  },

  /** A delivery only says that something is new: what it is, is looked up, so that a late one tells nothing stale. */
  async translate(request, context) {
    const reader: Reader = { call: openHubSpot(context), settings: context.settings };
    const things = named(request);
    const found: LookedUp[] = [];
    for (const [of, readThings] of [
      ['deal', readDeals],
      ['contact', readContacts],
    ] as const) {
      const ids = things.filter((thing) => thing.of === of).map(({ id }) => id);
      for (let at = 0; at < ids.length; at += AT_ONCE)
        found.push(...(await readThings(ids.slice(at, at + AT_ONCE), reader)));
    }
    return factsOfEach(found, ({ facts }) => facts());
  },

  reconcile,
};

/** HubSpot signs the address with these decoded, and all else as it was called. */
const DECODED = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi;
const spelt = (url: string): string => url.replace(DECODED, (code) => decodeURIComponent(code));

/** Read before the shape is known, hence with care. What a workflow sends need not say whose it is. */
function isOf(portalId: string, body: Buffer): boolean {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return true;
  }
  return !Array.isArray(json) || json.every((event) => String(event?.portalId) === portalId);
}

interface Thing {
  readonly of: 'deal' | 'contact';
  readonly id: string;
}

const Id = z.union([z.int().positive(), z.string().regex(/^\d{1,20}$/)]).transform(String);

/** What an app is told: several at once. */
const Notice = z.object({ subscriptionType: z.string() });
const Changed = z.object({
  objectId: Id,
  objectTypeId: z.string().nullish(),
  propertyName: z.string().nullish(),
  changeSource: z.string().nullish(),
});

/** What a workflow sends: the object itself, or the properties that were chosen. */
const Worked = z
  .object({ hs_object_id: Id.optional(), objectId: Id.optional(), id: Id.optional(), vid: Id.optional() })
  .transform(({ hs_object_id, objectId, id, vid }) => hs_object_id ?? objectId ?? id ?? vid)
  .refine((id) => id !== undefined, 'no hs_object_id');

const OF: Readonly<Record<string, Thing['of']>> = { deal: 'deal', '0-3': 'deal', contact: 'contact', '0-1': 'contact' };

const HEARD: Readonly<Record<Thing['of'], ReadonlySet<string>>> = {
  deal: new Set(['dealstage']),
  contact: new Set(['email', 'phone', 'mobilephone', 'firstname', 'lastname', 'hs_email_optout']),
};

/** Each once, however many of its properties have changed. */
function named(request: RawRequest): readonly Thing[] {
  const body = read(z.unknown(), request.body);
  const things = Array.isArray(body) ? body.flatMap(ofApp) : ofWorkflow(request.url, body);
  return [...new Map(things.map((thing) => [`${thing.of}:${thing.id}`, thing])).values()];
}

function ofApp(event: unknown): Thing[] {
  const [subject = '', what] = shape(Notice, event).subscriptionType.split('.');
  if (what !== 'creation' && what !== 'propertyChange') return [];
  if (!['deal', 'contact', 'object'].includes(subject)) return [];
  const { objectId: id, objectTypeId, propertyName, changeSource } = shape(Changed, event);
  const type = subject === 'object' ? (objectTypeId ?? '') : subject;
  if (!Object.hasOwn(OF, type)) return [];
  const of = OF[type] as Thing['of'];
  if (what === 'propertyChange' && !HEARD[of].has(propertyName ?? '')) return [];
  // What programs write to contacts is, for the most part, what we have written ourselves.
  return of === 'contact' && changeSource === 'INTEGRATION' ? [] : [{ of, id }];
}

/** `?about=deal` stands in the address that the merchant gives the workflow, since not every body says what it is. */
function ofWorkflow(url: string, body: unknown): Thing[] {
  const about = new URL(url).searchParams.get('about') ?? 'deal';
  if (about !== 'deal' && about !== 'contact') return [];
  return [{ of: about, id: shape(Worked, body) as string }];
}
