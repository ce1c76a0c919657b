import { type Account, type Buckets, type Day, OWED } from './account.ts';
import { isPast, keptAlive, minus, paysDebtsWhole, plus, take } from './buckets.ts';
import { fingerprint } from './canonical.ts';
import { type Belongings, type Change, type Draft, type Entry, keyOf, reachOf } from './entry.ts';
import { afterwards, isLot } from './lots.ts';
import { type Points, points } from './points.ts';
import type { Program } from './program.ts';
import { type Situation, sparse, today } from './situation.ts';
import { tierOf } from './tiers.ts';
import { undoKey } from './undo.ts';

/** In the order in which they are checked. */
export type NoMerge = 'same-member' | 'merged-elsewhere' | 'too-many-merged' | 'same-redemption-held';

export const SOURCE = 'merge';

/** Each asks once more of every posting; a person has not so many cards. */
const ABSORBED_MAX = 20;

const NO_CARRY_ABOVE = 999;

/** A new one for each time that the guest goes, since it may come back and go again. */
const keyFor = (guest: string, seq: number, kind: 'into' | 'from' | 'back'): string =>
  keyOf(SOURCE, `${guest}@${seq}`, kind);

export const pointsOf = ({ available, pending, held }: Pick<Account, 'available' | 'pending' | 'held'>): Points =>
  points(available + pending + held);

/**
 * Two accounts of one person become one: the host has afterwards what both had, the guest nothing, and whatever is told
 * of the guest from then on is booked to the host. The host's draft, then the guest's.
 */
export function decideMerge(
  host: Account,
  guest: Account,
  by: string,
  situation: Situation,
): readonly [Draft, Draft] | { readonly refused: NoMerge } {
  if (host.memberId === guest.memberId) return { refused: 'same-member' };
  if (host.mergedInto || guest.mergedInto) return { refused: 'merged-elsewhere' };
  const absorbs = [guest.memberId, ...(guest.absorbed ?? [])];
  if ((host.absorbed?.length ?? 0) + absorbs.length > ABSORBED_MAX) return { refused: 'too-many-merged' };
  if (Object.keys(guest.holds).some((id) => Object.hasOwn(host.holds, id))) return { refused: 'same-redemption-held' };
  const moved = pointsOf(guest);
  const things = belongings(guest);
  const head = (kind: 'into' | 'from', account: Account) => ({
    key: keyFor(guest.memberId, guest.seq, kind),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    fingerprint: fingerprint([SOURCE, kind, host.memberId, guest.memberId]),
    tier: account.tier,
  });
  const arrives = arriving(host, guest, situation);
  const { program } = situation;
  return [
    {
      ...head('from', host),
      detail: { kind: 'merged-from', with: guest.memberId, points: moved, by },
      change: sparse({ ...arrives, ...(things && { brings: things }), absorbs }),
      trace: [{ step: 'merged', points: moved }],
      tier: tierAfter(host, arrives, program, today(situation)),
    },
    {
      // Its tier stays as it was: nothing is earned at it any more, and nobody need hear that it was lost.
      ...head('into', guest),
      detail: { kind: 'merged-into', with: host.memberId, points: moved, by },
      change: sparse({
        ...amounts(guest, (amount) => -amount),
        ...(things && { takes: things }),
        ...(guest.granted && { granted: null }),
        ...(guest.referredBy && { referredBy: null }),
        mergedInto: host.memberId,
      }),
      trace: [{ step: 'merged', points: points(-moved) }],
    },
  ];
}

