import type { Day } from '../loyalty/account.ts';
import { activityKey } from '../loyalty/accrue.ts';
import { dayIn } from '../loyalty/calendar.ts';
import type { ActivityFact } from '../loyalty/facts.ts';
import { broughtByTime, timeOn, yearsOn } from '../loyalty/occasions.ts';
import { mayEarn } from '../loyalty/own-activities.ts';
import type { Program } from '../loyalty/program.ts';
import { monthBefore, statementKey } from '../loyalty/statement.ts';
import type { Keeper } from './keeper.ts';
import type { Member } from './members.ts';
import type { Dated } from './sweeps.ts';

export interface OccasionsOptions {
  /** What is called of a ledger; the whole of one will do. */
  readonly till: Pick<Keeper, 'entry' | 'activity' | 'state'>;
  readonly members: { get(memberId: string): Promise<Person | undefined> };
  readonly program: Program;
  readonly now: () => Date;
}

/** What is asked of a member. */
export type Person = Pick<Member, 'memberId' | 'enrolledAt'> & { readonly profile: { readonly birthday?: Day } };

/** What is done for one member on a day, or for that day later; twice, late or half, it ends in the same place. */
export type Occasions = Readonly<Record<Dated, (memberId: string, day: Day) => Promise<void>>>;

/**
 * What comes with a day of the calendar. Who it is for is asked of the member as it is now: a birthday that was changed
 * after the sweep had found it is kept on the day that it is on.
 */
export function openOccasions({ till, members, program, now }: OccasionsOptions): Occasions {
  const { leapDay, timeZone } = program;
  const joinedOn = ({ enrolledAt }: Person): Day => dayIn(timeZone, enrolledAt);

  /** A look before the leap: who is asked twice has it mostly, and a refused transaction costs as much as a booked one. */
  async function once(memberId: string, fact: ActivityFact): Promise<void> {
    if (await till.entry(memberId, activityKey(fact))) return;
    await till.activity(memberId, fact);
  }

  async function inPeriod(activity: 'monthly' | 'yearly', memberId: string, day: Day): Promise<void> {
    const member = await members.get(memberId);
    // Who came since would not have had it either, had it been on time.
    if (!member || !mayEarn(program, activity) || joinedOn(member) > day) return;
    const period = activity === 'monthly' ? day.slice(0, 7) : day.slice(0, 4);
    await once(
      member.memberId,
      broughtByTime(activity, member.memberId, { once: period, occurredAt: timeOn(day, program, now()) }),
    );
  }

  return {
    async birthdays(memberId, day) {
      const member = await members.get(memberId);
      const { birthday } = member?.profile ?? {};
      if (!member || birthday === undefined || yearsOn(day, birthday, leapDay) === undefined) return;
      // One a year, whichever came first: a birthday is what a member says it is.
      const told = { once: day.slice(0, 4), occurredAt: timeOn(day, program, now()) };
      await once(member.memberId, broughtByTime('birthday', member.memberId, told));
    },

    async anniversaries(memberId, day) {
      const member = await members.get(memberId);
      const years = member && yearsOn(day, joinedOn(member), leapDay);
      if (!member || years === undefined) return;
      const told = { once: day.slice(0, 4), occurredAt: timeOn(day, program, now()), years };
      await once(member.memberId, broughtByTime('anniversary', member.memberId, told));
    },

    monthly: (memberId, day) => inPeriod('monthly', memberId, day),
    yearly: (memberId, day) => inPeriod('yearly', memberId, day),

    async statements(memberId, day) {
      const member = await members.get(memberId);
      const month = monthBefore(day);
      if (!member || (await till.entry(member.memberId, statementKey(month)))) return;
      await till.state(member.memberId, month);
    },
  };
}
