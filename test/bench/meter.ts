import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Item } from '../../lib/runtime/items.ts';
import type { SweepMessage } from '../../lib/runtime/sweeps.ts';
import { itemBytes } from '../ledger/size.ts';

/** What calls to tables cost, by DynamoDB's rules. */
export interface Used {
  requests: number;
  readUnits: number;
  /** Of tables, transactions counted twice. */
  writeUnits: number;
  /** Of indexes: an index entry that is moved is taken out and put in again. */
  indexUnits: number;
}

const nothing = (): Used => ({ requests: 0, readUnits: 0, writeUnits: 0, indexUnits: 0 });

/** Attributes that an index of the accounts is made of. */
const INDEXED = ['expiryDue', 'reviewDue', 'inactiveDue'] as const;
type Indexed = (typeof INDEXED)[number];

interface Known {
  readonly bytes: number;
  readonly due: Partial<Record<Indexed, string>>;
}

/**
 * Lets calls through to DynamoDB Local and counts what they would cost on AWS. Units follow from the items that are asked
 * for, answered and written, by our own meter of sizes; only what a scan went over, which its answer does not say, is
 * taken from DynamoDB Local, whose reads are right. Of a transaction it is not.
 */
export class Meter {
  used = nothing();
  /** Entries put into and taken out of an index, by `<index>/<date>#<shard>`. */
  readonly moved = new Map<string, number>();
  private readonly accounts = new Map<string, Known>();
  private readonly inner: DynamoDBClient;
  private readonly accountsTable: string;

  constructor(inner: DynamoDBClient, accountsTable: string) {
    this.inner = inner;
    this.accountsTable = accountsTable;
  }

  asClient(): DynamoDBClient {
    return this as unknown as DynamoDBClient;
  }

  /** What there is before anything is measured. */
  knows(item: Item): void {
    this.accounts.set(item.memberId?.S ?? '', known(item));
  }

  memberIds(): Iterable<string> {
    return this.accounts.keys();
  }

  /** What was used since it was asked last. */
  take(): Used {
    const used = this.used;
    this.used = nothing();
    return used;
  }

  async send(command: unknown): Promise<unknown> {
    this.used.requests += 1;
    if (command instanceof ScanCommand) command.input.ReturnConsumedCapacity = 'TOTAL';
    const answer = (await this.inner.send(command as never)) as {
      Item?: Item;
      Items?: Item[];
      Responses?: Record<string, Item[]>;
      ConsumedCapacity?: { CapacityUnits?: number };
    };
    const { used } = this;
    if (command instanceof GetItemCommand)
      used.readUnits += readUnits(bytesOf(answer.Item), command.input.ConsistentRead);
    else if (command instanceof QueryCommand) {
      const bytes = (answer.Items ?? []).reduce((sum, item) => sum + itemBytes(item), 0);
      used.readUnits += readUnits(bytes, command.input.ConsistentRead);
    } else if (command instanceof ScanCommand) used.readUnits += answer.ConsumedCapacity?.CapacityUnits ?? Number.NaN;
    else if (command instanceof BatchGetItemCommand) {
      for (const [table, { Keys = [], ConsistentRead }] of Object.entries(command.input.RequestItems ?? {})) {
        const found = answer.Responses?.[table] ?? [];
        // Each item is rounded up by itself, and one that is not there costs as much as a small one.
        used.readUnits += found.reduce((sum, item) => sum + readUnits(bytesOf(item), ConsistentRead), 0);
        used.readUnits += (Keys.length - found.length) * readUnits(0, ConsistentRead);
      }
    } else if (command instanceof TransactWriteItemsCommand) {
      for (const { Put, Update } of command.input.TransactItems ?? []) {
        if (Put) used.writeUnits += 2 * this.put(Put.TableName, Put.Item ?? {});
        // Rows that are added to are lines of the reports: numbers under short names, far from a kilobyte.
        else if (Update) used.writeUnits += 2;
        else throw new Error('a part of a transaction that the meter does not know');
      }
    } else if (command instanceof PutItemCommand)
      used.writeUnits += this.put(command.input.TableName, command.input.Item ?? {});
    else if (command instanceof UpdateItemCommand) used.writeUnits += this.update(command);
    else throw new Error(`the meter does not know a ${(command as object).constructor.name}`);
    return answer;
  }

  private put(table: string | undefined, item: Item): number {
    if (table !== this.accountsTable) return writeUnits(itemBytes(item));
    const memberId = item.memberId?.S ?? '';
    const before = this.accounts.get(memberId);
    const after = known(item);
    this.move(before, after);
    this.accounts.set(memberId, after);
    return writeUnits(Math.max(after.bytes, before?.bytes ?? 0));
  }

  private update({ input }: UpdateItemCommand): number {
    if (input.TableName !== this.accountsTable) return 1; // A cursor.
    const memberId = input.Key?.memberId?.S ?? '';
    const before = this.accounts.get(memberId);
    if (!before || !input.UpdateExpression?.includes('inactiveDue'))
      throw new Error('an update that the meter does not know');
    const day = input.ExpressionAttributeValues?.[':day']?.S;
    const { inactiveDue: _, ...others } = before.due;
    const after = { ...before, due: { ...others, ...(day !== undefined && { inactiveDue: day }) } };
    this.move(before, after);
    this.accounts.set(memberId, after);
    return writeUnits(before.bytes);
  }

  private move(before: Known | undefined, after: Known): void {
    for (const index of INDEXED) {
      const [from, to] = [before?.due[index], after.due[index]];
      if (from === to) continue;
      for (const place of [from, to]) {
        if (place === undefined) continue;
        this.used.indexUnits += 1;
        this.moved.set(`${index}/${place}`, (this.moved.get(`${index}/${place}`) ?? 0) + 1);
      }
    }
  }
}

const known = (item: Item): Known => ({
  bytes: itemBytes(item),
  due: Object.fromEntries(INDEXED.flatMap((index) => (item[index]?.S === undefined ? [] : [[index, item[index].S]]))),
});

const bytesOf = (item: Item | undefined): number => (item ? itemBytes(item) : 0);
/** By four kilobytes, half of it where the newest state is not asked for. */
const readUnits = (bytes: number, consistent: boolean | undefined): number =>
  Math.max(1, Math.ceil(bytes / 4_096)) * (consistent ? 1 : 0.5);
const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1_024));

/** A queue in memory that takes what is sent in batches. */
export class CountedQueue {
  requests = 0;
  waiting: SweepMessage[] = [];

  asClient(): SQSClient {
    return this as unknown as SQSClient;
  }

  async send(command: unknown): Promise<object> {
    if (!(command instanceof SendMessageBatchCommand)) throw new Error('only batches are sent');
    this.requests += 1;
    for (const { MessageBody } of command.input.Entries ?? []) this.waiting.push(JSON.parse(MessageBody ?? ''));
    return {};
  }

  /** As many as a function is handed at once. */
  receive(most: number): SweepMessage[] {
    return this.waiting.splice(0, most);
  }
}
