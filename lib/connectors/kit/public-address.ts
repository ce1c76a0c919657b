import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Permanent } from './errors.ts';

/** Where a merchant's own address may lead: the public internet, and nowhere that only our network can see. */

const SPECIAL_V4 = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local, and with it the metadata services of the clouds.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  SPECIAL_V4.addSubnet(net, bits, 'ipv4');

// All that is public lies in here; unique local, link-local, mapped and translated addresses do not.
const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
// Except what wraps an IPv4 address (Teredo, 6to4), and documentation.
const SPECIAL_V6 = new BlockList();
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  SPECIAL_V6.addSubnet(net, bits, 'ipv6');

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !SPECIAL_V4.check(address, 'ipv4');
  return family === 6 && GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6');
}

/** What can be seen of an address before any name is resolved. `Permanent`: no retry makes it better. */
export function assertPublicHttps(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new Permanent('the address is not a URL');
  if (url.protocol !== 'https:') throw new Permanent('the address is not https');
  if (url.username || url.password) throw new Permanent('the address carries credentials');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) ? !isPublicAddress(host) : /(^|\.)localhost\.?$/i.test(host))
    throw new Permanent('the address is not public');
  return url;
}

/**
 * `dns.lookup` that refuses a name as soon as one of its addresses is not public. Given to the socket, so that the
 * address that was checked is the one that is called: a second answer of the name server changes nothing.
 */
export const lookupPublic =
  (allows: (address: string) => boolean = isPublicAddress, lookup: typeof dnsLookup = dnsLookup): LookupFunction =>
  (hostname, options: LookupOptions, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, []);
      const [first] = found;
      if (!first || !found.every(({ address }) => allows(address)))
        return callback(new Permanent('the address is not public'), []);
      return options.all ? callback(null, found) : callback(null, first.address, first.family);
    });
  };
