import { createReadStream } from 'node:fs';
import { columnName } from './columns.ts';

/** One row of a file, as it stands there: what is in it is not looked at yet. */
export interface Row {
  /** From 1; the head of a table is no row. */
  readonly number: number;
  /** The line on which it begins, as an editor counts. */
  readonly line: number;
  /** By the plain name of the column; a path with dots for what lies deeper. Absent where the row cannot be read. */
  readonly cells?: Readonly<Record<string, unknown>>;
  readonly broken?: string;
  /** To be given back with the reason when it is refused. */
  readonly asWritten: readonly string[] | string;
}

export interface Source {
  readonly kind: 'csv' | 'jsonl';
  /** As they stand in the head of a table; of JSON, those of the first row. */
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<Row>;
}

/** More is no row but a quote that was never closed; it keeps memory bounded whatever the file is. */
const ROW_MAX = 1_000_000;

/** Tells a table from JSON by its first character, and commas from semicolons and tabs by its head. Nothing is held but a row. */
export async function openRows(file: string): Promise<Source> {
  const text = textOf(file);
  let head = '';
  while (!/\S[^\n]*\n/.test(head) && head.length < ROW_MAX) {
    const next = await text.next();
    if (next.done) break;
    head += next.value;
  }
  async function* whole() {
    yield head;
    yield* text;
  }
  if (head.trim() === '') throw new Error('the file is empty');
  if (head.trimStart().startsWith('[')) throw new Error('a list in one piece: write one JSON object on each line');
  return head.trimStart().startsWith('{') ? jsonRows(head, whole()) : tableRows(head, whole());
}

async function* textOf(file: string): AsyncGenerator<string, void, undefined> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
      // Excel's "Unicode text" says so in its first two bytes.
      decoder ??= new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true });
      yield decoder.decode(bytes, { stream: true });
    }
    yield decoder?.decode() ?? '';
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    throw new Error('the file is not UTF-8: save it as “CSV UTF-8”', { cause: error });
  }
}

