import { createHmac, randomBytes } from 'node:crypto';
import { signUrlForm } from '../connectors/kit/url-form.ts';
import { addDays, dayIn } from '../loyalty/calendar.ts';
import type { DeployedMerchant } from '../runtime/config.ts';
import type { Clock } from './clock.ts';
import type { Endpoints } from './endpoints.ts';

/** Made on the first start, so that there is a phone that rings. */
export const demoMember = {
  phone: '+4915155501234',
  email: 'ada@example.org',
  name: 'Ada Kunst',
  shopifyId: 7_000_111,
};

/** What a sample was and what came of it, for the page. */
export interface SampleAnswer {
  readonly request: string;
  readonly status: number;
  readonly body: unknown;
}

export const sampleKinds = [
  'shopify-order',
  'stripe-payment',
  'forged',
  'till-sale',
  'refund',
  'redeem',
  'reply',
] as const;
export type SampleKind = (typeof sampleKinds)[number];

export interface Samples {
  /** Which of them this merchant can be sent. */
  readonly kinds: readonly SampleKind[];
  /** `text`: what the member writes back. */
  send(kind: SampleKind, text?: string): Promise<SampleAnswer>;
  enrolDemoMember(): Promise<SampleAnswer>;
}

type Menu = readonly (readonly [name: string, priceMinor: number])[];

const cafe: Menu = [
  ['Flat white', 380],
  ['Lemon tart', 520],
  ['Exhibition print', 2_400],
  ['Vernissage ticket', 1_800],
  ['Coffee beans, 500 g', 1_650],
  ['Sketchbook', 1_290],
];
const garage: Menu = [
  ['Oil change', 8_900],
  ['Brake pads', 24_900],
  ['Winter tyres', 61_200],
  ['Floor mats', 12_950],
];

/** A merchant who asks for a minimum spend sells larger things. */
const menuOf = ({ program }: DeployedMerchant): Menu =>
  program.rules.some(({ when }) => when.some(({ is }) => is === 'minimum-spend')) ? garage : cafe;

