import { type ConnectorId, manifests } from '../connectors/manifests.ts';
import type { AwsCaller } from './aws-call.ts';
import { demoSecret } from './demo-secret.ts';
import type { Assembly } from './template.ts';

/** Fills what is marked as unset, and says for each connector what its senders sign with. */
export async function fillSecrets(options: {
  assembly: Assembly;
  operate: AwsCaller;
  warn(message: string): void;
}): Promise<Readonly<Record<string, string>>> {
  const signing: Record<string, string> = {};
  for (const { physicalId, properties } of options.assembly.ofType('AWS::SecretsManager::Secret')) {
    const connector = String(properties.Name).split('/').at(-1) as ConnectorId;
    const { SecretString } = (await options.operate('secretsmanager.GetSecretValue', { SecretId: physicalId })) as {
      SecretString: string;
    };
    let secret = JSON.parse(SecretString) as Record<string, unknown>;
    if (secret.unset === true) {
      const made = demoSecret(manifests[connector].secret);
      if (!made) {
        options.warn(
          `no demo secret fits ${connector}: fill it with npm run stampbook -- secret ${connector}, or its functions refuse every call`,
        );
        continue;
      }
      secret = made;
      await options.operate('secretsmanager.PutSecretValue', {
        SecretId: physicalId,
        SecretString: JSON.stringify(secret),
        ClientRequestToken: crypto.randomUUID(),
      });
    }
    const signs = signsWith(connector, secret);
    if (signs !== undefined) signing[connector] = signs;
  }
  return signing;
}

/** What is proven with is a list, so that it can be rotated. */
function signsWith(connector: ConnectorId, secret: Readonly<Record<string, unknown>>): string | undefined {
  // It signs with the token that it is asked with.
  if (connector === 'twilio-sms') return secret.authToken as string | undefined;
  // What we have of it is the public half.
  if (connector === 'sendgrid') return undefined;
  return Object.values(secret).find((value): value is string[] => Array.isArray(value))?.[0];
}
