import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { FaultKind, Faults } from '../faults.ts';
import { AccessDenied, type Request, readRoles } from '../roles.ts';
import type { Assembly } from '../template.ts';
import { openDynamoDb } from './dynamodb.ts';
import { ConnectionLost, type LentDatabase } from './dynamodb-process.ts';
import { openEvents, type Undelivered } from './events.ts';
import { AwsError, accessKeyOf, errorReply, type Reply, type Service } from './protocol.ts';
import { openScheduler, type Scheduler } from './scheduler.ts';
import { openSecrets } from './secrets.ts';
import { openSqs, type QueueState } from './sqs.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One call to AWS, as it went. */
export interface AwsCall {
  readonly at: string;
  /** The function's physical name; of what the bus could not deliver, the rule. */
  readonly function: string;
  readonly service: string;
  readonly operation: string;
  /** The first ARN it touches. */
  readonly resource: string;
  /** All of them. */
  readonly resources: readonly string[];
  /** `ok`, `fault:<kind>`, or the error's code, such as `AccessDeniedException`. */
  readonly outcome: string;
  /** What went wrong, in words. */
  readonly message?: string;
  readonly tookMs: number;
}

/** A process of a function, that a fault is to end. */
export interface Victim {
  readonly function: string;
  readonly process?: string;
}

export interface AwsFront {
  readonly endpoint: string;
  /** May do everything: the CLI, tests, set-up. Never hit by a fault, not counted, not told to subscribers. */
  readonly operator: Credentials;
  /** Held to the function's role. `process` tells one process of a function from another, for `kill`. */
  credentialsFor(functionName: string, process?: string): Credentials;
  /** For what AWS does in the function's name (polling its queue or stream): held to its role, else as the operator. */
  pollerCredentialsFor(functionName: string): Credentials;
  queues(): Promise<QueueState[]>;
  /** Moves the messages of a dead-letter queue back to where they came from, and says how many. */
  redrive(queueName: string): Promise<number>;
  /** Calls from functions that are being answered. */
  inFlight(): number;
  /** Every call from a function. Returns how to stop. */
  subscribe(listener: (call: AwsCall) => void): () => void;
  /** A `kill` fault has hit this process: end it with SIGKILL. Waited for. */
  onKill(listener: (victim: Victim) => void | Promise<void>): void;
  readonly scheduler: Pick<Scheduler, 'list' | 'onChange'>;
  /** Kills DynamoDB Local with SIGKILL and starts it again on the same data. */
  restartDynamoDb(): Promise<void>;
  /** Of DynamoDB Local's Java, for those who measure or kill it themselves. */
  dynamoDbPid(): number | undefined;
  stop(): Promise<void>;
}

export interface AwsOptions {
  readonly assembly: Assembly;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly faults: Faults;
  /** 0 takes any that is free. Since the assembly's URLs hold the port, it is better to know it beforehand. */
  readonly port: number;
  /** Absent: a database of its own, which keeps what it has. */
  readonly lent?: LentDatabase | undefined;
}

/** Who calls. */
interface Caller {
  readonly kind: 'operator' | 'function' | 'poller';
  readonly function: string;
  readonly process?: string;
}

/** How a call is answered: with a reply, or with a connection that breaks. */
type Outcome = Reply | 'broken';

const operatorKey = 'operator';
/** Secret keys sign, and signatures are not checked: nothing that is secret stands behind them. */
const credentials = (accessKeyId: string): Credentials => ({ accessKeyId, secretAccessKey: 'local' });
/** A caller who has set no time-out of its own must not hang for ever. */
const longestHangMs = 120_000;

