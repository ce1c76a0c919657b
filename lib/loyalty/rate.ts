import type { Part } from './detail.ts';

/** What goods are worth at a rate, in thousandths of a point: a whole number of points unless remainders are kept. */

type Rate = NonNullable<Part['rate']>;
export type Rounding = 'down' | 'nearest' | 'up' | 'carry';

/** The goods that count for a rule, or what is kept of them. */
export interface Goods {
  readonly net: number;
  readonly gross: number;
  /** Before discounts. */
  readonly listNet: number;
  readonly listGross: number;
  /** Thousandths of a piece: a quantity may be a weight. */
  readonly pieces: number;
}

export function worth(goods: Goods, rate: Rate): number {
  // Down twice, on the spend and then on the factor, so that splitting a bill never pays.
  if (!('perItem' in rate) && rate.rounding === undefined)
    return divided(divided(amountOf(goods, rate), rate.points, rate.perMinor), rate.bp, 10_000) * 1_000;
  const times = BigInt(rate.points) * BigInt(rate.bp);
  if ('perItem' in rate) return rounded(BigInt(goods.pieces) * times, 1_000n * 10_000n, rate.rounding);
  const amount = BigInt(amountOf(goods, rate));
  return rounded(amount * times, BigInt(rate.perMinor) * 10_000n, rate.rounding);
}

export function amountOf(goods: Goods, { base, before }: { base: 'net' | 'gross'; before?: boolean }): number {
  if (before) return base === 'net' ? goods.listNet : goods.listGross;
  return base === 'net' ? goods.net : goods.gross;
}

/** A flat award under a factor. */
export const flat = (given: number, bp: number, rounding: Rounding): number =>
  rounding === 'down' ? divided(given, bp, 10_000) * 1_000 : rounded(BigInt(given) * BigInt(bp), 10_000n, rounding);

/** `amount × times / by`, rounded down, exactly; in most cases without large numbers, which take their time. */
function divided(amount: number, times: number, by: number): number {
  const product = amount * times;
  return Number.isSafeInteger(product)
    ? (product - (product % by)) / by
    : Number((BigInt(amount) * BigInt(times)) / BigInt(by));
}

/** Points as a fraction, in thousandths. */
function rounded(above: bigint, below: bigint, rounding: Rounding = 'down'): number {
  switch (rounding) {
    case 'down':
      return Number(above / below) * 1_000;
    case 'nearest':
      return Number((2n * above + below) / (2n * below)) * 1_000;
    case 'up':
      return Number((above + below - 1n) / below) * 1_000;
    case 'carry':
      return Number((above * 1_000n) / below);
  }
}
