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
