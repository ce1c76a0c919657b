/**
 * The process a function lives in. Started by functions.ts with the environment Lambda would give; loads the bundle as
 * Lambda does, says `ready`, then handles one invocation at a time, warm, until its parent goes away.
 */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import path from 'node:path';
import { installVirtualDate, shiftDate } from './virtual-date.ts';

/** Parent to child. */
export interface Invoke {
  readonly requestId: string;
  readonly event: unknown;
  readonly offsetMs: number;
  readonly timeoutMs: number;
  readonly functionArn: string;
  readonly traceId: string;
}

/** Child to parent. */
export type Said =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unloadable'; readonly errorType: string; readonly errorMessage: string; readonly stack: string[] }
  | { readonly kind: 'answer'; readonly requestId: string; readonly payload: unknown; readonly memoryMb: number }
  | {
      readonly kind: 'failed';
      readonly requestId: string;
      readonly errorType: string;
      readonly errorMessage: string;
      readonly stack: string[];
      readonly memoryMb: number;
    };

type Handler = (event: unknown, context: object) => unknown;

const say = (said: Said) => process.send?.(said);
const memoryMb = () => Math.round(process.resourceUsage().maxRSS / 1024);

function describe(thrown: unknown): { errorType: string; errorMessage: string; stack: string[] } {
  if (!(thrown instanceof Error)) return { errorType: 'Error', errorMessage: String(thrown), stack: [] };
  return { errorType: thrown.name, errorMessage: thrown.message, stack: (thrown.stack ?? '').split('\n').slice(1, 12) };
}

/** On one machine nothing may reach a real vendor or a real cloud, whatever a bundle was built to do. */
function stayHome(): void {
  const lookup = dns.lookup as unknown as (host: string, ...rest: unknown[]) => void;
  Object.assign(dns, {
    lookup(host: string, ...rest: unknown[]) {
      if (host === 'localhost' || host === '127.0.0.1' || host === '::1') return lookup(host, ...rest);
      const done = rest.at(-1) as (error: Error) => void;
      process.nextTick(done, new Error(`the local cloud reaches nobody: refused to look up ${host}`));
    },
  });
}

function load(): Handler {
  const root = process.env.LAMBDA_TASK_ROOT ?? '.';
  const [file = 'index', exported = 'handler'] = (process.env._HANDLER ?? 'index.handler').split('.');
  const loaded = createRequire(path.join(root, 'package.json'))(path.join(root, file)) as Record<string, unknown>;
  const handler = loaded[exported];
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${file}.${exported} is not a function`), { name: 'Runtime.HandlerNotFound' });
  }
  return handler as Handler;
}

async function handle(handler: Handler, invoke: Invoke): Promise<void> {
  const { requestId } = invoke;
  shiftDate(invoke.offsetMs);
  // The SDK passes it on with every call, as it does in Lambda.
  process.env._X_AMZN_TRACE_ID = invoke.traceId;
  const until = performance.now() + invoke.timeoutMs;
  const context = {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: '$LATEST',
    invokedFunctionArn: invoke.functionArn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(until - performance.now())),
  };
  try {
    const payload = (await handler(invoke.event, context)) ?? null;
    say({ kind: 'answer', requestId, payload, memoryMb: memoryMb() });
  } catch (thrown) {
    say({ kind: 'failed', requestId, ...describe(thrown), memoryMb: memoryMb() });
  }
}

installVirtualDate();
shiftDate(Number(process.env.STAMPBOOK_CLOCK_OFFSET_MS ?? 0));
delete process.env.STAMPBOOK_CLOCK_OFFSET_MS;
stayHome();
// Without a parent there is nobody to work for; this also keeps a killed cloud from leaving processes behind.
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of the terminal: what runs here is ended by its parent, in its order.
process.on('SIGINT', () => {});
// As in Lambda: a promise nobody waits for ends the process, and with it the invocation.
process.on('unhandledRejection', (reason) => {
  console.error('Runtime.UnhandledPromiseRejection', reason);
  process.exit(128);
});
try {
  const handler = load();
  process.on('message', (invoke: Invoke) => void handle(handler, invoke));
  say({ kind: 'ready' });
} catch (thrown) {
  say({ kind: 'unloadable', ...describe(thrown) });
}
