import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { announce } from '../../lib/loyalty/announce.ts';
import { addDays, addMonths } from '../../lib/loyalty/calendar.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { isUntrue } from '../../lib/loyalty/planning.ts';
import { auditMember } from '../../lib/runtime/audit.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import type { Member } from '../../lib/runtime/members.ts';
import { compose } from '../../lib/runtime/messages.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';
import { ledgerOf } from './ledger-of.ts';
import { eachTemplate, openShop, type Shop } from './shop.ts';
import { dayOf, liveAYear, type Person, type Sms, smsOf, type Year } from './year.ts';

/**
 * What happens without anybody asking. A year of fifty members is lived first, through schedules, queues and streams;
 * then each trigger is looked up where those see it to whom it happened: on the telephone, in the journal, among the
 * events that another system is told.
 */

const merchant: DeployedMerchant = { ...checkMerchant(artCafe, 'the journey'), version: 'journey' };
const CLUB = merchant.program.name;

interface ToldEvent {
  readonly type: string;
  readonly data: { readonly eventId: string; readonly memberId: string } & Readonly<Record<string, unknown>>;
}

let shop: Shop;
let year: Year;
let sms: readonly Sms[];
let events: readonly ToldEvent[];
/** By member. */
let journals: ReadonlyMap<string, readonly Entry[]>;

beforeAll(async () => {
  shop = await openShop({ alter: onlyWhatIsDue });
  year = await liveAYear(shop);
  sms = smsOf(await shop.outbox('twilio-sms'));
  events = (await shop.outbox('webhook')).map(({ body }) => JSON.parse(body));
  const ledger = ledgerOf(shop);
  journals = new Map(await Promise.all(year.people.map(async ({ id }) => [id, await ledger.entries(id)] as const)));
}, 900_000);
afterAll(() => shop?.stop());

/** The nightly proof and the hourly questions to vendors have journeys of their own, and take a third of a year. */
function onlyWhatIsDue(assembly: string): void {
  eachTemplate(assembly, ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources))
      if (Type === 'AWS::Scheduler::Schedule' && /^(audit|subscribe|reconcile)-/.test(Properties.Name ?? ''))
        Object.assign(Properties, { State: 'DISABLED' });
  });
}

const journalOf = ({ id }: Person): readonly Entry[] => journals.get(id) ?? [];
/** A day as it stands in a text, or the month of it. */
const written = (locale: 'en' | 'de', day: string, what: 'day' | 'month' = 'day') =>
  new Intl.DateTimeFormat(locale === 'en' ? 'en-001' : 'de-DE', {
    year: 'numeric',
    ...(what === 'day' ? { month: 'short', day: 'numeric' } : { month: 'long' }),
    timeZone: 'UTC',
  }).format(new Date(day));
const smsTo = ({ phone }: Person, about = /./) =>
  sms.filter(({ to, text }) => to === phone && about.test(text)).map(({ on, text }) => ({ on, text }));
const eventsOf = ({ id }: Person, type: string) =>
  events
    .filter((event) => event.type === type && event.data.memberId === id)
    .map(({ data: { eventId: _, memberId: __, entryId: ___, balance: ____, tier: _____, ...data } }) => data);
/** What the API says of a journal, entry by entry. */
const told = async ({ id }: Person, kind: string) => {
  const { body } = await shop.call('GET', `/v1/members/${id}/entries?limit=200`, undefined, 'staff');
  return (body.entries as { kind: string; recordedAt: string; points: number; detail: Record<string, unknown> }[])
    .filter((entry) => entry.kind === kind)
    .map(({ recordedAt, points, detail }) => ({ on: dayOf(recordedAt), points, detail }));
};
const activities = async (person: Person, activity: string) =>
  (await told(person, 'activity'))
    .filter(({ detail }) => detail.activity === activity)
    .map(({ on, points }) => ({ on, points }));
const monthsLater = () => Array.from({ length: 13 }, (_, index) => addMonths(year.first, index + 1));

describe('at once', () => {
  it('threshold reached: the till and other systems hear of the reward', () => {
    expect(year.unlocked).toEqual(['espresso']);
    expect(eventsOf(year.cast.saver, 'reward.unlocked')).toEqual([{ rewardId: 'espresso' }]);
  });

  it('visit-count milestone: the tenth visit is thanked for', () => {
    expect(smsTo(year.cast.regular, /Dein 10\. Besuch/)).toEqual([
      { on: year.first, text: `${CLUB}: Dein 10. Besuch. Schön, dass du kommst!` },
    ]);
    expect(eventsOf(year.cast.regular, 'milestone.reached')).toEqual([
      { milestoneId: 'visits', of: 'visits', count: 10 },
    ]);
  });
});

