import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyStructuredResultV2, Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { openApiKeys } from '../../lib/runtime/api-keys.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, type MerchantInput } from '../../merchants/merchant.ts';
import { startDynamoDb, type Tables } from '../dynamodb.ts';

/**
 * A merchant's surroundings as a function sees them: its file, its environment, DynamoDB Local, and a recorder that
 * answers as SQS, EventBridge and Secrets Manager do. Functions are imported after this is up, and called as Lambda does.
 */
export interface World {
  readonly client: DynamoDBClient;
  readonly tables: Tables;
  readonly keys: { readonly pos: string; readonly staff: string; readonly admin: string };
  readonly merchant: DeployedMerchant;
  /** What SQS was sent, by queue. */
  sent(queue: Queue): SentMessage[];
  /** What the bus was told. */
  published(): { readonly source: string; readonly type: string; readonly detail: Record<string, unknown> }[];
  /** What Scheduler was asked, in order: `POST schedule <name> at(…)`, `DELETE schedule <name>`. */
  schedules(): string[];
  visibilityChanges(): { readonly receipt: string; readonly seconds: number }[];
  /** Forgets what was sent and published. */
  forget(): void;
  /** The next calls of this operation fail with this status, or some of their entries do. */
  fail(operation: string, times: number, how?: 'error' | 'entries'): void;
  setSecret(value: unknown): void;
  /** Every row of a table. */
  rows(table: keyof Tables): Promise<Record<string, unknown>[]>;
  /** As items, the way a stream carries them. */
  images(table: keyof Tables): Promise<Record<string, AttributeValue>[]>;
  stop(): Promise<void>;
}

export type Queue =
  | 'facts.fifo'
  | 'facts-parked.fifo'
  | 'sweeps'
  | 'audit'
  | 'intake-parked'
  | 'outbound'
  | 'outbound-parked'
  | 'tending'
  | 'plan'
  | 'test-twilio-sms-outbound';

export interface SentMessage {
  readonly body: string;
  readonly group: string | undefined;
  readonly deduplication: string | undefined;
  readonly reason: string | undefined;
  readonly delaySeconds: number | undefined;
}

