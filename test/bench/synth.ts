import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Figure } from './report.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** From merchants' files to checked stacks, with nothing built before. */
export async function synth(): Promise<Figure[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'stampbook-synth-'));
  try {
    rmSync(join(ROOT, '.bundles'), { recursive: true, force: true });
    const start = performance.now();
    await promisify(execFile)(process.execPath, ['bin/app.ts'], {
      cwd: ROOT,
      env: { ...process.env, CDK_OUTDIR: join(scratch, 'cdk.out') },
    });
    return [
      {
        name: 'synth of both merchants, bundles and cdk-nag',
        value: (performance.now() - start) / 1_000,
        unit: 's',
        budget: { atMost: 20 },
      },
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
