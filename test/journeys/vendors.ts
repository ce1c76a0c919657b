import { randomBytes } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openVault } from '../../bin/secrets.ts';
import { signUrlForm } from '../../lib/connectors/kit/url-form.ts';
import type { ConnectorId } from '../../lib/connectors/manifests.ts';
import type { Vendors } from '../../lib/local/outbox.ts';
import { freshdesk } from '../connectors/fixtures/freshdesk-api.ts';
import { sheets } from '../connectors/fixtures/google-sheets-api.ts';
import { hubspot } from '../connectors/fixtures/hubspot-api.ts';
import { fixtures } from '../connectors/fixtures/index.ts';
import { salesforce } from '../connectors/fixtures/salesforce-api.ts';
import { admin } from '../connectors/fixtures/shopify-admin.ts';
import { square } from '../connectors/fixtures/square-api.ts';
import { ACCOUNT } from '../connectors/fixtures/twilio-sms.ts';
import { typeform } from '../connectors/fixtures/typeform-api.ts';
import { shop as woocommerce } from '../connectors/fixtures/woocommerce-shop.ts';
import { type User, zendesk } from '../connectors/fixtures/zendesk-api.ts';
import type { Shop } from './shop.ts';

/** Everybody the bookshop is connected to: they remember what they were told, and sign what they tell us. */
export function openVendors(now: () => Date) {
  const people: User[] = [];
  const poison: string[] = [];
  const hub = hubspot({ poison });
  const force = salesforce();
  const sheet = sheets();
  const desk = zendesk({ users: people });
  const shopify = admin();
  const sms = twilio(now);
  const down = new Map<ConnectorId, number>();
  const heard: { readonly id: ConnectorId; readonly status: number; readonly body: string }[] = [];

  const fetches: { readonly [Id in ConnectorId]: typeof fetch } = {
    freshdesk: freshdesk().fetch,
    'google-sheets': withTokens(sheet.fetch),
    hubspot: hub.fetch,
    salesforce: withTokens(force.fetch),
    sendgrid: async () => new Response(null, { status: 202 }),
    shopify: shopify.fetch,
    slack: async () => new Response('ok'),
    square: square().fetch,
    stripe: async () => Response.json({ object: 'list', has_more: false, data: [] }),
    'twilio-sms': sms.fetch,
    typeform: typeform().fetch,
    webhook: async () => new Response(null, { status: 200 }),
    whatsapp: async () => Response.json({ messages: [{ id: `wamid.${randomBytes(12).toString('hex')}` }] }),
    woocommerce: woocommerce().fetch,
    zendesk: desk.fetch,
  };

  return {
    /** For the local cloud. */
    fetches: Object.fromEntries(
      (Object.keys(fetches) as ConnectorId[]).map((id): [string, typeof fetch] => [
        id,
        async (input, init) => {
          const failure = down.get(id);
          const answer = failure ? new Response(null, { status: failure }) : await fetches[id](input, init);
          heard.push({ id, status: answer.status, body: String(init?.body ?? '') });
          return answer;
        },
      ]),
    ) satisfies Vendors,
    /** What a vendor that takes JSON was told, and took. */
    told: (vendor: ConnectorId) =>
      heard.filter(({ id, status }) => id === vendor && status < 300).map(({ body }) => JSON.parse(body)),
    /** How often it was asked anything. */
    asked: (vendor: ConnectorId): number => heard.filter(({ id }) => id === vendor).length,
    /** Who answers with nothing but a status, whatever is asked. */
    down,
    /** Members that HubSpot does not take. */
    poison,
    /** Who has written to the desk. */
    people,
    hub,
    force,
    sheet,
    desk,
    shopify,
    sms,
  };
}

/** As the token's own servers would, to whoever asks with anything at all. */
const withTokens =
  (vendor: typeof fetch): typeof fetch =>
  async (input, init) =>
    /\/token$/.test(new URL(String(input)).pathname)
      ? Response.json({ access_token: 'an-access-token-of-the-vendor', token_type: 'Bearer', expires_in: 3_599 })
      : vendor(input, init);

/** Sends texts, and can be asked which it has sent. */
function twilio(now: () => Date) {
  const sent: Record<string, string | null>[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    if (init?.method === 'GET') {
      const messages = sent.filter(({ to }) => to === url.searchParams.get('To'));
      return Response.json({ messages: messages.toReversed() });
    }
    const form = new URLSearchParams(String(init?.body));
    const message = {
      sid: `SM${randomBytes(16).toString('hex')}`,
      account_sid: ACCOUNT,
      api_version: '2010-04-01',
      messaging_service_sid: form.get('MessagingServiceSid'),
      to: form.get('To'),
      from: null,
      body: form.get('Body'),
      status: 'accepted',
      direction: 'outbound-api',
      date_created: now().toUTCString().replace('GMT', '+0000'),
    };
    sent.push(message);
    return Response.json(message, { status: 201 });
  };
  return {
    fetch,
    to: (phone: string) => sent.filter(({ to }) => to === phone).map(({ body }) => body ?? ''),
  };
}

/** What each of them has given us stands in Secrets Manager. */
export async function fillSecrets({ cloud: { aws } }: Shop): Promise<void> {
  const { endpoint, operator: credentials } = aws;
  const vault = openVault(new SecretsManagerClient({ endpoint, region: 'eu-central-1', credentials }), 'book-bar');
  await Promise.all(Object.entries(fixtures).map(([id, { secret }]) => vault.write(id, secret)));
}

/** A vendor tells us something just now, with its proof; answers what we say to that. */
export async function tell(
  { endpoints, cloud }: Shop,
  id: 'shopify' | 'twilio-sms' | 'typeform' | 'whatsapp' | 'zendesk',
  body: string | object,
): Promise<number> {
  const url = `${endpoints.api}/webhooks/${id}`;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  // Twilio signs the address as well.
  const proof =
    id === 'twilio-sms'
      ? { 'x-twilio-signature': signUrlForm(url, Buffer.from(text), fixtures[id].secret.authToken) }
      : undefined;
  const { source } = fixtures[id];
  const { headers } = source.send(text, { at: cloud.clock.now(), ...(proof && { headers: proof }) });
  const { status } = await fetch(url, { method: 'POST', headers: headers as Record<string, string>, body: text });
  return status;
}
