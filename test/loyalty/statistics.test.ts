import { describe, expect, it } from '@jest/globals';
import { meansApart, type Sums, sharesApart, student } from '../../lib/loyalty/statistics.ts';

const sums = (values: readonly number[]): Sums => ({
  count: values.length,
  sum: values.reduce((sum, one) => sum + one, 0),
  squares: values.reduce((sum, one) => sum + one ** 2, 0),
});

describe('Student’s t', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: critical values, upper tail 0.025.
  it.each([
    [10, 2.228],
    [15, 2.131],
    [20, 2.086],
    [30, 2.042],
    [60, 2.0],
    [100, 1.984],
    [1e9, 1.96],
  ])('for %i degrees of freedom is as printed', (degrees, printed) => {
    expect(student(degrees)).toBeCloseTo(printed, 3);
  });
});

describe('the difference of two means', () => {
  // Student's own data on sleep (Biometrika 6, 1908), as R's t.test(extra ~ group, data = sleep) answers it.
  it('is as Welch has it, where the groups vary differently', () => {
    const a = sums([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]);
    const b = sums([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    const { difference, low, high } = meansApart(a, b);
    expect(difference).toBeCloseTo(-1.58, 10);
    expect(low).toBeCloseTo(-3.3654832, 4);
    expect(high).toBeCloseTo(0.2054832, 4);
  });

  it('does not depend on the unit, and swaps with its sides', () => {
    const [a, b] = [sums([1, 2, 3, 4, 50]), sums([2, 2, 2, 9, 9, 9])];
    const one = meansApart(a, b);
    const other = meansApart(b, a);
    expect([other.difference, other.low, other.high]).toEqual([-one.difference, -one.high, -one.low]);
    const cents = (list: Sums): Sums => ({ count: list.count, sum: list.sum * 100, squares: list.squares * 10_000 });
    expect(meansApart(cents(a), cents(b)).low).toBeCloseTo(one.low * 100, 6);
  });

  it('is certain where nobody differs', () => {
    expect(meansApart(sums([2, 2, 2]), sums([1, 1]))).toEqual({ difference: 1, low: 1, high: 1 });
  });
});

describe('the difference of two shares', () => {
  // Newcombe (1998), table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 10, 0.6075, 1],
  ])('%i/%i − %i/%i is as printed', (x, m, y, n, low, high) => {
    const apart = sharesApart({ of: x, count: m }, { of: y, count: n });
    expect(apart.low).toBeCloseTo(low, 4);
    expect(apart.high).toBeCloseTo(high, 4);
  });
});
