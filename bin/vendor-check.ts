import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Connector, Context } from '../lib/connectors/contract.ts';
import { connectors } from '../lib/connectors/index.ts';
import { NotEquipped, Unauthorized } from '../lib/connectors/kit/errors.ts';
import type { ConnectorId } from '../lib/connectors/manifests.ts';
import { openTokens } from '../lib/runtime/tokens.ts';
import { openVendorFetch } from '../lib/runtime/vendor-fetch.ts';

/** What a vendor says to credentials. `unasked`: there is nothing that could be asked. `unclear`: not now. */
export interface VendorSays {
  readonly kind: 'accepted' | 'refused' | 'unasked' | 'unclear';
  readonly words: string;
}

export interface VendorCheckOptions {
  readonly client: DynamoDBClient;
  /** The Program table, where tokens are kept. */
  readonly table: string;
  /** Where the local cloud stands in for the vendor. */
  readonly gateway: string | undefined;
  now(): Date;
}

/** Makes the connector's harmless call with these credentials. */
export async function askVendor(
  use: { readonly id: ConnectorId; readonly settings: unknown },
  secret: Readonly<Record<string, unknown>>,
  { client, table, gateway, now }: VendorCheckOptions,
): Promise<VendorSays> {
  const { manifest, check } = (await connectors[use.id]()).default as unknown as Connector;
  if (!check) return { kind: 'unasked', words: `${manifest.title} has nothing that could be asked` };
  const settings = manifest.settings.parse(use.settings);
  const parsed = manifest.secret.parse(secret);
  const fetch = openVendorFetch({ timeoutSeconds: manifest.limits.timeoutSeconds, gateway });
  const tokens = manifest.oauth && openTokens({ manifest, settings, fetch, client, table }, manifest.oauth);
  const context = {
    settings,
    secret: parsed,
    idempotencyKey: `${manifest.id}:check`,
    now: now(),
    fetch,
    accessToken: tokens && (() => tokens.token(parsed)),
    tokenBase: tokens && (() => tokens.base(parsed)),
  } as Context<typeof manifest>;
  try {
    return { kind: 'accepted', words: await check(context) };
  } catch (error) {
    const words = (error as Error).message;
    if (error instanceof Unauthorized) return { kind: 'refused', words };
    if (error instanceof NotEquipped) return { kind: 'unasked', words };
    return { kind: 'unclear', words };
  }
}
