import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClock } from '../../lib/local/clock.ts';
import { type Functions, startFunctions } from '../../lib/local/functions.ts';
import { assemblyOf, bundle, functionArn, lambda, scratch } from './stubs.ts';

const place = scratch();
const clock = createClock();
let functions: Functions;

const stubs = {
  echo: `exports.handler = async (event, context) => ({ event, context, remaining: context.getRemainingTimeInMillis(), pid: process.pid });`,
  environment: `exports.handler = async () => process.env;`,
  time: `const timer = performance.now(); exports.handler = async () => ({ now: Date.now(), made: new Date().toISOString(), text: Date(), given: new Date(0).toISOString(), isDate: new Date() instanceof Date, clone: structuredClone(new Date()).getTime() });`,
  throws: `class Refused extends Error { name = 'Refused' } exports.handler = async () => { throw new Refused('no') };`,
  crash: `exports.handler = async () => process.exit(3);`,
  rejection: `exports.handler = async () => { Promise.reject(new Error('nobody waits')); await new Promise((r) => setTimeout(r, 5000)); };`,
  slow: `exports.handler = async ({ ms }) => { await new Promise((r) => setTimeout(r, ms)); return process.pid; };`,
  broken: `require('no-such-package');`,
  vanishes: `process.exit(0);`,
  outward: `exports.handler = () => fetch('https://api.vendor.example/').then(() => 'reached', (e) => e.cause.message);`,
  metric: `exports.handler = async () => { console.log(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [{ Namespace: 'Stampbook', Dimensions: [['service']], Metrics: [{ Name: 'sales', Unit: 'Count' }] }] }, service: 'metric', sales: [2, 3] })); };`,
};

beforeAll(() => {
  const resources = Object.entries(stubs).map(([name, code]) =>
    lambda(name, bundle(place.directory, name, code), name === 'slow' ? { Timeout: 1 } : {}),
  );
  functions = startFunctions({
    assembly: assemblyOf(...resources),
    dataDirectory: place.directory,
    compileCache: join(place.directory, 'compile-cache'),
    clock,
    awsEndpoint: 'http://127.0.0.1:9',
    region: 'eu-central-1',
    credentialsFor: (name, process) => ({ accessKeyId: `key-${name}.${process}`, secretAccessKey: 'secret' }),
    vendorGatewayFor: (connector) => `http://127.0.0.1:9/_vendor/${connector}`,
    perFunction: 2,
    processes: 3,
  });
});
afterAll(async () => {
  await functions.stop();
  place.remove();
});

const call = async (name: string, event: unknown = {}) => {
  const result = await functions.invoke(functionArn(name), event);
  return result.kind === 'answered' ? (result.payload as Record<string, unknown>) : result;
};

describe('an invocation', () => {
  it('gets the event and a context as in Lambda', async () => {
    const answer = (await call('echo', { a: [1] })) as { event: object; context: object; remaining: number };
    expect(answer.event).toEqual({ a: [1] });
    expect(answer.context).toEqual({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      callbackWaitsForEmptyEventLoop: true,
      functionName: 'echo',
      functionVersion: '$LATEST',
      invokedFunctionArn: functionArn('echo'),
      logGroupName: '/aws/lambda/echo',
      logStreamName: expect.stringMatching(/^\[\$LATEST]/),
      memoryLimitInMB: '256',
    });
    expect(answer.remaining).toBeGreaterThan(4000);
    expect(answer.remaining).toBeLessThanOrEqual(5000);
  });

  it('is handled by the same process again while it is warm', async () => {
    const first = (await call('echo')) as { pid: number };
    const second = (await call('echo')) as { pid: number };
    expect(second.pid).toBe(first.pid);
  });

  it('sees the function’s own key and none of the machine’s settings', async () => {
    process.env.AWS_PROFILE = 'production';
    try {
      expect(await call('environment')).toMatchObject({
        AWS_ACCESS_KEY_ID: expect.stringMatching(/^key-environment\.[0-9a-f]{8}$/),
        AWS_REGION: 'eu-central-1',
        LAMBDA_TASK_ROOT: expect.stringContaining('environment'),
        TZ: ':UTC',
      });
      expect(await call('environment')).not.toHaveProperty('AWS_PROFILE');
      expect(await call('environment')).not.toHaveProperty('NODE_OPTIONS');
    } finally {
      delete process.env.AWS_PROFILE;
    }
  });

  it('runs on the virtual clock, also in a process that was warm before the clock was moved', async () => {
    await call('time');
    clock.advance('P400D');
    const time = (await call('time')) as { now: number; made: string; text: string; given: string; isDate: boolean };
    const there = clock.now().getTime();
    expect(Math.abs(time.now - there)).toBeLessThan(2_000);
    expect(Math.abs(Date.parse(time.made) - there)).toBeLessThan(2_000);
    expect(Math.abs(Date.parse(time.text) - there)).toBeLessThan(3_000);
    expect(time).toMatchObject({ given: '1970-01-01T00:00:00.000Z', isDate: true });
  });

  it('reaches no host outside', async () => {
    expect(await call('outward')).toBe('the local cloud reaches nobody: refused to look up api.vendor.example');
  });
});

describe('an invocation fails', () => {
  it.each([
    ['when the handler throws', 'throws', {}, 'Refused', 'no'],
    ['when the process exits', 'crash', {}, 'Runtime.ExitError', 'exit status 3'],
    ['on a rejection that nobody waits for', 'rejection', {}, 'Runtime.ExitError', 'exit status 128'],
    ['when its time is over', 'slow', { ms: 60_000 }, 'Sandbox.Timedout', 'timed out after 1.00 seconds'],
    ['when the bundle cannot be loaded', 'broken', {}, 'Error', 'no-such-package'],
    ['when the process is gone before it was ready', 'vanishes', {}, 'Runtime.ExitError', 'exit status 0'],
  ])('%s', async (_, name, event, errorType, errorMessage) => {
    expect(await functions.invoke(functionArn(name), event)).toMatchObject({
      kind: 'failed',
      errorType,
      errorMessage: expect.stringContaining(errorMessage),
    });
  });

  it('when the host dies, and the next one gets a new process', async () => {
    const [first] = [functions.invoke(functionArn('slow'), { ms: 900 })];
    while (functions.states().find((one) => one.name === 'slow')?.running !== 1) await tick();
    expect(await functions.kill('slow')).toBe(1);
    expect(await first).toMatchObject({ kind: 'failed', errorType: 'Runtime.ExitError' });
    expect(await functions.invoke(functionArn('slow'), { ms: 1 })).toMatchObject({ kind: 'answered' });
  });
});

describe('processes', () => {
  it('are no more than the bound, and the rest wait their turn', async () => {
    const pids = await Promise.all([1, 2, 3, 4, 5, 6].map(() => call('slow', { ms: 50 })));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });

  it('of all functions are no more than the limit', async () => {
    await Promise.all(['echo', 'echo', 'environment', 'time', 'slow', 'slow'].map((name) => call(name, { ms: 20 })));
    const all = functions.states().flatMap((state) => state.processes);
    expect(all.length).toBeLessThanOrEqual(3);
    expect(functions.inFlight()).toBe(0);
  });
});

it('sums the metrics that functions print', async () => {
  await call('metric');
  await call('metric');
  while (functions.metrics()[0]?.count !== 4) await tick();
  expect(functions.metrics()).toEqual([
    { namespace: 'Stampbook', name: 'sales', dimensions: { service: 'metric' }, sum: 10, count: 4 },
  ]);
});

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));
