import type { Account } from '../../lib/loyalty/account.ts';
import { dayIn } from '../../lib/loyalty/calendar.ts';
import { type Entry, keyOf } from '../../lib/loyalty/entry.ts';
import type { Program } from '../../lib/loyalty/program.ts';
import { tierOf } from '../../lib/loyalty/tiers.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import type { MemoryClient } from '../ledger/memory-client.ts';
import { tables } from '../ledger/world.ts';
import { heldBy, movedBy } from './totals.ts';

/** Every promise of the ledger that can be looked up in the journals; `each` is shown a member's as it is read. */
export async function judge(
  ledger: Ledger,
  memory: MemoryClient,
  program: Program,
  now: Date,
  each: (member: string, entries: readonly Entry[], account: Account) => readonly string[] = () => [],
) {
  const carries = program.stacking.rounding === 'carry';
  const broken: string[] = [];
  const all: Entry[] = [];
  const members = [...(memory.tables.get(tables.accounts)?.keys() ?? [])];
  let total = 0;
  let counted = 0;
  let toldOfAll = 0;
  for (const member of members) {
    const [account, entries] = [await ledger.account(member), await ledger.entries(member)];
    counted += entries.length;
    const fault = checkMember(member, entries, account);
    if (fault) broken.push(`promise 1, 2, 16: ${member}, entry ${fault.seq}: ${fault.fault}`);
    if (!account) continue;
    const moved = entries.reduce((sum, entry) => sum + movedBy(entry), 0);
    for (const [index, entry] of entries.entries()) {
      const before = entries[index - 1]?.after;
      const did = heldBy(entry.after) - (before ? heldBy(before) : 0);
      if (did !== movedBy(entry))
        broken.push(
          `promise 1: ${member}, entry ${entry.seq} (${entry.key}) speaks of ${movedBy(entry)} points and moved ${did}`,
        );
    }
    total += heldBy(account);
    toldOfAll += moved;
    if (new Set(entries.map(({ key }) => key)).size !== entries.length)
      broken.push(`promise 4: ${member} has two entries under one key`);
    all.push(...entries);
    broken.push(...datesOf(member, entries, program), ...each(member, entries, account));
    const tier = tierOf(program, account, dayIn(program.timeZone, now)).id;
    if (!account.mergedInto && account.tier !== tier)
      broken.push(`promise 13: ${member} is ${account.tier}, the window says ${tier}`);
  }
  if (total !== toldOfAll) broken.push(`promise 17: members have ${total} points, the program speaks of ${toldOfAll}`);
  broken.push(...ordersOf(all, carries));
  return { broken, entries: counted };
}

/** Nothing lapses before its day is over, and nothing is spent after. */
function datesOf(member: string, entries: readonly Entry[], program: Program): string[] {
  return entries.flatMap(({ seq, recordedAt, detail, change }) => {
    const today = dayIn(program.timeZone, recordedAt);
    const left = Object.entries(change.buckets ?? {}).filter(([date, amount]) => date !== 'owed' && amount < 0);
    const early = detail.kind === 'expired' && left.some(([date]) => date === 'never' || date >= today);
    const spends =
      (detail.kind === 'redeemed' && !change.endsHold) || detail.kind === 'authorized' || detail.kind === 'gift-sent';
    const late = spends && left.some(([date]) => date !== 'never' && date < today);
    return early || late ? [`promise 11: ${member}, entry ${seq} on ${today}: ${JSON.stringify(change.buckets)}`] : [];
  });
}

/** Of an order that came back whole nothing is left, neither earned nor spent. */
function ordersOf(entries: readonly Entry[], carries: boolean): string[] {
  const broken: string[] = [];
  const refunds = Map.groupBy(
    entries.filter(({ detail }) => detail.kind === 'refund'),
    ({ source, detail }) => (detail.kind === 'refund' ? `${source}#${detail.orderId}` : ''),
  );
  const declined = new Map<string, number>();
  for (const { key, detail } of entries)
    if (detail.kind === 'declined') declined.set(key, (declined.get(key) ?? 0) + detail.points);
  // An order may have earned in one account and come back to another that took it in: it is looked at over all of them.
  for (const { memberId: member, detail, source } of entries) {
    if (detail.kind !== 'sale') continue;
    const back = refunds.get(`${source}#${detail.orderId}`) ?? [];
    let [reversed, returned, whole] = [0, detail.returned ?? 0, false];
    for (const { detail: one } of back) {
      if (one.kind !== 'refund') continue;
      reversed += one.reversed;
      returned += one.returned;
      whole ||= one.extent.kind === 'everything';
    }
    // What staff or a no-show declined went another way.
    for (const kind of ['lot', 'looked-at']) reversed += declined.get(keyOf(source, detail.orderId, kind)) ?? 0;
    // A remainder may move a point from one order to another; never more than one for each refund.
    const most = detail.earned + (carries ? back.length : 0);
    if (reversed > most)
      broken.push(`promise 6: ${member}, order ${detail.orderId}: ${reversed} of ${detail.earned} taken back`);
    if (returned > (detail.spent?.points ?? 0))
      broken.push(`promise 6: ${member}, order ${detail.orderId}: more given back than was spent`);
    if (!whole) continue;
    if (!carries && reversed !== detail.earned)
      broken.push(
        `promise 6: ${member}, order ${detail.orderId} came back, of ${detail.earned} points ${reversed} did`,
      );
    if (detail.spent && returned !== detail.spent.points)
      broken.push(
        `promise 6: ${member}, order ${detail.orderId} came back, of ${detail.spent.points} spent points ${returned} did`,
      );
  }
  return broken;
}
