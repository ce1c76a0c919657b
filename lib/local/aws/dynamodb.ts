import type { Clock } from '../clock.ts';
import { streamArnOf } from '../known-resources.ts';
import type { Request } from '../roles.ts';
import { type Assembly, type Resource, unknownIn } from '../template.ts';
import {
  borrowDynamoDb,
  ConnectionLost,
  type DynamoDbProcess,
  type LentDatabase,
  startDynamoDbProcess,
} from './dynamodb-process.ts';
import { notHere, type Reply, type Service, type ServiceCall, targetOf } from './protocol.ts';

export interface DynamoDb extends Service {
  pid(): number | undefined;
  /** Kills it and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

type Input = ServiceCall['input'];

/** DynamoDB and its streams, with the tables of the template. */
export async function openDynamoDb(options: {
  assembly: Assembly;
  dataDirectory: string;
  clock: Clock;
  lent?: LentDatabase | undefined;
}): Promise<DynamoDb> {
  const { lent } = options;
  const tables = options.assembly.ofType('AWS::DynamoDB::Table');
  const names = new Map(tables.map(({ physicalId, arn }) => [physicalId, arn]));
  const local = lent ? borrowDynamoDb(lent) : await startDynamoDbProcess(options);
  const headersFor = headersAs(lent?.keyId ?? 'local');
  const ask: Ask = async (operation, input) => {
    const { status, body } = await local.post(headersFor(`${prefixes.tables}.${operation}`), JSON.stringify(input));
    const output = JSON.parse(body.toString());
    if (status === 200) return output;
    throw new Error(`DynamoDB Local answered ${operation} with ${output.__type}: ${output.message ?? output.Message}`);
  };

  const streams = new Map<string, string>();
  try {
    for (const table of tables) {
      const { LatestStreamArn } = await ensureTable(table, ask);
      if (LatestStreamArn !== undefined) streams.set(streamArnOf(table.arn), LatestStreamArn);
    }
  } catch (error) {
    await local.stop();
    throw error;
  }
  const committed = lent ? async () => {} : commitBarrier(local, headersFor, tables[0]);
  const stopSweeping = sweepWhatIsOver({ tables, ask, clock: options.clock });

  const arnOf = (table: unknown): string => {
    const name = String(table).split('table/').at(-1) ?? '';
    // A table that is not in the template has an ARN too; the refusal then names it.
    return names.get(name) ?? `arn:aws:dynamodb:eu-central-1:000000000000:table/${name}`;
  };

  return {
    operationOf({ headers }) {
      const onStreams = targetOf(headers, prefixes.streams);
      return targetOf(headers, prefixes.tables) ?? onStreams;
    },
    needs: (operation, input) => needs(operation, input, arnOf),
    async answer({ operation, input, body }): Promise<Reply> {
      const isStreams = streamOperations.has(operation);
      const target = `${isStreams ? prefixes.streams : prefixes.tables}.${operation}`;
      const answer = await local.post(headersFor(target), isStreams ? withRealStream(input, streams) : body);
      if (operation === 'TransactWriteItems' && answer.status === 200) await committed(answer.pid);
      const kept = ['content-type', 'x-amz-crc32'].flatMap((name) => {
        const value = answer.headers[name];
        return typeof value === 'string' ? [[name, value]] : [];
      });
      return { status: answer.status, headers: Object.fromEntries(kept), body: answer.body };
    },
    pid: () => local.pid(),
    restart: () => local.restart(),
    async stop() {
      stopSweeping();
      await local.stop();
    },
  };
}

type Ask = (operation: string, input: object) => Promise<Record<string, unknown>>;

const prefixes = { tables: 'DynamoDB_20120810', streams: 'DynamoDBStreams_20120810' };
const streamOperations = new Set(['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams']);

/** DynamoDB Local takes key ids of letters and digits only; with a shared database it does not matter which. */
const headersAs = (keyId: string) => (target: string) => ({
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': target,
  authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
});

/**
 * DynamoDB Local answers a transaction a few milliseconds before it commits it, so that one killed in between forgets
 * what it has promised. It does one thing after the other: what it answers next comes after the commit. Those who wait
 * at the same time wait for the same answer.
 */
function commitBarrier(
  local: DynamoDbProcess,
  headersFor: ReturnType<typeof headersAs>,
  table: Resource | undefined,
): (pid: number) => Promise<void> {
  const { KeySchema = [], AttributeDefinitions = [] } = (table?.properties ?? {}) as {
    KeySchema?: readonly { AttributeName: string }[];
    AttributeDefinitions?: readonly { AttributeName: string; AttributeType: 'S' | 'N' | 'B' }[];
  };
  const key = KeySchema.map(({ AttributeName }) => AttributeName);
  const type = (name: string) =>
    AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? 'S';
  // Fails on its condition, always: a write in all but the effect.
  const barrier = JSON.stringify({
    TableName: table?.physicalId,
    Key: Object.fromEntries(key.map((name) => [name, { [type(name)]: '0' }])),
    ConditionExpression: 'attribute_exists(#key) AND attribute_not_exists(#key)',
    ExpressionAttributeNames: { '#key': key[0] },
  });
  const ask = async () => (await local.post(headersFor(`${prefixes.tables}.DeleteItem`), barrier)).pid;
  let running: Promise<number> | undefined;
  let next: Promise<number> | undefined;
  const start = () => {
    next = undefined;
    const asked = ask();
    const done = () => {
      if (running === asked) running = undefined;
    };
    running = asked;
    asked.then(done, done);
    return asked;
  };
  return async (pid) => {
    // One that is under way may have passed the commit already.
    if (running !== undefined) next ??= running.then(start, start);
    const answeredBy = await (next ?? start());
    if (answeredBy !== pid) throw new ConnectionLost('DynamoDB Local has gone before it committed');
  };
}

function needs(operation: string, input: Input, arnOf: (table: unknown) => string): Request[] {
  const on = (action: string, resource: string): Request => ({ action: `dynamodb:${action}`, resource });
  switch (operation) {
    case 'GetItem':
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
    case 'DescribeTable':
    case 'DescribeTimeToLive':
      return [on(operation, arnOf(input.TableName))];
    case 'Query':
    case 'Scan': {
      const table = arnOf(input.TableName);
      return [on(operation, input.IndexName === undefined ? table : `${table}/index/${input.IndexName}`)];
    }
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys((input.RequestItems ?? {}) as object).map((table) => on(operation, arnOf(table)));
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return ((input.TransactItems ?? []) as Record<string, { TableName?: string }>[]).flatMap((item) =>
        Object.entries(item).map(([kind, { TableName }]) => on(transactionActions[kind] ?? kind, arnOf(TableName))),
      );
    case 'ListTables':
    case 'ListStreams':
      return [on(operation, '*')];
    case 'DescribeStream':
    case 'GetShardIterator':
      return [on(operation, streamArnOf(arnOf(tableOfStream(input.StreamArn))))];
    case 'GetRecords':
      return [on(operation, streamArnOf(arnOf(tableOfStream(input.ShardIterator))))];
    default:
      throw notHere('dynamodb', operation);
  }
}

/** A part of a transaction is allowed by the name of the single operation. */
const transactionActions: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

/** An iterator of DynamoDB Local begins with its stream's ARN. */
const tableOfStream = (arn: unknown): string => /:table\/([^/]+)\/stream\//.exec(String(arn))?.[1] ?? '';

const withRealStream = (input: Input, streams: ReadonlyMap<string, string>): string => {
  const real = streams.get(String(input.StreamArn));
  return JSON.stringify(real === undefined ? input : { ...input, StreamArn: real });
};

interface TableDescription {
  readonly KeySchema: unknown;
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexName: string; readonly KeySchema: unknown }[];
  readonly LatestStreamArn?: string;
}

