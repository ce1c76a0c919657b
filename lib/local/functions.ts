import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Credentials } from './aws/front.ts';
import type { Clock } from './clock.ts';
import type { Invoke, Said } from './lambda-runtime.ts';
import type { Assembly, Resource } from './template.ts';

/** What became of an invocation, as Lambda tells those who invoke. */
export type Invocation =
  | { readonly kind: 'answered'; readonly requestId: string; readonly payload: unknown }
  | {
      readonly kind: 'failed';
      readonly requestId: string;
      /** `Unhandled` in Lambda's own words: the handler threw, crashed, or ran out of time. */
      readonly errorType: string;
      readonly errorMessage: string;
      readonly stack?: readonly string[];
    };

export interface FunctionState {
  /** Physical name. */
  readonly name: string;
  /** The same without the stage's name: `sales`, `receive-shopify`. */
  readonly service: string;
  readonly invocations: number;
  readonly errors: number;
  readonly coldStarts: number;
  readonly running: number;
  readonly waiting: number;
  readonly processes: readonly number[];
  readonly lastDurationMs?: number;
  readonly lastError?: string;
  readonly lastAt?: string;
  readonly peakMemoryMb: number;
}

/** The sum of a metric's values since the start, from what the functions print in CloudWatch's embedded format. */
export interface MetricSum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly sum: number;
  readonly count: number;
}

/** The end of an invocation, for those who watch. */
export interface InvocationEnd {
  readonly at: string;
  readonly name: string;
  readonly service: string;
  readonly requestId: string;
  readonly durationMs: number;
  readonly coldStart: boolean;
  readonly outcome: 'ok' | 'error';
  readonly error?: string;
}

export interface Functions {
  /** Waits for a free process, however long; the time-out counts from when the handler starts. */
  invoke(functionArn: string, event: unknown, options?: { traceId?: string }): Promise<Invocation>;
  /** Starts a process ahead of need. */
  warm(functionArn: string): Promise<void>;
  states(): readonly FunctionState[];
  metrics(): readonly MetricSum[];
  /** Invocations that run or wait. */
  inFlight(): number;
  subscribe(listener: (end: InvocationEnd) => void): () => void;
  /** SIGKILL, as a host that fails: of one process, or of all that the function has. Says how many, once they are gone. */
  kill(functionName: string, process?: string): Promise<number>;
  stop(): Promise<void>;
}

export interface FunctionsOptions {
  readonly assembly: Assembly;
  readonly dataDirectory: string;
  /** Where Node keeps what it has compiled. */
  readonly compileCache: string;
  readonly clock: Clock;
  readonly awsEndpoint: string;
  readonly region: string;
  credentialsFor(functionName: string, process: string): Credentials;
  vendorGatewayFor(connectorId: string): string;
  /** Processes of one function; a hot one gets more, up to this. */
  readonly perFunction?: number;
  /** Processes of all functions together: each is some 70 MB. */
  readonly processes?: number;
  /** A process that nobody needed for so long is ended. */
  readonly idleSeconds?: number;
}

/** Lambda gives ten seconds; a laptop that is busy with a build gets some more. */
const INIT_TIMEOUT_MS = 30_000;
/** A function that answers in less needs no second process: a start takes a core as long, and machines have few. */
const PATIENCE_MS = 400;
/** Idle for so long, a process may make room for another function’s second one. */
const SETTLED_MS = 3_000;
const RUNTIME = fileURLToPath(new URL('./lambda-runtime.ts', import.meta.url));

interface Definition {
  readonly name: string;
  readonly service: string;
  readonly arn: string;
  readonly directory: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly bound: number;
}

interface Running {
  readonly requestId: string;
  readonly startedAt: number;
  readonly coldStart: boolean;
  readonly timer: NodeJS.Timeout;
  settle(invocation: Invocation): void;
}

