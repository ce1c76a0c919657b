import { describe, expect, it } from '@jest/globals';
import { type Ages, aged, FLOWS, type Flows } from '../../lib/loyalty/ageing.ts';
import fc from '../fast-check.ts';

/** What the flows of one month after the other leave. */
const after = (...flows: readonly [month: string, flows: Flows][]) =>
  flows.reduce<Ages | undefined>((ages, [month, one]) => aged(ages, one, month).ages, undefined);

const told = after(['2026-01', { issued: 100 }], ['2026-02', { issued: 50 }]);

describe('points of several months', () => {
  it.each<[string, Flows, Ages['there']]>([
    ['are spent from the oldest', { redeemed: 120 }, { '2026-02': 30 }],
    ['lapse from the oldest', { expired: 40 }, { '2026-01': 60, '2026-02': 50 }],
    ['are taken back from the newest', { reversed: 60 }, { '2026-01': 90 }],
    ['go to somebody else from the oldest', { moved: -110 }, { '2026-02': 40 }],
    ['come from somebody else as new ones', { moved: 5 }, { '2026-01': 100, '2026-02': 50, '2026-03': 5 }],
    ['are owed by the month that took more than there was', { reversed: 170 }, { '2026-03': -20 }],
  ])('%s', (_, flows, there) => {
    expect(aged(told, flows, '2026-03').ages.there).toEqual(there);
  });

  it('go back to the months that they were spent from, the newest first', () => {
    const spent = after(['2026-01', { issued: 100 }], ['2026-02', { issued: 50 }], ['2026-03', { redeemed: 120 }]);
    const { ages, byMonth } = aged(spent, { returned: 30 }, '2026-05');
    expect(byMonth).toEqual({ '2026-02': { returned: 20 }, '2026-01': { returned: 10 } });
    expect(ages).toEqual({ there: { '2026-01': 10, '2026-02': 50 }, spent: { '2026-01': 90 } });
  });

  it('add up to what came and went, of every kind, whatever it is', () => {
    const flows = fc.record(
      Object.fromEntries(
        FLOWS.map((flow) => [flow, fc.integer({ min: flow === 'adjusted' || flow === 'moved' ? -300 : 0, max: 300 })]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(flows, { maxLength: 20 }), (list) => {
        let ages: Ages | undefined;
        let has = 0;
        for (const [at, one] of (list as Flows[]).entries()) {
          const next = aged(ages, one, `2026-${String(1 + Math.floor(at / 2)).padStart(2, '0')}`);
          for (const flow of FLOWS) {
            const sum = Object.values(next.byMonth).reduce((all, amounts) => all + (amounts[flow] ?? 0), 0);
            expect([flow, sum]).toEqual([flow, one[flow] ?? 0]);
          }
          const of = (flow: (typeof FLOWS)[number]) => one[flow] ?? 0;
          has += of('issued') + of('opened') + of('adjusted') + of('moved') + of('returned');
          has -= of('reversed') + of('declined') + of('redeemed') + of('expired');
          ages = next.ages;
          expect(Object.values(ages.there).reduce((sum, one) => sum + one, 0)).toBe(has);
        }
      }),
      { numRuns: 200 },
    );
  });
});
