import { createHmac, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalCloud, startLocalCloud } from '../../lib/local/cloud.ts';
import type { Vendors } from '../../lib/local/outbox.ts';
import { madeForAll } from '../once-for-all.ts';
import { ASSEMBLIES } from './one-assembly.ts';

/** The demo merchant's stacks on the local cloud, and the ways in which the world reaches them. */

/** As many as a journey calls: whoever moves the clock wakes a dozen functions, which would end each other else. */
const PROCESSES = 48;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a journey looks at whatever came back, as a till's script would.
  readonly body: any;
}

export interface OutboxCall {
  readonly connector: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** By the virtual clock. */
  readonly at: string;
  readonly status: number;
}

export interface Shop {
  readonly cloud: LocalCloud;
  readonly endpoints: LocalCloud['endpoints'];
  readonly directory: string;
  call(method: string, path: string, body?: unknown, key?: 'pos' | 'staff' | 'admin' | string | null): Promise<Answer>;
  local(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Answers once nothing is on its way. */
  idle(): Promise<void>;
  /** Whether whatever is not done waits for its time, and nobody is at work. */
  isWaiting(): Promise<boolean>;
  outbox(connector?: string): Promise<OutboxCall[]>;
  /** Waits for what must come, up to half a minute. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  enrol(phone?: string): Promise<{ id: string; phone: string }>;
  sell(orderId: string, phone: string, total: string, more?: object): Promise<Answer>;
  shopify(
    topic: string,
    order: object,
    change?: { body?: (text: string) => string; headers?: Record<string, string> },
  ): Promise<Answer>;
  available(id: string): Promise<number>;
  stop(): Promise<void>;
  /** Stops, and starts again on the same data. */
  restart(): Promise<void>;
}

export interface ShopOptions {
  readonly merchant?: keyof typeof ASSEMBLIES;
  /** Changes the synthesised templates before they run. */
  readonly alter?: (assemblyDirectory: string) => void;
  /** Who answers in a vendor's place, where it is not enough to say yes. */
  readonly vendors?: Vendors;
  /** The virtual time at which it opens; absent: now. */
  readonly opensAt?: Date;
  /** With a DynamoDB Local of its own, which may be killed; else one serves all journeys. */
  readonly ownDatabase?: boolean;
}

export async function openShop({
  merchant = 'art-cafe',
  alter,
  vendors,
  opensAt,
  ownDatabase = false,
}: ShopOptions = {}): Promise<Shop> {
  const directory = mkdtempSync(join(tmpdir(), 'stampbook-shop-'));
  const shared = await madeForAll(ASSEMBLIES[merchant]);
  let assemblyDirectory = join(shared, 'assembly');
  if (alter) {
    cpSync(assemblyDirectory, join(directory, 'assembly'), { recursive: true });
    assemblyDirectory = join(directory, 'assembly');
    alter(assemblyDirectory);
  }
  const port = await freePort();
  const dataDirectory = join(directory, 'data');
  if (opensAt) {
    mkdirSync(dataDirectory);
    writeFileSync(join(dataDirectory, 'clock.json'), JSON.stringify({ offsetMs: opensAt.getTime() - Date.now() }));
  }
  const options = {
    assemblyDirectory,
    stage: merchant,
    dataDirectory,
    compileCache: join(shared, 'compile-cache'),
    port,
    quiet: true,
    processes: PROCESSES,
    ...(vendors && { vendors }),
    ...(!ownDatabase && {
      lent: { port: Number(new URL(await madeForAll('ONE_DYNAMODB')).port), keyId: randomUUID().replaceAll('-', '') },
    }),
  };
  let cloud = await startLocalCloud(options);
  let phones = 10_000_000;
  const nextPhone = () => {
    phones += 1;
    return `+49151${phones}`;
  };

  async function send(url: string, method: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(url, {
      method,
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(text !== undefined && { body: text }),
    });
    const answer = await response.text();
    let parsed: unknown = answer;
    try {
      parsed = JSON.parse(answer);
    } catch {
      // not everything that answers speaks JSON
    }
    return { status: response.status, headers: response.headers, body: parsed };
  }

  const shop: Shop = {
    get cloud() {
      return cloud;
    },
    get endpoints() {
      return cloud.endpoints;
    },
    directory,
    call(method, path, body, key = 'pos') {
      const keys = cloud.endpoints.keys as Record<string, string>;
      return send(
        `${cloud.endpoints.api}${path}`,
        method,
        body,
        key === null ? {} : { authorization: `Bearer ${keys[key] ?? key}` },
      );
    },
    local: (method, path, body) => send(`${cloud.endpoints.local}${path}`, method, body, {}),
    async idle() {
      const answer = await shop.local('GET', '/idle?timeoutMs=240000');
      if (answer.status !== 200) throw new Error(`not idle: ${JSON.stringify(answer.body)}`);
    },
    async isWaiting() {
      const { body } = await shop.local('GET', '/idle?timeoutMs=0');
      const busy: { what: string }[] = body.busy ?? [];
      if (busy.some(({ what }) => !what.startsWith(`${merchant}-`))) return false;
      const queues: { visible: number; deadLetterOf?: string }[] = (await shop.local('GET', '/queues')).body;
      return queues.every(({ visible, deadLetterOf }) => visible === 0 || deadLetterOf !== undefined);
    },
    async outbox(connector) {
      const answer = await shop.local('GET', `/outbox${connector ? `?connector=${connector}` : ''}`);
      return answer.body;
    },
    async until(holds) {
      const end = Date.now() + 30_000;
      while (!(await holds())) {
        if (Date.now() > end) throw new Error('waited half a minute in vain');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async enrol(phone = nextPhone()) {
      const answer = await shop.call('POST', '/v1/members', { phone, profile: { name: 'Ada', locale: 'en' } });
      if (answer.status !== 201 && answer.status !== 200)
        throw new Error(`not enrolled: ${JSON.stringify(answer.body)}`);
      return { id: answer.body.memberId, phone };
    },
    sell: (orderId, phone, total, more = {}) =>
      shop.call('POST', '/v1/sales', { orderId, member: { phone }, total, currency: 'EUR', ...more }),
    shopify(topic, order, { body: change = (text: string) => text, headers = {} } = {}) {
      const hook = cloud.endpoints.webhooks.shopify;
      if (!hook) throw new Error('the demo listens to Shopify');
      const text = JSON.stringify(order);
      const signature = createHmac('sha256', hook.secret).update(text).digest('base64');
      return send(hook.url, 'POST', change(text), {
        'x-shopify-topic': topic,
        'x-shopify-hmac-sha256': signature,
        'x-shopify-shop-domain': 'kunstpause.myshopify.com',
        'x-shopify-webhook-id': randomUUID(),
        'x-shopify-api-version': '2026-10',
        ...headers,
      });
    },
    async available(id) {
      const answer = await shop.call('GET', `/v1/members/${id}`);
      return answer.body.balance;
    },
    async stop() {
      await cloud.stop();
      rmSync(directory, { recursive: true, force: true });
    },
    async restart() {
      await cloud.stop();
      cloud = await startLocalCloud(options);
    },
  };
  return shop;
}

/** What a template has that journeys look at; the rest is the template's business. */
export interface Template {
  readonly Resources: Record<string, TemplateResource>;
}
export interface Statement {
  Action: string | string[];
}
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: {
    readonly FunctionName?: string;
    readonly Name?: string;
    readonly Role?: { readonly 'Fn::GetAtt'?: readonly [string, string] };
    readonly Roles?: unknown;
    readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
    readonly PolicyDocument?: { readonly Statement: Statement[] };
  };
}

/** Changes each template of an assembly in place. */
export function eachTemplate(assembly: string, change: (template: Template) => void): void {
  for (const file of readdirSync(assembly, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.template.json')) continue;
    const path = join(assembly, file);
    const template = JSON.parse(readFileSync(path, 'utf8')) as Template;
    change(template);
    writeFileSync(path, JSON.stringify(template));
  }
}

/** A paid order as Shopify tells it, of one line of goods. */
export const shopifyOrder = (id: number, phone: string, price: string) => ({
  id,
  name: `#${id}`,
  created_at: new Date().toISOString(),
  processed_at: new Date().toISOString(),
  updated_at: new Date().toISOString(),
  test: false,
  currency: 'EUR',
  presentment_currency: 'EUR',
  taxes_included: true,
  subtotal_price: price,
  total_discounts: '0.00',
  total_tax: '0.00',
  total_price: price,
  current_total_price: price,
  financial_status: 'paid',
  source_name: 'web',
  location_id: null,
  customer: { id: id + 7_000_000, email: null, phone, first_name: 'Ada', last_name: 'L' },
  line_items: [
    {
      id: id * 10,
      product_id: 10,
      variant_id: 20,
      sku: 'PRINT-1',
      quantity: 1,
      price,
      total_discount: '0.00',
      discount_allocations: [],
      tax_lines: [],
    },
  ],
});

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