describe('within days', () => {
  it('holds lapse: what was put aside and never fetched can be spent again', async () => {
    const { hesitant } = year.cast;
    expect(await told(hesitant, 'released')).toEqual([
      { on: year.first, points: 20, detail: expect.objectContaining({ redemptionId: 'put-aside', because: 'lapsed' }) },
    ]);
  });

  it('pending points activate: when the goods can no longer come back', async () => {
    const { collector } = year.cast;
    const on = addDays(year.first, 14);
    expect(await told(collector, 'activated')).toEqual([{ on, points: 80, detail: expect.anything() }]);
    expect(smsTo(collector, /Punkte (für dich|kannst)/).slice(0, 2)).toEqual([
      { on: year.first, text: `${CLUB}: 160 Punkte für dich, davon 80 später. Stand: 80. Abmelden mit STOP.` },
      { on, text: `${CLUB}: 80 Punkte kannst du jetzt einlösen. Stand: 160.` },
    ]);
    expect(eventsOf(collector, 'points.activated')).toEqual([expect.objectContaining({ points: 80 })]);
  });

  it('tier review: what staff gave through a day is gone on the next', async () => {
    const { granted } = year.cast;
    expect((await told(granted, 'tier-reviewed')).map(({ on }) => on)).toEqual([addDays(year.first, 30)]);
    expect(eventsOf(granted, 'tier.changed')).toEqual([
      { from: 'guest', to: 'friend' },
      { from: 'friend', to: 'guest' },
    ]);
  });

  it('inactivity period passed: each step of the ladder once, with words of its own', async () => {
    const { quiet } = year.cast;
    const after = [30, 60, 90].map((days) => addDays(year.first, days));
    expect(smsTo(quiet, /nicht gesehen|neue Bilder|fehlst uns/)).toEqual([
      { on: after[0], text: `${CLUB}: seit 30 Tagen haben wir dich nicht gesehen. Deine 50 Punkte warten.` },
      { on: after[1], text: `${CLUB}: bei uns hängen neue Bilder. Komm schauen: jeder Besuch bringt 5 Punkte.` },
      {
        on: after[2],
        text: `${CLUB}: du fehlst uns! Ein Workshop bringt 40 Punkte; frag am Tresen nach einem Platz.`,
      },
    ]);
    expect((await told(quiet, 'inactive')).map(({ on }) => on)).toEqual(after);
    expect(eventsOf(quiet, 'member.inactive')).toEqual([
      { days: 30, rung: 1 },
      { days: 60, rung: 2 },
      { days: 90, rung: 3 },
    ]);
  });
});

