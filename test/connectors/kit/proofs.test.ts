import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { WebhookRejected } from '../../../lib/connectors/kit/errors.ts';
import { decodeKey, signStandard, verifyStandard } from '../../../lib/connectors/kit/standard-webhooks.ts';
import { signUrlForm, verifyUrlForm } from '../../../lib/connectors/kit/url-form.ts';
import {
  publicKey,
  type RawRequest,
  sameText,
  verifyEcdsa,
  verifySecret,
} from '../../../lib/connectors/kit/webhook.ts';

const rejected = (act: () => unknown) => expect(act).toThrow(WebhookRejected);

describe('Standard Webhooks', () => {
  const key = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  const other = `whsec_${Buffer.alloc(24, 2).toString('base64')}`;
  const at = new Date('2026-11-21T10:00:00Z');
  const body = '{"a":1}';
  const headers = signStandard({ id: 'msg_1', at, body }, [key]);
  const request = (more: Record<string, string | undefined> = {}): RawRequest => ({
    method: 'POST',
    url: 'https://x.example',
    headers: { ...headers, ...more },
    body: Buffer.from(body),
  });
  const good = headers['webhook-signature'].slice(3);

  it('takes ours in a list with others', () => {
    verifyStandard(request({ 'webhook-signature': `v1,bad v2,xx v1a,${good} v1,${good}` }), [other, key], at);
  });

  it.each([
    ['nothing after the version', 'v1,'],
    ['another version', `v2,${good}`],
    ['no version', good],
    ['the wrong separator', `v1=${good}`],
    ['no space between', `v2,x,v1,${good}`],
    ['bytes that look alike', `v1,${good.replace('=', '')}`],
  ])('refuses %s', (_, signature) =>
    rejected(() => verifyStandard(request({ 'webhook-signature': signature }), [key], at)),
  );

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'refuses it without %s, and with another one',
    (name) => {
      rejected(() => verifyStandard(request({ [name]: undefined }), [key], at));
      rejected(() => verifyStandard(request({ [name]: '1' }), [key], at));
    },
  );

  it.each(['1e9', ' 1795255200', '0x6b', '1795255200.5', '-1', 'NaN', ''])('refuses the time %j', (timestamp) =>
    rejected(() => verifyStandard(request({ 'webhook-timestamp': timestamp }), [key], at)),
  );

  it('signs each attempt anew, under the same id', () => {
    const later = signStandard({ id: 'msg_1', at: new Date(at.getTime() + 5_000), body }, [key]);
    expect(later['webhook-id']).toBe(headers['webhook-id']);
    expect(Number(later['webhook-timestamp'])).toBe(Number(headers['webhook-timestamp']) + 5);
    expect(later['webhook-signature']).not.toBe(headers['webhook-signature']);
  });

  it('signs with every key while one is being rotated', () => {
    expect(signStandard({ id: 'msg_1', at, body }, [other, key])['webhook-signature'].split(' ').length).toBe(2);
    expect(() => signStandard({ id: 'msg_1', at, body }, [])).toThrow(RangeError);
    expect(() => signStandard({ id: 'msg_1', at, body }, ['whsec_short'])).toThrow(RangeError);
  });

  it('takes a key with and without its prefix, and none that is too short or no base64', () => {
    expect(decodeKey(key)).toEqual(Buffer.alloc(24, 1));
    expect(decodeKey(key.slice(6))).toEqual(Buffer.alloc(24, 1));
    for (const text of [
      '',
      'whsec_',
      `whsec_${Buffer.alloc(15).toString('base64')}`,
      `whsec_${'!'.repeat(40)}`,
      `v1,${key}`,
      `${key}\n`,
      `whsec_${'a'.repeat(33)}`,
    ]) {
      expect(decodeKey(text)).toBeUndefined();
    }
    rejected(() => verifyStandard(request(), ['whsec_', ''], at));
    rejected(() => verifyStandard(request(), undefined, at));
  });
});

