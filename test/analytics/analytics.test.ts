import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayIn } from '../../lib/loyalty/calendar.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { type Item, toAccountItem, toEntryItem } from '../../lib/runtime/items.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import { rowsOf, unpackExport } from '../../lib/runtime/unpack.ts';
import { ADA, BEN, CAT, EVERYTHING, everything } from '../ledger/everything.ts';
import { program, sale } from '../ledger/world.ts';

/** docs/analytics.md: its tables and queries, read from there, over an export as DynamoDB writes it. */

const text = readFileSync(new URL('../../docs/analytics.md', import.meta.url), 'utf8');
const statements = [...text.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = '']) => sql.trim());
const table = (name: string): string => {
  const found = statements.find((sql) => sql.startsWith(`CREATE EXTERNAL TABLE ${name} (`));
  if (!found) throw new Error(`docs/analytics.md defines no table ${name}`);
  return found;
};
/** Under its bold line. */
const query = (title: string): string => {
  const found = new RegExp(`\\*\\*${title}[\\s\\S]*?\`\`\`sql\\n([\\s\\S]*?);?\\n\`\`\``).exec(text)?.[1];
  if (!found) throw new Error(`docs/analytics.md has no query "${title}"`);
  return found;
};
/** `name type` of a flat table. */
const columnsOf = (name: string): [name: string, type: string][] =>
  [...table(name).matchAll(/^ {2}(\w+) (string|bigint),?$/gm)].map(([, column = '', type = '']) => [column, type]);
/** `name:struct<type:string>` of an export. */
const attributesOf = (name: string): [name: string, type: string][] =>
  [...table(name).matchAll(/^ {4}(\w+):struct<(\w):string>,?$/gm)].map(([, one = '', type = '']) => [one, type]);

const rules = program(EVERYTHING);
const LATE = ['m_dan', 'm_eve', 'm_fay'];
const everybody = [ADA, BEN, CAT, ...LATE];

let directory: string;
let ledger: Ledger;
let entries: readonly Entry[];
let items: { readonly accounts: readonly Item[]; readonly entries: readonly Item[] };
let sql: DatabaseSync;

beforeAll(async () => {
  const sample = await everything();
  ({ ledger } = sample);
  // A quarter at one location, with baskets that have to be packed.
  for (const [index, memberId] of LATE.entries()) {
    for (let n = 0; n <= index; n += 1) {
      const occurredAt = `2028-0${n + 1}-15T12:00:00Z`;
      sample.clock.to(occurredAt);
      const lines = Array.from({ length: 12 }, (_, line) => ({
        id: `line-${line}`,
        quantity: 2,
        netMinor: 300,
        grossMinor: 357,
        sku: `sku-${line * 7_919}`,
        category: `category ${line % 5}`,
      }));
      const more = { occurredAt, locationId: n === 2 ? 'harbour' : 'outlet', lines, grossMinor: 4_284 };
      await ledger.sale(memberId, sale(`${memberId}-${n}`, 3_600, more));
    }
  }
  await ledger.authorize('m_fay', { redemptionId: 'fay-1', points: 90, capture: true });
  await ledger.authorize('m_eve', { redemptionId: 'eve-1', points: 40, capture: false });

  entries = (await Promise.all(everybody.map((memberId) => ledger.entries(memberId)))).flat();
  const accounts = await Promise.all(everybody.map((memberId) => ledger.account(memberId)));
  items = {
    accounts: accounts.flatMap((account) => (account ? [toAccountItem(account, rules, '2028-03-16')] : [])),
    entries: entries.map(toEntryItem),
  };

  directory = mkdtempSync(join(tmpdir(), 'stampbook-analytics-'));
  exported('accounts', items.accounts);
  exported('entries', items.entries);
  await unpackExport(join(directory, 'exported'), join(directory, 'unpacked'), rules);
  sql = new DatabaseSync(':memory:');
  for (const name of ['entries', 'balances'] as const) fill(name, unpackedRows(name));
  sql.exec('CREATE TABLE accounts_export (item text); CREATE TABLE entries_export (item text)');
  for (const name of ['accounts', 'entries'] as const) {
    const insert = sql.prepare(`INSERT INTO ${name}_export VALUES (?)`);
    for (const line of linesIn(join(directory, 'exported', name))) insert.run(JSON.stringify(JSON.parse(line).Item));
  }
});
afterAll(() => {
  sql.close();
  rmSync(directory, { recursive: true });
});

/** As DynamoDB lays a full export down: zipped lines, in several files, with manifests beside them. */
function exported(name: string, all: readonly Item[]): void {
  const base = join(directory, 'exported', name, 'AWSDynamoDB', `01700000000000-${name}`);
  mkdirSync(join(base, 'data'), { recursive: true });
  writeFileSync(join(base, 'manifest-summary.json'), JSON.stringify({ outputFormat: 'DYNAMODB_JSON' }));
  for (const [index, part] of [all.slice(0, 5), all.slice(5), []].entries()) {
    const lines = part.map((item) => `${JSON.stringify({ Item: asJson(item) })}\n`).join('');
    writeFileSync(join(base, 'data', `part${index}.json.gz`), gzipSync(lines));
  }
}

