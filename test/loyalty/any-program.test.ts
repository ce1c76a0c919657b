import { describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import { decideSale } from '../../lib/loyalty/accrue.ts';
import { append, type Draft, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideEarlyRefund, decideRefund } from '../../lib/loyalty/refund.ts';
import fc from '../fast-check.ts';
import { program, programInput, refund, sale } from '../ledger/world.ts';

/** What holds for every program that a merchant can write, and for every basket and every way to bring it back. */

type Rule = ProgramInput['rules'][number];
const goods = { categories: ['coffee', 'gift-card'], skus: ['bean', 'cup'], tags: ['new', 'sale'] };

const someOf = (names: readonly string[]) => fc.subarray([...names], { minLength: 1 });
const condition: fc.Arbitrary<NonNullable<Rule['when']>[number]> = fc.oneof(
  fc.record({ is: fc.constantFrom('category-in', 'category-not-in'), categories: someOf(goods.categories) }),
  fc.record({ is: fc.constantFrom('sku-in', 'sku-not-in'), skus: someOf(goods.skus) }),
  fc.record({ is: fc.constantFrom('tag-in', 'tag-not-in'), tags: someOf(goods.tags) }),
  fc.record({ is: fc.constant('minimum-spend'), amount: fc.constantFrom('0', '5.00', '20.00') }),
  fc.record({ is: fc.constant('first-purchase') }),
  fc.record({ is: fc.constant('every'), nth: fc.constant(2), of: fc.constantFrom('purchase', 'visit') }),
) as fc.Arbitrary<NonNullable<Rule['when']>[number]>;

const earn: fc.Arbitrary<Rule['earn']> = fc.oneof(
  fc.record({
    kind: fc.constant('per-amount' as const),
    points: fc.integer({ min: 1, max: 20 }),
    amount: fc.constantFrom('0.01', '1.00', '3.00', '7.00'),
    base: fc.constantFrom('net' as const, 'gross' as const),
    discounts: fc.constantFrom('after' as const, 'before' as const),
  }),
  fc.record({ kind: fc.constant('per-item' as const), points: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('flat' as const), points: fc.integer({ min: 1, max: 200 }) }),
);

const waits: fc.Arbitrary<Rule['pending']> = fc.oneof(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('days' as const), days: fc.constantFrom(7, 14) }),
  fc.constant({ kind: 'confirmation' as const }),
);

