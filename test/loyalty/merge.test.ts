import { afterAll, describe, expect, it } from '@jest/globals';
import type { Account } from '../../lib/loyalty/account.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import fc from '../fast-check.ts';
import { Died, MemoryClient, type Mishap } from '../ledger/memory-client.ts';
import { ledgerOn, refund, sale, TestClock, visit } from '../ledger/world.ts';

/** Promise 15: a merge is a union, and unmerging restores. */

const counts = { sequences: 0, steps: 0, crashPoints: 0, interleavings: 0 };
afterAll(() => {
  process.stdout.write(
    `\nmerging: ${counts.sequences} sequences with ${counts.steps} steps, ${counts.crashPoints} crash points, ` +
      `${counts.interleavings} interleavings\n`,
  );
});

const SEED = 20_260_415;
const [HOST, GUEST] = ['m_host', 'm_guest'];
const STAFF = 'anna';

const simple = {
  rules: [{ id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'net' } }],
  caps: [],
  tiers: [
    { id: 'base', name: 'Base', from: 0 },
    { id: 'gold', name: 'Gold', from: 300 },
  ],
} satisfies Partial<ProgramInput>;

function open(changes: Partial<ProgramInput> = {}, at = '2026-03-10T12:00:00Z') {
  const clock = new TestClock(at);
  const memory = new MemoryClient();
  return { clock, memory, ledger: ledgerOn(memory.asClient(), clock, changes) };
}

async function standing(ledger: Ledger, memberId: string): Promise<Account> {
  const account = await ledger.account(memberId);
  if (!account) throw new Error(`nobody is ${memberId}`);
  return account;
}

const both = (ledger: Ledger) => Promise.all([HOST, GUEST].map((memberId) => standing(ledger, memberId)));

/** All of an account but where it stands in its journal. */
function contentOf(account: Account): object {
  const { seq: _, headHash: __, formerly: ___, ...content } = account;
  return content;
}

const total = (...accounts: readonly Account[]): number =>
  accounts.reduce((sum, { available, pending, held }) => sum + available + pending + held, 0);

async function expectSound(ledger: Ledger): Promise<void> {
  for (const memberId of [HOST, GUEST])
    expect(checkMember(memberId, await ledger.entries(memberId), await ledger.account(memberId))).toBeUndefined();
}

