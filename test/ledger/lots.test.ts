import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../../lib/loyalty/entry.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock, tables, visit } from './world.ts';

const M = 'm_1';
const confirmation = { pending: { kind: 'confirmation' } } satisfies Partial<ProgramInput>;
const days = { pending: { kind: 'days', days: 14 } } satisfies Partial<ProgramInput>;
const about = { source: 'till', object: 'o', by: 'till' };
const grant = { grantId: 'g', tier: 'gold', through: '2026-06-30', by: 'ada' };

const stateOf = async (ledger: Ledger) => {
  const [account, entries] = [await ledger.account(M), await ledger.entries(M)];
  expect(checkMember(M, entries, account)).toBeUndefined();
  return { account, entries };
};
const kindsOf = (entries: readonly Entry[]) => entries.map(({ detail }) => detail.kind);

function shop(changes: Partial<ProgramInput>) {
  const clock = new TestClock();
  const memory = new MemoryClient();
  return { clock, memory, ledger: ledgerOn(memory.asClient(), clock, changes) };
}

describe('promise 10: a lot ends once', () => {
  it('confirmed and declined at once, one of them is the end, and told to all', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { ledger } = shop(confirmation);
      await ledger.sale(M, sale('o', 1_000));
      const said = [
        () => ledger.confirmLot(M, about),
        () => ledger.declineLot(M, about),
        () => ledger.confirmLot(M, { ...about, because: 'collected' }),
        () => ledger.declineLot(M, { ...about, of: 'review' as const }),
      ];
      const order = [...said.slice(round % 4), ...said.slice(0, round % 4)];
      const outcomes = await Promise.all(order.map((say) => say()));
      const { account, entries } = await stateOf(ledger);
      const ends = entries.filter(({ detail }) => detail.kind === 'activated' || detail.kind === 'declined');
      expect(ends).toHaveLength(1);
      expect(outcomes.filter(({ kind }) => kind === 'posted')).toHaveLength(1);
      const yes = ends[0]?.detail.kind === 'activated';
      expect(account).toMatchObject({ pending: 0, available: yes ? 70 : 0, lifetime: yes ? 70 : 0, lots: {} });
    }
  });

  it('against a refund of the whole order, and a sweep, nothing is left in any order', async () => {
    for (const changes of [confirmation, days]) {
      for (let round = 0; round < 6; round += 1) {
        const { ledger, clock } = shop(changes);
        await ledger.sale(M, sale('o', 1_000));
        clock.to('2026-03-24T12:00:00Z');
        const acts = [
          () => ledger.refund(M, refund('o', 'r', { kind: 'everything' })),
          () => ledger.confirmLot(M, about),
          () => ledger.activate(M, '2026-03-24'),
          () => ledger.activate(M, '2026-03-24'),
          () => ledger.declineLot(M, about),
          () => ledger.review(M),
        ];
        const order = [...acts.slice(round), ...acts.slice(0, round)];
        await Promise.all(order.map((act) => act()));
        const { account } = await stateOf(ledger);
        expect(account).toMatchObject({ available: 0, pending: 0, lifetime: 0, lots: {}, buckets: {}, window: {} });
      }
    }
  });

  it('a retry gets the first outcome, whatever has happened since; the other answer is a conflict', async () => {
    const { ledger } = shop(confirmation);
    await ledger.sale(M, sale('o', 1_000));
    const first = await ledger.confirmLot(M, about);
    await ledger.refund(M, refund('o', 'r', { kind: 'everything' }));
    expect(first.kind).toBe('posted');
    expect(await ledger.confirmLot(M, about)).toEqual({ ...first, kind: 'replayed' });
    expect(await ledger.declineLot(M, about)).toMatchObject({
      kind: 'conflict',
      differences: ['the points were activated'],
    });
  });

  it.each([
    ['an order that is not there', () => undefined],
    ['points that do not wait', (ledger: Ledger) => ledger.activity(M, visit('o'))],
  ])('of %s there is nothing to end', async (_, prepare) => {
    const { ledger } = shop({});
    await prepare(ledger);
    expect(await ledger.confirmLot(M, about)).toEqual({ kind: 'refused', because: 'nothing-waits' });
  });

  it('of an activity is found by what it was', async () => {
    const { ledger } = shop(confirmation);
    await ledger.activity(M, visit('v#1'));
    const said = { source: 'till', object: 'visit:v#1', by: 'till' };
    expect(await ledger.declineLot(M, said)).toMatchObject({
      kind: 'posted',
      entry: { key: 'E#till#visit:v%231#lot', detail: { kind: 'declined', points: 5, windowLeft: 0 } },
    });
  });
});

