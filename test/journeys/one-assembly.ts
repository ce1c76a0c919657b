import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onceForAll } from '../once-for-all.ts';

const ASSEMBLE = join(import.meta.dirname, '..', '..', 'bin', 'assemble.ts');

/** The demo merchant's stacks for all journeys, assembled once; what their functions compile to is kept beside them. */
export default async function setup(): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'stampbook-assembly-'));
  process.env.ONE_ASSEMBLY = await onceForAll(async () => {
    await promisify(execFile)(process.execPath, [ASSEMBLE, 'art-cafe', join(directory, 'assembly')]);
    return directory;
  });
  return () => rmSync(directory, { recursive: true, force: true });
}
