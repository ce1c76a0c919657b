import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DUTIES, OCCASIONS } from '../../lib/runtime/sweeps.ts';
import { holds, type Item, updated } from './expressions.ts';

/** Table → partition → sort key → item. */
type Tables = Map<string, Map<string, Map<string, Item>>>;

/** `<table>|<index>|<value>` → the items that have it, by name. */
type Indexes = Map<string, Map<string, Item>>;

const INDEXES = [...Object.values(DUTIES), ...Object.values(OCCASIONS)];

/** What can go wrong at one call. `lost` applies it and loses the answer; `die` applies it and nothing is called after. */
export type Mishap = 'fail' | 'lost' | 'die' | 'conflict';

/** The process is gone: not an error that code could handle. */
export class Died extends Error {}

/** What one write of a transaction, or a write by itself, says. */
interface Write {
  readonly TableName: string | undefined;
  readonly Key: Item;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
  readonly apply: (there: Item | undefined) => Item | undefined;
}

/**
 * Tables in memory, with DynamoDB's semantics for the calls that we make, and mishaps at will; DynamoDB Local never raises
 * a conflict by itself. `dynamodb.test.ts` lives the same life on this and on DynamoDB Local, so that the two cannot drift.
 */
export class MemoryClient {
  readonly tables: Tables;
  calls = 0;
  mishap: (call: number, name: string) => Mishap | undefined = () => undefined;
  private dead = false;

  private readonly indexes: Indexes;

  constructor(tables: Tables = new Map(), indexes?: Indexes) {
    this.tables = tables;
    this.indexes = indexes ?? new Map();
    if (indexes) return;
    for (const [table, partitions] of tables)
      for (const partition of partitions.values())
        for (const item of partition.values()) this.indexed(table, undefined, item);
  }

  /** Another process over the same tables. */
  restarted(): MemoryClient {
    return new MemoryClient(this.tables, this.indexes);
  }

  asClient(): DynamoDBClient {
    return this as unknown as DynamoDBClient;
  }

  async send(command: unknown): Promise<unknown> {
    // Let others in between any two calls, as the network does.
    await Promise.resolve();
    if (this.dead) throw new Died();
    this.calls += 1;
    const name = (command as { constructor: { name: string } }).constructor.name;
    const mishap = this.mishap(this.calls, name);
    if (mishap === 'fail') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    if (mishap === 'conflict' && command instanceof TransactWriteItemsCommand)
      throw cancelled([{ Code: 'TransactionConflict' }, { Code: 'None' }]);
    const answer = this.apply(command);
    if (mishap === 'lost') throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    if (mishap === 'die') {
      this.dead = true;
      throw new Died();
    }
    return answer;
  }

  private apply(command: unknown): unknown {
    if (command instanceof GetItemCommand)
      return { Item: this.there(command.input.TableName, command.input.Key ?? {}) };
    if (command instanceof BatchGetItemCommand) {
      const asked = Object.entries(command.input.RequestItems ?? {});
      const found = asked.map(([table, { Keys = [] }]): [string, Item[]] => [
        table,
        Keys.flatMap((key): Item[] => {
          const there = this.there(table, key);
          return there ? [there] : [];
        }),
      ]);
      return { Responses: Object.fromEntries(found) };
    }
    if (command instanceof QueryCommand)
      return command.input.IndexName === undefined ? this.query(command.input) : this.among(command.input);
    if (command instanceof ScanCommand) return this.scan(command.input);
    if (command instanceof PutItemCommand) return this.single(put(command.input));
    if (command instanceof UpdateItemCommand) return this.single(update(command.input));
    if (command instanceof DeleteItemCommand) return this.single(remove(command.input));
    if (command instanceof TransactWriteItemsCommand) {
      const writes = (command.input.TransactItems ?? []).map(({ Put, Update, Delete, ConditionCheck }): Write => {
        if (Put) return put(Put);
        if (Update) return update(Update);
        if (Delete) return remove(Delete);
        if (ConditionCheck) return { ...remove(ConditionCheck), apply: (there) => there };
        throw new Error('an empty part of a transaction');
      });
      const keys = writes.map((write) => `${write.TableName}|${partitionOf(write.Key)}|${sortOf(write.Key)}`);
      if (new Set(keys).size < keys.length) throw new Error('a transaction names an item twice');
      const reasons = writes.map((write) => {
        const there = this.there(write.TableName, write.Key);
        return this.mayWrite(write)
          ? { Code: 'None' }
          : { Code: 'ConditionalCheckFailed', ...(there && { Item: there }) };
      });
      if (reasons.some((reason) => reason.Code !== 'None')) throw cancelled(reasons);
      for (const write of writes) this.write(write);
      return {};
    }
    throw new Error(`unknown here: ${(command as object).constructor.name}`);
  }

  private query(input: QueryCommand['input']): { Items: Item[] } {
    const words = { names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
    // A partition's key is a value of the expression: no need to look at anybody else's items.
    const partitions = Object.values(input.ExpressionAttributeValues ?? {}).flatMap((value) => {
      const partition = this.tables.get(input.TableName ?? '')?.get(value.S ?? '');
      return partition ? [partition] : [];
    });
    const found = partitions
      .flatMap((partition) => [...partition.entries()])
      .filter(([, item]) => holds(input.KeyConditionExpression, item, words))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => item)
      .filter((item) => holds(input.FilterExpression, item, words));
    if (input.ScanIndexForward === false) found.reverse();
    return { Items: found.slice(0, input.Limit ?? found.length) };
  }

