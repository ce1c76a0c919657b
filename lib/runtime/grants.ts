import { createPrivateKey, createSign, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import type { OAuth, Ways } from '../connectors/contract.ts';
import { Permanent, Unauthorized } from '../connectors/kit/errors.ts';
import { type Asked, ask, classify, textOf } from '../connectors/kit/http.ts';
import { read } from '../connectors/kit/read.ts';

export interface Grant {
  readonly oauth: OAuth;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, unknown>>;
  /** Instead of the secret's own: the one that replaced it. */
  readonly refreshToken?: string | undefined;
  readonly fetch: typeof fetch;
  readonly asked: Asked;
}

export interface Granted {
  readonly accessToken: string;
  readonly lifeSeconds: number;
  /** The vendor has replaced the one it was given. */
  readonly refreshToken?: string | undefined;
  /** Where to go with the token, as the vendor says. */
  readonly base?: string | undefined;
}

/** Of several ways the one that the secret has all fields for; of none, the last one says what is missing. */
export function wayOf(ways: Ways, secret: Grant['secret']): OAuth {
  const all: readonly OAuth[] = 'grant' in ways ? [ways] : ways;
  const has = (field: string) => secret[field] !== undefined && secret[field] !== '';
  return all.find((way) => fieldsOf(way).every(has)) ?? (all.at(-1) as OAuth);
}

function fieldsOf(oauth: OAuth): readonly string[] {
  switch (oauth.grant) {
    case 'client_credentials':
      return ['clientId', 'clientSecret'];
    case 'refresh_token':
      return ['clientId', 'clientSecret', 'refreshToken'];
    case 'jwt_bearer':
      return [oauth.issuer, ...(oauth.subject === undefined ? [] : [oauth.subject]), 'privateKey'];
  }
}

/** Some vendors do not say for how long: then for as long as the shortest session that any of them lets a merchant set. */
const LIFE_SECONDS = 15 * 60;

const Answer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
  refresh_token: z.string().min(1).optional().catch(undefined),
});

/** Asks the vendor for a token. What it refuses is `Unauthorized`, whatever the status: only staff can mend it. */
export async function grant(given: Grant): Promise<Granted> {
  const { oauth, secret, fetch, asked } = given;
  const body = new URLSearchParams(parametersOf(given));
  const headers: Record<string, string> = { accept: 'application/json' };
  if (oauth.grant !== 'jwt_bearer') {
    const [id, password] = [fieldOf(secret, 'clientId'), fieldOf(secret, 'clientSecret')];
    if (oauth.clientAuth === 'basic') {
      // RFC 6749 2.3.1: each in the form's own escapes first.
      const pair = new URLSearchParams([[id, password]]).toString().replace('=', ':');
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    } else {
      body.set('client_id', id);
      body.set('client_secret', password);
    }
  }
  const url = filled(oauth.tokenUrl, given.settings);
  const response = await ask(fetch, url, { method: 'POST', headers, body }, asked);
  const text = await textOf(response, asked);
  const failure = classify(response, asked);
  if (failure instanceof Permanent || failure instanceof Unauthorized)
    throw new Unauthorized(`${asked.vendor} gave no token: ${response.status} ${errorIn(text)}`.trimEnd());
  if (failure) throw failure;
  const answer = read(Answer, text);
  const base = oauth.base === undefined ? undefined : answer[oauth.base];
  return {
    accessToken: answer.access_token,
    lifeSeconds: answer.expires_in ?? LIFE_SECONDS,
    refreshToken: answer.refresh_token,
    ...(typeof base === 'string' && { base }),
  };
}

function parametersOf({ oauth, settings, secret, refreshToken, asked }: Grant): Record<string, string> {
  const scope = oauth.scope === undefined ? undefined : { scope: oauth.scope };
  switch (oauth.grant) {
    case 'client_credentials':
      return { grant_type: oauth.grant, ...scope };
    case 'refresh_token':
      return { grant_type: oauth.grant, refresh_token: refreshToken ?? fieldOf(secret, 'refreshToken') };
    case 'jwt_bearer':
      return {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: signed(keyIn(secret), {
          iss: fieldOf(secret, oauth.issuer),
          ...(oauth.subject !== undefined && { sub: fieldOf(secret, oauth.subject) }),
          aud: filled(oauth.audience, settings),
          // Where there is one it belongs among what is signed.
          ...scope,
          iat: Math.floor(asked.now.getTime() / 1000),
          exp: Math.floor(asked.now.getTime() / 1000) + ASSERTION_SECONDS,
        }),
      };
  }
}

/** The strictest vendor takes none that is good for longer. */
const ASSERTION_SECONDS = 180;

function signed(key: KeyObject, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${createSign('RSA-SHA256').update(content).sign(key, 'base64url')}`;
}

/** A key that was pasted from JSON has its line ends in two letters. */
function keyIn(secret: Grant['secret']): KeyObject {
  const pem = fieldOf(secret, 'privateKey').replaceAll('\\n', '\n');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Its cause would quote nothing useful, and may quote the key.
    throw new Unauthorized('the secret’s privateKey cannot be read: it has to be a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'rsa') throw new Unauthorized('the secret’s privateKey has to be an RSA key');
  return key;
}

function fieldOf(secret: Grant['secret'], field: string): string {
  const value = secret[field];
  if (typeof value !== 'string' || value === '') throw new Unauthorized(`the secret has no ${field}`);
  return value;
}

const filled = (pattern: string, settings: Grant['settings']): string =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = settings[name];
    if (value === undefined) throw new Permanent(`the settings have no ${name}`);
    return String(value);
  });

/** Only a code of RFC 6749: what stands beside it may quote what was sent. */
function errorIn(text: string): string {
  return /"error"\s*:\s*"([a-z_]{1,40})"/.exec(text)?.[1] ?? '';
}
