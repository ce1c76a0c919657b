import type { Day } from '../../../lib/loyalty/account.ts';
import { addDays, dayIn } from '../../../lib/loyalty/calendar.ts';
import type { Entry } from '../../../lib/loyalty/entry.ts';
import type { ProgramEvent } from '../../../lib/loyalty/events.ts';
import type { ReminderFact } from '../../../lib/loyalty/facts.ts';
import { fromAccountItem } from '../../../lib/runtime/items.ts';
import type { Ledger } from '../../../lib/runtime/ledger.ts';
import type { OneTime } from '../../../lib/runtime/one-time.ts';
import { type Dated, DUTIES, type Duty, type SweepMessage } from '../../../lib/runtime/sweeps.ts';
import { MemoryClient } from '../../ledger/memory-client.ts';
import { sale, TestClock } from '../../ledger/world.ts';
import { judge } from '../judge.ts';
import { type Act, lives } from '../life.ts';
import { type Chance, chanceOf } from '../random.ts';
import { settled } from '../simulate.ts';
import { Agenda, type Thing } from './agenda.ts';
import { drawClub, timeAt } from './club.ts';
import { judgeOffers } from './judge-offers.ts';
import { drawOffers, type Offer } from './offers.ts';
import { drawPeople, type Person } from './people.ts';
import { SweepsQueue } from './queue.ts';
import { openShop, tables } from './shop.ts';
import { type Clean, type Postbox, promisesOfTime } from './time.ts';

export interface YearsPlan {
  readonly seed: number;
  readonly days: number;
  readonly members: number;
  readonly onProgress?: (day: Day, done: number) => void;
}

