import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import type { Merchant } from '../../merchants/merchant.ts';
import type { Bundles } from './bundles.ts';
import { prefixOf } from './deployment.ts';
import { MerchantStage } from './merchant-stage.ts';

export interface Synthesis {
  readonly app: App;
  readonly merchants: readonly Merchant[];
  readonly stage: string | undefined;
  readonly bundles: Bundles;
}

/** Puts a stage for each merchant into the app, checked by AWS's own security rules. */
export function build({ app, merchants, stage, bundles }: Synthesis): readonly MerchantStage[] {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return merchants.map((merchant) => new MerchantStage(app, { merchant, stage, prefix: prefixOf(merchant.id, stage), bundles }));
}
