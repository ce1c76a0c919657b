import * as z from 'zod';
import { Permanent, Transient } from '../kit/errors.ts';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';

export type Cell = string | number | null;
export type Row = readonly Cell[];

/** A tab that we keep: named by a setting, with a header that we prescribe. */
export interface Layout {
  readonly setting: 'ledgerTab' | 'membersTab';
  readonly title: string;
  readonly columns: readonly string[];
  /** How many of its last rows are looked at. Absent: all. */
  readonly last?: number;
}

export interface Tab extends Layout {
  /** Which row holds what, by its first cell. */
  readonly rows: ReadonlyMap<string, number>;
}

/** As many as fit into an answer that we take. */
const ROWS_AT_ONCE = 8_000;

/** Nobody's name is a formula, and no number a date: what is written is what stands there. */
const RAW = 'valueInputOption=RAW';

/** The tabs as they are. A header is written into a tab that is still empty. */
export async function openTabs(layouts: readonly Layout[], call: Call): Promise<readonly Tab[]> {
  const heights = await heightsOf(call);
  const spans = layouts.map((layout) => {
    const height = heights.get(layout.title);
    if (height === undefined)
      throw new Permanent(
        `the spreadsheet has no tab “${layout.title}”: name one so, or say in the setting ${layout.setting} what it is called`,
      );
    return { layout, height, from: layout.last === undefined ? 1 : Math.max(1, height - layout.last + 1) };
  });
  // By columns, since the answer is half as long so.
  const query = new URLSearchParams({ majorDimension: 'COLUMNS' });
  for (const { layout, from } of spans) {
    query.append('ranges', `${named(layout)}!A1:${letter(layout)}1`);
    query.append('ranges', keys(layout, from));
  }
  const { valueRanges } = read(Ranges, await call('GET', `/values:batchGet?${query}`));
  const tabs: Tab[] = [];
  for (const [at, { layout, height, from }] of spans.entries()) {
    await head(layout, valueRanges[2 * at]?.values.map(([cell]) => cell) ?? [], call);
    const rows = new Map<string, number>();
    note(rows, from, valueRanges[2 * at + 1]);
    for (let next = from + ROWS_AT_ONCE; next <= height; next += ROWS_AT_ONCE) {
      const range = encodeURIComponent(keys(layout, next));
      note(rows, next, read(Range, await call('GET', `/values/${range}?majorDimension=COLUMNS`)));
    }
    tabs.push({ ...layout, rows });
  }
  return tabs;
}

async function head({ title, columns }: Layout, there: readonly unknown[], call: Call): Promise<void> {
  const cells = columns.map((_, at) => String(there[at] ?? ''));
  if (cells.every((cell) => cell === '')) {
    const range = `${named({ title })}!A1`;
    await call('PUT', `/values/${encodeURIComponent(range)}?${RAW}`, {
      range,
      majorDimension: 'ROWS',
      values: [columns],
    });
    return;
  }
  const wrong = columns.findIndex((column, at) => cells[at] !== column);
  if (wrong === -1) return;
  throw new Permanent(
    `the tab “${title}” has another header than ours in ${letterAt(wrong)}1: write ${columns[wrong]} there, or empty the first row`,
  );
}

/** The header is noted with them: nothing is called so. */
function note(
  rows: Map<string, number>,
  from: number,
  { values: [column = []] = [] }: Partial<z.output<typeof Range>> = {},
) {
  for (const [at, key] of column.entries()) {
    const name = String(key ?? '');
    if (name !== '') rows.set(name, from + at);
  }
}

/** Rows below the last one. */
export async function append(tab: Tab, rows: readonly Row[], call: Call): Promise<void> {
  if (rows.length === 0) return;
  const range = `${named(tab)}!A1`;
  // What lies below the table is moved down and not written over, as it would be else.
  const path = `/values/${encodeURIComponent(range)}:append?${RAW}&insertDataOption=INSERT_ROWS`;
  const answer = await call('POST', path, { range, majorDimension: 'ROWS', values: rows });
  const { updates } = read(Appended, answer);
  if (updates.updatedRows !== rows.length)
    throw new Transient(`Google Sheets wrote ${updates.updatedRows} of ${rows.length} rows into “${tab.title}”`);
}

/** Whole rows in their places. */
export async function overwrite(tab: Tab, rows: ReadonlyMap<number, Row>, call: Call): Promise<void> {
  if (rows.size === 0) return;
  await call('POST', '/values:batchUpdate', {
    valueInputOption: 'RAW',
    data: [...rows].map(([at, row]) => ({
      range: `${named(tab)}!A${at}:${letter(tab)}${at}`,
      majorDimension: 'ROWS',
      values: [row],
    })),
  });
}

async function heightsOf(call: Call): Promise<ReadonlyMap<string, number>> {
  const answer = read(Grid, await call('GET', '?fields=sheets.properties(title,gridProperties.rowCount)'));
  return new Map(
    answer.sheets.map(({ properties: { title, gridProperties } }) => [title, gridProperties?.rowCount ?? 0]),
  );
}

/** In quotes, which may stand around any title and must around some. */
const named = ({ title }: Pick<Layout, 'title'>): string => `'${title.replaceAll("'", "''")}'`;
const letterAt = (index: number): string => String.fromCharCode(65 + index);
const letter = ({ columns }: Layout): string => letterAt(columns.length - 1);
/** May end below the tab's last row, and may not begin there. */
const keys = (layout: Layout, from: number): string => `${named(layout)}!A${from}:A${from + ROWS_AT_ONCE - 1}`;

const Range = z.object({ values: z.array(z.array(z.unknown())).default([]) });
const Ranges = z.object({ valueRanges: z.array(Range) });
const Appended = z.object({ updates: z.object({ updatedRows: z.int().default(0) }) });
const Grid = z.object({
  sheets: z.array(
    z.object({
      properties: z.object({
        title: z.string(),
        gridProperties: z.object({ rowCount: z.int().optional() }).optional(),
      }),
    }),
  ),
});
