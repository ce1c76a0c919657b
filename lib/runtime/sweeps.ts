import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Day } from '../loyalty/account.ts';
import { addDays } from '../loyalty/calendar.ts';
import { type Anniversary, beginnings, keptOn } from '../loyalty/occasions.ts';
import type { Program } from '../loyalty/program.ts';
import { monthBefore } from '../loyalty/statement.ts';
import { SHARDS } from './items.ts';

/** Which index tells who is due, for what. */
export const DUTIES = { points: 'expiryDue', reviews: 'reviewDue', absences: 'inactiveDue' } as const;
export type Duty = keyof typeof DUTIES;

/** What comes round with a day of the year: which index of the members tells whose day it is. */
export const OCCASIONS = { birthdays: 'birthdayDue', anniversaries: 'joinedDue' } as const;
/** What comes to everybody when a stretch of the calendar begins. */
export const ROUNDS = { monthly: 'month', yearly: 'year', statements: 'month' } as const;
export type Occasion = keyof typeof OCCASIONS;
export type Round = keyof typeof ROUNDS;
/** A duty that belongs to a day, also when it is done later. */
export type Dated = Occasion | Round;
const Dated = z.enum(['birthdays', 'anniversaries', 'monthly', 'yearly', 'statements']);
const Duty = z.enum(['points', 'reviews', 'absences']);

const Shard = z
  .int()
  .min(0)
  .max(SHARDS - 1);

/**
 * `sweep`: find out who is due. `rest`: go on with one day's shard where a page ended. `member`: do it, for one. What
 * belongs to a day is done for that day: `among` goes on with those who were born or joined on a day of the year,
 * `everyone` with all members, and `on-day` is one of them.
 */
export const SweepMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sweep'), duty: z.enum([...Duty.options, ...Dated.options]) }),
  z.object({ kind: z.literal('rest'), duty: Duty, day: z.iso.date(), shard: Shard, after: z.string() }),
  z.object({ kind: z.literal('member'), duty: Duty, memberId: z.string() }),
  z.object({
    kind: z.literal('among'),
    duty: z.enum(['birthdays', 'anniversaries']),
    day: z.iso.date(),
    /** `MM-DD` */
    born: z.string(),
    shard: Shard,
    after: z.string(),
  }),
  z.object({
    kind: z.literal('everyone'),
    duty: z.enum(['monthly', 'yearly', 'statements']),
    day: z.iso.date(),
    part: Shard,
    after: z.string(),
  }),
  /** A campaign's time has come. */
  z.object({ kind: z.literal('campaign'), id: z.string(), to: z.enum(['live', 'ended']) }),
  /** It has something to say: to those after this one, and to one member. */
  z.object({ kind: z.literal('messages'), id: z.string(), after: z.string().optional() }),
  z.object({ kind: z.literal('message'), id: z.string(), memberId: z.string() }),
  z.object({ kind: z.literal('on-day'), duty: Dated, day: z.iso.date(), memberId: z.string() }),
]);
export type SweepMessage = z.output<typeof SweepMessage>;

/** Members that one query names. What is left over becomes a message of its own, so that no day is too large for a function's time. */
const PAGE = 1_000;

/** Days that are looked through at once, when there are several to catch up with. */
const STRETCH = 8;
/** What a night looks through: today, and yesterday once more. */
const NIGHT = 2;
/** As long as the function may take, which is when its coordinator is gone for certain. */
const LEASE_MS = 60_000;
const END_OF_LEASE = 'REMOVE busyUntil, busyThrough, busyBy';
const SHARD_NUMBERS = Array.from({ length: SHARDS }, (_, shard) => shard);

function* stretches(from: Day, through: Day): Generator<readonly Day[]> {
  for (let first = from; first <= through; first = addDays(first, STRETCH))
    yield Array.from({ length: STRETCH }, (_, index) => addDays(first, index)).filter((day) => day <= through);
}

const isOccasion = (duty: Duty | Dated): duty is Occasion => Object.hasOwn(OCCASIONS, duty);
export const isDated = (duty: Duty | Dated): duty is Dated => isOccasion(duty) || Object.hasOwn(ROUNDS, duty);

export interface SweepsOptions {
  readonly client: DynamoDBClient;
  readonly tables: { readonly accounts: string; readonly members: string; readonly program: string };
  readonly queue: { readonly client: SQSClient; readonly url: string };
  readonly page?: number;
  /** When the 29 February is kept in other years. */
  readonly leapDay?: Program['leapDay'];
  /** Which rounds the program has anything for; absent: all. */
  readonly makes?: (round: Round) => boolean;
  readonly now?: () => number;
}

/**
 * Finds who is due and sends a message for each. A cursor a duty remembers the last day that was looked through, so that
 * days on which no sweep ran are caught up, in their order. Twice, late or half, a sweep does no harm: what a message
 * sets off is booked once.
 */
