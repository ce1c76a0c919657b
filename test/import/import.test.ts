import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openEnrolment } from '../../lib/runtime/enrolment.ts';
import { type Field, mappingOf, presets } from '../../lib/runtime/import/columns.ts';
import { openImport } from '../../lib/runtime/import/importing.ts';
import { fingerprintOf, openCheckpoint } from '../../lib/runtime/import/progress.ts';
import { readRow } from '../../lib/runtime/import/reading.ts';
import { openRefused } from '../../lib/runtime/import/refused.ts';
import { openRows } from '../../lib/runtime/import/rows.ts';
import { type Report, runImport } from '../../lib/runtime/import/run.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openWaitingRoom } from '../../lib/runtime/waiting-room.ts';
import { Died, MemoryClient } from '../ledger/memory-client.ts';
import { ledgerOn, program, sale, TestClock, tables } from '../ledger/world.ts';

const directory = mkdtempSync(join(tmpdir(), 'stampbook-import-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'members.csv');
const refused = `${file}.refused.csv`;
beforeEach(() => {
  for (const path of [refused, `${file}.checkpoint`]) rmSync(path, { force: true });
});

const clock = new TestClock();
const membersOn = (client: DynamoDBClient) => openMembers({ client, table: 'test-members', timeZone: 'Europe/Berlin' });

async function imported(
  memory: MemoryClient,
  {
    text,
    batch = 4,
    inFlight = 3,
    dryRun = false,
    stopAfter = Number.POSITIVE_INFINITY,
    map = [],
  }: {
    text?: string;
    batch?: number;
    inFlight?: number;
    dryRun?: boolean;
    stopAfter?: number;
    map?: [string, Field | ''][];
  } = {},
): Promise<Report> {
  if (text !== undefined) writeFileSync(file, text);
  const client = memory.asClient();
  const rows = await openRows(file);
  const mapping = mappingOf(presets.stampbook, map);
  const reading = {
    mapping,
    from: 'import',
    program: program(),
    tiers: new Map(),
    dates: 'ymd' as const,
    country: 'DE',
    now: clock.now(),
  };
  const { takeIn } = openImport({ members: membersOn(client), ledger: ledgerOn(client, clock), inFlight, dryRun });
  let batches = 0;
  return runImport({
    rows: rows.rows,
    read: (row) => readRow(row, reading),
    takeIn,
    checkpoint: openCheckpoint(`${file}.checkpoint`, fingerprintOf(file, [...mapping])),
    refused: (keep) => openRefused(refused, rows, keep),
    batch,
    isStopped: () => {
      batches += 1;
      return batches >= stopAfter;
    },
  });
}

/** What the tables hold of somebody, with the proof that it is whole. */
async function standing(memory: MemoryClient, phone: string) {
  const client = memory.asClient();
  const ledger = ledgerOn(client, clock);
  const memberId = await membersOn(client).find({ type: 'phone', value: phone });
  if (memberId === undefined) return undefined;
  const [account, entries] = [await ledger.account(memberId), await ledger.entries(memberId)];
  expect(checkMember(memberId, entries, account)).toBeUndefined();
  return { points: account?.available, story: entries.map(({ detail }) => detail.kind) };
}

const HEAD = 'id,phone,name,points,consent.sms,transactionId,what,occurredAt\n';
const phoneOf = (n: number) => `+4917012345${String(n).padStart(2, '0')}`;
const person = (n: number, points = n * 10) => `${n},${phoneOf(n)},Person ${n},${points},yes,,,\n`;
const line = (n: number, id: string, points: number) => `${n},,,${points},,${id},order,2025-11-0${n}\n`;
const people = (count: number) => Array.from({ length: count }, (_, at) => person(at + 1)).join('');

const none = { 'moved-in': 0, joined: 0, history: 0, 'was-there': 0, 'passed-over': 0, refused: 0 };

describe('an import', () => {
  it('moves members in with their balances, consents and histories', async () => {
    const memory = new MemoryClient();
    const text = HEAD + people(5) + line(1, 't1', 40) + line(1, 't2', -30) + line(2, 't3', 20);
    const report = await imported(memory, { text });
    expect(report).toEqual({
      rows: 8,
      counts: { ...none, 'moved-in': 5, history: 3 },
      leftOut: {},
      stopped: false,
      resumedAt: 0,
    });
    expect(await standing(memory, phoneOf(1))).toEqual({
      points: 10,
      story: ['enrolled', 'consent', 'imported', 'history', 'history'],
    });
    expect(existsSync(`${file}.checkpoint`)).toBe(false);
    expect(existsSync(refused)).toBe(false);
  });

  it('takes one write for a new member, and one read for a hundred', async () => {
    const memory = new MemoryClient();
    await imported(memory, { text: HEAD + people(40), batch: 40 });
    expect(memory.calls).toBe(41);
  });

  it('changes nothing when it runs again', async () => {
    const memory = new MemoryClient();
    const text = HEAD + people(3) + line(1, 't1', 40);
    await imported(memory, { text });
    const before = structuredClone(memory.tables);
    expect((await imported(memory)).counts).toEqual({ ...none, 'was-there': 4 });
    expect(memory.tables).toEqual(before);
  });

  it('takes a row that stands twice once, and refuses one that says something else', async () => {
    const memory = new MemoryClient();
    const text = HEAD + person(1) + person(2) + person(1) + person(1, 99) + line(2, 't1', 5) + line(2, 't1', 6);
    const report = await imported(memory, { text, batch: 10 });
    expect(report.counts).toEqual({ ...none, 'moved-in': 2, 'was-there': 1, history: 1, refused: 2 });
    expect(await standing(memory, phoneOf(1))).toMatchObject({ points: 10 });
    const reason =
      'was brought along before, with other content: the ledger keeps what it has, an adjustment corrects it';
    expect(readFileSync(refused, 'utf8')).toBe(
      `id,phone,name,points,consent.sms,transactionId,what,occurredAt,line,reason
1,+491701234501,Person 1,99,yes,,,,5,"${reason}"
2,,,6,,t1,order,2025-11-02,7,"${reason}"
`,
    );
  });

  it('refuses what it cannot read with its line, and takes the corrected file', async () => {
    const memory = new MemoryClient();
    const text = `${HEAD}${person(1)}2,${phoneOf(2)},B,1.5,,,,\n"3,${phoneOf(3)},C,30,,,,\n${person(4)}`;
    expect((await imported(memory, { text })).counts).toEqual({ ...none, 'moved-in': 2, refused: 2 });
    const [head, fraction, quote] = readFileSync(refused, 'utf8').split('\n');
    expect(fraction).toBe(`2,${phoneOf(2)},B,1.5,,,,,3,points is no whole number`);
    expect(quote).toMatch(/,4,a quote that opens in it is never closed$/);
    const corrected = `${head}\n${fraction?.replace('1.5', '15')}\n`;
    expect((await imported(memory, { text: corrected })).counts).toEqual({ ...none, 'moved-in': 1 });
    expect(await standing(memory, phoneOf(2))).toMatchObject({ points: 15 });
  });

  it('gives a member who is here already the balance, and fills in what is missing', async () => {
    const memory = new MemoryClient();
    const client = memory.asClient();
    const members = membersOn(client);
    const known = await members.enrol({
      identities: [{ type: 'phone', value: phoneOf(1) }],
      profile: { locale: 'de' },
      consents: {
        sms: { marketing: { granted: false, at: '2026-03-09T00:00:00.000Z', source: 'till', proof: 'STOP' } },
      },
      source: 'till',
      at: '2026-02-01T00:00:00.000Z',
    });
    if (known.kind !== 'enrolled') throw new Error('not enrolled');
    await ledgerOn(client, clock).sale(known.member.memberId, sale('o-1', 1_000));
    expect((await imported(memory, { text: HEAD + person(1) })).counts).toEqual({ ...none, joined: 1 });
    expect(await standing(memory, phoneOf(1))).toEqual({ points: 80, story: ['sale', 'consent', 'imported'] });
    expect(await members.get(known.member.memberId)).toMatchObject({
      profile: { locale: 'de', name: 'Person 1' },
      consents: { sms: { marketing: { granted: false, proof: 'STOP' }, transactional: { granted: true } } },
      identities: [
        { type: 'phone', value: phoneOf(1) },
        { type: 'import', value: '1' },
      ],
    });
  });

  it('brings rows of one person together, and refuses those that would join two', async () => {
    const memory = new MemoryClient();
    const text = `id,phone,email,points\n1,${phoneOf(1)},a@example.com,10\n2,,a@example.com,5\n3,${phoneOf(3)},c@example.com,7\n4,${phoneOf(1)},c@example.com,9\n`;
    const report = await imported(memory, { text });
    expect(report.counts).toEqual({ ...none, 'moved-in': 2, joined: 1, refused: 1 });
    expect(await standing(memory, phoneOf(1))).toMatchObject({ points: 15 });
    expect(readFileSync(refused, 'utf8')).toContain('belong to different members');
  });

  it('writes nothing in a dry run, and says what would come of it', async () => {
    const memory = new MemoryClient();
    await imported(memory, { text: HEAD + person(1) });
    const before = structuredClone(memory.tables);
    const text = HEAD + person(1) + person(2) + person(1, 99) + line(1, 't1', 5);
    expect((await imported(memory, { text, dryRun: true })).counts).toEqual({
      ...none,
      'moved-in': 1,
      'was-there': 1,
      history: 1,
      refused: 1,
    });
    expect(memory.tables).toEqual(before);
  });

  it('leaves a member whom enrolment finds whole', async () => {
    const memory = new MemoryClient();
    await imported(memory, { text: HEAD + person(1) });
    const client = memory.asClient();
    const enrolment = openEnrolment({
      members: membersOn(client),
      ledger: ledgerOn(client, clock),
      waitingRoom: openWaitingRoom({ client, table: 'test-program' }),
      facts: { tell: async () => undefined, release: async () => undefined },
      consentAtEnrolment: [],
      mayEarn: () => true,
    });
    const told = { source: 'till', at: clock.now().toISOString() };
    await enrolment.enrol([{ type: 'phone', value: phoneOf(1) }], { profile: {}, consents: {}, proof: '' }, told);
    expect(await standing(memory, phoneOf(1))).toMatchObject({ story: ['enrolled', 'consent', 'imported'] });
  });
});

describe('an import that is broken off', () => {
  const text = HEAD + people(6) + line(1, 't1', 40) + line(1, 't2', -5) + line(3, 't3', 1) + person(2, 99);

  it('is gone on with where it stopped', async () => {
    const memory = new MemoryClient();
    expect(await imported(memory, { text, stopAfter: 1 })).toMatchObject({ rows: 4, stopped: true });
    expect(await imported(memory)).toEqual({
      rows: 10,
      counts: { ...none, 'moved-in': 6, history: 3, refused: 1 },
      leftOut: {},
      stopped: false,
      resumedAt: 4,
    });
    expect(readFileSync(refused, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('begins anew when the file is another one', async () => {
    const memory = new MemoryClient();
    await imported(memory, { text, stopAfter: 1 });
    expect(await imported(memory, { text: `${text}${person(7)}` })).toMatchObject({
      resumedAt: 0,
      counts: { ...none, 'moved-in': 3, 'was-there': 4, history: 3, refused: 1 },
    });
  });

  it('at any call, before or after it was heard of, with the checkpoint or without, ends as if it had not been', async () => {
    const whole = new MemoryClient();
    await imported(whole, { text });
    const expected = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => standing(whole, phoneOf(n))));
    const { calls } = await callsOf(text);
    expect(calls).toBeGreaterThan(8);
    for (let at = 1; at <= calls; at += 1) {
      for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
        for (const forgetful of [true, false]) {
          rmSync(`${file}.checkpoint`, { force: true });
          const memory = new MemoryClient();
          memory.mishap = (call) => (call === at ? kind : undefined);
          try {
            await imported(memory, { text });
          } catch (error) {
            expect(error instanceof Died || (error as Error).name === 'TimeoutError').toBe(true);
          }
          if (forgetful) rmSync(`${file}.checkpoint`, { force: true });
          const next = memory.restarted();
          await imported(next);
          expect(await Promise.all([1, 2, 3, 4, 5, 6].map((n) => standing(next, phoneOf(n))))).toEqual(expected);
          expect(readFileSync(refused, 'utf8').trim().split('\n')).toHaveLength(2);
        }
      }
    }
  });

  async function callsOf(text: string) {
    const memory = new MemoryClient();
    await imported(memory, { text });
    return { calls: memory.calls };
  }

  it('or runs twice at the same time, brings everybody along once', async () => {
    const memory = new MemoryClient();
    await Promise.all([imported(memory, { text }), imported(memory, { text })]);
    expect(await standing(memory, phoneOf(1))).toMatchObject({ points: 10 });
    const moved = [...(memory.tables.get(tables.accounts)?.keys() ?? [])];
    expect(moved).toHaveLength(6);
  });
});