describe('a review', () => {
  it('sets free what is ripe, each day under its own key, and then books the tier', async () => {
    const { ledger, clock } = shop({ ...days, qualify: { keep: 0 } });
    await ledger.sale(M, sale('a', 20_000));
    clock.to('2026-12-20T12:00:00Z');
    await ledger.sale(M, sale('b', 1_000, { occurredAt: '2026-12-20T12:00:00Z' }));
    clock.to('2026-12-21T12:00:00Z');
    await ledger.sale(M, sale('c', 1_000, { occurredAt: '2026-12-21T12:00:00Z' }));
    clock.to('2027-01-10T12:00:00Z');
    await ledger.review(M);
    await ledger.review(M);
    const { account, entries } = await stateOf(ledger);
    expect(entries.slice(3).map(({ key }) => key)).toEqual([
      'E#sweep#2026-03-24#activation',
      'E#sweep#2027-01-03#activation',
      'E#sweep#2027-01-04#activation',
      'E#sweep#2027-01-10#tier-review',
    ]);
    expect(account).toMatchObject({ pending: 0, tier: 'base' });
  });

  it('of two at once books each thing once', async () => {
    const { ledger, clock } = shop({ ...days, qualify: { keep: 0 } });
    await ledger.sale(M, sale('a', 20_000));
    clock.to('2027-01-10T12:00:00Z');
    await Promise.all([ledger.review(M), ledger.review(M), ledger.review(M)]);
    const { entries } = await stateOf(ledger);
    expect(kindsOf(entries)).toEqual(['sale', 'activated', 'tier-reviewed']);
  });

  it('of nobody does nothing', async () => {
    const { ledger, memory } = shop(days);
    await ledger.review('nobody');
    expect([...memory.tables.values()].flatMap((table) => [...table.keys()])).toEqual([]);
  });

  it('for which nothing is due after all arms the account again, unless somebody has written it meanwhile', async () => {
    const { ledger, clock, memory } = shop({ ...days, qualify: { keep: 0 } });
    await ledger.sale(M, sale('a', 20_000));
    const item = () => memory.tables.get(tables.accounts)?.get(M)?.get('');
    expect(item()?.reviewDue?.S?.slice(0, 10)).toBe('2026-03-24');
    clock.to('2026-03-24T12:00:00Z');
    await ledger.review(M);
    expect(item()?.reviewDue?.S?.slice(0, 10)).toBe('2027-01-01');
    // Since then the merchant lets tiers live a year longer.
    const longer = ledgerOn(memory.asClient(), clock, { ...days, qualify: { keep: 1 } });
    clock.to('2027-01-01T12:00:00Z');
    await longer.review(M);
    expect(item()?.reviewDue?.S?.slice(0, 10)).toBe('2028-01-01');
    const { account, entries } = await stateOf(longer);
    expect({ tier: account?.tier, kinds: kindsOf(entries) }).toEqual({ tier: 'gold', kinds: ['sale', 'activated'] });
  });
});

