import { randomBytes } from 'node:crypto';
import { type DynamoDBClient, QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type Caller, hashOfKey, type KeyRow, keyRowKey, type Scope } from './keyring.ts';

/** What staff see of a key. The key itself is shown once, when it is made. */
export interface ApiKey {
  readonly keyId: string;
  readonly name: string;
  readonly scope: Scope;
  readonly source: string;
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
}

export interface NewApiKey {
  readonly scope: Scope;
  /** Who holds it: "till 3", "web shop". */
  readonly name: string;
  /** Stands in the ledger as the source of what the key's holder tells. One name for all tills that share order numbers. */
  readonly source?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly limit?: Caller['limit'];
}

interface ListRow extends ApiKey {
  readonly hash: string;
  readonly limit?: Caller['limit'];
}

/** A key that is replaced goes on working this long, so that tills can be told one after another. */
const OVERLAP_HOURS = 24;

const LIST = 'K';

/** Makes, lists, replaces and revokes API keys. For the command line and the local cloud; functions only ask `openKeyring`. */
export function openApiKeys({
  client,
  table,
  now = () => new Date(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => Date;
}) {
  const listKey = (keyId: string) => ({ pk: { S: LIST }, sk: { S: keyId } });
  const put = (item: object) => ({ Put: { TableName: table, Item: marshall(item, { removeUndefinedValues: true }) } });

  /** Two rows in one transaction: by hash, for whoever presents the key; by id, for whoever looks after keys. */
  async function create({
    scope,
    name,
    source = 'api',
    expiresAt,
    limit,
  }: NewApiKey): Promise<{ key: string; keyId: string }> {
    const keyId = randomBytes(6).toString('hex');
    const key = `sb_${scope}_${randomBytes(20).toString('base64url')}`;
    const hash = hashOfKey(key);
    const row: KeyRow = { keyId, name, scope, source, createdAt: now().toISOString(), expiresAt, limit };
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [put({ pk: `K#${hash}`, sk: 'K', ...row }), put({ pk: LIST, sk: keyId, hash, ...row })],
      }),
    );
    return { key, keyId };
  }

  async function rows(): Promise<ListRow[]> {
    const found: ListRow[] = [];
    let from: Record<string, never> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :list',
          ExpressionAttributeValues: { ':list': { S: LIST } },
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).map((item) => unmarshall(item) as ListRow));
      from = page.LastEvaluatedKey as Record<string, never> | undefined;
    } while (from);
    return found;
  }

  const one = async (keyId: string): Promise<ListRow> => {
    const row = (await rows()).find((candidate) => candidate.keyId === keyId);
    if (!row) throw new Error(`there is no API key ${keyId}: stampbook keys lists them`);
    return row;
  };

  return {
    create,

    async list(): Promise<ApiKey[]> {
      const keys = await rows();
      return keys
        .map(({ keyId, name, scope, source, createdAt, expiresAt }) => ({
          keyId,
          name,
          scope,
          source,
          createdAt,
          expiresAt,
        }))
        .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
    },

    /** A new key with the same rights; the old one stops after the overlap. */
    async rotate(
      keyId: string,
      overlapHours = OVERLAP_HOURS,
    ): Promise<{ key: string; keyId: string; oldExpiresAt: string }> {
      const { hash, name, scope, source, limit, expiresAt } = await one(keyId);
      const made = await create({ scope, name, source, limit });
      const ends = new Date(now().getTime() + overlapHours * 3_600_000).toISOString();
      const oldExpiresAt = expiresAt && expiresAt < ends ? expiresAt : ends;
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [keyRowKey(hash), listKey(keyId)].map((Key) => ({
            Update: {
              TableName: table,
              Key,
              UpdateExpression: 'SET expiresAt = :at',
              ConditionExpression: 'attribute_exists(pk)',
              ExpressionAttributeValues: { ':at': { S: oldExpiresAt } },
            },
          })),
        }),
      );
      return { ...made, oldExpiresAt };
    },

    /** Gone for good; functions that have seen it forget it within a minute. */
    async revoke(keyId: string): Promise<void> {
      const { hash } = await one(keyId);
      await client.send(
        new TransactWriteItemsCommand({
          TransactItems: [keyRowKey(hash), listKey(keyId)].map((Key) => ({ Delete: { TableName: table, Key } })),
        }),
      );
    },
  };
}
