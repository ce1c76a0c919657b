import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Became } from './importing.ts';

/** How many rows became what. */
export type Counts = Readonly<Record<Became['kind'], number>>;
export const NOTHING_YET: Counts = {
  'moved-in': 0,
  joined: 0,
  history: 0,
  'was-there': 0,
  'passed-over': 0,
  refused: 0,
};

/** How far an import has come; beside the file, so that the same command goes on from there. */
export interface Checkpoint {
  /** Of the file and of how it is read: after a change of either it begins anew, which does no harm but takes its time. */
  readonly of: string;
  /** So many rows from the beginning are done. */
  readonly rows: number;
  readonly counts: Counts;
  /** Fields that were left out, of members who came in without. */
  readonly leftOut: Readonly<Record<string, number>>;
  /** So long was the file of refused rows then. */
  readonly refusedBytes: number;
}

export function openCheckpoint(path: string, of: string) {
  return {
    read(): Checkpoint | undefined {
      if (!existsSync(path)) return undefined;
      const checkpoint = JSON.parse(readFileSync(path, 'utf8')) as Checkpoint;
      return checkpoint.of === of ? checkpoint : undefined;
    },
    /** Whole or not at all, wherever the process ends. */
    write(checkpoint: Omit<Checkpoint, 'of'>): void {
      writeFileSync(`${path}.new`, JSON.stringify({ of, ...checkpoint }), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove: (): void => rmSync(path, { force: true }),
  };
}

/** Tells one file from another without reading a gigabyte: its size and its two ends. */
export function fingerprintOf(file: string, ...how: readonly unknown[]): string {
  const { size } = statSync(file);
  const hash = createHash('sha256').update(JSON.stringify([size, ...how]));
  const descriptor = openSync(file, 'r');
  try {
    for (const at of [0, Math.max(0, size - 65_536)]) {
      const bytes = Buffer.alloc(Math.min(65_536, size));
      hash.update(bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at)));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('base64url');
}
