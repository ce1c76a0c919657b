import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildFunctions } from '../../lib/cloud/build.ts';
import { configOf } from '../../lib/cloud/bundles.ts';
import { functionsOf } from '../../lib/cloud/functions.ts';
import { readMerchants } from '../../lib/cloud/merchants.ts';
import { Shelf } from '../../lib/cloud/shelf.ts';
import { type Figure, median } from './report.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const ROUNDS = 15;

/** What a till waits for on a cold start. */
const POS = ['sales', 'redemptions', 'rewards', 'members', 'activities'];

/** How large each function is, and how much of the processor its loading takes beside the bare client of its database. */
export async function bundles(): Promise<Figure[]> {
  const [merchant] = await readMerchants({ directory: join(ROOT, 'merchants'), merchant: 'art-cafe' });
  if (!merchant) throw new Error('the demo merchant is not there');
  const scratch = mkdtempSync(join(tmpdir(), 'stampbook-bench-'));
  try {
    const built = await buildFunctions({
      root: ROOT,
      names: functionsOf(merchant),
      shelf: new Shelf(join(ROOT, '.bundles')),
    });
    const folders = new Map<string, string>();
    for (const [name, code] of built)
      folders.set(name, shelve(scratch, name, code, JSON.stringify(configOf(merchant))));
    const bare = shelve(scratch, 'bare-client', await bareClient(), '{}');

    const times = new Map<string, number[]>();
    const bareTimes: number[] = [];
    // Turn by turn, so that whatever else the machine does falls on all alike.
    for (let round = 0; round < ROUNDS; round += 1) {
      bareTimes.push(await importMs(bare));
      for (const [name, folder] of folders) times.set(name, [...(times.get(name) ?? []), await importMs(folder)]);
    }
    const figures: Figure[] = [];
    for (const [name, code] of built) {
      const pos = POS.includes(name);
      figures.push(
        {
          name: `bundle of ${name}`,
          value: Math.round(Buffer.byteLength(code) / 1_000),
          unit: 'KB',
          ...(pos && { budget: { atMost: 450 } }),
        },
        {
          name: `import of ${name} ÷ bare DynamoDB client`,
          value: median(times.get(name) ?? []) / median(bareTimes),
          unit: '×',
          ...(pos && { budget: { atMost: 1.15 } }),
        },
      );
    }
    return [...figures, { name: 'import of the bare DynamoDB client', value: median(bareTimes), unit: 'ms' }];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export function shelve(scratch: string, name: string, code: string, merchant: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), code);
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  writeFileSync(join(folder, 'merchant.json'), merchant);
  return folder;
}

/** What a function is that does nothing but ask DynamoDB: the client is made while it loads, as in ours, so that no request waits for it. */
async function bareClient(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { DynamoDBClient, GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
        const client = new DynamoDBClient({});
        export const handler = () => client.send(new GetItemCommand(new TransactWriteItemsCommand({}) as never));`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

/** Milliseconds of the processor for `require` alone, in a process of its own: a clock would count what others do as well. */
export async function importMs(folder: string): Promise<number> {
  const script = `const before = process.cpuUsage(); require(process.argv[1]);
    const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000)`;
  const { stdout } = await run(process.execPath, ['-e', script, join(folder, 'index.js')], {
    cwd: dirname(folder),
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      LAMBDA_TASK_ROOT: folder,
      AWS_REGION: 'eu-central-1',
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'Stampbook',
      ...STAND_INS,
    },
  });
  return Number(stdout.trim().split('\n').at(-1));
}

/** Names that functions read while loading; nothing is called. */
const STAND_INS = Object.fromEntries(
  [
    'MERCHANT_ID',
    'TABLE_ACCOUNTS',
    'TABLE_ENTRIES',
    'TABLE_MEMBERS',
    'TABLE_PROGRAM',
    'TABLE_REPORTS',
    'QUEUE_FACTS_URL',
    'QUEUE_FACTS_PARKED_URL',
    'QUEUE_SWEEPS_URL',
    'BUS_NAME',
    'SECRET_ARN',
    'CONNECTOR_ID',
    'HOOK_URL',
    'RECEIPT_URL',
    'QUEUE_AUDIT_URL',
    'QUEUE_INTAKE_PARKED_URL',
    'QUEUE_PARKED_URL',
    'QUEUE_PLAN_URL',
    'QUEUE_PREFIX',
    'QUEUE_TENDING_URL',
    'QUEUE_URL',
    'SCHEDULED_PARKED_ARN',
    'SCHEDULED_QUEUE_ARN',
    'SCHEDULER_ROLE_ARN',
    'SCHEDULE_GROUP',
  ].map((name) => [name, 'https://bench.invalid/x']),
);
