import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { createGunzip, createGzip, type Gzip } from 'node:zlib';
import { balanceRows, entryRow } from '../loyalty/analysis.ts';
import type { Program } from '../loyalty/program.ts';
import { fromAccountItem, fromEntryItem, type Item } from './items.ts';

/** What comes of an item: an entry is a row, an account one for each day on which points of it lapse. */
export const UNPACKED = ['entries', 'balances'] as const;
export type Unpacked = (typeof UNPACKED)[number];

/** A line of DynamoDB's export, a full or an incremental one. What was deleted has no rows. */
export function rowsOf(
  line: string,
  program: Pick<Program, 'timeZone' | 'currency'>,
): { readonly table: Unpacked; readonly rows: readonly object[] } | undefined {
  const { Item: whole, NewImage: changed } = JSON.parse(line) as { Item?: Item; NewImage?: Item };
  const item = whole ?? changed;
  if (!item) return undefined;
  if (item.memberId?.S === undefined)
    throw new Error('this is no export of the Accounts or the Entries table: it has items without a memberId');
  return item.key
    ? { table: 'entries', rows: [entryRow(fromEntryItem(item), program)] }
    : { table: 'balances', rows: balanceRows(fromAccountItem(item)) };
}

/**
 * Makes flat rows of an export of Accounts or Entries: a file of `<out>/entries` or `<out>/balances` for each file of data.
 * A file appears when it is whole; to do it again writes the same again.
 */
export async function unpackExport(
  directory: string,
  out: string,
  program: Pick<Program, 'timeZone' | 'currency'>,
): Promise<Readonly<Record<Unpacked, number>>> {
  const rows: Record<Unpacked, number> = { entries: 0, balances: 0 };
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.json.gz'),
  );
  if (files.length === 0) throw new Error(`${directory} has no files of an export: they end in .json.gz`);
  for (const file of files) {
    const name = file.replaceAll(/[/\\]/g, '-').replace(/\.json\.gz$/, '.jsonl.gz');
    const targets = new Map<Unpacked, { readonly zip: Gzip; readonly done: Promise<void> }>();
    const open = (table: Unpacked) => {
      mkdirSync(join(out, table), { recursive: true });
      const zip = createGzip();
      const target = { zip, done: finished(zip.pipe(createWriteStream(join(out, table, `.${name}`)))) };
      targets.set(table, target);
      return target;
    };
    const lines = createInterface({ input: createReadStream(join(directory, file)).pipe(createGunzip()) });
    for await (const line of lines) {
      const unpacked = line === '' ? undefined : rowsOf(line, program);
      if (!unpacked || unpacked.rows.length === 0) continue;
      const { zip } = targets.get(unpacked.table) ?? open(unpacked.table);
      const text = unpacked.rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      if (!zip.write(text)) await once(zip, 'drain');
      rows[unpacked.table] += unpacked.rows.length;
    }
    for (const [table, { zip, done }] of targets) {
      zip.end();
      await done;
      renameSync(join(out, table, `.${name}`), join(out, table, name));
    }
  }
  return rows;
}
