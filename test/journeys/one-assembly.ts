import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onceForAll } from '../once-for-all.ts';
import oneDynamoDb from '../one-dynamodb.ts';

const ASSEMBLE = join(import.meta.dirname, '..', '..', 'bin', 'assemble.ts');

/** Whose stacks journeys are made through, and where it stands that they are assembled. */
export const ASSEMBLIES = { 'art-cafe': 'ONE_ASSEMBLY', 'book-bar': 'BOOK_BAR_ASSEMBLY' } as const;

/**
 * A merchant's stacks for all journeys, assembled once, when one asks for them; what their functions compile to is kept
 * beside them.
 */
export default async function setup(): Promise<() => void> {
  await oneDynamoDb();
  const directory = mkdtempSync(join(tmpdir(), 'stampbook-assembly-'));
  for (const [merchant, name] of Object.entries(ASSEMBLIES)) {
    process.env[name] = await onceForAll(async () => {
      const shared = join(directory, merchant);
      await promisify(execFile)(process.execPath, [ASSEMBLE, merchant, join(shared, 'assembly')]);
      return shared;
    });
  }
  return () => rmSync(directory, { recursive: true, force: true });
}
