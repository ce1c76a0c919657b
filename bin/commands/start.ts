import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { requireJava } from '../../lib/local/aws/java.ts';
import { startLocalCloud } from '../../lib/local/cloud.ts';
import { requireFree } from '../../lib/local/data-directory.ts';
import { merchantOf } from '../merchant.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DATA = join(ROOT, '.local');

interface Options {
  readonly merchant: string;
  readonly port: number;
  readonly fresh?: boolean;
  readonly data: string;
}

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('a port from 0 to 65535');
  return value;
};

export function start(stampbook: Command): void {
  stampbook
    .command('start')
    .description('run a merchant’s stacks on this machine')
    .addOption(new Option('--merchant <id>', 'a file in merchants/').default('art-cafe'))
    .addOption(new Option('--port <number>', 'where it listens').env('PORT').default(4010).argParser(port))
    .option('--fresh', 'forget the data of earlier runs')
    .addOption(new Option('--data <directory>', 'where data, logs and endpoints.json are kept').default(DATA, '.local'))
    .action(run);
}

async function run({ merchant, port, fresh = false, data }: Options): Promise<void> {
  requireJava();
  await requireFree(data);
  // Its name becomes a folder that is emptied: first it has to be one.
  await merchantOf({ merchant });
  const assemblyDirectory = join(data, 'assembly', merchant);
  await assemble(merchant, assemblyDirectory);
  const cloud = await startLocalCloud({
    assemblyDirectory,
    stage: merchant,
    dataDirectory: data,
    port,
    fresh,
    demo: true,
  });
  console.log(`ready ${cloud.api}`);
  const endpoints = relative(process.cwd(), join(data, 'endpoints.json'));
  console.log(`Open it in a browser. Keys and secrets: ${endpoints}. Ctrl-C stops the shop and keeps its data.`);
  let stopping = false;
  const stop = async () => {
    // Asked twice, it does not wait for anything.
    if (stopping) process.exit(1);
    stopping = true;
    await cloud.stop();
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** Synthesises, unless nothing changed that could make a difference. */
async function assemble(merchant: string, directory: string): Promise<void> {
  const stamp = join(directory, '.made-of');
  const madeOf = `${merchant} ${fingerprint()}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === madeOf) return;
  console.log(`building the stacks of ${merchant} …`);
  rmSync(directory, { recursive: true, force: true });
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin', 'assemble.ts'), merchant, directory], {
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`the stacks of ${merchant} could not be built`);
  writeFileSync(stamp, madeOf);
}

/** Of everything the stacks and the bundles are made of. */
function fingerprint(): string {
  const sources = ['bin/a*.ts', 'functions/**/*.ts', 'lib/{cloud,connectors,loyalty,runtime}/**/*', 'merchants/*.ts'];
  const files = globSync([...sources, 'cdk.json', 'package-lock.json'], { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}
