import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { Permanent } from './errors.ts';
import { NotSent } from './http.ts';
import { assertPublicHttps, isPublicAddress, lookupPublic } from './public-address.ts';

// Answers of vendors are small; an endless one must not fill our memory.
const ANSWER_BYTES_MAX = 1024 * 1024;

export interface PublicFetchOptions {
  readonly allows?: (address: string) => boolean;
  readonly lookup?: Parameters<typeof lookupPublic>[1];
  /** Trusted beside the usual authorities. */
  readonly ca?: string;
}

/**
 * `fetch` that only leads to the public internet: https, no private, loopback, link-local or metadata address, checked
 * on the very connection that is used. Follows no redirect. The runtime gives it to connectors as `context.fetch`;
 * where calls are rerouted to the local gateway, the runtime gives them another one, and nobody has to switch this off.
 *
 * Its errors tell whether anything left: `NotSent` before the connection stood, the signal's reason or the socket's
 * error after.
 */
export function openPublicFetch({ allows = isPublicAddress, lookup, ca }: PublicFetchOptions = {}): typeof fetch {
  const agent = new Agent({ keepAlive: true, lookup: lookupPublic(allows, lookup), ...(ca && { ca }) });

  return async (input, init) => {
    const request = new Request(input, init);
    const url = assertPublicHttps(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    request.signal.throwIfAborted();

    return new Promise<Response>((resolve, reject) => {
      let connected = false;
      const outgoing = httpsRequest(url, {
        agent,
        method: request.method,
        headers: Object.fromEntries(request.headers),
      });
      const fail = (error: unknown) => {
        reject(
          connected || error instanceof Permanent ? error : new NotSent('no connection was made', { cause: error }),
        );
        outgoing.destroy();
      };
      const abort = () => fail(request.signal.reason);
      request.signal.addEventListener('abort', abort, { once: true });

      outgoing.on('socket', (socket) => {
        // A socket from the pool stands already.
        if (outgoing.reusedSocket) connected = true;
        else
          (socket as TLSSocket).once('secureConnect', () => {
            connected = true;
          });
      });
      outgoing.on('error', fail);
      outgoing.on('close', () => request.signal.removeEventListener('abort', abort));
      outgoing.on('response', (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_BYTES_MAX) fail(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          try {
            resolve(answerOf(incoming, Buffer.concat(chunks)));
          } catch (error) {
            // Whoever is called may send what no answer can hold, such as a status of 999: here nobody else would catch it.
            fail(error);
          }
        });
      });
      outgoing.end(body);
    });
  };
}

function answerOf({ statusCode: status = 0, headersDistinct }: IncomingMessage, body: Buffer): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const isEmpty = status === 204 || status === 205 || status === 304;
  return new Response(isEmpty ? null : body, { status, headers });
}
