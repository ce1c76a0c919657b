import { join } from 'node:path';
import { Fault } from '../lib/cloud/fault.ts';
import { synthesise } from '../lib/cloud/synthesise.ts';
import { MerchantFileError } from '../merchants/merchant.ts';

/** `assemble.ts <merchant> <folder>`: the stacks of one merchant, to be run here. A process of its own: CDK takes 200 MB. */
const [merchant, outdir] = process.argv.slice(2);
try {
  await synthesise({ root: join(import.meta.dirname, '..'), merchant, outdir, checked: false });
} catch (error) {
  if (!(error instanceof MerchantFileError || error instanceof Fault)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