/** Bytes are in Base64. */
const asJson = (item: Item): object =>
  Object.fromEntries(
    Object.entries(item).map(([name, value]) => [
      name,
      value.B ? { B: Buffer.from(value.B).toString('base64') } : value,
    ]),
  );

const linesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.gz'))
    .flatMap((file) =>
      gunzipSync(readFileSync(join(folder, file)))
        .toString()
        .split('\n'),
    )
    .filter((line) => line !== '');
const unpackedRows = (name: string) =>
  linesIn(join(directory, 'unpacked', name)).map((line) => JSON.parse(line) as Record<string, string | number | null>);

function fill(name: string, rows: readonly Record<string, string | number | null>[]): void {
  const columns = columnsOf(name);
  sql.exec(
    `CREATE TABLE ${name} (${columns.map(([column, type]) => `${column} ${type === 'bigint' ? 'integer' : 'text'}`).join(', ')})`,
  );
  const insert = sql.prepare(`INSERT INTO ${name} VALUES (${columns.map(() => '?').join(', ')})`);
  for (const row of rows) insert.run(...columns.map(([column]) => row[column] ?? null));
}

/** All that is not the same in SQLite: `item.available.n` is a value inside of a text there. */
function translated(statement: string): string {
  const attributes = new Map(
    [...attributesOf('accounts_export'), ...attributesOf('entries_export')].map(([name]) => [name.toLowerCase(), name]),
  );
  return statement.replaceAll(/\bitem\.(\w+)\.([sn])\b/g, (_, name: string, type: string) => {
    const attribute = attributes.get(name);
    if (!attribute) throw new Error(`the export's tables have no ${name}`);
    return `json_extract(item, '$.${attribute}.${type.toUpperCase()}')`;
  });
}
const ask = (statement: string) =>
  sql
    .prepare(translated(statement))
    .all()
    .map((row) => ({ ...row }));

/** Sums under a name, in the order of the names. */
function summed<Row>(
  rows: readonly Row[],
  name: (row: Row) => string,
  value: (row: Row) => number,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const row of rows) sums[name(row)] = (sums[name(row)] ?? 0) + value(row);
  return Object.fromEntries(Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1)));
}
const accountsNow = async () =>
  (await Promise.all(everybody.map((memberId) => ledger.account(memberId)))).flatMap((one) => one ?? []);

describe('the export', () => {
  it('has packed lines in it, which are what the unpacking is for', () => {
    expect(items.entries.some((item) => item.packed)).toBe(true);
    expect(items.entries.some((item) => !item.packed)).toBe(true);
  });

  it.each(['accounts', 'entries'] as const)(
    'of %s has no attribute in its table that is ever packed, or of another type',
    (name) => {
      const attributes = attributesOf(`${name}_export`);
      expect(attributes.length).toBeGreaterThan(5);
      for (const [attribute, type] of attributes) {
        const there = items[name].flatMap((item) => (item[attribute] ? [Object.keys(item[attribute])] : []));
        expect(there.every(([one]) => one === type)).toBe(true);
        // What only some have must be named by those who have it, packed or not.
        if (!['mergedInto', 'lastActivityOn', 'tierFrom', 'pending', 'held', 'visits', 'purchases'].includes(attribute))
          expect([attribute, there.length]).toEqual([attribute, items[name].length]);
      }
      const inside = [
        'detail',
        'change',
        'trace',
        'buckets',
        'lots',
        'holds',
        'window',
        'counters',
        'early',
        'reminders',
      ];
      expect(attributes.filter(([attribute]) => inside.includes(attribute))).toEqual([]);
    },
  );

  it('is unpacked line by line, from an incremental one too', () => {
    const [item] = items.entries.filter(({ packed }) => packed);
    const [whole, changed] = ['Item', 'NewImage'].map((name) =>
      rowsOf(JSON.stringify({ [name]: asJson(item as Item) }), rules),
    );
    expect(changed).toEqual(whole);
    expect(changed?.rows).toHaveLength(1);
    expect(rowsOf(JSON.stringify({ Keys: {} }), rules)).toBeUndefined();
    expect(() => rowsOf(JSON.stringify({ Item: { pk: { S: 'M#1' } } }), rules)).toThrow('no export of the Accounts');
  });

  it('unpacked twice is what it is unpacked once', async () => {
    const before = unpackedRows('entries');
    expect(await unpackExport(join(directory, 'exported'), join(directory, 'unpacked'), rules)).toEqual({
      entries: entries.length,
      balances: unpackedRows('balances').length,
    });
    expect(unpackedRows('entries')).toEqual(before);
  });

  it('is unpacked by the command that the document names', () => {
    expect(text).toContain('npm run stampbook -- unpack exported --merchant art-cafe --out unpacked');
    const out = join(directory, 'commanded');
    const command = fileURLToPath(new URL('../../bin/stampbook.ts', import.meta.url));
    const args = [command, 'unpack', join(directory, 'exported'), '--merchant', 'art-cafe', '--out', out];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining(`${entries.length} rows of entries`),
    });
    expect(linesIn(join(out, 'entries'))).toHaveLength(entries.length);
  });

  it.each(['entries', 'balances'])('has the columns of its table, unpacked: %s', (name) => {
    const columns = columnsOf(name);
    const rows = unpackedRows(name);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(columns.map(([column]) => column));
      for (const [column, type] of columns)
        if (row[column] !== null) expect(typeof row[column]).toBe(type === 'bigint' ? 'number' : 'string');
    }
  });
});

