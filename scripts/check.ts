import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireJava } from '../lib/local/aws/java.ts';

/** `npm test`: everything that must be true of this tree, in the order in which a fault is cheapest to find. */

interface Result {
  readonly passed: number;
  readonly failed: number;
}

const scratch = mkdtempSync(join(tmpdir(), 'stampbook-check-'));

interface Step {
  readonly name: string;
  run(): Promise<Result>;
}

/** Each of one core's work and with little to say: two at a time, and each tells what it has to when it is done. */
const small: readonly Step[] = [
  { name: 'types', run: () => command('tsc', ['--noEmit']) },
  { name: 'stacks and cdk-nag', run: () => command('node', ['bin/app.ts'], { CDK_OUTDIR: join(scratch, 'cdk.out') }) },
  {
    name: 'boundaries',
    run: () =>
      command('depcruise', [
        'bin',
        'functions',
        'lib',
        'merchants',
        'scripts',
        'test',
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'err',
      ]),
  },
  { name: 'dead code', run: () => command('knip', ['--no-progress']) },
  { name: 'generated files', run: () => command('node', ['scripts/generate.ts', '--check']) },
  { name: 'lint', run: () => command('biome', ['check', '.']) },
];

/** Each by itself, telling how far it is, with a file for each of two cores. */
const large: readonly Step[] = [
  { name: 'unit tests', run: () => jest('unit', 2) },
  { name: 'journeys', run: () => jest('journeys', 2) },
];

async function main(): Promise<void> {
  requireJava();
  const only = process.argv.slice(2);
  const wanted = ({ name }: Step) => only.length === 0 || only.includes(name);
  const total = { passed: 0, failed: 0 };
  const timings: string[] = [];
  const take = async ({ name, run }: Step) => {
    const start = performance.now();
    const { passed, failed } = await run();
    total.passed += passed;
    total.failed += failed;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    timings.push(`${failed > 0 ? '✗' : '✓'} ${name.padEnd(20)} ${seconds.padStart(6)} s`);
  };
  const queue = small.filter(wanted).values();
  const one = async () => {
    for (const step of queue) await take(step);
  };
  await Promise.all([one(), one()]);
  for (const step of large.filter(wanted)) {
    process.stdout.write(`\n── ${step.name}\n`);
    await take(step);
  }
  rmSync(scratch, { recursive: true, force: true });
  process.stdout.write(`\n${timings.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/** A command that says by its exit code whether all is well; counts as one check. */
async function command(file: string, args: string[], environment: Record<string, string> = {}): Promise<Result> {
  const { code, output } = await end(spawn(file, args, { env: { ...process.env, ...environment } }));
  process.stdout.write(`\n── ${[file, ...args].join(' ')}\n${output}`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function jest(project: string, workers: number): Promise<Result> {
  const outputFile = join(scratch, `${project}.json`);
  const args = ['--selectProjects', project, `--maxWorkers=${workers}`, '--json', `--outputFile=${outputFile}`];
  const NODE_OPTIONS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  const { code } = await end(spawn('jest', args, { stdio: 'inherit', env: { ...process.env, NODE_OPTIONS } }));
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites, testResults } = JSON.parse(
      readFileSync(outputFile, 'utf8'),
    );
    if (testResults.length === 0) throw new Error('no test ran');
    // A file that does not load has no failed test of its own.
    const failed = Math.max(numFailedTests, numFailedTestSuites, code === 0 ? 0 : 1);
    return { passed: numPassedTests, failed };
  } catch (error) {
    process.stderr.write(`${project}: ${(error as Error).message}\n`);
    return { passed: 0, failed: 1 };
  }
}

function end(child: ChildProcess): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code: code ?? (signal ? 1 : 0), output: Buffer.concat(said).toString() }),
    );
  });
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