/** Makes the table, or checks that the one from the last run is still what the template says. */
async function ensureTable({ physicalId, ...table }: Resource, ask: Ask): Promise<TableDescription> {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, StreamSpecification } = table.properties;
  const view = (StreamSpecification as { StreamViewType?: string } | undefined)?.StreamViewType;
  const { TableNames } = (await ask('ListTables', {})) as { TableNames: string[] };
  if (!TableNames.includes(physicalId)) {
    await ask('CreateTable', {
      TableName: physicalId,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema,
      AttributeDefinitions,
      GlobalSecondaryIndexes: (GlobalSecondaryIndexes as TableDescription['GlobalSecondaryIndexes'])?.map(
        ({ IndexName, KeySchema, ...index }) => ({
          IndexName,
          KeySchema,
          Projection: (index as { Projection?: object }).Projection,
        }),
      ),
      ...(view !== undefined && { StreamSpecification: { StreamEnabled: true, StreamViewType: view } }),
    });
  }
  const described = (await ask('DescribeTable', { TableName: physicalId })).Table as TableDescription;
  const shape = (of: Partial<TableDescription>) =>
    JSON.stringify([
      of.KeySchema,
      (of.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, index.KeySchema]).sort(),
    ]);
  if (shape(described) !== shape(table.properties as Partial<TableDescription>)) {
    throw unknownIn(
      { physicalId, ...table },
      'the table of the last run has other keys or indexes: start with --fresh',
    );
  }
  return described;
}

const sweepEveryMs = 10 * 60_000;

/**
 * Items past their time to live go by the local cloud's clock, which DynamoDB Local does not know: its own sweep would
 * keep what is over after a jump ahead, and delete what is fresh after a jump back. As on AWS, it may take a while.
 */
function sweepWhatIsOver(options: { tables: readonly Resource[]; ask: Ask; clock: Clock }): () => void {
  const mortal = options.tables.flatMap(({ physicalId, properties }) => {
    const { AttributeName, Enabled } = (properties.TimeToLiveSpecification ?? {}) as {
      AttributeName?: string;
      Enabled?: boolean;
    };
    const keys = (properties.KeySchema as { AttributeName: string }[]).map((key) => key.AttributeName);
    return AttributeName !== undefined && Enabled === true ? [{ TableName: physicalId, ttl: AttributeName, keys }] : [];
  });
  const sweep = async () => {
    const now = String(Math.floor(options.clock.now().getTime() / 1000));
    for (const { TableName, ttl, keys } of mortal) {
      const over = {
        ExpressionAttributeNames: { '#ttl': ttl },
        ExpressionAttributeValues: { ':now': { N: now } },
      };
      const names = Object.fromEntries(keys.map((key, index) => [`#k${index}`, key]));
      let ExclusiveStartKey: unknown;
      do {
        const page = await options.ask('Scan', {
          TableName,
          FilterExpression: '#ttl < :now',
          ProjectionExpression: Object.keys(names).join(', '),
          ...over,
          ExpressionAttributeNames: { ...over.ExpressionAttributeNames, ...names },
          ExclusiveStartKey,
        });
        for (const Key of page.Items as object[]) {
          // It may have been given a longer life since.
          await options
            .ask('DeleteItem', { TableName, Key, ConditionExpression: '#ttl < :now', ...over })
            .catch(() => undefined);
        }
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
    }
  };
  let stopped = false;
  let running = Promise.resolve();
  const again = () => {
    if (stopped) return;
    // What fails now (the process is being restarted, say) is swept the next time.
    running = running.then(sweep).catch(() => undefined);
  };
  options.clock.onChange(again);
  const timer = setInterval(again, sweepEveryMs);
  timer.unref();
  again();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