describe('merging', () => {
  it('gives the host what both had, and leaves the guest nothing', async () => {
    const { ledger } = open(simple);
    await ledger.sale(HOST, sale('1', 10_000));
    await ledger.sale(GUEST, sale('2', 25_000));
    await ledger.authorize(GUEST, { redemptionId: 'r', points: 30, capture: false });
    await ledger.refund(GUEST, refund('unknown', 'e', 100));
    const [, guestBefore] = await both(ledger);

    expect(await ledger.merge(HOST, GUEST, STAFF)).toMatchObject({
      kind: 'posted',
      entry: { memberId: HOST, detail: { kind: 'merged-from', with: GUEST, points: 250, by: STAFF } },
    });
    const [host, guest] = await both(ledger);
    expect(host).toMatchObject({
      available: 320,
      held: 30,
      lifetime: 350,
      buckets: { '2027-03-31': 320 },
      window: { '2026': 350 },
      visits: 2,
      purchases: 2,
      tier: 'gold',
      absorbed: [GUEST],
      early: guestBefore?.early,
    });
    expect(guest).toMatchObject({ available: 0, held: 0, lifetime: 0, buckets: {}, holds: {}, mergedInto: HOST });
    await expectSound(ledger);
  });

  it('books to the host whatever is told of the guest from then on, and nothing twice', async () => {
    const { ledger } = open(simple);
    await ledger.sale(GUEST, sale('1', 10_000));
    await ledger.authorize(GUEST, { redemptionId: 'r', points: 30, capture: false });
    await ledger.merge(HOST, GUEST, STAFF);
    expect((await ledger.sale(GUEST, sale('1', 10_000))).kind).toBe('replayed');
    expect((await ledger.sale(HOST, sale('1', 10_000))).kind).toBe('replayed');
    expect(await ledger.sale(GUEST, sale('2', 5_000))).toMatchObject({ kind: 'posted', entry: { memberId: HOST } });
    expect(await ledger.capture(GUEST, { redemptionId: 'r' })).toMatchObject({
      kind: 'posted',
      entry: { memberId: HOST },
    });
    expect(await ledger.refund(GUEST, refund('1', 'all', { kind: 'everything' }))).toMatchObject({
      entry: { memberId: HOST, detail: { reversed: 100 } },
    });
    expect(await standing(ledger, HOST)).toMatchObject({ available: 20, held: 0, lifetime: 50 });
    await expectSound(ledger);
  });

  it('takes what each journal says of itself for that journal’s own', async () => {
    const { ledger, clock } = open(simple);
    await ledger.sale(HOST, sale('1', 10_000));
    await ledger.sale(GUEST, sale('2', 10_000));
    clock.to('2027-04-02T12:00:00Z');
    await ledger.expire(GUEST, '2027-03-31');
    await ledger.merge(HOST, GUEST, STAFF);
    expect(await ledger.expire(HOST, '2027-03-31')).toMatchObject({
      kind: 'posted',
      entry: { detail: { points: 100 } },
    });
  });

  it('pays the debt of the one with the points of the other', async () => {
    const { ledger } = open(simple);
    await ledger.sale(HOST, sale('1', 10_000));
    await ledger.sale(GUEST, sale('2', 3_000));
    await ledger.authorize(GUEST, { redemptionId: 'r', points: 30, capture: true });
    await ledger.refund(GUEST, refund('2', 'all', { kind: 'everything' }));
    expect(await standing(ledger, GUEST)).toMatchObject({ buckets: { owed: -30 } });
    await ledger.merge(HOST, GUEST, STAFF);
    expect(await standing(ledger, HOST)).toMatchObject({ available: 70, buckets: { '2027-03-31': 70 } });
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect(await both(ledger)).toMatchObject([{ buckets: { '2027-03-31': 100 } }, { buckets: { owed: -30 } }]);
  });

  it('keeps alive with one account’s doings what the other had, where points live by activity', async () => {
    const { ledger, clock } = open({ ...simple, expiry: { kind: 'inactivity', months: 6, until: 'day' } });
    await ledger.sale(HOST, sale('1', 10_000, { occurredAt: '2026-01-10T12:00:00Z' }));
    await ledger.sale(GUEST, sale('2', 5_000, { occurredAt: '2026-03-10T12:00:00Z' }));
    const before = (await both(ledger)).map(contentOf);
    await ledger.merge(HOST, GUEST, STAFF);
    expect(await standing(ledger, HOST)).toMatchObject({
      buckets: { '2026-09-10': 150 },
      lastActivityOn: '2026-03-10',
    });
    clock.to('2026-04-01T12:00:00Z');
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect((await both(ledger)).map(contentOf)).toEqual(before);
  });

  it('does not make somebody their own friend', async () => {
    const { ledger } = open({ ...simple, referrals: { referrerPoints: 50, friendPoints: 20 } });
    await ledger.refer(HOST, { by: GUEST, code: 'ADA-1' });
    await ledger.merge(HOST, GUEST, STAFF);
    expect(await standing(ledger, HOST)).not.toHaveProperty('referredBy');
  });

  it.each<[string, (ledger: Ledger) => Promise<unknown>, [string, string], string]>([
    ['with itself', async () => undefined, [HOST, HOST], 'same-member'],
    [
      'of what has gone elsewhere',
      (ledger) => ledger.merge('m_other', GUEST, STAFF),
      [HOST, GUEST],
      'merged-elsewhere',
    ],
    [
      'into what has gone elsewhere',
      (ledger) => ledger.merge('m_other', HOST, STAFF),
      [HOST, GUEST],
      'merged-elsewhere',
    ],
    ['into its own guest', (ledger) => ledger.merge(HOST, GUEST, STAFF), [GUEST, HOST], 'merged-elsewhere'],
    [
      'while both hold points under one name',
      async (ledger) => {
        for (const memberId of [HOST, GUEST]) {
          await ledger.sale(memberId, sale(memberId, 10_000));
          await ledger.authorize(memberId, { redemptionId: 'same', points: 10, capture: false });
        }
      },
      [HOST, GUEST],
      'same-redemption-held',
    ],
  ])('is refused %s', async (_, prepare, [host, guest], because) => {
    const { ledger } = open(simple);
    await prepare(ledger);
    expect(await ledger.merge(host, guest, STAFF)).toEqual({ kind: 'refused', because });
  });

  it('again answers as the first time; there and back and there is three entries in each journal', async () => {
    const { ledger } = open(simple);
    await ledger.sale(GUEST, sale('1', 10_000));
    const first = await ledger.merge(HOST, GUEST, STAFF);
    expect(await ledger.merge(HOST, GUEST, STAFF)).toEqual({ ...first, kind: 'replayed' });
    const back = await ledger.unmerge(HOST, GUEST, STAFF);
    expect(back.kind).toBe('posted');
    expect(await ledger.unmerge(HOST, GUEST, STAFF)).toEqual({ ...back, kind: 'replayed' });
    expect((await ledger.merge(HOST, GUEST, STAFF)).kind).toBe('posted');
    expect((await ledger.entries(HOST)).map(({ detail }) => detail.kind)).toEqual([
      'merged-from',
      'unmerged',
      'merged-from',
    ]);
    expect(await ledger.unmerge('m_other', GUEST, STAFF)).toEqual({ kind: 'refused', because: 'not-merged' });
    await expectSound(ledger);
  });
});

