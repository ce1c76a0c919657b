import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClock } from '../../lib/local/clock.ts';
import type { Functions, Invocation } from '../../lib/local/functions.ts';
import { type ApiExchange, createHttpApi, type HttpApi } from '../../lib/local/http-api.ts';
import { assemblyOf, functionArn, lambda, resource } from './stubs.ts';

const routes = {
  'POST /v1/sales': 'sales',
  'GET /v1/members/{id}': 'members',
  'GET /v1/members/me': 'me',
  'ANY /any/{proxy+}': 'any',
  'GET /v1/locked': 'locked',
};
const names = Object.values(routes);

const assembly = assemblyOf(
  resource('AWS::ApiGatewayV2::Api', 'api1', 'arn:aws:apigateway:eu-central-1::/apis/api1', { ProtocolType: 'HTTP' }),
  resource('AWS::ApiGatewayV2::Stage', '$default', '', {
    DefaultRouteSettings: { ThrottlingRateLimit: 0.001, ThrottlingBurstLimit: 40 },
  }),
  ...names.map((name) => lambda(name, '/nowhere')),
  ...names.map((name) =>
    resource('AWS::ApiGatewayV2::Integration', `i-${name}`, '', {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: functionArn(name),
      PayloadFormatVersion: '2.0',
      ...(name === 'any' && { TimeoutInMillis: 50 }),
    }),
  ),
  ...Object.entries(routes).map(([key, name]) =>
    resource('AWS::ApiGatewayV2::Route', `r-${name}`, '', { RouteKey: key, Target: `integrations/i-${name}` }),
  ),
  ...names.map((name) =>
    resource('AWS::Lambda::Permission', `p-${name}`, '', {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn(name),
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:aws:execute-api:eu-central-1:000000000000:api1/*/*${name === 'locked' ? '/other' : '/*'}`,
    }),
  ),
);

type Event = Record<string, unknown> & { requestContext: Record<string, unknown> };
let answer: (event: Event) => Invocation | Promise<Invocation>;
let last: { arn: string; event: Event } | undefined;
const functions = {
  async invoke(arn: string, event: unknown) {
    last = { arn, event: event as Event };
    return answer(event as Event);
  },
} as unknown as Functions;

const ok = (payload: unknown): Invocation => ({ kind: 'answered', requestId: 'r', payload });
const clock = createClock();
let api: HttpApi;
let server: Server;
let base: string;
const exchanges: ApiExchange[] = [];

beforeAll(async () => {
  clock.set(new Date('2030-02-03T04:05:06Z'));
  api = createHttpApi({ assembly, functions, clock });
  api.subscribe((exchange) => exchanges.push(exchange));
  server = createServer((request, response) => void api.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const eventFor = async (path: string, init: RequestInit = {}) => {
  answer = () => ok({ statusCode: 204 });
  last = undefined;
  const response = await fetch(base + path, init);
  await response.text();
  return last as { arn: string; event: Event } | undefined;
};

describe('a request becomes payload format 2.0', () => {
  it('whole', async () => {
    const got = await eventFor('/v1/members/m%2F1?a=1&b=x%20y&a=2', {
      headers: { 'X-Two': 'z', cookie: 'c1=v1; c2=v2', 'user-agent': 'till' },
    });
    expect(got?.arn).toBe(functionArn('members'));
    expect(got?.event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /v1/members/{id}',
      rawPath: '/v1/members/m/1',
      rawQueryString: 'a=1&b=x%20y&a=2',
      cookies: ['c1=v1', 'c2=v2'],
      headers: { 'x-two': 'z', host: base.slice(7), 'user-agent': 'till' },
      queryStringParameters: { a: '1,2', b: 'x y' },
      pathParameters: { id: 'm/1' },
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        apiId: 'api1',
        http: {
          method: 'GET',
          path: '/v1/members/m/1',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'till',
        },
        routeKey: 'GET /v1/members/{id}',
        stage: '$default',
        time: '03/Feb/2030:04:05:06 +0000',
        timeEpoch: expect.any(Number),
      },
    });
    expect(got?.event).not.toHaveProperty('body');
    expect(got?.event.headers).not.toHaveProperty('cookie');
  });

  it.each([
    ['application/json', '{"ä":1}', false],
    ['application/json; charset=utf-8', '{}', false],
    ['text/plain', 'hello', false],
    ['application/xml', '<a/>', false],
    ['application/x-www-form-urlencoded', 'a=1', true],
    ['application/octet-stream', 'x', true],
    ['application/problem+json', '{}', true],
    ['', 'x', true],
  ])('with a body of type %j', async (type, body, isBase64Encoded) => {
    const got = await eventFor('/v1/sales', {
      method: 'POST',
      body: Buffer.from(body),
      headers: type ? { 'content-type': type } : {},
    });
    expect(got?.event).toMatchObject({
      isBase64Encoded,
      body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
    });
  });

  it('by the most exact route', async () => {
    expect((await eventFor('/v1/members/me'))?.arn).toBe(functionArn('me'));
    expect((await eventFor('/any/a/b', { method: 'PUT' }))?.event.pathParameters).toEqual({ proxy: 'a/b' });
  });
});

describe('the answer', () => {
  it('is what the function says', async () => {
    answer = () =>
      ok({
        statusCode: 201,
        headers: { 'Content-Type': 'application/problem+json', 'Retry-After': 3 },
        cookies: ['a=1', 'b=2'],
        body: Buffer.from('hé').toString('base64'),
        isBase64Encoded: true,
      });
    const response = await fetch(`${base}/v1/sales`, { method: 'POST' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('retry-after')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('hé');
    expect(exchanges.at(-1)).toMatchObject({ method: 'POST', route: 'POST /v1/sales', status: 201, bytes: 3 });
  });

  it('is a 200 of JSON without a status code', async () => {
    answer = () => ok({ points: 3 });
    const response = await fetch(`${base}/v1/sales`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([200, { points: 3 }]);
  });

  it.each([
    ['an unknown path', '/v1/nothing', 'GET', 404, 'Not Found'],
    ['an unknown method', '/v1/sales', 'GET', 404, 'Not Found'],
    ['a function without a permission', '/v1/locked', 'GET', 500, 'Internal Server Error'],
  ])('is AWS’s own for %s', async (_, path, method, status, message) => {
    answer = () => ok({ statusCode: 200 });
    const response = await fetch(base + path, { method });
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  it.each([
    ['throws', { kind: 'failed', requestId: 'r', errorType: 'Error', errorMessage: 'm' }, 500, 'Internal Server Error'],
    ['answers nonsense', ok({ statusCode: 'soon' }), 500, 'Internal Server Error'],
    ['answers a body that is no text', ok({ statusCode: 200, body: { a: 1 } }), 500, 'Internal Server Error'],
  ] as const)('is AWS’s own when the function %s', async (_, invocation, status, message) => {
    answer = () => invocation;
    const response = await fetch(`${base}/v1/sales`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  it('is 503 when the function is too slow for the integration', async () => {
    answer = () => new Promise(() => {});
    const response = await fetch(`${base}/any/x`);
    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
  });

  it('is 413 for more than 10 MB', async () => {
    const response = await fetch(`${base}/v1/sales`, { method: 'POST', body: Buffer.alloc(10 * 1024 * 1024 + 1) });
    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });
});

it('is 429 once the stage’s bucket is empty, whatever the virtual clock says', async () => {
  answer = () => ok({ statusCode: 204 });
  const statuses = new Set<number>();
  for (let n = 0; n < 41; n += 1) {
    clock.advance('P1D');
    const response = await fetch(`${base}/v1/sales`, { method: 'POST' });
    await response.text();
    statuses.add(response.status);
  }
  expect(statuses).toContain(429);
});
