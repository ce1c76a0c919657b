import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { form as smsForm } from '../connectors/fixtures/twilio-sms.ts';
import { told as survey } from '../connectors/fixtures/typeform.ts';
import { incoming } from '../connectors/fixtures/whatsapp.ts';
import { solved } from '../connectors/fixtures/zendesk.ts';
import { enter } from './keyboard.ts';
import { openShop, type Shop, shopifyOrder } from './shop.ts';
import { fillSecrets, openVendors, tell } from './vendors.ts';

/**
 * Who hears about it, from one end to the other: the bookshop's own stacks, and everybody it is connected to. It is one
 * day, whose end is waited for once: what nobody is to hear, or not twice, is looked at then.
 */

let shop: Shop;
const vendors = openVendors(() => shop.cloud.clock.now());
beforeAll(async () => {
  // In the morning: nobody is written to at night, whenever this runs.
  const opensAt = new Date(Date.now() + 86_400_000);
  opensAt.setUTCHours(9, 0, 0, 0);
  shop = await openShop({ merchant: 'book-bar', vendors: vendors.fetches, opensAt });
  await fillSecrets(shop);
}, 300_000);
afterAll(() => shop?.stop());

interface Member {
  readonly id: string;
  readonly phone: string;
  readonly email: string;
}
let members = 0;
async function enrol(consents: object = { sms: true }): Promise<Member> {
  members += 1;
  const phone = `+49151200000${String(members).padStart(2, '0')}`;
  const email = `ann${members}@example.com`;
  const profile = { name: 'Ann Lee', locale: 'en' };
  const body = { phone, email, profile, consents, consentProof: 'the form at the counter' };
  const answer = await shop.call('POST', '/v1/members', body);
  expect(answer.status).toBe(201);
  return { id: answer.body.memberId, phone, email };
}

const now = () => shop.cloud.clock.now().toISOString();
/** Of orders, of texts: each has its number. */
let numbers = 7_000;
async function order({ phone }: Member, price: string): Promise<void> {
  numbers += 1;
  expect(await tell(shop, 'shopify', shopifyOrder(numbers, phone, price))).toBe(200);
}
/** A text message to us; as often as the vendor tells it. */
async function writes({ phone: From }: Member, Body: string, times = 1): Promise<void> {
  numbers += 1;
  const MessageSid = `SM${String(numbers).padStart(32, '0')}`;
  const body = smsForm({ MessageSid, SmsStatus: 'received', From, To: '+15005550006', Body, NumMedia: '0' });
  for (let time = 0; time < times; time += 1) expect(await tell(shop, 'twilio-sms', body)).toBe(200);
}
const advance = async (duration: string) =>
  expect((await shop.local('POST', '/clock', { advance: duration })).status).toBe(200);

const textsTo = ({ phone }: Member): string[] => vendors.sms.to(phone);
const mailsTo = ({ email }: Member): string[] =>
  vendors
    .told('sendgrid')
    .filter((mail) => mail.personalizations[0].to[0].email === email)
    .map(({ subject }) => subject);
const whatsAppTo = ({ phone }: Member) => vendors.told('whatsapp').filter(({ to }) => `+${to}` === phone);
const notes = (): string[] => vendors.told('slack').map(({ text }) => text);

/** What the copies say a member has. */
const rowsOf = ({ id }: Member) =>
  vendors.sheet.rowsOf('Ledger').flatMap(([, , of, , points, available]) => (of === id ? [[points, available]] : []));
const contactsOf = ({ id }: Member) =>
  [...vendors.hub.contacts.values()]
    .filter((contact) => contact.loyalty_member_id === id)
    .map((contact) => contact.loyalty_points);
const recordsOf = ({ id }: Member) =>
  vendors.force.rows
    .filter(({ fields }) => fields.Loyalty_Member_Id__c === id)
    .map(({ fields }) => fields.Loyalty_Points__c);

interface Queue {
  readonly name: string;
  readonly visible: number;
}
const queues = async () => (await shop.local('GET', '/queues')).body as Queue[];
const parked = async () =>
  Object.fromEntries(
    (await queues())
      .filter(({ name, visible }) => name.includes('-parked') && visible > 0)
      .map(({ name, visible }) => [name, visible]),
  );
/** What is true when the day is over. */
const atTheEnd: (() => unknown)[] = [];

it('an order that is paid in the shop: the member, the spreadsheet, HubSpot and Salesforce say the same', async () => {
  const ann = await enrol();
  await order(ann, '42.00');
  await shop.until(
    () => textsTo(ann).length > 0 && rowsOf(ann).length > 0 && contactsOf(ann)[0] === '42' && recordsOf(ann)[0] === 42,
  );
  atTheEnd.push(() => {
    expect(textsTo(ann)).toEqual([expect.stringContaining(': 42 points for you. Balance: 42.')]);
    expect([rowsOf(ann), contactsOf(ann), recordsOf(ann)]).toEqual([[[42, 42]], ['42'], [42]]);
  });
});

