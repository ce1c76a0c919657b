import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { defineConnector, defineManifest, type RoleOf } from '../../lib/connectors/contract.ts';
import { OptedOut, Permanent, Transient, Unauthorized, Unknown } from '../../lib/connectors/kit/errors.ts';
import { consentsOf } from '../../lib/loyalty/consents.ts';
import type { Alert, LoyaltyEvent, Message } from '../../lib/loyalty/events.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { deliver, startWorld, type World } from './world.ts';

const common = {
  title: 'Test',
  apiVersion: '1',
  settings: z.object({}).loose(),
  limits: { concurrency: 1, timeoutSeconds: 1, batch: 1 },
} as const;
const secret = z.object({ token: z.string() });
const texter = defineManifest({ ...common, id: 'twilio-sms', roles: ['channel'], channel: 'sms', secret });
const keeper = defineManifest({ ...common, id: 'webhook', roles: ['sink'], secret });
const bell = defineManifest({ ...common, id: 'slack', roles: ['alert'], secret });

let sent: { message: Message; token: string; key: string }[] = [];
let applied: LoyaltyEvent[] = [];
let raised: Alert[] = [];
/** What the vendor does with the next calls; afterwards it is well. */
let troubles: (() => unknown)[] = [];
const vendor = () => {
  const trouble = troubles.shift();
  if (trouble) throw trouble();
};

const channel: RoleOf<typeof texter, 'channel'> = {
  async send(message, { secret, idempotencyKey }) {
    vendor();
    sent.push({ message, token: secret.token, key: idempotencyKey });
    return { vendorId: `SM${sent.length}-${message.id}` };
  },
};
const sink: RoleOf<typeof keeper, 'sink'> = {
  async apply(told) {
    vendor();
    applied.push(...told.map(({ event }) => event));
    return told.map(({ event }) => ({ vendorId: event.id }));
  },
};
const alert: RoleOf<typeof bell, 'alert'> = {
  async raise(one) {
    vendor();
    raised.push(one);
    return { vendorId: one.id };
  },
};

let world: World;
let text: Parameters<typeof deliver>[0];
let keep: Parameters<typeof deliver>[0];
let ring: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld();
  process.env.RECEIPT_URL = 'https://api.example/webhooks/twilio-sms';
  const { deliverer } = await import('../../functions/deliver.ts');
  world.setSecret({ token: 'first' });
  text = deliverer(defineConnector(texter, { channel })) as typeof text;
  keep = deliverer(defineConnector(keeper, { sink })) as typeof keep;
  ring = deliverer(defineConnector(bell, { alert })) as typeof ring;
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());

let written = '';
beforeEach(() => {
  world.forget();
  sent = [];
  applied = [];
  raised = [];
  troubles = [];
  written = '';
  jest.restoreAllMocks();
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    written += String(line);
    return true;
  });
});
afterAll(() => {
  jest.restoreAllMocks();
});

let people = 0;
async function somebody(
  more: { locale?: string; consent?: boolean; identities?: { type: string; value: string }[] } = {},
): Promise<string> {
  people += 1;
  const at = new Date().toISOString();
  const enrolment = await shop.members().enrol({
    identities: more.identities ?? [{ type: 'phone', value: `+49172${String(50_000_000 + people)}` }],
    profile: { name: 'Ada Lovelace', ...(more.locale && { locale: more.locale }) },
    // What is only for offers does not count for messages about one's own points.
    consents: consentsOf(
      { sms: { transactional: more.consent ?? true, marketing: !(more.consent ?? true) } },
      { at, source: 'api', proof: 'test' },
    ),
    source: 'api',
    at,
  });
  return enrolment.kind === 'disagree' ? '' : enrolment.member.memberId;
}

let happenings = 0;
function event(
  memberId: string,
  type: LoyaltyEvent['type'] = 'points.earned',
  data: object = { points: 12, source: 'shopify', object: 'A-1' },
): LoyaltyEvent {
  happenings += 1;
  const entryId = `${memberId}.${happenings}`;
  return {
    id: `${entryId}.${type}`,
    type,
    memberId,
    entryId,
    occurredAt: '2026-03-01T10:00:00Z',
    balance: { available: 42, pending: 0, held: 0 },
    tier: 'guest',
    data,
  } as LoyaltyEvent;
}
/** As the bus wraps it. */
const wrapped = (detail: unknown) => ({
  version: '0',
  id: 'bus',
  source: 'stampbook',
  'detail-type': (detail as LoyaltyEvent).type,
  detail,
});
const hand = (handler: typeof text, what: unknown, more: { id?: string; attempt?: number; sentAt?: number } = {}) =>
  deliver(handler, [{ id: 'm1', ...more, body: wrapped(what) }]);
