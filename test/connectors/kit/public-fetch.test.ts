import type { lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Permanent, Transient, Unknown } from '../../../lib/connectors/kit/errors.ts';
import { classifyFailure, NotSent } from '../../../lib/connectors/kit/http.ts';
import { openPublicFetch } from '../../../lib/connectors/kit/public-fetch.ts';

/** A certificate for hook.test that nobody trusts but this test. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7AKQ45kRVygWgR30
XQXkHZicJHpy27UdB+dbYdqcSx+hRANCAATfmtK7hNelrBbbBTTzMAmf50edb18O
/VkxDqaK1pzRR/eKInir7bwAl0GaY2MHZoXIRR0j6jaysyVh5eq8EHl5
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBYjCCAQegAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlob29rLnRl
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWhvb2sudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN+a0ruE16WsFtsF
NPMwCZ/nR51vXw79WTEOporWnNFH94oieKvtvACXQZpjYwdmhchFHSPqNrKzJWHl
6rwQeXmjSDBGMBQGA1UdEQQNMAuCCWhvb2sudGVzdDAPBgNVHRMBAf8EBTADAQH/
MB0GA1UdDgQWBBS5xwKNSX91z5f/OyZv2VFyF6YqRDAKBggqhkjOPQQDAgNJADBG
AiEAxWu+Z9PjJ2Rk4eDf8uzJ8+FE8p0yJTX2Zy23iiF1EfsCIQD1MRkxcjki179P
xTsjbcrkIygGuwwUsI7sxUk85e17/Q==
-----END CERTIFICATE-----`;

let server: Server;
let port: number;
let calls: { method: string | undefined; url: string | undefined; headers: Record<string, unknown>; body: string }[] =
  [];

beforeAll(async () => {
  server = createServer({ key: KEY, cert: CERTIFICATE }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    calls.push({
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    if (request.url === '/silent') return;
    if (request.url === '/hangs-up') return request.socket.destroy();
    if (request.url === '/endless') {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      return more();
    }
    if (request.url === '/moved') return response.writeHead(302, { location: 'https://169.254.169.254/' }).end();
    if (request.url === '/odd') return response.writeHead(999).end();
    if (request.url === '/nothing') return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] }).end('grüß dich');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A name server of our own: answers are taken one after the other, the last for ever. */
const resolving = (...answers: string[][]) => {
  const asked: string[] = [];
  const fake = ((hostname: string, _options: object, callback: (error: Error | null, found: object[]) => void) => {
    const addresses = answers[Math.min(asked.push(hostname), answers.length) - 1] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;
  return { asked, lookup: fake };
};
/** The guard with the loopback let in: the server of this test has to live somewhere. */
const open = (addresses: string[] = ['127.0.0.1']) =>
  openPublicFetch({
    ca: CERTIFICATE,
    lookup: resolving(addresses).lookup,
    allows: (address) => address === '127.0.0.1',
  });
const asked = (repeatable: boolean) => ({ vendor: 'it', now: new Date(), repeatable });

describe('the fetch that only leads to the public internet', () => {
  it('is a fetch like any other', async () => {
    calls = [];
    const response = await open()(`https://hook.test:${port}/a?b=1`, {
      method: 'POST',
      headers: { 'X-One': '1' },
      body: 'käse',
    });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/plain',
      'grüß dich',
    ]);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(calls).toMatchObject([
      {
        method: 'POST',
        url: '/a?b=1',
        headers: { 'x-one': '1', host: `hook.test:${port}`, 'content-length': '5' },
        body: 'käse',
      },
    ]);
    expect((await open()(`https://hook.test:${port}/nothing`)).status).toBe(204);
  });

  it('fails with an answer whose status is none, and lives on', async () => {
    const error = await open()(`https://hook.test:${port}/odd`).catch((thrown: unknown) => thrown);
    expect(classifyFailure(error, asked(false))).toBeInstanceOf(Unknown);
    expect(classifyFailure(error, asked(true))).toBeInstanceOf(Transient);
  });

  it('does not follow a redirect', async () => {
    const response = await open()(`https://hook.test:${port}/moved`);
    expect([response.status, response.headers.get('location')]).toEqual([302, 'https://169.254.169.254/']);
  });

  it.each([
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['127.0.0.1'],
    ['::1'],
    ['fd00:ec2::254'],
    ['::ffff:10.0.0.1'],
    ['93.184.216.34', '10.0.0.1'],
  ])('does not go where the name server sends it: %s', async (...addresses) => {
    calls = [];
    const guarded = openPublicFetch({ ca: CERTIFICATE, lookup: resolving(addresses).lookup });
    await expect(guarded(`https://hook.test:${port}/`)).rejects.toThrow(new Permanent('the address is not public'));
    expect(calls).toEqual([]);
  });

  it('asks the name server once, and calls the address that it checked', async () => {
    calls = [];
    const { asked, lookup } = resolving(['127.0.0.1'], ['10.0.0.1']);
    const guarded = openPublicFetch({ ca: CERTIFICATE, lookup, allows: (address) => address === '127.0.0.1' });
    expect((await guarded(`https://hook.test:${port}/`)).status).toBe(200);
    expect([asked, calls.length]).toEqual([['hook.test'], 1]);
  });

  it.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://localhost/',
    'http://example.com/',
    'https://user:pass@example.com/',
  ])('refuses %s before it asks anybody', async (url) => {
    const { asked, lookup } = resolving(['93.184.216.34']);
    await expect(openPublicFetch({ lookup })(url)).rejects.toThrow();
    expect(asked).toEqual([]);
  });

  it('does not trust a certificate that nobody vouches for', async () => {
    const careful = openPublicFetch({ lookup: resolving(['127.0.0.1']).lookup, allows: () => true });
    const error = await careful(`https://hook.test:${port}/`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotSent);
    expect(classifyFailure(error, asked(false))).toBeInstanceOf(Transient);
  });

  it('knows that nothing left when nobody listens', async () => {
    const error = await open()('https://hook.test:1/').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotSent);
    expect(classifyFailure(error, asked(false))).toBeInstanceOf(Transient);
  });

  it('knows that nothing left when time ran out before the connection stood', async () => {
    // 192.0.2.1 is nowhere: packets to it are lost.
    const lost = openPublicFetch({ lookup: resolving(['192.0.2.1']).lookup, allows: () => true });
    const error = await lost('https://hook.test/', { signal: AbortSignal.timeout(50) }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(NotSent);
  });

  it.each(['/silent', '/hangs-up'])('does not know whether it was done after %s', async (path) => {
    const error = await open()(`https://hook.test:${port}${path}`, {
      method: 'POST',
      body: 'x',
      signal: AbortSignal.timeout(300),
    }).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(NotSent);
    expect(classifyFailure(error, asked(false))).toBeInstanceOf(Unknown);
    expect(classifyFailure(error, asked(true))).toBeInstanceOf(Transient);
  });

  it('does not know it either on a connection that stood before', async () => {
    const reusing = open();
    await (await reusing(`https://hook.test:${port}/`)).text();
    const error = await reusing(`https://hook.test:${port}/hangs-up`).catch((thrown: unknown) => thrown);
    expect(classifyFailure(error, asked(false))).toBeInstanceOf(Unknown);
  });

  it('does not read an endless answer to its end', async () => {
    await expect(open()(`https://hook.test:${port}/endless`)).rejects.toThrow('the answer is too long');
  });

  it('sends nothing once it was called off', async () => {
    calls = [];
    await expect(open()(`https://hook.test:${port}/`, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect(calls).toEqual([]);
  });
});