interface Process {
  readonly id: string;
  readonly pool: Pool;
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
  /** `ended`: on its way out, and nobody's any more. */
  state: 'starting' | 'idle' | 'busy' | 'ended';
  idleSince: number;
  used: boolean;
  running: Running | undefined;
}

/** A function, its processes and what is known of it. */
interface Pool {
  readonly definition: Definition;
  readonly log: WriteStream;
  readonly processes: Set<Process>;
  invocations: number;
  errors: number;
  coldStarts: number;
  peakMemoryMb: number;
  lastDurationMs?: number;
  lastError?: string;
  lastAt?: string;
}

interface Waiter {
  readonly pool: Pool;
  readonly since: number;
  take(free: Process): void;
  refuse(cause: Error): void;
}

function define(resource: Resource, stage: string, perFunction: number): Definition {
  const properties = resource.properties as {
    Code?: { directory?: string };
    Handler?: string;
    Timeout?: number;
    MemorySize?: number;
    ReservedConcurrentExecutions?: number;
    Environment?: { Variables?: Record<string, string> };
  };
  const environment = properties.Environment?.Variables ?? {};
  if (!properties.Code?.directory) throw new Error(`${resource.logicalId} has no bundle in the assembly`);
  return {
    name: resource.physicalId,
    service: resource.physicalId.startsWith(`${stage}-`)
      ? resource.physicalId.slice(stage.length + 1)
      : resource.physicalId,
    arn: resource.arn,
    directory: properties.Code.directory,
    handler: properties.Handler ?? 'index.handler',
    memoryMb: properties.MemorySize ?? 128,
    timeoutMs: (properties.Timeout ?? 3) * 1000,
    environment,
    bound: Math.max(1, Math.min(perFunction, properties.ReservedConcurrentExecutions ?? perFunction)),
  };
}

