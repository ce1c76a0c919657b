import { spawn } from 'node:child_process';
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

const steps: readonly [name: string, run: () => Promise<Result>][] = [
  ['types', () => command('tsc', ['--noEmit'])],
  ['lint', () => command('biome', ['check', '.'])],
  [
    'boundaries',
    () =>
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
  ],
  ['dead code', () => command('knip', ['--no-progress'])],
  ['generated files', () => command('node', ['scripts/generate.ts', '--check'])],
  ['stacks and cdk-nag', () => command('node', ['bin/app.ts'], { CDK_OUTDIR: join(scratch, 'cdk.out') })],
  ['unit tests', () => jest('unit', ['--maxWorkers=2'])],
  ['journeys', () => jest('journeys', ['--runInBand'])],
];

async function main(): Promise<void> {
  requireJava();
  const only = process.argv.slice(2);
  const total = { passed: 0, failed: 0 };
  const timings: string[] = [];
  for (const [name, run] of steps) {
    if (only.length > 0 && !only.includes(name)) continue;
    process.stdout.write(`\n── ${name}\n`);
    const start = performance.now();
    const result = await run();
    total.passed += result.passed;
    total.failed += result.failed;
    timings.push(
      `${result.failed > 0 ? '✗' : '✓'} ${name.padEnd(20)} ${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s`,
    );
  }
  rmSync(scratch, { recursive: true, force: true });
  process.stdout.write(`\n${timings.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/** A command that says by its exit code whether all is well; counts as one check. */
async function command(file: string, args: string[], environment: Record<string, string> = {}): Promise<Result> {
  const code = await exitCode(file, args, environment);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function jest(project: string, args: string[]): Promise<Result> {
  const outputFile = join(scratch, `${project}.json`);
  const code = await exitCode('jest', ['--selectProjects', project, '--json', `--outputFile=${outputFile}`, ...args], {
    NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
  });
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

function exitCode(file: string, args: string[], environment: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, ...environment } });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