describe('unmerging', () => {
  const spend = (ledger: Ledger, points: number) =>
    ledger.authorize(HOST, { redemptionId: 's', points, capture: true });

  /** What happened while they were one → what each has afterwards, of 100 (host) and 50 (guest). */
  it.each<[string, (ledger: Ledger) => Promise<unknown>, [number, number]]>([
    ['nothing', async () => undefined, [100, 50]],
    ['a purchase: it is the host’s', (ledger) => ledger.sale(GUEST, sale('new', 1_000)), [110, 50]],
    ['the guest’s order came back', (ledger) => ledger.refund(GUEST, refund('guests', 'x', 5_000)), [100, 0]],
    ['half the guest’s order came back', (ledger) => ledger.refund(HOST, refund('guests', 'x', 2_500)), [100, 25]],
    ['the host’s order came back', (ledger) => ledger.refund(HOST, refund('hosts', 'x', 10_000)), [0, 50]],
    ['60 were spent: by the host', (ledger) => spend(ledger, 60), [40, 50]],
    ['120 were spent: the guest lends what the host has not', (ledger) => spend(ledger, 120), [0, 30]],
    ['all was spent', (ledger) => spend(ledger, 150), [0, 0]],
  ])('after %s', async (_, meanwhile, expected) => {
    const { ledger } = open(simple);
    await ledger.sale(HOST, sale('hosts', 10_000));
    await ledger.sale(GUEST, sale('guests', 5_000));
    await ledger.merge(HOST, GUEST, STAFF);
    await meanwhile(ledger);
    const between = total(await standing(ledger, HOST));
    await ledger.unmerge(HOST, GUEST, STAFF);
    const accounts = await both(ledger);
    expect(accounts.map(({ available }) => available)).toEqual(expected);
    expect(total(...accounts)).toBe(between);
    await expectSound(ledger);
  });

  it('after the end of a hold that the guest had brought gives it back what came of it', async () => {
    const { ledger } = open(simple);
    await ledger.sale(GUEST, sale('1', 10_000));
    for (const id of ['kept', 'voided', 'captured', 'partly'])
      await ledger.authorize(GUEST, { redemptionId: id, points: 20, capture: false });
    await ledger.merge(HOST, GUEST, STAFF);
    await ledger.void(HOST, { redemptionId: 'voided', reason: 'voided' });
    await ledger.capture(HOST, { redemptionId: 'captured' });
    await ledger.capture(HOST, { redemptionId: 'partly', points: 5 });
    await ledger.unmerge(HOST, GUEST, STAFF);
    const [host, guest] = await both(ledger);
    expect(host).toMatchObject({ available: 0, held: 0 });
    // 20 that were never held, 20 that came back, 15 of which 5 were spent; 20 are held still.
    expect(guest).toMatchObject({ available: 55, held: 20, holds: { kept: { points: 20 } } });
    await expectSound(ledger);
  });

  it('after points that waited were set free gives them back as they are now', async () => {
    const { ledger, clock } = open({ ...simple, pending: { kind: 'days', days: 14 } });
    await ledger.sale(HOST, sale('1', 10_000));
    await ledger.sale(GUEST, sale('2', 5_000));
    await ledger.merge(HOST, GUEST, STAFF);
    clock.to('2026-03-25T12:00:00Z');
    await ledger.activate(HOST, '2026-03-24');
    expect(await standing(ledger, HOST)).toMatchObject({ available: 150, pending: 0 });
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect(await both(ledger)).toMatchObject([
      { available: 100, pending: 0 },
      { available: 50, pending: 0 },
    ]);
  });

  it('after points have lapsed leaves both without them', async () => {
    const { ledger, clock } = open(simple);
    await ledger.sale(HOST, sale('1', 10_000, { occurredAt: '2026-02-10T12:00:00Z' }));
    await ledger.sale(GUEST, sale('2', 5_000, { occurredAt: '2026-02-10T12:00:00Z' }));
    await ledger.sale(HOST, sale('3', 2_000));
    await ledger.merge(HOST, GUEST, STAFF);
    clock.to('2027-03-01T12:00:00Z');
    await ledger.expire(HOST, '2027-02-28');
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect((await both(ledger)).map(({ available }) => available)).toEqual([20, 0]);
  });

  it('does not book again to the guest what was booked to the host for it, and refunds it there', async () => {
    const { ledger } = open(simple);
    await ledger.sale(GUEST, sale('before', 5_000));
    await ledger.merge(HOST, GUEST, STAFF);
    await ledger.sale(GUEST, sale('meanwhile', 3_000));
    await ledger.refund(GUEST, refund('before', 'x', 2_000));
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect((await ledger.sale(GUEST, sale('meanwhile', 3_000))).kind).toBe('replayed');
    expect((await ledger.refund(GUEST, refund('before', 'x', 2_000))).kind).toBe('replayed');
    expect(await ledger.refund(GUEST, refund('before', 'rest', { kind: 'everything' }))).toMatchObject({
      entry: { memberId: GUEST, detail: { reversed: 30 } },
    });
    expect((await both(ledger)).map(({ available }) => available)).toEqual([30, 0]);
  });

  it('does not give again what the guest gave meanwhile, nor end its holds twice', async () => {
    const { ledger } = open({ ...simple, gifts: {} });
    await ledger.sale(GUEST, sale('1', 10_000));
    await ledger.authorize(GUEST, { redemptionId: 'r', points: 30, capture: false });
    await ledger.merge(HOST, GUEST, STAFF);
    const gift = { giftId: 'g', to: 'm_friend', points: 20 };
    await ledger.give(GUEST, gift);
    await ledger.capture(GUEST, { redemptionId: 'r' });
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect((await ledger.give(GUEST, gift)).kind).toBe('replayed');
    expect((await ledger.capture(GUEST, { redemptionId: 'r' })).kind).toBe('replayed');
    expect((await both(ledger)).map(({ available, held }) => [available, held])).toEqual([
      [0, 0],
      [50, 0],
    ]);
  });

  it('lets go with the guest what had gone into the guest', async () => {
    const { ledger } = open(simple);
    await ledger.sale('m_third', sale('1', 1_000));
    await ledger.merge(GUEST, 'm_third', STAFF);
    await ledger.merge(HOST, GUEST, STAFF);
    expect(await standing(ledger, HOST)).toMatchObject({ absorbed: [GUEST, 'm_third'], available: 10 });
    expect(await ledger.sale('m_third', sale('2', 1_000))).toMatchObject({ entry: { memberId: HOST } });
    expect((await ledger.sale('m_third', sale('1', 1_000))).kind).toBe('replayed');
    expect(await ledger.unmerge(GUEST, 'm_third', STAFF)).toEqual({ kind: 'refused', because: 'merged-elsewhere' });
    await ledger.unmerge(HOST, GUEST, STAFF);
    expect(await standing(ledger, HOST)).not.toHaveProperty('absorbed');
    await ledger.unmerge(GUEST, 'm_third', STAFF);
    expect(await Promise.all([HOST, GUEST, 'm_third'].map((id) => standing(ledger, id)))).toMatchObject([
      { available: 10 },
      { available: 0 },
      { available: 10 },
    ]);
  });
});

