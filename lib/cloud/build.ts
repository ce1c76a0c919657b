import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type BuildFailure,
  type BuildOptions,
  build,
  formatMessages,
  type Metafile,
  type Plugin,
  version,
} from 'esbuild';
import { Fault } from './fault.ts';
import type { FunctionName } from './functions.ts';
import type { Shelf } from './shelf.ts';

/** What a bundle weighs, and through whom. Written to `.bundles/sizes.json` for whoever minds the cold start. */
interface Weight {
  readonly bytes: number;
  /** Bytes by npm package, heaviest first; `.` is our own code. */
  readonly parts: Readonly<Record<string, number>>;
}

/** How a bundle came about: while recipe and inputs are the same, so is the bundle. */
interface Made extends Weight {
  readonly recipe: string;
  /** Our own files by their hash. Packages are covered by the recipe. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly hash: string;
}

export interface BuildRequest {
  /** The repository's root, below which `functions/` and `lib/connectors/` are. */
  readonly root: string;
  readonly names: readonly FunctionName[];
  readonly shelf: Shelf;
}

/**
 * The code of each function, in one file each. What is stale is built in one call of esbuild, so that what the bundles
 * share is read and parsed once; what is not is taken from the shelf.
 */
export async function buildFunctions({ root, names, shelf }: BuildRequest): Promise<ReadonlyMap<FunctionName, string>> {
  requireSources(root, names);
  const kitchen: Kitchen = {
    root,
    shelf,
    recipe: recipeOf(root),
    hashOf: remembered((path) => hashFile(join(root, path))),
  };
  const bundles = new Map<FunctionName, Bundle>();
  for (const name of names) {
    const kept = takeKept(kitchen, name);
    if (kept) bundles.set(name, kept);
  }
  const stale = names.filter((name) => !bundles.has(name));
  if (stale.length > 0) for (const [name, made] of await make(kitchen, stale)) bundles.set(name, made);

  write(join(shelf.root, 'sizes.json'), Object.fromEntries(names.map((name) => [name, bundles.get(name)?.weight])));
  return new Map([...bundles].map(([name, { code }]) => [name, code]));
}

interface Bundle {
  readonly code: string;
  readonly weight: Weight;
}

/** What one build works with. */
interface Kitchen {
  readonly root: string;
  readonly shelf: Shelf;
  readonly recipe: string;
  readonly hashOf: (path: string) => string;
}

function requireSources(root: string, names: readonly FunctionName[]): void {
  for (const name of names) {
    const missing = sourcesOf(name).find((source) => !existsSync(join(root, source)));
    if (missing) throw new Fault(`${missing} is missing: the function ${name} is built from it`);
  }
}

/** The bundle as it was made last, if it would be made the same way again. */
function takeKept({ shelf, recipe, hashOf }: Kitchen, name: FunctionName): Bundle | undefined {
  const path = madePath(shelf, name);
  if (!existsSync(path)) return undefined;
  const made = JSON.parse(readFileSync(path, 'utf8')) as Made;
  if (made.recipe !== recipe || Object.entries(made.inputs).some(([input, hash]) => hashOf(input) !== hash))
    return undefined;
  const folder = shelf.find('code', name, made.hash);
  return (
    folder && {
      code: readFileSync(join(folder.path, 'index.js'), 'utf8'),
      weight: { bytes: made.bytes, parts: made.parts },
    }
  );
}

async function make({ root, shelf, recipe, hashOf }: Kitchen, names: readonly FunctionName[]) {
  const { outputFiles, metafile } = await bundle(root, names);
  return names.map((name): [FunctionName, Bundle] => {
    const output = metafile.outputs[`${OUT}/${name}.js`];
    const code = outputFiles.find(({ path }) => path === join(root, OUT, `${name}.js`))?.text;
    if (output === undefined || code === undefined) throw new Error(`esbuild left out ${name}`);
    const own = readBy(metafile, `entry:${name}`).filter((path) => existsSync(join(root, path)));
    const weight = { bytes: output.bytes, parts: partsOf(output.inputs) };
    const { hash } = shelf.put('code', name, { 'index.js': code });
    const made: Made = { recipe, inputs: Object.fromEntries(own.map((path) => [path, hashOf(path)])), hash, ...weight };
    write(madePath(shelf, name), made);
    return [name, { code, weight }];
  });
}

const OUT = 'out';

/**
 * Zod can describe its schemas, which we do when the documents are generated; each of them would bring the code for it
 * into every bundle, 16 KB.
 */
