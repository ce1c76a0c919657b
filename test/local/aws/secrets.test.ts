import { afterEach, describe, expect, it } from '@jest/globals';
import { openSecrets } from '../../../lib/local/aws/secrets.ts';
import { createClock } from '../../../lib/local/clock.ts';
import { smallAssembly, temporaryFolder } from '../small-assembly.ts';

const folder = temporaryFolder();
afterEach(() => folder.remove());

const assembly = smallAssembly({
  'shop-app': {
    Resources: {
      Sms: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'shop/sms', SecretString: '{"unset":true}' } },
      Made: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          Name: 'shop/made',
          GenerateSecretString: { SecretStringTemplate: '{"user":"us"}', GenerateStringKey: 'password' },
        },
      },
    },
  },
});
const open = () => {
  const secrets = openSecrets({ assembly, dataDirectory: folder.path, clock: createClock() });
  return async (operation: string, input: Record<string, unknown>) => {
    const signal = new AbortController().signal;
    return JSON.parse(String((await secrets.answer({ operation, input, body: Buffer.from(''), signal })).body));
  };
};
const arn = assembly.ofType('AWS::SecretsManager::Secret')[0]?.arn;
const value = async (ask: ReturnType<typeof open>, SecretId: unknown, more = {}) =>
  (await ask('GetSecretValue', { SecretId, ...more })).SecretString;

describe('a secret', () => {
  it('begins with what the template says', async () => {
    const ask = open();
    expect(await value(ask, 'shop/sms')).toBe('{"unset":true}');
    expect(JSON.parse(await value(ask, 'shop/made'))).toEqual({
      user: 'us',
      password: expect.stringMatching(/^[\w-]{32}$/),
    });
  });

  it('is known by its name, its ARN, and its ARN without the letters at the end', async () => {
    const ask = open();
    for (const id of ['shop/sms', arn, arn?.slice(0, -7)]) expect(await value(ask, id)).toBe('{"unset":true}');
  });

  it('is changed, keeps its last value beside the new one, and both over a restart', async () => {
    await open()('PutSecretValue', { SecretId: 'shop/sms', SecretString: 'new', ClientRequestToken: 'once' });
    const ask = open();
    expect(await value(ask, 'shop/sms')).toBe('new');
    expect(await value(ask, 'shop/sms', { VersionStage: 'AWSPREVIOUS' })).toBe('{"unset":true}');
  });

  it('is changed once, however often the same request comes', async () => {
    const ask = open();
    for (let time = 0; time < 2; time += 1) {
      await ask('PutSecretValue', { SecretId: 'shop/sms', SecretString: 'new', ClientRequestToken: 'once' });
    }
    expect(await value(ask, 'shop/sms', { VersionStage: 'AWSPREVIOUS' })).toBe('{"unset":true}');
    const other = ask('PutSecretValue', { SecretId: 'shop/sms', SecretString: 'other', ClientRequestToken: 'once' });
    await expect(other).rejects.toThrow('another value');
  });

  it('that is not in the template is not there', async () => {
    await expect(value(open(), 'shop/none')).rejects.toThrow("can't find the specified secret");
  });
});