describe('as the calendar says', () => {
  it('birthday: a greeting and a present, on the day, and nobody else can tell of one', async () => {
    const { born } = year.cast;
    expect(smsTo(born).filter(({ on }) => on === year.birthday)).toEqual([
      { on: year.birthday, text: `${CLUB}: Happy birthday, Guest 2! 30 points from all of us. Reply STOP to opt out.` },
    ]);
    // The year and the month have two of them.
    const kept = await activities(born, 'birthday');
    expect({ first: kept[0], times: kept.length }).toEqual({ first: { on: year.birthday, points: 30 }, times: 2 });
    expect(eventsOf(born, 'birthday')).toEqual([{ points: 30 }, { points: 30 }]);
    const again = { activityId: 'again', activity: 'birthday', member: { phone: born.phone } };
    expect((await shop.call('POST', '/v1/activities', again)).status).toBe(400);
  });

  it('anniversary: of all who joined, once each, though those who worked on it died twice', async () => {
    const on = addMonths(year.first, 12);
    const kept = await Promise.all(year.people.map((person) => activities(person, 'anniversary')));
    expect(kept).toEqual(year.people.map(() => [{ on, points: 20 }]));
    const { born, quiet, deaf } = year.cast;
    expect(smsTo(born, /A year with us/)).toEqual([
      { on, text: `${CLUB}: A year with us, thank you! 20 points for you. Reply STOP to opt out.` },
    ]);
    expect(smsTo(quiet, /Ein Jahr/)).toEqual([
      { on, text: `${CLUB}: Ein Jahr bei uns, danke! 20 Punkte für dich. Abmelden mit STOP.` },
    ]);
    expect(smsTo(deaf)).toEqual([]);
    expect(eventsOf(deaf, 'anniversary')).toEqual([{ years: 1, points: 20 }]);
  });

  it('monthly schedule: points for a patron’s month, and none for a guest’s', async () => {
    const { patron, quiet } = year.cast;
    // Who became one in a year is one through the next.
    const isPatron = (day: string) => Number(day.slice(0, 4)) < Number(year.first.slice(0, 4)) + 2;
    const months = monthsLater().filter(isPatron);
    expect(await activities(patron, 'monthly')).toEqual(months.map((on) => ({ on, points: 30 })));
    expect(await activities(quiet, 'monthly')).toEqual([]);
    expect(smsTo(patron, /: 30 points for you/).map(({ on }) => on)).toEqual(months);
  });

  it('monthly statement: of each month that brought something, once it is over', async () => {
    const { patron, quiet } = year.cast;
    const months = [year.first, ...monthsLater()].slice(0, 13);
    expect((await told(patron, 'statement')).map(({ on, detail }) => [detail.period, on])).toEqual(
      months.map((month, index) => [month.slice(0, 7), monthsLater()[index]]),
    );
    expect(smsTo(patron, / points earned, /)[0]).toEqual({
      on: monthsLater()[0],
      text: `${CLUB}: ${written('en', year.first, 'month')}: 1,100 points earned, 0 redeemed, 0 expired. Balance: 1,100. 1,100 of them are good until ${written('en', year.lapses)}.`,
    });
    // One month in which they bought, one that was their anniversary.
    expect((await told(quiet, 'statement')).map(({ detail }) => detail.period)).toEqual([
      year.first.slice(0, 7),
      addMonths(year.first, 12).slice(0, 7),
    ]);
  });

  it('yearly schedule: points for the new year, for those of a tier', async () => {
    const newYears = monthsLater().filter((day) => day.endsWith('-01-01'));
    expect(newYears).not.toEqual([]);
    expect(await activities(year.cast.patron, 'yearly')).toEqual(newYears.map((on) => ({ on, points: 10 })));
    expect(await activities(year.cast.quiet, 'yearly')).toEqual([]);
    expect(smsTo(year.cast.patron, /: 10 points for you/).map(({ on }) => on)).toEqual(newYears);
  });
});

describe('when a year is over', () => {
  it('points about to expire: each step of the ladder says how many and when', async () => {
    const { quiet, deaf } = year.cast;
    const on = [addMonths(year.first, 12), addDays(year.lapses, -7), addDays(year.lapses, -1)];
    const said = smsTo(quiet, /verfallen am/);
    expect(said.map((one) => one.on)).toEqual(on);
    for (const { text } of said) expect(text).toContain(`50 deiner Punkte verfallen am ${written('de', year.lapses)}.`);
    expect(eventsOf(quiet, 'points.expiring').map(({ last }) => last)).toEqual([false, false, true]);
    // Whether the last one was given is in the journal, also when it could not be.
    const proof = async (person: Person) => (await told(person, 'reminder-told')).map(({ detail }) => detail.outcome);
    expect([await proof(quiet), await proof(deaf)]).toEqual([['sent'], ['impossible']]);
  });

  it('points expired: on the day after their last, and the member hears of it', async () => {
    const { quiet, deaf } = year.cast;
    for (const person of [quiet, deaf]) {
      expect(await told(person, 'expired')).toEqual([
        { on: year.last, points: -50, detail: { points: 50, through: year.lapses } },
      ]);
      expect(await shop.available(person.id)).toBe(20);
    }
    expect(smsTo(quiet, /sind verfallen/)).toEqual([
      { on: year.last, text: `${CLUB}: 50 Punkte sind verfallen. Stand: 20.` },
    ]);
    expect(eventsOf(deaf, 'points.expired')).toEqual([{ points: 50, through: year.lapses }]);
  });
});

