import { readFileSync, writeFileSync } from 'node:fs';

/**
 * `npm run lock`: names the packages of other platforms in package-lock.json. npm leaves out those that it could not
 * look up (https://github.com/npm/cli/issues/4828), and `npm ci` then refuses the lock on every platform.
 */

interface Locked {
  readonly version?: string;
  readonly dev?: true;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, object> };
const added: Record<string, object> = {};
for (const [path, locked] of Object.entries(lock.packages) as [string, Locked][]) {
  for (const [name, version] of Object.entries(locked.optionalDependencies ?? {})) {
    const known = [`${path}/node_modules/${name}`, `node_modules/${name}`].some((at) => at in lock.packages);
    if (known || !/^\d+\.\d+\.\d+/.test(version)) continue;
    added[`node_modules/${name}`] = { version, ...platformOf(name), ...(locked.dev && { dev: true }), optional: true };
  }
}
const packages = Object.entries({ ...lock.packages, ...added }).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
console.log(`${Object.keys(added).length} packages of other platforms named`);

/** Such packages carry their platform in their name: `@swc/core-linux-arm64-musl`, `@esbuild/darwin-x64`. */
function platformOf(name: string): { readonly os?: string[]; readonly cpu?: string[]; readonly libc?: string[] } {
  const words = name.split(/[/-]/);
  const of = (all: readonly string[]) => all.filter((one) => words.includes(one));
  const os = of(['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']);
  const cpu = of(['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']);
  const musl = words.includes('musl') || words.includes('musleabihf');
  const glibc = words.includes('gnu') || words.includes('gnueabihf');
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...((musl || glibc) && { libc: [musl ? 'musl' : 'glibc'] }),
  };
}
