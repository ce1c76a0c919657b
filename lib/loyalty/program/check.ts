import type * as z from 'zod';
import { WINDOW_REMEMBERED } from '../entry.ts';
import { parseAmount } from '../money.ts';
import type { Program } from '../program.ts';
import { type Condition, OF_SALES } from './conditions.ts';
import type { Value } from './rewards.ts';

type Path = readonly (string | number)[];
type Complain = (path: Path, message: string, input: unknown) => void;

/** What zod cannot see in one value alone: names that point nowhere, amounts the currency cannot have, words out of place. */
export function checkProgram({ value: program, issues }: z.core.ParsePayload<Program>): void {
  const complain: Complain = (path, message, input) => issues.push({ code: 'custom', path: [...path], message, input });
  const amount = (path: Path, text: string | undefined, zeroIsFine = false) => {
    if (text === undefined) return;
    const minor = parseAmount(text, program.currency);
    if (minor === undefined)
      complain(path, `not an amount of ${program.currency}: too many decimals, or too large`, text);
    else if (minor === 0 && !zeroIsFine) complain(path, 'must be more than zero', text);
  };
  const oneOf = (path: Path, id: string | undefined, list: readonly { readonly id: string }[], what: string) => {
    if (id === undefined || list.some((one) => one.id === id)) return;
    const there = list.map((one) => one.id).join(', ') || 'none yet';
    complain(path, `no such ${what}: use one of ${there}`, id);
  };

  for (const list of ['rules', 'groups', 'multipliers', 'caps', 'tiers', 'rewards', 'milestones'] as const) {
    const seen = new Set<string>();
    for (const [index, { id }] of program[list].entries()) {
      if (seen.has(id))
        complain([list, index, 'id'], `"${id}" stands twice: give each of the ${list} an id of its own`, id);
      seen.add(id);
    }
  }
  checkTiers(program, complain);

  const conditions = (path: Path, when: readonly Condition[], on: 'sale' | 'activity') => {
    for (const [at, condition] of when.entries()) {
      const here = [...path, at];
      if (condition.is === 'minimum-spend') amount([...here, 'amount'], condition.amount, true);
      if (condition.is === 'tier-in')
        for (const [index, tier] of condition.tiers.entries())
          oneOf([...here, 'tiers', index], tier, program.tiers, 'tier');
      if (condition.is === 'between' && condition.from && condition.to && condition.to < condition.from)
        complain([...here, 'to'], 'ends before it begins: set to on or after from', condition.to);
      if (condition.is === 'hours' && condition.from === condition.to)
        complain([...here, 'to'], 'no time is between: set to before or after from', condition.to);
      if (condition.is === 'activity' && on !== 'activity')
        complain([...here, 'is'], 'only a rule with on: "activity" can ask for activities', condition.is);
      if (condition.is === 'days-away' && !asksFor(when, 'inactive'))
        complain([...here, 'is'], 'only the activity "inactive" has days: ask for it beside this', condition.is);
      if (condition.is === 'days-away')
        for (const [index, days] of condition.days.entries())
          if (!program.inactivity?.daysAfter.includes(days))
            complain([...here, 'days', index], 'is no step of inactivity.daysAfter: nobody is noticed then', days);
      if (OF_SALES.has(condition.is) && on !== 'sale')
        complain([...here, 'is'], 'only a rule with on: "sale" can ask for that', condition.is);
    }
  };
  for (const [index, rule] of program.rules.entries()) {
    const path = ['rules', index];
    conditions([...path, 'when'], rule.when, rule.on);
    oneOf([...path, 'group'], rule.group, program.groups, 'group');
    if (rule.expiry?.kind === 'inactivity')
      complain(
        [...path, 'expiry', 'kind'],
        'an activity keeps all points alive or none: set inactivity for the whole program, in expiry',
        rule.expiry.kind,
      );
    if (rule.earn.kind === 'per-amount') amount([...path, 'earn', 'amount'], rule.earn.amount);
    if (rule.earn.kind !== 'flat' && rule.on !== 'sale')
      complain([...path, 'earn', 'kind'], 'an activity has no amount and no goods: use kind: "flat"', rule.earn.kind);
  }
  for (const [index, { when }] of program.multipliers.entries()) {
    // A multiplier applies to whatever earns: words about goods would leave activities without an answer.
    for (const [at, condition] of when.entries()) {
      if (condition.is === 'activity' || condition.is === 'days-away' || OF_SALES.has(condition.is))
        complain(
          ['multipliers', index, 'when', at, 'is'],
          'a multiplier is about time, place and member: put this into a rule',
          condition.is,
        );
    }
    conditions(['multipliers', index, 'when'], when, 'sale');
  }
  for (const [index, cap] of program.caps.entries())
    for (const [at, rule] of (cap.rules ?? []).entries())
      oneOf(['caps', index, 'rules', at], rule, program.rules, 'rule');

  const value = (path: Path, one: Value) => {
    if (one.kind === 'amount-off') amount([...path, 'amount'], one.amount);
    if (one.kind === 'percent-off') amount([...path, 'maximum'], one.maximum);
  };
  for (const [index, reward] of program.rewards.entries()) {
    const path = ['rewards', index];
    oneOf([...path, 'tier'], reward.tier, program.tiers, 'tier');
    amount([...path, 'cash'], reward.cash);
    value([...path, 'value'], reward.value);
    if (reward.from && reward.to && reward.to < reward.from)
      complain([...path, 'to'], 'ends before it begins: set to on or after from', reward.to);
    let below = reward.cost;
    for (const [at, step] of reward.steps.entries()) {
      value([...path, 'steps', at, 'value'], step.value);
      if (step.cost <= below)
        complain([...path, 'steps', at, 'cost'], `steps rise: set cost above ${below}`, step.cost);
      below = step.cost;
    }
  }
  for (const [index, { every, at }] of program.milestones.entries())
    if ((every === undefined) === (at === undefined))
      complain(['milestones', index], 'is reached each time or once: set every or at, and not both', { every, at });
  amount(['referrals', 'minimumSpend'], program.referrals?.minimumSpend, true);
  amount(['fraud', 'largestSale'], program.fraud.largestSale);
  const { minPoints, maxPoints, stepPoints } = program.redemption;
  if (maxPoints !== undefined && maxPoints < Math.max(minPoints, stepPoints))
    complain(
      ['redemption', 'maxPoints'],
      `leaves no redemption possible: set it to ${Math.max(minPoints, stepPoints)} or more`,
      maxPoints,
    );
}

const asksFor = (when: readonly Condition[], activity: string): boolean =>
  when.some((condition) => condition.is === 'activity' && condition.activities.includes(activity));

function checkTiers({ tiers, qualify }: Program, complain: Complain): void {
  const { keep, graceDays } = qualify;
  const years = keep + (qualify.softLanding ? Math.max(1, keep) : 0) + (graceDays > 0 ? 1 : 0);
  const most = WINDOW_REMEMBERED.years - 1;
  if (qualify.window.kind === 'calendar-year' && years > most)
    complain(
      ['qualify', 'keep'],
      `looks ${years} years back with its soft landing and grace, and an account remembers ${most}: set it lower`,
      keep,
    );
  if (tiers[0]?.from !== 0)
    complain(['tiers', 0, 'from'], 'the first tier is everybody’s: set from to 0', tiers[0]?.from);
  for (const [index, tier] of tiers.entries()) {
    const below = tiers[index - 1];
    if (below && tier.from <= below.from)
      complain(['tiers', index, 'from'], `tiers rise: set from above ${below.from}`, tier.from);
  }
}
