import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Slow to make and good for any run: not wiped. */
const KEPT_WHEN_FRESH = new Set(['assembly', 'compile-cache']);
export interface Lock {
  /** Where the owner can be asked whether it lives. */
  at(url: string): void;
  release(): void;
}

const ours = new Set<string>();

const lockFile = (dataDirectory: string) => path.resolve(dataDirectory, 'cloud.pid');

/** Throws where a cloud runs already: what it is made of must not be touched either. */
export async function requireFree(dataDirectory: string): Promise<void> {
  const file = lockFile(dataDirectory);
  const [pid = '', url] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : [];
  if (ours.has(file) || (await isAlive(Number(pid), url)))
    throw new Error(
      `a local cloud is already running on ${dataDirectory} (process ${pid}): stop it first, or say another directory with --data`,
    );
}

/** Two clouds on the same data would spoil them. */
export async function lock(dataDirectory: string): Promise<Lock> {
  mkdirSync(dataDirectory, { recursive: true });
  await requireFree(dataDirectory);
  const file = lockFile(dataDirectory);
  ours.add(file);
  writeFileSync(file, String(process.pid));
  return {
    at: (place) => writeFileSync(file, `${process.pid} ${place}`),
    release() {
      ours.delete(file);
      rmSync(file, { force: true });
    },
  };
}

/** A process that was killed leaves its file. Its number may be another's by now, or stay taken where nobody reaps it. */
async function isAlive(pid: number, url: string | undefined): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (url === undefined) return true;
  return fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    // One that is busy lives.
    (error: Error) => error.name === 'TimeoutError',
  );
}

/** All that earlier runs left. */
export function forget(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (KEPT_WHEN_FRESH.has(name) || name === 'cloud.pid') continue;
    rmSync(path.join(dataDirectory, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
