import { createHash } from 'node:crypto';
import { type Code, Code as LambdaCode } from 'aws-cdk-lib/aws-lambda';
import type { Merchant } from '../../merchants/merchant.ts';
import type { Deployment } from './deployment.ts';
import type { Shelf } from './shelf.ts';

/** Where a function's code comes from. */
export interface Bundles {
  code(deployment: Deployment, name: string): Code;
}

/** Bundled code beside the merchant's own file, in a folder named by what is in it. */
export const bundlesOf = (code: ReadonlyMap<string, string>, shelf: Shelf): Bundles => ({
  code({ merchant }, name) {
    const index = code.get(name);
    if (index === undefined) throw new Error(`${name} was not built`);
    const folder = shelf.put('asset', name, {
      'index.js': index,
      // The repository is ESM, the bundle is not; on one machine the first would be taken for the second's.
      'package.json': '{"type":"commonjs"}\n',
      'merchant.json': `${JSON.stringify(configOf(merchant))}\n`,
    });
    return LambdaCode.fromAsset(folder.path, { assetHash: folder.hash });
  },
});

/** What a function knows of its merchant: the checked file, and which version of the program decides. */
export const configOf = (merchant: Merchant) => ({ ...merchant, version: versionOf(merchant) });

const versionOf = ({ program }: Merchant): string =>
  createHash('sha256').update(JSON.stringify(program, sorted)).digest('hex').slice(0, 12);

// So that moving a line in the merchant's file is not a new version.
const sorted = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
