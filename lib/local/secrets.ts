import { type ConnectorId, manifests } from '../connectors/manifests.ts';
import type { AwsCaller } from './aws-call.ts';
import { demoSecret } from './demo-secret.ts';
import type { Assembly } from './template.ts';

/** What a vendor has given us, and with what of it its senders sign. */
export interface Given {
  readonly secret: Readonly<Record<string, unknown>>;
  readonly signsWith: string | undefined;
}

/** Fills what is marked as unset, and says what each connector has. */
export async function fillSecrets(options: {
  assembly: Assembly;
  operate: AwsCaller;
  warn(message: string): void;
}): Promise<Readonly<Record<string, Given>>> {
  const given: Record<string, Given> = {};
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
    given[connector] = { secret, signsWith: signsWith(connector, secret) };
  }
  return given;
}

/** What is proven with is a list, so that it can be rotated. */
function signsWith(connector: ConnectorId, secret: Readonly<Record<string, unknown>>): string | undefined {
  // It signs with the token that it is asked with.
  if (connector === 'twilio-sms') return secret.authToken as string | undefined;
  // What we have of it is the public half.
  if (connector === 'sendgrid') return undefined;
  return Object.values(secret).find((value): value is string[] => Array.isArray(value))?.[0];
}