/** What the host gains. Both did all that either did, so what was alive with the one is alive as long with the other. */
function arriving(host: Account, guest: Account, situation: Situation): Change {
  const { program } = situation;
  const day = today(situation);
  const { lastActivityOn: hosts = '' } = host;
  const { lastActivityOn: guests = '' } = guest;
  const aliveHere = guests > hosts ? keptAlive(host, program, guests, day) : undefined;
  const aliveThere = hosts > guests ? keptAlive(guest, program, hosts, day) : undefined;
  const keptFrom = [aliveHere?.keptFrom ?? host.keptFrom, aliveThere?.keptFrom ?? guest.keptFrom]
    .filter((date) => date !== undefined)
    .sort()[0];
  const union = plus(plus(host.buckets, aliveHere?.buckets ?? {}), plus(guest.buckets, aliveThere?.buckets ?? {}));
  const granted = higher(program, host.granted, guest.granted);
  const referredBy = [host.referredBy, guest.referredBy].find(
    (by) => by && by.memberId !== host.memberId && by.memberId !== guest.memberId,
  );
  return {
    ...amounts(guest, (amount) => amount),
    buckets: minus(settled(union, program, day), host.buckets),
    lots: plus(aliveHere?.lots ?? {}, plus(guest.lots, aliveThere?.lots ?? {})),
    // Less than a point may be lost here; more would be a point that no sale has earned.
    carry: Math.min(NO_CARRY_ABOVE, host.carry + guest.carry) - host.carry,
    ...(guests > hosts && { activeOn: guests }),
    ...(keptFrom !== undefined && keptFrom !== host.keptFrom && { keptFrom }),
    ...(granted !== host.granted && { granted }),
    ...(referredBy !== host.referredBy && { referredBy: referredBy ?? null }),
  };
}

/** Where debts are paid with whatever is there, one account's debt is paid with the other's points. */
function settled(buckets: Buckets, program: Program, day: Day): Buckets {
  const debt = -(buckets[OWED] ?? 0);
  if (debt === 0 || !paysDebtsWhole(program)) return buckets;
  const { from, taken } = take(buckets, debt, (date) => !isPast(date, day));
  return plus(minus(buckets, from), { [OWED]: taken });
}

type Granted = Account['granted'];

function higher({ tiers }: Program, host: Granted, guest: Granted): Granted {
  if (!host || !guest) return host ?? guest;
  const rank = (one: NonNullable<Granted>) => tiers.findIndex(({ id }) => id === one.tier);
  return rank(guest) > rank(host) || (rank(guest) === rank(host) && guest.through > host.through) ? guest : host;
}

/** How two accounts stood around their merging, and what was booked to the host since. */
export interface Past {
  readonly host: { readonly before: Account; readonly after: Account };
  readonly guest: { readonly before: Account };
  /** The host's entries after the merging. */
  readonly since: readonly Entry[];
  /** What was the guest's before: its entries, and those of accounts that had gone into it. */
  readonly guests: readonly Entry[];
}

/**
 * It was a mistake: each has again what it had. What was booked since is the host's, but for what goes on with something
 * that the guest had begun: the refund of its order, the end of its hold. Where the one has spent what was the other's,
 * it gives back of what it has; nobody is in debt because somebody else was mistaken.
 */
export function decideUnmerge(
  host: Account,
  guest: Account,
  past: Past,
  by: string,
  situation: Situation,
): readonly [Draft, Draft] {
  const { program } = situation;
  const day = today(situation);
  const own = past.since.filter(isAbout(past.guests));
  const theirs = parts(past.guest.before);
  for (const { change } of own) add(theirs, change);
  const mine = parts(host);
  add(mine, past.host.before, 1);
  add(mine, past.host.after, -1);
  for (const { change } of own) add(mine, change, -1);
  share(mine, theirs, host, past.since, day);

  const things = stillThere(belongings(past.guest.before), host);
  const hostChange: Change = {
    ...difference(mine, host),
    ...restored(host, past),
    ...(things && { takes: things }),
    letsGo: [guest.memberId, ...(guest.absorbed ?? [])],
  };
  const settledSince = past.host.after.referredBy !== undefined && host.referredBy === undefined;
  const { granted, referredBy } = past.guest.before;
  const guestChange: Change = {
    ...difference(theirs, guest),
    ...(things && { brings: things }),
    ...(granted && { granted }),
    ...(referredBy && !settledSince && { referredBy }),
    mergedInto: null,
    formerly: [host.memberId, ...(host.formerly ?? [])].filter((id) => id !== guest.memberId),
  };
  const back = points(sumOf(theirs.buckets) + sumOf(theirs.lots) + heldIn(things));
  const draft = (account: Account, other: Account, change: Change, moved: number): Draft => ({
    key: keyFor(guest.memberId, guest.seq, 'back'),
    source: SOURCE,
    occurredAt: situation.now.toISOString(),
    fingerprint: fingerprint([SOURCE, 'back', host.memberId, guest.memberId]),
    detail: { kind: 'unmerged', with: other.memberId, points: points(moved), by },
    change: sparse(change),
    trace: [{ step: 'unmerged', points: points(moved) }],
    tier: tierAfter(account, change, program, day),
  });
  return [draft(host, guest, hostChange, -back), draft(guest, host, guestChange, back)];
}

