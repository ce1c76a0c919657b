import type { Became } from './importing.ts';
import { type Checkpoint, type Counts, NOTHING_YET, type openCheckpoint } from './progress.ts';
import type { MemberTold, Told } from './reading.ts';
import type { openRefused } from './refused.ts';
import type { Row } from './rows.ts';

export interface RunParts {
  readonly rows: AsyncIterable<Row>;
  readonly read: (row: Row) => Told;
  readonly takeIn: (rows: readonly Told[]) => Promise<readonly Became[]>;
  readonly checkpoint?: ReturnType<typeof openCheckpoint>;
  /** Opened for what the checkpoint says of it. */
  readonly refused: (keepBytes: number) => ReturnType<typeof openRefused>;
  readonly batch: number;
  readonly onRefused?: (row: Row, because: string) => void;
  readonly onProgress?: (far: Pick<Checkpoint, 'rows' | 'counts'>) => void;
  /** Asked after each batch. */
  readonly isStopped?: () => boolean;
}

export interface Report {
  readonly rows: number;
  readonly counts: Counts;
  readonly leftOut: Readonly<Record<string, number>>;
  /** It was stopped before the end of the file. */
  readonly stopped: boolean;
  /** Where it went on from. */
  readonly resumedAt: number;
}

/** Through the whole file in batches, remembering after each of them how far it has come. Memory holds one batch. */
export async function runImport(parts: RunParts): Promise<Report> {
  const { rows, read, takeIn, checkpoint, batch, isStopped = () => false } = parts;
  const before = checkpoint?.read();
  const refused = parts.refused(before?.refusedBytes ?? 0);
  const resumedAt = before?.rows ?? 0;
  const counts: Record<Became['kind'], number> = { ...(before?.counts ?? NOTHING_YET) };
  const leftOut: Record<string, number> = { ...before?.leftOut };
  let done = resumedAt;

  async function take(some: readonly Row[]): Promise<void> {
    const told = some.map(read);
    const became = await takeIn(told);
    const no: { row: Row; because: string }[] = [];
    for (const [index, row] of some.entries()) {
      const one = became[index];
      const said = told[index];
      if (!one || !said) continue;
      counts[one.kind] += 1;
      if (one.kind === 'refused') {
        no.push({ row, because: one.because });
        parts.onRefused?.(row, one.because);
      } else if (said.kind === 'member') countLeftOut(said);
    }
    refused.add(no);
    done = some.at(-1)?.number ?? done;
    checkpoint?.write({ rows: done, counts, leftOut, refusedBytes: refused.bytes() });
    parts.onProgress?.({ rows: done, counts });
  }

  function countLeftOut({ leftOut: fields }: MemberTold): void {
    for (const field of fields) leftOut[field] = (leftOut[field] ?? 0) + 1;
  }

  let some: Row[] = [];
  let stopped = false;
  for await (const row of rows) {
    if (row.number <= resumedAt) continue;
    some.push(row);
    if (some.length < batch) continue;
    await take(some);
    some = [];
    stopped = isStopped();
    if (stopped) break;
  }
  if (!stopped) {
    if (some.length > 0) await take(some);
    checkpoint?.remove();
  }
  return { rows: done, counts, leftOut, stopped, resumedAt };
}
