import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type * as z from 'zod';

/** Nobody has filled it in yet, or not as the connector needs it. Whatever depends on it is refused. */
export class SecretUnset extends Error {
  override readonly name = 'SecretUnset';
}

/** A new value is noticed after this at the latest. */
const FRESH_MS = 5 * 60_000;
/** A refusal may come from a value that was replaced; asking again more often than this would let strangers spend our money. */
const AGAIN_MS = 30_000;

export interface Secret<Value> {
  /** Throws `SecretUnset` when there is none that fits. */
  value(): Promise<Value>;
  /** The value as it is now, when it differs from the one that was just refused; `undefined` when it does not. */
  another(): Promise<Value | undefined>;
}

/** A connector's secret, read from Secrets Manager and checked against the connector's own schema. */
export function openSecret<Schema extends z.ZodObject>(
  schema: Schema,
  {
    arn,
    client = new SecretsManagerClient({ maxAttempts: 3 }),
    now = () => Date.now(),
  }: { arn: string; client?: SecretsManagerClient; now?: () => number },
): Secret<z.output<Schema>> {
  let known: { text: string; at: number } | undefined;

  async function text(maxAgeMs: number): Promise<string> {
    if (!known || now() - known.at > maxAgeMs) {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
      known = { text: SecretString, at: now() };
    }
    return known.text;
  }

  function parsed(text: string): z.output<Schema> {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new SecretUnset('the secret is not JSON');
    }
    if (json !== null && typeof json === 'object' && 'unset' in json)
      throw new SecretUnset('the secret has not been filled in');
    const result = schema.safeParse(json);
    if (result.success) return result.data;
    // Paths, never values.
    const where = result.error.issues.map((issue) => issue.path.join('.') || '(root)');
    throw new SecretUnset(`the secret does not have what is needed: ${[...new Set(where)].join(', ')}`);
  }

  return {
    value: async () => parsed(await text(FRESH_MS)),
    another: async () => {
      const before = known?.text;
      const after = await text(AGAIN_MS);
      return after === before ? undefined : parsed(after);
    },
  };
}
