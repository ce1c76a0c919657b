import { type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { defineConnector, defineManifest, type Receipt, type RoleOf } from '../../lib/connectors/contract.ts';
import { NotNow, OptedOut, Permanent, Transient, Unauthorized, Unknown } from '../../lib/connectors/kit/errors.ts';
import { consentsOf } from '../../lib/loyalty/consents.ts';
import type { Course } from '../../lib/loyalty/course.ts';
import type { Alert, LoyaltyEvent, Message } from '../../lib/loyalty/events.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { codeIdOf } from '../../lib/runtime/codes.ts';
import type { MessageRows } from '../../lib/runtime/message-rows.ts';
import type { PlanWork } from '../../lib/runtime/plan-work.ts';
import type { PlannedMessage } from '../../lib/runtime/planned-message.ts';
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

/** The calendar alone stands still: what waits, waits as long as it does. */
type FakeableAPI = NonNullable<
  Extract<Parameters<typeof jest.useFakeTimers>[0], { doNotFake?: unknown }>['doNotFake']
>[number];
const NOT_FAKED: FakeableAPI[] = [
  'nextTick',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'performance',
  'hrtime',
];

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
/** What the vendor says when it is asked about a message. */
let found: Receipt | undefined;
const find: NonNullable<typeof channel.find> = async () => {
  vendor();
  return found;
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
let askable: Parameters<typeof deliver>[0];
let messages: MessageRows;
let keep: Parameters<typeof deliver>[0];
let ring: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld();
  process.env.RECEIPT_URL = 'https://api.example/webhooks/twilio-sms';
  const { deliverer } = await import('../../functions/deliver.ts');
  world.setSecret({ token: 'first' });
  text = deliverer(defineConnector(texter, { channel })) as typeof text;
  askable = deliverer(defineConnector(texter, { channel: { ...channel, find } })) as typeof text;
  const { openMessageRows } = await import('../../lib/runtime/message-rows.ts');
  messages = openMessageRows({ client: world.client, table: world.tables.program, timeZone: 'Europe/Berlin' });
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

type Planned = PlannedMessage & { readonly events?: readonly LoyaltyEvent[] };

/** As the planner hands it over: its row, and what lies in the connector's queue. */
async function planned(
  memberId: string,
  { events, ...more }: Partial<Planned> = {},
  stands: Partial<Course> = {},
): Promise<Planned> {
  const about = events ?? [event(memberId)];
  const one: PlannedMessage = {
    id: about[0]?.id ?? `${memberId}.answer.${happenings}`,
    memberId,
    connector: 'twilio-sms',
    others: false,
    channel: 'sms',
    to: '+491725000001',
    locale: 'de',
    kind: 'points.earned',
    purpose: 'transactional',
    text: 'Kunstpause Club: 12 Punkte für dich. Stand: 42.',
    values: { points: 12 },
    ...more,
  };
  const at = new Date().toISOString();
  const { id: messageId, purpose } = one;
  const next: Course = {
    messageId,
    memberId,
    state: 'handed',
    events: about,
    purpose,
    since: at,
    at,
    connector: 'twilio-sms',
    tried: [],
    attempts: 0,
    ...stands,
  };
  await messages.change(messageId, () => ({ next }));
  return one;
}
const say = (
  message: Planned,
  { handler = text, ...more }: { handler?: typeof text; id?: string; attempt?: number } = {},
) => deliver(handler, [{ id: 'm1', ...more, body: { message } }]);
const course = ({ id }: Planned) => messages.get(id);
const undone = () => world.sent('plan').map(({ body }) => JSON.parse(body) as PlanWork);

const delivery = async (one: LoyaltyEvent, connector: string) =>
  (await world.rows('program')).find(({ pk }) => pk === `D#${connector}#${one.id}`);

describe('a message to a member', () => {
  it('is sent as it was planned, once, and is told where to report', async () => {
    const one = await planned(await somebody());
    expect(await say(one)).toEqual([]);
    expect(await say(one, { id: 'm2' })).toEqual([]);
    const { memberId: _, connector: __, others: ___, ...message } = one;
    expect(sent).toEqual([
      { message: { ...message, receiptUrl: 'https://api.example/webhooks/twilio-sms' }, token: 'first', key: one.id },
    ]);
    expect(await course(one)).toMatchObject({ state: 'sent', attempts: 1, vendorId: `SM1-${one.id}` });
    expect(JSON.stringify(await world.rows('program'))).not.toMatch(/49172|Ada|Stand: 42/);
  });

  it.each<[string, () => Promise<Partial<Planned> & { memberId: string }>, string]>([
    ['who has said no meanwhile', async () => ({ memberId: await somebody({ consent: false }) }), 'no consent to sms'],
    ['who is not known any more', async () => ({ memberId: 'm_gone' }), 'the member is not known any more'],
    [
      'for whom it comes too late',
      async () => ({ memberId: await somebody(), notAfter: '2026-03-01T00:00:00Z' }),
      'it is too late for it',
    ],
  ])('is not sent to somebody %s: the planner hears of it', async (_, make, reason) => {
    const { memberId, ...more } = await make();
    const one = await planned(memberId, more);
    expect(await say(one)).toEqual([]);
    expect(sent).toEqual([]);
    expect(await course(one)).toMatchObject({ state: 'undone', reason });
    expect(undone()).toMatchObject([{ kind: 'undone', messageId: one.id, connector: 'twilio-sms' }]);
  });

  it('is answered where it was asked, without any consent', async () => {
    const one = await planned(await somebody({ consent: false }), { kind: 'reply', events: [] });
    expect(await say(one)).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  it.each<[string, Partial<Course>]>([
    ['whose turn on this channel is over', { state: 'handed', connector: 'sendgrid' }],
    ['that this channel could not carry', { state: 'undone' }],
    ['that is not to be said any more', { state: 'dropped' }],
    ['that was said along with another', { state: 'merged' }],
    ['of which nobody knows whether it was sent', { state: 'unknown' }],
  ])('%s is not sent by an old copy of it', async (_, stands) => {
    const one = await planned(await somebody(), {}, stands);
    expect(await say(one)).toEqual([]);
    expect(await say(one, { id: 'redriven' })).toEqual([]);
    expect(sent).toEqual([]);
    expect(await course(one)).toMatchObject(stands);
  });

  it('without a row is none of ours', async () => {
    const one = { ...(await planned(await somebody())), id: 'm_any.1.points.earned' };
    expect(await say(one)).toEqual([]);
    expect(sent).toEqual([]);
  });

  describe('about points that expire', () => {
    const expiring = async (last = true) => {
      const memberId = await somebody();
      const data = { points: 12, on: '2026-05-01', through: '2026-05-01', daysBefore: 1, last };
      const about = event(memberId, 'points.expiring', data);
      return { about, one: await planned(memberId, { id: about.id, events: [about] }) };
    };
    const told = () => world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact);

    it('says for the journal that it was sent', async () => {
      const { about, one } = await expiring();
      expect(await say(one)).toEqual([]);
      expect(told()).toEqual([
        {
          type: 'reminder',
          factId: `reminder:${about.id}:twilio-sms`,
          source: 'twilio-sms',
          occurredAt: expect.any(String),
          identities: [{ type: 'member', value: about.memberId }],
          memberId: about.memberId,
          entryId: about.entryId,
          outcome: 'sent',
        },
      ]);
    });

    it.each<[string, () => unknown]>([
      ['will be tried again', () => new Transient('Twilio answered 503')],
      ['is parked', () => new Permanent('Twilio answered 400, error 21211')],
      ['may have been sent', () => new Unknown('no answer from Twilio')],
      ['may go through another channel', () => new NotNow('no window is open')],
    ])('that %s is no proof of anything', async (_, trouble) => {
      troubles = [trouble];
      await say((await expiring()).one);
      expect(told()).toEqual([]);
    });

    it('is told again by whoever finds it sent, in case that was not said before', async () => {
      const { one } = await expiring();
      world.fail('SendMessageBatch', 1);
      expect(await say(one)).toEqual(['m1']);
      expect(told()).toEqual([]);
      expect(await say(one, { attempt: 2 })).toEqual([]);
      expect(sent).toHaveLength(1);
      expect(told()).toMatchObject([{ outcome: 'sent' }]);
    });

    it('is not told of while another reminder comes before the day', async () => {
      await say((await expiring(false)).one);
      expect(sent).toHaveLength(1);
      expect(told()).toEqual([]);
    });
  });

  it('that was surely not sent is tried again, later each time', async () => {
    const one = await planned(await somebody());
    troubles = [() => new Transient('Twilio answered 429', { retryAfterSeconds: 77 })];
    expect(await say(one)).toEqual(['m1']);
    const [{ receipt, seconds } = { receipt: '', seconds: 0 }] = world.visibilityChanges();
    expect(receipt).toBe('receipt-m1');
    expect(seconds).toBeGreaterThanOrEqual(77);
    expect(await course(one)).toMatchObject({ state: 'retry', attempts: 1, reason: 'Twilio answered 429' });
    expect(await say(one, { attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(await course(one)).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it.each([1, 2, 3, 6, 8])('waits no longer than doubling allows at try %i', async (attempt) => {
    const one = await planned(await somebody());
    troubles = [() => new Transient('Twilio answered 503')];
    await say(one, { attempt });
    const [{ seconds } = { seconds: -1 }] = world.visibilityChanges();
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(Math.min(900, 30 * 2 ** (attempt - 1)));
    expect(await say(one, { attempt: attempt + 1 })).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['no answer came', () => new Unknown('no answer from Twilio')],
    ['we stumbled', () => new TypeError('x is not a function')],
  ])('that may have been sent since %s is never sent again', async (_, trouble) => {
    const one = await planned(await somebody(), { others: true });
    troubles = [trouble];
    expect(await say(one)).toEqual([]);
    expect(await say(one, { attempt: 2 })).toEqual([]);
    expect(await say(one, { id: 'redriven' })).toEqual([]);
    expect(sent).toEqual([]);
    expect(undone()).toEqual([]);
    expect(await course(one)).toMatchObject({ state: 'unknown' });
    expect(written).toContain('"DeliveryUnknown":1');
  });

  it('is not sent again when the function died in the middle of it', async () => {
    const at = new Date(Date.now() - 4 * 60_000).toISOString();
    const one = await planned(await somebody(), {}, { state: 'sending', queueMessage: 'm1', attempts: 1, at });
    // Another copy of it may be in good hands: it is left alone for now.
    expect(await say(one, { id: 'copy' })).toEqual(['copy']);
    // The same message again: the hands are gone.
    expect(await say(one, { attempt: 2 })).toEqual([]);
    expect(sent).toEqual([]);
    expect(await course(one)).toMatchObject({
      state: 'unknown',
      reason: 'a try before this one ended without a word',
    });
  });

  it('by two at once is sent once', async () => {
    const one = await planned(await somebody());
    const copies = await Promise.all(['a', 'b', 'c', 'd'].map((id) => say(one, { id })));
    expect(sent).toHaveLength(1);
    for (const id of copies.flat()) expect(await say(one, { id, attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(await course(one)).toMatchObject({ state: 'sent' });
  });

  describe('where the vendor can be asked what became of it', () => {
    const minuteLater = () => {
      const later = Date.now() + 61_000;
      jest.useFakeTimers({ now: later, doNotFake: NOT_FAKED });
    };
    afterEach(() => {
      jest.useRealTimers();
    });

    it('is found there, and not sent again', async () => {
      const one = await planned(await somebody());
      troubles = [() => new Unknown('no answer from Twilio')];
      expect(await say(one, { handler: askable })).toEqual(['m1']);
      expect(await course(one)).toMatchObject({ state: 'asking' });
      // At once it may not know yet.
      expect(await say(one, { handler: askable, attempt: 2 })).toEqual(['m1']);
      minuteLater();
      found = { vendorId: 'SM-after-all' };
      expect(await say(one, { handler: askable, attempt: 3 })).toEqual([]);
      expect(sent).toEqual([]);
      expect(await course(one)).toMatchObject({ state: 'sent', vendorId: 'SM-after-all' });
    });

    it('is sent where it is not known there', async () => {
      const one = await planned(await somebody());
      troubles = [() => new Unknown('no answer from Twilio')];
      await say(one, { handler: askable });
      minuteLater();
      found = undefined;
      expect(await say(one, { handler: askable, attempt: 2 })).toEqual([]);
      expect(sent).toHaveLength(1);
      expect(await course(one)).toMatchObject({ state: 'sent', attempts: 2 });
    });
  });

  it.each<[string, () => unknown]>([
    ['cannot be sent', () => new Permanent('Twilio answered 400, error 21211')],
    ['is refused for our credentials', () => new Unauthorized('Twilio answered 401')],
  ])(
    'that %s goes to the dead letters with its reason, and is tried again when staff send it round',
    async (_, trouble) => {
      const one = await planned(await somebody());
      troubles = [trouble];
      expect(await say(one)).toEqual([]);
      expect(world.sent('outbound-parked')).toMatchObject([
        { reason: expect.stringContaining('Twilio answered'), body: JSON.stringify({ message: one }) },
      ]);
      expect(await course(one)).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('Twilio answered'),
        attempts: 1,
      });
      expect(written).toContain('"DeliveryFailed":1');
      expect(await say(one, { id: 'redriven' })).toEqual([]);
      expect(sent).toHaveLength(1);
    },
  );

  it.each<[string, boolean, () => unknown]>([
    ['that the channel cannot carry now', false, () => new NotNow('no window is open')],
    ['that another channel may carry', true, () => new Permanent('Twilio answered 400, error 21211')],
    ['to somebody who opted out there', true, () => new OptedOut('Twilio answered 400, error 21610')],
  ])('%s goes back to the planner', async (_, others, trouble) => {
    const one = await planned(await somebody(), { others });
    troubles = [trouble];
    expect(await say(one)).toEqual([]);
    expect(await course(one)).toMatchObject({ state: 'undone', connector: 'twilio-sms' });
    expect(undone()).toMatchObject([{ messageId: one.id, connector: 'twilio-sms' }]);
    expect(world.sent('outbound-parked')).toEqual([]);
    // The planner may not have been told: who finds it says so again.
    expect(await say(one, { attempt: 2 })).toEqual([]);
    expect(undone()).toHaveLength(2);
    expect(sent).toEqual([]);
  });

  it('goes out under the new secret when the old one is refused', async () => {
    const one = await planned(await somebody());
    world.setSecret({ token: 'second' });
    const later = Date.now() + 31_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    troubles = [() => new Unauthorized('Twilio answered 401')];
    expect(await say(one)).toEqual([]);
    expect(sent.map(({ token }) => token)).toEqual(['second']);
  });

  it.each([
    ['to whatever comes that way', undefined],
    ['to advertising', 'marketing'],
  ] as const)('to somebody who opted out at the vendor withdraws the consent %s', async (_, purpose) => {
    const one = await planned(await somebody());
    troubles = [() => new OptedOut('Twilio answered 400, error 21610', { ...(purpose && { purpose }) })];
    expect(await say(one)).toEqual([]);
    expect(world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact)).toEqual([
      {
        type: 'consent',
        factId: `twilio-sms:opted-out:${one.id}`,
        source: 'twilio-sms',
        occurredAt: expect.any(String),
        identities: [{ type: 'phone', value: one.to }],
        channel: 'sms',
        ...(purpose && { purpose }),
        granted: false,
        proof: 'the vendor refused a message: opted out',
      },
    ]);
  });

  it('waits while nobody has filled in the secret', async () => {
    const one = await planned(await somebody());
    const later = Date.now() + 20 * 60_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    world.setSecret({ unset: true });
    expect(await say(one)).toEqual(['m1']);
    expect(await course(one)).toMatchObject({ state: 'handed', attempts: 0 });
    world.setSecret({ token: 'third' });
    jest.spyOn(Date, 'now').mockReturnValue(later + 20 * 60_000);
    expect(await say(one, { attempt: 2 })).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  describe('and what the vendor reports of it', () => {
    const reported = async (
      one: Planned,
      status: 'sent' | 'delivered' | 'read' | 'failed',
      more: { messageId?: string; vendorId?: string } = {},
    ) => {
      const { openReceipts } = await import('../../lib/runtime/receipts.ts');
      const receipts = openReceipts({ client: world.client, table: world.tables.program, messages });
      return receipts.reported('twilio-sms', { vendorId: `SM1-${one.id}`, status, reason: '30003', ...more });
    };

    it('only moves forward, whichever comes first', async () => {
      const one = await planned(await somebody());
      // Before we have noted our own message.
      await reported(one, 'delivered');
      await say(one);
      await reported(one, 'sent');
      expect(await course(one)).toMatchObject({ state: 'sent', receipt: 'delivered' });
      await reported(one, 'read');
      expect(await reported(one, 'failed')).toBeUndefined();
      expect(await course(one)).toMatchObject({ state: 'sent', receipt: 'read' });
    });

    it('gives it to another channel when nobody got it, also when that was told before it was noted', async () => {
      const [early, late] = [await planned(await somebody()), await planned(await somebody())];
      await reported(early, 'failed');
      await say(early);
      expect(await course(early)).toMatchObject({ state: 'undone', reason: '30003' });
      expect(undone()).toMatchObject([{ messageId: early.id }]);
      await say(late);
      const vendorId = `SM2-${late.id}`;
      expect(await reported(late, 'failed', { vendorId })).toMatchObject({ state: 'undone', messageId: late.id });
      // Told again, since whoever heard it first may have died before the planner was told.
      expect(await reported(late, 'failed', { vendorId })).toMatchObject({ state: 'undone' });
    });

    it('ends the doubt about one that may have been sent, where our own name for it comes back', async () => {
      const one = await planned(await somebody());
      troubles = [() => new Unknown('no answer from Twilio')];
      await say(one);
      await reported(one, 'delivered', { messageId: one.id });
      expect(await course(one)).toMatchObject({ state: 'sent', receipt: 'delivered' });
    });
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

describe('a code that came with a reward', () => {
  const code = '7HKQ4X-M3RYAN-9CWDTE';
  const id = codeIdOf(code);
  const given = {
    rewardId: 'voucher',
    redemptionId: 'red-1',
    value: { kind: 'amount-off', amount: '5.00' },
    validThrough: '2099-02-19',
  } as const;
  const redeemed = () =>
    event('m_any', 'reward.redeemed', { redemptionId: 'red-1', rewardId: 'voucher', points: 150, codeId: id });
  const write = (items: readonly { readonly item: TransactWriteItem }[]) =>
    world.client.send(new TransactWriteItemsCommand({ TransactItems: items.map(({ item }) => item) }));

  it('is shown to the shop that takes codes, while it can be used, and is written nowhere', async () => {
    const { codes } = shop.supplies();
    await write(codes.giving(code, { id, memberId: 'm_any', ...given }, 'generated'));
    const shown: unknown[] = [];
    const { deliverer } = await import('../../functions/deliver.ts');
    const connected = (vendorId: string, shares?: readonly 'code'[]) =>
      deliverer(
        defineConnector(
          defineManifest({ ...common, id: vendorId, roles: ['sink'], secret, ...(shares && { shares }) }),
          {
            sink: {
              async apply(told) {
                shown.push(...told.map((one) => [vendorId, one.code]));
                return told.map(({ event: { id: vendorsId } }) => ({ vendorId: vendorsId }));
              },
            },
          },
        ),
      ) as typeof keep;
    const [checkout, blind] = [connected('woocommerce', ['code']), connected('google-sheets')];
    const one = redeemed();
    expect([await hand(checkout, one), await hand(blind, one)]).toEqual([[], []]);
    await write([codes.ending(id, { kind: 'revoked', source: 'api', by: 'staff' }, '2026-03-01T12:00:00Z')]);
    expect(await hand(checkout, redeemed())).toEqual([]);
    const { value, validThrough } = given;
    expect(shown).toEqual([
      ['woocommerce', { code, value, validThrough }],
      ['google-sheets', undefined],
      ['woocommerce', undefined],
    ]);
    const deliveries = (await world.rows('program')).filter(({ pk }) => String(pk).startsWith('D#woocommerce'));
    expect(deliveries).toHaveLength(2);
    expect(`${JSON.stringify(deliveries)}${written}`).not.toContain(code);
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
    troubles = [() => new Permanent('Twilio: the number +491725000001 of ada@example.org is not valid')];
    await say(await planned(await somebody()));
    await say(await planned(await somebody()));
    expect(written).toContain('delivered');
    expect(written).not.toMatch(/\+49172|Lovelace|example\.org|Punkte|points for you/);
  });
});
