import { RemovalPolicy } from 'aws-cdk-lib';
import type { Merchant } from '../../merchants/merchant.ts';
import type { Bundles } from './bundles.ts';

/** One merchant in one stage: what every stack and construct asks. */
export interface Deployment {
  readonly merchant: Merchant;
  /** Begins every physical name: `art-cafe`, in a named stage `art-cafe-dev`. */
  readonly prefix: string;
  /** Absent for the real thing. A named stage is a copy to try things on, and goes without a trace. */
  readonly stage: string | undefined;
  readonly bundles: Bundles;
}

export const prefixOf = (merchantId: string, stage: string | undefined): string =>
  stage === undefined ? merchantId : `${merchantId}-${stage}`;

/** What must outlive its stack, unless the whole stage is a copy. */
export const keepUnlessCopy = (deployment: Deployment): RemovalPolicy =>
  deployment.stage === undefined ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
