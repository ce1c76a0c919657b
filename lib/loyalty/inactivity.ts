import type { Account, Day } from './account.ts';
import { addDays } from './calendar.ts';
import { fingerprint } from './canonical.ts';
import { type Draft, keyOf } from './entry.ts';
import type { Program } from './program.ts';
import { type Situation, today } from './situation.ts';

/**
 * Members who have not been there for a while. Nobody counts days while they come: an account is looked at on one day,
 * and if the member was there since, on a later one.
 */

/** Days without an activity, the first that somebody hears of first. */
const ladderOf = ({ inactivity }: Pick<Program, 'inactivity'>): readonly number[] =>
  [...new Set(inactivity?.daysAfter)].sort((a, b) => a - b);

/** Says how long the member has been away: the step that was reached last, once for each absence. */
export function decideInactive(account: Account, situation: Situation): Draft | undefined {
  const { lastActivityOn: since, mergedInto } = account;
  if (since === undefined || mergedInto) return undefined;
  const on = today(situation);
  const reached = ladderOf(situation.program).filter((days) => addDays(since, days) <= on);
  const days = reached.at(-1);
  if (days === undefined) return undefined;
  return {
    key: keyOf('sweep', since, `inactive:${days}`),
    source: 'sweep',
    occurredAt: situation.now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['inactive', since, days]),
    detail: { kind: 'inactive', since, days, rung: reached.length },
    change: {},
    trace: [{ step: 'inactive' }],
  };
}

/**
 * The next day after `on` on which to look; `undefined` when the ladder is at its end, and the next activity begins a new
 * one. Between steps that are far apart it is looked at more often: a member who comes back may be away again.
 */
export function nextAbsence(
  { lastActivityOn: since, mergedInto }: Pick<Account, 'lastActivityOn' | 'mergedInto'>,
  program: Pick<Program, 'inactivity'>,
  on: Day,
): Day | undefined {
  if (since === undefined || mergedInto) return undefined;
  const ladder = ladderOf(program);
  const next = ladder.map((days) => addDays(since, days)).find((day) => day > on);
  const [first] = ladder;
  if (next === undefined || first === undefined) return undefined;
  const again = addDays(on, first);
  return [next, again].sort()[0];
}

/** Where an activity begins a watch: the first step's day, or at once where that is over. */
export function watchFrom(
  before: Pick<Account, 'lastActivityOn'>,
  after: Pick<Account, 'lastActivityOn' | 'mergedInto'>,
  program: Pick<Program, 'inactivity'>,
  on: Day,
): Day | undefined {
  const [first] = ladderOf(program);
  const { lastActivityOn: since } = after;
  if (first === undefined || since === undefined || since === before.lastActivityOn) return undefined;
  return [addDays(since, first), on].sort().at(-1);
}
