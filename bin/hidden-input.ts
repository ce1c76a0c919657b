import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Asker } from './secret-form.ts';

const BEGINS = /^-----BEGIN /;
const ENDS = /^-----END /;

/** Asks at the terminal without showing what is typed. A key in PEM is pasted with all its lines. */
export function openTerminal(): Asker & { close(): void } {
  if (!process.stdin.isTTY)
    throw new Error('there is no terminal to ask at: give the secret as JSON on the standard input, with --stdin');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const typed: string[] = [];
  let wanted: ((line: string) => void) | undefined;
  lines.on('line', (line) => {
    const give = wanted;
    wanted = undefined;
    if (give) give(line);
    else typed.push(line);
  });
  lines.on('SIGINT', () => {
    process.stdout.write('\nnothing was written\n');
    process.exit(130);
  });
  const next = () =>
    new Promise<string>((resolve) => {
      const [line] = typed.splice(0, 1);
      if (line === undefined) wanted = resolve;
      else resolve(line);
    });
  return {
    say: (line) => console.log(line),
    async ask(prompt) {
      process.stdout.write(prompt);
      const read = [await next()];
      if (BEGINS.test(read[0] ?? '')) while (!ENDS.test(read.at(-1) ?? '')) read.push(await next());
      process.stdout.write('\n');
      return read.join('\n');
    },
    close: () => lines.close(),
  };
}
