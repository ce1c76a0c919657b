import { describe, expect, it } from '@jest/globals';
import { chart, intervals } from '../../bin/chart.ts';

describe('a chart', () => {
  it('has a bar as long as each row’s share of the largest, and thousands that can be read', () => {
    const rows = [
      { day: '2026-03-01', issued: 1_200 },
      { day: '2026-03-02', issued: 300 },
      { day: '2026-03-03', issued: null },
    ];
    expect(chart(['day', 'issued'], rows, 'issued', 8).split('\n')).toEqual([
      'day         issued',
      '2026-03-01   1 200  ████████',
      '2026-03-02     300  ██',
      '2026-03-03       –',
    ]);
  });

  it('of intervals has nothing in the middle, and each row a measure of its own', () => {
    const rows = [
      { of: 'spent', low: '5.00', high: '10.00' },
      { of: 'came', low: -300, high: 150 },
      { of: 'less', low: -4, high: -1 },
      { of: 'visits', low: null, high: null },
    ];
    expect(intervals(['of', 'low', 'high'], rows, 4).split('\n')).toEqual([
      'of       low   high',
      'spent   5.00  10.00      │ ├─┤',
      'came    -300    150  ├───┼─┤',
      'less      -4     -1  ├──┤│',
      'visits     –      –',
    ]);
  });
});
