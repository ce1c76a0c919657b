import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../lib/local/aws/dynamodb-process.ts';
import { type AwsCall, type AwsFront, type Credentials, startAws, type Victim } from '../../../lib/local/aws/front.ts';
import { createClock } from '../../../lib/local/clock.ts';
import { createFaults } from '../../../lib/local/faults.ts';
import type { Assembly } from '../../../lib/local/template.ts';
import { smallAssembly, temporaryFolder } from '../small-assembly.ts';

const arn = (service: string, resource: string) => `arn:aws:${service}:eu-central-1:000000000000:${resource}`;
const accounts = arn('dynamodb', 'table/shop-accounts');
const entries = arn('dynamodb', 'table/shop-entries');
const role = 'arn:aws:iam::000000000000:role/accrue-role';
const allow = (Action: unknown, Resource: unknown) => ({ Effect: 'Allow', Action, Resource });
const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });

const shop = (port: number): Assembly =>
  smallAssembly(
    {
      'shop-app': {
        Resources: {
          Accounts: {
            Type: 'AWS::DynamoDB::Table',
            Properties: {
              TableName: 'shop-accounts',
              AttributeDefinitions: [text('memberId'), text('due')],
              KeySchema: [{ AttributeName: 'memberId', KeyType: 'HASH' }],
              GlobalSecondaryIndexes: [
                {
                  IndexName: 'byDue',
                  KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }],
                  Projection: { ProjectionType: 'KEYS_ONLY' },
                },
              ],
              TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
            },
          },
          Entries: {
            Type: 'AWS::DynamoDB::Table',
            Properties: {
              TableName: 'shop-entries',
              AttributeDefinitions: [text('memberId')],
              KeySchema: [{ AttributeName: 'memberId', KeyType: 'HASH' }],
              StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
            },
          },
          Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'shop-outbound' } },
          Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'shop-events' } },
          Rule: {
            Type: 'AWS::Events::Rule',
            Properties: {
              Name: 'sms',
              EventBusName: { Ref: 'Bus' },
              EventPattern: { 'detail-type': ['points.earned'] },
              Targets: [{ Id: 'T', Arn: { 'Fn::GetAtt': ['Queue', 'Arn'] } }],
            },
          },
          QueuePolicy: {
            Type: 'AWS::SQS::QueuePolicy',
            Properties: {
              Queues: [{ Ref: 'Queue' }],
              PolicyDocument: {
                Statement: [
                  {
                    ...allow('sqs:SendMessage', '*'),
                    Principal: { Service: 'events.amazonaws.com' },
                    Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': ['Rule', 'Arn'] } } },
                  },
                ],
              },
            },
          },
          Secret: {
            Type: 'AWS::SecretsManager::Secret',
            Properties: { Name: 'shop/sms', SecretString: '{"unset":true}' },
          },
          Role: {
            Type: 'AWS::IAM::Role',
            Properties: {
              RoleName: 'accrue-role',
              Policies: [
                {
                  PolicyName: 'p',
                  PolicyDocument: {
                    Statement: [
                      allow(['dynamodb:GetItem', 'dynamodb:PutItem'], accounts),
                      allow('dynamodb:Query', `${accounts}/index/byDue`),
                      allow('dynamodb:PutItem', entries),
                      allow(['dynamodb:DescribeStream', 'dynamodb:GetShardIterator', 'dynamodb:GetRecords'], {
                        'Fn::GetAtt': ['Entries', 'StreamArn'],
                      }),
                      allow(['sqs:SendMessage', 'sqs:ReceiveMessage'], { 'Fn::GetAtt': ['Queue', 'Arn'] }),
                      allow('events:PutEvents', { 'Fn::GetAtt': ['Bus', 'Arn'] }),
                      allow('secretsmanager:GetSecretValue', { Ref: 'Secret' }),
                      allow('scheduler:*', arn('scheduler', 'schedule/default/*')),
                      allow('iam:PassRole', role),
                    ],
                  },
                },
              ],
            },
          },
          Accrue: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              FunctionName: 'shop-accrue',
              Code: { S3Key: 'abc.zip' },
              Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
            },
          },
        },
      },
    },
    `http://127.0.0.1:${port}`,
  );

