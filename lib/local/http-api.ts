import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import { type Functions, type Invocation, newTraceId } from './functions.ts';
import { type Assembly, type Resource, UnknownInTemplate, unknownIn } from './template.ts';

/** An HTTP request that the shop's API has answered. */
export interface ApiExchange {
  readonly at: string;
  readonly requestId: string;
  readonly method: string;
  /** The route and not the path: a path leads to a person. */
  readonly route: string;
  /** The function's ARN; absent where API Gateway answered itself. */
  readonly functionArn?: string;
  readonly status: number;
  readonly tookMs: number;
  readonly bytes: number;
  readonly error?: string;
}

export interface HttpApi {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** `POST /webhooks/shopify` and so on, as in the template. */
  readonly routes: readonly string[];
  inFlight(): number;
  subscribe(listener: (exchange: ApiExchange) => void): () => void;
}

interface Route {
  readonly key: string;
  readonly method: string;
  readonly segments: readonly string[];
  readonly functionArn: string;
  readonly timeoutMs: number;
  readonly permitted: boolean;
}

/** API Gateway refuses more; Lambda takes 6 MB, encoded. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** What AWS answers on its own account, in its words. */
const refusals = {
  notFound: [404, 'Not Found'],
  tooLarge: [413, 'Request Entity Too Large'],
  throttled: [429, 'Too Many Requests'],
  failed: [500, 'Internal Server Error'],
  unavailable: [503, 'Service Unavailable'],
} as const;

