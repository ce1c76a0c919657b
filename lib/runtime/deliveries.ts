import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ReceiptFact } from '../loyalty/facts.ts';

/**
 * `sending`: handed to the vendor, and no word yet. `retry`: surely not done, and will be tried again. `unknown`: may
 * have been done; a message to a member is not sent again then. `skipped`: nobody to tell. `failed`: will never work.
 */
export type DeliveryStatus = 'sending' | 'sent' | 'retry' | 'unknown' | 'skipped' | 'failed';

export interface Delivery {
  readonly status: DeliveryStatus;
  readonly attempts: number;
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
  | { readonly kind: 'claimed'; readonly attempts: number }
  | { readonly kind: 'standing'; readonly delivery: Delivery };

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
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  connector: string;
  now?: () => Date;
}) {
  const deliveryKey = (eventId: string, role: string) => ({
    pk: { S: `D#${connector}#${eventId}` },
    sk: { S: `D#${role}` },
  });
  const vendorKey = (vendorId: string) => ({ pk: { S: `V#${connector}#${vendorId}` }, sk: { S: 'V' } });
  const ttl = () => Math.floor(now().getTime() / 1000) + KEEP_DAYS * 86_400;

  /** The row after it; or, when the condition does not hold, the row as it stands. */
  async function update(
    Key: ReturnType<typeof vendorKey>,
    set: Readonly<Record<string, unknown>>,
    condition?: { readonly when: string; readonly values: Readonly<Record<string, unknown>> },
  ): Promise<{ readonly written: boolean; readonly row: Record<string, unknown> }> {
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
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key,
          UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :set_${name}`).join(', ')}`,
          ...(condition && { ConditionExpression: condition.when }),
          ExpressionAttributeNames: Object.fromEntries([...names].map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall({ ...named, ...conditional }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { written: true, row: unmarshall(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { written: false, row: unmarshall(error.Item ?? {}) };
    }
  }

  async function forward(
    eventId: string,
    role: string,
    receipt: ReceiptFact['status'],
    reason: string | undefined,
  ): Promise<void> {
    await update(
      deliveryKey(eventId, role),
      { receipt, receiptRank: RANKS[receipt], receiptReason: reason },
      onlyForward(receipt),
    );
  }

  return {
    /** Only one at a time works on an event: whoever's claim is written. `from` is the state in which it may be taken over. */
    async claim(eventId: string, role: string, messageId: string, from?: Delivery): Promise<Claim> {
      const attempts = (from?.attempts ?? 0) + 1;
      const { written, row } = await update(
        deliveryKey(eventId, role),
        { status: 'sending', attempts, messageId, at: now().toISOString() },
        from
          ? {
              when: '#status = :status AND #attempts = :attempts',
              values: { status: from.status, attempts: from.attempts },
            }
          : { when: 'attribute_not_exists(#status)', values: {} },
      );
      return written ? { kind: 'claimed', attempts } : { kind: 'standing', delivery: row as unknown as Delivery };
    },

    /** What came of it. Members are told by a name that the vendor gives, and by which it reports. */
    async settle(
      eventId: string,
      role: string,
      status: DeliveryStatus,
      more: { vendorId?: string | undefined; reason?: string | undefined } = {},
    ): Promise<void> {
      await update(deliveryKey(eventId, role), { status, at: now().toISOString(), ...more });
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

const onlyForward = (status: ReceiptFact['status']) => ({
  when: 'attribute_not_exists(#receiptRank) OR (#receiptRank < :rank AND #receiptRank <> :failed)',
  values: { rank: RANKS[status], failed: RANKS.failed },
});