const withoutJsonSchema: Plugin = {
  name: 'without-json-schema',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ }, () => ({
      // CommonJS, of which others may import what is not there.
      contents: `const refuse = () => () => { throw new Error('a function does not describe its schemas'); };
        exports.createToJSONSchemaMethod = exports.createStandardJSONSchemaMethod = refuse;`,
    }));
  },
};

/** How everything that runs in Lambda is made one file. */
export const BUNDLING = {
  bundle: true,
  // CommonJS starts faster than ESM on Lambda, and the SDK's own `require`s stay what they are.
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  // The ESM of a package, where it has one, can be shaken; esbuild's default for node takes the other.
  mainFields: ['module', 'main'],
  // Ways of finding credentials that Lambda has no use for, a third of a bundle, stay out of it.
  alias: { '@aws-sdk/credential-provider-node': './lib/runtime/credentials.ts' },
  minify: true,
  sourcemap: false,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'silent',
  plugins: [withoutJsonSchema],
} as const satisfies BuildOptions;

async function bundle(root: string, names: readonly FunctionName[]) {
  try {
    return await build({
      ...BUNDLING,
      mainFields: [...BUNDLING.mainFields],
      absWorkingDir: root,
      outdir: OUT,
      entryPoints: names.map((name) => ({ in: `${ENTRY}${name}`, out: name })),
      plugins: [entries(root), ...BUNDLING.plugins],
    });
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const messages = await formatMessages(error.errors, { kind: 'error', color: process.stderr.isTTY });
    throw new Fault(`The functions could not be built.\n${messages.join('')}`);
  }
}

const ENTRY = 'function:';

/** Entries exist in memory only: one a function, and one for each pair of direction and connector. */
const entries = (root: string): Plugin => ({
  name: 'entries',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^${ENTRY}`) }, ({ path }) => ({
      path: path.slice(ENTRY.length),
      namespace: 'entry',
    }));
    onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({
      contents: entryOf(path as FunctionName),
      loader: 'ts',
      resolveDir: root,
    }));
  },
});

function entryOf(name: FunctionName): string {
  const [handler, connector] = sourcesOf(name);
  if (connector === undefined) return `export { handler } from './${handler}';`;
  const [direction] = name.split('-', 1) as ['receive' | 'deliver' | 'tend'];
  const make = { receive: 'receiver', deliver: 'deliverer', tend: 'tender' }[direction];
  return [
    `import connector from './${connector}';`,
    `import { ${make} } from './${handler}';`,
    `export const handler = ${make}(connector);`,
  ].join('\n');
}

/** The file in `functions/`, and the connector's own where it is built for one. */
function sourcesOf(name: FunctionName): readonly [handler: string] | readonly [handler: string, connector: string] {
  const [, direction, connector] = /^(receive|deliver|tend)-(.+)$/.exec(name) ?? [];
  if (direction === undefined) return [`functions/${name}.ts`];
  return [`functions/${direction}.ts`, `lib/connectors/${connector}/index.ts`];
}

/** Our own files behind an entry, with those of which nothing is left in the bundle: a change may bring it back. */
function readBy({ inputs }: Metafile, entry: string): readonly string[] {
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path) || path.includes('node_modules/')) return;
    seen.add(path);
    for (const next of inputs[path]?.imports ?? []) if (!next.external) follow(next.path);
  };
  follow(entry);
  return [...seen];
}

function partsOf(inputs: Metafile['outputs'][string]['inputs']): Record<string, number> {
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const owner = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? '.';
    parts.set(owner, (parts.get(owner) ?? 0) + bytesInOutput);
  }
  return Object.fromEntries([...parts].sort(([, a], [, b]) => b - a));
}

/** Everything besides our own files that a bundle depends on. */
function recipeOf(root: string): string {
  const hash = createHash('sha256')
    .update(version)
    .update(JSON.stringify(BUNDLING))
    .update(`${entryOf}${withoutJsonSchema.setup}`);
  // What is really installed; a lock file without it says only what should be.
  const installed = [join(root, 'node_modules', '.package-lock.json'), join(root, 'package-lock.json')].find(
    existsSync,
  );
  if (installed) hash.update(readFileSync(installed));
  return hash.digest('hex');
}

const hashFile = (path: string): string =>
  existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'gone';

const madePath = (shelf: Shelf, name: FunctionName): string => join(shelf.root, 'made', `${name}.json`);

function remembered<Result>(ask: (path: string) => Result): (path: string) => Result {
  const known = new Map<string, Result>();
  return (path) => {
    const answer = known.get(path) ?? ask(path);
    known.set(path, answer);
    return answer;
  };
}

/** In one step, since two synths may do it at once. */
function write(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.${process.pid}`;
  writeFileSync(half, `${JSON.stringify(value, undefined, 1)}\n`);
  renameSync(half, path);
}

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error;
