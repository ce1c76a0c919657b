import { openPublicFetch } from '../connectors/kit/public-fetch.ts';

/**
 * The only way out to a vendor. Gives up after the connector's own limit. Where a gateway is set, every request goes
 * there instead, with its address in a header and all else as it was: that is how the local cloud stands in for vendors.
 */
export function openVendorFetch({
  timeoutSeconds,
  gateway,
  open = openPublicFetch,
}: {
  timeoutSeconds: number;
  gateway: string | undefined;
  open?: () => typeof fetch;
}): typeof fetch {
  const go = gateway === undefined ? open() : through(gateway);
  return (input, init) => {
    const limit = AbortSignal.timeout(timeoutSeconds * 1_000);
    return go(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };
}

const through =
  (gateway: string): typeof fetch =>
  async (input, init) => {
    const request = new Request(input, init);
    const headers = new Headers(request.headers);
    headers.set('x-vendor-url', request.url);
    const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
    return fetch(gateway, { method: request.method, headers, body, redirect: 'manual', signal: request.signal });
  };
