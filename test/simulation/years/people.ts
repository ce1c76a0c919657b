import type { Day } from '../../../lib/loyalty/account.ts';
import { addDays } from '../../../lib/loyalty/calendar.ts';
import type { Chance } from '../random.ts';
import { timeAt } from './club.ts';

/** A member's birthday from a time on; `null`: none is known. */
export interface BirthdayFrom {
  readonly at: number;
  readonly birthday: Day | null;
}

export interface Person {
  readonly memberId: string;
  readonly joinsAt: number;
  /** What was told, in its order; the first as the member joins. */
  readonly birthdays: readonly BirthdayFrom[];
  /** Stretches of days on which the member comes by. */
  readonly seasons: readonly { readonly from: Day; readonly through: Day }[];
}

/** Members who join at any time, come and stay away, and some of whom say another birthday. */
export function drawPeople(chance: Chance, count: number, timeZone: string, from: Day, days: number): Person[] {
  const somewhen = (day: Day) => timeAt(timeZone, day, '00:00') + chance.below(86_000_000);
  const through = addDays(from, days - 1);
  return Array.from({ length: count }, (_, n): Person => {
    const joinsOn = joiningDay(chance, n, from, days);
    const joinsAt = somewhen(joinsOn);
    const birthdays: BirthdayFrom[] = [{ at: joinsAt, birthday: chance() < 0.15 ? null : drawBirthday(chance, n) }];
    while (chance() < 0.25) {
      const last = birthdays.at(-1);
      const at = somewhen(addDays(from, chance.below(days)));
      if (last && at > last.at)
        birthdays.push({ at, birthday: chance() < 0.1 ? null : changed(chance, last.birthday) });
    }
    const seasons: { from: Day; through: Day }[] = [];
    for (let day = joinsOn; day <= through; ) {
      const end = addDays(day, 20 + chance.below(200));
      seasons.push({ from: day, through: end });
      day = addDays(end, 10 + chance.below(200));
    }
    return { memberId: `m_${n}`, joinsAt, birthdays, seasons };
  });
}

/** Many at the beginning, some on 29 February, the others whenever. */
function joiningDay(chance: Chance, n: number, from: Day, days: number): Day {
  const leap = `${Number(from.slice(0, 4)) + 1}-02-29`;
  if (n % 25 === 3 && leap < addDays(from, days)) return leap;
  return addDays(from, n % 2 === 0 ? chance.below(14) : chance.below(Math.floor(days * 0.7)));
}

function drawBirthday(chance: Chance, n: number): Day {
  // Among those who are there from the beginning.
  if (n % 10 === 6) return `${1960 + 4 * chance.below(10)}-02-29`;
  return addDays('1960-01-01', chance.below(50 * 365));
}

/** A day typed wrongly, or quite another one. */
function changed(chance: Chance, birthday: Day | null): Day {
  if (birthday === null || chance() < 0.4) return drawBirthday(chance, chance.below(40));
  return addDays(birthday, chance.below(60) - 30);
}