/** Runs the bundles of the template, each in processes of its own, with the environment and the life Lambda gives. */
export function startFunctions(options: FunctionsOptions): Functions {
  const perFunction = options.perFunction ?? 4;
  const limit = options.processes ?? 10;
  const idleMs = (options.idleSeconds ?? 60) * 1000;
  const logs = path.join(options.dataDirectory, 'logs');
  mkdirSync(logs, { recursive: true });

  const pools = new Map<string, Pool>();
  for (const resource of options.assembly.ofType('AWS::Lambda::Function')) {
    const definition = define(resource, options.assembly.stage, perFunction);
    pools.set(definition.arn, {
      definition,
      log: createWriteStream(path.join(logs, `${definition.service}.log`), { flags: 'a' }),
      processes: new Set(),
      invocations: 0,
      errors: 0,
      coldStarts: 0,
      peakMemoryMb: 0,
    });
  }

  const waiters: Waiter[] = [];
  const listeners = new Set<(end: InvocationEnd) => void>();
  const metrics = new Map<string, { -readonly [K in keyof MetricSum]: MetricSum[K] }>();
  let stopping = false;
  let scaling: NodeJS.Timeout | undefined;

  const everyProcess = () => [...pools.values()].flatMap((pool) => [...pool.processes]);

  function start(pool: Pool): void {
    const { definition } = pool;
    const id = randomBytes(4).toString('hex');
    const child = fork(RUNTIME, [], {
      cwd: definition.directory,
      execPath: process.execPath,
      execArgv: ['--no-warnings', '--max-semi-space-size=4', `--max-old-space-size=${definition.memoryMb}`],
      env: environmentOf(definition, options, id),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const one: Process = {
      id,
      pool,
      child,
      gone: new Promise((resolve) => child.once('close', () => resolve())),
      state: 'starting',
      idleSince: 0,
      used: false,
      running: undefined,
    };
    pool.processes.add(one);
    pool.coldStarts += 1;
    const initTimer = setTimeout(() => {
      refuse(one, 'Sandbox.Timedout', `not loaded after ${INIT_TIMEOUT_MS} ms`);
      end(one);
    }, INIT_TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => printed(pool, line));
    }
    child.on('message', (said: Said) => {
      switch (said.kind) {
        case 'ready':
          clearTimeout(initTimer);
          release(one);
          break;
        case 'unloadable':
          refuse(one, said.errorType, said.errorMessage);
          pool.log.write(`${said.stack.join('\n')}\n`);
          end(one);
          break;
        default:
          pool.peakMemoryMb = Math.max(pool.peakMemoryMb, said.memoryMb);
          if (one.running?.requestId === said.requestId) settle(one, said);
      }
    });
    child.on('error', (cause) => pool.log.write(`${cause.message}\n`));
    child.once('exit', (code, signal) => {
      clearTimeout(initTimer);
      const how = `Runtime exited with error: ${signal ? `signal: ${signal}` : `exit status ${code}`}`;
      if (one.state === 'starting') refuse(one, 'Runtime.ExitError', how);
      end(one);
      settle(one, { kind: 'failed', errorType: 'Runtime.ExitError', errorMessage: how });
    });
  }

  /** The process could not be made ready: that is the answer to who has waited longest, as a failed init is in Lambda. */
  function refuse(one: Process, errorType: string, errorMessage: string): void {
    one.pool.log.write(`INIT_REPORT Status: error ${errorType}: ${errorMessage}\n`);
    const at = waiters.findIndex((waiter) => waiter.pool === one.pool);
    const [waiter] = at < 0 ? [] : waiters.splice(at, 1);
    waiter?.refuse(Object.assign(new Error(errorMessage), { name: errorType }));
  }

  function release(one: Process): void {
    if (one.state === 'ended') return;
    one.state = 'idle';
    one.idleSince = Date.now();
    serveWaiters();
    if (one.state === 'idle' && everyProcess().length > limit) end(one);
  }

  function drop(one: Process): void {
    one.state = 'ended';
    one.pool.processes.delete(one);
    one.child.kill('SIGKILL');
  }

  function end(one: Process): void {
    if (one.state === 'ended') return;
    drop(one);
    serveWaiters();
  }

  /** First come, first served, over all functions. */
  function serveWaiters(): void {
    clearTimeout(scaling);
    if (stopping) return;
    const now = performance.now();
    let lookAgainIn = Number.POSITIVE_INFINITY;
    for (const waiter of [...waiters]) {
      const { pool } = waiter;
      const free = [...pool.processes].find((one) => one.state === 'idle');
      if (free) {
        free.state = 'busy';
        waiters.splice(waiters.indexOf(waiter), 1);
        waiter.take(free);
        continue;
      }
      const isStarting = [...pool.processes].some((one) => one.state === 'starting');
      if (isStarting || pool.processes.size >= pool.definition.bound) continue;
      const patience = pool.processes.size === 0 ? 0 : waiter.since + PATIENCE_MS - now;
      if (patience > 0) lookAgainIn = Math.min(lookAgainIn, patience);
      else if (makeRoom(pool)) start(pool);
    }
    if (Number.isFinite(lookAgainIn)) scaling = setTimeout(serveWaiters, lookAgainIn);
  }

  function makeRoom(pool: Pool): boolean {
    const all = everyProcess();
    if (all.length < limit) return true;
    const isFirst = pool.processes.size === 0;
    // One that had work a moment ago will have some again: two busy functions must not end each other's all the time.
    const idleBefore = Date.now() - (isFirst ? 0 : SETTLED_MS);
    const idle = all.filter((one) => one.state === 'idle' && one.idleSince <= idleBefore);
    const [oldest] = idle.toSorted((a, b) => a.idleSince - b.idleSince);
    // With all of them at work, a function that has none still gets one: a hot one must not starve it.
    if (!oldest) return isFirst;
    drop(oldest);
    return true;
  }

  const acquire = (pool: Pool): Promise<Process> =>
    new Promise((resolve, reject) => {
      if (stopping) return reject(new Error('the local cloud is stopping'));
      waiters.push({ pool, since: performance.now(), take: resolve, refuse: reject });
      serveWaiters();
    });

  function printed(pool: Pool, line: string): void {
    pool.log.write(`${line}\n`);
    if (!line.startsWith('{') || !line.includes('"CloudWatchMetrics"')) return;
    for (const metric of readMetrics(line)) {
      const key = JSON.stringify([metric.namespace, metric.name, metric.dimensions]);
      const known = metrics.get(key);
      if (known) {
        known.sum += metric.sum;
        known.count += metric.count;
      } else {
        metrics.set(key, metric);
      }
    }
  }

  type Ending =
    | { kind: 'answer'; payload: unknown }
    | { kind: 'failed'; errorType: string; errorMessage: string; stack?: string[] };

  function settle(one: Process, ending: Ending): void {
    const { running, pool } = one;
    if (!running) return;
    one.running = undefined;
    clearTimeout(running.timer);
    const { requestId } = running;
    const durationMs = Math.round((performance.now() - running.startedAt) * 10) / 10;
    pool.lastDurationMs = durationMs;
    pool.lastAt = options.clock.now().toISOString();
    const failure = ending.kind === 'failed' ? ending : undefined;
    if (failure) {
      pool.errors += 1;
      pool.lastError = `${failure.errorType}: ${failure.errorMessage}`;
      pool.log.write(`ERROR RequestId: ${requestId} ${pool.lastError}\n${failure.stack?.join('\n') ?? ''}\n`);
    }
    pool.log.write(
      `REPORT RequestId: ${requestId} Duration: ${durationMs} ms${running.coldStart ? ' Cold start' : ''}\n`,
    );
    running.settle(
      failure
        ? { ...failure, requestId }
        : { kind: 'answered', requestId, payload: ending.kind === 'answer' ? ending.payload : null },
    );
    for (const listener of listeners) {
      listener({
        at: pool.lastAt,
        name: pool.definition.name,
        service: pool.definition.service,
        requestId,
        durationMs,
        coldStart: running.coldStart,
        outcome: failure ? 'error' : 'ok',
        ...(failure && { error: pool.lastError }),
      });
    }
    release(one);
  }

  function run(one: Process, event: unknown, traceId: string | undefined): Promise<Invocation> {
    const { pool } = one;
    const { definition } = pool;
    const requestId = randomUUID();
    pool.invocations += 1;
    pool.log.write(`START RequestId: ${requestId} Process: ${one.id}\n`);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const seconds = (definition.timeoutMs / 1000).toFixed(2);
        end(one);
        settle(one, {
          kind: 'failed',
          errorType: 'Sandbox.Timedout',
          errorMessage: `Task timed out after ${seconds} seconds`,
        });
      }, definition.timeoutMs);
      one.running = { requestId, startedAt: performance.now(), coldStart: !one.used, timer, settle: resolve };
      one.used = true;
      const message: Invoke = {
        requestId,
        event,
        offsetMs: options.clock.offsetMs(),
        timeoutMs: definition.timeoutMs,
        functionArn: definition.arn,
        traceId: traceId ?? newTraceId(),
      };
      // A child that has just died says so by `exit`, which settles the invocation.
      one.child.send(message, () => {});
    });
  }

  const reaper = setInterval(() => {
    const since = Date.now() - idleMs;
    for (const one of everyProcess()) if (one.state === 'idle' && one.idleSince < since) end(one);
  }, idleMs / 4);
  reaper.unref();

  const poolOf = (functionArn: string): Pool => {
    const pool = pools.get(functionArn);
    if (!pool) throw new Error(`no function ${functionArn} in the template`);
    return pool;
  };

  return {
    async invoke(functionArn, event, { traceId } = {}) {
      const pool = poolOf(functionArn);
      let one: Process;
      try {
        one = await acquire(pool);
      } catch (cause) {
        pool.errors += 1;
        const { name, message } = cause as Error;
        pool.lastError = `${name}: ${message}`;
        return { kind: 'failed', requestId: randomUUID(), errorType: name, errorMessage: message };
      }
      return run(one, event, traceId);
    },
    async warm(functionArn) {
      release(await acquire(poolOf(functionArn)));
    },
    states: () =>
      [...pools.values()].map((pool) => ({
        name: pool.definition.name,
        service: pool.definition.service,
        invocations: pool.invocations,
        errors: pool.errors,
        coldStarts: pool.coldStarts,
        running: [...pool.processes].filter((one) => one.state === 'busy').length,
        waiting: waiters.filter((waiter) => waiter.pool === pool).length,
        processes: [...pool.processes].flatMap((one) => one.child.pid ?? []),
        peakMemoryMb: pool.peakMemoryMb,
        ...(pool.lastDurationMs !== undefined && { lastDurationMs: pool.lastDurationMs }),
        ...(pool.lastError !== undefined && { lastError: pool.lastError }),
        ...(pool.lastAt !== undefined && { lastAt: pool.lastAt }),
      })),
    metrics: () => [...metrics.values()],
    inFlight: () => waiters.length + everyProcess().filter((one) => one.state === 'busy').length,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async kill(functionName, id) {
      const victims = everyProcess().filter(
        (one) => one.pool.definition.name === functionName && (id === undefined || one.id === id),
      );
      for (const one of victims) end(one);
      await Promise.all(victims.map((one) => one.gone));
      return victims.length;
    },
    async stop() {
      stopping = true;
      clearInterval(reaper);
      clearTimeout(scaling);
      for (const waiter of waiters.splice(0)) waiter.refuse(new Error('the local cloud is stopping'));
      const all = everyProcess();
      for (const one of all) one.child.kill('SIGKILL');
      await Promise.all(all.map((one) => one.gone));
      await Promise.all([...pools.values()].map((pool) => new Promise<void>((resolve) => pool.log.end(resolve))));
    },
  };
}