/** Sends what a till, a shop and a forger would send, over HTTP and signed as vendors sign. */
export function createSamples(options: {
  merchant: DeployedMerchant;
  endpoints: Endpoints;
  clock: Clock;
  /** Whose texts come back from the member's phone. */
  smsAccount: unknown;
}): Samples {
  const { merchant, endpoints, clock, smsAccount } = options;
  const { currency } = merchant.program;
  const used = new Map(merchant.connectors.map(({ id, settings }) => [id, settings]));
  const menu = menuOf(merchant);
  const orders: { orderId: string; total: string }[] = [];

  async function call(
    method: string,
    url: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<SampleAnswer> {
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    let answer: unknown = text;
    try {
      answer = JSON.parse(text);
    } catch {
      // Not everything answers JSON: a webhook's answer is empty.
    }
    return { request: `${method} ${new URL(url).pathname}`, status: response.status, body: answer };
  }

  const asTill = (method: string, path: string, body?: object) =>
    call(
      method,
      endpoints.api + path,
      { authorization: `Bearer ${endpoints.keys.pos}`, 'content-type': 'application/json' },
      body && JSON.stringify(body),
    );

  const basket = () => {
    const lines = Array.from({ length: 1 + Math.floor(Math.random() * 3) }, (_, index) => {
      const [name, priceMinor] = menu[Math.floor(Math.random() * menu.length)] ?? ['Flat white', 380];
      return { id: index + 1, name, priceMinor };
    });
    return { lines, totalMinor: lines.reduce((sum, line) => sum + line.priceMinor, 0) };
  };
  const money = (minor: number) => (minor / 100).toFixed(2);
  // Whoever lets the clock of a new shop go on by a day sees a greeting come.
  const tomorrow = () => addDays(dayIn(merchant.program.timeZone, clock.now()), 1);
  const newId = () => Date.now() * 1000 + Math.floor(Math.random() * 1000);

  function shopifyOrder(secret: string) {
    const { lines, totalMinor } = basket();
    const id = newId();
    const at = clock.now().toISOString();
    const tax = money(totalMinor - Math.round(totalMinor / 1.19));
    const body = JSON.stringify({
      id,
      name: `#${String(id).slice(-6)}`,
      created_at: at,
      processed_at: at,
      updated_at: at,
      test: false,
      currency,
      presentment_currency: currency,
      taxes_included: true,
      subtotal_price: money(totalMinor),
      total_discounts: '0.00',
      total_tax: tax,
      total_price: money(totalMinor),
      financial_status: 'paid',
      source_name: 'web',
      customer: { id: demoMember.shopifyId, email: demoMember.email, phone: demoMember.phone },
      line_items: lines.map((line) => ({
        id: id + line.id,
        sku: line.name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '-'),
        title: line.name,
        quantity: 1,
        price: money(line.priceMinor),
        total_discount: '0.00',
        discount_allocations: [],
        tax_lines: [],
      })),
    });
    const headers = {
      'content-type': 'application/json',
      'x-shopify-topic': 'orders/paid',
      'x-shopify-shop-domain': String(used.get('shopify')?.shop),
      'x-shopify-api-version': '2026-10',
      'x-shopify-webhook-id': crypto.randomUUID(),
      'x-shopify-event-id': crypto.randomUUID(),
      'x-shopify-triggered-at': at,
      'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
    };
    return { body, headers };
  }

  function stripePayment(secret: string) {
    const { totalMinor } = basket();
    const created = Math.floor(clock.now().getTime() / 1000);
    const id = randomBytes(8).toString('hex');
    const common = { currency: currency.toLowerCase(), created, customer: null, metadata: {} };
    const isCheckout = used.get('stripe')?.accrueOn === 'checkout.session.completed';
    const object = isCheckout
      ? {
          ...common,
          id: `cs_${id}`,
          object: 'checkout.session',
          payment_status: 'paid',
          amount_total: totalMinor,
          total_details: { amount_shipping: 0, amount_tax: 0, amount_discount: 0 },
          payment_intent: `pi_${id}`,
          customer_details: { email: demoMember.email, phone: demoMember.phone },
        }
      : {
          ...common,
          id: `pi_${id}`,
          object: 'payment_intent',
          status: 'succeeded',
          amount: totalMinor,
          amount_received: totalMinor,
          receipt_email: demoMember.email,
        };
    const body = JSON.stringify({
      id: `evt_${id}`,
      object: 'event',
      api_version: '2026-10-28.endive',
      created,
      livemode: false,
      type: isCheckout ? 'checkout.session.completed' : 'payment_intent.succeeded',
      data: { object },
    });
    const signature = createHmac('sha256', secret).update(`${created}.${body}`).digest('hex');
    return {
      body,
      headers: { 'content-type': 'application/json', 'stripe-signature': `t=${created},v1=${signature}` },
    };
  }

  const signed = { 'shopify-order': ['shopify', shopifyOrder], 'stripe-payment': ['stripe', stripePayment] } as const;
  const hooks = (['shopify-order', 'stripe-payment'] as const).filter((kind) => endpoints.webhooks[signed[kind][0]]);

  function webhook(kind: keyof typeof signed, tamper = (body: string) => body): Promise<SampleAnswer> {
    const [connector, make] = signed[kind];
    const hook = endpoints.webhooks[connector];
    if (!hook) throw new Error(`this merchant does not use ${connector}`);
    const { body, headers } = make(hook.secret);
    return call('POST', hook.url, headers, tamper(body));
  }

  const send: Readonly<Record<SampleKind, (text: string) => Promise<SampleAnswer>>> = {
    'shopify-order': () => webhook('shopify-order'),
    'stripe-payment': () => webhook('stripe-payment'),
    // Signed, and then one byte is changed on the way.
    forged: () =>
      webhook(hooks[0] ?? 'shopify-order', (body) =>
        body.replace(/\d(?=[^\d]*$)/, (digit) => String((Number(digit) + 1) % 10)),
      ),
    async 'till-sale'() {
      const { lines, totalMinor } = basket();
      const orderId = `till-${newId()}`;
      const answer = await asTill('POST', '/v1/sales', {
        orderId,
        member: { phone: demoMember.phone },
        occurredAt: clock.now().toISOString(),
        total: money(totalMinor),
        currency,
        lines: lines.map((line) => ({ id: String(line.id), total: money(line.priceMinor) })),
      });
      if (answer.status < 300) orders.push({ orderId, total: money(totalMinor) });
      return answer;
    },
    async refund() {
      const order = orders.pop();
      if (!order) return { request: 'POST /v1/sales/{orderId}/refunds', status: 0, body: 'ring up a sale first' };
      return asTill('POST', `/v1/sales/${order.orderId}/refunds`, {
        refundId: `refund-${newId()}`,
        occurredAt: clock.now().toISOString(),
        currency,
        everything: true,
      });
    },
    redeem() {
      const [cheapest] = merchant.program.rewards
        .filter(({ tier }) => tier === undefined)
        .toSorted((a, b) => a.cost - b.cost);
      return asTill('POST', '/v1/redemptions', {
        redemptionId: `redeem-${newId()}`,
        member: { phone: demoMember.phone },
        rewardId: cheapest?.id,
      });
    },
    async reply(text) {
      const hook = endpoints.webhooks['twilio-sms'];
      if (!hook) throw new Error('this merchant does not use twilio-sms');
      const form = new URLSearchParams({
        MessageSid: `SM${randomBytes(16).toString('hex')}`,
        AccountSid: String(smsAccount),
        MessagingServiceSid: String(used.get('twilio-sms')?.messagingServiceSid),
        From: demoMember.phone,
        To: '+4930123456',
        Body: text,
        NumMedia: '0',
      }).toString();
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': signUrlForm(hook.url, Buffer.from(form), hook.secret),
      };
      return call('POST', hook.url, headers, form);
    },
  };

  return {
    kinds: [
      ...hooks,
      ...(hooks.length > 0 ? (['forged'] as const) : []),
      'till-sale',
      'refund',
      'redeem',
      ...(endpoints.webhooks['twilio-sms'] ? (['reply'] as const) : []),
    ],
    send: (kind, text = 'POINTS') => send[kind](text),
    enrolDemoMember: () =>
      asTill('POST', '/v1/members', {
        phone: demoMember.phone,
        email: demoMember.email,
        ...(used.has('shopify') && { ids: [{ source: 'shopify', id: String(demoMember.shopifyId) }] }),
        profile: { name: demoMember.name, locale: 'en', birthday: `1990${tomorrow().slice(4)}` },
        consents: { sms: true },
        consentProof: 'demo',
      }),
  };
}
