import { Permanent } from '../connectors/kit/errors.ts';
import type { Course, Tried } from '../loyalty/course.ts';
import type { LoyaltyEvent } from '../loyalty/events.ts';
import {
  addressOn,
  type Closed,
  companionsOf,
  hourFor,
  isAnswered,
  isLastReminder,
  isUntrue,
  notAfter,
  type Passable,
  purposeOf,
  type Way,
  waysTo,
} from '../loyalty/planning.ts';
import type { QuietHours } from '../loyalty/quiet-hours.ts';
import type { FactsQueue } from './facts-queue.ts';
import { count, log, reasonOf } from './log.ts';
import type { MarketingWeeks } from './marketing-weeks.ts';
import type { Member, Members } from './members.ts';
import { answerId, type MessageRows } from './message-rows.ts';
import type { Composed } from './messages.ts';
import type { PlanWork } from './plan-work.ts';
import type { PlannedMessage } from './planned-message.ts';
import { reminderFacts } from './reminder-facts.ts';

export interface PlannerOptions {
  /** The merchant's channels, in the order of its file. */
  readonly ways: readonly Way[];
  /** The merchant's, for those who have told no other. */
  readonly timeZone: string;
  readonly mergeSeconds: number;
  readonly quietHours: QuietHours | undefined;
  readonly messages: MessageRows;
  readonly members: Pick<Members, 'get'>;
  readonly weeks: MarketingWeeks;
  /** In the member's words, for one channel; `undefined`: there are none. */
  readonly compose: (events: readonly LoyaltyEvent[], member: Member, way: Way) => Promise<Worded | undefined>;
  /** Brings a message that waits back in time. */
  readonly wake: (course: Course) => Promise<void>;
  /** Puts a message into its connector's queue. */
  readonly hand: (message: PlannedMessage) => Promise<void>;
  /** When the member last wrote to us there. */
  readonly heardAt: (memberId: string, way: Way) => Promise<string | undefined>;
  readonly facts: Pick<FactsQueue, 'tell'>;
  readonly now?: () => Date;
}

export type Worded = Composed & Pick<PlannedMessage, 'unsubscribeUrl'>;

/** A way on which it can go now, and what is said there. */
interface Choice extends Passable {
  readonly worded: Worded;
}

/** Tries of the planner to move a message on while others change what goes with it. */
const ROUNDS = 8;

const UNTRUE = 'a refund has made it untrue';
const UNTOLD = 'nobody is told of it';
const TOO_LATE = 'it is too late for it';
const NO_TEXT = 'no text is written for';

/**
 * Plans the messages to members: about what, when, on which channel and in which words, and what comes next when a channel
 * does not carry one. All of it may be told twice or late, and the work on it may break off anywhere: how far a message
 * has come stands in its row, and whatever comes after that may be done again.
 */