/** Programs that differ in all that an account keeps. */
const programs: readonly (readonly [string, Partial<ProgramInput>])[] = [
  ['by month', {}],
  ['with remainders that are carried', { stacking: { rounding: 'carry' } }],
  ['with points that wait', { pending: { kind: 'days', days: 3 } }],
  ['with points that wait for a word', { pending: { kind: 'confirmation' } }],
  ['by inactivity', { expiry: { kind: 'inactivity', months: 1, until: 'day' } }],
  ['with debts that are paid in part', { refunds: { whenSpent: 'owe', offsetBp: 5_000 } }],
  ['with tiers by a rolling window of spend', { qualify: { by: 'spend', window: { kind: 'rolling', months: 2 } } }],
  ['with a limit a day', { caps: [{ id: 'daily', points: 400, per: 'day' }] }],
];

type Who = typeof HOST | typeof GUEST;
type Step =
  | { readonly do: 'sale'; readonly who: Who; readonly order: number; readonly minor: number }
  | { readonly do: 'refund'; readonly who: Who; readonly order: number; readonly minor: number | 'everything' }
  | { readonly do: 'visit'; readonly who: Who; readonly id: number }
  | { readonly do: 'redeem'; readonly who: Who; readonly id: number; readonly points: number; readonly now: boolean }
  | { readonly do: 'end'; readonly who: Who; readonly id: number; readonly how: 'capture' | 'void' }
  | { readonly do: 'days'; readonly days: number };

