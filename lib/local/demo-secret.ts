import { generateKeyPairSync, randomBytes } from 'node:crypto';
import * as z from 'zod';

/** What vendors give, the plainest first: of the right shape, and worth nothing outside. */
const kinds: readonly ((prefix: string) => string)[] = [
  (prefix) => prefix + randomBytes(20).toString('hex'),
  () => 'loyalty@kunstpause.example',
  () => `https://hooks.slack.com/services/T000/B000/${randomBytes(12).toString('hex')}`,
  () =>
    generateKeyPairSync('ec', {
      namedCurve: 'prime256v1',
      privateKeyEncoding: PEM,
      publicKeyEncoding: DER,
    }).publicKey.toString('base64'),
  () =>
    generateKeyPairSync('rsa', { modulusLength: 2_048, privateKeyEncoding: PEM, publicKeyEncoding: DER }).privateKey,
];
const PEM = { type: 'pkcs8', format: 'pem' } as const;
const DER = { type: 'spki', format: 'der' } as const;

interface Property {
  readonly type?: string;
  readonly pattern?: string;
  readonly items?: Property;
}

/**
 * What a connector's vendor would have given, as the schema of its secret asks for it: one value in each list, and what
 * may be absent, too. `undefined` where a field wants something that is not known here.
 */
export function demoSecret(schema: z.ZodObject): Record<string, unknown> | undefined {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const fields = Object.entries(properties).map(([name, property]): [string, unknown] => {
    const { type, pattern, items } = property as Property;
    const isList = type === 'array';
    const prefix = prefixIn(isList ? items?.pattern : pattern);
    const field = schema.shape[name] as z.ZodType;
    for (const kind of kinds) {
      const value = isList ? [kind(prefix)] : kind(prefix);
      if (z.safeParse(field, value).success) return [name, value];
    }
    return [name, undefined];
  });
  const secret = Object.fromEntries(fields);
  return schema.safeParse(secret).success ? secret : undefined;
}

/** `^(rk|sk)_(live|test)_\w+$`: `sk_test_`. */
function prefixIn(pattern = ''): string {
  const plain = pattern.replaceAll(/\((?:\w+\|)+(\w+)\)/g, '$1');
  const [, letters = ''] = /^\^((?:[\w-]|\\\.)+)/.exec(plain) ?? [];
  return letters.replaceAll('\\', '');
}
