import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Answer, openShop, type Shop } from './shop.ts';

/** A campaign from its draft to its end, on the demo merchant's own stacks and at virtual times. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 300_000);
afterAll(() => shop?.stop());

/** To a time, or on by so much: on a slow machine the clock has gone on meanwhile, and must not be set back. */
const clock = async (to: string) => {
  const { status } = await shop.local('POST', '/clock', to.startsWith('P') ? { advance: to } : { now: to });
  if (status !== 200) throw new Error(`the clock stays where it is: ${status}`);
};
const campaign = async (id: string) => (await shop.call('GET', `/v1/campaigns/${id}`, undefined, 'staff')).body;
const start = async (id: string, more: object) => {
  const body = { id, name: id, effect: { kind: 'multiplier', bp: 20_000 }, ...more };
  expect((await shop.call('POST', '/v1/campaigns', body, 'admin')).status).toBe(201);
  const scheduled = await shop.call('POST', `/v1/campaigns/${id}/schedule`, {}, 'admin');
  expect({ status: scheduled.status, state: scheduled.body.state }).toEqual({ status: 200, state: 'scheduled' });
};
const briefings = async () =>
  (await shop.outbox('slack'))
    .map(({ body }) => JSON.parse(body).text as string)
    .filter((text) => /begins|over/.test(text));

/** As a till does: what was too much for the machine at that moment is told again, under the same number. */
async function sell(...told: Parameters<Shop['sell']>): Promise<Answer> {
  for (;;) {
    const answer = await shop.sell(...told);
    if (answer.status !== 503) return answer;
  }
}

/** Whole days from today, at that time of the day (UTC). */
const day = (days: number, time: string) =>
  `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)}T${time}Z`;

it('campaign start, campaign end: on the second for sales, and told once each', async () => {
  const { phone } = await shop.enrol();
  const [startsAt, endsAt] = [day(2, '08:00:00'), day(3, '18:00:00')];
  await start('advent', { startsAt, endsAt, briefing: 'Wear the hat.' });

  const sold = (orderId: string, occurredAt: string) => sell(orderId, phone, '10.00', { occurredAt });
  await clock(day(2, '08:00:01'));
  const sales = [await sold('before', day(2, '07:59:59')), await sold('first', startsAt)];
  await shop.idle();
  expect((await campaign('advent')).state).toBe('live');
  sales.push(await sell('inside', phone, '10.00'));

  await clock(day(3, '18:00:01'));
  sales.push(await sold('last', day(3, '17:59:59')), await sold('after', endsAt));
  await shop.idle();
  expect(sales.map(({ body }) => body.earned)).toEqual([10, 20, 20, 20, 10]);
  expect((await campaign('advent')).state).toBe('ended');
  expect(await briefings()).toEqual(['advent begins: Wear the hat.', expect.stringContaining('advent is over')]);

  // What happened inside and is told afterwards counts.
  const late = await sell('late', phone, '10.00', { occurredAt: day(2, '12:00:00') });
  expect(late.body.earned).toBe(20);
}, 240_000);

it('a campaign that is cancelled never begins, and one that is stopped is over at once', async () => {
  const { phone } = await shop.enrol();
  await start('never', { startsAt: day(6, '08:00:00'), endsAt: day(6, '18:00:00') });
  expect((await shop.call('POST', '/v1/campaigns/never/cancel', {}, 'admin')).body.state).toBe('cancelled');
  await start('stopped', { startsAt: day(7, '08:00:00'), endsAt: day(7, '18:00:00') });
  await clock(day(6, '12:00:00'));
  expect((await sell('n1', phone, '10.00')).body.earned).toBe(10);
  await clock(day(7, '12:00:00'));
  expect((await sell('n2', phone, '10.00')).body.earned).toBe(20);
  await shop.idle();
  expect((await shop.call('POST', '/v1/campaigns/stopped/end', {}, 'admin')).body.state).toBe('ended');
  // As long as tills may go by what they have read.
  await clock('PT1M');
  expect((await sell('n3', phone, '10.00')).body.earned).toBe(10);
  await shop.idle();
  expect((await briefings()).filter((text) => /never|stopped/.test(text)).map((text) => text.split(':')[0])).toEqual([
    'stopped begins',
    'stopped is over',
  ]);
}, 240_000);

it('campaign message: to each member whom it means, once, in the words of the campaign', async () => {
  const [rich] = [await shop.enrol(), await shop.enrol()];
  expect((await sell('rich', rich.phone, '300.00')).status).toBe(201);
  await shop.idle();
  await start('news', {
    startsAt: day(8, '08:00:00'),
    endsAt: day(8, '18:00:00'),
    effect: { kind: 'message', texts: { en: 'A table is laid for you at {{ program }}.' } },
    segment: { is: 'spent', atLeast: '300.00' },
    briefing: 'Lay the table.',
  });
  await clock(day(8, '08:00:30'));
  await shop.idle();
  const texts = (await shop.outbox('twilio-sms'))
    .map(({ body }) => new URLSearchParams(body))
    .filter((sent) => sent.get('Body')?.startsWith('A table'));
  expect(texts.map((sent) => [sent.get('To'), sent.get('Body')])).toEqual([
    [rich.phone, 'A table is laid for you at Kunstpause Club.'],
  ]);
  expect((await briefings()).filter((text) => text.includes('news'))).toEqual(['news begins: Lay the table.']);
}, 240_000);

it('a budget is never exceeded by fifty sales at once', async () => {
  const members: { phone: string }[] = [];
  // Ten at a time: it is the sales that are to come all at once.
  for (let tens = 0; tens < 5; tens += 1)
    members.push(...(await Promise.all(Array.from({ length: 10 }, () => shop.enrol()))));
  await start('few', { startsAt: day(10, '08:00:00'), endsAt: day(10, '18:00:00'), budgetPoints: 123 });
  await clock(day(10, '12:00:00'));
  // All at once; and as tills do, what was too much for the moment is told again, under the same number.
  const answers = new Map<string, Answer>();
  for (let open = members; open.length > 0; open = open.filter(({ phone }) => answers.get(phone)?.status === 503)) {
    const told = await Promise.all(open.map(({ phone }) => shop.sell(`few-${phone}`, phone, '10.00')));
    for (const [at, { phone }] of open.entries()) answers.set(phone, told[at] as Answer);
    // Our own word for it would be that the budget kept them waiting for too long.
    expect(told.filter(({ body }) => String(body.type).includes('busy'))).toEqual([]);
  }
  const sales = [...answers.values()];
  expect(sales.filter(({ status }) => status !== 201 && status !== 200)).toEqual([]);
  const earned = sales.reduce((sum, { body }) => sum + body.earned, 0);
  expect({ earned, used: (await campaign('few')).usedPoints }).toEqual({ earned: 50 * 10 + 123, used: 123 });
}, 240_000);