async function tableRows(head: string, text: AsyncIterable<string>): Promise<Source> {
  const delimiter = delimiterOf(head.trimStart().split('\n', 1)[0] ?? '');
  const records = recordsOf(text, delimiter);
  const first = await records.next();
  if (first.done || 'broken' in first.value) throw new Error('the first line must name the columns');
  const columns = first.value.cells.map((column) => column.trim());
  const names = columns.map(columnName);
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two columns are named ${columns[names.indexOf(twice)]}: rename one`);
  async function* rows(): AsyncGenerator<Row> {
    let number = 0;
    for await (const record of records) {
      if ('cells' in record && record.cells.length === 1 && record.cells[0]?.trim() === '') continue;
      number += 1;
      const { line } = record;
      if ('broken' in record) yield { number, line, broken: record.broken, asWritten: [record.text] };
      else if (record.cells.length !== names.length)
        yield {
          number,
          line,
          broken: `the row has ${record.cells.length} cells and the head ${names.length}`,
          asWritten: record.cells,
        };
      else
        yield {
          number,
          line,
          cells: Object.fromEntries(names.map((name, at) => [name, record.cells[at]])),
          asWritten: record.cells,
        };
    }
  }
  return { kind: 'csv', columns, rows: rows() };
}

/** Whichever stands most often in the head, outside of quotes. */
function delimiterOf(head: string): string {
  const plain = head.replaceAll(/"[^"]*"/g, '');
  const [best = ','] = [',', ';', '\t'].sort((a, b) => plain.split(b).length - plain.split(a).length);
  return best;
}

type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly broken: string; readonly text: string };

/**
 * RFC 4180, a record at a time. Our own, since a quote too many must cost one line and not all that follow: reading goes
 * on with the line after the one that is wrong.
 */
async function* recordsOf(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let buffer = '';
  let line = 1;
  let width: number | undefined;
  function* taken(isLast: boolean): Generator<CsvRecord> {
    let at = 0;
    while (at < buffer.length) {
      let found = recordAt(buffer, at, delimiter, isLast);
      if (found === 'more') {
        if (!isLast && buffer.length - at <= ROW_MAX) break;
        found = { broken: 'a quote that opens in it is never closed' };
      }
      // A quote that closes in a later row makes one of many; they are taken apart again.
      if ('cells' in found && width !== undefined && found.lines > 1 && found.cells.length !== width)
        found = { broken: `the row has ${found.cells.length} cells and the head ${width}` };
      if ('broken' in found) {
        const end = buffer.indexOf('\n', at);
        // A line without an end, longer than any row.
        const next = end === -1 ? buffer.length : end + 1;
        yield { line, broken: found.broken, text: buffer.slice(at, Math.min(next, at + 1_000)).trimEnd() };
        line += end === -1 ? 0 : 1;
        at = next;
      } else {
        width ??= found.cells.length;
        yield { line, cells: found.cells };
        line += found.lines;
        at = found.end;
      }
    }
    buffer = buffer.slice(at);
  }
  for await (const chunk of text) {
    buffer += chunk;
    yield* taken(false);
  }
  yield* taken(true);
}

type Found =
  | { readonly cells: readonly string[]; readonly end: number; readonly lines: number }
  | { readonly broken: string };

/** `more`: it may go on in what has not been read yet. */
function recordAt(text: string, start: number, delimiter: string, isLast: boolean): Found | 'more' {
  const cells: string[] = [];
  let at = start;
  let lines = 0;
  for (;;) {
    let cell: string;
    if (text[at] === '"') {
      const from = at + 1;
      let close = text.indexOf('"', from);
      while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
      if (close === -1) return 'more';
      cell = text.slice(from, close).replaceAll('""', '"');
      at = close + 1;
      for (let newline = cell.indexOf('\n'); newline !== -1; newline = cell.indexOf('\n', newline + 1)) lines += 1;
    } else {
      const from = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n' && text[at] !== '\r') at += 1;
      cell = text.slice(from, at);
    }
    // What looks like the end may be half of a line's end, or of a doubled quote.
    if (at >= text.length - 1 && !isLast) return 'more';
    cells.push(cell);
    if (at >= text.length) return { cells, end: at, lines: lines + 1 };
    if (text[at] === delimiter) at += 1;
    else if (text[at] === '\n') return { cells, end: at + 1, lines: lines + 1 };
    else if (text[at] === '\r') return { cells, end: at + (text[at + 1] === '\n' ? 2 : 1), lines: lines + 1 };
    else return { broken: 'something follows a closing quote: double the quotes inside of a cell' };
  }
}

function jsonRows(head: string, text: AsyncIterable<string>): Source {
  const first = objectOf(head.trimStart().split('\n', 1)[0] ?? '');
  async function* rows(): AsyncGenerator<Row> {
    let number = 0;
    let line = 0;
    for await (const written of linesOf(text)) {
      line += 1;
      if (written.trim() === '') continue;
      number += 1;
      const object = objectOf(written);
      if (object) yield { number, line, cells: flat(object), asWritten: written };
      else yield { number, line, broken: 'the line is no JSON object', asWritten: written.slice(0, 1_000) };
    }
  }
  return { kind: 'jsonl', columns: first ? paths(first) : [], rows: rows() };
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let buffer = '';
  for await (const chunk of text) {
    const lines = (buffer + chunk).split('\n');
    buffer = lines.pop() ?? '';
    yield* lines;
    if (buffer.length > ROW_MAX)
      throw new Error('a line is longer than a megabyte: write one JSON object on each line');
  }
  if (buffer !== '') yield buffer;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `{ mapping: { phone_number } }` is read as `mapping.phonenumber`; an object stays reachable whole as well. */
function flat(object: Record<string, unknown>, prefix = '', into: Record<string, unknown> = {}) {
  for (const [name, value] of Object.entries(object)) {
    const path = `${prefix}${columnName(name)}`;
    into[path] = value;
    if (isObject(value) && path.length < 200) flat(value, `${path}.`, into);
  }
  return into;
}

const paths = (object: Record<string, unknown>, prefix = ''): string[] =>
  Object.entries(object).flatMap(([name, value]) =>
    isObject(value) ? paths(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
