import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Resources, writeAssembly } from './small-assembly.ts';

/**
 * A shop in a hundred lines, with every kind of part that the real one has: a door, queues with dead letters, a table
 * with a stream, a bus, a vendor, a schedule. Its functions do what a test tells them to.
 */

const bundle = `
const aws = async (service, target, input) => {
  const response = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': target,
      authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20260101/eu-central-1/' + service + '/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  const output = await response.json();
  if (!response.ok) throw Object.assign(new Error(output.message), { name: output.__type });
  return output;
};
const bodyOf = (event) => JSON.parse(event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body);
const handlers = {
  // Takes a thing at the door; answers when it is in the queue.
  async take(event) {
    if (event.rawPath.startsWith('/webhooks/')) return { statusCode: 200, body: event.headers['x-shopify-hmac-sha256'] };
    const thing = bodyOf(event);
    if (thing.direct) return { statusCode: 200, body: JSON.stringify(event.headers) };
    const input = { QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify(thing), MessageGroupId: thing.group ?? 'g', MessageDeduplicationId: thing.id };
    await aws('sqs', 'AmazonSQS.SendMessage', { ...input, MessageAttributes: { kind: { DataType: 'String', StringValue: 'thing' } } });
    return { statusCode: 202, body: '' };
  },
  // Writes it down. A thing may say what goes wrong with it, and how often.
  async work(event) {
    const failed = [];
    for (const record of event.Records) {
      const thing = JSON.parse(record.body);
      const times = Number(record.attributes.ApproximateReceiveCount);
      if (thing.crash >= times) process.exit(1);
      if (thing.fail >= times) { failed.push({ itemIdentifier: record.messageId }); continue; }
      await aws('dynamodb', 'DynamoDB_20120810.PutItem', {
        TableName: process.env.TABLE,
        Item: { id: { S: thing.id }, record: { S: JSON.stringify(record) }, at: { S: new Date().toISOString() }, kind: { S: 'thing' }, poison: { N: String(thing.poison ?? 0) } },
      });
    }
    return { batchItemFailures: failed };
  },
  // Tells of it. Poison is never told.
  async tell(event) {
    const things = event.Records.map((record) => record.dynamodb.NewImage);
    if (things.some((thing) => thing.poison.N !== '0')) throw new Error('poison');
    await aws('events', 'AWSEvents.PutEvents', {
      Entries: things.map((thing) => ({ EventBusName: process.env.BUS_NAME, Source: 'shop', DetailType: 'thing', Detail: JSON.stringify({ id: thing.id.S, records: event.Records.length }) })),
    });
  },
  // Tells a vendor; comes back when it says no.
  async send(event) {
    const [record] = event.Records;
    const response = await fetch(process.env.VENDOR_GATEWAY, { method: 'POST', headers: { 'x-vendor-url': 'https://sms.example/send' }, body: JSON.stringify(JSON.parse(record.body).detail) });
    const text = await response.text();
    return { batchItemFailures: response.ok ? [] : [{ itemIdentifier: record.messageId }] };
  },
};
exports.handler = handlers[process.env.POWERTOOLS_SERVICE_NAME];
`;

const role = (name: string, ...statements: [action: string | string[], resource: unknown][]): Resources => ({
  [`${name}Role`]: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Statement: [] },
      Policies: [
        {
          PolicyName: 'may',
          PolicyDocument: {
            Statement: statements.map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource })),
          },
        },
      ],
    },
  },
});

const lambda = (name: string, variables: Record<string, unknown>): Resources => ({
  [`${name}Function`]: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: `shop-${name}`,
      Code: { S3Bucket: 'assets', S3Key: 'abc.zip' },
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
      Timeout: 10,
      MemorySize: 256,
      Environment: { Variables: { ...variables, POWERTOOLS_SERVICE_NAME: name } },
    },
  },
});

const mapping = (name: string, EventSourceArn: unknown, more: object): Resources => ({
  [`${name}Source`]: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { FunctionName: { Ref: `${name}Function` }, EventSourceArn, ...more },
  },
});

const queue = (name: string, fifo = false): Resources => {
  const [suffix, kind] = fifo ? ['.fifo', { FifoQueue: true, ContentBasedDeduplication: true }] : ['', {}];
  return {
    [`${name}Parked`]: { Type: 'AWS::SQS::Queue', Properties: { QueueName: `shop-${name}-parked${suffix}`, ...kind } },
    [name]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: `shop-${name}${suffix}`,
        VisibilityTimeout: 60,
        RedrivePolicy: { deadLetterTargetArn: arnOf(`${name}Parked`), maxReceiveCount: 2 },
        ...kind,
      },
    },
  };
};