describe('asked in the words of the document, it says', () => {
  it('how many members and points each tier has', async () => {
    const accounts = (await accountsNow()).filter(({ mergedInto }) => !mergedInto);
    const rows = ask(query('Members and their points by tier'));
    const of = (name: string) => Object.fromEntries(rows.map((row) => [row.tier, row[name]]));
    expect(of('members')).toEqual(
      summed(
        accounts,
        ({ tier }) => tier,
        () => 1,
      ),
    );
    for (const name of ['available', 'pending', 'held'] as const)
      expect(of(name)).toEqual(
        summed(
          accounts,
          ({ tier }) => tier,
          (account) => account[name],
        ),
      );
  });

  it('what is outstanding, by the month in which it lapses', async () => {
    const accounts = await accountsNow();
    const places = accounts.flatMap(({ buckets, lots, holds }) =>
      [buckets, lots, ...Object.values(holds).map(({ from }) => from)].flatMap((one) => Object.entries(one)),
    );
    const month = (place: string) => place.slice(place.lastIndexOf('/') + 1).replace(/^(\d{4}-\d{2})-\d{2}$/, '$1');
    const rows = ask(query('What is outstanding'));
    expect(rows.length).toBeGreaterThan(2);
    expect(Object.fromEntries(rows.map(({ lapses, points }) => [lapses, points]))).toEqual(
      summed(
        places,
        ([place]) => month(place),
        ([, points]) => points,
      ),
    );
    const all = accounts.reduce((sum, { available, pending, held }) => sum + available + pending + held, 0);
    expect(rows.reduce((sum, { points }) => sum + Number(points), 0)).toBe(all);
    expect(rows.reduce((sum, { spendable }) => sum + Number(spendable), 0)).toBe(
      accounts.reduce((sum, { available }) => sum + available, 0),
    );
  });

  it('what members of each joining month have spent of what they were given', () => {
    const bookedOn = ({ recordedAt }: Entry) => dayIn(rules.timeZone, recordedAt);
    const joined = new Map<string, string>();
    for (const entry of entries) {
      const before = joined.get(entry.memberId);
      if (before === undefined || bookedOn(entry) < before) joined.set(entry.memberId, bookedOn(entry));
    }
    const cohort = ({ memberId }: Entry) => joined.get(memberId)?.slice(0, 7) ?? '';
    const issued = summed(entries, cohort, ({ detail }) =>
      detail.kind === 'sale' || detail.kind === 'activity'
        ? detail.earned
        : detail.kind === 'referral-rewarded'
          ? detail.points
          : 0,
    );
    const redeemed = summed(entries, cohort, ({ detail }) => (detail.kind === 'redeemed' ? detail.points : 0));
    const rows = ask(query('How much of what they were given'));
    expect(rows.length).toBeGreaterThan(1);
    expect(Object.fromEntries(rows.map((row) => [row.cohort, row.issued]))).toEqual(issued);
    expect(Object.fromEntries(rows.map((row) => [row.cohort, row.redeemed]))).toEqual(redeemed);
    for (const row of rows) expect(row.rate).toBeCloseTo(Number(row.redeemed) / Number(row.issued), 4);
    expect(rows.reduce((sum, { members }) => sum + Number(members), 0)).toBe(joined.size);
  });

  it('who has earned most at a location in a quarter', () => {
    const there = entries.flatMap((entry) =>
      entry.detail.kind === 'sale' && entry.detail.locationId === 'outlet' && entry.recordedAt.startsWith('2028-0')
        ? [{ memberId: entry.memberId, earned: entry.detail.earned, netMinor: entry.detail.netMinor }]
        : [],
    );
    const earned = summed(
      there,
      ({ memberId }) => memberId,
      (one) => one.earned,
    );
    const rows = ask(query('The twenty members who have earned most'));
    expect(rows.map(({ memberid, earned, netminor }) => [memberid, earned, netminor])).toEqual(
      Object.entries(earned)
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .map(([memberId, points]) => [
          memberId,
          points,
          summed(
            there,
            (one) => one.memberId,
            (one) => one.netMinor,
          )[memberId],
        ]),
    );
    expect(rows.length).toBe(LATE.length);
  });
});
