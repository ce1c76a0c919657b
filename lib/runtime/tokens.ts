import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Manifest, Ways } from '../connectors/contract.ts';
import { grant, wayOf } from './grants.ts';
import { openTokenKeeper } from './token-keeper.ts';

export interface TokensOptions {
  readonly manifest: Manifest;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly fetch: typeof globalThis.fetch;
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** The tokens of one connector, kept where all its functions find them. */
export const openTokens = ({ manifest, settings, fetch, client, table }: TokensOptions, oauth: Ways) =>
  openTokenKeeper({
    client,
    table,
    connector: manifest.id,
    oauth,
    grant: (secret, refreshToken) =>
      grant({
        oauth: wayOf(oauth, secret),
        settings,
        secret,
        refreshToken,
        fetch,
        // The one that is lost is as good as none, and another can be asked for.
        asked: { vendor: manifest.title, now: new Date(), repeatable: true },
      }),
    leaseMs: (manifest.limits.timeoutSeconds + 5) * 1_000,
  });
