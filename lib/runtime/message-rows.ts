import { setTimeout as wait } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { dayIn } from '../loyalty/calendar.ts';
import type { Course } from '../loyalty/course.ts';
import type { LoyaltyEvent } from '../loyalty/events.ts';
import type { DeliveryMeasure } from '../loyalty/report-tables.ts';
import { countDelivery } from './delivery-counts.ts';
import { isOvertaken } from './overtaken.ts';

/** For questions about a message that somebody got, or did not get. */
const KEEP_DAYS = 90;
/** The lines of a day are shared by all who deliver. */
const ATTEMPTS = 32;
/** Of one member, looked at for what may be said together. */
const RECENT = 25;

/** One more of it in a connector's line of the reports. */
export interface Counted {
  readonly connector: string;
  readonly what: readonly DeliveryMeasure[];
}

/** What a course turns into, and what is counted with it; `undefined`: it stays as it is. */
export type Step = (
  course: Course | undefined,
) => { readonly next: Course; readonly counted?: readonly Counted[] } | undefined;

export type MessageRows = ReturnType<typeof openMessageRows>;

/** A member's id has no dot in it; the ids of events begin with it, and with the number of their entry. */
export const memberOf = (messageId: string): string => messageId.split('.', 1)[0] ?? '';

/** What was asked on a channel is answered there: one answer for each `id`. */
export const answerId = (memberId: string, id: string): string => `${memberId}.answer.${id}`;

/** In the order of the member's journal. */
function keyOf(messageId: string) {
  const memberId = memberOf(messageId);
  const rest = messageId.slice(memberId.length + 1);
  const [, seq, what] = /^(\d+)\.(.*)$/s.exec(rest) ?? [];
  return {
    pk: { S: `MESSAGE#${memberId}` },
    sk: { S: seq === undefined ? `A#${rest}` : `E#${seq.padStart(12, '0')}.${what}` },
  };
}

/** The messages to members: one row each, from the event to the vendor's word, whichever channels it goes through. */
export function openMessageRows({
  client,
  table,
  timeZone,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  /** The merchant's, whose days the reports count by. */
  timeZone: string;
  now?: () => Date;
}) {
  /** At which writing of its row each course was read: it is written back only where nobody has written since. */
  const revs = new WeakMap<Course, number>();

  function courseIn({ pk: _, sk: __, ttl: ___, rev, events, ...rest }: Record<string, unknown>): Course {
    const course = { ...rest, events: JSON.parse(String(events)) as readonly LoyaltyEvent[] } as Course;
    revs.set(course, Number(rev));
    return course;
  }

  async function get(messageId: string): Promise<Course | undefined> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(messageId), ConsistentRead: true }),
    );
    return Item && courseIn(unmarshall(Item));
  }

  const putting = (course: Course, rev: number): NonNullable<TransactWriteItem['Put']> => ({
    TableName: table,
    Item: {
      ...keyOf(course.messageId),
      ...marshall(
        {
          ...course,
          events: JSON.stringify(course.events),
          rev: rev + 1,
          ttl: Math.floor(Date.parse(course.since) / 1000) + KEEP_DAYS * 86_400,
        },
        { removeUndefinedValues: true },
      ),
    },
    ...(rev === 0
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { N: String(rev) } } }),
  });

  /** Whether all of it was written; `false`: somebody was faster. */
  async function written(items: readonly TransactWriteItem[]): Promise<boolean> {
    const [only] = items;
    try {
      if (items.length === 1 && only?.Put) await client.send(new PutItemCommand(only.Put));
      else await client.send(new TransactWriteItemsCommand({ TransactItems: [...items] }));
      return true;
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
  }

  const counting = ({ messageId }: Course, counted: readonly Counted[]): TransactWriteItem[] =>
    counted
      .filter(({ what }) => what.length > 0)
      .map(({ connector, what }) => ({
        Update: countDelivery(table, { connector, eventId: messageId, day: dayIn(timeZone, now()), what }),
      }));

  return {
    get,

    /** Takes the step from how it stands, again whenever somebody was faster. Answers how it stands afterwards. */
    async change(
      messageId: string,
      step: Step,
    ): Promise<{ readonly changed: boolean; readonly course: Course | undefined }> {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const course = await get(messageId);
        const taken = step(course);
        if (!taken) return { changed: false, course };
        const { next, counted = [] } = taken;
        const put = { Put: putting(next, course ? (revs.get(course) ?? 0) : 0) };
        if (await written([put, ...counting(next, counted)])) return { changed: true, course: next };
        await wait(Math.random() * Math.min(250, 4 * 2 ** attempt));
      }
      throw new MessageBusy(`the message ${messageId} was changed by others ${ATTEMPTS} times`);
    },

    /** Moves on with all of them or with none: each must still stand as it was read. */
    moveOn: (steps: readonly { readonly from: Course; readonly next: Course }[]): Promise<boolean> =>
      written(steps.map(({ from, next }) => ({ Put: putting(next, revs.get(from) ?? 0) }))),

    /** The member's newest messages, without answers. */
    async recent(memberId: string): Promise<readonly Course[]> {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :events)',
          ExpressionAttributeValues: { ':pk': { S: `MESSAGE#${memberId}` }, ':events': { S: 'E#' } },
          ScanIndexForward: false,
          Limit: RECENT,
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => courseIn(unmarshall(item))).reverse();
    },
  };
}

/** Too many changed the same message at once. Try again. */
class MessageBusy extends Error {
  override readonly name = 'MessageBusy';
}