/** Whether an entry goes on with what one of these has begun: it has the same source, and is about the same thing. */
function isAbout(begun: readonly Entry[]): (entry: Entry) => boolean {
  const thing = (key: string) => key.split('#').slice(0, 3).join('#');
  const things = new Set(
    begun.flatMap((entry) => {
      const { source, key, detail } = entry;
      const waits = detail.kind === 'activity' ? [keyOf(source, `${detail.activity}:${detail.activityId}`, '')] : [];
      return [key, undoKey(entry), ...waits].map(thing);
    }),
  );
  return ({ key }) => reachOf(key) === 'world' && things.has(thing(key));
}

/** What of an account is summed up or counted. */
interface Parts {
  readonly buckets: Record<string, number>;
  readonly lots: Record<string, number>;
  readonly window: Record<string, number>;
  readonly counters: Record<string, number>;
  readonly counts: Record<(typeof COUNTS)[number], number>;
}
const RECORDS = ['buckets', 'lots', 'window', 'counters'] as const;
const COUNTS = ['lifetime', 'visits', 'purchases', 'carry'] as const;

function parts(account: Account): Parts {
  const none: Parts = {
    buckets: {},
    lots: {},
    window: {},
    counters: {},
    counts: { lifetime: 0, visits: 0, purchases: 0, carry: 0 },
  };
  add(none, account);
  return none;
}

function add(to: Parts, what: Change | Account, sign: 1 | -1 = 1): void {
  for (const name of RECORDS)
    for (const [key, amount] of Object.entries(what[name] ?? {})) to[name][key] = (to[name][key] ?? 0) + sign * amount;
  for (const name of COUNTS) to.counts[name] += sign * (what[name] ?? 0);
}

/**
 * Makes of what each should have what each can have. Points are parted from what is there, so that none come about and
 * none are lost: whatever the guest lacks of a bucket or a lot is paid from what else the host can spend, and the other
 * way round. Counts have no places; they are only kept from falling below zero.
 */
function share(mine: Parts, theirs: Parts, host: Account, since: readonly Entry[], day: Day): void {
  // Where nobody has spent what was the other's, each has again just what it had: its debt, and its dates.
  if (![mine, theirs].every(canBe)) {
    const { there, left } = partPoints(theirs, host, since, day);
    for (const [parted, into] of [
      [there, theirs],
      [left, mine],
    ] as const) {
      for (const name of ['buckets', 'lots'] as const) {
        for (const key of Object.keys(into[name])) delete into[name][key];
        Object.assign(into[name], parted[name]);
      }
    }
  }
  for (const name of ['window', 'counters'] as const)
    for (const key of new Set([...Object.keys(mine[name]), ...Object.keys(theirs[name])]))
      level(mine[name], theirs[name], key);
  for (const name of COUNTS) {
    const [here, other] = [mine.counts[name], theirs.counts[name]];
    mine.counts[name] = Math.max(0, here + Math.min(0, other));
    theirs.counts[name] = Math.max(0, other + Math.min(0, here));
  }
  for (const one of [mine, theirs]) one.counts.carry = Math.min(NO_CARRY_ABOVE, one.counts.carry);
}

