import { createHash, randomBytes, randomInt } from 'node:crypto';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { CodeEnd, GivenCode } from '../loyalty/codes.ts';
import { type Beside, LedgerBusy } from './journal.ts';

/**
 * Codes of rewards. A code's row lies under a hash of it, which is what the journal knows: who reads entries can use no
 * code. A code that the merchant has loaded stands in its reward's list besides, until somebody gets it. Rows stay for
 * good, so that a code is never given out or used a second time.
 */
export type Codes = ReturnType<typeof openCodes>;

/** A code as its row has it; without a member, it is still in its list. */
export interface CodeRow extends Partial<Omit<GivenCode, 'id' | 'rewardId'>> {
  readonly id: string;
  readonly code: string;
  readonly rewardId: string;
  readonly memberId?: string;
  readonly ended?: CodeEnd['kind'];
  readonly endedAt?: string;
  readonly useId?: string;
  readonly orderId?: string;
}

export type GivenRow = CodeRow & GivenCode & { readonly memberId: string };
export const isGiven = (row: CodeRow | undefined): row is GivenRow => row?.memberId !== undefined;

/** None of these is taken for another, in capitals or by ear: no 0 O, 1 I L, 2 Z, 5 S, 8 B, G, U V. */
const LETTERS = '34679ACDEFHJKMNPQRTWXY';
/** Twenty-two letters, eighteen times: 80 bits. */
const GROUPS = 3;
const GROUP = 6;

/** What nobody can guess: `7HKQ4X-M3RYAN-9CWDTE`. */
export const freshCode = (): string =>
  Array.from({ length: GROUPS }, () =>
    Array.from({ length: GROUP }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
  ).join('-');

/** However it was typed: capitals, spaces and hyphens make no difference. */
export const codeIdOf = (code: string): string =>
  createHash('sha256').update(code.toUpperCase().replaceAll(/[\s-]/g, '')).digest('base64url').slice(0, 22);

/** `known`: loaded for this reward before. `elsewhere`: it is another reward's. */
export interface Loaded {
  readonly loaded: number;
  readonly known: number;
  readonly elsewhere: number;
}

const LOADING_AT_ONCE = 16;

export function openCodes({ client, table }: { client: DynamoDBClient; table: string }) {
  const rowKey = (id: string) => ({ pk: { S: `CODE#${id}` }, sk: { S: 'C' } });
  const listKey = (rewardId: string, id: string) => ({ pk: { S: `CODES#${rewardId}` }, sk: { S: id } });

  async function row(id: string): Promise<CodeRow | undefined> {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: rowKey(id), ConsistentRead: true }));
    if (!Item) return undefined;
    const { pk: _, sk: __, ...rest } = unmarshall(Item);
    return { id, ...rest } as CodeRow;
  }

  /** The first code of the list at or after that place, which may be anywhere: all that look at once see different ones. */
  async function drawFrom(rewardId: string, place: string): Promise<string | undefined> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :list AND sk >= :place',
        ExpressionAttributeValues: { ':list': { S: `CODES#${rewardId}` }, ':place': { S: place } },
        ConsistentRead: true,
        Limit: 1,
      }),
    );
    return Items[0]?.code?.S;
  }

  const leavingList = (rewardId: string, id: string): TransactWriteItem => ({
    Delete: { TableName: table, Key: listKey(rewardId, id), ConditionExpression: 'attribute_exists(pk)' },
  });

  /** Two rows at once or none: told again after a crash, those that are there are known, and the others come in. */
  async function loadOne(rewardId: string, code: string): Promise<keyof Loaded> {
    const id = codeIdOf(code);
    const put = (key: ReturnType<typeof rowKey>, more: object = {}): TransactWriteItem => ({
      Put: {
        TableName: table,
        Item: { ...key, ...marshall({ code, ...more }) },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    });
    try {
      await client.send(
        new TransactWriteItemsCommand({ TransactItems: [put(rowKey(id), { rewardId }), put(listKey(rewardId, id))] }),
      );
      return 'loaded';
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const there = await row(id);
      // Only whoever loads the same code at that very moment can be in the way without having come first.
      if (!there) throw new LedgerBusy('the code is being loaded by somebody else');
      return there.rewardId === rewardId ? 'known' : 'elsewhere';
    }
  }

  return {
    row,
    /** By the code itself, however it was typed. */
    find: (code: string): Promise<CodeRow | undefined> => row(codeIdOf(code)),

    /** One of the list that nobody has yet; `undefined` when there is none. */
    async draw(rewardId: string): Promise<string | undefined> {
      const anywhere = randomBytes(9).toString('base64url');
      return (await drawFrom(rewardId, anywhere)) ?? drawFrom(rewardId, ' ');
    },

    /** What must be written beside the entry that gives it out, or not at all. */
    giving(code: string, given: GivenCode & { readonly memberId: string }, from: 'generated' | 'list'): Beside[] {
      const { id, ...rest } = given;
      const item = { ...rowKey(id), ...marshall({ code, ...rest }, { removeUndefinedValues: true }) };
      const free =
        from === 'list' ? 'attribute_exists(pk) AND attribute_not_exists(ended)' : 'attribute_not_exists(pk)';
      return [
        { name: 'code', item: { Put: { TableName: table, Item: item, ConditionExpression: free } } },
        ...(from === 'list' ? [{ name: 'code', item: leavingList(given.rewardId, id) }] : []),
      ];
    },

    /** Marks the row, so that also who does not see the entry knows that it ended. */
    ending(id: string, end: CodeEnd, at: string): Beside {
      const { useId, orderId } = end.kind === 'used' ? end : {};
      const told = Object.entries({ ended: end.kind, endedAt: at, useId, orderId }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      );
      return {
        name: 'code',
        item: {
          Update: {
            TableName: table,
            Key: rowKey(id),
            UpdateExpression: `SET ${told.map(([name]) => `${name} = :${name}`).join(', ')}`,
            ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(ended)',
            ExpressionAttributeValues: Object.fromEntries(told.map(([name, value]) => [`:${name}`, { S: value }])),
          },
        },
      };
    },

    /** Takes a code out of its list that nobody has yet. `false`: somebody got it meanwhile. */
    async withdraw({ id, rewardId }: CodeRow, at: string): Promise<boolean> {
      try {
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              leavingList(rewardId, id),
              {
                Update: {
                  TableName: table,
                  Key: rowKey(id),
                  UpdateExpression: 'SET ended = :how, endedAt = :at',
                  ConditionExpression: 'attribute_not_exists(ended) AND attribute_not_exists(memberId)',
                  ExpressionAttributeValues: { ':how': { S: 'revoked' }, ':at': { S: at } },
                },
              },
            ],
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof TransactionCanceledException) return false;
        throw error;
      }
    },

    /** Puts a merchant's codes into a reward's list; again, nothing changes. */
    async load(rewardId: string, codes: readonly string[]): Promise<Loaded> {
      const counted = { loaded: 0, known: 0, elsewhere: 0 };
      const waiting = new Map(codes.map((code) => [codeIdOf(code), code])).values();
      await Promise.all(
        Array.from({ length: LOADING_AT_ONCE }, async () => {
          for (const code of waiting) counted[await loadOne(rewardId, code)] += 1;
        }),
      );
      counted.known += codes.length - (counted.loaded + counted.known + counted.elsewhere);
      return counted;
    },
  };
}