const who = fc.constantFrom<Who>(HOST, GUEST);
const few = fc.nat({ max: 3 });
const minor = fc.integer({ min: 1, max: 40_000 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sale'), who, order: few, minor }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('refund'),
      who,
      order: few,
      minor: fc.oneof(minor, fc.constant('everything' as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('visit'), who, id: few }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('redeem'),
      who,
      id: few,
      points: fc.integer({ min: 1, max: 500 }),
      now: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('end'), who, id: few, how: fc.constantFrom('capture', 'void') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('days'), days: fc.integer({ min: 1, max: 25 }) }) },
) as fc.Arbitrary<Step>;

const DAY_MS = 86_400_000;

/** Orders and redemptions are somebody's: each has its own, whoever is told to have done it. */
async function take(ledger: Ledger, clock: TestClock, step: Step): Promise<unknown> {
  counts.steps += 1;
  const at = clock.at.toISOString();
  switch (step.do) {
    case 'sale':
      return ledger.sale(step.who, sale(`${step.who}-${step.order}`, step.minor, { occurredAt: at }));
    case 'refund': {
      const extent = step.minor === 'everything' ? ({ kind: 'everything' } as const) : step.minor;
      const id = `${step.minor}`;
      return ledger.refund(step.who, refund(`${step.who}-${step.order}`, id, extent, { occurredAt: at }));
    }
    case 'visit':
      return ledger.activity(step.who, visit(`${step.who}-${step.id}`, { occurredAt: at }));
    case 'redeem':
      return ledger.authorize(step.who, {
        redemptionId: `${step.who}-${step.id}`,
        points: step.points,
        capture: step.now,
      });
    case 'end': {
      const redemptionId = `${step.who}-${step.id}`;
      return step.how === 'capture'
        ? ledger.capture(step.who, { redemptionId })
        : ledger.void(step.who, { redemptionId, reason: 'voided' });
    }
    case 'days': {
      clock.at = new Date(clock.at.getTime() + step.days * DAY_MS);
      const yesterday = new Date(clock.at.getTime() - DAY_MS).toISOString().slice(0, 10);
      for (const memberId of [HOST, GUEST]) {
        await ledger.expire(memberId, yesterday);
        await ledger.review(memberId);
      }
    }
  }
}

