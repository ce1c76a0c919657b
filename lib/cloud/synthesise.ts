import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { type CloudAssembly, FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks } from 'cdk-nag';
import { buildFunctions } from './build.ts';
import { bundlesOf } from './bundles.ts';
import { prefixOf } from './deployment.ts';
import { Fault } from './fault.ts';
import { functionsOf } from './functions.ts';
import { MerchantStage } from './merchant-stage.ts';
import { readMerchants } from './merchants.ts';
import { Shelf } from './shelf.ts';

export interface SynthesisOptions {
  /** The repository. */
  readonly root: string;
  /** One merchant only, by id. */
  readonly merchant?: string | undefined;
  /** A copy to try things on, which goes without a trace. */
  readonly stage?: string | undefined;
  /** Where the assembly is written; under the CDK command line it says itself. */
  readonly outdir?: string | undefined;
  /** `false` leaves out the checks of rules and schemas, four fifths of the time: for running on one machine. */
  readonly checked?: boolean | undefined;
}

/** From merchants' files to a cloud assembly. Throws `MerchantFileError` or `Fault` while nothing is built yet. */
export async function synthesise({
  root,
  merchant,
  stage,
  outdir,
  checked = true,
}: SynthesisOptions): Promise<CloudAssembly> {
  const merchants = await readMerchants({ directory: join(root, 'merchants'), merchant, stage });
  const shelf = new Shelf(join(root, '.bundles'));
  const names = [...new Set(merchants.flatMap(functionsOf))];
  const bundles = bundlesOf(await buildFunctions({ root, names, shelf }), shelf);

  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: Record<string, unknown> };
  const app = new App({
    ...(outdir !== undefined && { outdir }),
    context,
    // Left to the command line, findings in stacks within a stage pass unseen unless each is named.
    postCliContext: { [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: true },
    analyticsReporting: false,
    autoSynth: false,
    builtinCloudFormationValidation: checked,
  });
  if (checked) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  for (const merchant of merchants)
    new MerchantStage(app, { merchant, stage, prefix: prefixOf(merchant.id, stage), bundles });
  try {
    return app.synth();
  } catch (error) {
    // Each finding has been printed with its place by now.
    if (error instanceof Error && error.name === 'ValidationFailed') throw new Fault(error.message, { cause: error });
    throw error;
  }
}