const folder = temporaryFolder();
const clock = createClock();
const faults = createFaults();
let port: number;
let front: AwsFront;
const calls: AwsCall[] = [];
const killed: Victim[] = [];

const start = async () => {
  front = await startAws({ assembly: shop(port), dataDirectory: folder.path, clock, faults, port });
  front.subscribe((call) => calls.push(call));
  front.onKill((victim) => void killed.push(victim));
};
beforeAll(async () => {
  port = await freePort();
  await start();
}, 60_000);
afterEach(async () => {
  await sqs(front.operator).send(new PurgeQueueCommand({ QueueUrl: `${front.endpoint}/000000000000/shop-outbound` }));
  faults.clear();
  calls.length = 0;
  killed.length = 0;
});
afterAll(async () => {
  await front.stop();
  folder.remove();
});

const accrue = () => front.credentialsFor('shop-accrue', '7');
const config = (credentials: Credentials, maxAttempts = 1) => ({
  endpoint: front.endpoint,
  region: 'eu-central-1',
  credentials,
  maxAttempts,
});
const dynamoDb = (credentials = accrue(), maxAttempts = 1) => new DynamoDBClient(config(credentials, maxAttempts));
const sqs = (credentials = accrue()) => new SQSClient(config(credentials));
const item = (memberId: string, more = {}) => ({ memberId: { S: memberId }, ...more });
const put = (memberId: string, more = {}) =>
  new PutItemCommand({ TableName: 'shop-accounts', Item: item(memberId, more) });
const get = (memberId: string) => new GetItemCommand({ TableName: 'shop-accounts', Key: item(memberId) });
const post = (memberId: string, TableName = 'shop-entries') =>
  new TransactWriteItemsCommand({
    TransactItems: [
      { Put: { TableName: 'shop-accounts', Item: item(memberId) } },
      { Put: { TableName, Item: item(memberId), ConditionExpression: 'attribute_not_exists(memberId)' } },
    ],
  });
const bodies = async () => {
  const QueueUrl = `${front.endpoint}/000000000000/shop-outbound`;
  const { Messages = [] } = await sqs(front.operator).send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body }) => Body);
};

describe('a function’s calls', () => {
  it('reach the tables of the template', async () => {
    await dynamoDb().send(put('a', { due: { S: 'today' } }));
    expect((await dynamoDb().send(get('a'))).Item).toEqual(item('a', { due: { S: 'today' } }));
    const query = new QueryCommand({
      TableName: 'shop-accounts',
      IndexName: 'byDue',
      KeyConditionExpression: 'due = :due',
      ExpressionAttributeValues: { ':due': { S: 'today' } },
    });
    expect((await dynamoDb().send(query)).Items).toHaveLength(1);
    expect(calls.map(({ operation, resource, outcome }) => [operation, resource, outcome])).toEqual([
      ['PutItem', accounts, 'ok'],
      ['GetItem', accounts, 'ok'],
      ['Query', `${accounts}/index/byDue`, 'ok'],
    ]);
    expect(front.inFlight()).toBe(0);
  });

  it.each([
    [
      'an action it lacks',
      () => dynamoDb().send(new QueryCommand({ TableName: 'shop-accounts' })),
      'dynamodb:Query',
      accounts,
    ],
    [
      'a table within a transaction',
      () => dynamoDb().send(post('a', 'shop-members')),
      'dynamodb:PutItem',
      arn('dynamodb', 'table/shop-members'),
    ],
    [
      'a secret',
      () =>
        new SecretsManagerClient(config(accrue())).send(
          new PutSecretValueCommand({ SecretId: 'shop/sms', SecretString: 'x' }),
        ),
      'secretsmanager:PutSecretValue',
      arn('secretsmanager', 'secret:shop/sms-'),
    ],
  ])('are held to its role: %s', async (_, denied, action, resource) => {
    const error = await denied().catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: 'AccessDeniedException' });
    expect((error as Error).message).toContain(
      `accrue-role/shop-accrue is not authorized to perform: ${action} on resource: ${resource}`,
    );
    expect(calls.map(({ outcome }) => outcome)).toEqual(['AccessDeniedException']);
  });

  it('without a name we know are refused', async () => {
    const stranger = dynamoDb({ accessKeyId: 'AKIA123', secretAccessKey: 'x' });
    await expect(stranger.send(get('a'))).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  it('to what is not known are refused, and say so', async () => {
    const answer = await fetch(front.endpoint, {
      method: 'POST',
      headers: { authorization: 'AWS4-HMAC-SHA256 Credential=operator/20260101/eu-central-1/rekognition/aws4_request' },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: 'rekognition is not known to the local cloud' });
  });
});

