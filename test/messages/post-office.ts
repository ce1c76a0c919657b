import type { SQSRecord } from 'aws-lambda';
import type { Receipt, Roles } from '../../lib/connectors/contract.ts';
import { NotNow, OptedOut, Permanent, Transient, Unknown } from '../../lib/connectors/kit/errors.ts';
import { consentsOf } from '../../lib/loyalty/consents.ts';
import type { LoyaltyEvent, Message } from '../../lib/loyalty/events.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';
import type { Way } from '../../lib/loyalty/planning.ts';
import type { QuietHours } from '../../lib/loyalty/quiet-hours.ts';
import { openSending } from '../../lib/runtime/delivering/sending.ts';
import type { Vendor } from '../../lib/runtime/delivering/vendor.ts';
import { openMarketingWeeks } from '../../lib/runtime/marketing-weeks.ts';
import type { Member } from '../../lib/runtime/members.ts';
import { openMessageRows } from '../../lib/runtime/message-rows.ts';
import type { openPlanQueue, PlanWork } from '../../lib/runtime/plan-work.ts';
import { PlannedMessage } from '../../lib/runtime/planned-message.ts';
import { openPlanner } from '../../lib/runtime/planner.ts';
import { openReceipts } from '../../lib/runtime/receipts.ts';
import { openWakeUps } from '../../lib/runtime/wake-ups.ts';
import { MemoryClient } from '../ledger/memory-client.ts';

const TABLE = 'program';
const TIME_ZONE = 'Europe/Berlin';

/** What lies in a queue. */
export interface Lying {
  readonly id: string;
  readonly body: unknown;
  /** Milliseconds. */
  visibleAt: number;
  receives: number;
}

/** A channel of which the test says what its vendor does; `took` is what members have got from it. */
export interface Mouth {
  readonly way: Way;
  readonly took: Message[];
  /** What happens to the next message: it is taken, unless something is thrown. */
  send: (message: Message) => Promise<Receipt>;
  /** Where the vendor can be asked. */
  find?: (message: Message) => Promise<Receipt | undefined>;
}

export const mouth = (
  connector: string,
  channel: Way['channel'],
  on: readonly LoyaltyEvent['type'][] = ['points.earned', 'points.expiring', 'birthday', 'tier.changed'],
): Mouth => {
  const one: Mouth = {
    way: { connector, channel, on: new Set(on) },
    took: [],
    async send(message) {
      one.took.push(message);
      return { vendorId: `${connector}-${message.id}-${one.took.length}` };
    },
  };
  return one;
};

