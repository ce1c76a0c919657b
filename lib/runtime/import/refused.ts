import { appendFileSync, existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import type { Row, Source } from './rows.ts';

/**
 * Refused rows as they were, with line and reason: once they are corrected, the file can be imported as it is. It holds
 * what people are called, so that only its owner can read it.
 */
export function openRefused(path: string, source: Pick<Source, 'kind' | 'columns'>, keepBytes: number) {
  let bytes = 0;
  if (existsSync(path)) {
    // What was written after the last checkpoint comes again; what an earlier import refused is over.
    if (keepBytes === 0) rmSync(path);
    else {
      bytes = Math.min(keepBytes, statSync(path).size);
      truncateSync(path, bytes);
    }
  }
  return {
    bytes: () => bytes,
    add(refused: readonly { readonly row: Row; readonly because: string }[]): void {
      if (refused.length === 0) return;
      const head = bytes === 0 && source.kind === 'csv' ? csvLine([...source.columns, 'line', 'reason']) : '';
      const text = head + refused.map(({ row, because }) => written(row, because)).join('');
      appendFileSync(path, text, { mode: 0o600 });
      bytes += Buffer.byteLength(text);
    },
  };

  function written({ asWritten, line }: Row, because: string): string {
    if (typeof asWritten === 'string') {
      const row = source.kind === 'jsonl' ? json(asWritten) : { text: asWritten };
      return `${JSON.stringify({ ...row, line, reason: because })}\n`;
    }
    const cells = Array.from(
      { length: Math.max(asWritten.length, source.columns.length) },
      (_, at) => asWritten[at] ?? '',
    );
    return csvLine([...cells, String(line), because]);
  }
}

function json(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { text };
  } catch {
    return { text };
  }
}

const csvLine = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
