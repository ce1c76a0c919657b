import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Slow to make and good for any run: not wiped. */
const KEPT_WHEN_FRESH = new Set(['assembly', 'compile-cache']);
/** Two clouds on the same data would spoil them. */
export function lock(dataDirectory: string): () => void {
  mkdirSync(dataDirectory, { recursive: true });
  const file = path.join(dataDirectory, 'cloud.pid');
  const owner = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (owner !== process.pid && isAlive(owner)) {
    throw new Error(`a local cloud is already running on ${dataDirectory} (process ${owner}): stop it first`);
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
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
