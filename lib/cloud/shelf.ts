import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

export interface Folder {
  readonly path: string;
  /** SHA-256 of the names and contents in it. */
  readonly hash: string;
}

/** Small folders kept under their content's hash: made once, never changed, safe with two synths at the same time. */
export class Shelf {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The folder with this content, made if need be. */
  put(kind: string, name: string, files: Readonly<Record<string, string>>): Folder {
    const hash = hashOf(files);
    const found = this.find(kind, name, hash);
    if (found) return found;
    const shelf = join(this.root, kind, name);
    const path = pathOf(shelf, hash);
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

  find(kind: string, name: string, hash: string): Folder | undefined {
    const path = pathOf(join(this.root, kind, name), hash);
    if (!existsSync(path)) return undefined;
    const now = new Date();
    utimesSync(path, now, now);
    return { path, hash };
  }
}

const pathOf = (shelf: string, hash: string): string => join(shelf, hash.slice(0, 16));

function hashOf(files: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const [name, content] of Object.entries(files)) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest('hex');
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What nobody came back to for a day. */
function forgetOld(shelf: string): void {
  for (const name of readdirSync(shelf)) {
    const path = join(shelf, name);
    if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}
