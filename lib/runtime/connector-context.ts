import type { Context, Manifest } from '../connectors/contract.ts';
import { merchant, optionalSetting, setting } from './config.ts';
import { dynamodb } from './dynamodb.ts';
import { openPace } from './pace.ts';
import { openSecret } from './secrets.ts';
import { openThrottle } from './throttle.ts';
import type { Secret } from './token-keeper.ts';
import { openTokens } from './tokens.ts';
import { openVendorFetch } from './vendor-fetch.ts';

/**
 * Opens what a connector is given for each thing it does: settings, secret, time, token, and the way out. Who answers
 * somebody in the meantime says how long its calls may wait for their turns.
 */
export function openContext<M extends Manifest>(manifest: M, { patienceMs }: { patienceMs?: number } = {}) {
  const secret = openSecret(manifest.secret, { arn: setting('SECRET_ARN') });
  // Synth has checked them; reading them again fills in what was left to its default.
  const used = merchant().connectors.find(({ id }) => id === manifest.id);
  const settings = manifest.settings.parse(used?.settings ?? {}) as Context<M>['settings'];
  const { perSecond } = manifest.limits;
  const throttled =
    perSecond === undefined ? undefined : openThrottle({ client: dynamodb, table: setting('TABLE_PROGRAM') });
  const turn = {
    keyId: `vendor:${manifest.id}`,
    limit: { perSecond: perSecond ?? 1, burst: Math.max(1, Math.ceil((perSecond ?? 1) / 2)) },
  };
  const wayOut = openVendorFetch({
    timeoutSeconds: manifest.limits.timeoutSeconds,
    gateway: optionalSetting('VENDOR_GATEWAY'),
  });
  const tokens =
    manifest.oauth &&
    openTokens(
      { manifest, settings, fetch: wayOut, client: dynamodb, table: setting('TABLE_PROGRAM') },
      manifest.oauth,
    );
  /** Which token each of them was given last. */
  const given = new WeakMap<Context<M>, string>();

  function around(value: unknown, idempotencyKey: string): Context<M> {
    const made: Context<M> = {
      settings,
      secret: value as Context<M>['secret'],
      idempotencyKey,
      now: new Date(),
      fetch: throttled
        ? openPace(() => throttled(turn), wayOut, patienceMs === undefined ? {} : { patienceMs })
        : wayOut,
      accessToken: (tokens &&
        (async () => {
          const token = await tokens.token(value as Secret);
          given.set(made, token);
          return token;
        })) as Context<M>['accessToken'],
      tokenBase: (tokens && (() => tokens.base(value as Secret))) as Context<M>['tokenBase'],
    };
    return made;
  }

  /** With the secret that has replaced the one it had; `undefined` when there is no other. */
  async function another({ idempotencyKey }: Context<M>): Promise<Context<M> | undefined> {
    const value = await secret.another();
    return value === undefined ? undefined : around(value, idempotencyKey);
  }

  return {
    /** Throws `SecretUnset` while the secret is not filled in. */
    context: async (idempotencyKey: string) => around(await secret.value(), idempotencyKey),
    another,
    /** With another secret or another token than the vendor has refused; `undefined` when there is neither. */
    async renewed(refused: Context<M>): Promise<Context<M> | undefined> {
      const token = given.get(refused);
      const dropped = token !== undefined && (await tokens?.drop(refused.secret as Secret, token));
      return (await another(refused)) ?? (dropped ? around(refused.secret, refused.idempotencyKey) : undefined);
    },
  };
}
