import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { explain } from './aws-call.ts';
import type { Control } from './control.ts';
import type { HttpApi } from './http-api.ts';
import type { Outbox } from './outbox.ts';
import { pageHeaders, type Show } from './show.ts';

/** What is behind the one port. */
export interface Inside {
  readonly api: HttpApi;
  readonly outbox: Outbox;
  readonly control: Control;
  readonly show: Show;
}

export interface Door {
  readonly url: string;
  serve(inside: Inside): void;
  close(): Promise<void>;
}

/** The port is taken first, since the functions' environment holds it; what is behind it comes later. */
export async function openDoor(port: number): Promise<Door> {
  let inside: Inside | undefined;
  // No connection is closed for being idle: a vendor's client must not meet one that is just being closed.
  const server: Server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    answer(request, response).catch((cause) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: explain(cause) }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? new Error(`port ${port} is taken: say another with --port or PORT`) : cause),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const own = new Set([new URL(url).host, new URL(url).host.replace('127.0.0.1', 'localhost')]);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = new URL(`${url}${request.url}`);
    if (!inside) return refuse(response, 503, 'the local cloud is starting');
    const [, vendor] = /^\/_vendor\/([a-z0-9-]+)/.exec(at.pathname) ?? [];
    if (vendor !== undefined) return inside.outbox.handle(vendor, request, response);
    const isOurs = at.pathname === '/' || /^\/(_local|page|portal)(\/|$)/.test(at.pathname);
    if (!isOurs) return inside.api.handle(request, response);
    // A page of somebody else's, open in the same browser, must neither read nor do anything here.
    const { host = '', origin } = request.headers;
    if (!own.has(host) || (origin !== undefined && !own.has(origin.replace(/^https?:\/\//, '')))) {
      return refuse(response, 403, 'only this machine may ask');
    }
    if (at.pathname.startsWith('/_local')) return inside.control(request, response, at);
    if (inside.show.file(at.pathname, response)) return;
    return refuse(response, 404, 'there is no such page');
  }

  return {
    url,
    serve(what) {
      inside = what;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { ...pageHeaders, 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ error })}\n`);
}

/** Linux and macOS give outgoing connections the ports from here on, or from above. */
const EPHEMERAL_FROM = 32_768;

/**
 * A port for later: the one after the door's, or any that is free. Never one that an outgoing connection may be given
 * before it is used.
 */
export async function portBeside(door: number): Promise<number> {
  for (let port = door + 1; ; port = 20_000 + Math.floor(Math.random() * 10_000)) {
    if (port < EPHEMERAL_FROM && (await isFree(port))) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
