import { activityKey } from '../loyalty/accrue.ts';
import { addDays } from '../loyalty/calendar.ts';
import { nextExpiry } from '../loyalty/due.ts';
import { broughtByTime } from '../loyalty/occasions.ts';
import { mayEarn } from '../loyalty/own-activities.ts';
import type { Program } from '../loyalty/program.ts';
import { lapsable } from '../loyalty/reminders.ts';
import { today } from '../loyalty/situation.ts';
import type { Keeper } from './keeper.ts';
import type { Absence } from './ledger/absences.ts';
import type { Duty } from './sweeps.ts';

export interface DutiesOptions {
  /** What is called of a ledger; the whole of one will do. */
  readonly till: Pick<
    Keeper,
    'account' | 'entry' | 'activity' | 'remind' | 'expire' | 'lookAgain' | 'missed' | 'void' | 'review'
  >;
  readonly program: Program;
  readonly now: () => Date;
  /** Connectors that write to members about points that expire. */
  readonly remindsThrough: readonly string[];
}

/** What is done for one member who is due; twice, late or half, it ends in the same place. */
export type Duties = Readonly<Record<Duty, (memberId: string) => Promise<void>>>;

/** The sweeps' work, a member at a time. Queues bring it to the members of a deployed shop, a simulation to its own. */
export const openDuties = (options: DutiesOptions): Duties => ({
  points: async (memberId) => {
    await options.till.remind(memberId, options.remindsThrough);
    await lapsePoints(options, memberId);
    await options.till.lookAgain(memberId);
  },
  reviews: (memberId) => review(options, memberId),
  absences: (memberId) => options.till.missed(memberId, (absence) => offer(options, memberId, absence)),
});

/** Something to come back for, once for each step of each absence, where a rule gives it. */
async function offer({ till, program, now }: DutiesOptions, memberId: string, { since, days }: Absence): Promise<void> {
  if (!mayEarn(program, 'inactive')) return;
  const told = { once: `${since}:${days}`, occurredAt: now().toISOString(), daysAway: days };
  const fact = broughtByTime('inactive', memberId, told);
  if (!(await till.entry(memberId, activityKey(fact)))) await till.activity(memberId, fact);
}

/** Each date on its own and in order, also those that no sweep came by: the journal says what was lost when. */
async function lapsePoints({ till, program, now }: DutiesOptions, memberId: string): Promise<void> {
  const yesterday = addDays(today({ program, now: now() }), -1);
  for (let before: string | undefined; ; ) {
    const account = await till.account(memberId);
    const date = account && nextExpiry(lapsable(account, program));
    if (date === undefined || date > yesterday) return;
    if (date === before) {
      // Points came into a date after its sweep: they leave under the newest one.
      await till.expire(memberId, yesterday);
      return;
    }
    const { kind } = await till.expire(memberId, date);
    // Not by us: it may be another one at the same work, who has the next date then.
    before = kind === 'posted' ? undefined : date;
  }
}

async function review({ till, now }: DutiesOptions, memberId: string): Promise<void> {
  const account = await till.account(memberId);
  for (const [redemptionId, { lapsesAt }] of Object.entries(account?.holds ?? {})) {
    if (Date.parse(lapsesAt) <= now().getTime()) await till.void(memberId, { redemptionId, reason: 'lapsed' });
  }
  await till.review(memberId);
}
