import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Ways } from '../connectors/contract.ts';
import { Transient } from '../connectors/kit/errors.ts';
import { type Granted, wayOf } from './grants.ts';
import { openSealing } from './sealing.ts';

/** A token is not begun to be used in the last minutes of its life, nor in the last quarter of a short one. */
const MARGIN_MS = 5 * 60_000;
/** One that is this young and refused was not refused for its age: another would fare no better. */
const YOUNG_MS = 60_000;
/** How often who waits for somebody else's refresh looks again. */
const LOOK_MS = 250;

export type Secret = Readonly<Record<string, unknown>>;

interface Token {
  readonly accessToken: string;
  readonly refreshToken?: string | undefined;
  readonly base?: string | undefined;
  readonly gotAt: number;
  /** From then on another is got. */
  readonly goodUntil: number;
}

/** What descends from a replaced secret goes with it. */
const KEEP_SECONDS = 400 * 86_400;

const FREE = '(attribute_not_exists(#leaseUntil) OR #leaseUntil < :now)';
const REPLACE = 'SET #version = :next, #sealed = :sealed, #ttl = :ttl';

/** Whoever writes what was got moves `version` on from the one that was read. */
interface Row {
  readonly version?: number;
  readonly sealed?: Uint8Array;
}

export interface TokenKeeperOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly connector: string;
  readonly oauth: Ways;
  /** Asks the vendor: `grant` of `grants.ts`. */
  readonly grant: (secret: Secret, refreshToken: string | undefined) => Promise<Granted>;
  /** Longer than asking may take: whoever has said nothing for so long is not at it any more. */
  readonly leaseMs: number;
  readonly now?: () => number;
  readonly pause?: (ms: number) => Promise<unknown>;
}

/**
 * Keeps a connector's access token for all of its functions. One of them at a time gets a new one, under a lease that
 * runs out; the others wait for it. The access token and the refresh token that replaces the old one are written at once,
 * closed up with a key that is made of the secret: a table holds no credential that can be used.
 */
