import { type Account, type Buckets, type Lots, OWED } from './account.ts';
import { isPast, plus, take } from './buckets.ts';
import { bucketOf, isLot } from './lots.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import { type Situation, today } from './situation.ts';

/**
 * Where points to take back come from: for each place, the lot in which they wait or the bucket they went into; then
 * what would have been spent in their stead, earliest first; then debt or nothing, as the program says. Points whose date
 * has passed have lapsed already and are not taken a second time. An amount below zero is put in.
 */
export function claw(
  { buckets, lots }: Pick<Account, 'buckets' | 'lots'>,
  amounts: Readonly<Record<string, number>>,
  situation: Situation,
): { readonly buckets: Buckets; readonly lots: Lots; readonly letGo: Points; readonly lapsed: Points } {
  const { program } = situation;
  const day = today(situation);
  let there = buckets;
  let out: Buckets = {};
  const fromLots: Record<string, Points> = {};
  let letGo = 0;
  let lapsed = 0;
  const drop = (from: Buckets) => {
    const back = Object.fromEntries(Object.entries(from).map(([date, amount]) => [date, points(-amount)]));
    there = plus(there, back);
    out = plus(out, back);
  };
  for (const [place, amount] of Object.entries(amounts)) {
    const waiting = isLot(place) ? ((lots[place] ?? 0) as number) : 0;
    if (amount < 0) {
      if (waiting > 0) fromLots[place] = points(-amount);
      else out = plus(out, { [bucketOf(place)]: points(-amount) });
      continue;
    }
    const taken = Math.min(waiting, amount);
    if (taken > 0) fromLots[place] = points(-taken);
    const bucket = bucketOf(place);
    const own = take(there, amount - taken, (date) => date === bucket);
    drop(own.from);
    let rest = amount - taken - own.taken;
    if (rest === 0) continue;
    if (isPast(bucket, day)) {
      letGo += rest;
      lapsed += rest;
      continue;
    }
    const others = take(there, rest, (date) => !isPast(date, day));
    drop(others.from);
    rest -= others.taken;
    if (rest === 0) continue;
    if (program.refunds.whenSpent === 'stop-at-zero') letGo += rest;
    else out = plus(out, { [OWED]: points(-rest) });
  }
  return { buckets: out, lots: fromLots, letGo: points(letGo), lapsed: points(lapsed || NO_POINTS) };
}
