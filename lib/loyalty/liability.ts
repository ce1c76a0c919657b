import { minor } from './conditions.ts';
import { formatAmount } from './money.ts';
import type { Program } from './program.ts';

/**
 * What a point is worth to whoever spends it best, in minor units: as money, where the program says how many points that
 * takes; else by the reward that takes most off a price for each point. `undefined` where points buy goods only, whose
 * price we do not know.
 */
export function minorPerPoint({ redemption, rewards, currency }: Program): number | undefined {
  const asMoney = redemption.pointsPerMinor === undefined ? [] : [1 / redemption.pointsPerMinor];
  const asReward = rewards.flatMap(({ cost, value, steps }) =>
    [{ cost, value }, ...steps].flatMap((one) =>
      one.value.kind === 'amount-off' && one.cost > 0 ? [minor(one.value.amount, currency) / one.cost] : [],
    ),
  );
  const values = [...asMoney, ...asReward];
  return values.length === 0 ? undefined : Math.max(...values);
}

/** Points as money, to the nearest minor unit; `undefined` where nobody can say. */
export function worthMinor(points: number, program: Program): number | undefined {
  const each = minorPerPoint(program);
  return each === undefined ? undefined : Math.round(points * each);
}

/** The same for people: "12.34 EUR". */
export function worthText(points: number, program: Program): string | undefined {
  const worth = worthMinor(points, program);
  return worth === undefined ? undefined : `${formatAmount(worth, program.currency)} ${program.currency}`;
}
