import { randomBytes } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { startJava } from './dynamodb-java.ts';
import { madeForAll } from './once-for-all.ts';

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
  /** Whoever has others sees another database. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Fresh tables of the shape the stacks make; each call makes others, so that tests do not meet. */
  createTables(): Promise<Tables>;
  stop(): Promise<void>;
}

/** A database of the caller's own: in the one DynamoDB Local of this run of Jest, or elsewhere in one that it starts. */
export async function startDynamoDb(): Promise<RunningDynamoDb> {
  const { endpoint, stop } = process.env.ONE_DYNAMODB
    ? { endpoint: await madeForAll('ONE_DYNAMODB'), stop: async () => undefined }
    : await startJava();
  const credentials = { accessKeyId: `test${randomBytes(8).toString('hex')}`, secretAccessKey: 'test' };
  const client = new DynamoDBClient({ region: 'eu-central-1', credentials, endpoint });

  let made = 0;
  return {
    client,
    endpoint,
    credentials,
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
      client.destroy();
      await stop();
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