const aProgram = fc
  .record({
    rules: fc.array(
      fc.record({
        when: fc.array(condition, { maxLength: 2 }),
        earn,
        multiplied: fc.boolean(),
        group: fc.constantFrom(undefined, undefined, 'one', 'two'),
        pending: waits,
        expiry: fc.constantFrom(undefined, { kind: 'none' as const }, { kind: 'months' as const, months: 3 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    multipliers: fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 3 }),
    stacking: fc.record({
      multipliers: fc.constantFrom('multiply' as const, 'add' as const, 'best' as const),
      maxBp: fc.constantFrom(undefined, 15_000),
      rounding: fc.constantFrom('down' as const, 'nearest' as const, 'up' as const, 'carry' as const),
    }),
    caps: fc.array(
      fc.record({
        points: fc.integer({ min: 1, max: 300 }),
        per: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'ever' as const),
        of: fc.constantFrom(undefined, 'rule-0'),
      }),
      { maxLength: 2 },
    ),
    pending: waits,
    by: fc.constantFrom('points' as const, 'spend' as const, 'visits' as const),
    reachingSaleEarns: fc.constantFrom('at-old-tier' as const, 'at-new-tier' as const),
  })
  .map(({ rules, multipliers, stacking, caps, pending, by, reachingSaleEarns }) =>
    program({
      rules: rules.map((rule, at) => ({ id: `rule-${at}`, on: 'sale', ...rule })),
      groups: [
        { id: 'one', takes: 'best' },
        { id: 'two', takes: 'first' },
      ],
      multipliers: multipliers.map((bp, at) => ({ id: `times-${at}`, bp })),
      stacking,
      caps: caps.map(({ of, ...cap }, at) => ({ id: `cap-${at}`, ...cap, ...(of && { rules: [of] }) })),
      pending,
      qualify: { by, reachingSaleEarns },
      tiers: [
        { id: 'base', name: 'Base', from: 0 },
        { id: 'gold', name: 'Gold', from: 50, multiplierBp: 15_000 },
      ],
      expiry: programInput.expiry,
    }),
  );

/** A basket with tax, discounts, weights and things for nothing; or a total of which nothing more is known. */
const aLine = fc.record({
  grossMinor: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.constant(0)),
  taxMinor: fc.integer({ min: 0, max: 500 }),
  discountMinor: fc.constantFrom(0, 0, 150),
  quantity: fc.constantFrom(1, 2, 3, 0.125, 1.75),
  sku: fc.constantFrom(undefined, ...goods.skus),
  category: fc.constantFrom(undefined, ...goods.categories),
  tags: fc.subarray(goods.tags),
});
const aSale = (orderId: string): fc.Arbitrary<SaleFact> =>
  fc
    .record({ lines: fc.array(aLine, { maxLength: 4 }), total: fc.integer({ min: 1, max: 9_000 }) })
    .map(({ lines, total }) => {
      const told = lines.map(({ grossMinor, taxMinor, discountMinor, ...line }, at) => ({
        ...line,
        id: String(at + 1),
        grossMinor,
        netMinor: Math.max(0, grossMinor - taxMinor),
        ...(discountMinor > 0 && {
          listGrossMinor: grossMinor + discountMinor,
          listNetMinor: Math.max(0, grossMinor - taxMinor) + discountMinor,
        }),
      }));
      const sum = (of: 'netMinor' | 'grossMinor') => told.reduce((all, line) => all + line[of], 0);
      return told.length === 0
        ? sale(orderId, Math.floor(total / 1.19), { grossMinor: total })
        : sale(orderId, sum('netMinor'), { grossMinor: sum('grossMinor'), lines: told });
    });

/** Brings all of it back in up to four goes: by line, by amount, or the rest at once. */
const allBack = (fact: SaleFact): fc.Arbitrary<readonly RefundFact[]> =>
  fc
    .record({
      by: fc.constantFrom('amount', 'lines', 'everything'),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    })
    .map(({ by, cuts }) => {
      const shares = [...cuts, 1];
      const cut = (whole: number) => {
        let left = whole;
        return shares.map((share, at) => {
          const piece = at === shares.length - 1 ? left : Math.floor(left * share);
          left -= piece;
          return piece;
        });
      };
      const id = (at: number) => `r${at}`;
      if (by === 'lines' && fact.lines.length > 0) {
        const [net, gross] = [
          fact.lines.map((line) => cut(line.netMinor)),
          fact.lines.map((line) => cut(line.grossMinor)),
        ];
        return shares.map((_, at) =>
          refund(fact.orderId, id(at), {
            kind: 'lines',
            lines: fact.lines.map((line, place) => ({
              id: line.id,
              netMinor: net[place]?.[at] ?? 0,
              grossMinor: gross[place]?.[at] ?? 0,
            })),
          }),
        );
      }
      const [net, gross] = [cut(fact.netMinor), cut(fact.grossMinor)];
      // A sale for nothing has no money that could come back.
      const last = by === 'everything' || fact.grossMinor === 0;
      return shares.map((_, at) =>
        refund(
          fact.orderId,
          id(at),
          last && at === shares.length - 1
            ? { kind: 'everything' }
            : { kind: 'amount', netMinor: net[at], grossMinor: gross[at] ?? 0 },
        ),
      );
    });

const now = new Date('2026-03-10T12:00:00Z');
const stamp = { recordedAt: now.toISOString(), program: 'test' };

/** A member's account and journal, as facts come in. */
class Member {
  account: Account = newAccount('m', 'base');
  readonly entries: Entry[] = [];
  readonly program: ReturnType<typeof program>;
  constructor(ofProgram: ReturnType<typeof program>) {
    this.program = ofProgram;
  }
  private post(draft: Draft): void {
    const { entry, account } = append(this.account, draft, stamp);
    this.entries.push(entry);
    this.account = account;
  }
  tell(fact: SaleFact | RefundFact): this {
    const situation = { program: this.program, now };
    if (fact.type === 'sale') this.post(decideSale(this.account, fact, situation));
    else {
      const ofOrder = this.entries.filter(({ detail }) => 'orderId' in detail && detail.orderId === fact.orderId);
      const sold = ofOrder.find(({ detail }) => detail.kind === 'sale');
      const draft = sold
        ? decideRefund(this.account, fact, situation, sold, ofOrder)
        : decideEarlyRefund(this.account, fact);
      if ('refused' in draft) throw new Error(draft.refused);
      this.post(draft);
    }
    return this;
  }
  /** All that later decisions look at, but for what counts towards caps: a limit that was used stays used. */
  get standing() {
    const { seq: _, headHash: __, counters: ___, lastActivityOn: ____, ...standing } = this.account;
    return standing;
  }
}

const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4, maxLength: 4 });
const inOrder = <T>(list: readonly T[], places: readonly number[]): T[] =>
  places.flatMap((place) => (list[place] === undefined ? [] : [list[place]]));

