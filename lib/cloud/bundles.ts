import { createHash } from 'node:crypto';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Merchant } from '../../merchants/merchant.ts';
import type { DeployedMerchant } from '../runtime/config.ts';
import type { FunctionName } from './functions.ts';
import type { Shelf } from './shelf.ts';

/** Where a function's code comes from. */
export interface Bundles {
  code(merchant: Merchant, name: FunctionName): Code;
}

/** Each bundle beside the merchant's own file, in a folder named after what is in it. */
export const bundlesOf = (built: ReadonlyMap<FunctionName, string>, shelf: Shelf): Bundles => ({
  code(merchant, name) {
    const index = built.get(name);
    if (index === undefined) throw new Error(`${name} was not built`);
    const folder = shelf.put('assets', name, {
      'index.js': index,
      // The repository is ESM and the bundle is not; run from inside it, the one would be taken for the other.
      'package.json': '{"type":"commonjs"}\n',
      'merchant.json': `${JSON.stringify(configOf(merchant))}\n`,
    });
    return Code.fromAsset(folder.path, { assetHash: folder.hash });
  },
});

/** What a function knows of its merchant: the checked file, and which version of the program decides. */
export const configOf = (merchant: Merchant): DeployedMerchant => ({ ...merchant, version: versionOf(merchant) });

const versionOf = ({ program }: Merchant): string =>
  createHash('sha256').update(JSON.stringify(program, sorted)).digest('hex').slice(0, 12);

// So that moving a line in the merchant's file makes no new version.
const sorted = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
