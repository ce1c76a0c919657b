import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;
type Tables = Map<string, Map<string, Item>>;

/** What can go wrong at one call. `lost` applies it and loses the answer; `die` applies it and nothing is called after. */
export type Mishap = 'fail' | 'lost' | 'die' | 'conflict';

/** The process is gone: not an error that code could handle. */
export class Died extends Error {}

/**
 * The three calls that the ledger makes, with DynamoDB's semantics and mishaps at will; DynamoDB Local never raises a
 * conflict by itself. `ledger.test.ts` runs the same suite on this and on DynamoDB Local, so that the two cannot drift.
 */
export class MemoryClient {
  readonly tables: Tables;
  calls = 0;
  mishap: (call: number, name: string) => Mishap | undefined = () => undefined;
  private dead = false;

  constructor(tables: Tables = new Map()) {
    this.tables = tables;
  }

  /** Another process over the same tables. */
  restarted(): MemoryClient {
    return new MemoryClient(this.tables);
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
      return { Item: this.table(command.input.TableName).get(keyText(command.input.Key ?? {})) };
    if (command instanceof QueryCommand) {
      const { ':m': member, ':p': prefix } = command.input.ExpressionAttributeValues ?? {};
      const items = [...this.table(command.input.TableName).values()].filter(
        (item) => item.memberId?.S === member?.S && item.key?.S?.startsWith(prefix?.S ?? ''),
      );
      return { Items: items };
    }
    if (command instanceof TransactWriteItemsCommand) {
      const puts = (command.input.TransactItems ?? []).map((one) => {
        if (!one.Put) throw new Error('only puts are known here');
        return one.Put;
      });
      const reasons = puts.map((put) => {
        const there = this.table(put.TableName).get(primary(put.Item ?? {}));
        const holds =
          put.ConditionExpression === 'seq = :seq'
            ? there?.seq?.N === put.ExpressionAttributeValues?.[':seq']?.N
            : there === undefined;
        return holds ? { Code: 'None' } : { Code: 'ConditionalCheckFailed', ...(there && { Item: there }) };
      });
      if (reasons.some((reason) => reason.Code !== 'None')) throw cancelled(reasons);
      for (const put of puts) this.table(put.TableName).set(primary(put.Item ?? {}), put.Item ?? {});
      return {};
    }
    throw new Error(`unknown here: ${(command as object).constructor.name}`);
  }

  private table(name: string | undefined): Map<string, Item> {
    const table = this.tables.get(name ?? '') ?? new Map<string, Item>();
    this.tables.set(name ?? '', table);
    return table;
  }
}

const primary = (item: Item): string =>
  keyText({ ...(item.memberId && { memberId: item.memberId }), ...(item.key && { key: item.key }) });
const keyText = (key: Item): string => `${key.memberId?.S}|${key.key?.S ?? ''}`;

const cancelled = (reasons: { Code: string; Item?: Item }[]) =>
  new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: reasons });
