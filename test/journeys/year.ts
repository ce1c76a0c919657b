import type { Day } from '../../lib/loyalty/account.ts';
import { addDays, addMonths, dayIn, endOfMonth } from '../../lib/loyalty/calendar.ts';
import { chanceOf } from '../simulation/random.ts';
import type { OutboxCall, Shop } from './shop.ts';

/** A year and a month of fifty members of the demo merchant, on its own stacks, by a clock that jumps from one day on which something is due to the next. */

export interface Person {
  readonly id: string;
  readonly phone: string;
  /** Nobody may write to them. */
  readonly deaf: boolean;
}

/** Those to whom one thing happens that a test looks at. */
export const CAST = [
  /** Buys once and never comes again. */
  'quiet',
  /** The same, and may not be written to. */
  'deaf',
  /** Has a birthday two weeks later. */
  'born',
  'regular',
  'patron',
  /** Staff make them a friend for a month. */
  'granted',
  /** Buys a picture. */
  'collector',
  /** Has points put aside and never fetches what they were for. */
  'hesitant',
  /** Comes near a reward, and then within its reach. */
  'saver',
] as const;
type Role = (typeof CAST)[number];

export interface Year {
  readonly people: readonly Person[];
  readonly cast: Readonly<Record<Role, Person>>;
  /** The day on which all of them joined. */
  readonly first: Day;
  readonly birthday: Day;
  /** The last day of the points of the first day. */
  readonly lapses: Day;
  /** The day on which it ended. */
  readonly last: Day;
  /** What the till was answered when a reward came within reach. */
  readonly unlocked: readonly string[];
}

const MEMBERS = 50;
const NOON = 'T10:00:00.000Z';
const ZONE = 'Europe/Berlin';

/** Of what is told at the same time, so much at once: a café has two tills. */
const TILLS = 2;

