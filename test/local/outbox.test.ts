import { appendFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createClock } from '../../lib/local/clock.ts';
import { type Outbox, openOutbox } from '../../lib/local/outbox.ts';
import { scratch } from './stubs.ts';

const place = scratch();
const clock = createClock();
const servers: Server[] = [];
let runs = 0;
let file = '';
let outbox: Outbox;
let call: (connector: string, init?: RequestInit) => Promise<Response>;

beforeEach(async () => {
  runs += 1;
  file = path.join(place.directory, `outbox-${runs}.jsonl`);
  outbox = openOutbox({ file, clock });
  const server = createServer((request, response) => {
    const connector = request.url?.slice(1) ?? '';
    outbox.handle(connector, request, response).catch(() => request.socket.destroy());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  call = (connector, init) => fetch(`${base}/${connector}`, { method: 'POST', body: '', ...init });
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  place.remove();
});

it('a vendor for whom nobody answers says yes', async () => {
  const response = await call('some-other');
  expect([response.status, await response.text()]).toEqual([200, '{}']);
});

describe('a vendor of one’s own', () => {
  const asked: object[] = [];
  const own: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    asked.push({ url: String(input), method: init?.method, body: init?.body, key: headers.get('x-key') });
    if (init?.body === 'lost') throw new DOMException('timed out', 'TimeoutError');
    return new Response('done', { status: 202, headers: { 'x-message-id': 'm-1' } });
  };
  const url = 'https://api.mine.example/send?a=b';
  const headers = { 'x-vendor-url': url, 'x-key': 'k' };
  beforeEach(() => {
    asked.length = 0;
    outbox = openOutbox({ file, clock, vendors: { mine: own } });
  });

  it('is asked at its own address, and its answer is passed on as it is', async () => {
    const answer = await call('mine', { body: 'hello', headers });
    expect([answer.status, answer.headers.get('x-message-id'), await answer.text()]).toEqual([202, 'm-1', 'done']);
    await call('mine', { method: 'GET', body: null, headers });
    expect(asked).toEqual([
      { url, method: 'POST', body: 'hello', key: 'k' },
      { url, method: 'GET', body: undefined, key: 'k' },
    ]);
    expect(outbox.calls('mine').map(({ status }) => status)).toEqual([202, 202]);
  });

  it('hangs up where it breaks off', async () => {
    await expect(call('mine', { body: 'lost', headers })).rejects.toThrow();
    expect(outbox.calls('mine')).toMatchObject([{ status: 0 }]);
  });

  it('hears nothing of what another answer stands for', async () => {
    outbox.behave({ connector: 'mine', status: 503 });
    expect((await call('mine', { body: 'hello', headers })).status).toBe(503);
    expect(asked).toEqual([]);
  });
});

describe('a vendor that is told what to answer', () => {
  it('does so as often as told, and then says yes again', async () => {
    outbox.behave({ connector: 'slack', status: 429, times: 2, headers: { 'retry-after': '3' }, body: 'rate_limited' });
    const answers = await Promise.all([call('slack'), call('slack')]);
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
      [429, '3'],
      [429, '3'],
    ]);
    expect((await call('slack')).status).toBe(200);
    expect(outbox.behaviours()).toEqual([]);
  });

  it('answers one after the other what it was told in turn, and others go on', async () => {
    outbox.behave({ connector: 'webhook', status: 500 });
    outbox.behave({ connector: 'webhook', status: 410, body: { gone: true } });
    expect((await call('slack')).status).toBe(200);
    expect((await call('webhook')).status).toBe(500);
    const last = await call('webhook');
    expect([last.status, await last.json()]).toEqual([410, { gone: true }]);
  });

  it('keeps an answer for the call that it is for', async () => {
    outbox.behave({ connector: 'webhook', holding: 'refund', status: 500 });
    expect((await call('webhook', { body: '{"sale":1}' })).status).toBe(200);
    expect((await call('webhook', { body: '{"refund":1}' })).status).toBe(500);
    expect(outbox.behaviours()).toEqual([]);
  });

  it('hangs up on 0, and the call is kept all the same', async () => {
    outbox.behave({ connector: 'webhook', status: 0 });
    await expect(call('webhook')).rejects.toThrow();
    expect(outbox.calls('webhook')).toMatchObject([{ status: 0 }]);
  });

  it('is kept as called when the caller gives up before it answers', async () => {
    outbox.behave({ connector: 'webhook', status: 200, delayMs: 60_000 });
    await expect(call('webhook', { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    expect(outbox.calls()).toHaveLength(1);
    while (outbox.inFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

it('tells the vendor’s own address, not ours', async () => {
  await call('slack', { body: '{"text":"hi"}', headers: { 'x-vendor-url': 'https://hooks.slack.com/services/x' } });
  const [kept] = outbox.calls('slack');
  expect(kept).toMatchObject({ connector: 'slack', method: 'POST', url: 'https://hooks.slack.com/services/x' });
  expect(kept?.headers).not.toHaveProperty('x-vendor-url');
});

it('is still there in the next run, also after one that was killed while writing', async () => {
  await call('slack', { body: 'one' });
  appendFileSync(file, '{"id":"call_half');
  expect(openOutbox({ file, clock }).calls()).toEqual(outbox.calls());
});
