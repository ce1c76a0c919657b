import type { Entry } from '../loyalty/entry.ts';
import type { Program } from '../loyalty/program.ts';
import {
  type Amounts,
  DIMENSIONS,
  MEASURES,
  type Measure,
  nameOf,
  type Summary,
  sumTallies,
  type Tally,
  tally,
} from '../loyalty/tally.ts';
import type { Reports } from './reports.ts';

/** One sum that is not what the journals say. */
export interface Difference {
  /** The line, or the member. */
  readonly of: string;
  readonly measure: Measure | 'summary';
  readonly there: number;
  readonly counted: number;
}

export interface Recount {
  readonly members: number;
  readonly entries: number;
  readonly differences: readonly Difference[];
}

const END = '9999-12-31';
const LOOKS = 20;

export interface RecountOptions {
  readonly reports: Reports;
  readonly program: Pick<Program, 'timeZone' | 'currency'>;
  readonly entries: (memberId: string) => Promise<readonly Entry[]>;
  readonly everyMember: () => AsyncIterable<string> | Iterable<string>;
}

/**
 * Makes the reports again from the journals, and compares. First what was missed is counted; then each journal is gone
 * through up to the entry that its member is counted to, so that both speak of the same position of the stream, also
 * while a shop is open.
 */
export async function recount({ reports, program, entries, everyMember }: RecountOptions): Promise<Recount> {
  for await (const memberId of everyMember()) {
    const journal = await entries(memberId);
    const last = journal.at(-1);
    if (last && (await reports.summary(memberId))?.lastSeq !== last.seq) await reports.count([last]);
  }
  const { tallies, summaries } = await still(reports);
  const lines: Tally[] = [];
  const differences: Difference[] = [];
  let counted = 0;
  for (const there of summaries) {
    let summary: Summary | undefined;
    for (const entry of await entries(there.memberId)) {
      if (entry.seq > there.lastSeq) break;
      const next = tally(summary, entry, program);
      summary = next.summary;
      lines.push(...next.tallies);
      counted += 1;
    }
    if (lines.length > SUMMED_FROM) lines.splice(0, lines.length, ...sumTallies(lines));
    if (!summary || sorted(summary) !== sorted(there))
      differences.push({
        of: `member ${there.memberId}`,
        measure: 'summary',
        there: there.lastSeq,
        counted: summary?.lastSeq ?? 0,
      });
  }
  return {
    members: summaries.length,
    entries: counted,
    differences: [...differences, ...compared(tallies, sumTallies(lines))],
  };
}

/** Sums of a busy day are kept together now and then, so that a large journal fits into memory. */
const SUMMED_FROM = 50_000;

/** All that is there at one position of the stream: read again while somebody counts. */
async function still(reports: Reports): Promise<{ tallies: readonly Tally[]; summaries: readonly Summary[] }> {
  const sums = async () => (await Promise.all(DIMENSIONS.map((by) => reports.tallies(by, { to: END })))).flat();
  let tallies = await sums();
  for (let look = 1; look <= LOOKS; look += 1) {
    const summaries: Summary[] = [];
    let after: string | undefined;
    do {
      const page = await reports.members({ after, limit: 1_000 });
      summaries.push(...page.summaries);
      after = page.next;
    } while (after !== undefined);
    const again = await sums();
    if (compared(tallies, again).length === 0) return { tallies, summaries };
    tallies = again;
  }
  throw new Error('the shop is too busy to compare now: try again when it is quieter');
}

function compared(there: readonly Tally[], counted: readonly Tally[]): Difference[] {
  const [a, b] = [there, counted].map((tallies) => new Map(tallies.map((line) => [nameOf(line), line.amounts])));
  const names = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].sort();
  return names.flatMap((of) => {
    const [one, other]: (Amounts | undefined)[] = [a?.get(of), b?.get(of)];
    return MEASURES.filter((measure) => (one?.[measure] ?? 0) !== (other?.[measure] ?? 0)).map((measure) => ({
      of,
      measure,
      there: one?.[measure] ?? 0,
      counted: other?.[measure] ?? 0,
    }));
  });
}

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