describe('a tier that staff give', () => {
  it('is given once and ended once, and a retry gets the first outcome', async () => {
    const { ledger, clock } = shop({});
    const first = await ledger.grantTier(M, grant);
    expect(first).toMatchObject({ kind: 'posted', entry: { after: { tier: 'gold' } } });
    expect(await ledger.grantTier(M, grant)).toMatchObject({ kind: 'replayed' });
    expect(await ledger.grantTier(M, { ...grant, tier: 'base' })).toMatchObject({
      kind: 'conflict',
      differences: ['the grant was of gold through 2026-06-30'],
    });
    const ended = await ledger.endGrant(M, { grantId: 'g', by: 'bea' });
    expect(ended).toMatchObject({ kind: 'posted', entry: { after: { tier: 'base' } } });
    clock.to('2026-09-01T12:00:00Z');
    expect(await ledger.endGrant(M, { grantId: 'g', by: 'bea' })).toEqual({ ...ended, kind: 'replayed' });
    // The day is over by now; it was given all the same.
    expect(await ledger.grantTier(M, grant)).toEqual({ ...first, kind: 'replayed' });
    await stateOf(ledger);
  });

  it.each([
    ['a tier that there is not', (ledger: Ledger) => ledger.grantTier(M, { ...grant, tier: 'none' }), 'unknown-tier'],
    ['a day that is over', (ledger: Ledger) => ledger.grantTier(M, { ...grant, through: '2026-03-09' }), 'day-is-over'],
    [
      'an end of what was not given',
      (ledger: Ledger) => ledger.endGrant(M, { grantId: 'x', by: 'a' }),
      'no-such-grant',
    ],
  ])('is refused for %s, which is no entry', async (_, ask, because) => {
    const { ledger } = shop({});
    expect(await ask(ledger)).toEqual({ kind: 'refused', because });
    expect(await ledger.entries(M)).toEqual([]);
  });
});

describe('whatever breaks at whichever call', () => {
  type Act = (ledger: Ledger, clock: TestClock) => Promise<unknown>;
  const later: Act = async (_, clock) => clock.to('2027-01-10T12:00:00Z');
  const sold: Act = (ledger) => ledger.sale(M, sale('o', 20_000));
  const operations: readonly [string, Partial<ProgramInput>, readonly Act[], Act][] = [
    ['a yes', confirmation, [sold], (ledger) => ledger.confirmLot(M, about)],
    ['a no', confirmation, [sold], (ledger) => ledger.declineLot(M, about)],
    ['an activation', days, [sold, later], (ledger) => ledger.activate(M, '2026-03-24')],
    ['a review', { ...days, qualify: { keep: 0 } }, [sold, later], (ledger) => ledger.review(M)],
    ['a grant', {}, [sold], (ledger) => ledger.grantTier(M, grant)],
    [
      'the end of a grant',
      {},
      [(ledger) => ledger.grantTier(M, grant)],
      (ledger) => ledger.endGrant(M, { grantId: 'g', by: 'ada' }),
    ],
  ];

  it.each(operations)(
    '%s, told again after a crash, ends as if nothing had happened',
    async (_, changes, prepare, act) => {
      const attempt = async (mishap?: { at: number; kind: Mishap }) => {
        const clock = new TestClock();
        const memory = new MemoryClient();
        for (const one of prepare) await one(ledgerOn(memory.asClient(), clock, changes), clock);
        const first = memory.restarted();
        first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
        try {
          await act(ledgerOn(first.asClient(), clock, changes), clock);
        } catch (error) {
          if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
        }
        await act(ledgerOn(memory.restarted().asClient(), clock, changes), clock);
        const { account, entries } = await stateOf(ledgerOn(memory.asClient(), clock, changes));
        return { calls: first.calls, account, keys: entries.map(({ key }) => key) };
      };
      const clean = await attempt();
      for (let at = 1; at <= clean.calls; at += 1) {
        for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
          const { account, keys } = await attempt({ at, kind });
          expect({ at, kind, account, keys }).toEqual({ at, kind, account: clean.account, keys: clean.keys });
        }
      }
    },
  );
});