describe('for any program, any basket and any refunds', () => {
  it('promise 6: what was earned is taken back to the last thousandth, in any split and any order', () => {
    fc.assert(
      fc.property(
        aProgram,
        aSale('before'),
        aSale('o').chain((fact) => fc.tuple(fc.constant(fact), allBack(fact))),
        order,
        (ofProgram, before, [fact, refunds], places) => {
          const member = new Member(ofProgram).tell(before);
          const { standing } = member;
          member.tell(fact);
          for (const one of inOrder(refunds, places)) member.tell(one);
          expect(member.standing).toEqual(standing);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('promise 12: some of the refunds, before the sale or after it, end in the same place', () => {
    fc.assert(
      fc.property(
        aProgram,
        aSale('o').chain((fact) => fc.tuple(fc.constant(fact), allBack(fact))),
        order,
        fc.nat(3),
        fc.nat(3),
        (ofProgram, [fact, refunds], places, some, early) => {
          const told = refunds.slice(0, some);
          const after = new Member(ofProgram).tell(fact);
          for (const one of told) after.tell(one);
          const other = new Member(ofProgram);
          const shuffled = inOrder(told, places);
          for (const one of shuffled.slice(0, early)) other.tell(one);
          other.tell(fact);
          for (const one of shuffled.slice(early)) other.tell(one);
          expect(other.standing).toEqual(after.standing);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('promises 1, 2: points are whole, the sums are right, and a remainder is less than a point', () => {
    fc.assert(
      fc.property(
        aProgram,
        aSale('a').chain((fact) => fc.tuple(fc.constant(fact), allBack(fact))),
        aSale('b').chain((fact) => fc.tuple(fc.constant(fact), allBack(fact))),
        fc.nat(3),
        (ofProgram, [a, backA], [b, backB], some) => {
          const member = new Member(ofProgram).tell(a);
          for (const one of backA.slice(0, some)) member.tell(one);
          member.tell(b);
          for (const one of backB.slice(0, some)) member.tell(one);
          for (const one of backA.slice(some)) member.tell(one);
          const { account } = member;
          const sum = (amounts: Readonly<Record<string, number>>) =>
            Object.values(amounts).reduce((all, one) => all + one, 0);
          expect({
            lifetime: account.available + account.pending,
            available: sum(account.buckets),
            pending: sum(account.lots),
            carryIsARemainder: account.carry >= 0 && account.carry < 1_000,
            nothingBelowZero: account.lifetime >= 0,
          }).toEqual({
            lifetime: account.lifetime,
            available: account.available,
            pending: account.pending,
            carryIsARemainder: true,
            nothingBelowZero: true,
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('promise 14: no cap gives more than it says, by however many sales', () => {
    fc.assert(
      fc.property(aProgram, fc.array(aSale('o'), { minLength: 2, maxLength: 6 }), (ofProgram, facts) => {
        const member = new Member(ofProgram);
        for (const [at, fact] of facts.entries()) member.tell({ ...fact, orderId: `o${at}` });
        const everything = ofProgram.caps.filter(({ rules }) => !rules).map(({ points }) => points);
        expect(member.account.lifetime).toBeLessThanOrEqual(Math.min(...everything, Number.MAX_SAFE_INTEGER));
      }),
      { numRuns: 200 },
    );
  });
});