it('a large redemption: staff hear of it on Slack, and of a small one they do not', async () => {
  const ann = await enrol();
  await order(ann, '700.00');
  await shop.until(async () => (await shop.available(ann.id)) === 700);
  for (const [redemptionId, points] of Object.entries({ small: 50, large: 600 })) {
    const body = { redemptionId, member: { phone: ann.phone }, points };
    expect((await shop.call('POST', '/v1/redemptions', body)).status).toBe(201);
  }
  await shop.until(() => notes().length > 0);
  atTheEnd.push(() =>
    expect(notes().filter((note) => note.includes('redeemed'))).toEqual([
      expect.stringContaining('600 points redeemed'),
    ]),
  );
});

it('a ticket that is solved at the desk earns points', async () => {
  const ann = await enrol();
  vendors.people.push({ id: 8_447_388_090_494, email: ann.email });
  expect(await tell(shop, 'zendesk', solved({}, { time: now() }))).toBe(200);
  await shop.until(() => textsTo(ann).length > 0);
  expect(await shop.available(ann.id)).toBe(20);
});

it('a dispute is a ticket, and the member hears how the desk has decided', async () => {
  const ann = await enrol();
  const dispute = { disputeId: 'd-9', member: { phone: ann.phone }, text: 'Two books, and points for one.' };
  expect((await shop.call('POST', '/v1/disputes', dispute)).status).toBe(201);
  const cases = () => vendors.desk.filed.filter((ticket) => ticket.external_id === 'stampbook:dispute:d-9');
  await shop.until(() => cases().length > 0);
  const decided = { id: '5000', external_id: 'stampbook:dispute:d-9', tags: ['stampbook', 'stampbook_upheld'] };
  expect(await tell(shop, 'zendesk', solved(decided, { time: now() }))).toBe(200);
  await shop.until(() => textsTo(ann).length > 0);
  atTheEnd.push(() => {
    expect(textsTo(ann)).toHaveLength(1);
    expect(cases()).toEqual([expect.objectContaining({ status: 'solved' })]);
  });
});

it('an answer to the survey brings its bonus, once', async () => {
  const ann = await enrol();
  const answers = [{ type: 'email', email: ann.email, field: { id: 'e', type: 'email', ref: 'email' } }];
  const given = survey({ token: 'token-1', hidden: null, submitted_at: now(), answers });
  expect([await tell(shop, 'typeform', given), await tell(shop, 'typeform', given)]).toEqual([200, 200]);
  await shop.until(() => textsTo(ann).length > 0);
  atTheEnd.push(async () => {
    expect(textsTo(ann)).toEqual([expect.stringContaining(': 25 points for you.')]);
    expect(await shop.available(ann.id)).toBe(25);
  });
});

describe('a member answers', () => {
  it('STOP: no text message any more, but e-mail', async () => {
    const ann = await enrol({ sms: true, email: true });
    await order(ann, '10.00');
    await shop.until(() => textsTo(ann).length > 0);
    await writes(ann, 'STOP');
    await shop.until(async () => {
      const { body } = await shop.call('GET', `/v1/members/${ann.id}`, undefined, 'staff');
      return body.consents.sms.transactional.granted === false;
    });
    await order(ann, '11.00');
    await shop.until(() => mailsTo(ann).length > 0);
    atTheEnd.push(() => expect([textsTo(ann).length, mailsTo(ann)]).toEqual([1, ['11 points for you']]));
  });

  it('REDEEM: one code, also when every reply comes twice', async () => {
    const ann = await enrol();
    await order(ann, '120.00');
    await shop.until(() => textsTo(ann).length > 0);
    await writes(ann, 'REDEEM 1', 2);
    await shop.until(() => textsTo(ann).length > 1);
    const [number = ''] = /\b\d{4}\b/.exec(textsTo(ann)[1] ?? '') ?? [];
    await writes(ann, number, 2);
    await writes(ann, number);
    // The shop knows the code as well, so that it is taken at the checkout.
    await shop.until(() => textsTo(ann).length > 2 && vendors.shopify.made.length > 0);
    atTheEnd.push(async () => {
      const [discount, ...others] = vendors.shopify.made as { code: string }[];
      const [, , given, ...more] = textsTo(ann);
      expect({ given, left: await shop.available(ann.id) }).toEqual({
        given: expect.stringContaining(`${discount?.code}`),
        left: 20,
      });
      expect([more, others]).toEqual([[], []]);
    });
  });
});