type Places = Pick<Parts, 'buckets' | 'lots'>;

/** Nothing below zero but what is owed. */
const canBe = ({ buckets, lots }: Places): boolean =>
  Object.entries(buckets).every(([date, amount]) => (date === OWED ? amount <= 0 : amount >= 0)) &&
  Object.values(lots).every((amount) => amount >= 0);

/** The guest's share of the host's points, and what is left. */
function partPoints(
  wanted: Places,
  host: Account,
  since: readonly Entry[],
  day: Day,
): { readonly there: Places; readonly left: Places } {
  const there: Places = { buckets: {}, lots: {} };
  const left: Places = { buckets: { ...host.buckets }, lots: { ...host.lots } };
  const gone = (kind: Entry['detail']['kind'], name: 'buckets' | 'lots', key: string) =>
    since
      .filter(({ detail }) => detail.kind === kind)
      .reduce((sum, { change }) => sum + Math.max(0, -(change[name]?.[key] ?? 0)), 0);
  const move = (name: 'buckets' | 'lots', key: string, amount: number, from = left, to = there) => {
    if (amount === 0) return;
    from[name][key] = (from[name][key] ?? 0) - amount;
    to[name][key] = (to[name][key] ?? 0) + amount;
  };
  const moveAnyOf = (amount: number, from: Places, to: Places) => {
    const taken = take(asBuckets(from.buckets), amount, (date) => !isPast(date, day));
    for (const [date, part] of Object.entries(taken.from)) move('buckets', date, part, from, to);
  };
  // What the one should still get of the other: more than nothing is the guest's, less is the host's.
  let owing = 0;
  const have = (name: 'buckets' | 'lots', key: string, amount: number): number => {
    const found = Math.max(0, Math.min(amount, left[name][key] ?? 0));
    move(name, key, found);
    return amount - found;
  };
  // Lots that wait for more first: what they became may be a lot too.
  const queue = Object.keys(wanted.lots).sort((a, b) => b.split('/').length - a.split('/').length);
  const lots = { ...wanted.lots };
  const buckets = { ...wanted.buckets };
  for (let lot = queue.shift(); lot !== undefined; lot = queue.shift()) {
    const lacking = have('lots', lot, lots[lot] ?? 0);
    lots[lot] = 0;
    if (lacking <= 0) {
      owing += lacking;
      continue;
    }
    // It can be spent now, or waits for the next word; or it was declined, and would have been in either account.
    const became = Math.min(lacking, gone('activated', 'lots', lot));
    const next = afterwards(lot);
    if (isLot(next)) {
      lots[next] = (lots[next] ?? 0) + became;
      queue.push(next);
    } else buckets[next] = (buckets[next] ?? 0) + became;
  }
  for (const [date, amount] of Object.entries(buckets)) {
    if (date === OWED) continue;
    const lacking = have('buckets', date, amount);
    // What has lapsed meanwhile would have lapsed in either account.
    owing += lacking > 0 ? Math.max(0, lacking - gone('expired', 'buckets', date)) : lacking;
  }
  // A debt goes back to who had it, as far as it is still there; who paid more of it than was theirs is paid back.
  const debt = Math.min(0, Math.max(buckets[OWED] ?? 0, host.buckets[OWED] ?? 0));
  move('buckets', OWED, debt);
  owing += (buckets[OWED] ?? 0) - debt;
  if (owing > 0) moveAnyOf(owing, left, there);
  else moveAnyOf(-owing, there, left);
  return { there, left };
}

/** What the one lacks of a count, the other has too much of. */
function level(mine: Record<string, number>, theirs: Record<string, number>, key: string): void {
  const [here, other] = [mine[key] ?? 0, theirs[key] ?? 0];
  mine[key] = Math.max(0, here + Math.min(0, other));
  theirs[key] = Math.max(0, other + Math.min(0, here));
}

