import type { Account, Day } from './account.ts';
import { addDays, addMonths } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import { minorDigits } from './money.ts';
import type { Program } from './program.ts';
import { type Situation, today } from './situation.ts';

type Tier = Program['tiers'][number];
type Standing = Pick<Account, 'window' | 'granted'>;

/** Under which key of the window a day counts. */
export const windowKey = ({ qualify }: Pick<Program, 'qualify'>, day: Day): string =>
  qualify.window.kind === 'calendar-year' ? day.slice(0, 4) : day.slice(0, 7);

/**
 * The tier is a function of what is in the window, never of the balance, and of a grant by staff. It is reached at once;
 * it is lost when neither the period that is running nor one of those that it is kept for reaches it any more.
 */
export function tierOf(program: Program, { window, granted }: Standing, today: Day): Tier {
  const { tiers, qualify } = program;
  let rank = 0;
  // A review is late by the days of grace: every period that was running on one of them still counts.
  for (const seen of periodsSince(addDays(today, -qualify.graceDays), today, qualify.window.kind)) {
    for (let ago = 0; ago <= qualify.keep; ago += 1) rank = Math.max(rank, reached(program, window, seen, ago));
    if (!qualify.softLanding) continue;
    const soft = Math.max(1, qualify.keep);
    for (let ago = qualify.keep + 1; ago <= qualify.keep + soft; ago += 1)
      rank = Math.max(rank, reached(program, window, seen, ago) - 1);
  }
  if (granted && today <= granted.through)
    rank = Math.max(
      rank,
      tiers.findIndex(({ id }) => id === granted.tier),
    );
  const tier = tiers[rank];
  if (!tier) throw new Error('a program has a tier at least');
  return tier;
}

/** A day in each of the years, or of the months, from one day through another. */
function periodsSince(from: Day, through: Day, window: Program['qualify']['window']['kind']): Day[] {
  const step = window === 'calendar-year' ? 12 : 1;
  const first = step === 12 ? `${from.slice(0, 4)}-01-01` : `${from.slice(0, 7)}-01`;
  const days: Day[] = [];
  for (let day = first; day <= through; day = addMonths(first, days.length * step)) days.push(day);
  return days;
}

/** The rank that the window reached which ended so many periods ago. */
function reached(program: Program, window: Account['window'], day: Day, periodsAgo: number): number {
  const { tiers, qualify } = program;
  const keys =
    qualify.window.kind === 'calendar-year'
      ? [String(Number(day.slice(0, 4)) - periodsAgo)]
      : Array.from({ length: qualify.window.months }, (_, month) =>
          addMonths(`${day.slice(0, 7)}-01`, -periodsAgo - month).slice(0, 7),
        );
  const sum = keys.reduce((total, key) => total + (window[key] ?? 0), 0);
  return tiers.findLastIndex(({ from }) => sum >= thresholdOf(program, from));
}

/** Money is counted in minor units, and named in major ones. */
function thresholdOf({ qualify, currency }: Program, from: number): number {
  return qualify.by === 'spend' ? from * 10 ** minorDigits(currency) : from;
}

/** The next day on which the tier would be another one if nothing more happened; `undefined` when it stays for good. */
export function nextReviewOn(program: Program, standing: Standing, today: Day): Day | undefined {
  const now = tierOf(program, standing, today).id;
  if (now === program.tiers[0]?.id) return undefined;
  const { qualify } = program;
  const yearly = qualify.window.kind === 'calendar-year';
  const periods = 2 * Math.max(1, qualify.keep) + 1 + (qualify.window.kind === 'rolling' ? qualify.window.months : 0);
  const first = yearly ? `${today.slice(0, 4)}-01-01` : `${today.slice(0, 7)}-01`;
  // Where the days of grace still run, the period has begun already: up to three months ago.
  const days = Array.from({ length: periods + 4 }, (_, at) =>
    addDays(addMonths(first, (at - 3) * (yearly ? 12 : 1)), qualify.graceDays),
  );
  if (standing.granted) days.push(addDays(standing.granted.through, 1));
  return days
    .filter((day) => day > today)
    .sort()
    .find((day) => tierOf(program, standing, day).id !== now);
}

