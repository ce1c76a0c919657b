import { createHash } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';

/** What a key may do; each may do all that those before it may. */
export const SCOPES = ['pos', 'staff', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who calls: never the key itself, nor its hash. */
export interface Caller {
  readonly keyId: string;
  readonly scope: Scope;
  /** The `source` of the facts that this caller tells: part of each business key. */
  readonly source: string;
  /** Requests this key may make, where it has a bucket of its own size. */
  readonly limit?: { readonly perSecond: number; readonly burst: number } | undefined;
}

/** A key as its row in the Program table has it. */
export interface KeyRow extends Caller {
  readonly name: string;
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
}

/** What stands in place of the key wherever it is kept. The key has 160 random bits, so no salt is needed. */
export const hashOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');
export const keyRowKey = (hash: string) => ({ pk: { S: `K#${hash}` }, sk: { S: 'K' } });

export const mayActAs = (has: Scope, needed: Scope): boolean => SCOPES.indexOf(has) >= SCOPES.indexOf(needed);

/** A revoked key is known for this long at most. */
const CACHE_MS = 60_000;
const CACHED_MAX = 500;

/** Knows callers by their keys. Only keys that exist are remembered: a new key works at once. */
export function openKeyring({
  client,
  table,
  now = () => Date.now(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => number;
}) {
  const known = new Map<string, { row: KeyRow; until: number }>();

  async function read(hash: string): Promise<KeyRow | undefined> {
    const cached = known.get(hash);
    if (cached && cached.until > now()) return cached.row;
    known.delete(hash);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyRowKey(hash), ConsistentRead: true }),
    );
    if (!Item) return undefined;
    const row = unmarshall(Item) as KeyRow;
    if (known.size >= CACHED_MAX) known.clear();
    known.set(hash, { row, until: now() + CACHE_MS });
    return row;
  }

  return {
    /** `undefined` for a key that is unknown, revoked or past its time. */
    async callerOf(key: string): Promise<Caller | undefined> {
      const row = await read(hashOfKey(key));
      if (!row || (row.expiresAt && Date.parse(row.expiresAt) <= now())) return undefined;
      const { keyId, scope, source, limit } = row;
      return { keyId, scope, source, limit };
    },
  };
}
