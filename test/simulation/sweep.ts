import { dayIn } from '../../lib/loyalty/calendar.ts';
import type { Program } from '../../lib/loyalty/program.ts';
import { openDuties } from '../../lib/runtime/duties.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import type { MemoryClient } from '../ledger/memory-client.ts';
import { tables } from '../ledger/world.ts';

/**
 * What the sweeps do in a night, for whoever the indexes name; how many entries came of it. `remindsThrough`: the
 * channels that are asked to warn of an expiry; without any, nobody can be warned, and the journal says so.
 */
export async function sweep(
  ledger: Ledger,
  memory: MemoryClient,
  program: Program,
  now: Date,
  remindsThrough: readonly string[] = [],
): Promise<number> {
  const today = dayIn(program.timeZone, now);
  const duties = openDuties({ till: ledger, program, now: () => now, remindsThrough });
  const seqOf = async (memberId: string) => (await ledger.account(memberId))?.seq ?? 0;
  let posted = 0;
  for (const [memberId, partition] of memory.tables.get(tables.accounts) ?? []) {
    const row = partition.get('');
    const due = (index: string) => (row?.[index]?.S ?? '9999').slice(0, 10) <= today;
    const [points, reviews, absences] = [due('expiryDue'), due('reviewDue'), due('inactiveDue')];
    if (!points && !reviews && !absences) continue;
    const before = await seqOf(memberId);
    if (points) await duties.points(memberId);
    if (reviews) await duties.reviews(memberId);
    if (absences) await duties.absences(memberId);
    posted += (await seqOf(memberId)) - before;
  }
  return posted;
}
