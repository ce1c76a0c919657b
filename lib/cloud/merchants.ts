import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkMerchant, type Merchant, MerchantFileError } from '../../merchants/merchant.ts';
import { prefixOf } from './deployment.ts';
import { Fault } from './fault.ts';
import { functionsOf, PHYSICAL_NAME_MAX, physicalNameOf } from './functions.ts';
import { spoken } from './merchant-words.ts';

export interface Wanted {
  /** The folder with a file for each merchant. */
  readonly directory: string;
  /** One merchant only; another's unfinished file is then nobody's business. */
  readonly merchant?: string | undefined;
  readonly stage?: string | undefined;
}

/** Reads and checks merchants' files. Any fault is thrown here, before there is anything to build from it. */
export async function readMerchants({ directory, merchant, stage }: Wanted): Promise<readonly Merchant[]> {
  if (stage !== undefined && !STAGE.test(stage)) {
    throw new Fault(
      `stage = ${JSON.stringify(stage)}\n  A stage ends names: up to 20 lower-case letters, digits and hyphens, such as -c stage=dev. Leave it away for the real thing.`,
    );
  }
  const ids = readdirSync(directory)
    .filter((file) => file.endsWith('.ts') && file !== 'merchant.ts')
    .map((file) => basename(file, '.ts'))
    .sort();
  if (merchant !== undefined && !ids.includes(merchant)) {
    throw new Fault(
      `merchant = ${JSON.stringify(merchant)}\n  There is no such file in merchants/. There are: ${ids.join(', ')}.`,
    );
  }
  const wanted = merchant === undefined ? ids : [merchant];
  const taken = wanted.find((id) => stage !== undefined && ids.includes(prefixOf(id, stage)));
  if (taken !== undefined) {
    throw new Fault(
      `stage = ${JSON.stringify(stage)}\n  The copy of ${taken} would take the names of the merchant ${prefixOf(taken, stage)}: call the stage something else.`,
    );
  }
  if (wanted.length === 0) throw new Fault('merchants/ holds no merchant: copy one of the examples to begin with');
  return Promise.all(wanted.map((id) => readMerchant(directory, id, stage)));
}

const STAGE = /^[a-z0-9][a-z0-9-]{0,19}$/;

async function readMerchant(directory: string, id: string, stage: string | undefined): Promise<Merchant> {
  const file = `merchants/${id}.ts`;
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(join(directory, `${id}.ts`)).href);
  } catch (cause) {
    throw new MerchantFileError(`${file} cannot be read:\n  ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  if (module.default === undefined) {
    throw new MerchantFileError(
      `${file} has a fault:\n  default = nothing\n    say \`export default { … } satisfies MerchantInput\``,
    );
  }
  const merchant = checkMerchant(module.default, file);
  const fault = (path: string, value: string, fix: string) =>
    new MerchantFileError(`${file} has a fault:\n  ${path} = ${JSON.stringify(value)}\n    ${fix}`);
  if (merchant.id !== id)
    throw fault('id', merchant.id, `a file is called by its merchant: set it to "${id}", or rename the file`);
  const longest = functionsOf(merchant)
    .map((name) => physicalNameOf(prefixOf(id, stage), name))
    .reduce((a, b) => (b.length > a.length ? b : a));
  const excess = longest.length - PHYSICAL_NAME_MAX;
  if (excess > 0)
    throw fault(
      'id',
      id,
      `too long by ${excess}: Lambda takes ${PHYSICAL_NAME_MAX} characters, and "${longest}" has more`,
    );
  const words = await spoken(merchant);
  if ('id' in words) return words;
  const faults = words.map(({ path, value, fix }) => `  ${path} = ${JSON.stringify(value.slice(0, 120))}\n    ${fix}`);
  throw new MerchantFileError(
    `${file} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.join('\n')}`,
  );
}