describe('a signature over URL and form', () => {
  const key = 'k'.repeat(32);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const request = (url: string, body: string, headers: Record<string, string> = type): RawRequest => ({
    method: 'POST',
    url,
    headers,
    body: Buffer.from(body),
  });
  const url = 'https://api.example/webhooks/x?shop=1';

  it('does not care about the order of the parameters', () => {
    const signature = signUrlForm(url, Buffer.from('b=2&a=1'), key);
    verifyUrlForm(request(url, 'a=1&b=2'), { keys: [key], signature });
  });

  it('counts a repeated value once, and takes its values in order', () => {
    expect(signUrlForm(url, Buffer.from('a=2&a=1&a=2'), key)).toBe(signUrlForm(url, Buffer.from('a=1&a=2'), key));
  });

  it.each([
    ['https://api.example/webhooks/x?shop=1', 'https://api.example:443/webhooks/x?shop=1'],
    ['https://api.example:443/webhooks/x', 'https://api.example/webhooks/x'],
    ['http://127.0.0.1:4010/webhooks/x', 'http://127.0.0.1/webhooks/x'],
    ['http://127.0.0.1/webhooks/x', 'http://127.0.0.1:80/webhooks/x'],
    ['https://api.example/webhooks/x#rc=3', 'https://api.example/webhooks/x'],
  ])('registered as %s, signed as %s', (registered, signed) => {
    verifyUrlForm(request(registered, 'a=1'), { keys: [key], signature: signUrlForm(signed, Buffer.from('a=1'), key) });
  });

  it.each([
    ['https://api.example/webhooks/x?shop=2', 'another query'],
    ['https://api.example/webhooks/y?shop=1', 'another path'],
    ['https://evil.example/webhooks/x?shop=1', 'another host'],
    ['http://api.example/webhooks/x?shop=1', 'another scheme'],
    ['https://api.example:8443/webhooks/x?shop=1', 'another port'],
  ])('refuses %s: %s', (signed) =>
    rejected(() =>
      verifyUrlForm(request(url, 'a=1'), { keys: [key], signature: signUrlForm(signed, Buffer.from('a=1'), key) }),
    ),
  );

  it('refuses a body that the signature does not cover', () => {
    const signature = signUrlForm(url, Buffer.alloc(0), key);
    rejected(() =>
      verifyUrlForm(request(url, '{"a":1}', { 'content-type': 'application/json' }), { keys: [key], signature }),
    );
    rejected(() => verifyUrlForm(request(url, '{"a":1}', {}), { keys: [key], signature }));
  });

  it('takes either token while one is being rotated, and neither when both are empty', () => {
    const signature = signUrlForm(url, Buffer.from('a=1'), key);
    verifyUrlForm(request(url, 'a=1'), { keys: ['x'.repeat(32), key], signature });
    verifyUrlForm(request(url, 'a=1'), { keys: [key, undefined], signature });
    rejected(() =>
      verifyUrlForm(request(url, 'a=1'), {
        keys: [undefined, ''],
        signature: signUrlForm(url, Buffer.from('a=1'), ''),
      }),
    );
  });
});

describe('a signature under a key that the vendor alone has', () => {
  const pair = (namedCurve = 'prime256v1') => generateKeyPairSync('ec', { namedCurve });
  const shown = (key: ReturnType<typeof pair>) =>
    key.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const [key, other] = [pair(), pair()];
  const body = Buffer.from('[{"a":1}]\r\n');
  const request: RawRequest = { method: 'POST', url: 'https://x.example', headers: {}, body };
  const signed = ['1795255200', body];
  // Of one in three the base64 needs no padding, which one line is about.
  const der = Array.from({ length: 50 }, () =>
    sign('sha256', Buffer.concat([Buffer.from('1795255200'), body]), key.privateKey),
  ).find(({ length }) => length % 3 !== 0) as Buffer;
  const signature = der.toString('base64');
  const good = { keys: [shown(key)], signed, signature };

  it('is taken, also beside another key while one is being rotated', () => {
    expect(verifyEcdsa(request, good)).toBe(request);
    expect(verifyEcdsa(request, { ...good, keys: [shown(other), undefined, 'no key', shown(key)] })).toBe(request);
  });

  it.each([
    ['another key', { keys: [shown(other)] }],
    ['no key', { keys: [] }],
    ['no list of keys', { keys: undefined }],
    ['keys that are none', { keys: ['', undefined, 'no key', Buffer.alloc(91).toString('base64')] }],
    ['a key of another curve', { keys: [shown(pair('secp384r1'))] }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['a signature that is no base64', { signature: `${signature}!` }],
    ['a signature without its padding', { signature: signature.replaceAll('=', '') }],
    ['a cut signature', { signature: der.subarray(0, -1).toString('base64') }],
    ['a signature with more behind it', { signature: Buffer.concat([der, Buffer.from([0])]).toString('base64') }],
    ['no DER', { signature: Buffer.alloc(64, 1).toString('base64') }],
    ['the signature of nothing', { signature: Buffer.from([0x30, 6, 2, 1, 0, 2, 1, 0]).toString('base64') }],
    ['another text', { signed: ['1795255201', body] }],
    ['a body that was read and written again', { signed: ['1795255200', Buffer.from('[{"a":1}]')] }],
    ['nothing signed', { signed: [] }],
  ])('is refused with %s', (_, change) => rejected(() => verifyEcdsa(request, { ...good, ...change })));

  it('has a key as the vendor shows it, and nothing around it', () => {
    expect(publicKey(shown(key))).toBeDefined();
    for (const text of ['', ` ${shown(key)}`, `${shown(key)}\n`, shown(key).slice(0, -4), shown(pair('secp256k1'))])
      expect(publicKey(text)).toBeUndefined();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
    expect(publicKey(rsa.export({ format: 'der', type: 'spki' }).toString('base64'))).toBeUndefined();
  });
});

describe('a static secret', () => {
  const request: RawRequest = { method: 'POST', url: 'https://x.example', headers: {}, body: Buffer.alloc(0) };
  const key = 'a-static-secret-of-32-characters';

  it('opens for exactly itself', () => {
    expect(verifySecret(request, key, ['other-secret-of-32-characters-00', key])).toBe(request);
    for (const presented of [undefined, '', key.slice(1), `${key} `, key.toUpperCase()])
      rejected(() => verifySecret(request, presented, [key]));
  });

  it('opens for nobody when it is missing or short enough to guess', () => {
    for (const keys of [undefined, [], [''], [undefined], ['short']])
      rejected(() => verifySecret(request, keys?.[0] ?? 'short', keys));
  });

  it('compares texts of any length', () => {
    expect([sameText('', ''), sameText('a', 'a'), sameText('a', 'ab'), sameText('ä', 'a')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
