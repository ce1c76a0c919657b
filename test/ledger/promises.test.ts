import { afterAll, describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import type { Entry } from '../../lib/loyalty/entry.ts';
import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { checkAccount, checkMember } from '../../lib/loyalty/verify.ts';
import type { Outcome } from '../../lib/runtime/journal.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import fc from '../fast-check.ts';
import { chanceOf } from '../simulation/random.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock, visit } from './world.ts';

/** The promises of the ledger, by number, over sequences, interleavings, crash points and a seeded simulation. */

const counts = { sequences: 0, steps: 0, crashPoints: 0, interleavings: 0, simulatedEvents: 0 };
afterAll(() => {
  process.stdout.write(
    `\nledger promises: ${counts.sequences} sequences with ${counts.steps} steps, ${counts.crashPoints} crash points, ` +
      `${counts.interleavings} interleavings, ${counts.simulatedEvents} simulated events\n`,
  );
});

const M = 'm_test';
const SEED = 20_260_310;

/** No multiplier and no cap: what the model below can say in a line. */
const plain = { tiers: [{ id: 'base', name: 'Base', from: 0 }], rewards: [], caps: [] };

async function stateOf(ledger: Ledger): Promise<{ account: Account | undefined; entries: Entry[] }> {
  const account = await ledger.account(M);
  const entries = await ledger.entries(M);
  return { account, entries };
}

async function expectSound(ledger: Ledger): Promise<void> {
  const { account, entries } = await stateOf(ledger);
  expect(checkMember(M, entries, account)).toBeUndefined();
}

type Step =
  | { readonly do: 'sale'; readonly order: number; readonly minor: number; readonly redemption?: number }
  | { readonly do: 'refund'; readonly order: number; readonly id: number; readonly minor: number | 'everything' }
  | { readonly do: 'visit'; readonly id: number }
  | { readonly do: 'redeem'; readonly id: number; readonly points: number; readonly capture: boolean }
  | { readonly do: 'capture'; readonly id: number; readonly points?: number }
  | { readonly do: 'void'; readonly id: number }
  | { readonly do: 'days'; readonly days: number }
  | { readonly do: 'expire' };

const small = fc.integer({ min: 0, max: 4 });
const minor = fc.integer({ min: 1, max: 20_000 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('sale' as const),
      order: small,
      minor,
      redemption: fc.option(small, { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('refund' as const),
      order: small,
      id: small,
      minor: fc.oneof(minor, fc.constant('everything' as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('visit' as const), id: small }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      id: small,
      points: fc.integer({ min: 1, max: 900 }),
      capture: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('capture' as const),
      id: small,
      points: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('void' as const), id: small }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('days' as const), days: fc.integer({ min: 1, max: 200 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'expire' as const }) },
);

/** The last day that is over. All test times are noon, so that this is yesterday in every zone we use. */
const yesterday = (clock: TestClock): string => new Date(clock.at.getTime() - 86_400_000).toISOString().slice(0, 10);

function run(ledger: Ledger, clock: TestClock, one: Step): Promise<Outcome> | undefined {
  const occurredAt = clock.at.toISOString();
  switch (one.do) {
    case 'sale':
      return ledger.sale(
        M,
        sale(`o${one.order}`, one.minor, {
          occurredAt,
          ...(one.redemption !== undefined && { redemptionId: `r${one.redemption}` }),
        }),
      );
    case 'refund':
      return ledger.refund(
        M,
        refund(`o${one.order}`, `f${one.id}`, one.minor === 'everything' ? { kind: 'everything' } : one.minor, {
          occurredAt,
        }),
      );
    case 'visit':
      return ledger.activity(M, visit(`v${one.id}`, { occurredAt }));
    case 'redeem':
      return ledger.authorize(M, { redemptionId: `r${one.id}`, points: one.points, capture: one.capture });
    case 'capture':
      return ledger.capture(M, { redemptionId: `r${one.id}`, ...(one.points !== undefined && { points: one.points }) });
    case 'void':
      return ledger.void(M, { redemptionId: `r${one.id}`, reason: 'voided' });
    case 'expire':
      return ledger.expire(M, yesterday(clock));
    case 'days':
      clock.at = new Date(clock.at.getTime() + one.days * 86_400_000);
      return undefined;
  }
}

/** Knows of orders and refunds only what was asked, and says what must be left of them. */
class Model {
  readonly sales = new Map<number, number>();
  readonly refunds = new Map<number, Map<number, number | 'everything'>>();
  visits = new Set<number>();

  saw(one: Step, outcome: Outcome): void {
    if (outcome.kind !== 'posted') return;
    if (one.do === 'sale') this.sales.set(one.order, one.minor);
    if (one.do === 'refund')
      this.refunds.set(one.order, (this.refunds.get(one.order) ?? new Map()).set(one.id, one.minor));
    if (one.do === 'visit') this.visits.add(one.id);
  }

  lifetime(): number {
    let total = this.visits.size * 5;
    for (const [order, sold] of this.sales) {
      const back = [...(this.refunds.get(order)?.values() ?? [])];
      const kept = back.includes('everything') ? 0 : Math.max(0, sold - (back as number[]).reduce((a, b) => a + b, 0));
      total += Math.floor((kept * 7) / 100);
    }
    return total;
  }
}

describe('over any sequence of commands', () => {
  it('promises 1, 2, 3, 4, 5, 6, 8, 9, 11, 16: sums, debits, keys, retries, refunds, buckets, holds, dates and the chain are right after every step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.constantFrom('allow' as const, 'stop-at-zero' as const),
        async (steps, whenSpent) => {
          const clock = new TestClock();
          const ledger = ledgerOn(new MemoryClient().asClient(), clock, { ...plain, refunds: { whenSpent } });
          const model = new Model();
          let gone = 0; // expired, and let go by refunds
          let spent = 0;
          counts.sequences += 1;
          for (const one of steps) {
            counts.steps += 1;
            const before = await ledger.account(M);
            const outcome = await run(ledger, clock, one);
            if (!outcome) continue;
            model.saw(one, outcome);
            // 5: whoever asks again hears the same, and nothing moves.
            const settled = await ledger.account(M);
            const again = await run(ledger, clock, one);
            expect({ answer: answerOf(again), account: await ledger.account(M) }).toEqual({
              answer: answerOf(outcome),
              account: settled,
            });
            const now = await ledger.account(M);
            if (!now) continue;
            // 1, 2: the account adds up. 3: nobody spends what is not there.
            expect(checkAccount(now)).toBeUndefined();
            if (one.do === 'redeem' && outcome.kind === 'posted') expect(now.available).toBeGreaterThanOrEqual(0);
            if (whenSpent === 'stop-at-zero') expect(now.available).toBeGreaterThanOrEqual(0);
            // 11: nothing expires that could still be spent.
            if (one.do === 'expire' && outcome.kind === 'posted') {
              expect(
                Object.keys(before?.buckets ?? {}).filter(
                  (date) => date > yesterday(clock) && now.buckets[date] !== before?.buckets[date],
                ),
              ).toEqual([]);
            }
          }
          const { entries, account } = await stateOf(ledger);
          for (const { detail } of entries) {
            if (detail.kind === 'expired') gone += detail.points;
            if (detail.kind === 'refund') gone -= (detail.letGo ?? 0) + detail.returned;
            if (detail.kind === 'sale') gone -= detail.returned ?? 0;
            if (detail.kind === 'redeemed') spent += detail.points;
          }
          // 1: all that was ever earned is available, held, spent or gone. 6: refunds took exactly what the model says.
          expect(account?.lifetime ?? 0).toBe(model.lifetime());
          if (account) expect(account.available + account.held).toBe(account.lifetime - spent - gone);
          // 4: one entry for a business key. 9: a hold has one end.
          expect(new Set(entries.map((entry) => entry.key)).size).toBe(entries.length);
          expect(checkMember(M, entries, account)).toBeUndefined();
        },
      ),
      { seed: SEED, numRuns: 600 },
    );
  });

  it('promise 12: sales and refunds end in the same place in whatever order they arrive, each once or twice', async () => {
    const order = fc.record({
      minor,
      refunds: fc.array(fc.oneof(minor, fc.constant('everything' as const)), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { minLength: 1, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (orders, random) => {
          const facts = orders.flatMap((one, i): (SaleFact | RefundFact)[] => [
            sale(`o${i}`, one.minor),
            ...one.refunds.map((back, j) =>
              refund(`o${i}`, `f${j}`, back === 'everything' ? { kind: 'everything' } : back),
            ),
          ]);
          const shuffled = [...facts, ...facts]
            .map((fact) => ({ fact, rank: random.next().value ?? 0 }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ fact }) => fact);
          const [straight, mixed] = await Promise.all(
            [facts, shuffled].map(async (list) => {
              const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock(), plain);
              for (const fact of list) await (fact.type === 'sale' ? ledger.sale(M, fact) : ledger.refund(M, fact));
              await expectSound(ledger);
              counts.interleavings += 1;
              return ledger.account(M);
            }),
          );
          const { seq: _, headHash: __, ...end } = mixed as Account;
          expect(end).toMatchObject({
            available: straight?.available,
            lifetime: straight?.lifetime,
            buckets: straight?.buckets,
            early: {},
          });
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });
});

/** What whoever asked can see: a replay is the first answer. A sweep that took all finds nothing the next time. */
function answerOf(outcome: Outcome | undefined): unknown {
  if (!outcome) return undefined;
  if (outcome.kind === 'posted' || outcome.kind === 'replayed')
    return outcome.entry.detail.kind === 'expired' ? 'expiry' : { done: outcome.entry.hash };
  if (outcome.kind === 'conflict') return { conflict: outcome.entry.hash };
  return outcome.because === 'nothing-to-expire' ? 'expiry' : { refused: outcome.because, entry: outcome.entry?.hash };
}

describe('at the same time', () => {
  it('promise 4: the same sale by fifty tills at once is one sale', async () => {
    const memory = new MemoryClient();
    const clock = new TestClock();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => ledgerOn(memory.asClient(), clock).sale(M, sale('o', 1_000))),
    );
    const ledger = ledgerOn(memory.asClient(), clock);
    counts.interleavings += 50;
    expect({
      posted: outcomes.filter(({ kind }) => kind === 'posted').length,
      replayed: outcomes.filter(({ kind }) => kind === 'replayed').length,
      available: (await ledger.account(M))?.available,
    }).toEqual({ posted: 1, replayed: 49, available: 70 });
  });

  it('promise 14: the daily limit holds under fifty parallel sales', async () => {
    const memory = new MemoryClient();
    const clock = new TestClock();
    const ledger = ledgerOn(memory.asClient(), clock, { caps: [{ id: 'daily', points: 500, per: 'day' }] });
    await Promise.all(Array.from({ length: 50 }, (_, i) => ledger.sale(M, sale(`o${i}`, 1_000))));
    counts.interleavings += 50;
    expect((await ledger.account(M))?.available).toBe(500);
    await expectSound(ledger);
  });

  it('promise 3: of two redemptions that the balance allows once, one is refused', async () => {
    const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock());
    await ledger.sale(M, sale('o', 1_000));
    const outcomes = await Promise.all(
      ['a', 'b'].map((redemptionId) => ledger.authorize(M, { redemptionId, points: 40, capture: true })),
    );
    counts.interleavings += 2;
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['posted', 'refused']);
  });

  it('promise 9: captured, voided and lapsed at once, a hold ends one way', async () => {
    const clock = new TestClock();
    const ledger = ledgerOn(new MemoryClient().asClient(), clock);
    await ledger.sale(M, sale('o', 1_000));
    await ledger.authorize(M, { redemptionId: 'r', points: 40, capture: false });
    const ends = await Promise.all([
      ledger.capture(M, { redemptionId: 'r' }),
      ledger.void(M, { redemptionId: 'r', reason: 'voided' }),
      ledger.capture(M, { redemptionId: 'r', points: 10 }),
    ]);
    counts.interleavings += 3;
    expect(ends.filter(({ kind }) => kind === 'posted')).toHaveLength(1);
    await expectSound(ledger);
  });
});