export async function startWorld(change: (merchant: MerchantInput) => MerchantInput = (same) => same): Promise<World> {
  const dynamo = await startDynamoDb();
  const tables = await dynamo.createTables();
  const recorder = await startRecorder();
  const directory = mkdtempSync(join(tmpdir(), 'stampbook-'));
  const merchant: DeployedMerchant = { ...checkMerchant(change(artCafe), 'the test'), version: 'test00000000' };
  writeFileSync(join(directory, 'merchant.json'), JSON.stringify(merchant));
  const queue = (name: Queue) => `${recorder.endpoint}/000000000000/${name}`;
  Object.assign(process.env, {
    LAMBDA_TASK_ROOT: directory,
    MERCHANT_ID: merchant.id,
    POWERTOOLS_SERVICE_NAME: 'test',
    POWERTOOLS_METRICS_NAMESPACE: 'Stampbook',
    POWERTOOLS_LOG_LEVEL: 'INFO',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: dynamo.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: dynamo.credentials.secretAccessKey,
    AWS_ENDPOINT_URL: recorder.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint,
    TABLE_ACCOUNTS: tables.accounts,
    TABLE_ENTRIES: tables.entries,
    TABLE_MEMBERS: tables.members,
    TABLE_PROGRAM: tables.program,
    TABLE_REPORTS: tables.reports,
    QUEUE_FACTS_URL: queue('facts.fifo'),
    QUEUE_FACTS_PARKED_URL: queue('facts-parked.fifo'),
    QUEUE_SWEEPS_URL: queue('sweeps'),
    QUEUE_AUDIT_URL: queue('audit'),
    QUEUE_TENDING_URL: queue('tending'),
    QUEUE_PLAN_URL: queue('plan'),
    QUEUE_PREFIX: 'test-',
    QUEUE_INTAKE_PARKED_URL: queue('intake-parked'),
    QUEUE_URL: queue('outbound'),
    QUEUE_PARKED_URL: queue('outbound-parked'),
    SCHEDULE_GROUP: 'test',
    SCHEDULER_ROLE_ARN: 'arn:aws:iam::000000000000:role/scheduler',
    SCHEDULED_QUEUE_ARN: 'arn:aws:sqs:eu-central-1:000000000000:sweeps',
    SCHEDULED_PARKED_ARN: 'arn:aws:sqs:eu-central-1:000000000000:sweeps-parked',
    BUS_NAME: 'events',
    SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:000000000000:secret:test',
  });
  const keys = openApiKeys({ client: dynamo.client, table: tables.program });
  const key = async (scope: 'pos' | 'staff' | 'admin') => (await keys.create({ scope, name: `the ${scope} key` })).key;
  const images = async (table: keyof Tables) =>
    (await dynamo.client.send(new ScanCommand({ TableName: tables[table], ConsistentRead: true }))).Items ?? [];
  return {
    ...recorder,
    client: dynamo.client,
    tables,
    merchant,
    keys: { pos: await key('pos'), staff: await key('staff'), admin: await key('admin') },
    images,
    rows: async (table) => (await images(table)).map((item) => unmarshall(item)),
    async stop() {
      await Promise.all([dynamo.stop(), recorder.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Recorder = Pick<
  World,
  'sent' | 'published' | 'schedules' | 'visibilityChanges' | 'forget' | 'fail' | 'setSecret'
> & {
  endpoint: string;
  stop(): Promise<void>;
};

async function startRecorder(): Promise<Recorder> {
  let calls: { operation: string; input: Record<string, unknown> }[] = [];
  const failures: { operation: string; how: 'error' | 'entries' }[] = [];
  let secret: unknown = { unset: true };
  const md5 = (text: string) => createHash('md5').update(text).digest('hex');

  function answer(operation: string, input: Record<string, unknown>, how: 'error' | 'entries' | undefined): object {
    switch (operation) {
      case 'SendMessage':
        return { MessageId: 'm', MD5OfMessageBody: md5(String(input.MessageBody)) };
      case 'GetQueueUrl':
        return { QueueUrl: `${endpoint}/000000000000/${input.QueueName}` };
      case 'SendMessageBatch': {
        const entries = input.Entries as { Id: string; MessageBody: string }[];
        if (how === 'entries') return { Failed: [{ Id: entries[0]?.Id, Code: 'InternalError', SenderFault: false }] };
        return {
          Successful: entries.map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody) })),
        };
      }
      case 'PutEvents': {
        const entries = input.Entries as object[];
        const failed = how === 'entries' ? 1 : 0;
        return {
          FailedEntryCount: failed,
          Entries: entries.map((_, index) => (index < failed ? { ErrorCode: 'InternalFailure' } : { EventId: 'e' })),
        };
      }
      case 'GetSecretValue':
        return { ARN: input.SecretId, Name: 'test', SecretString: JSON.stringify(secret) };
      default:
        return {};
    }
  }

  const server = createServer(async (request, response) => {
    const target = request.headers['x-amz-target'];
    const schedule = /^\/schedules\/([^?]+)/.exec(request.url ?? '')?.[1];
    const operation = schedule === undefined ? (String(target).split('.').at(-1) ?? '') : `${request.method} schedule`;
    const body = JSON.parse(await textOf(request)) as Record<string, unknown>;
    const input = schedule === undefined ? body : { ...body, Name: schedule };
    // The SDK would compare it with the tests' clock, and try again under a corrected one.
    response.sendDate = false;
    const index = failures.findIndex((failure) => failure.operation === operation);
    const [failure] = index === -1 ? [] : failures.splice(index, 1);
    if (failure?.how === 'error') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', connection: 'close' });
      response.end(JSON.stringify({ __type: 'com.amazon#AccessDeniedException', message: 'not now' }));
      return;
    }
    const entries = input.Entries as unknown[] | undefined;
    // A call whose first entry is refused has still taken the others.
    calls.push({ operation, input: failure && entries ? { ...input, Entries: entries.slice(1) } : input });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer(operation, input, failure?.how)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

  const inputs = (operation: string) => calls.filter((call) => call.operation === operation).map(({ input }) => input);
  return {
    endpoint,
    sent: (queue) =>
      calls
        .filter(({ input }) => String(input.QueueUrl).endsWith(`/${queue}`))
        .filter(({ operation }) => operation.startsWith('SendMessage'))
        .flatMap(({ input }) => (input.Entries as Record<string, unknown>[] | undefined) ?? [input])
        .map((message) => ({
          body: String(message.MessageBody),
          group: message.MessageGroupId as string | undefined,
          deduplication: message.MessageDeduplicationId as string | undefined,
          reason: (message.MessageAttributes as { reason?: { StringValue?: string } } | undefined)?.reason?.StringValue,
          delaySeconds: message.DelaySeconds as number | undefined,
        })),
    published: () =>
      inputs('PutEvents')
        .flatMap((input) => input.Entries as { Source: string; DetailType: string; Detail: string }[])
        .map(({ Source, DetailType, Detail }) => ({
          source: Source,
          type: DetailType,
          detail: JSON.parse(Detail) as Record<string, unknown>,
        })),
    schedules: () =>
      calls
        .filter(({ operation }) => operation.endsWith(' schedule'))
        .map(({ operation, input }) => `${operation} ${input.Name} ${input.ScheduleExpression ?? ''}`.trim()),
    visibilityChanges: () =>
      inputs('ChangeMessageVisibility').map((input) => ({
        receipt: String(input.ReceiptHandle),
        seconds: Number(input.VisibilityTimeout),
      })),
    forget: () => {
      calls = [];
    },
    fail: (operation, times, how = 'error') => {
      for (let index = 0; index < times; index += 1) failures.push({ operation, how });
    },
    setSecret: (value) => {
      secret = value;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString() || '{}';
}

/** What Lambda tells a function about the invocation. */
export const context = {
  awsRequestId: 'request',
  functionName: 'test',
  getRemainingTimeInMillis: () => 60_000,
} as unknown as Context;

type HttpHandler = (event: never, context: Context) => Promise<unknown>;

export interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, string>;
}

/** Calls a handler as API Gateway does: `call(handler, 'POST /v1/sales/{orderId}/refunds', { path: { orderId } })`. */
export async function call(
  handler: HttpHandler,
  routeKey: string,
  request: {
    readonly key?: string | undefined;
    readonly path?: Record<string, string>;
    readonly query?: Record<string, string>;
    readonly body?: unknown;
    readonly raw?: string;
    readonly headers?: Record<string, string>;
    readonly base64?: boolean;
  } = {},
): Promise<Said> {
  const [method = '', path = ''] = routeKey.split(' ');
  const query = new URLSearchParams(request.query).toString();
  const body = request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
  const event = {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    headers: {
      'content-type': 'application/json',
      ...(request.key && { authorization: `Bearer ${request.key}` }),
      ...request.headers,
    },
    ...(query && { queryStringParameters: request.query }),
    ...(request.path && { pathParameters: request.path }),
    ...(body !== undefined && { body: request.base64 ? Buffer.from(body).toString('base64') : body }),
    isBase64Encoded: request.base64 ?? false,
    requestContext: { requestId: 'request-1', http: { method, path, sourceIp: '192.0.2.1' }, stage: '$default' },
  };
  const result = (await handler(event as never, context)) as APIGatewayProxyStructuredResultV2;
  return {
    status: result.statusCode ?? 0,
    body: bodyOf(result),
    headers: result.headers as Record<string, string>,
  };
}

/** A table is text. */
function bodyOf({ body, headers }: APIGatewayProxyStructuredResultV2): Record<string, unknown> {
  if (!body) return {};
  const isText = String(headers?.['content-type']).startsWith('text/');
  return isText ? { text: body } : (JSON.parse(body) as Record<string, unknown>);
}

/** Hands messages to a worker as an event source mapping does; tells which of them failed. */
export async function deliver(
  handler: HttpHandler,
  messages: readonly {
    readonly body: unknown;
    readonly id?: string;
    readonly group?: string;
    readonly attempt?: number;
    readonly sentAt?: number;
  }[],
): Promise<string[]> {
  const event: SQSEvent = {
    Records: messages.map(({ body, id, group, attempt = 1, sentAt = Date.now() }, index) => ({
      messageId: id ?? `message-${index}`,
      receiptHandle: `receipt-${id ?? index}`,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      attributes: {
        ApproximateReceiveCount: String(attempt),
        SentTimestamp: String(sentAt),
        SenderId: 'test',
        ApproximateFirstReceiveTimestamp: '0',
        ...(group !== undefined && { MessageGroupId: group }),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:000000000000:test',
      awsRegion: 'eu-central-1',
    })),
  };
  const { batchItemFailures } = (await handler(event as never, context)) as SQSBatchResponse;
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}