export async function startAws(options: AwsOptions): Promise<AwsFront> {
  const { assembly, clock, faults, dataDirectory, lent } = options;
  const roles = readRoles(assembly);
  const functions = new Set(assembly.ofType('AWS::Lambda::Function').map(({ physicalId }) => physicalId));
  const subscribers = new Set<(call: AwsCall) => void>();
  const killers: ((victim: Victim) => void | Promise<void>)[] = [];
  const tell = (call: AwsCall) => {
    for (const subscriber of subscribers) subscriber(call);
  };
  const onUndelivered = ({ rule, queueArn, because, parked }: Undelivered) =>
    tell({
      at: clock.now().toISOString(),
      function: rule,
      service: 'sqs',
      operation: 'SendMessage',
      resource: queueArn,
      resources: [queueArn],
      outcome: because instanceof AwsError ? shortCode(because.code) : because.name,
      message: `${because.message}${parked ? '' : ' (lost)'}`,
      tookMs: 0,
    });

  const sqs = openSqs({ assembly, dataDirectory, clock });
  const scheduler = openScheduler({ assembly, dataDirectory, clock });
  const events = openEvents({ assembly, roles, sqs, clock, onUndelivered });
  const secrets = openSecrets({ assembly, dataDirectory, clock });
  const dynamoDb = await openDynamoDb({ assembly, dataDirectory, clock, lent });
  const services = new Map<string, Service>([
    ['dynamodb', dynamoDb],
    ['sqs', sqs],
    ['events', events],
    ['scheduler', scheduler],
    ['secretsmanager', secrets],
  ]);
  let inFlight = 0;

  const perform = async (call: Call): Promise<Outcome> => {
    const { caller, service, operation, input, body, signal } = call;
    const answer = () => service.answer({ operation, input, body, signal });
    if (caller.kind === 'operator') return answer();
    for (const need of call.needs()) roles.checkFunction(caller.function, need);
    if (caller.kind === 'poller') return answer();
    const fault = faults.take({ function: caller.function, service: call.serviceName, operation });
    if (fault === undefined) return answer();
    call.fault = fault;
    const { kind: _, ...victim } = caller;
    return suffer(fault, { call, answer, kill: () => Promise.all(killers.map((killer) => killer(victim))) });
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const started = performance.now();
    let call: Call | undefined;
    let outcome: Outcome;
    let failure: AwsError | undefined;
    try {
      call = identify({ request, body, services, functions, signal: gone.signal });
      if (call.caller.kind === 'function') inFlight += 1;
      outcome = await perform(call);
    } catch (error) {
      if (error instanceof ConnectionLost) outcome = 'broken';
      else {
        failure = asAwsError(error);
        outcome = errorReply(failure);
      }
    }
    if (call?.caller.kind === 'function') {
      inFlight -= 1;
      tell({
        at: clock.now().toISOString(),
        function: call.caller.function,
        service: call.serviceName,
        operation: call.operation,
        resource: call.resources()[0] ?? '*',
        resources: call.resources(),
        outcome: call.fault === undefined ? outcomeOf(outcome, failure) : `fault:${call.fault}`,
        message: failure?.message,
        tookMs: performance.now() - started,
      });
    }
    if (outcome === 'broken') {
      request.socket.destroy();
      return;
    }
    response.writeHead(outcome.status, {
      ...outcome.headers,
      'content-length': Buffer.byteLength(outcome.body),
      // The local cloud's time, so that the SDK does not think that the caller's clock is wrong.
      date: clock.now().toUTCString(),
    });
    response.end(outcome.body);
  };

  const server = createServer((request, response) => {
    // What arrives here is a connection that ended early, or a bug: either way there is nobody to answer.
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operator: credentials(operatorKey),
    credentialsFor: (functionName, process) => credentials(['function', functionName, process ?? ''].join('!')),
    pollerCredentialsFor: (functionName) => credentials(['poller', functionName].join('!')),
    queues: async () => sqs.states(),
    redrive: async (queueName) => sqs.redrive(queueName),
    inFlight: () => inFlight,
    subscribe(listener) {
      subscribers.add(listener);
      return () => void subscribers.delete(listener);
    },
    onKill: (listener) => void killers.push(listener),
    scheduler,
    restartDynamoDb: () => dynamoDb.restart(),
    dynamoDbPid: () => dynamoDb.pid(),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, dynamoDb.stop()]);
      sqs.stop();
    },
  };
}

/** A call whose caller, service and operation are known. */
interface Call {
  readonly caller: Caller;
  readonly service: Service;
  readonly serviceName: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  needs(): readonly Request[];
  resources(): readonly string[];
  fault?: FaultKind;
}