describe('whatever breaks at whichever call', () => {
  const hold = (ledger: Ledger) => ledger.authorize(M, { redemptionId: 'r', points: 40, capture: false });
  const rich = (ledger: Ledger) => ledger.sale(M, sale('first', 1_000));
  const operations: [
    name: string,
    prepare: ((ledger: Ledger, clock: TestClock) => Promise<unknown>)[],
    act: (ledger: Ledger, clock: TestClock) => Promise<unknown>,
  ][] = [
    ['the first sale', [], (ledger) => ledger.sale(M, sale('o', 1_000))],
    ['a sale', [rich], (ledger) => ledger.sale(M, sale('o', 1_000))],
    ['a sale that captures', [rich, hold], (ledger) => ledger.sale(M, sale('o', 1_000, { redemptionId: 'r' }))],
    [
      'a sale whose refund came first',
      [rich, (ledger) => ledger.refund(M, refund('o', 'f', 500))],
      (ledger) => ledger.sale(M, sale('o', 1_000)),
    ],
    ['a refund', [rich], (ledger) => ledger.refund(M, refund('first', 'f', 500))],
    [
      'a refund of spent points',
      [rich, hold, (ledger) => ledger.sale(M, sale('o', 1_000, { redemptionId: 'r' }))],
      (ledger) => ledger.refund(M, refund('o', 'f', 500)),
    ],
    ['an early refund', [rich], (ledger) => ledger.refund(M, refund('o', 'f', 500))],
    ['a visit', [rich], (ledger) => ledger.activity(M, visit('v'))],
    ['a redemption at once', [rich], (ledger) => ledger.authorize(M, { redemptionId: 'r', points: 40, capture: true })],
    [
      'a refused redemption',
      [rich],
      (ledger) => ledger.authorize(M, { redemptionId: 'r', points: 4_000, capture: true }),
    ],
    ['an authorization', [rich], hold],
    ['a capture', [rich, hold], (ledger) => ledger.capture(M, { redemptionId: 'r' })],
    ['a partial capture', [rich, hold], (ledger) => ledger.capture(M, { redemptionId: 'r', points: 10 })],
    ['a void', [rich, hold], (ledger) => ledger.void(M, { redemptionId: 'r', reason: 'voided' })],
    [
      'an expiry',
      [rich, async (_, clock) => clock.to('2027-04-01T12:00:00Z')],
      (ledger) => ledger.expire(M, '2027-03-31'),
    ],
    [
      'an enrolment',
      [],
      (ledger) => ledger.note(M, { kind: 'enrolled' }, { source: 'till', object: M, at: '2026-03-10T12:00:00Z' }),
    ],
  ];

  it.each(operations)(
    'promises 1, 4, 5, 16: %s, told again after a crash, ends as if nothing had happened',
    async (_, prepare, act) => {
      const attempt = async (mishap?: { at: number; kind: Mishap }) => {
        const clock = new TestClock();
        const memory = new MemoryClient();
        for (const one of prepare) await one(ledgerOn(memory.asClient(), clock), clock);
        const first = memory.restarted();
        first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
        try {
          await act(ledgerOn(first.asClient(), clock), clock);
        } catch (error) {
          if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
        }
        // The queue, or the till, tells it again: to another process.
        await act(ledgerOn(memory.restarted().asClient(), clock), clock);
        const ledger = ledgerOn(memory.asClient(), clock);
        const { account, entries } = await stateOf(ledger);
        expect(checkMember(M, entries, account)).toBeUndefined();
        return { calls: first.calls, account, keys: entries.map((entry) => entry.key) };
      };
      const clean = await attempt();
      for (let at = 1; at <= clean.calls; at += 1) {
        for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
          counts.crashPoints += 1;
          const { account, keys } = await attempt({ at, kind });
          expect({ at, kind, account, keys }).toEqual({ at, kind, account: clean.account, keys: clean.keys });
        }
      }
    },
  );
});

