import { createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { OAuth } from '../../lib/connectors/contract.ts';
import { Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import { type Grant, grant, wayOf } from '../../lib/runtime/grants.ts';

const now = new Date('2026-03-01T10:00:00Z');
const answering = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const asked: Request[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(new Request(input, init));
    return new Response(JSON.stringify(body), { status, headers });
  };
  return { fetch, asked };
};
const given = (oauth: OAuth, secret: Grant['secret'], vendor: { fetch: typeof globalThis.fetch }): Grant => ({
  oauth,
  secret,
  settings: { region: 'eu' },
  fetch: vendor.fetch,
  asked: { vendor: 'Bell', now, repeatable: true },
});
const formOf = async (request: Request | undefined) => Object.fromEntries(new URLSearchParams(await request?.text()));

const credentials = { clientId: 'an id', clientSecret: 'p:ss&word' };
const byBasic: OAuth = {
  grant: 'client_credentials',
  clientAuth: 'basic',
  tokenUrl: 'https://{region}.bell.example/token',
};

describe('a token is asked for', () => {
  it('with client credentials as Basic, each in the form’s escapes', async () => {
    const vendor = answering(200, { access_token: 'a', expires_in: 3600 });
    expect(await grant(given({ ...byBasic, scope: 'ring' }, credentials, vendor))).toEqual({
      accessToken: 'a',
      lifeSeconds: 3600,
    });
    const [request] = vendor.asked;
    expect(request?.url).toBe('https://eu.bell.example/token');
    expect(Buffer.from(request?.headers.get('authorization')?.slice(6) ?? '', 'base64').toString()).toBe(
      'an+id:p%3Ass%26word',
    );
    expect(await formOf(request)).toEqual({ grant_type: 'client_credentials', scope: 'ring' });
  });

  it('with a refresh token, the client in the body', async () => {
    const vendor = answering(200, { access_token: 'a', expires_in: '1800', refresh_token: 'second' });
    const oauth: OAuth = { ...byBasic, grant: 'refresh_token', clientAuth: 'body', rotatesRefreshToken: true };
    expect(await grant(given(oauth, { ...credentials, refreshToken: 'first' }, vendor))).toEqual({
      accessToken: 'a',
      lifeSeconds: 1800,
      refreshToken: 'second',
    });
    const [request] = vendor.asked;
    expect(request?.headers.has('authorization')).toBe(false);
    expect(await formOf(request)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'first',
      client_id: 'an id',
      client_secret: 'p:ss&word',
    });
  });

  it('with the refresh token that replaced the secret’s', async () => {
    const vendor = answering(200, { access_token: 'a' });
    const oauth: OAuth = { ...byBasic, grant: 'refresh_token', rotatesRefreshToken: true };
    const secret = { ...credentials, refreshToken: 'first' };
    await grant({ ...given(oauth, secret, vendor), refreshToken: 'second' });
    expect(await formOf(vendor.asked[0])).toMatchObject({ refresh_token: 'second' });
  });

  describe('with an assertion', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const oauth: OAuth = {
      grant: 'jwt_bearer',
      tokenUrl: 'https://bell.example/token',
      scope: 'ring',
      issuer: 'clientId',
      subject: 'username',
      audience: 'https://{region}.bell.example',
    };

    it.each([
      ['as it is', pem],
      ['as it stands in JSON', pem.replaceAll('\n', '\\n')],
    ])('signed by the key %s, good for three minutes', async (_, privateKey) => {
      const vendor = answering(200, { access_token: 'a', expires_in: 60 });
      await grant(given(oauth, { clientId: 'me', username: 'bell@ringers', privateKey }, vendor));
      const { grant_type, assertion = '', ...rest } = await formOf(vendor.asked[0]);
      expect({ grant_type, rest }).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', rest: {} });
      const [head = '', claims = '', signature = ''] = assertion.split('.');
      expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'RS256', typ: 'JWT' });
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
        iss: 'me',
        sub: 'bell@ringers',
        aud: 'https://eu.bell.example',
        scope: 'ring',
        iat: now.getTime() / 1000,
        exp: now.getTime() / 1000 + 180,
      });
      const verified = createVerify('RSA-SHA256').update(`${head}.${claims}`);
      expect(verified.verify(pair.publicKey, signature, 'base64url')).toBe(true);
    });

    it.each([
      ['no key', 'not a key'],
      ['a key of another kind', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })],
    ])('but not with %s, and says which field it is', async (_, privateKey) => {
      const asking = grant(given(oauth, { clientId: 'me', username: 'u', privateKey }, answering(200, {})));
      await expect(asking).rejects.toThrow(/privateKey .*has to be/);
      await expect(asking).rejects.toBeInstanceOf(Unauthorized);
    });
  });

  it('and comes with where to go with it, from vendors that say so', async () => {
    const answer = { access_token: 'a', instance_url: 'https://b.bell.example' };
    const oauth: OAuth = { ...byBasic, base: 'instance_url' };
    expect((await grant(given(oauth, credentials, answering(200, answer)))).base).toBe('https://b.bell.example');
    for (const [way, said] of [
      [byBasic, answer],
      [oauth, { access_token: 'a' }],
      [oauth, { ...answer, instance_url: 5 }],
    ] as const)
      expect(await grant(given(way, credentials, answering(200, said)))).not.toHaveProperty('base');
  });

  it('for a quarter of an hour where the vendor does not say for how long', async () => {
    expect(await grant(given(byBasic, credentials, answering(200, { access_token: 'a' })))).toMatchObject({
      lifeSeconds: 900,
    });
  });
});