export async function liveAYear(shop: Shop): Promise<Year> {
  const chance = chanceOf(4);
  const today = dayIn(ZONE, new Date());
  const first = addMonths(`${today.slice(0, 7)}-01`, 1);
  const birthday = addDays(first, 14);
  const lapses = endOfMonth(addMonths(first, 12));
  const monthsLater = Array.from({ length: 13 }, (_, index) => addMonths(first, index + 1));
  const last = monthsLater.at(-1) ?? first;

  const itIs = async (now: string) => {
    const { status } = await shop.local('POST', '/clock', { now });
    if (status !== 200) throw new Error(`the clock stays where it is: ${status}`);
    await shop.idle();
    // On a machine that has too much to do a sweep may be given up: staff hear the bell, and send it round again.
    for (let parked = await parkedIn(shop); parked.length > 0; parked = await parkedIn(shop)) {
      for (const queue of parked) await shop.local('POST', '/redrive', { queue });
      await shop.idle();
    }
  };
  const done = async (answer: Promise<{ status: number; body: unknown }>) => {
    const { status, body } = await answer;
    if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
    // biome-ignore lint/suspicious/noExplicitAny: whatever came back, as a till's script would look at it.
    return body as any;
  };

  await itIs(first + NOON);
  const people = await inTurn(MEMBERS, async (index): Promise<Person> => {
    const phone = `+49151${20_000_000 + index}`;
    const born = index === CAST.indexOf('born') ? birthday : undefined;
    // Of the others one in five, all through the year.
    const guest = index >= CAST.length && index % 5 === 4 ? addDays(first, 7 * index) : undefined;
    const day = (born ?? guest)?.slice(4);
    const deaf = index === CAST.indexOf('deaf');
    const answer = shop.call('POST', '/v1/members', {
      phone,
      profile: {
        locale: index % 3 === 0 ? 'de' : 'en',
        ...(index % 2 === 0 && { name: `Guest ${index}` }),
        ...(day && { birthday: `1988${day}` }),
      },
      ...(deaf && { consents: { sms: false }, consentProof: 'did not want to' }),
    });
    return { id: (await done(answer)).memberId, phone, deaf };
  });
  const cast = Object.fromEntries(CAST.map((role, index) => [role, people[index]])) as Year['cast'];

  let orders = 0;
  const sell = async (person: Person, total: string, more: object = {}) => {
    orders += 1;
    const orderId = `year-${orders}`;
    const { unlocked } = await done(shop.sell(orderId, person.phone, total, more));
    return { orderId, unlocked };
  };
  const visit = (person: Person, id: string) =>
    done(shop.call('POST', '/v1/activities', { activityId: id, activity: 'visit', member: { phone: person.phone } }));

  // The first day.
  await sell(cast.quiet, '50.00');
  await sell(cast.deaf, '50.00');
  await sell(cast.born, '20.00');
  await sell(cast.patron, '1100.00');
  await sell(cast.collector, '80.00', { lines: [{ id: '1', category: 'art', total: '80.00' }] });
  await sell(cast.hesitant, '50.00');
  const put = { redemptionId: 'put-aside', member: { phone: cast.hesitant.phone }, points: 20, capture: false };
  await done(shop.call('POST', '/v1/redemptions', put));
  for (let n = 1; n <= 9; n += 1) await visit(cast.regular, `visit-${n}`);
  await sell(cast.saver, '29.00');
  const grant = { grantId: 'vip', member: { phone: cast.granted.phone }, tier: 'friend', through: addDays(first, 29) };
  await done(shop.call('POST', '/v1/tier-grants', { ...grant, staffId: 'anna' }, 'staff'));
  // Of the others some come every now and then, some only today, and some never.
  const others = people.slice(CAST.length);
  const comers = others.slice(0, 12);
  await inTurn(24, (index) => sell(others[index] as Person, `${20 + chance.below(40)}.00`));
  await shop.idle();
  await itIs(`${first}T12:00:00.000Z`);

  const { unlocked } = await sell(cast.saver, '1.00');
  await visit(cast.regular, 'visit-10');
  await shop.idle();

  // Whoever still comes buys, spends and brings back; it is told days later.
  const busy = async (day: Day) => {
    await inTurn(comers.length, async (index) => {
      const person = comers[index] as Person;
      const dice = chance();
      if (dice > 0.3) return;
      const at = `${addDays(day, -1 - chance.below(10))}T16:00:00.000Z`;
      const { orderId } = await sell(person, `${5 + chance.below(60)}.00`, { occurredAt: at });
      if (dice < 0.1) {
        const redemption = { redemptionId: `after-${orderId}`, member: { phone: person.phone }, rewardId: 'espresso' };
        const { status } = await shop.call('POST', '/v1/redemptions', redemption);
        if (status !== 201 && status !== 409) throw new Error(`${status} at the till`);
      } else if (dice < 0.14) {
        const refund = { refundId: 'back', everything: true, currency: 'EUR', member: { phone: person.phone } };
        await done(shop.call('POST', `/v1/sales/${orderId}/refunds`, refund));
      }
    });
    await shop.idle();
  };

  const stops = [
    ...[14, 30, 60, 90].map((days) => addDays(first, days)),
    ...monthsLater,
    ...[-7, -1].map((days) => addDays(lapses, days)),
  ];
  for (const day of [...new Set(stops)].sort()) {
    // Whoever works on a night of many dies in the middle of it, once before and once after what was to be written.
    if (day === monthsLater[11])
      for (const kind of ['kill', 'kill-after'])
        await shop.local('POST', '/faults', { function: 'expire', operation: 'TransactWriteItems', kind, after: 7 });
    await itIs(day + NOON);
    const { body: left } = await shop.local('GET', '/faults');
    if (left.length > 0) throw new Error(`on ${day} nobody died: ${JSON.stringify(left)}`);
    if (monthsLater.slice(0, 11).includes(day)) await busy(day);
  }
  return { people, cast, first, birthday, lapses, last, unlocked };
}

async function parkedIn(shop: Shop): Promise<string[]> {
  const { body } = await shop.local('GET', '/queues');
  return (body as { name: string; visible: number; deadLetterOf?: string }[])
    .filter(({ visible, deadLetterOf }) => deadLetterOf !== undefined && visible > 0)
    .map(({ name }) => name);
}

/** Several at once, each in its turn. */
async function inTurn<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (let from = 0; from < count; from += TILLS) {
    const indexes = Array.from({ length: Math.min(TILLS, count - from) }, (_, place) => from + place);
    done.push(...(await Promise.all(indexes.map(act))));
  }
  return done;
}

/** A message as the telephone has it. */
export interface Sms {
  readonly to: string;
  readonly text: string;
  /** The day on which it came. */
  readonly on: Day;
}

export const smsOf = (calls: readonly OutboxCall[]): readonly Sms[] =>
  calls.map(({ body, at }) => {
    const form = new URLSearchParams(body);
    return { to: form.get('To') ?? '', text: form.get('Body') ?? '', on: dayIn(ZONE, at) };
  });

export const dayOf = (at: string): Day => dayIn(ZONE, at);