/** API Gateway's HTTP API of the template: routes, payload format 2.0, stage throttle. */
export function createHttpApi({
  assembly,
  functions,
  clock,
}: {
  assembly: Assembly;
  functions: Functions;
  clock: Clock;
}): HttpApi {
  const api = theOneApi(assembly);
  const [stage] = assembly.ofType('AWS::ApiGatewayV2::Stage');
  const routes = readRoutes(assembly, api.physicalId);
  const admit = throttle(stage);
  const listeners = new Set<(exchange: ApiExchange) => void>();
  let inFlight = 0;

  async function answer(request: IncomingMessage, url: URL): Promise<Answer> {
    if (!admit()) return refuse('throttled');
    const found = findRoute(routes, request.method ?? 'GET', url.pathname);
    if (!found) return refuse('notFound');
    const { route, parameters } = found;
    const body = await readBody(request, MAX_REQUEST_BYTES);
    if (body === 'too-large') return { ...refuse('tooLarge'), route };
    if (!route.permitted) {
      return { ...refuse('failed'), route, error: `no AWS::Lambda::Permission lets the API call ${route.functionArn}` };
    }
    const traceId = newTraceId();
    const event = eventOf({ request, url, route, parameters, body, api, at: clock.now(), traceId });
    if (Buffer.byteLength(event.body ?? '') > MAX_PAYLOAD_BYTES) return { ...refuse('tooLarge'), route };
    const invocation = await within(route.timeoutMs, functions.invoke(route.functionArn, event, { traceId }));
    if (invocation === 'too-late') {
      return { ...refuse('unavailable'), route, error: `no answer within ${route.timeoutMs} ms` };
    }
    return { ...answerOf(invocation), route };
  }

  return {
    routes: routes.map((route) => route.key),
    inFlight: () => inFlight,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async handle(request, response) {
      inFlight += 1;
      const startedAt = performance.now();
      const requestId = `${randomBytes(11).toString('base64url')}=`;
      try {
        const url = new URL(`http://local${request.url}`);
        const { status, headers, cookies, body, route, error } = await answer(request, url);
        response.setHeaders(new Map(Object.entries(headers)));
        if (cookies.length > 0) response.setHeader('set-cookie', cookies);
        response.writeHead(status, { 'content-length': body.byteLength, 'apigw-requestid': requestId });
        response.end(request.method === 'HEAD' ? undefined : body);
        const exchange: ApiExchange = {
          at: clock.now().toISOString(),
          requestId,
          method: request.method ?? 'GET',
          route: route?.key ?? '(none)',
          status,
          tookMs: Math.round((performance.now() - startedAt) * 10) / 10,
          bytes: body.byteLength,
          ...(route && { functionArn: route.functionArn }),
          ...(error !== undefined && { error }),
        };
        for (const listener of listeners) listener(exchange);
      } finally {
        inFlight -= 1;
      }
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
  readonly route?: Route;
  readonly error?: string;
}

function refuse(why: keyof typeof refusals): Answer {
  const [status, message] = refusals[why];
  return {
    status,
    headers: { 'content-type': 'application/json' },
    cookies: [],
    body: Buffer.from(JSON.stringify({ message })),
  };
}

function theOneApi(assembly: Assembly): Resource {
  const [api, ...others] = assembly.ofType('AWS::ApiGatewayV2::Api');
  if (api && others.length === 0) return api;
  throw new UnknownInTemplate('the local cloud serves exactly one AWS::ApiGatewayV2::Api');
}

function readRoutes(assembly: Assembly, apiId: string): Route[] {
  const integrations = new Map(
    assembly.ofType('AWS::ApiGatewayV2::Integration').map((one) => [`integrations/${one.physicalId}`, one]),
  );
  return assembly.ofType('AWS::ApiGatewayV2::Route').map((resource) => {
    const { RouteKey, Target, AuthorizationType } = resource.properties as Record<string, string | undefined>;
    if ((AuthorizationType ?? 'NONE') !== 'NONE') {
      throw unknownIn(resource, `AuthorizationType ${AuthorizationType} is not known`);
    }
    const integration = integrations.get(Target ?? '')?.properties as
      | { IntegrationType?: string; IntegrationUri?: string; PayloadFormatVersion?: string; TimeoutInMillis?: number }
      | undefined;
    if (integration?.IntegrationType !== 'AWS_PROXY' || integration.PayloadFormatVersion !== '2.0') {
      throw unknownIn(resource, 'only AWS_PROXY integrations of payload format 2.0 are known');
    }
    const functionArn = /arn:aws:lambda:[^/]+:function:[^/:]+/.exec(integration.IntegrationUri ?? '')?.[0];
    if (functionArn === undefined) throw unknownIn(resource, `no function in ${integration.IntegrationUri}`);
    const [method = '', path = ''] = RouteKey === '$default' ? ['ANY', '/{proxy+}'] : (RouteKey ?? '').split(' ');
    return {
      key: RouteKey ?? '',
      method,
      segments: path.split('/').slice(1),
      functionArn,
      timeoutMs: integration.TimeoutInMillis ?? 30_000,
      permitted: isPermitted(assembly, functionArn, `${apiId}/$default/${method}${path}`),
    };
  });
}

/** API Gateway may only call a function whose own policy lets it. */
function isPermitted(assembly: Assembly, functionArn: string, resource: string): boolean {
  const name = functionArn.split(':').at(-1);
  return assembly.ofType('AWS::Lambda::Permission').some(({ properties }) => {
    const { Action, FunctionName, Principal, SourceArn } = properties as Record<string, string | undefined>;
    if (Action !== 'lambda:InvokeFunction' || Principal !== 'apigateway.amazonaws.com') return false;
    if (FunctionName !== functionArn && FunctionName !== name) return false;
    if (SourceArn === undefined) return true;
    const pattern = SourceArn.split(':').slice(5).join(':');
    return new RegExp(`^${pattern.split('*').map(literally).join('.*')}$`).test(resource);
  });
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A whole match first, then the most segments that are literal, a greedy one last; among them the method before ANY. */
function findRoute(routes: readonly Route[], method: string, pathname: string) {
  const segments = pathname.split('/').slice(1).map(decoded);
  const matches = routes.flatMap((route) => {
    if (route.method !== method && route.method !== 'ANY') return [];
    const parameters = matchPath(route.segments, segments);
    return parameters ? [{ route, parameters }] : [];
  });
  const rank = ({ route }: { route: Route }) =>
    route.segments.reduce(
      (sum, segment) => sum + (segment.endsWith('+}') ? 0 : segment.startsWith('{') ? 100 : 10_000),
      0,
    ) + (route.method === 'ANY' ? 0 : 1);
  return matches.toSorted((a, b) => rank(b) - rank(a))[0];
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    if (part.endsWith('+}')) {
      const rest = segments.slice(at).join('/');
      if (rest === '') return undefined;
      parameters[part.slice(1, -2)] = rest;
      return parameters;
    }
    const segment = segments[at];
    if (segment === undefined) return undefined;
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      parameters[part.slice(1, -1)] = segment;
    } else if (part !== segment) {
      return undefined;
    }
  }
  return pattern.length === segments.length ? parameters : undefined;
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// HTTP APIs give the path decoded, and take anything for binary but these types: a form too, and a body without a type.
const TEXT = /^(text\/[^;]+|application\/(json|xml|javascript))\s*(;|$)/i;

function eventOf({
  request,
  url,
  route,
  parameters,
  body,
  api,
  at,
  traceId,
}: {
  request: IncomingMessage;
  url: URL;
  route: Route;
  parameters: Record<string, string>;
  body: Buffer;
  api: Resource;
  at: Date;
  traceId: string;
}) {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (name !== 'cookie' && name !== 'connection') headers[name] = (values ?? []).join(',');
  }
  headers['content-length'] = String(body.byteLength);
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '127.0.0.1';
  headers['x-forwarded-proto'] = 'http';
  headers['x-amzn-trace-id'] = traceId.split(';')[0] ?? '';
  const cookies = request.headers.cookie?.split('; ');
  const query: Record<string, string> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name).join(',');
  const isText = TEXT.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  const path = decoded(url.pathname);
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: path,
    rawQueryString: url.search.slice(1),
    ...(cookies && { cookies }),
    headers,
    ...(url.search.length > 1 && { queryStringParameters: query }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: api.physicalId,
      domainName: headers.host ?? '127.0.0.1',
      domainPrefix: api.physicalId,
      http: {
        method: request.method ?? 'GET',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomBytes(12).toString('base64url'),
      routeKey: route.key,
      stage: '$default',
      time: commonLogTime(at),
      timeEpoch: at.getTime(),
    },
    ...(body.byteLength > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.byteLength > 0 && !isText,
  };
}

/** `21/Nov/2026:10:00:00 +0000`. */
function commonLogTime(at: Date): string {
  const [, day, month, year, time] = at.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function answerOf(invocation: Invocation): Answer {
  if (invocation.kind === 'failed') {
    return { ...refuse('failed'), error: `${invocation.errorType}: ${invocation.errorMessage}` };
  }
  const { payload } = invocation;
  const structured = typeof payload === 'object' && payload !== null && 'statusCode' in payload;
  if (!structured) {
    // Without a status code, whatever came is the body of a 200.
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body: Buffer.from(body) };
  }
  const { statusCode, headers, cookies, body, isBase64Encoded } = payload as {
    statusCode: unknown;
    headers?: Record<string, unknown>;
    cookies?: unknown[];
    body?: unknown;
    isBase64Encoded?: boolean;
  };
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599 || (body != null && typeof body !== 'string')) {
    return { ...refuse('failed'), error: 'the function’s answer is not of payload format 2.0' };
  }
  const sent = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...Object.fromEntries(sent) },
    cookies: (cookies ?? []).map(String),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** A token bucket, on the machine's own clock: moving the virtual one must not fill it. */
function throttle(stage: Resource | undefined): () => boolean {
  const settings = (stage?.properties.DefaultRouteSettings ?? {}) as {
    ThrottlingBurstLimit?: number;
    ThrottlingRateLimit?: number;
  };
  const { ThrottlingBurstLimit: burst, ThrottlingRateLimit: rate } = settings;
  if (burst === undefined || rate === undefined) return () => true;
  let tokens = burst;
  let filledAt = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * rate);
    filledAt = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Reads on after the limit without keeping anything, so that the sender hears the answer. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'too-large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes > maxBytes ? 'too-large' : Buffer.concat(chunks);
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | 'too-late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'too-late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'too-late');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
