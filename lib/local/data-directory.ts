import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Slow to make and good for any run: not wiped. */
const KEPT_WHEN_FRESH = new Set(['assembly', 'compile-cache']);
const ours = new Set<string>();

/** Two clouds on the same data would spoil them. */
export function lock(dataDirectory: string): () => void {
  mkdirSync(dataDirectory, { recursive: true });
  const file = path.resolve(dataDirectory, 'cloud.pid');
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  // A process that was killed leaves its file, and its number may be ours by now.
  if (ours.has(file) || (owner !== process.pid && isAlive(owner))) {
    throw new Error(`a local cloud is already running on ${dataDirectory} (process ${owner}): stop it first`);
  }
  ours.add(file);
  writeFileSync(file, String(process.pid));
  return () => {
    ours.delete(file);
    rmSync(file, { force: true });
  };
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** All that earlier runs left. */
export function forget(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (KEPT_WHEN_FRESH.has(name) || name === 'cloud.pid') continue;
    rmSync(path.join(dataDirectory, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
