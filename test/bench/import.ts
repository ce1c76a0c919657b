import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mappingOf, presets } from '../../lib/runtime/import/columns.ts';
import { openImport } from '../../lib/runtime/import/importing.ts';
import { fingerprintOf, openCheckpoint } from '../../lib/runtime/import/progress.ts';
import { readRow } from '../../lib/runtime/import/reading.ts';
import { openRefused } from '../../lib/runtime/import/refused.ts';
import { openRows } from '../../lib/runtime/import/rows.ts';
import { runImport } from '../../lib/runtime/import/run.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { unlogged } from '../../lib/runtime/unlogged.ts';
import { startDynamoDb } from '../dynamodb.ts';
import { ledgerOn, program, TestClock, tables } from '../ledger/world.ts';
import type { Figure } from './report.ts';

const ROWS = 40_000;
const ROWS_ON_DYNAMODB_LOCAL = 2_000;

/**
 * How many rows a second the import takes. What the database does is left out: everything of ours runs, and the SDK's
 * serialising and signing, up to the socket; there a table answers that knows nobody and takes everything. Seconds are
 * those of the processor, of which an import keeps one busy: whatever else runs on the machine is not counted.
 */
export async function importing(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'stampbook-bench-'));
  const file = join(directory, 'members.csv');
  const dynamo = await startDynamoDb();
  try {
    await write(file, 2_000);
    await imported(file, withoutDatabase(), tables); // warms up
    await write(file, ROWS);
    const { perSecond, grownBytes } = await imported(file, withoutDatabase(), tables);
    await write(file, ROWS_ON_DYNAMODB_LOCAL);
    const local = await imported(file, dynamo.client, await dynamo.createTables());
    return [
      {
        name: `import of ${ROWS} members, the database left out`,
        value: perSecond,
        unit: 'rows/s',
        budget: { atLeast: 1_000 },
      },
      {
        name: 'what stays in memory of the second half of it',
        value: grownBytes / 1e6,
        unit: 'MB',
        budget: { atMost: 5 },
      },
      { name: 'import on DynamoDB Local', value: local.perSecondOfClock, unit: 'rows/s' },
    ];
  } finally {
    await dynamo.stop();
    rmSync(directory, { recursive: true });
  }
}

async function write(file: string, rows: number): Promise<void> {
  const stream = createWriteStream(file);
  stream.write(
    'id,phone,email,name,enrolledAt,points,expiring,lifetime,tierWindow,consent.sms,consent.email.marketing\n',
  );
  for (let n = 0; n < rows; n += 1) {
    const row = `${n},+49170${String(n).padStart(8, '0')},person${n}@example.com,Person ${n},2024-05-06,${10 + (n % 900)},2026-12-31:${n % 7},${n % 3_000},2026:${n % 500},yes,no\n`;
    if (!stream.write(row)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

async function imported(file: string, client: DynamoDBClient, on: typeof tables & { readonly members?: string }) {
  const rows = await openRows(file);
  const mapping = mappingOf(presets.stampbook, []);
  const clock = new TestClock();
  const reading = {
    mapping,
    from: 'import',
    program: program(),
    tiers: new Map(),
    dates: 'ymd',
    country: 'DE',
    now: clock.now(),
  } as const;
  const { takeIn } = openImport({
    members: openMembers({ client, table: on.members ?? 'test-members', timeZone: reading.program.timeZone }),
    ledger: ledgerOn(client, clock, {}, on),
    inFlight: 32,
  });
  const kept: number[] = [];
  const [started, busy] = [performance.now(), process.cpuUsage()];
  const report = await runImport({
    rows: rows.rows,
    read: (row) => readRow(row, reading),
    takeIn,
    checkpoint: openCheckpoint(`${file}.checkpoint`, fingerprintOf(file)),
    refused: (keep) => openRefused(`${file}.refused.csv`, rows, keep),
    batch: 500,
    onProgress: ({ rows }) => {
      if (rows % (ROWS / 4) === 0) kept.push(afterCollection());
    },
  });
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(busy);
  if (report.counts['moved-in'] !== report.rows) throw new Error(`not all moved in: ${JSON.stringify(report.counts)}`);
  return {
    perSecond: report.rows / ((user + system) / 1e6),
    perSecondOfClock: report.rows / seconds,
    grownBytes: (kept.at(-1) ?? 0) - (kept[1] ?? 0),
  };
}

/** Bytes on the heap that somebody still holds. */
function afterCollection(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function withoutDatabase(): DynamoDBClient {
  return new DynamoDBClient({
    ...unlogged,
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    requestHandler: {
      handle: async () => ({
        response: {
          statusCode: 200,
          headers: { 'content-type': 'application/x-amz-json-1.0' },
          body: Readable.from([Buffer.from('{"Responses":{}}')]),
        },
      }),
    } as never,
  });
}