const asBuckets = (amounts: Readonly<Record<string, number>>): Buckets =>
  Object.fromEntries(Object.entries(amounts).map(([date, amount]) => [date, points(amount)]));

/** The change that leads from an account to these. */
function difference(to: Parts, from: Account): Change {
  const change = { ...to, counts: { ...to.counts } };
  const deltas = (name: (typeof RECORDS)[number]) => minus(asBuckets(change[name]), asBuckets(from[name]));
  return {
    buckets: deltas('buckets'),
    lots: deltas('lots'),
    window: deltas('window'),
    counters: deltas('counters'),
    lifetime: points(to.counts.lifetime - from.lifetime),
    visits: to.counts.visits - from.visits,
    purchases: to.counts.purchases - from.purchases,
    carry: to.counts.carry - from.carry,
  };
}

/** What is neither summed nor counted goes back to what it was, unless something changed it since. */
function restored(host: Account, { host: { before, after }, since }: Past): Change {
  const same = (name: 'granted' | 'referredBy') => JSON.stringify(host[name]) === JSON.stringify(after[name]);
  const active = [before.lastActivityOn, ...since.map(({ change }) => change.activeOn)]
    .filter((date) => date !== undefined)
    .sort()
    .at(-1);
  const keptFrom = host.keptFrom === after.keptFrom ? before.keptFrom : host.keptFrom;
  const restores: Change['restores'] = {
    ...(active !== host.lastActivityOn && { lastActivityOn: active ?? null }),
    ...(keptFrom !== host.keptFrom && { keptFrom: keptFrom ?? null }),
  };
  return {
    ...(same('granted') && before.granted !== host.granted && { granted: before.granted ?? null }),
    ...(same('referredBy') && before.referredBy !== host.referredBy && { referredBy: before.referredBy ?? null }),
    ...(Object.keys(restores).length > 0 && { restores }),
  };
}

/** All that is summed up or counted. */
const amounts = (account: Account, each: (amount: number) => number): Change => {
  const all = <Key extends string>(record: Readonly<Record<Key, number>>) =>
    Object.fromEntries(Object.entries<number>(record).map(([key, amount]) => [key, points(each(amount))]));
  return {
    buckets: all(account.buckets),
    lots: all(account.lots),
    lifetime: points(each(account.lifetime)),
    window: all(account.window),
    counters: all(account.counters),
    carry: each(account.carry),
    visits: each(account.visits),
    purchases: each(account.purchases),
  };
};

function belongings({ holds, early }: Account): Belongings | undefined {
  if (Object.keys(holds).length === 0 && Object.keys(early).length === 0) return undefined;
  return {
    ...(Object.keys(holds).length > 0 && { holds }),
    ...(Object.keys(early).length > 0 && { early }),
  };
}

/** Without holds that have ended, and refunds whose order has come. */
function stillThere(things: Belongings | undefined, { holds, early }: Account): Belongings | undefined {
  const kept = <Thing>(had: Readonly<Record<string, Thing>> = {}, has: Readonly<Record<string, Thing>>) =>
    Object.fromEntries(Object.entries(has).filter(([name]) => Object.hasOwn(had, name)));
  return belongings({ holds: kept(things?.holds, holds), early: kept(things?.early, early) } as Account);
}

const heldIn = (things: Belongings | undefined): number =>
  Object.values(things?.holds ?? {}).reduce((sum, hold) => sum + hold.points, 0);

const sumOf = (record: Readonly<Record<string, number>>): number =>
  Object.values(record).reduce((sum, amount) => sum + amount, 0);

/** The tier that the account has once it has changed so. */
function tierAfter(account: Account, { window = {}, granted }: Change, program: Program, day: Day): string {
  const after = granted === undefined ? account.granted : (granted ?? undefined);
  return tierOf(
    program,
    { window: plus(asBuckets(account.window), asBuckets(window)), ...(after && { granted: after }) },
    day,
  ).id;
}
