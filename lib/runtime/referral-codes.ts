import { randomInt } from 'node:crypto';
import {
  type DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';

/** Read out and typed in: nothing that looks like something else, and no vowels, so that no word comes about. */
const ALPHABET = '23456789BCDFGHJKMNPQRSTVWXZ';
/** 38 bits: two hundred thousand million, so that nobody meets a code by trying. It opens nothing. */
const LENGTH = 8;

const ATTEMPTS = 8;

/** The codes that members pass on to friends: one for each member, for good. */
export function openReferralCodes({
  client,
  table,
  random = () => Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
}: {
  client: DynamoDBClient;
  table: string;
  random?: () => string;
}) {
  const byCode = (code: string) => ({ pk: { S: `F#${code}` }, sk: { S: 'F' } });
  const byMember = (memberId: string) => ({ pk: { S: `FM#${memberId}` }, sk: { S: 'F' } });

  async function read(Key: ReturnType<typeof byCode>, attribute: 'code' | 'memberId'): Promise<string | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return Item?.[attribute]?.S;
  }

  /** `false` when the member has one by now, or somebody else has this one. */
  async function isWritten(code: string, memberId: string): Promise<boolean> {
    const put = (Item: Record<string, { S: string }>) => ({
      Put: { TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' },
    });
    try {
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            put({ ...byCode(code), memberId: { S: memberId } }),
            put({ ...byMember(memberId), code: { S: code } }),
          ],
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  }

  return {
    /** The member's own; made when it is first asked for. */
    async codeOf(memberId: string): Promise<{ readonly code: string; readonly isNew: boolean }> {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const there = await read(byMember(memberId), 'code');
        if (there !== undefined) return { code: shown(there), isNew: false };
        const code = random();
        if (await isWritten(code, memberId)) return { code: shown(code), isNew: true };
      }
      throw new Error(`no referral code after ${ATTEMPTS} tries`);
    },

    /** Whose it is, and the one way of writing it. People type it with or without the hyphen. */
    async ownerOf(typed: string): Promise<{ readonly memberId: string; readonly code: string } | undefined> {
      const code = codeIn(typed);
      const memberId = code && (await read(byCode(code), 'memberId'));
      return code && memberId ? { memberId, code: shown(code) } : undefined;
    },
  };
}

const shown = (code: string): string => `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`;

function codeIn(typed: string): string | undefined {
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, '');
  return code.length === LENGTH && [...code].every((letter) => ALPHABET.includes(letter)) ? code : undefined;
}
