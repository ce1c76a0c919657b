import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Messages, TextKind, Words } from '../loyalty/message-words.ts';
import { keptFresh } from './kept-fresh.ts';
import { isOvertaken } from './overtaken.ts';

/** Words that staff have written at run time: before those of the merchant's file, and before ours. */
export type Overrides = Messages;

export interface MessageText {
  readonly kind: TextKind;
  readonly locale: string;
  readonly words: Words;
  readonly at: string;
  /** Whose key wrote it. */
  readonly keyId: string;
}

const PK = 'MESSAGES';
/** Counts the changes, so that who has read all of them sees in one small row that they still hold. */
const VERSION_KEY = { pk: { S: 'MESSAGES-VERSION' }, sk: { S: 'V' } };

/** New words are sent at the latest so much later. */
const FRESH_MS = 5_000;

const ATTEMPTS = 5;

/** Rows of the Program table: one for each kind and locale. */
export function openMessageTexts({
  client,
  table,
  now = () => Date.now(),
}: {
  client: DynamoDBClient;
  table: string;
  now?: () => number;
}) {
  let known: { readonly version: string; readonly overrides: Overrides } | undefined;

  const keyOf = (kind: TextKind, locale: string) => ({ pk: { S: PK }, sk: { S: `${kind}#${locale}` } });

  async function list(): Promise<readonly MessageText[]> {
    const found: MessageText[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: PK } },
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).flatMap((item) => rowIn(item) ?? []));
      from = page.LastEvaluatedKey;
    } while (from);
    return found;
  }

  async function version(): Promise<string> {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: VERSION_KEY, ConsistentRead: true }),
    );
    return Item?.n?.N ?? '0';
  }

  async function read(): Promise<Overrides> {
    const before = await version();
    if (known?.version === before) return known.overrides;
    // Somebody may write meanwhile: then this is newer than its version says, and is read once more.
    const rows = await list();
    const overrides: Partial<Record<TextKind, Record<string, Words>>> = {};
    for (const { kind, locale, words } of rows) overrides[kind] = { ...overrides[kind], [locale]: words };
    known = { version: before, overrides };
    return overrides;
  }

  const kept = keptFresh(read, { freshMs: FRESH_MS, now });

  async function write(change: TransactWriteItem): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              change,
              {
                Update: {
                  TableName: table,
                  Key: VERSION_KEY,
                  UpdateExpression: 'ADD n :one',
                  ExpressionAttributeValues: { ':one': { N: '1' } },
                },
              },
            ],
          }),
        );
        // Whoever has just written reads it.
        kept.forget();
        return;
      } catch (error) {
        // Two of the staff at once: the later one holds.
        if (!isOvertaken(error) || tries === ATTEMPTS) throw error;
      }
    }
  }

  return {
    list,

    put: ({ kind, locale, words, at, keyId }: MessageText): Promise<void> =>
      write({
        Put: {
          TableName: table,
          Item: {
            ...keyOf(kind, locale),
            kind: { S: kind },
            locale: { S: locale },
            words: { S: JSON.stringify(words) },
            at: { S: at },
            keyId: { S: keyId },
          },
        },
      }),

    /** What is gone already may go again. */
    remove: (kind: TextKind, locale: string): Promise<void> =>
      write({ Delete: { TableName: table, Key: keyOf(kind, locale) } }),

    /** All of them, for whoever writes to members. */
    current: kept.current,
  };
}

function rowIn(item: Record<string, AttributeValue>): MessageText | undefined {
  const { kind, locale, words, at, keyId } = item;
  if (!kind?.S || !locale?.S || !words?.S) return undefined;
  return {
    kind: kind.S as TextKind,
    locale: locale.S,
    words: JSON.parse(words.S) as Words,
    at: at?.S ?? '',
    keyId: keyId?.S ?? '',
  };
}
