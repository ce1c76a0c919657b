import { type Account, type Buckets, type Lots, OWED } from './account.ts';
import { isPast, keptIn, plus, take } from './buckets.ts';
import { bucketOf, isLot, stagesOf } from './lots.ts';
import { NO_POINTS, type Points, points } from './points.ts';
import { type Situation, today } from './situation.ts';

/**
 * Where points to take back come from: for each place, the lot in which they wait or the bucket they went into, wherever
 * that has moved to since; then what would have been spent in their stead, earliest first; then debt or nothing, as the
 * program says. Points whose date has passed have lapsed already and are not taken a second time. An amount below zero
 * is put in.
 */
export function claw(
  account: Pick<Account, 'buckets' | 'lots' | 'lastActivityOn' | 'keptFrom'>,
  amounts: Readonly<Record<string, number>>,
  situation: Situation,
): { readonly buckets: Buckets; readonly lots: Lots; readonly letGo: Points; readonly lapsed: Points } {
  const { program } = situation;
  const day = today(situation);
  let there = account.buckets;
  let out: Buckets = {};
  const fromLots: Record<string, Points> = {};
  let letGo = 0;
  let lapsed = 0;
  const drop = (from: Buckets) => {
    const back = Object.fromEntries(Object.entries(from).map(([date, amount]) => [date, points(-amount)]));
    there = plus(there, back);
    out = plus(out, back);
  };
  const waitingIn = (lot: string): number => (account.lots[lot] ?? 0) + (fromLots[lot] ?? 0);
  const change = (lot: string, amount: number) => {
    fromLots[lot] = points((fromLots[lot] ?? 0) + amount);
  };
  for (const [place, amount] of Object.entries(amounts)) {
    const bucket = bucketOf(place);
    const now = keptIn(bucket, account, program);
    const lots = stagesOf(place)
      .filter(isLot)
      .flatMap((lot) => [...new Set([lot, `${lot.slice(0, -bucket.length)}${now}`])])
      .filter((lot) => waitingIn(lot) > 0);
    if (amount < 0) {
      const [lot] = lots;
      if (lot) change(lot, -amount);
      else out = plus(out, { [now]: points(-amount) });
      continue;
    }
    let rest = amount;
    for (const lot of lots) {
      const part = Math.min(rest, waitingIn(lot));
      if (part > 0) change(lot, -part);
      rest -= part;
    }
    for (const wanted of [bucket, now]) {
      const own = take(there, rest, (date) => date === wanted);
      drop(own.from);
      rest -= own.taken;
    }
    if (rest === 0) continue;
    if (isPast(now, day)) {
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