describe('a busy year, seeded', () => {
  it('promises 1, 4, 12, 16, 17: duplicates, reordering, conflicts and lost answers change no balance', async () => {
    const random = chanceOf(SEED);
    const members = Array.from({ length: 40 }, (_, i) => `m_${i}`);
    const facts: { member: string; fact: SaleFact | RefundFact }[] = [];
    for (let i = 0; i < 2_000; i += 1) {
      const member = members[Math.floor(random() * members.length)] ?? 'm_0';
      const amount = 1 + Math.floor(random() * 20_000);
      facts.push({ member, fact: sale(`o${i}`, amount) });
      if (random() < 0.3) facts.push({ member, fact: refund(`o${i}`, 'a', Math.floor(random() * amount)) });
      if (random() < 0.1) facts.push({ member, fact: refund(`o${i}`, 'b', { kind: 'everything' }) });
    }
    const told = [...facts, ...facts.filter(() => random() < 0.3)]
      .map((one) => ({ one, rank: random() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);

    const clock = new TestClock();
    const memory = new MemoryClient();
    memory.mishap = () => (random() < 0.05 ? 'conflict' : random() < 0.02 ? 'lost' : undefined);
    const ledger = ledgerOn(memory.asClient(), clock, plain);
    await inFlight(32, told, async ({ member, fact }) => {
      for (;;) {
        try {
          return void (await (fact.type === 'sale' ? ledger.sale(member, fact) : ledger.refund(member, fact)));
        } catch (error) {
          if ((error as Error).name !== 'TimeoutError') throw error;
        }
      }
    });
    counts.simulatedEvents += told.length;

    memory.mishap = () => undefined;
    const straight = ledgerOn(new MemoryClient().asClient(), clock, plain);
    for (const { member, fact } of facts)
      await (fact.type === 'sale' ? straight.sale(member, fact) : straight.refund(member, fact));
    let total = 0;
    for (const member of members) {
      const [account, expected] = [await ledger.account(member), await straight.account(member)];
      expect(checkMember(member, await ledger.entries(member), account)).toBeUndefined();
      expect([member, account?.available, account?.lifetime, account?.buckets]).toEqual([
        member,
        expected?.available,
        expected?.lifetime,
        expected?.buckets,
      ]);
      total += account?.available ?? 0;
    }
    expect(total).toBeGreaterThan(0);
  });
});

describe('promise 16: the journal shows what was done to it', () => {
  const journal = async () => {
    const ledger = ledgerOn(new MemoryClient().asClient(), new TestClock());
    for (const i of [1, 2, 3]) await ledger.sale(M, sale(`o${i}`, 1_000));
    return stateOf(ledger) as Promise<{ account: Account; entries: [Entry, Entry, Entry] }>;
  };

  it.each([
    ['a changed entry', ([a, b, c]: Entry[]) => [a, { ...b, change: { ...b?.change, lifetime: 700 } }, c], 2],
    [
      'a changed entry, hashed anew',
      ([a, b, c]: Entry[]) => [a, { ...b, occurredAt: '2020-01-01T00:00:00Z', hash: 'x'.repeat(43) }, c],
      2,
    ],
    ['an entry that was removed', ([a, , c]: Entry[]) => [a, c], 2],
    ['the newest entry removed', ([a, b]: Entry[]) => [a, b], 3],
    ['two entries in the other order', ([a, b, c]: Entry[]) => [a, { ...c, seq: 2 }, { ...b, seq: 3 }], 2],
    ['an entry of somebody else', ([a, b, c]: Entry[]) => [a, { ...b, memberId: 'm_other' }, c], 2],
  ])('%s is found, and named', async (_, tamper, seq) => {
    const { account, entries } = await journal();
    expect(checkMember(M, tamper(entries) as Entry[], account)).toMatchObject({ seq });
  });

  it('a changed account is found', async () => {
    const { account, entries } = await journal();
    expect(checkMember(M, entries, { ...account, available: 999 as never })).toMatchObject({
      seq: 3,
      fault: 'the account is not the sum of its entries: available',
    });
  });
});

async function inFlight<T>(width: number, list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = list.values();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const one of queue) await work(one);
    }),
  );
}
