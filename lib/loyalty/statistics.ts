/** Differences between two groups with their 95 % confidence intervals, from sums alone. */

export interface Interval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** How many there are, what they come to together, and their squares. */
export interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

/** The 97.5 % point of the normal distribution. */
const Z = 1.959963984540054;

/**
 * The 97.5 % point of Student's t, by the expansion in Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5:
 * right to five digits from nine degrees of freedom on.
 */
export function student(degrees: number): number {
  const [z3, z5, z7, z9] = [3, 5, 7, 9].map((power) => Z ** power) as [number, number, number, number];
  const g1 = (z3 + Z) / 4;
  const g2 = (5 * z5 + 16 * z3 + 3 * Z) / 96;
  const g3 = (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / 384;
  const g4 = (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * Z) / 92_160;
  return Z + g1 / degrees + g2 / degrees ** 2 + g3 / degrees ** 3 + g4 / degrees ** 4;
}

/**
 * Of means, by Welch: the groups may differ in size and in how much they vary. B. L. Welch, The generalization of
 * “Student’s” problem when several different population variances are involved, Biometrika 34 (1947).
 */
export function meansApart(a: Sums, b: Sums): Interval {
  const [one, other] = [a, b].map(({ count, sum, squares }) => {
    const mean = sum / count;
    const variance = Math.max(0, squares - sum * mean) / (count - 1);
    return { mean, error: variance / count, count };
  }) as [Part, Part];
  const difference = one.mean - other.mean;
  const error = one.error + other.error;
  if (error === 0) return { difference, low: difference, high: difference };
  const degrees = error ** 2 / (one.error ** 2 / (one.count - 1) + other.error ** 2 / (other.count - 1));
  const reach = student(degrees) * Math.sqrt(error);
  return { difference, low: difference - reach, high: difference + reach };
}

interface Part {
  readonly mean: number;
  readonly error: number;
  readonly count: number;
}

/**
 * Of shares, by the tenth method of R. G. Newcombe, Interval estimation for the difference between independent
 * proportions, Statistics in Medicine 17 (1998): from the score intervals (E. B. Wilson, 1927) of the two.
 */
export function sharesApart(a: { of: number; count: number }, b: { of: number; count: number }): Interval {
  const [one, other] = [wilson(a.of, a.count), wilson(b.of, b.count)];
  const difference = one.share - other.share;
  return {
    difference,
    low: difference - Math.hypot(one.share - one.low, other.high - other.share),
    high: difference + Math.hypot(one.high - one.share, other.share - other.low),
  };
}

function wilson(of: number, count: number) {
  const share = of / count;
  const z2 = Z ** 2;
  const middle = 2 * of + z2;
  const reach = Z * Math.sqrt(z2 + 4 * of * (1 - share));
  return { share, low: (middle - reach) / (2 * (count + z2)), high: (middle + reach) / (2 * (count + z2)) };
}
