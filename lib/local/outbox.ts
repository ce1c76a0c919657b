import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { Clock } from './clock.ts';
import { readBody } from './http-api.ts';

/** A call to a vendor that would have left the machine. */
export interface OutboxCall {
  readonly id: string;
  readonly connector: string;
  readonly method: string;
  /** The vendor's own address. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** By the virtual clock. */
  readonly at: string;
  /** What the vendor answered; 0: it hung up. */
  readonly status: number;
}

/** What a vendor answers next, before it is itself again. */
export const Behaviour = z.strictObject({
  connector: z.string().min(1),
  /** Only a call whose body holds this. */
  holding: z.string().min(1).optional(),
  /** 0: it hangs up without an answer. */
  status: z.int().refine((status) => status === 0 || (status >= 200 && status <= 599), '0, or 200 to 599'),
  /** A text as it is; anything else as JSON. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  times: z.int().min(1).max(1_000_000).default(1),
  delayMs: z.int().min(0).max(600_000).default(0),
});
export type Behaviour = z.output<typeof Behaviour>;

export interface Outbox {
  /** The vendors' side of `VENDOR_GATEWAY`. */
  handle(connector: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  calls(connector?: string): readonly OutboxCall[];
  behave(behaviour: z.input<typeof Behaviour>): void;
  /** Answers that are still to come. */
  behaviours(): readonly Behaviour[];
  /** Calls that are being answered, such as slow ones. */
  inFlight(): number;
  subscribe(listener: (call: OutboxCall) => void): () => void;
}

/** The newest are kept: enough for a load test of some thousand sales that tells several vendors each. */
const KEPT = 20_000;
const MAX_BODY_BYTES = 1024 * 1024;

/** By connector: who answers in a vendor's place. Called with the vendor's own address. */
export type Vendors = Readonly<Record<string, typeof fetch>>;

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where nobody answers in a vendor's place. */
const plain: Reply = { status: 200, type: 'application/json', body: '{}' };

/** Stands before every vendor there is: takes their calls, keeps them, passes on what is answered in their place. */
export function openOutbox({
  file,
  clock,
  vendors = {},
}: {
  file: string;
  clock: Clock;
  vendors?: Vendors | undefined;
}): Outbox {
  let calls = readCalls(file);
  let behaviours: Behaviour[] = [];
  let appended = 0;
  let inFlight = 0;
  const listeners = new Set<(call: OutboxCall) => void>();
  rewrite();

  function rewrite(): void {
    writeFileSync(`${file}.new`, calls.map((call) => `${JSON.stringify(call)}\n`).join(''), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    appended = 0;
  }

  function keep(call: OutboxCall): void {
    calls.push(call);
    if (calls.length > KEPT * 1.1) calls = calls.slice(-KEPT);
    appended += 1;
    if (appended > KEPT) rewrite();
    else appendFileSync(file, `${JSON.stringify(call)}\n`);
    for (const listener of listeners) listener(call);
  }

  function nextBehaviour(connector: string, body: string): Behaviour | undefined {
    const next = behaviours.find((one) => one.connector === connector && body.includes(one.holding ?? ''));
    if (!next) return undefined;
    behaviours = behaviours.flatMap((one) => {
      if (one !== next) return [one];
      return one.times > 1 ? [{ ...one, times: one.times - 1 }] : [];
    });
    return next;
  }

  return {
    calls: (connector) => (connector === undefined ? calls : calls.filter((call) => call.connector === connector)),
    behave: (behaviour) => void behaviours.push(Behaviour.parse(behaviour)),
    behaviours: () => behaviours,
    inFlight: () => inFlight,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async handle(connector, request, response) {
      inFlight += 1;
      try {
        const read = await readBody(request, MAX_BODY_BYTES);
        const body = read === 'too-large' ? '(more than 1 MB)' : read.toString();
        const behaviour = nextBehaviour(connector, body);
        const { 'x-vendor-url': url = '', ...headers } = Object.fromEntries(
          Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
        );
        const method = request.method ?? 'GET';
        const willAnswer = () => {
          const vendor = vendors[connector];
          return vendor ? askIn(vendor, { url, method, headers, body }) : plain;
        };
        const reply = behaviour ? await behaving(behaviour, willAnswer) : await willAnswer();
        // Kept when it comes and not when it is answered: a vendor that is slow to answer may have done it all the same.
        keep({
          id: `call_${randomBytes(8).toString('hex')}`,
          connector,
          method,
          url,
          headers,
          body,
          at: clock.now().toISOString(),
          status: reply.status,
        });
        if (behaviour?.delayMs) await patience(behaviour.delayMs, request);
        if (reply.status === 0) {
          request.socket.destroy();
          return;
        }
        if (response.destroyed) return;
        response.writeHead(reply.status, { 'content-type': reply.type, ...reply.headers, ...behaviour?.headers });
        response.end(reply.body);
      } finally {
        inFlight -= 1;
      }
    },
  };
}

/** Only where it works as it always does is the vendor itself asked. */
async function behaving({ status, body }: Behaviour, willAnswer: () => Reply | Promise<Reply>): Promise<Reply> {
  const succeeds = status >= 200 && status < 300;
  if (body === undefined)
    return succeeds ? { ...(await willAnswer()), status } : { status, type: 'text/plain; charset=utf-8', body: '' };
  if (typeof body === 'string') return { status, type: 'text/plain; charset=utf-8', body };
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

/** What it says; when it breaks off, it hangs up, whatever it may have done. */
async function askIn(
  vendor: typeof fetch,
  { url, method, headers, body }: Pick<OutboxCall, 'url' | 'method' | 'headers' | 'body'>,
): Promise<Reply> {
  const own = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  try {
    const answer = await vendor(url, { method, headers: Object.fromEntries(own), ...(body !== '' && { body }) });
    const { 'content-type': type = 'text/plain; charset=utf-8', ...rest } = Object.fromEntries(answer.headers);
    return { status: answer.status, type, body: await answer.text(), headers: rest };
  } catch {
    return { status: 0, type: 'text/plain; charset=utf-8', body: '' };
  }
}

/** Between two machines, and no part of what is said. */
const OF_THE_CONNECTION = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);

/** Waits as long as it is told, or until the caller has given up. */
const patience = (ms: number, request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      request.socket.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    request.socket.once('close', done);
  });

function readCalls(file: string): OutboxCall[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(-KEPT - 1);
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as OutboxCall];
    } catch {
      // The last line of a run that was killed while writing it.
      return [];
    }
  });
}