export function openSweeps({
  client,
  tables,
  queue,
  page = PAGE,
  leapDay = 'feb-28',
  makes = () => true,
  now = Date.now,
}: SweepsOptions) {
  const cursorKey = (duty: Duty | Dated) => ({ pk: { S: `S#${duty}` }, sk: { S: 'S' } });

  const change = async (
    duty: Duty | Dated,
    update: string,
    values?: Record<string, AttributeValue>,
    condition?: string,
  ) => {
    const command = new UpdateItemCommand({
      TableName: tables.program,
      Key: cursorKey(duty),
      UpdateExpression: update,
      ...(update.includes('#day') && { ExpressionAttributeNames: { '#day': 'day' } }),
      ...(values && { ExpressionAttributeValues: values }),
      ...(condition && { ConditionExpression: condition }),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return (await client.send(command)).Attributes;
  };

  /** Runs an update whose condition may not hold; then what stands there instead. */
  async function tryChange(...update: Parameters<typeof change>) {
    try {
      return { done: true, row: await change(...update) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { done: false, row: error.Item };
    }
  }

  /**
   * One coordinator at a time: when many sweeps come at once, after a pause say, each would look through the same days.
   * The lease is for the function's own time, and belongs to a message: one that comes again, since its coordinator died
   * or the answer to its claim was lost, goes on with what is its own. One that finds another at work leaves it the days
   * that are newer: `undefined`.
   */
  async function claim(
    duty: Duty | Dated,
    through: Day,
    by: string,
  ): Promise<{ readonly last: Day | undefined } | undefined> {
    for (;;) {
      const [at, values] = [now(), { ':through': { S: through } }];
      const claimed = await tryChange(
        duty,
        'SET busyUntil = :until, busyThrough = :through, busyBy = :by',
        { ...values, ':by': { S: by }, ':until': { N: String(at + LEASE_MS) }, ':now': { N: String(at) } },
        'attribute_not_exists(busyUntil) OR busyUntil < :now OR busyBy = :by',
      );
      if (claimed.done) return { last: claimed.row?.day?.S };
      const left = await tryChange(duty, 'SET busyThrough = :through', values, 'busyThrough < :through');
      // There is no one to leave it to when the other has finished in between.
      if (left.done || left.row?.busyThrough !== undefined) return undefined;
    }
  }

  /** Ends the lease, unless somebody has left newer days to it meanwhile: through which. */
  async function finish(duty: Duty | Dated, through: Day): Promise<Day | undefined> {
    const ended = await tryChange(
      duty,
      END_OF_LEASE,
      { ':through': { S: through } },
      'attribute_not_exists(busyThrough) OR busyThrough <= :through',
    );
    return ended.done ? undefined : ended.row?.busyThrough?.S;
  }

  async function send(messages: readonly SweepMessage[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 10) {
      const Entries = messages
        .slice(from, from + 10)
        .map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
      const { Failed = [] } = await queue.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
      if (Failed.length > 0)
        throw new Error(`the sweeps queue refused ${Failed.length} of ${Entries.length} messages: ${Failed[0]?.Code}`);
    }
  }

  const large = new Set<string>();

  /**
   * Which of an index's keys are worth asking for. Of an index that is no more than a page all keys are read at once when
   * many days are caught up, which a small shop that was switched off, or is new, would else ask for one by one.
   */
  async function peopled(table: string, index: string, days: readonly Day[]): Promise<(key: string) => boolean> {
    if (days.length <= NIGHT || large.has(index)) return () => true;
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: table,
        IndexName: index,
        ProjectionExpression: '#due',
        ExpressionAttributeNames: { '#due': index },
      }),
    );
    if (LastEvaluatedKey) {
      large.add(index);
      return () => true;
    }
    const keys = new Set(Items.map((item) => item[index]?.S));
    return (key) => keys.has(key);
  }

  /** One page of those who are due that day, in one shard. */
  async function enqueue(duty: Duty, day: Day, shard: number, after?: string): Promise<void> {
    const index = DUTIES[duty];
    const due = `${day}#${shard}`;
    const from: Record<string, AttributeValue> | undefined =
      after === undefined ? undefined : { memberId: { S: after }, [index]: { S: due } };
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: tables.accounts,
        IndexName: index,
        KeyConditionExpression: '#due = :due',
        ExpressionAttributeNames: { '#due': index },
        ExpressionAttributeValues: { ':due': { S: due } },
        Limit: page,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    const ids = Items.flatMap(({ memberId }) => memberId?.S ?? []);
    const members = ids.map((memberId): SweepMessage => ({ kind: 'member', duty, memberId }));
    const last = LastEvaluatedKey?.memberId?.S;
    await send(last === undefined ? members : [...members, { kind: 'rest', duty, day, shard, after: last }]);
  }

  /** One page of those who were born or joined on that day of the year, in one shard. */
  async function among(duty: Occasion, day: Day, born: Anniversary, shard: number, after?: string): Promise<void> {
    const index = OCCASIONS[duty];
    const due = `${born}#${shard}`;
    const from: Record<string, AttributeValue> | undefined =
      after === undefined ? undefined : { pk: { S: after }, sk: { S: 'P' }, [index]: { S: due } };
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: tables.members,
        IndexName: index,
        KeyConditionExpression: '#due = :due',
        ExpressionAttributeNames: { '#due': index },
        ExpressionAttributeValues: { ':due': { S: due } },
        Limit: page,
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    const ids = Items.flatMap(({ pk }) => pk?.S?.replace(/^M#/, '') ?? []);
    const members = ids.map((memberId): SweepMessage => ({ kind: 'on-day', duty, day, memberId }));
    const last = LastEvaluatedKey?.pk?.S;
    await send(last === undefined ? members : [...members, { kind: 'among', duty, day, born, shard, after: last }]);
  }

  /**
   * One page of all that there are, in one part of the table: whoever is due is everybody. A statement is for those to whom
   * something was booked since its month began; of the others nothing more is read.
   */
  async function everyone(duty: Round, day: Day, part: number, after?: string): Promise<void> {
    const first = `${monthBefore(day)}-01`;
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: tables.accounts,
        ProjectionExpression: 'memberId',
        ...(duty === 'statements' && {
          FilterExpression: 'attribute_not_exists(bookedOn) OR bookedOn >= :first',
          ExpressionAttributeValues: { ':first': { S: first } },
        }),
        Segment: part,
        TotalSegments: SHARDS,
        Limit: page,
        ...(after !== undefined && { ExclusiveStartKey: { memberId: { S: after } } }),
      }),
    );
    const ids = Items.flatMap(({ memberId }) => memberId?.S ?? []);
    const members = ids.map((memberId): SweepMessage => ({ kind: 'on-day', duty, day, memberId }));
    const last = LastEvaluatedKey?.memberId?.S;
    await send(last === undefined ? members : [...members, { kind: 'everyone', duty, day, part, after: last }]);
  }

  /**
   * The days of which something is to be kept, in their order. The last one that was looked through is looked through once
   * more where it is about members who come in on the day itself; a round is made once.
   */
  async function keep(duty: Dated, last: Day | undefined, since: Day, through: Day): Promise<void> {
    if (isOccasion(duty)) {
      for (const days of stretches(last ?? since, through)) {
        const anybody = await peopled(tables.members, OCCASIONS[duty], days);
        const found = days.flatMap((day) =>
          keptOn(day, leapDay).flatMap((born) =>
            SHARD_NUMBERS.filter((shard) => anybody(`${born}#${shard}`)).map((shard) => among(duty, day, born, shard)),
          ),
        );
        await Promise.all(found);
        await reach(duty, days.at(-1) ?? through, last);
      }
      return;
    }
    // What nobody gets anything by is not made up for when somebody does.
    const days = makes(duty) ? beginnings(ROUNDS[duty], last ?? addDays(since, -1), through) : [];
    for (const day of days) {
      await Promise.all(SHARD_NUMBERS.map((part) => everyone(duty, day, part)));
      await reach(duty, day, last);
    }
    if (since <= through) await reach(duty, through, last);
  }

  /** Stretch by stretch, so that a catching up that is cut short goes on where it was; never back. */
  const reach = async (duty: Duty | Dated, day: Day, last: Day | undefined) => {
    if (day === last) return;
    await tryChange(
      duty,
      'SET #day = :day, busyUntil = :until',
      { ':day': { S: day }, ':until': { N: String(now() + LEASE_MS) } },
      'attribute_not_exists(#day) OR #day < :day',
    );
  };

  async function catchUp(duty: Duty | Dated, last: Day | undefined, since: Day, through: Day): Promise<void> {
    if (isDated(duty)) return keep(duty, last, since, through);
    for (const days of stretches(last ?? since, through)) {
      const anybody = await peopled(tables.accounts, DUTIES[duty], days);
      const found = days.flatMap((day) =>
        SHARD_NUMBERS.filter((shard) => anybody(`${day}#${shard}`)).map((shard) => enqueue(duty, day, shard)),
      );
      await Promise.all(found);
      await reach(duty, days.at(-1) ?? through, last);
    }
  }

  return {
    send,
    enqueue,
    among,
    everyone,

    /**
     * Everybody who is due up to and on that day. The last day of the sweep before is looked through once more: what
     * falls due in the middle of a day falls due after that day's first sweep. `since` is for the first sweep of all;
     * `by` names the message that asks for it, the same however often it comes.
     */
    async sweep(
      duty: Duty | Dated,
      { since, through, by = randomUUID() }: { readonly since: Day; readonly through: Day; readonly by?: string },
    ): Promise<void> {
      const claimed = await claim(duty, through, by);
      if (!claimed) return;
      try {
        let { last } = claimed;
        for (let goal: Day | undefined = through; goal !== undefined; goal = await finish(duty, goal)) {
          await catchUp(duty, last, since, goal);
          last = goal;
        }
      } catch (error) {
        // Whoever tries again goes on at once.
        await change(duty, END_OF_LEASE);
        throw error;
      }
    },
  };
}
