import { describe, expect, it } from '@jest/globals';
import { assertPublicHttps, isPublicAddress } from '../../../lib/connectors/kit/public-address.ts';
import fc from '../../fast-check.ts';

describe('an address is public', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '2606:4700:4700::1111',
    '2a00:1450:4001:80b::200e',
  ])('%s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

describe('an address is not public', () => {
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.0',
    '10.255.255.255',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::a00:1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:a00:1::1',
    '3fff::1',
    '',
    'localhost',
    'example.com',
    '1.1.1',
    '01.1.1.1',
  ])('%j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it('in any IPv4 that hides in an IPv6 one', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isPublicAddress(`::ffff:${address}`)).toBe(false);
        expect(isPublicAddress(`64:ff9b::${address}`)).toBe(false);
      }),
      { seed: 1 },
    );
  });
});

describe('an endpoint is refused at sight', () => {
  it.each([
    ['http://example.com/', 'not https'],
    ['ftp://example.com/', 'not https'],
    ['file:///etc/passwd', 'not https'],
    ['nonsense', 'not a URL'],
    ['', 'not a URL'],
    ['https://a:b@example.com/', 'credentials'],
    ['https://127.0.0.1/', 'not public'],
    ['https://127.1/', 'not public'],
    ['https://2130706433/', 'not public'],
    ['https://0x7f000001/', 'not public'],
    ['https://0177.0.0.1/', 'not public'],
    ['https://[::1]/', 'not public'],
    ['https://[::ffff:7f00:1]/', 'not public'],
    ['https://169.254.169.254/latest/meta-data', 'not public'],
    ['https://localhost/', 'not public'],
    ['https://LOCALHOST./', 'not public'],
    ['https://x.localhost/', 'not public'],
  ])('%s: %s', (url, because) => {
    expect(() => assertPublicHttps(url)).toThrow(because);
  });

  it.each(['https://hooks.example/x?y=1', 'https://1.1.1.1/', 'https://[2606:4700:4700::1111]:8443/'])(
    'but not %s',
    (url) => {
      expect(assertPublicHttps(url).href).toBe(url);
    },
  );
});
