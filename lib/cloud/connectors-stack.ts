import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ConnectorId } from '../connectors/manifests.ts';
import { ConnectorInUse, type Surroundings } from './connector-in-use.ts';
import type { Deployment } from './deployment.ts';
import type { Use } from './functions.ts';
import { pascal } from './pascal.ts';

export interface ConnectorsStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly surroundings: Surroundings;
  readonly uses: readonly Use[];
}

/** They came when one stack was enough for all, and stay in it. */
const TOGETHER: ReadonlySet<ConnectorId> = new Set(['shopify', 'slack', 'stripe', 'twilio-sms', 'webhook']);

/**
 * Which stack holds which connector. CloudFormation takes 500 resources a stack, and a connector has up to sixty. What
 * has a name cannot move from one stack to another, so a connector's place depends on nothing but itself: not on what
 * else the merchant's file names, nor in which order.
 */
export function shelvesOf(uses: readonly Use[]): ReadonlyMap<string, readonly Use[]> {
  const together = uses.filter(({ id }) => TOGETHER.has(id));
  const apart = uses.filter(({ id }) => !TOGETHER.has(id));
  return new Map([['connectors', together], ...apart.map((use): [string, Use[]] => [`connectors-${use.id}`, [use]])]);
}

/** What a merchant is connected to, or a part of it. A connector that its file does not name has nothing here. */
export class ConnectorsStack extends Stack {
  constructor(scope: Construct, id: string, props: ConnectorsStackProps) {
    super(scope, id, props);
    const { deployment, surroundings, uses } = props;
    const say = (output: string, value: string, description: string) =>
      new CfnOutput(this, output, { value, description });

    const secrets: string[] = [];
    for (const use of uses) {
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