export function openTokenKeeper({
  client,
  table,
  connector,
  oauth,
  grant,
  leaseMs,
  now = () => Date.now(),
  pause = wait,
}: TokenKeeperOptions) {
  let known: { readonly from: string; readonly token: Token } | undefined;
  const getting = new Map<string, Promise<Token>>();

  /** A row for each secret that tokens descend from, so that one that is being replaced never writes over its successor's. */
  const sealingOf = (secret: Secret) => openSealing(lineageOf(oauth, secret), `stampbook token ${connector}`);
  type Sealing = ReturnType<typeof sealingOf>;
  const keyOf = ({ name }: Sealing) => ({ pk: { S: `TOKEN#${connector}` }, sk: { S: `TOKEN#${name}` } });

  async function read(sealing: Sealing): Promise<{ version: number | undefined; token: Token | undefined }> {
    const { Item = {} } = await client.send(
      new GetItemCommand({ TableName: table, Key: keyOf(sealing), ConsistentRead: true }),
    );
    const { version, sealed } = unmarshall(Item) as Row;
    return { version, token: sealed && (sealing.unseal(sealed) as Token | undefined) };
  }

  /** Whether it was written. */
  async function write(
    sealing: Sealing,
    expression: string,
    condition: string,
    values: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: keyOf(sealing),
          UpdateExpression: expression,
          ConditionExpression: condition,
          ExpressionAttributeNames: namesIn(expression, condition),
          ExpressionAttributeValues: marshall(values),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  const unmoved = (version: number | undefined) =>
    version === undefined ? 'attribute_not_exists(#version)' : '#version = :version';
  const versioned = (version: number | undefined) => ({ ...(version !== undefined && { ':version': version }) });

  const replacing = (sealing: Sealing, version: number | undefined, token: Token) => ({
    ':next': (version ?? 0) + 1,
    ':sealed': sealing.seal(token),
    ':ttl': Math.floor(now() / 1_000) + KEEP_SECONDS,
    ...versioned(version),
  });

  async function got(secret: Secret): Promise<Token> {
    const sealing = sealingOf(secret);
    const lastLook = now() + leaseMs;
    for (;;) {
      const { version, token } = await read(sealing);
      if (token && token.goodUntil > now()) return token;
      const lease = randomUUID();
      const leased = await write(
        sealing,
        'SET #lease = :lease, #leaseUntil = :until',
        `${FREE} AND ${unmoved(version)}`,
        { ':lease': lease, ':until': now() + leaseMs, ':now': now(), ...versioned(version) },
      );
      if (!leased) {
        if (now() >= lastLook) throw new Transient('somebody else has been getting a token for too long');
        await pause(LOOK_MS);
        continue;
      }
      try {
        const fresh = await ask(secret, token);
        // Slower than our lease, we may have been overtaken: then what the other has got stands.
        const expression = `${REPLACE} REMOVE #lease, #leaseUntil`;
        if (await write(sealing, expression, unmoved(version), replacing(sealing, version, fresh))) return fresh;
      } catch (error) {
        await write(sealing, 'REMOVE #lease, #leaseUntil', '#lease = :lease', { ':lease': lease });
        throw error;
      }
    }
  }

  async function ask(secret: Secret, before: Token | undefined): Promise<Token> {
    const at = now();
    const { accessToken, lifeSeconds, refreshToken, base } = await grant(secret, before?.refreshToken);
    const life = lifeSeconds * 1_000;
    return {
      accessToken,
      refreshToken: refreshToken ?? before?.refreshToken,
      ...(base !== undefined && { base }),
      gotAt: at,
      goodUntil: at + life - Math.min(MARGIN_MS, life / 4),
    };
  }

  async function current(secret: Secret): Promise<Token> {
    const from = lineageOf(oauth, secret);
    if (known?.from === from && known.token.goodUntil > now()) return known.token;
    let one = getting.get(from);
    if (!one) {
      one = got(secret).finally(() => getting.delete(from));
      getting.set(from, one);
    }
    const token = await one;
    known = { from, token };
    return token;
  }

  return {
    /** A token that is good for a while. */
    token: async (secret: Secret): Promise<string> => (await current(secret)).accessToken,

    /** Where the vendor says to go with it. */
    base: async (secret: Secret): Promise<string | undefined> => (await current(secret)).base,

    /** This one was refused. Whether another is worth a try: it may have been replaced already, or have been too old. */
    async drop(secret: Secret, refused: string): Promise<boolean> {
      known = undefined;
      const sealing = sealingOf(secret);
      const { version, token } = await read(sealing);
      if (token?.accessToken !== refused) return true;
      if (now() - token.gotAt < YOUNG_MS) return false;
      // Its refresh token is the only one there is, and stays. Somebody who is refreshing it is not disturbed.
      await write(sealing, REPLACE, `${FREE} AND ${unmoved(version)}`, {
        ...replacing(sealing, version, { ...token, goodUntil: 0 }),
        ':now': now(),
      });
      return true;
    },
  };
}

/**
 * What in the secret a token descends from. A client secret that is replaced beside the same refresh token does not part
 * us from those that came after it.
 */
function lineageOf(ways: Ways, secret: Secret): string {
  const oauth = wayOf(ways, secret);
  switch (oauth.grant) {
    case 'client_credentials':
      return JSON.stringify([secret.clientId, secret.clientSecret, oauth.scope]);
    case 'refresh_token':
      return JSON.stringify([secret.clientId, secret.refreshToken]);
    case 'jwt_bearer':
      return JSON.stringify([
        secret[oauth.issuer],
        oauth.subject && secret[oauth.subject],
        secret.privateKey,
        oauth.scope,
      ]);
  }
}

const namesIn = (...expressions: readonly string[]): Record<string, string> =>
  Object.fromEntries(expressions.flatMap((text) => text.match(/#\w+/g) ?? []).map((name) => [name, name.slice(1)]));