/** Rewards that the member could not have had before and can have now. */
export function unlocked(
  program: Program,
  before: { readonly payable: number; readonly tier: string },
  after: { readonly payable: number; readonly tier: string },
): string[] {
  const can = (reward: Program['rewards'][number], at: typeof before) =>
    at.payable >= reward.cost && hasTier(program, at.tier, reward.tier);
  return program.rewards.filter((reward) => can(reward, after) && !can(reward, before)).map((reward) => reward.id);
}

export const reviewKey = (on: Day): string => keyOf('sweep', on, 'tier-review');

/** Takes or gives the tier that time has made; `undefined` while it is the same. A grant that is over goes with it. */
export function decideReview(account: Account, situation: Situation): Draft | undefined {
  const on = today(situation);
  const tier = tierOf(situation.program, account, on).id;
  if (tier === account.tier) return undefined;
  return {
    key: reviewKey(on),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier,
    fingerprint: fingerprint(['tier-review', on]),
    detail: { kind: 'tier-reviewed', on },
    change: account.granted && account.granted.through < on ? { granted: null } : {},
    trace: [{ step: 'tier-reviewed', rule: tier }],
  };
}

/** A tier that staff give, whatever the window says: through that day. */
export interface Grant {
  readonly grantId: string;
  readonly tier: string;
  readonly through: Day;
  readonly by: string;
}

export type GrantRefusal = 'unknown-tier' | 'day-is-over' | 'no-such-grant' | 'grant-is-over';

const STAFF = 'staff';
export const grantKey = (grantId: string): string => keyOf(STAFF, grantId, 'tier-granted');
export const grantEndKey = (grantId: string): string => keyOf(STAFF, grantId, 'tier-grant-ended');
export const grantFingerprint = ({ grantId, tier, through }: Grant): string =>
  fingerprint(['grant', grantId, tier, through]);
export const grantEndFingerprint = (grantId: string): string => fingerprint(['grant-end', grantId]);

/** The newest grant is the one that counts. */
export function decideGrant(
  account: Account,
  grant: Grant,
  situation: Situation,
): Draft | { readonly refused: GrantRefusal } {
  const { program } = situation;
  const { grantId: id, tier, through } = grant;
  if (!program.tiers.some((one) => one.id === tier)) return { refused: 'unknown-tier' };
  if (through < today(situation)) return { refused: 'day-is-over' };
  const granted = { id, tier, through };
  return {
    key: grantKey(id),
    source: STAFF,
    occurredAt: situation.now.toISOString(),
    tier: tierOf(program, { ...account, granted }, today(situation)).id,
    fingerprint: grantFingerprint(grant),
    detail: { kind: 'tier-granted', ...grant },
    change: { granted },
    trace: [{ step: 'tier-granted', rule: tier }],
  };
}

/** Before its last day; the member has then what the window says. */
export function decideGrantEnd(
  account: Account,
  { grantId, by }: Pick<Grant, 'grantId' | 'by'>,
  situation: Situation,
): Draft | { readonly refused: GrantRefusal } {
  if (account.granted?.id !== grantId) return { refused: 'no-such-grant' };
  const { granted: _, ...without } = account;
  return {
    key: grantEndKey(grantId),
    source: STAFF,
    occurredAt: situation.now.toISOString(),
    tier: tierOf(situation.program, without, today(situation)).id,
    fingerprint: grantEndFingerprint(grantId),
    detail: { kind: 'tier-grant-ended', grantId, by },
    change: { granted: null },
    trace: [{ step: 'tier-grant-ended', rule: account.granted.tier }],
  };
}

export function hasTier(program: Program, tier: string, needed: string | undefined): boolean {
  if (!needed) return true;
  const rank = (id: string) => program.tiers.findIndex((candidate) => candidate.id === id);
  return rank(tier) >= rank(needed);
}