describe('on WhatsApp', () => {
  const kindsTo = (member: Member): string[] => whatsAppTo(member).map(({ type }) => type);

  it('the words of an approved template until the member writes, and free words from then on', async () => {
    const ann = await enrol({ whatsapp: true, sms: false });
    await order(ann, '10.00');
    await shop.until(() => kindsTo(ann).length > 0);
    const from = ann.phone.slice(1);
    const timestamp = String(Math.floor(Date.parse(now()) / 1_000));
    const asks = incoming({ type: 'text', text: { body: 'POINTS' }, from, timestamp }, { wa_id: from });
    expect(await tell(shop, 'whatsapp', asks)).toBe(200);
    await shop.until(() => kindsTo(ann).length > 1);
    await order(ann, '11.00');
    await shop.until(() => kindsTo(ann).length > 2);
    atTheEnd.push(() => {
      expect(whatsAppTo(ann)).toMatchObject([
        { type: 'template', template: { name: 'points_earned', language: { code: 'en' } } },
        { type: 'text', text: { body: expect.stringContaining('you have 10 points') } },
        { type: 'text', text: { body: expect.stringContaining('11 points for you. Balance: 21.') } },
      ]);
      expect(textsTo(ann)).toEqual([]);
    });
  });

  it('what no template says is said in a text message instead', async () => {
    const ann = await enrol({ whatsapp: true, sms: true });
    await order(ann, '2500.00');
    await shop.until(() => kindsTo(ann).length > 0);
    const [startsAt, endsAt] = [60_000, 3_600_000].map((ms) => new Date(Date.parse(now()) + ms).toISOString());
    const effect = { kind: 'message', texts: { en: 'A reading tonight at {{ program }}.' } };
    const segment = { is: 'spent', atLeast: '2500.00' };
    const campaign = { id: 'evening', name: 'Evening', startsAt, endsAt, effect, segment };
    expect((await shop.call('POST', '/v1/campaigns', campaign, 'admin')).status).toBe(201);
    expect((await shop.call('POST', '/v1/campaigns/evening/schedule', {}, 'admin')).status).toBe(200);
    await advance('PT2M');
    await shop.until(() => textsTo(ann).length > 0);
    atTheEnd.push(() => {
      expect(textsTo(ann)).toEqual([expect.stringContaining('A reading tonight at')]);
      // With no seconds to merge in, the purchase and the tier that it reached are two.
      expect(
        whatsAppTo(ann)
          .map(({ template }) => template.name)
          .sort(),
      ).toEqual(['points_earned', 'tier_changed']);
    });
  });
});

describe('when a vendor', () => {
  it('is down for two hours: all is delivered once afterwards, and nothing is parked', async () => {
    const down = ['twilio-sms', 'hubspot', 'google-sheets'] as const;
    for (const vendor of down) vendors.down.set(vendor, 503);
    const some = await Promise.all([enrol(), enrol(), enrol()]);
    for (const one of some) await order(one, '30.00');
    const tries = () => down.map((vendor) => vendors.asked(vendor));
    await shop.until(() => some.every((one) => recordsOf(one)[0] === 30));
    await shop.until(shop.isWaiting);
    for (let halfHour = 0; halfHour < 4; halfHour += 1) {
      const before = tries();
      await advance('PT30M');
      await shop.until(shop.isWaiting);
      expect(tries().map((count, at) => count > (before[at] ?? 0))).toEqual([true, true, true]);
    }
    expect(some.flatMap((one) => [...textsTo(one), ...contactsOf(one), ...rowsOf(one)])).toEqual([]);

    vendors.down.clear();
    const isDone = (one: Member) => textsTo(one).length > 0 && rowsOf(one).length > 0 && contactsOf(one)[0] === '30';
    // One looks whether they answer again, then the others come: within the hour.
    for (let step = 0; step < 6 && !some.every(isDone); step += 1) {
      await advance('PT10M');
      await shop.until(shop.isWaiting);
    }
    atTheEnd.push(() => {
      for (const one of some)
        expect([textsTo(one).length, rowsOf(one), contactsOf(one)]).toEqual([1, [[30, 30]], ['30']]);
    });
  });

  it('does not take something: it is parked with the reason, and sent round again once that is mended', async () => {
    expect(await parked()).toEqual({});
    const ann = await enrol();
    vendors.poison.push(ann.id);
    await order(ann, '15.00');
    // That they are a member, and that they have points.
    await shop.until(async () => (await parked())['book-bar-hubspot-outbound-parked'] === 2);
    const data = join(shop.directory, 'data');
    const dlq = async (...args: string[]) => (await enter(['dlq', ...args, '--merchant', 'book-bar'], data)).stdout;
    expect(await dlq('show', 'hubspot-outbound')).toContain('HubSpot answered 400');
    vendors.poison.length = 0;
    expect(await dlq('redrive', 'hubspot-outbound')).toContain('2 messages of hubspot-outbound sent round again');
    await shop.until(() => contactsOf(ann)[0] === '15');
  });
});

it('and when the day is over nobody has heard anything else, and nothing is parked', async () => {
  // What was put off for a vendor that was down comes back, whether there is anything left to do or not.
  await advance('PT15M');
  await shop.idle();
  for (const holds of atTheEnd) await holds();
  expect(await parked()).toEqual({});
});