export function openPlanner({
  ways,
  timeZone,
  mergeSeconds,
  quietHours,
  messages,
  members,
  weeks,
  compose,
  wake,
  hand,
  heardAt,
  facts,
  now = () => new Date(),
}: PlannerOptions) {
  const zoneOf = ({ profile }: Member): string => profile.timeZone ?? timeZone;
  const isTold = (event: LoyaltyEvent) => !isAnswered(event) && ways.some(({ on }) => on.has(event.type));

  /** Something happened: it may go along with what comes within moments. */
  async function heard(event: LoyaltyEvent): Promise<void> {
    const at = now();
    const until = new Date(at.getTime() + mergeSeconds * 1_000).toISOString();
    const fresh: Course = {
      ...unplanned(event.id, at),
      memberId: event.memberId,
      events: [event],
      purpose: purposeOf(event),
      // Kept all the same: it may make untrue what is told.
      ...(isTold(event) ? { state: 'waiting', until } : { state: 'dropped', reason: UNTOLD }),
    };
    const { course, changed } = await messages.change(event.id, (stands) => (stands ? undefined : { next: fresh }));
    if (changed && course?.state === 'waiting' && mergeSeconds > 0) await wake(course);
    else await moveOn(event.id);
  }

  /** Goes on from wherever it stands. */
  async function moveOn(messageId: string): Promise<void> {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const course = await messages.get(messageId);
      if (!course || (await movedOn(course))) return;
    }
    throw new Error(`the message ${messageId} was changed by others ${ROUNDS} times`);
  }

  /** `false`: somebody else has changed it, and it is looked at again. */
  async function movedOn(course: Course): Promise<boolean> {
    switch (course.state) {
      case 'waiting':
        if (Date.parse(course.until ?? '') > now().getTime()) {
          await wake(course);
          return true;
        }
        return plan(course);
      case 'undone':
        return plan(course);
      case 'handed':
        // Whoever chose the way may have died before the message was in the queue.
        await handAgain(course);
        return true;
      case 'merged':
        await giveBack(course);
        return true;
      case 'dropped':
        await afterDrop(course);
        return true;
      default:
        return true;
    }
  }

  async function plan(course: Course): Promise<boolean> {
    if (course.events.length === 0)
      return drop(course, course.reason ?? 'not carried by the channel on which it was asked');
    const member = await members.get(course.memberId);
    if (!member) return drop(course, 'the member is not known any more');

    const at = now();
    const zone = zoneOf(member);
    const { isUntrueNow, companions } = await around(course, zone);
    const holding = { ...course, events: course.events.filter((event) => !isUntrueNow(event)) };
    if (holding.events.length === 0) return drop(course, UNTRUE);
    const own = timely(holding, zone, at);
    if (own.length === 0) return drop(course, TOO_LATE);
    const events = [...own, ...companions.flatMap((one) => one.events)].sort(byEntry);
    const hour = hourFor(events, { now: at, zone, quietHours });
    if (hour > at) return wait(course, hour);

    const tried = triedWith(course);
    const { choices, closed } = await choicesFor(member, events, { ...course, tried });
    const [first, ...others] = choices;
    if (!first) return drop(course, [...tried, ...closed].map(({ because }) => because).join('; '), closed);
    if (course.purpose === 'marketing') {
      const room = await weeks.take(course.memberId, course.messageId);
      if (room) return timely(holding, zone, room).length > 0 ? wait(course, room) : drop(course, 'enough for a week');
    }

    const next: Course = {
      ...course,
      state: 'handed',
      events,
      connector: first.way.connector,
      tried,
      attempts: 0,
      failures: 0,
      at: at.toISOString(),
      until: undefined,
      queueMessage: undefined,
      vendorId: undefined,
      receipt: undefined,
      reason: undefined,
    };
    const merged = companions.map((from) => ({
      from,
      next: { ...from, state: 'merged', into: course.messageId, at: next.at } as const,
    }));
    if (!(await messages.moveOn([{ from: course, next }, ...merged]))) return false;
    await hand(await messageOf(next, first, others.length > 0, zone));
    return true;
  }

  /** What a refund has made untrue meanwhile, and what waits for the same member and may be said along with it. */
  async function around(course: Course, zone: string) {
    const recent = await messages.recent(course.memberId);
    const all = recent.flatMap(({ events }) => events);
    const unheard = recent
      .filter(({ state, reason }) => state === 'waiting' || reason === UNTRUE)
      .flatMap(({ events }) => events);
    const isUntrueNow = (event: LoyaltyEvent) => isUntrue(event, all, unheard);
    const [event] = course.events;
    // To what a channel has been asked to say nothing is added.
    if (!event || mergeSeconds === 0 || isAsked(course)) return { isUntrueNow, companions: [] };
    const waiting = recent.flatMap((one) => {
      const [first] = one.events;
      const mayCome = one.state === 'waiting' && !isAsked(one) && timely(one, zone, now()).length > 0;
      return mayCome && first && isTold(first) && !isUntrueNow(first) ? [{ ...one, event: first }] : [];
    });
    const along = new Set(companionsOf(event, waiting).map(({ messageId }) => messageId));
    return { isUntrueNow, companions: recent.filter(({ messageId }) => along.has(messageId)) };
  }

  /** Of what it is about, that which is worth a word at that time. */
  const timely = ({ since, events }: Pick<Course, 'since' | 'events'>, zone: string, at: Date) =>
    events.filter((event) => notAfter(event, new Date(since), zone) >= at);

  /** The ways that are open, each with what would be said there, and why the others are not. */
  async function choicesFor(member: Member, events: readonly LoyaltyEvent[], { purpose, tried }: Course) {
    const left = ways.filter(({ connector }) => !tried.some((one) => one.connector === connector));
    const { open, closed } = waysTo(member, events, purpose, left);
    const choices: Choice[] = [];
    const silent: Closed[] = [];
    for (const { way, to } of open) {
      const told = events.filter(({ type }) => way.on.has(type));
      const worded = await wordsFor(told, member, way);
      if (typeof worded === 'string') silent.push({ way, because: worded });
      else choices.push({ way, to, worded });
    }
    return { choices, closed: [...closed, ...silent] };
  }

  /** What is said there; or why nothing is. */
  async function wordsFor(events: readonly LoyaltyEvent[], member: Member, way: Way): Promise<Worded | string> {
    try {
      return (await compose(events, member, way)) ?? `${NO_TEXT} ${events.map(({ type }) => type).join(', ')}`;
    } catch (error) {
      if (!(error instanceof Permanent)) throw error;
      count('MessageUnwritable');
      log.error('a message cannot be written', { reason: reasonOf(error).message });
      return `${NO_TEXT} it that can be made`;
    }
  }

  async function messageOf(
    { messageId, memberId, purpose, events, since }: Course,
    { way, to, worded }: Choice,
    others: boolean,
    zone: string,
  ): Promise<PlannedMessage> {
    const heard = await heardAt(memberId, way);
    const ends = events.map((event) => notAfter(event, new Date(since), zone).getTime());
    return {
      id: messageId,
      memberId,
      connector: way.connector,
      others,
      channel: way.channel,
      to,
      purpose,
      ...worded,
      ...(heard !== undefined && { heardAt: heard }),
      // The first of them that is over would make the whole untrue.
      ...(ends.length > 0 && { notAfter: new Date(Math.min(...ends)).toISOString() }),
    };
  }

  /** To the same channel, in the words of now; where it is closed meanwhile, to the next. */
  async function handAgain(course: Course): Promise<void> {
    const member = await members.get(course.memberId);
    const { choices } = member ? await choicesFor(member, course.events, course) : { choices: [] };
    const mine = choices.find(({ way }) => way.connector === course.connector);
    if (member && mine) return hand(await messageOf(course, mine, choices.length > 1, zoneOf(member)));
    const { changed } = await messages.change(course.messageId, (stands) =>
      stands?.state === 'handed' && stands.connector === course.connector
        ? { next: { ...stands, state: 'undone', reason: 'the channel was closed meanwhile' } }
        : undefined,
    );
    if (changed) await moveOn(course.messageId);
  }

  async function wait(course: Course, until: Date): Promise<boolean> {
    const next: Course = {
      ...course,
      state: 'waiting',
      tried: triedWith(course),
      connector: undefined,
      until: until.toISOString(),
      at: now().toISOString(),
    };
    if (!(await messages.moveOn([{ from: course, next }]))) return false;
    await wake(next);
    return true;
  }

  async function drop(course: Course, reason: string, closed: readonly Closed[] = []): Promise<boolean> {
    const next: Course = { ...course, state: 'dropped', tried: triedWith(course), reason, at: now().toISOString() };
    const { changed } = await messages.change(course.messageId, (stands) =>
      stands?.state === course.state && stands.connector === course.connector
        ? { next, counted: closed.map(({ way }) => ({ connector: way.connector, what: ['skipped'] })) }
        : undefined,
    );
    if (!changed) return false;
    if (closed.length > 0) count('DeliverySkipped');
    await afterDrop(next);
    return true;
  }

  /** Whoever dropped it may have died before doing this: it may all be done again. */
  async function afterDrop(course: Course): Promise<void> {
    await giveBack(course);
    await reportImpossible(course);
  }

  /** It had a place in the week if a channel was chosen before, or while somebody else moved it on. */
  const giveBack = async ({ purpose, memberId, messageId }: Course): Promise<void> =>
    purpose === 'marketing' ? weeks.giveBack(memberId, messageId) : undefined;

  /** Once all channels have said no, the points may lapse without a warning. */
  async function reportImpossible({ events, reason = '' }: Course): Promise<void> {
    // A text that is missing is nothing that the member should pay for; nor is a day on which we were late.
    if (!events.some(isLastReminder) || reason.includes(NO_TEXT) || reason === TOO_LATE) return;
    const asked = ways.filter(({ on }) => on.has('points.expiring')).map(({ connector }) => connector);
    await facts.tell(reminderFacts({ events }, 'impossible', asked, { at: now(), because: reason }));
  }

  /** Goes through the channel on which it was asked, or not at all. */
  async function answer({ id, memberId, connector, identities, purpose, ...said }: Answer): Promise<void> {
    const way = ways.find((one) => one.connector === connector);
    const member = await members.get(memberId);
    const to = way && member && addressOn(way, [...(identities ?? []), ...member.identities]);
    if (!way || to === undefined) {
      log.warn('an answer has no way to the member', { connector, id });
      return;
    }
    const messageId = answerId(memberId, id);
    const fresh: Course = { ...unplanned(messageId, now()), memberId, events: [], purpose, state: 'handed', connector };
    const { course } = await messages.change(messageId, (stands) => (stands ? undefined : { next: fresh }));
    if (course?.state !== 'handed') return;
    const { channel } = way;
    const heard = await heardAt(memberId, way);
    const words = { ...said, kind: 'reply', values: {} } as const;
    const whom = { id: messageId, memberId, connector, others: false, channel, to, purpose };
    await hand({ ...whom, ...words, ...(heard !== undefined && { heardAt: heard }) });
  }

  return {
    heard,

    /** Goes on with work that was put before the planner. */
    async goOn(work: PlanWork): Promise<void> {
      if (work.kind === 'answer') await answer(work);
      else await moveOn(work.messageId);
    },
  };
}

type Answer = Extract<PlanWork, { kind: 'answer' }>;

const unplanned = (messageId: string, at: Date) => ({
  messageId,
  since: at.toISOString(),
  at: at.toISOString(),
  tried: [],
  attempts: 0,
});

/** With the channel that has just said no. */
const triedWith = ({ state, connector, reason = '', tried }: Course): readonly Tried[] =>
  state === 'undone' && connector !== undefined ? [...tried, { connector, because: reason }] : tried;

/** A channel has had its turn in vain. */
const isAsked = ({ state, tried }: Course): boolean => tried.length > 0 || state === 'undone';

const byEntry = (a: LoyaltyEvent, b: LoyaltyEvent): number => seqOf(a) - seqOf(b);
const seqOf = ({ entryId }: LoyaltyEvent): number => Number(entryId.slice(entryId.lastIndexOf('.') + 1));
