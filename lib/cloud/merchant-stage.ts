import { Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AppStack } from './app-stack.ts';
import { ConnectorsStack, shelvesOf } from './connectors-stack.ts';
import { DataStack } from './data-stack.ts';
import type { Deployment } from './deployment.ts';

/** Everything of one merchant: what must not be lost, the engine, and what it is connected to, each in stacks of its own. */
export class MerchantStage extends Stage {
  readonly data: DataStack;
  readonly app: AppStack;
  readonly connectors: readonly ConnectorsStack[];

  constructor(scope: Construct, deployment: Deployment) {
    super(scope, deployment.prefix);
    const { merchant, stage } = deployment;
    const common = { deployment, terminationProtection: stage === undefined };
    const about = (what: string) => `${merchant.name}: ${what}`;

    this.data = new DataStack(this, 'data', { ...common, description: about('members, accounts and the journal') });
    const { data } = this;
    this.app = new AppStack(this, 'app', { ...common, description: about('the loyalty engine'), data });
    const { app } = this;
    const surroundings = {
      api: app.api,
      bus: app.bus,
      facts: app.facts,
      plan: app.plan,
      schedules: app.schedules,
      accounts: data.accounts,
      members: data.members,
      program: data.program,
      bell: app.bell,
    };
    this.connectors = [...shelvesOf(merchant.connectors)].map(
      ([id, uses]) =>
        new ConnectorsStack(this, id, { ...common, description: about('what it is connected to'), surroundings, uses }),
    );

    Tags.of(this).add('stampbook:merchant', merchant.id);
    Tags.of(this).add('stampbook:stage', stage ?? 'live');
  }
}