export interface YearsReport {
  readonly place: string;
  readonly from: Day;
  readonly through: Day;
  readonly nights: number;
  readonly missed: number;
  readonly told: number;
  readonly twice: number;
  readonly late: number;
  readonly messages: number;
  readonly again: number;
  readonly conflicts: number;
  readonly lost: number;
  readonly died: number;
  readonly campaigns: number;
  readonly entries: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Promises that did not hold, the first of them first; none, if all is well. */
  readonly broken: readonly string[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** When each sweep is sent for, as the schedules of a deployed shop say it; accounts are looked at more often there. */
const NIGHTLY: readonly (readonly [duty: Duty | Dated, time: string])[] = [
  ['points', '04:30'],
  ['absences', '04:32'],
  ['birthdays', '04:35'],
  ['anniversaries', '04:40'],
  ['monthly', '04:45'],
  ['yearly', '04:50'],
  ['statements', '04:55'],
];
const REVIEWS = ['00:15', '06:15', '12:15', '19:00'];
/** When the books are looked at: whatever a sweep of that day has sent is done, or is late. */
const LOOKED_AT = '21:00';

const ACTS_A_MEMBER_AND_MONTH = 1.3;

/** How a seed's years are lived: its days one by one, what happens in them in its order, and a look at the books each evening. */
class Years {
  readonly plan: YearsPlan;
  readonly chance: Chance;
  readonly club: ReturnType<typeof drawClub>;
  readonly people: readonly Person[];
  readonly offers: readonly Offer[];
  readonly clock: TestClock;
  readonly agenda = new Agenda();
  readonly memory = new MemoryClient();
  readonly queue: SweepsQueue;
  readonly postbox: Postbox = new Map();
  readonly clean: Clean;
  readonly events: ProgramEvent[] = [];
  readonly counted = { nights: 0, missed: 0, told: 0, twice: 0, late: 0, conflicts: 0, lost: 0, died: 0 };
  readonly kinds: Record<string, number> = {};
  readonly broken: string[] = [];
  /** What each act was answered with, once it was. */
  private readonly answers = new Map<Act, string>();
  private readonly shop: ReturnType<typeof openShop>;
  /** For what goes wrong, so that how often a call is made does not change what happens. */
  private readonly luck: Chance;
  private readonly schedules: OneTime;
  private calm = false;

  constructor(plan: YearsPlan) {
    this.plan = plan;
    this.chance = chanceOf(plan.seed);
    this.luck = chanceOf(plan.seed + 1);
    this.club = drawClub(this.chance);
    const { timeZone } = this.club.program;
    const { from } = this.club;
    this.clock = new TestClock(new Date(timeAt(timeZone, from, '00:00')).toISOString());
    this.people = drawPeople(this.chance, plan.members, timeZone, from, plan.days);
    this.offers = drawOffers(this.chance, timeZone, from, plan.days);
    this.clean = Object.fromEntries([...NIGHTLY.map(([duty]) => duty), 'reviews'].map((duty) => [duty, []])) as never;
    this.queue = new SweepsQueue({
      agenda: this.agenda,
      chance: this.luck,
      now: () => this.clock.at.getTime(),
      work: (message, id) => this.work(message, id),
    });
    this.schedules = {
      create: async (_, at, message) => this.wake(Math.ceil(Date.parse(at) / MINUTE_MS) * MINUTE_MS, message),
      // A message that comes all the same finds nothing to do.
      remove: async () => {},
    };
    this.memory.mishap = (_, name) => this.mishap(name);
    this.shop = this.openOver(this.memory);
  }

  get zone(): string {
    return this.club.program.timeZone;
  }
  get today(): Day {
    return dayIn(this.zone, this.clock.at);
  }

  private mishap(name: string) {
    if (this.calm) return undefined;
    const dice = this.luck();
    if (dice < 0.004) {
      this.counted.lost += 1;
      return 'lost' as const;
    }
    if (dice < 0.006) return 'fail' as const;
    if (dice >= 0.03 || name !== 'TransactWriteItemsCommand') return undefined;
    this.counted.conflicts += 1;
    return 'conflict' as const;
  }

  private newId = '';

  private openOver(memory: MemoryClient) {
    return openShop({
      club: this.club,
      client: memory.asClient(),
      now: this.clock.now,
      newId: () => this.newId,
      queue: { client: this.queue.asClient(), put: (message) => this.queue.put(message) },
      schedules: this.schedules,
      tell: async (event) => {
        this.events.push(event);
      },
    });
  }

  /** A function's copy takes a message; now and then it is gone before it is done. */
  private async work(message: SweepMessage, id: string): Promise<void> {
    let { shop } = this;
    if (!this.calm && this.luck() < 0.01) {
      const dying = this.memory.restarted();
      const last = 1 + this.luck.below(12);
      dying.mishap = (call) => {
        if (call !== last) return undefined;
        this.counted.died += 1;
        return 'die';
      };
      shop = this.openOver(dying);
    }
    await shop.work(message, id);
    if (message.kind === 'member' && message.duty === 'points') await this.post(message.memberId);
  }

  /** Schedules come at least once; on a bad day, not at all. */
  private wake(at: number, message: object): void {
    const put = { happens: () => this.queue.put(message as SweepMessage) };
    this.agenda.plan(Math.max(at, this.clock.at.getTime()), put);
    if (this.luck() < 0.05) this.agenda.plan(at + this.luck.below(5 * MINUTE_MS), put);
  }

  /** The channels take what they were asked to tell the member, and say what became of it: mostly soon, or later, or never. */
  private async post(memberId: string): Promise<void> {
    const row = this.memory.tables.get(tables.accounts)?.get(memberId)?.get('');
    const { reminders = {} } = row ? fromAccountItem(row) : {};
    for (const { entry, waits = [] } of Object.values(reminders)) {
      for (const by of waits) {
        const name = `${entry} ${by}`;
        if (this.postbox.has(name)) continue;
        const dice = this.luck();
        const outcome = dice < 0.75 ? 'sent' : dice < 0.9 ? 'impossible' : undefined;
        const wait = this.luck() < 0.9 ? this.luck.below(HOUR_MS) : this.luck.below(6 * DAY_MS);
        const at = this.clock.at.getTime() + wait;
        this.postbox.set(name, { outcome, at });
        if (!outcome) continue;
        const fact: ReminderFact = {
          type: 'reminder',
          factId: `reminder:${entry}:${by}`,
          occurredAt: new Date(at).toISOString(),
          source: by,
          identities: [],
          memberId,
          entryId: entry,
          outcome,
        };
        const tell = { happens: () => settled(() => this.shop.ledger.reminderTold(fact)).then(() => {}) };
        this.agenda.plan(at, tell);
        if (this.luck() < 0.1) this.agenda.plan(at + this.luck.below(DAY_MS), tell);
      }
    }
  }

  private tell(act: Act, at: number): void {
    const happens = async () => {
      this.counted.told += 1;
      const outcome = await settled(() => act.tell(this.shop.ledger));
      const answered = outcome && 'entry' in outcome ? outcome.entry?.hash : undefined;
      if (answered !== undefined && outcome?.kind !== 'conflict') {
        const first = this.answers.get(act) ?? answered;
        if (first !== answered)
          this.broken.push(`promise 5: ${act.kind} at ${act.at.toISOString()} was answered in two ways`);
        this.answers.set(act, first);
      }
    };
    this.agenda.plan(at, { happens });
  }

  /** Most of it is told at once; some of it late, some of it twice. */
  private deliver(act: Act): void {
    const late = this.chance() < 0.06;
    if (late) this.counted.late += 1;
    const at = act.at.getTime() + (late ? this.chance.below(4 * DAY_MS) : 0);
    this.tell(act, at);
    if (this.chance() >= 0.1) return;
    this.counted.twice += 1;
    this.tell(act, at + this.chance.below(DAY_MS));
  }

  private alone(at: number, happens: () => Promise<unknown>): void {
    const thing: Thing = {
      alone: true,
      happens: async () => {
        await settled(happens);
      },
    };
    this.agenda.plan(Math.max(at, this.clock.at.getTime()), thing);
  }

  private planPeople(): void {
    for (const { memberId, birthdays } of this.people) {
      for (const [n, { at, birthday }] of birthdays.entries()) {
        const told = { source: 'till', at: new Date(at).toISOString() };
        this.alone(at, async () => {
          const { enrolment } = this.shop;
          if (n > 0) return enrolment.change(memberId, { profile: { birthday } }, told);
          this.newId = memberId;
          const identities = [{ type: 'card' as const, value: memberId }];
          const profile = birthday === null ? {} : { birthday };
          return enrolment.enrol(identities, { profile, consents: {}, proof: '' }, told);
        });
      }
    }
  }

  private planOffers(): void {
    for (const { campaign, createdAt, scheduledAt, stopped, rushAt } of this.offers) {
      const { id } = campaign;
      this.alone(createdAt, () => this.shop.campaigns.create(campaign));
      if (scheduledAt !== undefined) this.alone(scheduledAt, () => this.shop.campaigns.schedule(id));
      if (stopped)
        this.alone(stopped.at, () =>
          stopped.how === 'end' ? this.shop.campaigns.end(id) : this.shop.campaigns.cancel(id),
        );
      const come = (name: string, at: number, most: number) => {
        const joined = this.people.filter(({ joinsAt }) => joinsAt < at).slice(0, most);
        for (const [n, { memberId }] of joined.entries()) {
          const act = `${id}-${name}-${n}`;
          const fact = sale(act, 1_500, { occurredAt: new Date(at).toISOString() });
          const asked = { redemptionId: act, rewardId: `gift-${id}`, capture: true };
          const tell = (ledger: Ledger) =>
            campaign.effect.kind === 'reward' ? ledger.authorize(memberId, asked) : ledger.sale(memberId, fact);
          this.deliver({ kind: 'rush', at: new Date(at), tell });
        }
      };
      // Many at once, for the last points of a budget; some on the second.
      come('rush', rushAt, 40);
      const [startsAt, endsAt] = [Date.parse(campaign.startsAt), Date.parse(campaign.endsAt)];
      for (const [n, at] of [startsAt - 1, startsAt, endsAt - 1, endsAt].entries()) come(`edge-${n}`, at, 3);
    }
  }

  /** The schedules of a day; some nights are missed, and some sweeps are left out. */
  private planNight(day: Day, missed: boolean): void {
    this.counted.nights += 1;
    if (missed) this.counted.missed += 1;
    const times = [...NIGHTLY, ...REVIEWS.map((time) => ['reviews', time] as const)];
    const sent = new Set<Duty | Dated>();
    for (const [duty, time] of times) {
      if (missed || (!this.calm && this.luck() < 0.01)) continue;
      sent.add(duty);
      const at = timeAt(this.zone, day, time);
      // A day without a morning.
      if (dayIn(this.zone, new Date(at)) === day) this.wake(at, { kind: 'sweep', duty });
    }
    const look = { alone: true, happens: () => this.look(day, sent) };
    this.agenda.plan(timeAt(this.zone, day, LOOKED_AT), look);
  }

  /** Whoever was due before today and is no more looked for is lost: no sweep looks further back. */
  private look(day: Day, sent: ReadonlySet<Duty | Dated>): void {
    this.plan.onProgress?.(day, this.counted.told);
    for (const duty of sent) {
      if (this.queue.waits(duty)) continue;
      this.clean[duty].push(day);
      if (!(duty in DUTIES)) continue;
      const index = DUTIES[duty as Duty];
      for (const [memberId, rows] of this.memory.tables.get(tables.accounts) ?? []) {
        const due = rows.get('')?.[index]?.S?.slice(0, 10);
        if (due !== undefined && due < day && !this.queue.waits(duty, memberId))
          this.broken.push(`promise 11: ${memberId} was due on ${due} for ${duty}, and on ${day} nobody has looked`);
      }
    }
  }

  private async run(until: number): Promise<void> {
    for (;;) {
      if (this.broken.length > 0) return;
      const next = this.agenda.nextBefore(until);
      if (!next) return;
      if (next.at > this.clock.at.getTime()) this.clock.at = new Date(next.at);
      await Promise.all(next.things.map((thing) => thing.happens()));
    }
  }

  async live(): Promise<YearsReport> {
    const { days, members } = this.plan;
    const { from } = this.club;
    this.planPeople();
    this.planOffers();
    const ids = this.people.map(({ memberId }) => memberId);
    const step = Math.round((30 * 24 * 60) / (members * ACTS_A_MEMBER_AND_MONTH));
    const around = this.whoIsAround();
    const acts = lives(this.chance, this.clock.at, ids, step, { around, mingle: false });
    let pending: Act | undefined;
    let out = 0;
    for (let n = 0; n < days && this.broken.length === 0; n += 1) {
      const day = addDays(from, n);
      const end = timeAt(this.zone, addDays(day, 1), '00:00');
      // Most often when there is the most to be caught up with.
      if (out === 0 && this.luck() < (day.endsWith('-01') ? 0.2 : 0.03)) out = 1 + this.luck.below(4);
      this.planNight(day, out > 0);
      out = Math.max(0, out - 1);
      for (;;) {
        pending ??= acts.next().value as Act;
        if (pending.at.getTime() >= end) break;
        this.deliver(pending);
        pending = undefined;
      }
      await this.run(end);
    }
    return this.judged(addDays(from, days));
  }

  /** Those in one of their seasons, worked out once a day. */
  private whoIsAround() {
    let [on, here]: [Day, readonly string[]] = ['', []];
    return (at: Date): readonly string[] => {
      const day = dayIn(this.zone, at);
      if (day !== on) {
        on = day;
        // Not on the day of joining, which may be later than this.
        here = this.people
          .filter(({ seasons }) => seasons.some(({ from, through }) => from < day && day <= through))
          .map(({ memberId }) => memberId);
      }
      return here;
    };
  }

  /** What is late comes, all sweeps run once more with nothing in the way, and the books are looked through. */
  private async judged(last: Day): Promise<YearsReport> {
    this.calm = true;
    this.queue.calm = true;
    let entries = 0;
    if (this.broken.length === 0) {
      // What is told the latest was told four days later, and again a day after that.
      for (let n = 0; n < 8; n += 1) {
        const day = addDays(last, n);
        this.planNight(day, false);
        await this.run(timeAt(this.zone, addDays(day, 1), '00:00'));
      }
    }
    if (this.broken.length === 0) {
      const through = this.today;
      const { club, people, clean, postbox, kinds } = this;
      const journals = new Map<string, readonly Entry[]>();
      const byId = new Map(people.map((person) => [person.memberId, person]));
      const found = await judge(
        this.shop.ledger,
        this.memory,
        club.program,
        this.clock.at,
        (member, journal, account) => {
          journals.set(member, journal);
          for (const { detail } of journal) kinds[detail.kind] = (kinds[detail.kind] ?? 0) + 1;
          return promisesOfTime({ club, person: byId.get(member), journal, account, clean, postbox, through });
        },
      );
      entries = found.entries;
      const rows = await this.shop.campaigns.list();
      this.broken.push(
        ...found.broken,
        ...judgeOffers({ club, offers: this.offers, rows, events: this.events, journals }),
      );
    }
    const { messages, twice, late, again, lost } = this.queue.counted;
    return {
      place: this.zone,
      from: this.club.from,
      through: addDays(last, -1),
      ...this.counted,
      twice: this.counted.twice + twice,
      late: this.counted.late + late,
      messages,
      again,
      lost: this.counted.lost + lost,
      campaigns: this.offers.length,
      entries,
      kinds: this.kinds,
      broken: this.broken,
    };
  }
}

/** So many days of so many members, with everything that time does; the same seed lives the same days. */
export const liveYears = (plan: YearsPlan): Promise<YearsReport> => new Years(plan).live();
