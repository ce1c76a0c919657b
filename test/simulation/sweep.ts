import { addDays, dayIn } from '../../lib/loyalty/calendar.ts';
import { nextExpiry } from '../../lib/loyalty/due.ts';
import type { Program } from '../../lib/loyalty/program.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import type { MemoryClient } from '../ledger/memory-client.ts';
import { tables } from '../ledger/world.ts';

/** What the sweeps do in a night, for whoever the indexes name; how many entries came of it. */
export async function sweep(ledger: Ledger, memory: MemoryClient, program: Program, now: Date): Promise<number> {
  const today = dayIn(program.timeZone, now);
  let posted = 0;
  for (const [memberId, partition] of memory.tables.get(tables.accounts) ?? []) {
    const row = partition.get('');
    const due = (index: string) => (row?.[index]?.S ?? '9999').slice(0, 10) <= today;
    if (due('expiryDue')) posted += await lapse(ledger, memberId, addDays(today, -1));
    if (due('reviewDue')) {
      posted += await lapseHolds(ledger, memberId, now);
      await ledger.review(memberId);
    }
  }
  return posted;
}

async function lapse(ledger: Ledger, memberId: string, yesterday: string): Promise<number> {
  for (let posted = 0; ; posted += 1) {
    const account = await ledger.account(memberId);
    const date = account && nextExpiry(account);
    if (!date || date > yesterday) return posted;
    const { kind } = await ledger.expire(memberId, date);
    if (kind === 'posted') continue;
    // Points came into a date after its sweep: they leave under the newest one.
    await ledger.expire(memberId, yesterday);
    return posted;
  }
}

async function lapseHolds(ledger: Ledger, memberId: string, now: Date): Promise<number> {
  const account = await ledger.account(memberId);
  const over = Object.entries(account?.holds ?? {}).filter(([, { lapsesAt }]) => Date.parse(lapsesAt) <= now.getTime());
  for (const [redemptionId] of over) await ledger.void(memberId, { redemptionId, reason: 'lapsed' });
  return over.length;
}
