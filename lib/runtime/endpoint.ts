import middy, { type MiddlewareObj, type Request } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Route } from './api/route.ts';
import { setting } from './config.ts';
import { dynamodb } from './dynamodb.ts';
import { faultsOf } from './faults.ts';
import { LedgerBusy } from './journal.ts';
import { type Caller, mayActAs, openKeyring } from './keyring.ts';
import { count, log, publishCounts, reasonOf } from './log.ts';
import { MemberBusy } from './members.ts';
import { type Answer, type Fault, problem } from './problem.ts';
import { openThrottle } from './throttle.ts';

/** A route with what it does. */
export interface Endpoint {
  readonly route: Route;
  handle(input: unknown, caller: Caller): Promise<Answer>;
}

/** The input that `handle` is given has passed the route's schema; the caller has a key with the route's scope. */
export const endpoint = <Schema extends z.ZodType>(
  route: Route<Schema>,
  handle: (input: z.output<Schema>, caller: Caller) => Promise<Answer>,
): Endpoint => ({ route, handle: handle as Endpoint['handle'] });

/** What the middlewares find out on the way, each for those after it. */
interface Call extends APIGatewayProxyEventV2 {
  endpoint: Endpoint;
  caller: Caller;
  input: unknown;
  startedAt: number;
}
type Middleware = MiddlewareObj<Call, APIGatewayProxyStructuredResultV2>;

/** One function's routes. Who calls, how often and with what is settled before a handler sees it. */
export function api(...endpoints: readonly Endpoint[]) {
  return middy<Call, APIGatewayProxyStructuredResultV2>(
    async ({ endpoint, input, caller }: Call) => written(await endpoint.handle(input, caller)),
    { requestEnd: (request) => tell(request as Request<Call, APIGatewayProxyStructuredResultV2>) },
  )
    .use(explaining)
    .use(choosing(endpoints))
    .use(authenticating())
    .use(throttling())
    .use(reading);
}

/** Nothing of an error leaves but the request's id, under which the log has the rest. */
const explaining: Middleware = {
  onError: ({ event, error }) => {
    const { requestId } = event.requestContext;
    // Nothing was booked, and the same request again is safe: a till that repeats it loses nothing.
    if (error instanceof LedgerBusy || error instanceof MemberBusy)
      return written(problem(503, 'busy', { requestId }, { 'retry-after': '1' }));
    log.error('the request failed', { requestId, reason: reasonOf(error) });
    return written(problem(500, 'internal-error', { requestId }));
  },
};

const choosing = (endpoints: readonly Endpoint[]): Middleware => {
  const byKey = new Map<string, Endpoint>(endpoints.map((one) => [one.route.key, one]));
  return {
    before: ({ event }) => {
      event.startedAt = performance.now();
      const endpoint = byKey.get(event.routeKey);
      if (!endpoint) return written(problem(404, 'unknown-route'));
      event.endpoint = endpoint;
    },
  };
};

const authenticating = (): Middleware => {
  let keyring: ReturnType<typeof openKeyring> | undefined;
  return {
    before: async ({ event }) => {
      const key = /^Bearer +(\S{1,200})$/i.exec(event.headers.authorization ?? '')?.[1];
      keyring ??= openKeyring({ client: dynamodb, table: setting('TABLE_PROGRAM') });
      const caller = key && (await keyring.callerOf(key));
      if (!caller) {
        const detail = 'send "Authorization: Bearer <key>" with a key that is in use';
        return written(problem(401, 'unauthorized', { detail }, { 'www-authenticate': 'Bearer' }));
      }
      event.caller = caller;
      const { scope } = event.endpoint.route;
      if (!mayActAs(caller.scope, scope))
        return written(problem(403, 'forbidden', { detail: `this needs a key with the scope "${scope}"` }));
    },
  };
};

const throttling = (): Middleware => {
  let throttled: ReturnType<typeof openThrottle> | undefined;
  return {
    before: async ({ event }) => {
      throttled ??= openThrottle({ client: dynamodb, table: setting('TABLE_PROGRAM') });
      const seconds = await throttled(event.caller);
      if (seconds === 0) return;
      count('Throttled');
      return written(problem(429, 'too-many-requests', {}, { 'retry-after': String(seconds) }));
    },
  };
};

const BODY_MAX_BYTES = 256 * 1024;

const reading: Middleware = {
  before: ({ event }) => {
    const body = bodyOf(event);
    if (body.length > BODY_MAX_BYTES)
      return written(problem(413, 'too-large', { detail: `at most ${BODY_MAX_BYTES} bytes` }));
    const fields = event.requestContext.http.method === 'GET' ? {} : fieldsOf(body);
    if (!fields) return written(invalid([{ path: '(body)', message: 'is not a JSON object: send one, in UTF-8' }]));
    const parsed = event.endpoint.route.input.safeParse({
      ...event.queryStringParameters,
      ...fields,
      ...event.pathParameters,
    });
    if (!parsed.success) return written(invalid(faultsOf(parsed.error)));
    event.input = parsed.data;
  },
};

const invalid = (errors: readonly Fault[]): Answer => problem(400, 'invalid-request', { errors });

const bodyOf = ({ body, isBase64Encoded }: APIGatewayProxyEventV2): Buffer =>
  Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');

/** No body is an object without fields. Half a surrogate pair has no UTF-8: it would be stored as something else than was hashed. */
function fieldsOf(body: Buffer): Record<string, unknown> | undefined {
  if (body.length === 0) return {};
  try {
    const json: unknown = JSON.parse(body.toString(), (_, value) =>
      typeof value === 'string' ? value.toWellFormed() : value,
    );
    return json !== null && typeof json === 'object' && !Array.isArray(json)
      ? (json as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Answers are for machines, and for the one that asked: nothing may store, frame, sniff or run them. */
const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'interest-cohort=()',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const written = ({ status, body, text, headers }: Answer): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { ...HEADERS, ...headers },
  ...(text !== undefined ? { body: text } : body !== undefined && { body: JSON.stringify(body) }),
});

/** The route and not the path, the key's id and not the key. */
async function tell({ event, response }: Request<Call, APIGatewayProxyStructuredResultV2>): Promise<void> {
  log.info('answered', {
    route: event.routeKey,
    status: response?.statusCode,
    ms: Math.round(performance.now() - event.startedAt),
    keyId: event.caller?.keyId,
    requestId: event.requestContext.requestId,
  });
  await publishCounts();
}
