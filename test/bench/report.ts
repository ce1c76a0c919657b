import { writeFileSync } from 'node:fs';

/** One figure of a run, and the budget it is held to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: { readonly atMost: number } | { readonly atLeast: number };
}

export const isWithin = ({ value, budget }: Figure): boolean | undefined => {
  if (!budget) return undefined;
  return 'atMost' in budget ? value <= budget.atMost : value >= budget.atLeast;
};

/** A table for people on stdout, the same as JSON in a file. */
export function report(figures: readonly Figure[], file: string): void {
  const rows = figures.map((figure) => {
    const within = isWithin(figure);
    const { budget } = figure;
    return [
      within === undefined ? ' ' : within ? '✓' : '✗',
      figure.name,
      `${shown(figure.value)} ${figure.unit}`,
      budget ? ('atMost' in budget ? `≤ ${shown(budget.atMost)}` : `≥ ${shown(budget.atLeast)}`) : '',
    ];
  });
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    process.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}\n`);
  writeFileSync(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}

const shown = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 3 : 1));

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** So many at once, until the list is through. */
export async function inFlight<T>(width: number, list: Iterable<T>, work: (one: T) => Promise<unknown>): Promise<void> {
  const queue = list[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
    }),
  );
}
