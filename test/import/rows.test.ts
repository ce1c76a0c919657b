import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openRows, type Row } from '../../lib/runtime/import/rows.ts';
import fc from '../fast-check.ts';

const directory = mkdtempSync(join(tmpdir(), 'stampbook-rows-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'rows');

async function rowsOf(content: string | Buffer): Promise<Row[]> {
  writeFileSync(file, content);
  const found: Row[] = [];
  for await (const row of (await openRows(file)).rows) found.push(row);
  return found;
}
const seen = (rows: readonly Row[]) => rows.map(({ line, cells, broken }) => [line, cells ?? broken]);

describe('a table', () => {
  it.each([
    ['with commas', 'a,b\n1,2\n'],
    ['with semicolons', 'a;b\n1;2\n'],
    ['with tabs', 'a\tb\n1\t2\n'],
    ['from Windows', '\ufeffa,b\r\n1,2\r\n'],
    ['without an end of its last line', 'a,b\n1,2'],
    ['in quotes', '"a","b"\n"1","2"\n'],
    ['from Excel’s Unicode text', Buffer.from('\ufeffa\tb\r\n1\t2\r\n', 'utf16le')],
  ])('%s is read', async (_, content) => {
    expect(seen(await rowsOf(content))).toEqual([[2, { a: '1', b: '2' }]]);
  });

  it('loses one line to what is wrong in it, and knows where it is', async () => {
    const text = 'a,b\n1,2\n\n"x\ny",3\n4,"5"x\n6,5" tall\n1,2,3\n"open,3\n"12",13\n14,"say ""so"""\n';
    expect(seen(await rowsOf(text))).toEqual([
      [2, { a: '1', b: '2' }],
      [4, { a: 'x\ny', b: '3' }],
      [6, 'something follows a closing quote: double the quotes inside of a cell'],
      [7, { a: '6', b: '5" tall' }],
      [8, 'the row has 3 cells and the head 2'],
      [9, 'something follows a closing quote: double the quotes inside of a cell'],
      [10, { a: '12', b: '13' }],
      [11, { a: '14', b: 'say "so"' }],
    ]);
  });

  it('is read as it was written, whatever is in its cells', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é', '日') });
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const text = rows.map((row) => `${row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')}\n`).join('');
        expect((await rowsOf(`a,b\n${text}`)).map(({ cells }) => cells)).toEqual(rows.map(([a, b]) => ({ a, b })));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['is empty', '\n\n', 'the file is empty'],
    ['names two columns alike', 'Points,points\n1,2\n', 'two columns are named Points: rename one'],
    ['is a list in one piece', '[{"a":1}]', 'a list in one piece: write one JSON object on each line'],
    ['is not UTF-8', Buffer.from([0x61, 0x0a, 0xfc, 0x0a]), 'the file is not UTF-8: save it as “CSV UTF-8”'],
  ])('that %s is refused whole', async (_, content, because) => {
    await expect(rowsOf(content)).rejects.toThrow(because);
  });
});

it('JSON is read line by line, by path', async () => {
  expect(seen(await rowsOf('{"id":1,"mapping":{"phone_number":"+1"}}\n\nnonsense\n{"id":2}'))).toEqual([
    [1, { id: 1, mapping: { phone_number: '+1' }, 'mapping.phonenumber': '+1' }],
    [3, 'the line is no JSON object'],
    [4, { id: 2 }],
  ]);
});

it('a table is read within bounds, however long it is', async () => {
  const row = `${'x'.repeat(90)},1\n`;
  writeFileSync(file, `a,b\n${row.repeat(500_000)}`);
  const { rows } = await openRows(file);
  const before = process.memoryUsage().heapUsed;
  let count = 0;
  let most = 0;
  for await (const { number } of rows) {
    count = number;
    if (count % 20_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  expect(count).toBe(500_000);
  // Most of it is not ours: the runner's own, and garbage that waits. The rows alone would be 200 MB.
  expect((most - before) / 1e6).toBeLessThan(120);
});