function identify(options: {
  request: IncomingMessage;
  body: Buffer;
  services: ReadonlyMap<string, Service>;
  functions: ReadonlySet<string>;
  signal: AbortSignal;
}): Call {
  const { request, body, services, functions, signal } = options;
  const scope = accessKeyOf(request.headers.authorization);
  if (scope === undefined)
    throw new AwsError('MissingAuthenticationTokenException', 'The request is not signed with SigV4.', { status: 403 });
  const caller = callerOf(scope.accessKeyId, functions);
  const url = new URL(request.url ?? '/', 'http://local');
  const service = services.get(scope.service);
  if (service === undefined)
    throw new AwsError('UnknownOperationException', `${scope.service} is not known to the local cloud`);
  const operation = service.operationOf({ method: request.method ?? 'GET', url, headers: request.headers });
  if (operation === undefined) {
    const asked = request.headers['x-amz-target'] ?? `${request.method} ${url.pathname}`;
    throw new AwsError('UnknownOperationException', `${scope.service} ${asked} is not known to the local cloud`);
  }
  const parsed = parseBody(body);
  const input = service.inputOf?.(url, parsed) ?? parsed;
  let needs: readonly Request[] | undefined;
  const needed = () => {
    needs ??= service.needs(operation, input);
    return needs;
  };
  return {
    caller,
    service,
    serviceName: scope.service,
    operation,
    input,
    body,
    signal,
    needs: needed,
    // Already known, unless finding it was what failed.
    resources: () => (needs ?? []).map(({ resource }) => resource),
  };
}

function callerOf(accessKeyId: string, functions: ReadonlySet<string>): Caller {
  const [kind, name = '', process] = accessKeyId.split('!');
  if (kind === operatorKey) return { kind, function: '' };
  if ((kind === 'function' || kind === 'poller') && functions.has(name)) {
    return { kind, function: name, ...(process && { process }) };
  }
  throw new AwsError('UnrecognizedClientException', `The security token ${accessKeyId} is of nobody here.`, {
    status: 403,
  });
}

/** What a fault does to a call. */
async function suffer(
  fault: FaultKind,
  { call, answer, kill }: { call: Call; answer: () => Promise<Reply>; kill: () => Promise<unknown> },
): Promise<Outcome> {
  switch (fault) {
    case 'conflict':
      return errorReply(conflict(call));
    case 'throttle': {
      const code = call.serviceName === 'dynamodb' ? 'ProvisionedThroughputExceededException' : 'ThrottlingException';
      return errorReply(new AwsError(code, 'Rate exceeded (injected)'));
    }
    case 'error':
      return errorReply(new AwsError('InternalServerError', 'Internal server error (injected)', { status: 500 }));
    case 'timeout':
      await hang(call.signal);
      return 'broken';
    case 'lost-reply':
      await answer();
      return 'broken';
    case 'kill':
      await kill();
      return 'broken';
    case 'kill-after':
      await answer();
      await kill();
      return 'broken';
  }
}

function conflict({ operation, input }: Call): AwsError {
  const message = 'Transaction is ongoing for the item';
  const namespace = 'com.amazonaws.dynamodb.v20120810#';
  if (operation !== 'TransactWriteItems') return new AwsError(`${namespace}TransactionConflictException`, message);
  // The first item is the one that somebody else has.
  const reasons = ((input.TransactItems ?? []) as unknown[]).map((_, index) =>
    index === 0 ? { Code: 'TransactionConflict', Message: message } : { Code: 'None' },
  );
  return new AwsError(
    `${namespace}TransactionCanceledException`,
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    { more: { CancellationReasons: reasons } },
  );
}

const hang = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, longestHangMs);
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (error instanceof AccessDenied) return new AwsError('AccessDeniedException', error.message);
  return new AwsError('InternalFailure', error instanceof Error ? (error.stack ?? error.message) : String(error), {
    status: 500,
  });
}

const shortCode = (code: string): string => code.replace(/^.*#/, '');

function outcomeOf(outcome: Outcome, failure: AwsError | undefined): string {
  if (failure !== undefined) return shortCode(failure.code);
  if (outcome === 'broken') return 'ConnectionLost';
  if (outcome.status < 400) return 'ok';
  // The error came through from DynamoDB Local.
  const code = /"__type"\s*:\s*"([^"]+)"/.exec(outcome.body.toString())?.[1];
  return shortCode(code ?? String(outcome.status));
}

function parseBody(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new AwsError('SerializationException', 'The body is not JSON.');
  }
}

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('the caller has gone')));
  });
}
