import { execFile } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What ops type, and what comes of it. Not the synchronous kind: the cloud that it talks to runs in this very process. */
export const enter = (args: readonly string[], data: string, typed = ''): Promise<Said> =>
  new Promise((resolve) => {
    const command = ['bin/stampbook.ts', ...args, '--data', data];
    const options = { cwd: ROOT, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } } as const;
    const child = execFile(process.execPath, command, options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(typed);
  });
