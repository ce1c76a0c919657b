import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Assembly, Resource } from '../template.ts';
import { readJson, writeJson } from './json-file.ts';
import { AwsError, jsonReply, notHere, type Service, type ServiceCall, targetOf } from './protocol.ts';

interface Secret {
  readonly arn: string;
  readonly name: string;
  /** Newest first; the second is what `AWSPREVIOUS` gives. */
  readonly versions: readonly { readonly id: string; readonly value: string; readonly at: number }[];
}

const operations = new Set(['GetSecretValue', 'PutSecretValue', 'UpdateSecret', 'DescribeSecret']);

/** The secrets of the template, with what was put into them since. */
export function openSecrets(options: { assembly: Assembly; dataDirectory: string; clock: Clock }): Service {
  const file = join(options.dataDirectory, 'secrets.json');
  const kept = readJson<Record<string, Secret['versions']>>(file) ?? {};
  const now = () => options.clock.now().getTime() / 1000;
  const secrets = new Map<string, Secret>();
  for (const resource of options.assembly.ofType('AWS::SecretsManager::Secret')) {
    const name = nameOf(resource);
    const versions = kept[name] ?? [{ id: randomUUID(), value: initialValue(resource), at: now() }];
    secrets.set(name, { arn: resource.arn, name, versions });
  }
  const save = () => writeJson(file, Object.fromEntries([...secrets].map(([name, { versions }]) => [name, versions])));
  save();

  const find = (id: unknown): Secret => {
    const secret = [...secrets.values()].find(
      ({ arn, name }) => id === arn || id === name || `${id}` === arn.slice(0, -7),
    );
    if (secret !== undefined) return secret;
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  };

  const answers: Record<string, (input: ServiceCall['input']) => unknown> = {
    GetSecretValue(input) {
      const { arn, name, versions } = find(input.SecretId);
      const version = versions[input.VersionStage === 'AWSPREVIOUS' ? 1 : 0];
      if (version === undefined || (input.VersionId !== undefined && input.VersionId !== version.id)) {
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret value.");
      }
      return {
        ARN: arn,
        Name: name,
        SecretString: version.value,
        VersionId: version.id,
        VersionStages: [version === versions[0] ? 'AWSCURRENT' : 'AWSPREVIOUS'],
        CreatedDate: version.at,
      };
    },
    PutSecretValue(input) {
      const secret = find(input.SecretId);
      if (typeof input.SecretString !== 'string')
        throw new AwsError('InvalidParameterException', 'You must provide SecretString.');
      const id = String(input.ClientRequestToken ?? randomUUID());
      const repeated = secret.versions.find((version) => version.id === id);
      if (repeated !== undefined && repeated.value !== input.SecretString) {
        throw new AwsError('ResourceExistsException', `A version with the id ${id} and another value exists.`);
      }
      if (repeated === undefined) {
        const version = { id, value: input.SecretString, at: now() };
        secrets.set(secret.name, { ...secret, versions: [version, ...secret.versions].slice(0, 2) });
        save();
      }
      return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: ['AWSCURRENT'] };
    },
    UpdateSecret: (input) => answers.PutSecretValue?.(input),
    DescribeSecret(input) {
      const { arn, name, versions } = find(input.SecretId);
      const stages = versions.map(({ id }, index) => [id, [index === 0 ? 'AWSCURRENT' : 'AWSPREVIOUS']]);
      return { ARN: arn, Name: name, LastChangedDate: versions[0]?.at, VersionIdsToStages: Object.fromEntries(stages) };
    },
  };

  return {
    operationOf: ({ headers }) => targetOf(headers, 'secretsmanager'),
    needs(operation, input) {
      if (!operations.has(operation)) throw notHere('secretsmanager', operation);
      return [{ action: `secretsmanager:${operation}`, resource: find(input.SecretId).arn }];
    },
    answer: async ({ operation, input }) => jsonReply(answers[operation]?.(input), '1.1'),
  };
}

const nameOf = ({ arn }: Resource): string => arn.split(':secret:')[1]?.slice(0, -7) ?? '';

function initialValue({ properties }: Resource): string {
  if (typeof properties.SecretString === 'string') return properties.SecretString;
  const { SecretStringTemplate, GenerateStringKey } = (properties.GenerateSecretString ?? {}) as Record<string, string>;
  const generated = randomBytes(24).toString('base64url');
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return generated;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate), [GenerateStringKey]: generated });
}