describe('a fault', () => {
  it('conflict cancels a transaction as another would, and nothing is applied', async () => {
    faults.add({ kind: 'conflict', function: 'accrue' });
    await dynamoDb().send(get('free'));
    await expect(dynamoDb().send(post('free'))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    });
    expect((await dynamoDb().send(get('free'))).Item).toBeUndefined();
    expect(calls.map(({ outcome }) => outcome)).toEqual(['ok', 'fault:conflict', 'ok']);
  });

  it('throttle and error are what the SDK retries', async () => {
    faults.add({ kind: 'throttle' });
    faults.add({ kind: 'error' });
    await dynamoDb(accrue(), 3).send(put('patient'));
    expect(calls.map(({ outcome }) => outcome)).toEqual(['fault:throttle', 'fault:error', 'ok']);
  });

  it('lost-reply applies and then breaks the connection', async () => {
    faults.add({ kind: 'lost-reply', operation: 'TransactWriteItems' });
    await expect(dynamoDb().send(post('lost'))).rejects.toThrow('socket hang up');
    expect((await dynamoDb().send(get('lost'))).Item).toEqual(item('lost'));
  });

  it('timeout answers nothing until the caller gives up', async () => {
    faults.add({ kind: 'timeout' });
    const impatient = AbortSignal.timeout(100);
    await expect(dynamoDb().send(put('late'), { abortSignal: impatient })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect((await dynamoDb().send(get('late'))).Item).toBeUndefined();
    expect(front.inFlight()).toBe(0);
  });

  it.each([
    ['kill', undefined],
    ['kill-after', item('victim kill-after')],
  ] as const)('%s ends the process that calls', async (kind, left) => {
    faults.add({ kind });
    await expect(dynamoDb().send(put(`victim ${kind}`))).rejects.toThrow();
    expect(killed).toEqual([{ function: 'shop-accrue', process: '7' }]);
    expect((await dynamoDb().send(get(`victim ${kind}`))).Item).toEqual(left);
  });

  it('spares the operator and the pollers', async () => {
    faults.add({ kind: 'error' });
    await dynamoDb(front.operator).send(get('a'));
    await dynamoDb(front.pollerCredentialsFor('shop-accrue')).send(get('a'));
    expect(faults.list()).toHaveLength(1);
    expect(calls).toEqual([]);
  });
});

