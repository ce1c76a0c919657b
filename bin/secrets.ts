import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** A connector's secret in Secrets Manager, as an object. */
export function openVault(client: SecretsManagerClient, prefix: string) {
  const nameOf = (connector: string) => `${prefix}/${connector}`;
  return {
    nameOf,

    /** `undefined` while nobody has filled it in. Throws a line that says what to do where there is none. */
    async read(connector: string): Promise<Record<string, unknown> | undefined> {
      try {
        const { SecretString = '{}' } = await client.send(new GetSecretValueCommand({ SecretId: nameOf(connector) }));
        const value = JSON.parse(SecretString) as Record<string, unknown>;
        return 'unset' in value ? undefined : value;
      } catch (error) {
        if (error instanceof ResourceNotFoundException)
          throw new Error(`there is no secret ${nameOf(connector)}: deploy the merchant first`);
        // It would quote what stands in it.
        if (error instanceof SyntaxError) throw new Error(`the secret ${nameOf(connector)} is not JSON`);
        throw error;
      }
    },

    write: (connector: string, value: object) =>
      client.send(new PutSecretValueCommand({ SecretId: nameOf(connector), SecretString: JSON.stringify(value) })),
  };
}
