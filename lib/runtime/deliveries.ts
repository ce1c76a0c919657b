import { setTimeout as wait } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type Update,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { dayIn } from '../loyalty/calendar.ts';
import type { DeliveryMeasure } from '../loyalty/report-tables.ts';
import { countDelivery } from './delivery-counts.ts';
import { isOvertaken } from './overtaken.ts';

/** `sending`: handed to the vendor, and no word yet. `retry`: will be tried again. `failed`: will never work as it is. */
export type DeliveryStatus = 'sending' | 'sent' | 'retry' | 'failed';

export interface Delivery {
  readonly status: DeliveryStatus;
  readonly attempts: number;
  /** Tries that failed while the vendor was well: what it is down for costs nobody a try. */
  readonly failures?: number;
  /** The message of the queue that was worked on last. */
  readonly messageId: string;
  /** When the row was last written by us. */
  readonly at: string;
  readonly vendorId?: string;
  readonly reason?: string;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly attempts: number; readonly failures: number }
  | { readonly kind: 'standing'; readonly delivery: Delivery };

/** What a try comes to in the reports. */
const COUNTED: Readonly<Record<Exclude<DeliveryStatus, 'sending'>, readonly DeliveryMeasure[]>> = {
  sent: ['delivered'],
  retry: ['failed'],
  failed: ['failed', 'parked'],
};

/** The lines of a day are shared by all who deliver. */
const ATTEMPTS = 16;

/** For questions about what somebody was told, or was not. */
const KEEP_DAYS = 90;

/** What one connector was told of events, and what became of it: one row an event and role. */
export function openDeliveries({
  client,
  table,
  connector,
  timeZone,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  connector: string;
  /** The merchant's, whose days the reports count by. */
  timeZone: string;
  now?: () => Date;
}) {
  const deliveryKey = (eventId: string, role: string) => ({
    pk: { S: `D#${connector}#${eventId}` },
    sk: { S: `D#${role}` },
  });
  const ttl = () => Math.floor(now().getTime() / 1000) + KEEP_DAYS * 86_400;

  interface Condition {
    readonly when: string;
    readonly values: Readonly<Record<string, unknown>>;
  }

  function updating(
    Key: ReturnType<typeof deliveryKey>,
    set: Readonly<Record<string, unknown>>,
    condition: Condition | undefined,
  ): Update {
    const fields = Object.entries({ ...set, ttl: ttl() }).filter(([, value]) => value !== undefined);
    const named = Object.fromEntries(fields.map(([name, value]) => [`:set_${name}`, value]));
    const conditional = Object.fromEntries(
      Object.entries(condition?.values ?? {}).map(([name, value]) => [`:${name}`, value]),
    );
    // Only what the condition speaks of beside what is set.
    const names = new Set([
      ...fields.map(([name]) => name),
      ...(condition?.when.match(/#\w+/g) ?? []).map((name) => name.slice(1)),
    ]);
    return {
      TableName: table,
      Key,
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :set_${name}`).join(', ')}`,
      ...(condition && { ConditionExpression: condition.when }),
      ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: marshall({ ...named, ...conditional }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
  }

  /** The row after it; or, when the condition does not hold, the row as it stands. */
  async function update(
    Key: ReturnType<typeof deliveryKey>,
    set: Readonly<Record<string, unknown>>,
    condition?: Condition,
  ): Promise<{ readonly written: boolean; readonly row: Record<string, unknown> }> {
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({ ...updating(Key, set, condition), ReturnValues: 'ALL_NEW' }),
      );
      return { written: true, row: unmarshall(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { written: false, row: unmarshall(error.Item ?? {}) };
    }
  }

  /** The same, and one more of it in the reports; neither, where the condition does not hold. */
  async function updateAndCount(
    eventId: string,
    role: string,
    set: Readonly<Record<string, unknown>>,
    condition: Condition,
    what: readonly DeliveryMeasure[],
  ): Promise<void> {
    const day = dayIn(timeZone, now());
    for (let attempt = 1; ; attempt += 1) {
      try {
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              { Update: updating(deliveryKey(eventId, role), set, condition) },
              { Update: countDelivery(table, { connector, eventId, day, what }) },
            ],
          }),
        );
        return;
      } catch (error) {
        const [reason] = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
        if (reason?.Code === 'ConditionalCheckFailed') return;
        if (!isOvertaken(error) || attempt >= ATTEMPTS) throw error;
        await wait(Math.random() * Math.min(250, 4 * 2 ** attempt));
      }
    }
  }

  return {
    /** Only one at a time works on an event: whoever's claim is written. `from` is the state in which it may be taken over. */
    async claim(eventId: string, role: string, messageId: string, from?: Delivery): Promise<Claim> {
      const attempts = (from?.attempts ?? 0) + 1;
      const failures = failuresBefore(from);
      const { written, row } = await update(
        deliveryKey(eventId, role),
        { status: 'sending', attempts, failures, messageId, at: now().toISOString() },
        from
          ? {
              when: '#status = :status AND #attempts = :attempts',
              values: { status: from.status, attempts: from.attempts },
            }
          : { when: 'attribute_not_exists(#status)', values: {} },
      );
      return written
        ? { kind: 'claimed', attempts, failures }
        : { kind: 'standing', delivery: row as unknown as Delivery };
    },

    /**
     * What came of it. Where somebody else has said meanwhile what came of it, that stands, and is what was counted.
     */
    async settle(
      eventId: string,
      role: string,
      status: Exclude<DeliveryStatus, 'sending'>,
      more: { vendorId?: string | undefined; reason?: string | undefined; failures?: number | undefined } = {},
    ): Promise<void> {
      await updateAndCount(
        eventId,
        role,
        { status, at: now().toISOString(), ...more },
        { when: '#status = :sending', values: { sending: 'sending' } },
        COUNTED[status],
      );
    },
  };
}

/** Staff who send it round again begin anew; a try that broke off without a word has failed. */
function failuresBefore(from: Delivery | undefined): number {
  if (from === undefined || from.status === 'failed') return 0;
  return (from.failures ?? 0) + (from.status === 'sending' ? 1 : 0);
}
