import type { Context, Manifest } from '../connectors/contract.ts';
import { merchant, optionalSetting, setting } from './config.ts';
import { openSecret } from './secrets.ts';
import { openVendorFetch } from './vendor-fetch.ts';

/** Opens what a connector is given for each thing it does: settings, secret, time, and the way out. */
export function openContext<M extends Manifest>(manifest: M) {
  const secret = openSecret(manifest.secret, { arn: setting('SECRET_ARN') });
  // Synth has checked them; reading them again fills in what was left to its default.
  const used = merchant().connectors.find(({ id }) => id === manifest.id);
  const settings = manifest.settings.parse(used?.settings ?? {}) as Context<M>['settings'];
  const fetch = openVendorFetch({
    timeoutSeconds: manifest.limits.timeoutSeconds,
    gateway: optionalSetting('VENDOR_GATEWAY'),
  });
  const around = (value: unknown, idempotencyKey: string): Context<M> => ({
    settings,
    secret: value as Context<M>['secret'],
    idempotencyKey,
    now: new Date(),
    fetch,
    accessToken: undefined as Context<M>['accessToken'],
  });
  return {
    /** Throws `SecretUnset` while the secret is not filled in. */
    context: async (idempotencyKey: string) => around(await secret.value(), idempotencyKey),
    /** With the secret that has replaced the one that was refused; `undefined` when there is no other. */
    renewed: async (idempotencyKey: string) => {
      const value = await secret.another();
      return value === undefined ? undefined : around(value, idempotencyKey);
    },
  };
}