describe('DynamoDB Local', () => {
  it('keeps its data when it is killed, and calls wait meanwhile', async () => {
    await dynamoDb().send(put('kept'));
    const restarted = front.restartDynamoDb();
    const found = await dynamoDb(accrue(), 10).send(get('kept'));
    await restarted;
    expect(found.Item).toEqual(item('kept'));
  }, 30_000);

  it('is started again when it dies by itself', async () => {
    await dynamoDb().send(put('kept'));
    process.kill(front.dynamoDbPid() ?? 0, 'SIGKILL');
    expect((await dynamoDb(accrue(), 10).send(get('kept'))).Item).toEqual(item('kept'));
  }, 30_000);

  it('has what it has promised, wherever the kill hits', async () => {
    const promised: string[] = [];
    const client = dynamoDb(accrue(), 1);
    let running = true;
    const workers = Array.from({ length: 16 }, async (_, worker) => {
      for (let round = 0; running; round += 1) {
        const id = `promised-${worker}-${round}`;
        await client.send(post(id)).then(
          () => promised.push(id),
          () => undefined,
        );
      }
    });
    while (promised.length < 50) await new Promise((resolve) => setTimeout(resolve, 10));
    const restarted = front.restartDynamoDb();
    running = false;
    await Promise.all([restarted, ...workers]);
    for (const id of promised) expect((await dynamoDb().send(get(id))).Item).toEqual(item(id));
  }, 30_000);

  it('shows its streams under the template’s name', async () => {
    await dynamoDb().send(post('streamed'));
    const ask = async (operation: string, input: object) => {
      const answer = await fetch(front.endpoint, {
        method: 'POST',
        headers: {
          authorization: `AWS4-HMAC-SHA256 Credential=${accrue().accessKeyId}/20260101/eu-central-1/dynamodb/aws4_request`,
          'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
        },
        body: JSON.stringify(input),
      });
      return JSON.parse(await answer.text());
    };
    const StreamArn = `${entries}/stream/local`;
    const { StreamDescription } = await ask('DescribeStream', { StreamArn });
    const { ShardIterator } = await ask('GetShardIterator', {
      StreamArn,
      ShardId: StreamDescription.Shards[0].ShardId,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    const { Records } = await ask('GetRecords', { ShardIterator });
    expect(Records.at(-1).dynamodb.NewImage).toEqual(item('streamed'));
  });

  it('forgets what is over by the local cloud’s clock', async () => {
    const inAnHour = String(Math.floor(clock.now().getTime() / 1000) + 3600);
    await dynamoDb().send(put('mortal', { ttl: { N: inAnHour } }));
    clock.advance('PT30M');
    expect((await dynamoDb().send(get('mortal'))).Item).toBeDefined();
    clock.advance('PT31M');
    for (let round = 0; round < 50; round += 1) {
      if ((await dynamoDb().send(get('mortal'))).Item === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('it is still there');
  });
});

describe('the other services', () => {
  it('queue what is sent', async () => {
    await sqs().send(
      new SendMessageCommand({ QueueUrl: `${front.endpoint}/000000000000/shop-outbound`, MessageBody: 'hello' }),
    );
    expect(await front.queues()).toEqual([{ name: 'shop-outbound', visible: 1, inFlight: 0, delayed: 0 }]);
    expect(await bodies()).toEqual(['hello']);
  });

  it('bring an event to the queues of the rules that match', async () => {
    const entry = (DetailType: string) => ({
      EventBusName: 'shop-events',
      Source: 'stampbook',
      DetailType,
      Detail: '{"points":5}',
    });
    const events = new EventBridgeClient(config(accrue()));
    const { FailedEntryCount, Entries } = await events.send(
      new PutEventsCommand({ Entries: [entry('points.earned'), entry('tier.changed')] }),
    );
    expect(FailedEntryCount).toBe(0);
    const [body, ...others] = (await bodies()).map((text) => JSON.parse(text ?? ''));
    expect(others).toEqual([]);
    expect(body).toEqual({
      version: '0',
      id: Entries?.[0]?.EventId,
      'detail-type': 'points.earned',
      source: 'stampbook',
      account: '000000000000',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      region: 'eu-central-1',
      resources: [],
      detail: { points: 5 },
    });
  });

  it('keep secrets and schedules over a restart', async () => {
    const secrets = (credentials: Credentials) => new SecretsManagerClient(config(credentials));
    const read = async () =>
      (await secrets(accrue()).send(new GetSecretValueCommand({ SecretId: 'shop/sms' }))).SecretString;
    expect(await read()).toBe('{"unset":true}');
    await secrets(front.operator).send(new PutSecretValueCommand({ SecretId: 'shop/sms', SecretString: 'filled' }));
    const scheduler = () => new SchedulerClient(config(accrue()));
    const definition = {
      Name: 'campaign',
      ScheduleExpression: 'at(2026-12-01T10:00:00)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: arn('sqs', 'shop-outbound'), RoleArn: role, Input: '{"start":true}' },
    } as const;
    await scheduler().send(new CreateScheduleCommand(definition));
    await expect(scheduler().send(new CreateScheduleCommand(definition))).rejects.toMatchObject({
      name: 'ConflictException',
    });

    await front.stop();
    await start();
    expect(await read()).toBe('filled');
    const found = await scheduler().send(new GetScheduleCommand({ Name: 'campaign' }));
    expect(found).toMatchObject(definition);
    const denied = scheduler().send(new ListSchedulesCommand({}));
    await expect(denied).rejects.toMatchObject({ name: 'AccessDeniedException' });

    expect(front.scheduler.list()).toHaveLength(1);
    await scheduler().send(new DeleteScheduleCommand({ Name: 'campaign' }));
    expect(front.scheduler.list()).toEqual([]);
  }, 30_000);
});
