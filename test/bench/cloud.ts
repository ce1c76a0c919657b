import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, shopifyOrder } from '../journeys/shop.ts';
import { type Figure, inFlight, percentile } from './report.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WEBHOOKS = 60;
const TILL_SALES = 200;

/** `npm start` as a newcomer sees it: ready time, from webhook to SMS, a till's wait, memory. */
export async function cloud(): Promise<Figure[]> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'stampbook-cloud-'));
  const port = await freePort();
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ['bin/stampbook.ts', 'start', '--port', String(port), '--data', dataDirectory],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    await ready(child);
    const readySeconds = (performance.now() - start) / 1_000;
    const endpoints = JSON.parse(readFileSync(join(dataDirectory, 'endpoints.json'), 'utf8'));
    const call = (path: string, body: unknown) =>
      fetch(`${endpoints.api}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${endpoints.keys.pos}`, 'content-type': 'application/json' },
      });
    const outbox = async (): Promise<{ body: string; at: string }[]> =>
      (await fetch(`${endpoints.local}/outbox?connector=twilio-sms`)).json() as never;

    const phones = Array.from({ length: WEBHOOKS }, (_, i) => `+49152${10_000_000 + i}`);
    for (const phone of phones) await call('/v1/members', { phone });
    const sentAt = new Map<string, number>();
    // Three warm the functions on the way.
    for (const [i, phone] of phones.entries()) {
      const body = JSON.stringify(shopifyOrder(900_000 + i, phone, '10.00'));
      const hmac = createHmac('sha256', endpoints.webhooks.shopify.secret).update(body).digest('base64');
      sentAt.set(phone, Date.now());
      const answer = await fetch(endpoints.webhooks.shopify.url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-shopify-topic': 'orders/paid',
          'x-shopify-hmac-sha256': hmac,
          'x-shopify-shop-domain': 'kunstpause.myshopify.com',
          'x-shopify-webhook-id': randomUUID(),
        },
      });
      if (answer.status !== 200) throw new Error(`the webhook was answered ${answer.status}`);
      await arrived(outbox, phone);
    }
    const calls = await outbox();
    const waits = phones.slice(3).map((phone) => {
      const sms = calls.find((one) => new URLSearchParams(one.body).get('To') === phone);
      return Date.parse(sms?.at ?? '') - (sentAt.get(phone) ?? 0);
    });
    const tillMs: number[] = [];
    await inFlight(
      4,
      Array.from({ length: TILL_SALES }, (_, i) => i),
      async (i) => {
        const began = performance.now();
        await call('/v1/sales', {
          orderId: `bench-${i}`,
          member: { phone: phones[i % phones.length] },
          total: '10.00',
          currency: 'EUR',
        });
        tillMs.push(performance.now() - began);
      },
    );
    return [
      { name: 'npm start to ready', value: readySeconds, unit: 's', budget: { atMost: 30 } },
      { name: 'webhook to SMS on the local cloud, p50', value: percentile(waits, 0.5), unit: 'ms' },
      { name: 'webhook to SMS on the local cloud, p95', value: percentile(waits, 0.95), unit: 'ms' },
      { name: 'a till’s sale on the local cloud, 4 in flight, p50', value: percentile(tillMs, 0.5), unit: 'ms' },
      { name: 'a till’s sale on the local cloud, 4 in flight, p95', value: percentile(tillMs, 0.95), unit: 'ms' },
      {
        name: 'memory of the local cloud, all processes',
        value: Math.round(memoryMb(child.pid ?? 0)),
        unit: 'MB',
        budget: { atMost: 1_500 },
      },
    ];
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

export function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes('ready http') && resolve());
    child.once('exit', (code) => reject(new Error(`the local cloud ended with ${code} before it was ready`)));
  });
}

async function arrived(outbox: () => Promise<{ body: string }[]>, phone: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if ((await outbox()).some((call) => new URLSearchParams(call.body).get('To') === phone)) return;
    await wait(10);
  }
  throw new Error('no SMS came');
}

/** Memory of a process and all below it. Proportional where Linux tells, so that the shared Node binary counts once. */
function memoryMb(pid: number): number {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number) as [pid: number, parent: number, residentKb: number]);
  const below = (parent: number): number =>
    rows.reduce((sum, [id, of, residentKb]) => (of === parent ? sum + ownKb(id, residentKb) + below(id) : sum), 0);
  const own = rows.find(([id]) => id === pid);
  return ((own ? ownKb(pid, own[2]) : 0) + below(pid)) / 1_024;
}

function ownKb(pid: number, residentKb: number): number {
  try {
    const proportional = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    return proportional ? Number(proportional) : residentKb;
  } catch {
    return residentKb; // not Linux, or it has just ended
  }
}