describe('a year of fifty members', () => {
  it('is proved by the journals, every one', async () => {
    const ledger = ledgerOf(shop);
    const faults = await Promise.all(year.people.map(({ id }) => auditMember(ledger, id)));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('has taken no points of which their owner was not warned', () => {
    const lost = year.people.flatMap((person) => {
      const entries = journalOf(person);
      return entries
        .filter(({ detail }) => detail.kind === 'expired')
        .flatMap(({ seq, change }) =>
          Object.entries(change.buckets ?? {}).map(([date, amount]) => ({ person, entries, seq, date, amount })),
        );
    });
    expect(lost.length).toBeGreaterThan(20);
    const unwarned = lost.filter(({ person, entries, seq, date, amount }) => {
      const warning = entries.findLast(({ change }) => change.reminds?.dates[date]?.rung === 1);
      if (!warning || warning.seq > seq || -amount > (warning.change.reminds?.dates[date]?.points ?? 0)) return true;
      const heard = smsTo(person, /expire|verfallen/).some(
        ({ on, text }) =>
          on === dayOf(warning.recordedAt) &&
          on <= date &&
          (['en', 'de'] as const).some((locale) => text.includes(written(locale, date))),
      );
      return heard === person.deaf;
    });
    expect(unwarned).toEqual([]);
  });

  it('was told to each telephone once, in its owner’s language, and nothing else', async () => {
    const on = channelOf('twilio-sms');
    const expected = await Promise.all(
      year.people.map(async (person) => {
        const { body } = await shop.call('GET', `/v1/members/${person.id}`, undefined, 'staff');
        const member = body as Member;
        const all = journalOf(person).flatMap(announce);
        const written = all
          .filter(({ type }) => on.includes(type))
          .flatMap((event) => {
            const text = compose([event], member, merchant, { channel: 'sms', overrides: {} })?.text;
            return text === undefined ? [] : [{ text, untrue: isUntrue(event, all, []) }];
          });
        return { person, written: person.deaf ? [] : written };
      }),
    );
    const told = expected.map(({ person, written }) => {
      const heard = smsTo(person).map(({ text }) => text);
      // What was refunded at once may have been told just before.
      const late = written.filter(({ text, untrue }) => untrue && !heard.includes(text));
      return { heard: heard.sort(), firm: written.filter((one) => !late.includes(one)).map(({ text }) => text) };
    });
    expect(told.map(({ heard }) => heard)).toEqual(told.map(({ firm }) => firm.sort()));
  });

  it('was told to the other system, every event once', () => {
    const on = channelOf('webhook');
    const expected = year.people
      .flatMap(journalOf)
      .flatMap(announce)
      .filter(({ type }) => on.includes(type))
      .map(({ id }) => id);
    expect(events.map(({ data }) => data.eventId).sort()).toEqual(expected.sort());
  });

  it('is in the reports what it is to the members', async () => {
    const report = async (name: string) => {
      const query = `from=${year.first}&to=${year.last}&by=month`;
      const { status, body } = await shop.call('GET', `/v1/reports/${name}?${query}`, undefined, 'staff');
      expect(status).toBe(200);
      return body.rows as Record<string, number>[];
    };
    const sum = (rows: readonly Record<string, number>[], column: string) =>
      rows.reduce((total, row) => total + (row[column] ?? 0), 0);
    const entries = year.people.flatMap(journalOf);
    const total = (kind: Entry['detail']['kind']) =>
      entries.reduce(
        (all, { detail }) => all + (detail.kind === kind && 'points' in detail ? (detail.points ?? 0) : 0),
        0,
      );
    const points = await report('points');
    const liability = await report('liability');
    const standing = await Promise.all(
      year.people.map(async ({ id }) => {
        const { body } = await shop.call('GET', `/v1/members/${id}`, undefined, 'staff');
        return body.balance + body.pending + body.held;
      }),
    );
    const outstanding = standing.reduce((all, one) => all + one, 0);
    expect({
      expired: sum(points, 'expired'),
      redeemed: sum(points, 'redeemed'),
      change: sum(points, 'change'),
      outstanding: liability.at(-1)?.outstanding,
      joined: sum(await report('members'), 'joined'),
    }).toEqual({
      expired: total('expired'),
      redeemed: total('redeemed'),
      change: outstanding,
      outstanding,
      joined: 50,
    });
  });

  it('has left nothing parked', async () => {
    const { body } = await shop.local('GET', '/queues');
    expect((body as { name: string; visible: number }[]).filter(({ visible }) => visible > 0)).toEqual([]);
  });
});

const channelOf = (connector: string): readonly string[] =>
  merchant.connectors.find(({ id }) => id === connector)?.on ?? [];
