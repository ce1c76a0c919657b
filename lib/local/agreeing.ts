import { randomBytes, randomInt } from 'node:crypto';
import * as z from 'zod';
import { type ConnectorId, manifests } from '../connectors/manifests.ts';
import type { Clock } from './clock.ts';
import type { Vendors } from './outbox.ts';

/**
 * The vendors of a merchant, as they are when all is well: whatever is looked up, nothing is new; whatever is to be done,
 * is done. Of all that they are told they remember what they are to send us, and nothing else.
 */

export interface AgreeingOptions {
  readonly clock: Clock;
  /** Of a connector in the merchant's file: what the vendor says of itself has to fit. */
  settingsOf(connector: string): Readonly<Record<string, unknown>> | undefined;
  /** Where a source is told things. */
  hookOf(connector: string): string;
}

interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly body: string;
}

const json = (value: unknown, status = 200) => Response.json(value, { status });
const nothing = (status: number) => new Response(null, { status });
const text = (words: string) => new Response(words, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
const word = (bytes = 8) => randomBytes(bytes).toString('hex');
const number = () => randomInt(1_000_000, 9_999_999);

/** What of a body matters here; all that is not as it should be counts as absent. */
function heard<Schema extends z.ZodType>(schema: Schema, body: string): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

const Graphql = z.object({
  variables: z.looseObject({
    id: z.string().optional(),
    topic: z.string().optional(),
    webhookSubscription: z.looseObject({ uri: z.string() }).optional(),
  }),
});
const Inputs = z.object({ inputs: z.array(z.looseObject({ id: z.string() })) });
const Parts = z.object({
  compositeRequest: z.array(z.object({ method: z.string(), url: z.string(), referenceId: z.string() })),
});
const Values = z.object({ values: z.array(z.array(z.unknown())) });
const Hook = z.looseObject({ topic: z.string(), delivery_url: z.string() });

export function agreeing({ clock, settingsOf, hookOf }: AgreeingOptions): Vendors {
  const settings = <Id extends ConnectorId>(id: Id) =>
    manifests[id].settings.parse(settingsOf(id)) as z.output<(typeof manifests)[Id]['settings']>;
  const shopify = new Map<string, object>();
  const woocommerce = new Map<string, object>();
  const typeform = new Map<string, object>();
  const sheets = new Map<string, readonly unknown[]>();

  const answers: { readonly [Id in ConnectorId]?: (asked: Asked) => Response } = {
    freshdesk({ url, method }) {
      if (method !== 'GET') return json({ id: number() });
      if (url.pathname.endsWith('/agents/me')) return json({ id: 1, type: 'support_agent' });
      if (url.pathname.includes('/search/')) return json({ results: [], total: 0 });
      return json([]);
    },

    'google-sheets'({ url, method, body }) {
      if (url.pathname === '/token') return token();
      const { ledgerTab, membersTab } = settings('google-sheets');
      const range = decodeURIComponent(url.pathname).split('/values/')[1] ?? '';
      const { values = [] } = heard(Values, body) ?? {};
      if (range.endsWith(':append')) return json({ updates: { updatedRows: values.length } });
      if (method === 'PUT') sheets.set(tabIn(range), values[0] ?? []);
      if (method !== 'GET') return json({});
      if (url.pathname.endsWith(':batchGet'))
        return json({
          valueRanges: url.searchParams.getAll('ranges').map((one) => ({
            range: one,
            // The header's cells; of rows there are none.
            ...(/!A1:\w+1$/.test(one) && { values: (sheets.get(tabIn(one)) ?? []).map((cell) => [cell]) }),
          })),
        });
      const sheet = (title: string) => ({ properties: { title, gridProperties: { rowCount: 1_000 } } });
      return json({
        properties: { title: 'Local' },
        sheets: [ledgerTab, ...(membersTab ? [membersTab] : [])].map(sheet),
      });
    },

    hubspot({ url, method, body }) {
      const { portalId, currency, timeZone } = settings('hubspot');
      if (url.pathname.endsWith('/details'))
        return json({ portalId: Number(portalId), companyCurrency: currency, timeZone });
      if (url.pathname.endsWith('/upsert'))
        return json({
          status: 'COMPLETE',
          results: (heard(Inputs, body)?.inputs ?? []).map((input) => ({
            properties: {},
            ...input,
            id: `${number()}`,
          })),
        });
      return json(method === 'PATCH' ? { id: `${number()}` } : { results: [] });
    },

    salesforce({ url, body }) {
      if (url.pathname.endsWith('/token')) return token();
      const { organizationId } = settings('salesforce');
      const answerTo = (part: z.output<typeof Parts>['compositeRequest'][number]) => {
        if (part.method !== 'GET') return { id: `003${word(7)}A`, success: true, errors: [], created: false };
        const organizations = part.url.includes('FROM%20Organization')
          ? [{ Id: organizationId, Name: 'Local', IsSandbox: true }]
          : [];
        return { done: true, totalSize: organizations.length, records: organizations };
      };
      return json({
        compositeResponse: (heard(Parts, body)?.compositeRequest ?? []).map((part) => ({
          referenceId: part.referenceId,
          httpStatusCode: 200,
          httpHeaders: {},
          body: answerTo(part),
        })),
      });
    },

    sendgrid({ url, method }) {
      const { pathname } = url;
      if (pathname.endsWith('/mail/send')) return nothing(202);
      if (pathname.endsWith('/asm/groups')) return json([{ id: Number(url.searchParams.get('id')), name: 'Local' }]);
      if (pathname.includes('/search/')) return json({ result: {} });
      if (!pathname.endsWith('/field_definitions')) return json({ job_id: word() }, 202);
      return json(method === 'GET' ? { custom_fields: [] } : { id: word(2) });
    },

    shopify({ url, body }) {
      const { id, topic, webhookSubscription } = heard(Graphql, body)?.variables ?? {};
      if (topic !== undefined)
        shopify.set(topic, { id: `gid://${topic}`, topic, filter: null, includeFields: [], ...webhookSubscription });
      return json({
        data: {
          shop: { name: 'Local', myshopifyDomain: url.host, currencyCode: 'EUR' },
          orders: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } },
          webhookSubscriptions: { nodes: [...shopify.values()] },
          customer: { id, tags: [] },
          customers: { nodes: [] },
          made: { codeDiscountNode: { id: `gid://shopify/DiscountCodeNode/${number()}` }, userErrors: [] },
          known: null,
          changed: { userErrors: [] },
        },
      });
    },

    slack: () => text('ok'),

    square({ url }) {
      const { hears } = manifests.square;
      const { pathname } = url;
      if (pathname.endsWith('/subscriptions'))
        return json({ subscriptions: [{ enabled: true, event_types: hears, notification_url: hookOf('square') }] });
      if (pathname.endsWith('/programs/main')) return json({ program: { id: 'local' } });
      if (pathname.endsWith('/accounts')) return json({ loyalty_account: { id: word(), balance: 0 } });
      return json(pathname.endsWith('/adjust') ? { event: { id: word() } } : {});
    },

    stripe({ url }) {
      const endpoint = {
        url: hookOf('stripe'),
        status: 'enabled',
        enabled_events: ['*'],
        api_version: manifests.stripe.apiVersion,
      };
      const data = url.pathname.endsWith('/webhook_endpoints') ? [endpoint] : [];
      return json({ object: 'list', has_more: false, data });
    },

    'twilio-sms'({ method, body }) {
      const account_sid = `AC${'0'.repeat(32)}`;
      // What is only looked up: the service that sends, and no message.
      if (method === 'GET') return json({ friendly_name: 'Local', account_sid, messages: [] });
      const form = new URLSearchParams(body);
      const sid = `SM${word(16)}`;
      const at = clock.now().toUTCString().replace('GMT', '+0000');
      const message = {
        sid,
        account_sid,
        messaging_service_sid: form.get('MessagingServiceSid'),
        to: form.get('To'),
        from: form.get('From'),
        body: form.get('Body'),
        status: 'queued',
        direction: 'outbound-api',
        num_segments: '1',
        num_media: '0',
        price: null,
        price_unit: 'USD',
        error_code: null,
        error_message: null,
        api_version: manifests['twilio-sms'].apiVersion,
        date_created: at,
        date_updated: at,
        date_sent: null,
        uri: `/2010-04-01/Accounts/${account_sid}/Messages/${sid}.json`,
        subresource_uris: {},
      };
      return json(message, 201);
    },

    typeform({ url, method, body }) {
      if (!url.pathname.includes('/webhooks/')) return json({ total_items: 0, page_count: 0, items: [] });
      const wanted = method === 'PUT' && heard(z.looseObject({}), body);
      if (wanted) typeform.set(url.pathname, wanted);
      const there = typeform.get(url.pathname);
      return there ? json(there) : json({ code: 'NOT_FOUND' }, 404);
    },

    webhook: () => text(''),

    whatsapp({ url }) {
      if (url.pathname.endsWith('/messages'))
        return json({ messaging_product: 'whatsapp', messages: [{ id: `wamid.${word(12)}` }] });
      return json(url.pathname.endsWith('/subscribed_apps') ? { success: true } : { data: [] });
    },

    woocommerce({ url, method, body }) {
      const { pathname } = url;
      const id = number();
      if (pathname.endsWith('/webhooks') && method === 'POST') {
        const hook = { id, status: 'active', ...heard(Hook, body) };
        woocommerce.set(String(id), hook);
        return json(hook, 201);
      }
      if (pathname.endsWith('/webhooks')) return json([...woocommerce.values()]);
      return method === 'GET' ? json([]) : json({ id });
    },

    zendesk({ url, method }) {
      const { pathname, searchParams } = url;
      if (pathname.endsWith('/users/search'))
        return json({ users: [{ email: searchParams.get('query')?.replace(/^email:/, ''), role: 'agent' }] });
      if (pathname.endsWith('/webhooks'))
        return json({
          webhooks: [{ endpoint: hookOf('zendesk'), status: 'active', subscriptions: manifests.zendesk.hears }],
        });
      return json(method === 'GET' ? { tickets: [] } : { ticket: { id: number() } });
    },
  };

  return Object.fromEntries(
    Object.entries(answers).map(([id, answer]): [string, typeof fetch] => [
      id,
      async (input, init) =>
        answer({ url: new URL(String(input)), method: init?.method ?? 'GET', body: String(init?.body ?? '') }),
    ]),
  );
}

const token = () => json({ access_token: word(16), token_type: 'Bearer', expires_in: 3_599 });

/** `'Ledger'!A1:K1` */
const tabIn = (range: string): string => range.split('!')[0] ?? '';
