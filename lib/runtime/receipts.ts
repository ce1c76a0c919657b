import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Course } from '../loyalty/course.ts';
import type { ReceiptFact } from '../loyalty/facts.ts';
import type { MessageRows, Step } from './message-rows.ts';

type Status = ReceiptFact['status'];
type Reported = Pick<ReceiptFact, 'vendorId' | 'status' | 'reason' | 'messageId'>;

/** As long as messages are kept. */
const KEEP_DAYS = 90;

/** Receipts come in any order, and only move forward. What failed stays failed; what was delivered did not fail. */
const RANKS: Readonly<Record<Status, number>> = { accepted: 1, sent: 2, failed: 3, delivered: 4, read: 5 };

/** What vendors report of messages, by the names that they gave them: a row each, beside the message's own. */
export function openReceipts({
  client,
  table,
  messages,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  messages: Pick<MessageRows, 'change'>;
  now?: () => Date;
}) {
  /** The row after it; or, where the condition does not hold, nothing. */
  async function update(connector: string, vendorId: string, set: Readonly<Record<string, unknown>>, forward?: Status) {
    const fields = Object.entries({ ...set, ttl: Math.floor(now().getTime() / 1000) + KEEP_DAYS * 86_400 });
    const values = Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value]));
    try {
      const { Attributes = {} } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { pk: { S: `V#${connector}#${vendorId}` }, sk: { S: 'V' } },
          UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(', ')}`,
          ...(forward && {
            ConditionExpression: 'attribute_not_exists(#rank) OR (#rank < :rank AND #rank <> :failed)',
          }),
          ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
          ExpressionAttributeValues: marshall(
            { ...values, ...(forward && { ':failed': RANKS.failed }) },
            { removeUndefinedValues: true },
          ),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return unmarshall(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  /** The message whose channel has not carried it after all; the planner is to see to it. */
  async function forward(connector: string, messageId: string, told: Reported): Promise<Course | undefined> {
    const { course } = await messages.change(messageId, stepFor(connector, told));
    const isUndone = course?.state === 'undone' && course.connector === connector && course.vendorId === told.vendorId;
    return isUndone ? course : undefined;
  }

  return {
    /** By this name the vendor reports of the message; it may have done so already. */
    async named(connector: string, vendorId: string, messageId: string): Promise<Course | undefined> {
      const row = await update(connector, vendorId, { messageId });
      const { status, reason } = row ?? {};
      return status === undefined ? undefined : forward(connector, messageId, { vendorId, status, reason });
    },

    /**
     * The vendor's word on a message. It may come before we have noted the message: then it is kept under the vendor's
     * name for it. Whichever of the two comes second sees the first.
     */
    async reported(connector: string, told: Reported): Promise<Course | undefined> {
      const { vendorId, status, reason } = told;
      const row = await update(
        connector,
        vendorId,
        { status, rank: RANKS[status], ...(reason !== undefined && { reason }) },
        status,
      );
      // Told before: what follows from it may have been kept from happening.
      const messageId = told.messageId ?? (row ?? (await update(connector, vendorId, {})))?.messageId;
      return typeof messageId === 'string' ? forward(connector, messageId, told) : undefined;
    },
  };
}

export type Receipts = ReturnType<typeof openReceipts>;

function stepFor(connector: string, { vendorId, status, reason, messageId }: Reported): Step {
  return (course) => {
    if (course?.connector !== connector) return undefined;
    const isNamed = course.vendorId === vendorId;
    // Where the vendor repeats our own name for it, its word ends all doubt.
    const isUnsure = messageId !== undefined && UNSURE.has(course.state);
    if (!isNamed && !isUnsure) return undefined;
    const [before, after] = [course.receipt ? RANKS[course.receipt] : 0, RANKS[status]];
    if (isNamed && (after <= before || before === RANKS.failed)) return undefined;
    const next = { ...course, vendorId, receipt: status };
    const found = isUnsure ? (['delivered'] as const) : [];
    if (status === 'failed')
      return {
        next: { ...next, state: 'undone', reason: reason ?? 'not delivered' },
        counted: [{ connector, what: [...found, 'bounced'] }],
      };
    const isFirst = after >= RANKS.delivered && before < RANKS.delivered;
    const what = [...found, ...(isFirst ? (['confirmed'] as const) : [])];
    return { next: { ...next, state: 'sent' }, ...(what.length > 0 && { counted: [{ connector, what }] }) };
  };
}

const UNSURE: ReadonlySet<Course['state']> = new Set(['sending', 'asking', 'unknown']);
