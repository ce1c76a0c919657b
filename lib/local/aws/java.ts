import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const oldest = 17;
const install =
  'install it on Debian with `apt install openjdk-17-jre-headless`, on macOS with `brew install openjdk@17`, on Windows with `winget install EclipseAdoptium.Temurin.17.JRE`';

/** Homebrew leaves its Java off the path. */
const candidates = (): string[] => [
  ...(process.env.JAVA_HOME ? [join(process.env.JAVA_HOME, 'bin', 'java')] : []),
  'java',
  ...(process.platform === 'darwin'
    ? ['/opt/homebrew', '/usr/local'].map((brew) => `${brew}/opt/openjdk@17/bin/java`)
    : []),
];

/** The command that runs Java 17 or newer. Throws a line that says what to install. */
export function requireJava(commands = candidates(), run = versionOutput): string {
  const found = commands.map((command) => ({ command, version: versionIn(run(command)) }));
  const good = found.find(({ version }) => version !== undefined && majorOf(version) >= oldest);
  if (good !== undefined) return good.command;
  const tooOld = found.find(({ version }) => version !== undefined)?.version;
  const there = tooOld === undefined ? 'there is none' : `this is ${tooOld}`;
  throw new Error(`DynamoDB Local needs Java ${oldest} or newer, and ${there}: ${install}`);
}

const versionIn = (output: string): string | undefined => /version "([^"]+)"/.exec(output)?.[1];
/** Up to Java 8 the version began with `1.`. */
const majorOf = (version: string): number => Number.parseInt(version.replace(/^1\./, ''), 10);

function versionOutput(command: string): string {
  const { stdout, stderr } = spawnSync(command, ['-version'], { encoding: 'utf8' });
  return `${stderr ?? ''}${stdout ?? ''}`;
}