const delivery = async (one: LoyaltyEvent, connector = 'twilio-sms') =>
  (await world.rows('program')).find(({ pk }) => pk === `D#${connector}#${one.id}`);

describe('a message to a member', () => {
  it('is sent in the member’s language, to the phone, once', async () => {
    const one = event(await somebody({ locale: 'de-AT' }));
    expect(await hand(text, one)).toEqual([]);
    expect(await hand(text, one, { id: 'm2' })).toEqual([]);
    expect(sent).toEqual([
      {
        message: {
          id: one.id,
          channel: 'sms',
          to: expect.stringMatching(/^\+49172/),
          locale: 'de',
          kind: 'points.earned',
          purpose: 'transactional',
          values: {},
          text: 'Kunstpause Club: 12 Punkte für dich. Stand: 42. Abmelden mit STOP.',
          receiptUrl: 'https://api.example/webhooks/twilio-sms',
        },
        token: 'first',
        key: one.id,
      },
    ]);
    expect(await delivery(one)).toMatchObject({ status: 'sent', attempts: 1, vendorId: `SM1-${one.id}` });
    expect(JSON.stringify(await delivery(one))).not.toMatch(/49172|Ada/);
  });

  it('is in the merchant’s first language for those whose own it does not have', async () => {
    await hand(text, event(await somebody({ locale: 'fr' })));
    expect(sent[0]?.message).toMatchObject({
      locale: 'en',
      text: 'Kunstpause Club: 12 points for you. Balance: 42. Reply STOP to opt out.',
    });
  });

  it.each<[string, () => Promise<LoyaltyEvent>, string]>([
    ['without consent', async () => event(await somebody({ consent: false })), 'no consent to sms'],
    [
      'without a phone',
      async () => event(await somebody({ identities: [{ type: 'email', value: `${happenings}@example.org` }] })),
      'no address for sms',
    ],
    ['who is not known any more', async () => event('m_gone'), 'the member is not known any more'],
    [
      'for whom no text is written',
      async () => event(await somebody(), 'reward.unlocked', { rewardId: 'cake' }),
      'no text is written for reward.unlocked',
    ],
  ])('%s is not sent, and why is kept', async (_, make, reason) => {
    const one = await make();
    expect(await hand(text, one)).toEqual([]);
    expect(sent).toEqual([]);
    expect(await delivery(one)).toMatchObject({ status: 'skipped', reason });
  });

  describe('about points that expire', () => {
    const expiring = (memberId: string, last = true) =>
      event(memberId, 'points.expiring', { points: 12, on: '2026-05-01', through: '2026-05-01', daysBefore: 1, last });
    const told = () => world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact);

    it('says which day, and that it was sent is told for the journal', async () => {
      const one = expiring(await somebody());
      expect(await hand(text, one)).toEqual([]);
      expect(sent[0]?.message.text).toBe('Kunstpause Club: 12 of your points expire on 2026-05-01. Balance: 42.');
      expect(told()).toEqual([
        {
          type: 'reminder',
          factId: `reminder:${one.id}:twilio-sms`,
          source: 'twilio-sms',
          occurredAt: expect.any(String),
          identities: [{ type: 'member', value: one.memberId }],
          memberId: one.memberId,
          entryId: one.entryId,
          outcome: 'sent',
        },
      ]);
    });

    it.each<[string, () => Promise<string>, string]>([
      ['no consent', () => somebody({ consent: false }), 'no consent to sms'],
      [
        'no address',
        () => somebody({ identities: [{ type: 'email', value: `r${happenings}@example.org` }] }),
        'no address for sms',
      ],
      ['nobody any more', async () => 'm_erased', 'the member is not known any more'],
    ])('is impossible where there is %s, which is told as well', async (_, who, because) => {
      await hand(text, expiring(await who()));
      expect(told()).toMatchObject([{ type: 'reminder', outcome: 'impossible', because }]);
    });

    it('is impossible for those who have opted out at the vendor', async () => {
      troubles = [() => new OptedOut('Twilio answered 400, error 21610')];
      await hand(text, expiring(await somebody()));
      expect(told()).toMatchObject([
        { type: 'consent', granted: false },
        { type: 'reminder', outcome: 'impossible' },
      ]);
    });

    it.each<[string, () => unknown]>([
      ['will be tried again', () => new Transient('Twilio answered 503')],
      ['is parked', () => new Permanent('Twilio answered 400, error 21211')],
      ['may have been sent', () => new Unknown('no answer from Twilio')],
    ])('that %s is no proof of anything', async (_, trouble) => {
      troubles = [trouble];
      await hand(text, expiring(await somebody()));
      expect(told()).toEqual([]);
    });

    it('is told again by whoever finds it sent, in case that was not said before', async () => {
      const one = expiring(await somebody());
      world.fail('SendMessageBatch', 1);
      expect(await hand(text, one)).toEqual(['m1']);
      expect(told()).toEqual([]);
      expect(await hand(text, one, { attempt: 2 })).toEqual([]);
      expect(sent).toHaveLength(1);
      expect(told()).toMatchObject([{ outcome: 'sent' }]);
    });

    it('is not told of while another reminder comes before the day', async () => {
      await hand(text, expiring(await somebody(), false));
      expect(sent).toHaveLength(1);
      expect(told()).toEqual([]);
    });

    it('is not told of by who only keeps a copy', async () => {
      await hand(keep, expiring(await somebody()));
      expect(told()).toEqual([]);
    });
  });

  it('that was surely not sent is tried again, later each time', async () => {
    const one = event(await somebody());
    troubles = [() => new Transient('Twilio answered 429', { retryAfterSeconds: 77 })];
    expect(await hand(text, one)).toEqual(['m1']);
    const [{ receipt, seconds } = { receipt: '', seconds: 0 }] = world.visibilityChanges();
    expect(receipt).toBe('receipt-m1');
    expect(seconds).toBeGreaterThanOrEqual(77);
    expect(seconds).toBeLessThanOrEqual(97);
    expect(await delivery(one)).toMatchObject({ status: 'retry', attempts: 1, reason: 'Twilio answered 429' });
    expect(await hand(text, one, { attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(await delivery(one)).toMatchObject({ status: 'sent', attempts: 2 });
  });

  it.each([1, 2, 3, 6, 8])('waits no longer than doubling allows at try %i', async (attempt) => {
    const one = event(await somebody());
    troubles = [() => new Transient('Twilio answered 503')];
    await hand(text, one, { attempt });
    const [{ seconds } = { seconds: -1 }] = world.visibilityChanges();
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(Math.min(900, 30 * 2 ** (attempt - 1)));
  });

  it.each<[string, () => unknown]>([
    ['no answer came', () => new Unknown('no answer from Twilio')],
    ['we stumbled', () => new TypeError('x is not a function')],
  ])('that may have been sent since %s is never sent again', async (_, trouble) => {
    const one = event(await somebody());
    troubles = [trouble];
    expect(await hand(text, one)).toEqual([]);
    expect(await hand(text, one, { attempt: 2 })).toEqual([]);
    expect(await hand(text, one, { id: 'redriven' })).toEqual([]);
    expect(sent).toEqual([]);
    expect(await delivery(one)).toMatchObject({ status: 'unknown' });
    expect(written).toContain('"DeliveryUnknown":1');
  });

  it('is not sent again when the function died in the middle of it', async () => {
    const one = event(await somebody());
    const { openDeliveries } = await import('../../lib/runtime/deliveries.ts');
    const deliveries = openDeliveries({
      client: world.client,
      table: world.tables.program,
      connector: 'twilio-sms',
      timeZone: 'Europe/Berlin',
    });
    await deliveries.claim(one.id, 'channel', 'm1');
    // Another copy of the event may be in good hands: it is left alone for now.
    expect(await hand(text, one, { id: 'copy' })).toEqual(['copy']);
    // The same message again: the hands are gone.
    expect(await hand(text, one, { attempt: 2 })).toEqual([]);
    expect(sent).toEqual([]);
    expect(await delivery(one)).toMatchObject({
      status: 'unknown',
      reason: 'a try before this one ended without a word',
    });
  });

  it('by two at once is sent once', async () => {
    const one = event(await somebody());
    const copies = await Promise.all(['a', 'b', 'c', 'd'].map((id) => hand(text, one, { id })));
    expect(sent).toHaveLength(1);
    for (const id of copies.flat()) expect(await hand(text, one, { id, attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(await delivery(one)).toMatchObject({ status: 'sent' });
  });

  it.each<[string, () => unknown]>([
    ['cannot be sent', () => new Permanent('Twilio answered 400, error 21211')],
    ['is refused for our credentials', () => new Unauthorized('Twilio answered 401')],
  ])(
    'that %s goes to the dead letters with its reason, and is tried again when staff send it round',
    async (_, trouble) => {
      const one = event(await somebody());
      troubles = [trouble];
      expect(await hand(text, one)).toEqual([]);
      expect(world.sent('outbound-parked')).toMatchObject([
        { body: JSON.stringify(wrapped(one)), reason: expect.stringContaining('Twilio answered') },
      ]);
      expect(world.visibilityChanges()).toEqual([]);
      expect(await delivery(one)).toMatchObject({
        status: 'failed',
        reason: expect.stringContaining('Twilio answered'),
        attempts: 1,
      });
      expect(written).toContain('"DeliveryFailed":1');
      expect(await hand(text, one, { id: 'redriven' })).toEqual([]);
      expect(sent).toHaveLength(1);
    },
  );

  it('goes out under the new secret when the old one is refused', async () => {
    const one = event(await somebody());
    world.setSecret({ token: 'second' });
    const later = Date.now() + 31_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    troubles = [() => new Unauthorized('Twilio answered 401')];
    expect(await hand(text, one)).toEqual([]);
    expect(sent.map(({ token }) => token)).toEqual(['second']);
  });

  it('to somebody who opted out at the vendor withdraws the consent', async () => {
    const one = event(await somebody());
    troubles = [() => new OptedOut('Twilio answered 400, error 21610')];
    expect(await hand(text, one)).toEqual([]);
    expect(await delivery(one)).toMatchObject({ status: 'skipped', reason: 'opted out at the vendor' });
    const [fact] = world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact);
    expect(fact).toMatchObject({
      type: 'consent',
      source: 'twilio-sms',
      channel: 'sms',
      granted: false,
      identities: [{ type: 'phone' }],
    });
  });

  it('waits while nobody has filled in the secret', async () => {
    const one = event(await somebody());
    const later = Date.now() + 20 * 60_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    world.setSecret({ unset: true });
    expect(await hand(text, one)).toEqual(['m1']);
    expect(await delivery(one)).toBeUndefined();
    world.setSecret({ token: 'third' });
    jest.spyOn(Date, 'now').mockReturnValue(later + 20 * 60_000);
    expect(await hand(text, one, { attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  it('and what the vendor reports of it only move forward, whichever comes first', async () => {
    const { openDeliveries } = await import('../../lib/runtime/deliveries.ts');
    const deliveries = openDeliveries({
      client: world.client,
      table: world.tables.program,
      connector: 'twilio-sms',
      timeZone: 'Europe/Berlin',
    });
    const at = new Date().toISOString();
    const one = event(await somebody());
    // Before we have noted our own message.
    await deliveries.reported(`SM1-${one.id}`, { status: 'delivered', at });
    await hand(text, one);
    await deliveries.reported(`SM1-${one.id}`, { status: 'sent', at });
    expect(await delivery(one)).toMatchObject({ status: 'sent', receipt: 'delivered' });
    await deliveries.reported(`SM1-${one.id}`, { status: 'read', at });
    await deliveries.reported(`SM1-${one.id}`, { status: 'failed', reason: '30003', at });
    expect(await delivery(one)).toMatchObject({ receipt: 'read' });
  });
});

describe('a copy kept elsewhere', () => {
  it('is told every event, and again when nobody knows whether it was', async () => {
    const one = event('m_any');
    troubles = [() => new Unknown('no answer'), () => new TypeError('oops')];
    expect(await hand(keep, one)).toEqual(['m1']);
    expect(await hand(keep, one, { attempt: 2 })).toEqual(['m1']);
    expect(await hand(keep, one, { attempt: 3 })).toEqual([]);
    expect(await hand(keep, one, { attempt: 4 })).toEqual([]);
    expect(applied).toEqual([one]);
    expect(await delivery(one, 'webhook')).toMatchObject({ status: 'sent', attempts: 3 });
  });

  it('and is parked, and counted so, with the last try', async () => {
    const { openDeliveryCounts } = await import('../../lib/runtime/delivery-counts.ts');
    const parked = async () =>
      (
        await openDeliveryCounts({ client: world.client, table: world.tables.program }).lines({
          from: '2000-01-01',
          to: '2100-01-01',
        })
      ).reduce((sum, { connector, amounts }) => sum + (connector === 'webhook' ? (amounts.parked ?? 0) : 0), 0);
    process.env.ATTEMPTS_MAX = '3';
    const [one, before] = [event('m_any'), await parked()];
    const counted: [number, number][] = [];
    for (const attempt of [1, 2, 3]) {
      troubles = [() => new Transient('503')];
      const { length } = await hand(keep, one, { attempt });
      counted.push([length, (await parked()) - before]);
    }
    expect(counted).toEqual([
      [1, 0],
      [1, 0],
      [0, 1],
    ]);
    expect(world.sent('outbound-parked')).toMatchObject([{ reason: 'tried 3 times: 503' }]);
    // Sent round again, it has as many tries as before.
    troubles = [() => new Transient('503')];
    expect(await hand(keep, one, { id: 'redriven' })).toEqual(['redriven']);
    delete process.env.ATTEMPTS_MAX;
  });

  it('also when a function died in the middle of it', async () => {
    const one = event('m_any');
    const { openDeliveries } = await import('../../lib/runtime/deliveries.ts');
    await openDeliveries({
      client: world.client,
      table: world.tables.program,
      connector: 'webhook',
      timeZone: 'Europe/Berlin',
    }).claim(one.id, 'sink', 'm1');
    expect(await hand(keep, one, { attempt: 2 })).toEqual([]);
    expect(applied).toEqual([one]);
  });
});

describe('an alert', () => {
  it('is raised for redemptions from the merchant’s own bound on', async () => {
    const redeemed = (points: number) =>
      event('m_any', 'points.redeemed', { points, redemptionId: 'r-1', rewardId: 'vernissage' });
    await hand(ring, redeemed(399));
    await hand(ring, redeemed(400));
    expect(raised).toHaveLength(1);
    expect(raised[0]).toMatchObject({
      title: '400 points redeemed',
      fields: expect.arrayContaining([{ name: 'Reward', value: 'Two seats at a vernissage' }]),
    });
  });

  it('is raised for what was flagged, and for nothing else', async () => {
    await hand(ring, event('m_any', 'fraud.flagged', { because: 'refund-exceeds-order', object: 'A-1' }));
    await hand(ring, event('m_any'));
    expect(raised.map(({ text }) => text)).toEqual(['An entry of Kunstpause Club was flagged: refund-exceeds-order.']);
  });
});

describe('what is no event', () => {
  it.each([
    ['no JSON', '{'],
    ['nothing', '{}'],
    ['another shape', JSON.stringify(wrapped({ type: 'points.earned' }))],
  ])('%s goes to the dead letters', async (_, body) => {
    expect(await deliver(text, [{ id: 'm1', body }])).toEqual([]);
    expect(world.sent('outbound-parked')).toMatchObject([{ body }]);
  });

  it('comes again when it could not be put there', async () => {
    world.fail('SendMessage', 1);
    expect(await deliver(text, [{ id: 'm1', body: '{' }])).toEqual(['m1']);
    expect(await deliver(text, [{ id: 'm1', body: '{', attempt: 2 }])).toEqual([]);
    expect(world.sent('outbound-parked')).toHaveLength(1);
  });
});

describe('the log', () => {
  it('holds nobody’s phone, name or words', async () => {
    const one = event(await somebody({ locale: 'de' }));
    troubles = [() => new Permanent('Twilio: the number +491725000001 of ada@example.org is not valid')];
    await hand(text, one);
    await hand(text, event(await somebody()));
    expect(written).toContain('delivered');
    expect(written).not.toMatch(/\+49172|Lovelace|example\.org|Punkte|points for you/);
  });
});
