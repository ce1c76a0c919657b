import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Folder {
  readonly path: string;
  /** SHA-256 of names and contents. */
  readonly hash: string;
}

/** Small folders kept under their content's hash: made once, never changed, safe with two synths at the same time. */
export class Shelf {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  put(kind: string, name: string, files: Readonly<Record<string, string>>): Folder {
    const hash = hashOf(files);
    const shelf = join(this.#root, kind, name);
    const path = join(shelf, hash.slice(0, 16));
    if (existsSync(path)) {
      const now = new Date();
      utimesSync(path, now, now);
      return { path, hash };
    }
    mkdirSync(shelf, { recursive: true });
    forgetOld(shelf);
    const half = mkdtempSync(join(shelf, '.half-'));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(half, file), content);
    try {
      renameSync(half, path);
    } catch (error) {
      rmSync(half, { recursive: true });
      // Somebody else put the same there meanwhile.
      if (!existsSync(path)) throw error;
    }
    return { path, hash };
  }
}

export function hashOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(files)) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Nobody came back to it for a day. */
function forgetOld(shelf: string): void {
  for (const name of readdirSync(shelf)) {
    const path = join(shelf, name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}
