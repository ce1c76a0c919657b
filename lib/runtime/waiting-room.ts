import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Fact, Identity } from '../loyalty/facts.ts';

/**
 * Where facts wait for what they are about: a guest's purchase for the guest to enrol, a refund for its order. Whoever
 * puts a fact here looks once more afterwards; whoever brings what is waited for writes that first and looks here
 * afterwards. So one of the two sees the other, and sometimes both: the ledger books a fact once.
 */
export type WaitingFor = string & { readonly __waitingFor: true };

export const forIdentity = ({ type, value }: Identity): WaitingFor => `${type}:${value}` as WaitingFor;
/** No identity has the type `order`: it is no name that a connector may have. */
export const forOrder = (source: string, orderId: string): WaitingFor => `order:${source}#${orderId}` as WaitingFor;

export type WaitingRoom = ReturnType<typeof openWaitingRoom>;

export function openWaitingRoom({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  const key = (what: WaitingFor, factId: string) => ({ pk: { S: `W#${what}` }, sk: { S: factId } });
  return {
    /** Under each of the things that may come for it. */
    async put(fact: Fact, whats: readonly WaitingFor[], days: number): Promise<void> {
      const ttl = String(Math.floor(now().getTime() / 1000) + days * 86_400);
      for (const what of whats) {
        try {
          await client.send(
            new PutItemCommand({
              TableName: table,
              Item: { ...key(what, fact.factId), fact: { S: JSON.stringify(fact) }, ttl: { N: ttl } },
              // What was told stands.
              ...(fact.found && { ConditionExpression: 'attribute_not_exists(pk)' }),
            }),
          );
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
        }
      }
    },

    /** Everything that waits for one of these, each fact once. Time to live deletes late, so that what is over is left out. */
    async waiting(whats: readonly WaitingFor[]): Promise<Fact[]> {
      const found = new Map<string, Fact>();
      const at = now().getTime() / 1000;
      for (const what of whats) {
        let from: Record<string, never> | undefined;
        do {
          const page = await client.send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: 'pk = :w',
              ExpressionAttributeValues: { ':w': { S: `W#${what}` } },
              ConsistentRead: true,
              ...(from && { ExclusiveStartKey: from }),
            }),
          );
          for (const { fact, ttl } of page.Items ?? []) {
            if (!fact?.S || Number(ttl?.N) <= at) continue;
            const read = JSON.parse(fact.S) as Fact;
            found.set(read.factId, read);
          }
          from = page.LastEvaluatedKey as Record<string, never> | undefined;
        } while (from);
      }
      return [...found.values()];
    },

    async remove(factId: string, whats: readonly WaitingFor[]): Promise<void> {
      for (const what of whats) await client.send(new DeleteItemCommand({ TableName: table, Key: key(what, factId) }));
    },
  };
}
