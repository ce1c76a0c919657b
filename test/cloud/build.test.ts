import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildFunctions } from '../../lib/cloud/build.ts';
import { bundlesOf } from '../../lib/cloud/bundles.ts';
import type { FunctionName } from '../../lib/cloud/functions.ts';
import { Shelf } from '../../lib/cloud/shelf.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

let root = '';
let shelf: Shelf;
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const build = (...names: FunctionName[]) => buildFunctions({ root, names, shelf });
const answerOf = (code: string | undefined): unknown => {
  const module = { exports: {} as { handler?: () => unknown } };
  new Function('module', 'exports', 'require', code ?? '')(module, module.exports, createRequire(import.meta.url));
  return module.exports.handler?.();
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'));
  shelf = new Shelf(join(root, '.bundles'));
  symlinkSync(join(import.meta.dirname, '../../node_modules'), join(root, 'node_modules'));
  put('lib/word.ts', `export const word = 'open'; export const never = 'used';`);
  put('functions/sales.ts', `import { word } from '../lib/word.ts'; export const handler = () => word;`);
  put('functions/rewards.ts', `export const handler = (): string => 'rewards';`);
  put('functions/receive.ts', `export const receiver = (connector: { id: string }) => () => 'from ' + connector.id;`);
  put('functions/deliver.ts', `export const deliverer = (connector: { id: string }) => () => 'to ' + connector.id;`);
  put('lib/connectors/slack/index.ts', `export default { id: 'slack' };`);
});
afterEach(() => rmSync(root, { recursive: true }));

describe('functions are built', () => {
  it('each into one file, a connector’s from its own code and the common file', async () => {
    const code = await build('sales', 'receive-slack', 'deliver-slack');
    expect([...code].map(([name, text]) => [name, answerOf(text)])).toEqual([
      ['sales', 'open'],
      ['receive-slack', 'from slack'],
      ['deliver-slack', 'to slack'],
    ]);
  });

  it('without what is not used, and with nothing to load beside it', async () => {
    const code = (await build('sales')).get('sales');
    expect(code).not.toContain('used');
    expect(code).not.toContain('require(');
    expect(code).not.toContain('sourceMappingURL');
  });

  it('and weighed, by package', async () => {
    put('functions/rewards.ts', `import * as z from 'zod'; export const handler = () => z.string().parse('rewards');`);
    await build('rewards');
    const sizes = JSON.parse(readFileSync(join(root, '.bundles/sizes.json'), 'utf8'));
    expect(Object.keys(sizes.rewards.parts)).toEqual(['zod', '.']);
    expect(sizes.rewards.bytes).toBeGreaterThan(10_000);
  });
});

describe('a bundle is made again', () => {
  const madeAt = (name: FunctionName) => statSync(join(root, '.bundles/made', `${name}.json`)).mtimeMs;
  const tick = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('when something it was made of has changed, and no other with it', async () => {
    await build('sales', 'rewards');
    const before = { sales: madeAt('sales'), rewards: madeAt('rewards') };
    await tick();
    put('lib/word.ts', `export const word = 'closed';`);
    expect(answerOf((await build('sales', 'rewards')).get('sales'))).toBe('closed');
    expect(madeAt('sales')).toBeGreaterThan(before.sales);
    expect(madeAt('rewards')).toBe(before.rewards);
  });

  it('when a file that left nothing in it now does', async () => {
    put('lib/silent.ts', 'export type Nothing = never;');
    put(
      'functions/sales.ts',
      `import '../lib/silent.ts'; export const handler = () => (globalThis as { heard?: string }).heard;`,
    );
    await build('sales');
    put('lib/silent.ts', `(globalThis as { heard?: string }).heard = 'something'; export {};`);
    expect(answerOf((await build('sales')).get('sales'))).toBe('something');
  });

  it('when its code is gone', async () => {
    await build('sales');
    rmSync(join(root, '.bundles/code'), { recursive: true });
    expect(answerOf((await build('sales')).get('sales'))).toBe('open');
  });

  it('but not otherwise', async () => {
    const first = await build('sales');
    const before = madeAt('sales');
    await tick();
    expect(await build('sales')).toEqual(first);
    expect(madeAt('sales')).toBe(before);
  });

  it('in peace beside another synth', async () => {
    const built = await Promise.all([build('sales'), build('sales'), build('sales')]);
    expect(built.map((code) => answerOf(code.get('sales')))).toEqual(['open', 'open', 'open']);
  });
});

describe('a build that cannot be says why', () => {
  it.each([
    ['activities', 'functions/activities.ts is missing: the function activities is built from it'],
    ['receive-stripe', 'lib/connectors/stripe/index.ts is missing: the function receive-stripe is built from it'],
  ] as const)('when the source of %s is missing', async (name, message) => {
    await expect(build(name)).rejects.toThrow(expect.objectContaining({ name: 'Fault', message }));
  });

  it('when the source is wrong, with its place', async () => {
    put('functions/sales.ts', `import { gone } from '../lib/gone.ts'; export const handler = gone;`);
    await expect(build('sales')).rejects.toThrow(
      /Could not resolve "\.\.\/lib\/gone\.ts"[\s\S]*functions\/sales\.ts:1:21/,
    );
  });
});

describe('what is deployed', () => {
  it('is the code beside the merchant’s file, under the hash of both', async () => {
    const merchant = checkMerchant(artCafe, 'art-cafe.ts');
    const bundles = bundlesOf(await build('rewards'), shelf);
    const pathOf = (code: Code) => (code as AssetCode).path;
    const path = pathOf(bundles.code(merchant, 'rewards'));
    const file = (name: string) => readFileSync(join(path, name), 'utf8');
    expect(JSON.parse(file('merchant.json'))).toMatchObject({
      id: 'art-cafe',
      version: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(JSON.parse(file('package.json'))).toEqual({ type: 'commonjs' });
    expect(answerOf(file('index.js'))).toBe('rewards');
    expect(pathOf(bundles.code({ ...merchant }, 'rewards'))).toBe(path);
    expect(pathOf(bundles.code({ ...merchant, name: 'Elsewhere' }, 'rewards'))).not.toBe(path);
  });
});
