import { randomBytes } from 'node:crypto';
import type { AwsCaller } from './aws-call.ts';
import type { Assembly } from './template.ts';

/** A connector's secret, and which part of it a sender signs with. */
interface Demo {
  make(): Record<string, unknown>;
  readonly signsWith?: (secret: Record<string, unknown>) => unknown;
}

const key = (bytes = 24) => randomBytes(bytes).toString('base64');
const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const first = (name: string) => (secret: Record<string, unknown>) => (secret[name] as unknown[] | undefined)?.[0];

/** What each connector's vendor would have given: of the right shape, and worth nothing outside. */
const demos: Readonly<Record<string, Demo>> = {
  shopify: {
    make: () => ({ webhookSecrets: [`shpss_${hex(16)}`], accessToken: `shpat_${hex(16)}` }),
    signsWith: first('webhookSecrets'),
  },
  slack: { make: () => ({ webhookUrl: `https://hooks.slack.com/services/T000/B000/${hex(12)}` }) },
  square: {
    make: () => ({ signatureKeys: [hex(16)], accessToken: `EAAA_${hex(16)}` }),
    signsWith: first('signatureKeys'),
  },
  stripe: {
    make: () => ({ webhookSecrets: [`whsec_${hex(16)}`], apiKey: `rk_test_${hex(16)}` }),
    signsWith: first('webhookSecrets'),
  },
  'twilio-sms': {
    make: () => ({ accountSid: `AC${hex(16)}`, authToken: hex(16) }),
    signsWith: ({ authToken }) => authToken,
  },
  typeform: {
    make: () => ({ webhookSecrets: [hex(16)], accessToken: `tfp_${hex(16)}`, memberKeys: [hex(16)] }),
    signsWith: first('webhookSecrets'),
  },
  webhook: {
    make: () => ({ inboundKeys: [`whsec_${key()}`], inboundSecrets: [hex(16)], outboundKeys: [`whsec_${key()}`] }),
    signsWith: first('inboundKeys'),
  },
  woocommerce: {
    make: () => ({ webhookSecrets: [hex(16)], consumerKey: `ck_${hex(16)}`, consumerSecret: `cs_${hex(16)}` }),
    signsWith: first('webhookSecrets'),
  },
};

/** Fills what is marked as unset, and says for each connector what its senders sign with. */
export async function fillSecrets(options: {
  assembly: Assembly;
  operate: AwsCaller;
  warn(message: string): void;
}): Promise<Readonly<Record<string, string>>> {
  const signing: Record<string, string> = {};
  for (const { physicalId, properties } of options.assembly.ofType('AWS::SecretsManager::Secret')) {
    const connector = String(properties.Name).split('/').at(-1) ?? '';
    const demo = demos[connector];
    const { SecretString } = (await options.operate('secretsmanager.GetSecretValue', { SecretId: physicalId })) as {
      SecretString: string;
    };
    let secret = JSON.parse(SecretString) as Record<string, unknown>;
    if (secret.unset === true) {
      if (!demo) {
        options.warn(`no demo secret is known for ${connector}: its functions refuse every call until it is filled`);
        continue;
      }
      secret = demo.make();
      await options.operate('secretsmanager.PutSecretValue', {
        SecretId: physicalId,
        SecretString: JSON.stringify(secret),
        ClientRequestToken: crypto.randomUUID(),
      });
    }
    const signs = demo?.signsWith?.(secret);
    if (typeof signs === 'string') signing[connector] = signs;
  }
  return signing;
}
