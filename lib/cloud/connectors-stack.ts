import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ConnectorInUse, type Surroundings } from './connector-in-use.ts';
import type { Deployment } from './deployment.ts';
import { pascal } from './pascal.ts';

export interface ConnectorsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly surroundings: Surroundings;
}

/** What a merchant is connected to. A connector that its file does not name has nothing here. */
export class ConnectorsStack extends Stack {
  constructor(scope: Construct, id: string, props: ConnectorsStackProps) {
    super(scope, id, props);
    const { deployment, surroundings } = props;
    const say = (output: string, value: string, description: string) =>
      new CfnOutput(this, output, { value, description });

    const secrets: string[] = [];
    for (const use of deployment.merchant.connectors) {
      const name = pascal(use.id);
      const { secretName, hookUrl, receiving, delivering, tending } = new ConnectorInUse(this, name, {
        ...surroundings,
        deployment,
        use,
      });
      secrets.push(secretName);
      if (hookUrl) say(`${name}WebhookUrl`, hookUrl, `Register this address with ${use.id}`);
      if (receiving)
        say(`${name}ReceiveParkedUrl`, receiving.deadLetters.queueUrl, `What ${use.id} told and we could not read`);
      if (delivering)
        say(`${name}DeliverParkedUrl`, delivering.deadLetters.queueUrl, `What ${use.id} could not be told`);
      if (tending)
        say(`${name}TendParkedUrl`, tending.deadLetters.queueUrl, `What could not be looked after at ${use.id}`);
    }
    if (secrets.length > 0)
      say('SecretsToFill', secrets.join(' '), 'Nothing passes through a connector before its secret is filled');
  }
}
