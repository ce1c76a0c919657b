import { createHash, randomInt } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { LINK_LENGTH, LINK_LETTERS } from '../loyalty/replies.ts';
import { openAllowance } from './allowance.ts';

/** Long enough to take up another phone, short enough that a code left lying about is worth nothing. */
const MINUTES = 15;
/** Codes that one member is given within an hour. */
const GIVEN_MAX = 10;
/** Codes that one sender may try within an hour, right or wrong. */
const TRIED_MAX = 5;
/** Longer than a code is good: whoever was linked by it and dies before saying so can be linked again. */
const KEEP_MS = 86_400_000;

export interface LinkCode {
  /** As it is shown: `7HKQ-4X3M`. */
  readonly code: string;
  readonly expiresAt: string;
}

export type LinkCodes = ReturnType<typeof openLinkCodes>;

/**
 * Codes by which a member shows, on a channel where nobody knows them yet, who they are. A code is good once, for some
 * minutes, and lies here under its hash: who looks at the table reads none. Against somebody who has it and tries all codes
 * stand the minutes alone.
 */
export function openLinkCodes({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  const allowance = openAllowance({ client, table, now });
  const codeKey = (code: string) => ({ pk: { S: `LINK#${hash(plain(code))}` }, sk: { S: 'L' } });

  return {
    /** `undefined`: this member was given too many lately. */
    async give(memberId: string): Promise<LinkCode | undefined> {
      const code = Array.from({ length: LINK_LENGTH }, () => LINK_LETTERS[randomInt(LINK_LETTERS.length)]).join('');
      const isAllowed = await allowance.allows(`link-codes#${memberId}`, hash(code), GIVEN_MAX, 'hour');
      if (!isAllowed) return undefined;
      const expires = now().getTime() + MINUTES * 60_000;
      const expiresAt = new Date(expires).toISOString();
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: codeKey(code),
          UpdateExpression: 'SET memberId = :member, expiresAt = :expiresAt, #ttl = :ttl',
          ConditionExpression: 'attribute_not_exists(pk)',
          ExpressionAttributeNames: { '#ttl': 'ttl' },
          ExpressionAttributeValues: {
            ':member': { S: memberId },
            ':expiresAt': { S: expiresAt },
            ':ttl': { N: String(Math.floor((expires + KEEP_MS) / 1000)) },
          },
        }),
      );
      return { code: `${code.slice(0, LINK_LENGTH / 2)}-${code.slice(LINK_LENGTH / 2)}`, expiresAt };
    },

    /**
     * Whose code it was, once: also for the same fact told again. `at` is when the member wrote it, which may be a while
     * before we hear of it.
     */
    async use(code: string, { factId, at }: { factId: string; at: string }): Promise<string | undefined> {
      try {
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: codeKey(code),
            UpdateExpression: 'SET usedBy = :fact',
            ConditionExpression:
              'attribute_exists(memberId) AND ((attribute_not_exists(usedBy) AND expiresAt >= :at) OR usedBy = :fact)',
            ExpressionAttributeValues: { ':fact': { S: factId }, ':at': { S: new Date(at).toISOString() } },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return Attributes?.memberId?.S;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return undefined;
        throw error;
      }
    },

    /** Whether this sender may try another one. The names of senders are personal: they lie here as hashes. */
    mayTry: (sender: string, factId: string): Promise<boolean> =>
      allowance.allows(`link-tries#${hash(sender)}`, hash(factId), TRIED_MAX, 'hour'),
  };
}

const plain = (code: string): string => code.toUpperCase().replaceAll(/[\s-]/g, '');
const hash = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);
