import { formatAmount, parseAmount } from './money.ts';
import type { Reward, Value } from './program/rewards.ts';
import type { Program } from './program.ts';

/** What is asked for, priced by the program: whoever asks never says what it costs or what it is worth. */

export interface Asked {
  readonly rewardId?: string | undefined;
  /** Which of the reward's steps, from 1; absent: the reward itself. */
  readonly step?: number | undefined;
  /** Points as money; given exactly when there is no reward. */
  readonly points?: number | undefined;
}

export interface Offer {
  readonly cost: number;
  readonly value: Value;
  /** To be paid beside the points, in minor units. */
  readonly cashMinor?: number;
  readonly reward?: Reward;
}

export const rewardOf = ({ rewards }: Pick<Program, 'rewards'>, id: string | undefined): Reward | undefined =>
  id === undefined ? undefined : rewards.find((reward) => reward.id === id);

/** `undefined` for a step that there is not, and for points that are no multiple, too few, too many, or worth nothing. */
export function offerOf(asked: Asked, program: Program): Offer | undefined {
  const reward = rewardOf(program, asked.rewardId);
  if (reward) {
    const price = asked.step === undefined ? reward : reward.steps[asked.step - 1];
    return price && priced(reward, price, program);
  }
  return asked.points === undefined ? undefined : moneyFor(asked.points, program);
}

/** A smaller piece of something that was put aside: another step of the reward, or fewer points as money. */
export function smallerOffer(
  points: number,
  { rewardId }: Pick<Asked, 'rewardId'>,
  program: Program,
): (Offer & { readonly step?: number }) | undefined {
  if (rewardId === undefined) return moneyFor(points, program);
  const reward = rewardOf(program, rewardId);
  if (!reward) return undefined;
  if (reward.cost === points) return priced(reward, reward, program);
  const at = reward.steps.findIndex(({ cost }) => cost === points);
  const step = reward.steps[at];
  return step && { ...priced(reward, step, program), step: at + 1 };
}

function priced(reward: Reward, { cost, value }: Pick<Reward, 'cost' | 'value'>, { currency }: Program): Offer {
  const cashMinor = reward.cash === undefined ? undefined : parseAmount(reward.cash, currency);
  return { cost, value, reward, ...(cashMinor !== undefined && { cashMinor }) };
}

function moneyFor(points: number, { redemption, currency }: Program): Offer | undefined {
  const { pointsPerMinor, stepPoints, minPoints, maxPoints = Number.POSITIVE_INFINITY } = redemption;
  if (pointsPerMinor === undefined) return undefined;
  if (points % stepPoints !== 0 || points < minPoints || points > maxPoints) return undefined;
  // In millionths, as fine as the schema allows: 33 points at 0.55 are 60, where floating point would make it 59.
  const minor = Math.floor((points * 1_000_000) / Math.round(pointsPerMinor * 1_000_000));
  return minor === 0
    ? undefined
    : { cost: points, value: { kind: 'amount-off', amount: formatAmount(minor, currency) } };
}
