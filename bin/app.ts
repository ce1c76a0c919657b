import { dirname } from 'node:path';
import { Fault } from '../lib/cloud/fault.ts';
import { synthesise } from '../lib/cloud/synthesise.ts';
import { MerchantFileError } from '../merchants/merchant.ts';

/** What `cdk` runs. `-c merchant=<id>` takes one merchant only, `-c stage=dev` makes copies to try things on. */
const { merchant, stage } = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as {
  merchant?: string;
  stage?: string;
};

try {
  await synthesise({ root: dirname(import.meta.dirname), merchant, stage, outdir: process.env.CDK_OUTDIR });
} catch (error) {
  if (!(error instanceof MerchantFileError || error instanceof Fault)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
