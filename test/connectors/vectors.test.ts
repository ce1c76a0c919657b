import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import type { Connector } from '../../lib/connectors/contract.ts';
import hubspot from '../../lib/connectors/hubspot/index.ts';
import { WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import { signStandard, verifyStandard } from '../../lib/connectors/kit/standard-webhooks.ts';
import { signUrlForm, verifyUrlForm } from '../../lib/connectors/kit/url-form.ts';
import { type RawRequest, type Verified, verifyHmac } from '../../lib/connectors/kit/webhook.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import sendgrid from '../../lib/connectors/sendgrid/index.ts';
import shopify from '../../lib/connectors/shopify/index.ts';
import square from '../../lib/connectors/square/index.ts';
import stripe from '../../lib/connectors/stripe/index.ts';
import typeform from '../../lib/connectors/typeform/index.ts';
import webhook from '../../lib/connectors/webhook/index.ts';
import whatsapp from '../../lib/connectors/whatsapp/index.ts';
import woocommerce from '../../lib/connectors/woocommerce/index.ts';
import zendesk from '../../lib/connectors/zendesk/index.ts';
import { contextOf, type Fixture } from './fixture.ts';
import { fixtures } from './fixtures/index.ts';
import { vendorSpec } from './vendor-specs.ts';

/** Against what the vendors print, and against their own code: our signing and our proof could share a mistake. */

interface Vector {
  readonly platform: string;
  readonly secret: string;
  readonly body?: string;
  readonly url?: string;
  readonly uri_as_sent?: string;
  readonly uri_signed?: string;
  readonly scheme?: string;
  readonly form?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly signature?: string;
  readonly signed_string?: string;
  readonly hex?: string;
  readonly timestamp?: number | string;
  readonly public_key_spki_der_base64?: string;
}
const vectors = [
  'signature-vectors-commerce.json',
  'signature-vectors-messaging.json',
  'webhook-signature-vectors.json',
].flatMap((name) =>
  (vendorSpec<{ vectors: Vector[] }>(name)?.vectors ?? []).map(
    (vector, index) => [`${vector.platform}, ${name} ${index}`, vector] as const,
  ),
);
const of = (...platforms: string[]) =>
  vectors.filter(([, { platform }]) => platforms.some((each) => platform.startsWith(each)));

/** Whose vectors have a test below. */
const TRIED = [
  'hubspot',
  'sendgrid',
  'shopify',
  'square',
  'stripe',
  'twilio-sms',
  'typeform',
  'webhook',
  'whatsapp',
  'woocommerce',
  'zendesk',
];

const request = (body: string, headers: Record<string, string>, url = 'https://hooks.example.com/x'): RawRequest => ({
  method: 'POST',
  url,
  headers,
  body: Buffer.from(body),
});

// `each` takes no empty table, so without the documents there is not even a skipped suite.
if (vectors.length > 0)
  describe('the vendors’ own vectors', () => {
    it('are all tried that are about one of our connectors', () => {
      const printed = vectors.map(([, { platform }]) => platform).filter((id) => Object.hasOwn(manifests, id));
      expect([...new Set(printed)].toSorted()).toEqual([...TRIED].toSorted());
    });

    /** Under the secret and the settings that it was made for, as the whole source proves it. */
    const proves = async (
      connector: unknown,
      genuine: RawRequest,
      given: { readonly secret: object; readonly settings?: object; readonly now?: Date },
    ) => {
      const { manifest, roles } = connector as Connector & {
        roles: { source: { verify(request: RawRequest, context: unknown): Verified | Promise<Verified> } };
      };
      const fixture = fixtures[manifest.id as keyof typeof fixtures] as unknown as Fixture;
      const around = {
        ...contextOf(connector as Connector, { ...fixture, settings: { ...fixture.settings, ...given.settings } }),
        secret: { ...fixture.secret, ...given.secret },
        ...(given.now && { now: given.now }),
      };
      const verify = async (each: RawRequest) => roles.source.verify(each, around);
      expect(await verify(genuine)).toBe(genuine);
      for (const changed of [
        { ...genuine, body: Buffer.concat([genuine.body, Buffer.from(' ')]) },
        {
          ...genuine,
          headers: Object.fromEntries(
            Object.entries(genuine.headers).filter(([name]) => !/signature$|-v3$/.test(name)),
          ),
        },
      ])
        await expect(verify(changed)).rejects.toThrow(WebhookRejected);
    };

    it.each(of('square'))('%s', async (_, vector) => {
      const body = vector.body ?? '';
      const headers = { 'x-square-hmacsha256-signature': vector.signature ?? '' };
      const genuine = request(body, headers, vector.url);
      const { merchant_id: merchantId } = JSON.parse(body) as { merchant_id?: string };
      const secret = { signatureKeys: [vector.secret] };
      if (merchantId) return proves(square, genuine, { secret, settings: { merchantId } });
      // Nobody's: the signature is good, and a seller is missing.
      const signed = [vector.url ?? '', body];
      const proof = { keys: [vector.secret], signed, signature: vector.signature } as const;
      expect(verifyHmac(genuine, { ...proof, algorithm: 'sha256', encoding: 'base64' })).toBe(genuine);
      await expect(proves(square, genuine, { secret })).rejects.toThrow('another seller');
    });

    it.each(of('woocommerce'))('%s', (_, vector) =>
      proves(woocommerce, request(vector.body ?? '', { 'x-wc-webhook-signature': vector.signature ?? '' }), {
        secret: { webhookSecrets: [vector.secret] },
      }),
    );

    it.each(of('typeform'))('%s', (_, vector) =>
      proves(typeform, request(vector.body ?? '', { 'typeform-signature': vector.signature ?? '' }), {
        secret: { webhookSecrets: [vector.secret] },
      }),
    );

    it.each(of('hubspot').filter(([, { scheme }]) => scheme === 'v3'))('%s', async (_, vector) => {
      const headers = vector.headers ?? {};
      const [{ portalId }] = JSON.parse(vector.body ?? '') as [{ portalId: number }];
      const given = {
        secret: { clientSecrets: [vector.secret] },
        settings: { portalId: String(portalId) },
        now: new Date(Number(headers['x-hubspot-request-timestamp'])),
      };
      // The address is signed with some of its signs decoded.
      const genuine = request(vector.body ?? '', headers, vector.uri_as_sent);
      await proves(hubspot, genuine, given);
      const elsewhere = { ...genuine, url: `${vector.uri_as_sent}&x=1` };
      await expect(proves(hubspot, elsewhere, given)).rejects.toThrow(WebhookRejected);
    });

    it.each(of('hubspot').filter(([, { scheme }]) => scheme !== 'v3'))(
      '%s: an older scheme, which proves no time',
      async (_, vector) => {
        const genuine = request(vector.body ?? '', vector.headers ?? {}, vector.uri_signed);
        const given = { secret: { clientSecrets: [vector.secret], inboundSecrets: [vector.secret] } };
        await expect(proves(hubspot, genuine, given)).rejects.toThrow(WebhookRejected);
      },
    );

    it.each(of('zendesk'))('%s', (_, vector) => {
      const headers = vector.headers ?? {};
      return proves(zendesk, request(vector.body ?? '', headers), {
        secret: { signingSecrets: [vector.secret] },
        // One of them has no body to name an account in.
        settings: { accountId: undefined },
        now: new Date(headers['x-zendesk-webhook-signature-timestamp'] ?? 0),
      });
    });

    it.each(of('shopify'))('%s', async (_, vector) => {
      const context = contextOf(shopify, { ...fixtures.shopify, secret: { webhookSecrets: [vector.secret] } });
      const headers = { 'x-shopify-shop-domain': context.settings.shop };
      const body = vector.body ?? '';
      const genuine = request(body, { ...headers, 'x-shopify-hmac-sha256': vector.signature ?? '' });
      expect(await shopify.roles.source.verify(genuine, context)).toBe(genuine);
      const newer = request(body, {
        'shopify-shop-domain': context.settings.shop,
        'shopify-hmac-sha256': vector.signature ?? '',
      });
      expect(await shopify.roles.source.verify(newer, context)).toBe(newer);
      expect(() =>
        shopify.roles.source.verify(request(`${body} `, { ...genuine.headers } as Record<string, string>), context),
      ).toThrow(WebhookRejected);
    });

    it.each(of('stripe').filter(([, { hex }]) => hex))('%s', (_, vector) => {
      const signed = vector.signed_string ?? '';
      expect(
        verifyHmac(request('', {}), {
          keys: [vector.secret],
          signed: [signed],
          signature: vector.hex,
          algorithm: 'sha256',
          encoding: 'hex',
        }),
      ).toBeDefined();
    });

    it.each(of('stripe').filter(([, { signature }]) => signature))('%s', async (_, vector) => {
      const context = contextOf(
        stripe,
        { ...fixtures.stripe, secret: { webhookSecrets: [vector.secret] } },
        { now: new Date(Number(vector.timestamp ?? 0) * 1000) },
      );
      const genuine = request(vector.body ?? '', { 'stripe-signature': vector.signature ?? '' });
      expect(await stripe.roles.source.verify(genuine, context)).toBe(genuine);
    });

    it.each(of('twilio-sms'))('%s', (_, vector) => {
      const isForm = vector.form !== undefined;
      const body = isForm ? new URLSearchParams(vector.form).toString() : (vector.body ?? '');
      const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
      const genuine = request(body, { 'content-type': type }, vector.url);
      expect(verifyUrlForm(genuine, { keys: [vector.secret], signature: vector.signature })).toBe(genuine);
      if (isForm) expect(signUrlForm(vector.url ?? '', Buffer.from(body), vector.secret)).toBe(vector.signature);
      const changed = { ...genuine, body: Buffer.from(`${body}&x=1`) };
      expect(() => verifyUrlForm(changed, { keys: [vector.secret], signature: vector.signature })).toThrow(
        WebhookRejected,
      );
    });

    it.each(of('sendgrid'))('%s', async (_, vector) => {
      const secret = { verificationKeys: [vector.public_key_spki_der_base64] };
      const context = contextOf(
        sendgrid,
        { ...fixtures.sendgrid, secret: { ...fixtures.sendgrid.secret, ...secret } as typeof fixtures.sendgrid.secret },
        { now: new Date(Number(vector.timestamp) * 1000) },
      );
      const headers = {
        'x-twilio-email-event-webhook-signature': vector.signature ?? '',
        'x-twilio-email-event-webhook-timestamp': String(vector.timestamp),
      };
      const genuine = request(vector.body ?? '', headers);
      expect(await sendgrid.roles.source.verify(genuine, context)).toBe(genuine);
      expect(await sendgrid.roles.source.translate(genuine as Verified, context)).toEqual([]);
      for (const changed of [
        request((vector.body ?? '').trim(), headers),
        request(vector.body ?? '', { ...headers, 'x-twilio-email-event-webhook-timestamp': '1600112503' }),
      ])
        expect(() => sendgrid.roles.source.verify(changed, context)).toThrow(WebhookRejected);
    });

    it.each(of('whatsapp'))('%s', async (_, vector) => {
      const body = vector.body ?? '';
      const [account, number] = [/"id":"(\d+)"/, /"phone_number_id":"(\d+)"/].map((id) => id.exec(body)?.[1] ?? '');
      const context = contextOf(
        whatsapp,
        {
          ...fixtures.whatsapp,
          settings: { businessAccountId: String(account), phoneNumberId: String(number) },
        },
        { secret: { appSecrets: [vector.secret] } },
      );
      const genuine = request(body, { 'x-hub-signature-256': vector.signature ?? '' });
      const verified = await whatsapp.roles.source.verify(genuine, context);
      expect(verified).toBe(genuine);
      expect(await whatsapp.roles.source.translate(verified, context)).toMatchObject([{ type: 'receipt' }]);
      expect(() =>
        whatsapp.roles.source.verify(request(`${body} `, { 'x-hub-signature-256': vector.signature ?? '' }), context),
      ).toThrow(WebhookRejected);
    });

    it.each(of('webhook', 'magento'))('%s', (_, vector) => {
      const { 'webhook-id': id = '', 'webhook-timestamp': timestamp = '0' } = vector.headers ?? {};
      const at = new Date(Number(timestamp) * 1000);
      const body = vector.body ?? '';
      expect(signStandard({ id, at, body }, [vector.secret])).toEqual(vector.headers);
      const genuine = request(body, vector.headers ?? {});
      expect(verifyStandard(genuine, [vector.secret], at)).toBe(genuine);
      expect(verifyStandard(genuine, [vector.secret.replace('whsec_', '')], at)).toBe(genuine);
    });
  });

describe('the vendors’ own code', () => {
  const now = new Date();

  it('Stripe’s test helper signs what we take', async () => {
    const payload = JSON.stringify({
      id: 'evt_1',
      object: 'event',
      type: 'x',
      data: { object: { name: 'Jürgen ☕' } },
    });
    const secret = 'whsec_of_stripe';
    const header = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret });
    const context = contextOf(
      stripe,
      { ...fixtures.stripe, secret: { webhookSecrets: ['whsec_another', secret] } },
      { now },
    );
    const genuine = request(payload, { 'stripe-signature': header });
    expect(await stripe.roles.source.verify(genuine, context)).toBe(genuine);
  });

  it('Stripe takes what our fixtures sign', () => {
    const { body } = fixtures.stripe.source.deliveries[0] ?? { body: '' };
    const sent = fixtures.stripe.source.send(body, { at: now });
    const secret = fixtures.stripe.secret.webhookSecrets[0] ?? '';
    expect(Stripe.webhooks.constructEvent(sent.body, sent.headers['stripe-signature'] ?? '', secret).type).toBe(
      'payment_intent.succeeded',
    );
  });

  const key = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`;
  const body = '{"type":"points.earned","name":"Jürgen ☕"}';

  it('the reference package takes what we sign, with the old key and with the new one', () => {
    const other = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
    const headers = signStandard({ id: 'msg_1', at: now, body }, [other, key]);
    expect(new Webhook(key).verify(body, headers)).toEqual(JSON.parse(body));
    expect(new Webhook(other).verify(body, headers)).toEqual(JSON.parse(body));
  });

  it('we take what the reference package signs', async () => {
    const headers = {
      'webhook-id': 'msg_2',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(key).sign('msg_2', now, body),
    };
    const context = contextOf(
      webhook,
      { ...fixtures.webhook, secret: { ...fixtures.webhook.secret, inboundKeys: [key] } },
      { now },
    );
    const genuine = request(body, headers);
    expect(await webhook.roles.source.verify(genuine, context)).toBe(genuine);
  });
});