describe('of several ways to ask', () => {
  const byKey: OAuth = {
    grant: 'jwt_bearer',
    tokenUrl: 'https://bell.example/token',
    issuer: 'clientId',
    subject: 'username',
    audience: 'https://bell.example',
  };
  const byRefresh: OAuth = { ...byBasic, grant: 'refresh_token', rotatesRefreshToken: false };
  const ways = [byKey, byRefresh, byBasic] as const;

  it.each<[string, object, OAuth]>([
    ['a key and a user', { ...credentials, username: 'u', privateKey: 'k' }, byKey],
    ['a key alone', { ...credentials, privateKey: 'k', username: '' }, byBasic],
    ['a refresh token', { ...credentials, refreshToken: 'r' }, byRefresh],
    ['a password', credentials, byBasic],
    ['nothing', {}, byBasic],
  ])('it is the first that %s will do for', (_, secret, way) => {
    expect(wayOf(ways, secret as Grant['secret'])).toBe(way);
  });

  it('the only one is taken, whatever the secret holds', () => {
    expect(wayOf(byKey, {})).toBe(byKey);
  });
});

describe('no token', () => {
  it.each([
    ['wrong credentials', 401, { error: 'invalid_client' }, 'Bell gave no token: 401 invalid_client'],
    [
      'an ended grant',
      400,
      { error: 'invalid_grant', error_description: 'x@y.example' },
      'Bell gave no token: 400 invalid_grant',
    ],
    ['no reason that could be told', 404, { message: 'x@y.example' }, 'Bell gave no token: 404'],
  ])('for %s is for staff to mend', async (_, status, body, message) => {
    const asking = grant(given(byBasic, credentials, answering(status, body)));
    await expect(asking).rejects.toThrow(new Unauthorized(message));
    await expect(asking).rejects.toBeInstanceOf(Unauthorized);
  });

  it.each([429, 500, 503])('at %i, and it is asked for again later', async (status) => {
    const asking = grant(given(byBasic, credentials, answering(status, {}, { 'retry-after': '7' })));
    await expect(asking).rejects.toBeInstanceOf(Transient);
    await expect(asking).rejects.toMatchObject({ retryAfterSeconds: 7 });
  });

  it('in an answer that breaks off, and it is asked for again later', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const fetch = async () => new Response(broken);
    await expect(grant(given(byBasic, credentials, { fetch }))).rejects.toBeInstanceOf(Transient);
  });

  it('without the fields that it takes, which are named', async () => {
    await expect(grant(given(byBasic, { clientId: 'a' }, answering(200, {})))).rejects.toThrow(
      'the secret has no clientSecret',
    );
    await expect(
      grant(given({ ...byBasic, tokenUrl: 'https://{shop}.example' }, credentials, answering(200, {}))),
    ).rejects.toThrow('the settings have no shop');
  });
});
