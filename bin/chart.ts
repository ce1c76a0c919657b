/** A table for a terminal, each row with a bar as long as its share of the largest. */
export function chart(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string | number | null>>[],
  measure: string | undefined,
  width = 24,
): string {
  const texts = rows.map((row) => columns.map((column) => shown(row[column] ?? null)));
  const widths = columns.map((column, at) => Math.max(column.length, ...texts.map((row) => row[at]?.length ?? 0)));
  const numeric = columns.map((column) =>
    rows.every((row) => typeof row[column] !== 'string' || isAmount(row[column])),
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ');
  const values = rows.map((row) => Number(measure === undefined ? 0 : (row[measure] ?? 0)));
  const largest = Math.max(0, ...values.map(Math.abs));
  const bars = values.map((value) => (largest === 0 ? '' : bar(Math.abs(value) / largest, width)));
  return [line(columns), ...texts.map((row, at) => `${line(row)}  ${bars[at]}`)]
    .map((text) => text.trimEnd())
    .join('\n');
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

const isAmount = (text: string | number | null | undefined): boolean => /^-?\d+(\.\d+)?$/.test(String(text));

/** Thousands are parted, so that they can be read at a glance. */
const shown = (value: string | number | null): string =>
  value === null ? '–' : typeof value === 'number' ? value.toLocaleString('en-US').replaceAll(',', ' ') : value;

/**
 * A table with an interval behind each row, from its `low` to its `high`, nothing being in the middle: each row has a
 * measure of its own. Rows without an interval have none drawn.
 */
export function intervals(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string | number | null>>[],
  half = 12,
): string {
  const [head = '', ...lines] = chart(columns, rows, undefined).split('\n');
  const drawn = rows.map(({ low, high }) => {
    if (low === null || low === undefined || high === null || high === undefined) return '';
    const reach = Math.max(Math.abs(Number(low)), Math.abs(Number(high)));
    const at = (value: number) => half + (reach === 0 ? 0 : Math.round((value / reach) * half));
    const [from, to] = [at(Number(low)), at(Number(high))];
    return Array.from({ length: 2 * half + 1 }, (_, place) => {
      if (place === half) return from <= place && place <= to ? '┼' : '│';
      if (place === from) return '├';
      if (place === to) return '┤';
      return from < place && place < to ? '─' : ' ';
    }).join('');
  });
  const width = Math.max(head.length, ...lines.map((line) => line.length));
  return [head, ...lines.map((line, row) => `${line.padEnd(width)}  ${drawn[row]}`.trimEnd())].join('\n');
}