/** Planner and channels over tables in memory, with queues and a clock that the test moves. */
export function postOffice({
  mouths,
  mergeSeconds = 0,
  quietHours,
  perWeek = 3,
  from = '2026-03-10T11:00:00Z',
}: {
  mouths: readonly Mouth[];
  mergeSeconds?: number;
  quietHours?: QuietHours;
  perWeek?: number;
  from?: string;
}) {
  const memory = new MemoryClient();
  const clock = { at: new Date(from) };
  const now = () => clock.at;
  const people = new Map<string, Member>();
  const facts: Fact[] = [];
  const schedules: { name: string; at: string }[] = [];
  const queues = new Map<string, Set<Lying>>(
    ['plan', ...mouths.map(({ way }) => way.connector)].map((name) => [name, new Set()]),
  );
  let sent = 0;
  const put = (queue: string, body: unknown, seconds = 0) => {
    sent += 1;
    const id = `q${sent}`;
    queues.get(queue)?.add({ id, body, visibleAt: clock.at.getTime() + seconds * 1_000, receives: 0 });
  };
  const plan: ReturnType<typeof openPlanQueue> = {
    async tell(work, delaySeconds = 0) {
      for (const one of work) put('plan', one, delaySeconds);
    },
  };
  const members = { get: async (memberId: string) => people.get(memberId) };

  /** A process of its own: it may die without the others. */
  function opened(client: MemoryClient) {
    const beside = { client: client.asClient(), table: TABLE, now };
    const messages = openMessageRows({ ...beside, timeZone: TIME_ZONE });
    const receipts = openReceipts({ ...beside, messages });
    const planner = openPlanner({
      ways: mouths.map(({ way }) => way),
      timeZone: TIME_ZONE,
      mergeSeconds,
      quietHours,
      messages,
      members,
      weeks: openMarketingWeeks({ ...beside, perWeek }),
      compose: async (events) => ({
        locale: 'en',
        kind: events[0]?.type ?? 'points.earned',
        text: events.map(({ id }) => id).join(' '),
        values: {},
      }),
      wake: openWakeUps({
        plan,
        now,
        schedules: () => ({
          async create(name, at, message) {
            if (schedules.some((one) => one.name === name)) return;
            schedules.push({ name, at });
            put('plan', message, (Date.parse(at) - clock.at.getTime()) / 1_000);
          },
        }),
      }),
      // As it is read again on the other side.
      hand: async (message) => put(message.connector, { message: PlannedMessage.parse(message) }),
      heardAt: async () => undefined,
      facts: { tell: async (told) => void facts.push(...told) },
      now,
    });
    const sending = new Map(
      mouths.map((one) => [
        one.way.connector,
        openSending({
          manifest: { id: one.way.connector } as { readonly id: never },
          channel: {
            send: (message) => one.send(message),
            ...(one.find && { find: one.find }),
          } as Roles<never>['channel'],
          vendor: {
            whenReady: async (_: string, act: (around: object) => unknown) => act({}),
            ask: async (around: never, act: (around: never) => unknown) => act(around),
          } as unknown as Vendor<never>,
          messages,
          receipts,
          members: () => members,
          facts: { tell: async (told) => void facts.push(...told) },
          plan,
          receiptUrl: undefined,
          now,
        }),
      ]),
    );
    return { messages, receipts, planner, sending };
  }
  type Process = ReturnType<typeof opened>;

  /** One receive of one message; throws what the worker would have failed with. */
  async function work(process: Process, queue: string, { id, body, receives }: Lying): Promise<void> {
    if (queue === 'plan') {
      if ('detail' in (body as object)) await process.planner.heard((body as { detail: LoyaltyEvent }).detail);
      else await process.planner.goOn(body as PlanWork);
      return;
    }
    const record = { messageId: id, attributes: { ApproximateReceiveCount: String(receives) } } as unknown as SQSRecord;
    const [end] =
      (await process.sending.get(queue)?.([{ record, message: (body as { message: PlannedMessage }).message }])) ?? [];
    if (end) throw end;
  }

  const whole = opened(memory);

  return {
    clock,
    memory,
    facts,
    schedules,
    queues,
    people,
    opened,
    work,
    put,
    messages: whole.messages,
    receipts: whole.receipts,

    enrol(memberId: string, more: { profile?: Member['profile']; no?: readonly Way['channel'][] } = {}): string {
      const at = clock.at.toISOString();
      const asked = Object.fromEntries(mouths.map(({ way }) => [way.channel, !more.no?.includes(way.channel)]));
      people.set(memberId, {
        memberId,
        identities: [
          { type: 'phone', value: '+491720000001' },
          { type: 'email', value: 'ada@example.org' },
        ],
        profile: more.profile ?? {},
        consents: consentsOf(asked, { at, source: 'api', proof: 'test' }),
        enrolledAt: at,
        source: 'api',
        profileAt: at,
        version: 1,
      });
      return memberId;
    },

    /** As the bus brings it. */
    tell: (event: LoyaltyEvent) => put('plan', { detail: event }),

    /** What a queue would hand out now, so much at most. */
    visible(most = Number.POSITIVE_INFINITY): { readonly queue: string; readonly one: Lying }[] {
      const found: { readonly queue: string; readonly one: Lying }[] = [];
      for (const [queue, lying] of queues)
        for (const one of lying) {
          if (found.length >= most) return found;
          if (one.visibleAt <= clock.at.getTime()) found.push({ queue, one });
        }
      return found;
    },

    /** When something is visible next. */
    next: (): number =>
      [...queues.values()].reduce(
        (first, lying) => [...lying].reduce((least, { visibleAt }) => Math.min(least, visibleAt), first),
        Number.POSITIVE_INFINITY,
      ),

    /** Works on all that is visible until nothing is; what fails comes again a minute later. */
    async settle(): Promise<void> {
      for (;;) {
        const visible = this.visible();
        if (visible.length === 0) return;
        for (const { queue, one } of visible) {
          one.receives += 1;
          try {
            await work(whole, queue, one);
            queues.get(queue)?.delete(one);
          } catch (error) {
            if (!(error instanceof Error)) throw error;
            if (error instanceof Permanent) queues.get(queue)?.delete(one);
            else one.visibleAt = clock.at.getTime() + 60_000;
          }
        }
      }
    },

    /** To the next moment at which something becomes visible, and no further than `until`. */
    async until(until: string): Promise<void> {
      for (;;) {
        await this.settle();
        const next = this.next();
        if (next > Date.parse(until)) break;
        clock.at = new Date(next);
      }
      clock.at = new Date(until);
    },
  };
}

let happenings = 0;

/** Something that happened to a member, at this moment of the office's clock. */
export function happening(
  memberId: string,
  at: Date,
  type: LoyaltyEvent['type'] = 'points.earned',
  data: object = { points: 12, source: 'shopify', object: `A-${happenings}` },
): LoyaltyEvent {
  happenings += 1;
  const entryId = `${memberId}.${happenings}`;
  return {
    id: `${entryId}.${type}`,
    type,
    memberId,
    entryId,
    occurredAt: at.toISOString(),
    balance: { available: 42, pending: 0, held: 0 },
    tier: 'guest',
    data,
  } as LoyaltyEvent;
}

export { NotNow, OptedOut, Permanent, Transient, Unknown };
