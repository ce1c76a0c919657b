import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

/** As the CDK command line runs it. */
const cdk = (context: Record<string, string>) => {
  const outdir = join(tmpdir(), `app-test-${process.pid}`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/app.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  return { status, stdout, stderr, built: existsSync(outdir) };
};

describe('cdk synth with a fault', () => {
  it.each([
    [
      { merchant: 'nobody' },
      'merchant = "nobody"\n  There is no such file in merchants/. There are: acura-north, art-cafe, book-bar.\n',
    ],
    [{ stage: 'Ünfug' }, /^stage = "Ünfug"\n {2}A stage ends names: .*\n$/],
  ])('%p ends with a sentence, without a stack trace, and builds nothing', (context, message) => {
    const { status, stdout, stderr, built } = cdk(context);
    expect({ status, stdout, built }).toEqual({ status: 1, stdout: '', built: false });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