describe.each(programs)('promise 15, in a program %s', (_, changes) => {
  const together = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
    [...Object.values(a), ...Object.values(b)].reduce((sum, one) => sum + one, 0);

  it('a merge is a union, and unmerging at once restores', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 14 }), async (steps) => {
        counts.sequences += 1;
        const { ledger, clock } = open(changes);
        for (const step of steps) await take(ledger, clock, step);
        await ledger.note(HOST, { kind: 'updated' }, { source: 'api', object: 'v1', at: clock.at.toISOString() });
        await ledger.note(GUEST, { kind: 'updated' }, { source: 'api', object: 'v1', at: clock.at.toISOString() });
        const before = await both(ledger);
        const [host, guest] = before as [Account, Account];
        await ledger.merge(HOST, GUEST, STAFF);
        const one = await standing(ledger, HOST);
        expect({
          available: one.available,
          pending: one.pending,
          held: one.held,
          lifetime: one.lifetime,
          visits: one.visits,
          purchases: one.purchases,
          window: together(one.window, {}),
          counters: together(one.counters, {}),
          holds: one.holds,
          early: one.early,
        }).toEqual({
          available: host.available + guest.available,
          pending: host.pending + guest.pending,
          held: host.held + guest.held,
          lifetime: host.lifetime + guest.lifetime,
          visits: host.visits + guest.visits,
          purchases: host.purchases + guest.purchases,
          window: together(host.window, guest.window),
          counters: together(host.counters, guest.counters),
          holds: { ...host.holds, ...guest.holds },
          early: { ...host.early, ...guest.early },
        });
        expect(total(await standing(ledger, GUEST))).toBe(0);
        await ledger.unmerge(HOST, GUEST, STAFF);
        expect((await both(ledger)).map(contentOf)).toEqual(before.map(contentOf));
        await expectSound(ledger);
      }),
      { numRuns: 25, seed: SEED },
    );
  });

  it('whatever happened while they were one, nothing comes or goes by parting them, nor is booked twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 10 }),
        fc.array(anyStep, { maxLength: 10 }),
        fc.array(anyStep, { maxLength: 4 }),
        async (first, meanwhile, last) => {
          counts.sequences += 1;
          const { ledger, clock } = open(changes);
          for (const step of first) await take(ledger, clock, step);
          await ledger.merge(HOST, GUEST, STAFF);
          for (const step of meanwhile) await take(ledger, clock, step);
          const between = await standing(ledger, HOST);
          await ledger.unmerge(HOST, GUEST, STAFF);
          const parted = await both(ledger);
          expect(total(...parted)).toBe(total(between));
          for (const one of parted) {
            for (const record of [one.window, one.counters, one.lots])
              expect(Object.values(record).filter((amount) => amount < 0)).toEqual([]);
            expect([one.visits, one.purchases, one.lifetime].filter((count) => count < 0)).toEqual([]);
          }
          await expectSound(ledger);
          // All of it told once more: only what was refused, or had no order yet, may be news.
          const sales = [...first, ...meanwhile].filter((step) => step.do === 'sale' || step.do === 'visit');
          for (const step of sales) expect(await take(ledger, clock, step)).not.toMatchObject({ kind: 'posted' });
          expect((await both(ledger)).map(contentOf)).toEqual(parted.map(contentOf));
          for (const step of last) await take(ledger, clock, step);
          await expectSound(ledger);
        },
      ),
      { numRuns: 25, seed: SEED },
    );
  });
});

