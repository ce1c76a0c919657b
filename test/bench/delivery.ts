import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GetQueueUrlCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { build } from 'esbuild';
import { BUNDLING } from '../../lib/cloud/build.ts';
import { queueNamesOf } from '../../lib/cloud/queue-names.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import { freePort } from '../journeys/shop.ts';
import type { MemoryClient } from '../ledger/memory-client.ts';
import { happening, mouth, postOffice } from '../messages/post-office.ts';
import { importMs, shelve } from './bundles.ts';
import { ready } from './cloud.ts';
import { Meter } from './meter.ts';
import { type Figure, inFlight, median } from './report.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ROUNDS = 9;
const MESSAGES = 300;
const MEASURED = 200;

/** What it takes to say something: the code of each connector, messages a second, and what planning one costs. */
export async function delivery(): Promise<Figure[]> {
  return [...(await connectorBundles()), ...(await planning()), ...(await throughput())];
}

/** A connector alone, without the function that it is built into and what that brings of AWS. */
async function connectorBundles(): Promise<Figure[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'stampbook-delivery-'));
  try {
    const ids = Object.keys(manifests) as ConnectorId[];
    const made = await Promise.all(ids.map(async (id) => ({ id, ...(await connectorBundle(id)) })));
    const folders = new Map(made.map(({ id, code }) => [id, shelve(scratch, id, code, '{}')]));
    const bare = shelve(scratch, 'nothing', '', '{}');
    const times = new Map<string, number[]>();
    // Turn by turn, so that whatever else the machine does falls on all alike.
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [id, folder] of [...folders, ['nothing', bare] as const])
        times.set(id, [...(times.get(id) ?? []), await importMs(folder)]);
    const nothing = median(times.get('nothing') ?? []);
    return made.flatMap(({ id, code, packages }) => [
      {
        name: `connector ${id}${packages.length > 0 ? `, with ${packages.join(', ')}` : ''}`,
        value: Math.round((Buffer.byteLength(code) / 1_024) * 10) / 10,
        unit: 'KiB',
        // What somebody else's package takes is not ours to hold down.
        ...(packages.length === 0 && { budget: { atMost: 120 } }),
      },
      { name: `import of connector ${id}`, value: median(times.get(id) ?? []) - nothing, unit: 'ms of the processor' },
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function connectorBundle(id: ConnectorId): Promise<{ code: string; packages: string[] }> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    mainFields: [...BUNDLING.mainFields],
    plugins: [...BUNDLING.plugins],
    absWorkingDir: ROOT,
    entryPoints: [`lib/connectors/${id}/index.ts`],
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  // Every schema is of zod, and it is counted in.
  return { code: outputFiles[0]?.text ?? '', packages: [...new Set(packages)].filter((name) => name !== 'zod') };
}

/** What one message costs at the tables until it is in its channel's queue, and what each further thing that is said along with it adds. */
async function planning(): Promise<Figure[]> {
  const alone = await planned(1);
  const together = await planned(3);
  const of = (what: string, { readUnits, writeUnits, requests }: Awaited<ReturnType<typeof planned>>): Figure[] => [
    { name: `planning ${what}: read units`, value: readUnits / MEASURED, unit: 'RU' },
    { name: `planning ${what}: write units`, value: writeUnits / MEASURED, unit: 'WU' },
    { name: `planning ${what}: calls to tables`, value: requests / MEASURED, unit: 'calls' },
  ];
  return [...of('a message', alone), ...of('a message of three things', together)];
}

async function planned(things: number) {
  const texts = mouth('texts', 'sms');
  const office = postOffice({ mouths: [texts], mergeSeconds: 10 });
  const meter = new Meter(office.memory.asClient(), 'none');
  // Its people are not in a table here: who somebody is, is looked up once for each time that he is asked for.
  let lookUps = 0;
  const get = office.people.get.bind(office.people);
  office.people.get = (memberId) => {
    lookUps += 1;
    return get(memberId);
  };
  let handed = 0;
  const metered = office.opened({ asClient: () => meter.asClient() } as MemoryClient);
  for (let n = 0; n < MEASURED; n += 1) {
    const memberId = office.enrol(`m_${n}`);
    for (let thing = 0; thing < things; thing += 1)
      office.put('plan', { detail: happening(memberId, office.clock.at) });
  }
  for (;;) {
    for (const { queue, one } of office.visible()) {
      if (queue === 'plan') await office.work(metered, queue, one);
      office.queues.get(queue)?.delete(one);
      if (queue !== 'plan') handed += 1;
    }
    const next = office.next();
    if (next === Number.POSITIVE_INFINITY) break;
    office.clock.at = new Date(Math.max(next, office.clock.at.getTime()));
  }
  if (handed !== MEASURED) throw new Error(`${handed} messages were planned for ${MEASURED} members`);
  const { requests, readUnits, writeUnits } = meter.take();
  // Far below four kilobytes, and the newest state is asked for.
  return { requests: requests + lookUps, readUnits: readUnits + lookUps, writeUnits };
}

/** Planner and one channel on the local cloud, as fast as they go: from the first text to the last one. */
async function throughput(): Promise<Figure[]> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'stampbook-delivery-'));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    ['bin/stampbook.ts', 'start', '--port', String(port), '--data', dataDirectory],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const file = (name: string) => JSON.parse(readFileSync(join(dataDirectory, name), 'utf8'));
  try {
    await ready(child);
    const { api, local, keys } = file('endpoints.json');
    const { endpoint, region, ...credentials } = file('operator.json');
    const sqs = new SQSClient({ endpoint, region, credentials });
    const { name } = queueNamesOf('art-cafe', 'plan');
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));

    const memberIds: string[] = [];
    await inFlight(
      4,
      Array.from({ length: MESSAGES }, (_, n) => n),
      async (n) => {
        const answer = await fetch(`${api}/v1/members`, {
          method: 'POST',
          body: JSON.stringify({ phone: `+49152${20_000_000 + n}` }),
          headers: { authorization: `Bearer ${keys.pos}`, 'content-type': 'application/json' },
        });
        memberIds.push(((await answer.json()) as { memberId: string }).memberId);
      },
    );
    // What the bus would bring, to people who have nothing else going on.
    const entries = memberIds.map((memberId, n) => ({
      Id: String(n),
      MessageBody: JSON.stringify({ detail: happening(memberId, new Date()) }),
    }));
    for (let at = 0; at < entries.length; at += 10)
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: entries.slice(at, at + 10) }));

    const times = await texts(local, MESSAGES);
    const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
    return [
      {
        name: 'messages through planner and one channel on the local cloud',
        value: (MESSAGES - 1) / seconds,
        unit: '/s',
      },
    ];
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

/** When each text reached its vendor, once all have. */
async function texts(local: string, all: number): Promise<number[]> {
  for (let tries = 0; tries < 600; tries += 1) {
    const sent = (await (await fetch(`${local}/outbox?connector=twilio-sms`)).json()) as { at: string }[];
    if (sent.length >= all) return sent.map(({ at }) => Date.parse(at));
    await wait(500);
  }
  throw new Error('not all texts came within five minutes');
}