/** What Lambda sets, what the template sets, and nothing of the machine's own: no profile and no key may leak in. */
function environmentOf(definition: Definition, options: FunctionsOptions, processId: string): Record<string, string> {
  const { accessKeyId, secretAccessKey } = options.credentialsFor(definition.name, processId);
  const nowhere = path.join(options.dataDirectory, 'none');
  const machine: Record<string, string> = {};
  // Without these, Node itself does not start on Windows, or finds no folder for temporary files.
  for (const name of ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) machine[name] = value;
  }
  return {
    ...machine,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `[$LATEST]${processId}`,
    AWS_REGION: options.region,
    AWS_DEFAULT_REGION: options.region,
    AWS_CONFIG_FILE: nowhere,
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_EC2_METADATA_DISABLED: 'true',
    LAMBDA_TASK_ROOT: definition.directory,
    _HANDLER: definition.handler,
    // Bundles and the runtime are compiled once and read from here by each later process.
    NODE_COMPILE_CACHE: options.compileCache,
    ...definition.environment,
    AWS_ENDPOINT_URL: options.awsEndpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    VENDOR_GATEWAY: options.vendorGatewayFor(definition.environment.CONNECTOR_ID ?? 'unknown'),
    STAMPBOOK_CLOCK_OFFSET_MS: String(options.clock.offsetMs()),
  };
}

/** As X-Ray writes it. */
export const newTraceId = (): string =>
  `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=0`;

function readMetrics(line: string): { -readonly [K in keyof MetricSum]: MetricSum[K] }[] {
  let printed: Record<string, unknown> & {
    _aws?: { CloudWatchMetrics?: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  };
  try {
    printed = JSON.parse(line);
  } catch {
    return [];
  }
  return (printed._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace, Dimensions, Metrics }) => {
    const dimensions = Object.fromEntries((Dimensions[0] ?? []).map((name) => [name, String(printed[name])]));
    return Metrics.map(({ Name }) => {
      const values = [printed[Name]].flat().filter((value) => typeof value === 'number');
      return {
        namespace: Namespace,
        name: Name,
        dimensions,
        sum: values.reduce((total, value) => total + value, 0),
        count: values.length,
      };
    });
  });
}