describe('merging that goes wrong on the way', () => {
  const prepared = async () => {
    const world = open(simple);
    await world.ledger.sale(HOST, sale('1', 10_000));
    await world.ledger.sale(GUEST, sale('2', 5_000));
    return world;
  };

  it.each<[string, (ledger: Ledger) => Promise<unknown>, (ledger: Ledger) => Promise<unknown>]>([
    ['a merge', async () => undefined, (ledger) => ledger.merge(HOST, GUEST, STAFF)],
    ['a parting', (ledger) => ledger.merge(HOST, GUEST, STAFF), (ledger) => ledger.unmerge(HOST, GUEST, STAFF)],
  ])('%s that breaks off at any call is done by the next try, once', async (_, first, command) => {
    const whole = await prepared();
    await first(whole.ledger);
    whole.memory.calls = 0;
    await command(whole.ledger);
    const calls = whole.memory.calls;
    const expected = (await both(whole.ledger)).map(contentOf);
    for (let at = 1; at <= calls; at += 1) {
      for (const mishap of ['fail', 'lost', 'die', 'conflict'] satisfies Mishap[]) {
        counts.crashPoints += 1;
        const { memory, ledger, clock } = await prepared();
        await first(ledger);
        memory.calls = 0;
        memory.mishap = (call) => (call === at ? mishap : undefined);
        await command(ledger).catch((error: unknown) => {
          if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
        });
        const next = ledgerOn(memory.restarted().asClient(), clock, simple);
        await command(next);
        expect((await both(next)).map(contentOf)).toEqual(expected);
        await expectSound(next);
      }
    }
  });

  it('at the same time as sales of both, and as itself, loses nothing', async () => {
    for (let round = 0; round < 8; round += 1) {
      counts.interleavings += 1;
      const { memory, clock } = await prepared();
      const ledger = ledgerOn(memory.asClient(), clock, simple, undefined, Math.random);
      await Promise.all([
        ...Array.from({ length: 4 }, (_, index) => ledger.sale(GUEST, sale(`g${index}`, 1_000))),
        ledger.merge(HOST, GUEST, STAFF),
        ledger.merge(HOST, GUEST, STAFF),
        ...Array.from({ length: 4 }, (_, index) => ledger.sale(HOST, sale(`h${index}`, 1_000))),
      ]);
      expect((await both(ledger)).map(({ available }) => available)).toEqual([230, 0]);
      await Promise.all([
        ledger.unmerge(HOST, GUEST, STAFF),
        ledger.unmerge(HOST, GUEST, STAFF),
        ledger.sale(GUEST, sale('new', 1_000)),
        ledger.refund(GUEST, refund('2', 'x', { kind: 'everything' })),
      ]);
      expect(total(...(await both(ledger)))).toBe(190);
      await expectSound(ledger);
    }
  });

  it('two hosts at once: one has the guest, the other is told', async () => {
    const { ledger } = await prepared();
    const outcomes = await Promise.all([ledger.merge(HOST, GUEST, STAFF), ledger.merge('m_other', GUEST, STAFF)]);
    expect(outcomes.map((one) => (one.kind === 'refused' ? one.because : one.kind)).sort()).toEqual([
      'merged-elsewhere',
      'posted',
    ]);
  });
});
