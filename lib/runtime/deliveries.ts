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
import type { ReceiptFact } from '../loyalty/facts.ts';
import type { DeliveryMeasure } from '../loyalty/report-tables.ts';
import { countDelivery } from './delivery-counts.ts';

/**
 * `sending`: handed to the vendor, and no word yet. `retry`: surely not done, and will be tried again. `unknown`: may
 * have been done; a message to a member is not sent again then. `skipped`: nobody to tell. `failed`: will never work.
 */
export type DeliveryStatus = 'sending' | 'sent' | 'retry' | 'unknown' | 'skipped' | 'failed';

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
  /** What the vendor reported since. */
  readonly receipt?: ReceiptFact['status'];
}

export type Claim =
  | { readonly kind: 'claimed'; readonly attempts: number; readonly failures: number }
  | { readonly kind: 'standing'; readonly delivery: Delivery };

/** What a try comes to in the reports. */
const COUNTED: Readonly<Record<Exclude<DeliveryStatus, 'sending'>, readonly DeliveryMeasure[]>> = {
  sent: ['delivered'],
  retry: ['failed'],
  unknown: ['failed', 'unsure'],
  skipped: ['skipped'],
  failed: ['failed', 'parked'],
};

/** The lines of a day are shared by all who deliver. */
const ATTEMPTS = 16;

const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** For questions about a message that somebody got, or did not get. */
const KEEP_DAYS = 90;

/** Receipts come in any order, and only move forward. What failed stays failed; what was delivered did not fail. */
const RANKS: Readonly<Record<ReceiptFact['status'], number>> = {
  accepted: 1,
  sent: 2,
  failed: 3,
  delivered: 4,
  read: 5,
};

/** What one connector was told, and what became of it: one row an event and role, and one for each name that the vendor gave. */
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
  const vendorKey = (vendorId: string) => ({ pk: { S: `V#${connector}#${vendorId}` }, sk: { S: 'V' } });
  const ttl = () => Math.floor(now().getTime() / 1000) + KEEP_DAYS * 86_400;

  interface Condition {
    readonly when: string;
    readonly values: Readonly<Record<string, unknown>>;
  }

  function updating(
    Key: ReturnType<typeof vendorKey>,
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
    Key: ReturnType<typeof vendorKey>,
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
        if (!(error instanceof TransactionCanceledException)) throw error;
        const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
        if (codes[0] === 'ConditionalCheckFailed') return;
        if (!codes.some((code) => PASSING.has(code ?? '')) || attempt >= ATTEMPTS) throw error;
        await wait(Math.random() * Math.min(250, 4 * 2 ** attempt));
      }
    }
  }

  async function forward(
    eventId: string,
    role: string,
    receipt: ReceiptFact['status'],
    reason: string | undefined,
  ): Promise<void> {
    const set = (status: ReceiptFact['status']) => ({
      receipt: status,
      receiptRank: RANKS[status],
      receiptReason: reason,
    });
    const counted = (status: 'delivered' | 'failed', what: DeliveryMeasure) =>
      updateAndCount(eventId, role, set(status), onlyForward(status), [what]);
    if (receipt === 'failed') return counted('failed', 'bounced');
    // What was read has arrived, also where nobody said so: it arrived once.
    if (receipt === 'delivered' || receipt === 'read') await counted('delivered', 'confirmed');
    if (receipt !== 'delivered') await update(deliveryKey(eventId, role), set(receipt), onlyForward(receipt));
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
     * What came of it. Members are told by a name that the vendor gives, and by which it reports. Where somebody else
     * has said meanwhile what came of it, that stands, and is what was counted.
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
      if (role !== 'channel' || status !== 'sent' || more.vendorId === undefined) return;
      // By this name the vendor reports; it may have done so already.
      const { row } = await update(vendorKey(more.vendorId), { eventId, role });
      if (row.receipt)
        await forward(eventId, role, row.receipt as ReceiptFact['status'], row.reason as string | undefined);
    },

    /**
     * The vendor's word on a message. It may come before we have noted the message: then it is kept under the vendor's
     * name for it. Whichever of the two comes second sees the first.
     */
    async reported(
      vendorId: string,
      { status, reason, at }: { status: ReceiptFact['status']; reason?: string | undefined; at: string },
    ): Promise<void> {
      const { written, row } = await update(
        vendorKey(vendorId),
        { receipt: status, receiptRank: RANKS[status], reason, at },
        onlyForward(status),
      );
      if (written && typeof row.eventId === 'string') await forward(row.eventId, String(row.role), status, reason);
    },
  };
}

/** Staff who send it round again begin anew; a try that broke off without a word has failed. */
function failuresBefore(from: Delivery | undefined): number {
  if (from === undefined || from.status === 'failed') return 0;
  return (from.failures ?? 0) + (from.status === 'sending' ? 1 : 0);
}

const onlyForward = (status: ReceiptFact['status']) => ({
  when: 'attribute_not_exists(#receiptRank) OR (#receiptRank < :rank AND #receiptRank <> :failed)',
  values: { rank: RANKS[status], failed: RANKS.failed },
});