const arnOf = (logicalId: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [logicalId, attribute] });

const table = (name: string, key: string[], more: object = {}): Resources => ({
  [name]: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: `shop-${name}`,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: key.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: key.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
      ...more,
    },
  },
});

const route = (name: string, key: string): Resources => {
  const id = key.replaceAll(/[^A-Za-z]/g, '');
  return {
    [`${id}Integration`]: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: arnOf(`${name}Function`),
        PayloadFormatVersion: '2.0',
      },
    },
    [id]: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: key,
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: `${id}Integration` }]] },
      },
    },
  };
};

const consuming = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

const resources: Resources = {
  ...table('accounts', ['memberId']),
  ...table('members', ['pk', 'sk']),
  ...table('program', ['pk', 'sk']),
  ...table('things', ['id'], { StreamSpecification: { StreamViewType: 'NEW_IMAGE' } }),
  ...queue('facts', true),
  ...queue('outbound'),
  dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'shop-relay-dead' } },
  bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'shop' } },
  rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: 'bus' },
      EventPattern: { 'detail-type': ['thing'] },
      State: 'ENABLED',
      Targets: [{ Id: 'T', Arn: arnOf('outbound') }],
    },
  },
  policy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: 'outbound' }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arnOf('outbound'),
          },
        ],
      },
    },
  },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
  },
  ...route('take', 'POST /v1/things'),
  ...route('take', 'POST /webhooks/shopify'),
  mayTake: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: arnOf('takeFunction'),
      Principal: 'apigateway.amazonaws.com',
    },
  },
  secret: {
    Type: 'AWS::SecretsManager::Secret',
    Properties: { Name: 'shop/shopify', SecretString: '{"unset":true}' },
  },
  ...role('take', ['sqs:SendMessage', arnOf('facts')]),
  ...lambda('take', { QUEUE_URL: { Ref: 'facts' } }),
  ...role('work', ['dynamodb:PutItem', arnOf('things')], [consuming, arnOf('facts')]),
  ...lambda('work', { TABLE: { Ref: 'things' } }),
  ...mapping('work', arnOf('facts'), { BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] }),
  ...role(
    'tell',
    ['events:PutEvents', arnOf('bus')],
    ['sqs:SendMessage', arnOf('dead')],
    [
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      arnOf('things', 'StreamArn'),
    ],
  ),
  ...lambda('tell', { BUS_NAME: { Ref: 'bus' } }),
  ...mapping('tell', arnOf('things', 'StreamArn'), {
    BatchSize: 25,
    StartingPosition: 'TRIM_HORIZON',
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: 1,
    DestinationConfig: { OnFailure: { Destination: arnOf('dead') } },
  }),
  ...role('send', [consuming, arnOf('outbound')]),
  ...lambda('send', { CONNECTOR_ID: 'sms' }),
  ...mapping('send', arnOf('outbound'), { BatchSize: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] }),
  ...role('schedule', ['sqs:SendMessage', arnOf('facts')]),
  nightly: {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: 'nightly',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ScheduleExpression: 'cron(30 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      Target: {
        Arn: arnOf('facts'),
        RoleArn: arnOf('scheduleRole'),
        Input: '{"id":"<aws.scheduler.scheduled-time>"}',
        SqsParameters: { MessageGroupId: 'nightly' },
      },
    },
  },
};

/** Writes the shop's assembly; `alter` changes the template before. */
export function writeShop(directory: string, alter: (resources: Resources) => void = () => {}): string {
  const assembly = path.join(directory, 'assembly');
  const changed = structuredClone(resources);
  alter(changed);
  writeAssembly(assembly, { shop: { Resources: changed } });
  const asset = path.join(assembly, 'asset.abc');
  mkdirSync(asset, { recursive: true });
  writeFileSync(path.join(asset, 'index.js'), bundle);
  const program = {
    name: 'Club',
    currency: 'EUR',
    timeZone: 'Europe/Berlin',
    tiers: [{ id: 'guest' }],
    rules: [],
    rewards: [],
  };
  const connectors = [{ id: 'shopify', settings: { shop: 'small.myshopify.com' } }];
  writeFileSync(path.join(asset, 'merchant.json'), JSON.stringify({ id: 'shop', name: 'Shop', program, connectors }));
  return assembly;
}