  /** An index is sparse, of one value, and has keys only. */
  private among(input: QueryCommand['input']): Page {
    const [wanted] = Object.values(input.ExpressionAttributeValues ?? {});
    const found = this.indexes.get(`${input.TableName}|${input.IndexName}|${wanted?.S}`);
    return page([...(found?.values() ?? [])], input);
  }

  private indexed(table: string, before: Item | undefined, after: Item | undefined): void {
    for (const index of INDEXES) {
      const [left, right] = [before?.[index]?.S, after?.[index]?.S];
      const name = nameOf(before ?? after ?? {});
      if (left !== undefined) this.indexes.get(`${table}|${index}|${left}`)?.delete(name);
      if (right === undefined || !after) continue;
      const place = `${table}|${index}|${right}`;
      const there = this.indexes.get(place) ?? new Map<string, Item>();
      this.indexes.set(place, there.set(name, keyOf(after)));
    }
  }

  private scan(input: ScanCommand['input']): Page {
    const { Segment = 0, TotalSegments = 1, IndexName } = input;
    const partitions = [...(this.tables.get(input.TableName ?? '') ?? [])];
    const found = partitions
      .filter(([key]) => segmentOf(key, TotalSegments) === Segment)
      .flatMap(([, partition]) => [...partition.values()])
      .filter((item) => IndexName === undefined || item[IndexName] !== undefined);
    const read = page(found, input);
    // A page is what was looked at, not what was found.
    const words = { names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
    return { ...read, Items: read.Items.filter((item) => holds(input.FilterExpression, item, words)) };
  }

  private single(write: Write): { Attributes?: Item } {
    const before = this.there(write.TableName, write.Key);
    if (!this.mayWrite(write))
      throw new ConditionalCheckFailedException({
        message: 'The conditional request failed',
        $metadata: {},
        ...(before && { Item: before }),
      });
    const after = this.write(write);
    return after ? { Attributes: after } : {};
  }

  private mayWrite({ TableName, Key, ConditionExpression, ...words }: Write): boolean {
    return holds(ConditionExpression, this.there(TableName, Key), {
      names: words.ExpressionAttributeNames,
      values: words.ExpressionAttributeValues,
    });
  }

  private write({ TableName = '', Key, apply }: Write): Item | undefined {
    const table = this.tables.get(TableName) ?? new Map<string, Map<string, Item>>();
    this.tables.set(TableName, table);
    const partition = table.get(partitionOf(Key)) ?? new Map<string, Item>();
    table.set(partitionOf(Key), partition);
    const before = partition.get(sortOf(Key));
    const after = apply(before);
    this.indexed(TableName, before, after);
    if (after) partition.set(sortOf(Key), after);
    else partition.delete(sortOf(Key));
    return after;
  }

  private there(table: string | undefined, key: Item): Item | undefined {
    return this.tables
      .get(table ?? '')
      ?.get(partitionOf(key))
      ?.get(sortOf(key));
  }
}

interface Page {
  readonly Items: Item[];
  readonly LastEvaluatedKey?: Item;
}

/** As many as were asked for, after those that were had; where there are more, the last one says so. */
function page(
  items: readonly Item[],
  {
    Limit = Number.POSITIVE_INFINITY,
    ExclusiveStartKey: after,
  }: Pick<QueryCommand['input'], 'Limit' | 'ExclusiveStartKey'>,
): Page {
  // By name, so that a page goes on behind what the last one ended with, also where that is gone meanwhile.
  const left = items
    .filter((item) => !after || nameOf(item) > nameOf(after))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const Items = left.slice(0, Limit);
  const last = Items.at(-1);
  return { Items, ...(last && Limit < left.length && { LastEvaluatedKey: keyOf(last) }) };
}

const nameOf = (item: Item): string => `${partitionOf(item)}|${sortOf(item)}`;

/** The same part for the same key, however many there are beside it. */
function segmentOf(key: string, segments: number): number {
  let hash = 0;
  for (let at = 0; at < key.length; at += 1) hash = (hash * 33 + key.charCodeAt(at)) >>> 0;
  return hash % segments;
}

const partitionOf = (key: Item): string => key.pk?.S ?? key.memberId?.S ?? '';
const sortOf = (key: Item): string => key.sk?.S ?? key.key?.S ?? '';

/** Of an item, what names it: accounts and entries by member, all other rows by `pk` and `sk`. */
const keyOf = (item: Item): Item =>
  item.pk
    ? { pk: item.pk, ...(item.sk && { sk: item.sk }) }
    : { ...(item.memberId && { memberId: item.memberId }), ...(item.key && { key: item.key }) };

type Asked = {
  readonly TableName: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Item | undefined;
};

const put = (asked: Asked & { readonly Item: Item | undefined }): Write => ({
  ...asked,
  Key: keyOf(asked.Item ?? {}),
  apply: () => asked.Item,
});

const update = (
  asked: Asked & { readonly Key: Item | undefined; readonly UpdateExpression?: string | undefined },
): Write => ({
  ...asked,
  Key: asked.Key ?? {},
  apply: (there) =>
    updated(
      asked.UpdateExpression ?? '',
      { ...there, ...asked.Key },
      { names: asked.ExpressionAttributeNames, values: asked.ExpressionAttributeValues },
    ),
});

const remove = (asked: Asked & { readonly Key: Item | undefined }): Write => ({
  ...asked,
  Key: asked.Key ?? {},
  apply: () => undefined,
});

const cancelled = (reasons: { Code: string; Item?: Item }[]) =>
  new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: reasons });
