import type { Account, Day } from '../account.ts';
import { byDate, isPast } from '../buckets.ts';
import { addDays, dayIn } from '../calendar.ts';
import type { Draft, Entry } from '../entry.ts';
import { decideExpiry } from '../lapse.ts';
import { decideActivation } from '../lot-ends.ts';
import { ripe, waitsFor } from '../lots.ts';
import type { Points } from '../points.ts';
import type { Program } from '../program.ts';
import { decideRelease } from '../redeem.ts';

/**
 * What time does to an account, one thing after the other; `undefined` once nothing is due by then. `waiting`: an account
 * whose own sweeps are still to come in its story: what is due there as well is left to them, so that two accounts that
 * are alike stay alike.
 */
export function nextDue(
  account: Account,
  program: Program,
  by: Date,
  startOf: (redemptionId: string) => Entry | undefined = () => undefined,
  waiting?: Account,
): Draft | undefined {
  const today = dayIn(program.timeZone, by);
  const lots = pick(
    account.lots,
    (lot) => waiting?.lots[lot] === undefined && ripe({ lots: { [lot]: 0 as Points } }, today).length > 0,
  );
  const past = byDate(account.buckets)
    .filter(([date, amount]) => isPast(date, today) && amount > 0 && !((waiting?.buckets[date] ?? 0) > 0))
    .map(([date]) => date);
  const holds = Object.entries(account.holds)
    .filter(([id, { lapsesAt }]) => !waiting?.holds[id] && new Date(lapsesAt) <= by)
    .map(([id, { lapsesAt }]) => ({ id, day: dayIn(program.timeZone, lapsesAt) }));

  const days = [
    ...Object.keys(lots).map(waitsFor),
    ...past.map((date) => addDays(date, 1)),
    ...holds.map(({ day }) => day),
  ];
  const [day] = days.sort();
  if (day === undefined) return undefined;
  // By then: what falls due while nobody looks is looked after on its own day, as the sweeps do.
  const at = { program, now: middleOf(day, program.timeZone, by) };
  const lapsing = holds.find((hold) => hold.day === day);
  if (lapsing) {
    const lapsed = decideRelease(account, lapsing.id, 'lapsed', { program, now: by }, startOf(lapsing.id));
    if (!('refused' in lapsed)) return lapsed;
  }
  const freed = decideActivation({ ...account, lots: pick(lots, (lot) => waitsFor(lot) <= day) }, day, at);
  if (freed) return freed;
  const through = addDays(day, -1);
  const lost = pick(account.buckets, (date) => past.includes(date) && date <= through);
  return decideExpiry({ ...account, buckets: lost }, through, at);
}

const pick = <Value>(all: Readonly<Record<string, Value>>, wanted: (key: string) => boolean): Record<string, Value> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => wanted(key)));

/** A time on that day, in a zone that may be half a day off; or the end of time that is looked at, where it is on that day. */
function middleOf(day: Day, zone: string, by: Date): Date {
  if (dayIn(zone, by) === day) return by;
  const times = ['12:00', '00:00', '23:59'].map((time) => new Date(`${day}T${time}:00Z`));
  return times.find((time) => dayIn(zone, time) === day) ?? by;
}
