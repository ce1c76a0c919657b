import { createHash, randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import type { Fact } from '../loyalty/facts.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Facts about one person, else about one order, are handled in their order, one at a time. Neither can be read from it. */
export const groupOf = (fact: Pick<Fact, 'identities' | 'factId'>): string => {
  const [first] = fact.identities;
  const order = 'orderId' in fact && typeof fact.orderId === 'string' ? fact.orderId : fact.factId;
  return hash(first ? `${first.type}:${first.value}` : order);
};

/** SQS takes ten messages a call, and so many bytes in all. */
const BATCH = { messages: 10, bytes: 250_000 };

export type FactsQueue = ReturnType<typeof openFactsQueue>;

export function openFactsQueue({ client, url }: { client: SQSClient; url: string }) {
  /** All of them, or it throws. */
  async function send(facts: readonly Fact[], deduplication: (body: string, fact: Fact) => string): Promise<void> {
    const entries = facts.map((fact, index): SendMessageBatchRequestEntry => {
      const body = JSON.stringify(fact);
      return {
        Id: String(index),
        MessageBody: body,
        MessageGroupId: groupOf(fact),
        MessageDeduplicationId: deduplication(body, fact),
      };
    });
    for (const batch of batchesOf(entries)) {
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: batch }));
      if (Failed.length > 0)
        throw new Error(`the facts queue refused ${Failed.length} of ${batch.length} messages: ${Failed[0]?.Code}`);
    }
  }

  return {
    /** What a source has told. The same told twice within minutes is one message; the ledger sees to the rest. */
    tell: (facts: readonly Fact[]): Promise<void> => send(facts, (body, { factId }) => hash(`${factId}\n${body}`)),
    /** What has waited. Never taken for a copy of the message that came first, which has been handled. */
    release: (facts: readonly Fact[]): Promise<void> => send(facts, () => randomUUID()),
  };
}

function batchesOf(entries: readonly SendMessageBatchRequestEntry[]): SendMessageBatchRequestEntry[][] {
  const batches: SendMessageBatchRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.MessageBody ?? '');
    const last = batches.at(-1);
    if (last && last.length < BATCH.messages && bytes + size <= BATCH.bytes) {
      last.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}
