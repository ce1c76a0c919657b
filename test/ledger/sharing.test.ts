import { type DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import type { Outcome } from '../../lib/runtime/journal.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import fc from '../fast-check.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock } from './world.ts';

/** Referrals and gifts concern two members each: whatever breaks, comes late or meets another, both sides agree. */

const counts = { crashPoints: 0, interleavings: 0 };
afterAll(() => {
  process.stdout.write(`\nsharing: ${counts.crashPoints} crash points, ${counts.interleavings} interleavings\n`);
});

const club: Partial<ProgramInput> = {
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  rewards: [],
  referrals: { referrerPoints: 50, friendPoints: 20 },
  gifts: {},
};
const open = (client: DynamoDBClient, clock = new TestClock(), changes: Partial<ProgramInput> = {}) =>
  ledgerOn(client, clock, { ...club, ...changes });
const inMemory = (changes: Partial<ProgramInput> = {}) => open(new MemoryClient().asClient(), undefined, changes);

const order = { source: 'till', orderId: 'o' };
const byAda = { by: 'ada', code: 'BCDF-GHJK' };
const everything = refund('o', 'f', { kind: 'everything' });

const settle = (ledger: Ledger) => ledger.settleReferral({ memberId: 'friend', ...order });
const available = async (ledger: Ledger, ...members: string[]) =>
  Promise.all(members.map(async (id) => (await ledger.account(id))?.available ?? 0));
const kinds = async (ledger: Ledger, member: string) => (await ledger.entries(member)).map(({ detail }) => detail.kind);
async function expectSound(ledger: Ledger, ...members: string[]): Promise<void> {
  for (const id of members) expect(checkMember(id, await ledger.entries(id), await ledger.account(id))).toBeUndefined();
}
const said = (outcome: Outcome | undefined) =>
  outcome?.kind === 'refused' ? outcome.because : (outcome?.kind ?? 'nothing');

describe('a referral', () => {
  it('pays both once the friend has bought, and leaves nothing when all of that order goes back', async () => {
    const ledger = inMemory();
    expect(said(await ledger.refer('friend', byAda))).toBe('posted');
    expect(said(await settle(ledger))).toBe('nothing');
    await ledger.sale('friend', sale('o', 1_000));
    expect(said(await settle(ledger))).toBe('posted');
    expect(said(await settle(ledger))).toBe('replayed');
    expect(await available(ledger, 'ada', 'friend')).toEqual([50, 90]);
    await ledger.refund('friend', everything);
    expect(said(await settle(ledger))).toBe('posted');
    expect(said(await settle(ledger))).toBe('replayed');
    expect(await available(ledger, 'ada', 'friend')).toEqual([0, 0]);
    await expectSound(ledger, 'ada', 'friend');
  });

  it('is claimed once: the same claim is answered as before, whatever was bought since; another code is refused', async () => {
    const ledger = inMemory();
    const first = await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    expect(await ledger.refer('friend', byAda)).toEqual({ ...first, kind: 'replayed' });
    expect(said(await ledger.refer('friend', { by: 'ben', code: 'CCCC-CCCC' }))).toBe('referred-before');
  });

  it('is no purchase’s doing that came first, even if it went back', async () => {
    const ledger = inMemory();
    await ledger.sale('friend', sale('o', 1_000));
    await ledger.refund('friend', everything);
    expect((await ledger.account('friend'))?.purchases).toBe(0);
    expect(said(await ledger.refer('friend', byAda))).toBe('not-new');
  });

  it('by somebody who was erased is nobody’s', async () => {
    const ledger = inMemory();
    await ledger.note('ada', { kind: 'erased' }, { source: 'till', object: 'self', at: '2026-03-10T12:00:00Z' });
    expect(said(await ledger.refer('friend', byAda))).toBe('unknown-code');
  });

  it('is not paid to somebody who was erased meanwhile', async () => {
    const ledger = inMemory();
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    await ledger.note('ada', { kind: 'erased' }, { source: 'till', object: 'self', at: '2026-03-10T12:00:00Z' });
    expect(said(await settle(ledger))).toBe('nobody-to-reward');
    expect(await available(ledger, 'ada')).toEqual([0]);
  });

  it.each([
    ['confirmed', 50],
    ['declined', 0],
  ] as const)('whose order waits for a yes pays nothing until it is %s', async (how, expected) => {
    const ledger = inMemory({ pending: { kind: 'confirmation' } });
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    expect(said(await settle(ledger))).toBe('nothing');
    const about = { source: 'till', object: 'o', by: 'staff' };
    await (how === 'confirmed' ? ledger.confirmLot('friend', about) : ledger.declineLot('friend', about));
    await settle(ledger);
    expect(await available(ledger, 'ada')).toEqual([expected]);
    await expectSound(ledger, 'ada', 'friend');
  });

  it('chain of ten is fine, and a ring of up to eleven is not', async () => {
    const ledger = inMemory();
    const code = (n: number) => ({ by: `m${n}`, code: `CODE-${n}` });
    for (let n = 1; n <= 10; n += 1) expect(said(await ledger.refer(`m${n}`, code(n - 1)))).toBe('posted');
    expect(said(await ledger.refer('m0', code(10)))).toBe('referral-ring');
    expect(said(await ledger.refer('m0', code(0)))).toBe('self-referral');
    expect(said(await ledger.refer('m0', { by: 'stranger', code: 'CODE-S' }))).toBe('posted');
  });
});

/** Every call waits for others a while, by a die that can be thrown again. */
function jittery(memory: MemoryClient, next: () => number): DynamoDBClient {
  const send = async (command: unknown) => {
    for (let turns = next(); turns > 0; turns -= 1) await Promise.resolve();
    return memory.send(command);
  };
  return { send } as unknown as DynamoDBClient;
}
// Most are quick; now and then somebody sleeps while others do all that they have to.
const dice = fc.infiniteStream(
  fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constant(200) }),
);
const dieOf = (stream: Iterator<number>) => () => stream.next().value as number;

describe('at the same time', () => {
  it('a reward and its reversal end in nothing, whichever is faster', async () => {
    await fc.assert(
      fc.asyncProperty(dice, async (stream) => {
        counts.interleavings += 1;
        const memory = new MemoryClient();
        const before = open(memory.asClient());
        await before.refer('friend', byAda);
        await before.sale('friend', sale('o', 1_000));
        const ledger = open(jittery(memory, dieOf(stream)));
        await Promise.all([
          settle(ledger),
          ledger.refund('friend', everything).then(() => settle(ledger)),
          settle(ledger),
        ]);
        expect(await available(ledger, 'ada', 'friend')).toEqual([0, 0]);
        await expectSound(ledger, 'ada', 'friend');
      }),
      { numRuns: 300, seed: 20_260_310 },
    );
  });

  it('a reward that was decided before the order went back, and written after, is not left standing', async () => {
    const memory = new MemoryClient();
    const ledger = open(memory.asClient());
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    const { promise: isBack, resolve: back } = Promise.withResolvers<void>();
    const { promise: isDecided, resolve: decided } = Promise.withResolvers<void>();
    const slow = {
      send: async (command: unknown) => {
        if (command instanceof TransactWriteItemsCommand) {
          decided();
          await isBack;
        }
        return memory.send(command);
      },
    } as unknown as DynamoDBClient;
    const late = settle(open(slow));
    await isDecided;
    await ledger.refund('friend', everything);
    await settle(ledger);
    back();
    await late;
    expect(await available(ledger, 'ada')).toEqual([0]);
    expect(await kinds(ledger, 'ada')).toEqual(['referral-reversed']);
  });

  it('two codes for one friend: one of them counts', async () => {
    const ledger = inMemory();
    const outcomes = await Promise.all([
      ledger.refer('friend', byAda),
      ledger.refer('friend', { by: 'ben', code: 'CCCC-CCCC' }),
    ]);
    expect(outcomes.map(said).sort()).toEqual(['posted', 'referred-before']);
  });

  it.each([2, 3, 5])('a ring of %d does not close', async (size) => {
    await fc.assert(
      fc.asyncProperty(dice, async (stream) => {
        counts.interleavings += 1;
        const ledger = open(jittery(new MemoryClient(), dieOf(stream)));
        const outcomes = await Promise.all(
          Array.from({ length: size }, (_, n) =>
            ledger.refer(`m${n}`, { by: `m${(n + 1) % size}`, code: `CODE-${(n + 1) % size}` }),
          ),
        );
        expect(outcomes.map(said).filter((one) => one === 'posted')).toHaveLength(size - 1);
        expect(outcomes.map(said)).toContain('referral-ring');
      }),
      { numRuns: 60, seed: 20_260_310 },
    );
  });

  it('fifty friends are paid for up to the limit, and no further', async () => {
    const limit = { max: 7, per: 'month' } as const;
    const ledger = inMemory({ referrals: { referrerPoints: 50, friendPoints: 20, limit } });
    const friends = Array.from({ length: 50 }, (_, n) => `friend-${n}`);
    for (const friend of friends) {
      await ledger.refer(friend, byAda);
      await ledger.sale(friend, sale(friend, 1_000));
    }
    await Promise.all(
      friends.map((friend) => ledger.settleReferral({ memberId: friend, source: 'till', orderId: friend })),
    );
    expect(await available(ledger, 'ada')).toEqual([350]);
    await expectSound(ledger, 'ada');
  });

  it('gifts to and fro, and to a third: no point comes about, and none is lost', async () => {
    await fc.assert(
      fc.asyncProperty(dice, async (stream) => {
        counts.interleavings += 1;
        const memory = new MemoryClient();
        for (const id of ['ada', 'ben', 'cem']) await open(memory.asClient()).sale(id, sale(id, 1_000));
        const ledger = open(jittery(memory, dieOf(stream)));
        await Promise.all([
          ledger.give('ada', { giftId: '1', to: 'ben', points: 60 }),
          ledger.give('ben', { giftId: '1', to: 'ada', points: 100 }),
          ledger.give('ada', { giftId: '2', to: 'cem', points: 60 }),
          ledger.give('cem', { giftId: '2', to: 'ada', points: 5 }),
        ]);
        const all = await available(ledger, 'ada', 'ben', 'cem');
        expect(all.reduce<number>((a, b) => a + b, 0)).toBe(210);
        expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
        await expectSound(ledger, 'ada', 'ben', 'cem');
      }),
      { numRuns: 100, seed: 20_260_310 },
    );
  });

  it('the same gift ten times is one', async () => {
    const ledger = inMemory();
    await ledger.sale('ada', sale('o', 1_000));
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => ledger.give('ada', { giftId: 'g', to: 'ben', points: 60 })),
    );
    expect(outcomes.map(said).sort()).toEqual(['posted', ...Array(9).fill('replayed')]);
    expect(await available(ledger, 'ada', 'ben')).toEqual([10, 60]);
  });
});

describe('in whatever order it is told', () => {
  it('a referral ends in the same place', async () => {
    const bought = (ledger: Ledger) => ledger.sale('friend', sale('o', 1_000));
    const half = (id: string) => (ledger: Ledger) => ledger.refund('friend', refund('o', id, 500));
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([bought, half('a'), half('b'), settle, settle, settle], { minLength: 6 }),
        async (steps) => {
          counts.interleavings += 1;
          const ledger = inMemory();
          await ledger.refer('friend', byAda);
          for (const step of steps) await step(ledger);
          // The relay tells of the last entry in the end.
          await settle(ledger);
          expect(await available(ledger, 'ada', 'friend')).toEqual([0, 0]);
        },
      ),
      { numRuns: 200, seed: 20_260_310 },
    );
  });
});

describe('a friend’s first order that went back', () => {
  const first = (ledger: Ledger) => ledger.sale('friend', sale('o', 1_000));
  const back = (ledger: Ledger) => ledger.refund('friend', everything);
  it.each([
    ['after it was told', [first, settle, back, settle]],
    ['before the referrer was paid', [first, back, settle]],
    ['before it was told', [back, first, settle]],
  ])('%s was the one that counted: the next pays neither', async (_, steps) => {
    const ledger = inMemory();
    await ledger.refer('friend', byAda);
    for (const step of steps) await step(ledger);
    await ledger.sale('friend', sale('p', 1_000));
    await ledger.settleReferral({ memberId: 'friend', source: 'till', orderId: 'p' });
    expect(await available(ledger, 'ada', 'friend')).toEqual([0, 70]);
    await expectSound(ledger, 'ada', 'friend');
  });
});

describe('when one of them turns out to be a second account', () => {
  it('the referrer’s: it is paid to the one that it went into, and taken back from there', async () => {
    const ledger = inMemory();
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    await ledger.merge('ada-too', 'ada', 'staff');
    await settle(ledger);
    expect(await available(ledger, 'ada-too', 'ada')).toEqual([50, 0]);
    await ledger.refund('friend', everything);
    await settle(ledger);
    expect(await available(ledger, 'ada-too', 'ada', 'friend')).toEqual([0, 0, 0]);
    await expectSound(ledger, 'ada-too', 'ada', 'friend');
  });

  it('the friend’s: the order is found in its old journal, and paid for once', async () => {
    const ledger = inMemory();
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    await settle(ledger);
    await ledger.merge('friend-too', 'friend', 'staff');
    expect(said(await settle(ledger))).toBe('replayed');
    await ledger.refund('friend', everything);
    expect(said(await ledger.settleReferral({ memberId: 'friend-too', ...order }))).toBe('posted');
    expect(await available(ledger, 'ada', 'friend-too')).toEqual([0, 0]);
    await expectSound(ledger, 'ada', 'friend', 'friend-too');
  });

  it('the friend and the referrer are one person: nothing is paid', async () => {
    const ledger = inMemory();
    await ledger.refer('friend', byAda);
    await ledger.sale('friend', sale('o', 1_000));
    await ledger.merge('ada', 'friend', 'staff');
    expect(said(await settle(ledger))).toBe('nobody-to-reward');
    await expectSound(ledger, 'ada', 'friend');
  });

  it('the giver’s: a gift that was made is not made again', async () => {
    const ledger = inMemory();
    await ledger.sale('ada', sale('o', 1_000));
    const gift = { giftId: 'g', to: 'ben', points: 20 };
    await ledger.give('ada', gift);
    await ledger.merge('ada-too', 'ada', 'staff');
    expect(said(await ledger.give('ada-too', gift))).toBe('replayed');
    await ledger.merge('ben-too', 'ben', 'staff');
    expect(said(await ledger.give('ada', { ...gift, giftId: 'h' }))).toBe('posted');
    expect(await available(ledger, 'ada-too', 'ben-too')).toEqual([30, 40]);
    expect(said(await ledger.give('ada', { giftId: 'i', to: 'ada-too', points: 5 }))).toBe('to-oneself');
    await expectSound(ledger, 'ada', 'ada-too', 'ben', 'ben-too');
  });
});

describe('a gift', () => {
  const rich = async (changes: Partial<ProgramInput> = {}) => {
    const ledger = inMemory(changes);
    await ledger.sale('ada', sale('o', 1_000));
    return ledger;
  };

  it('is answered as before when it is asked for again, though nothing is left', async () => {
    const ledger = await rich();
    const gift = { giftId: 'g', to: 'ben', points: 70 };
    const first = await ledger.give('ada', gift);
    expect(await ledger.give('ada', gift)).toEqual({ ...first, kind: 'replayed' });
    expect(said(await ledger.give('ada', { ...gift, points: 60 }))).toBe('conflict');
    expect(said(await ledger.give('ada', { ...gift, to: 'cem' }))).toBe('conflict');
  });

  it('that was refused stays refused, and the other one’s journal knows nothing of it', async () => {
    const ledger = await rich();
    const gift = { giftId: 'g', to: 'ben', points: 71 };
    expect(said(await ledger.give('ada', gift))).toBe('not-enough-points');
    await ledger.sale('ada', sale('more', 1_000));
    expect(said(await ledger.give('ada', gift))).toBe('not-enough-points');
    expect([await kinds(ledger, 'ada'), await kinds(ledger, 'ben')]).toEqual([['sale', 'refused', 'sale'], []]);
  });

  it('of two givers may have the same id, for the same member', async () => {
    const ledger = await rich();
    await ledger.sale('cem', sale('c', 1_000));
    const gift = { giftId: 'g', to: 'ben', points: 10 };
    expect([said(await ledger.give('ada', gift)), said(await ledger.give('cem', gift))]).toEqual(['posted', 'posted']);
    expect(await available(ledger, 'ben')).toEqual([20]);
  });

  it('leaves alone what waits and what is put aside', async () => {
    const ledger = await rich();
    await ledger.authorize('ada', { redemptionId: 'r', points: 30, capture: false });
    expect(said(await ledger.give('ada', { giftId: 'g', to: 'ben', points: 41 }))).toBe('not-enough-points');
    expect(said(await ledger.give('ada', { giftId: 'h', to: 'ben', points: 40 }))).toBe('posted');
  });
});

describe('whatever breaks at whichever call', () => {
  const claim = (ledger: Ledger) => ledger.refer('friend', byAda);
  const buy = (ledger: Ledger) => ledger.sale('friend', sale('o', 1_000));
  const bring = (ledger: Ledger) => ledger.sale('ada', sale('a', 1_000));
  const back = (ledger: Ledger) => ledger.refund('friend', everything);
  const operations: [string, ((ledger: Ledger) => Promise<unknown>)[], (ledger: Ledger) => Promise<unknown>][] = [
    ['a claim', [], claim],
    ['a claim with a chain behind it', [(ledger) => ledger.refer('ada', { by: 'zoe', code: 'Z' })], claim],
    ['the sale of a friend', [claim], buy],
    ['a reward', [claim, buy], settle],
    ['a reversal', [claim, buy, settle, back], settle],
    ['a reversal before the reward', [claim, buy, back], settle],
    ['a gift', [bring], (ledger) => ledger.give('ada', { giftId: 'g', to: 'friend', points: 60 })],
    ['a gift that is refused', [bring], (ledger) => ledger.give('ada', { giftId: 'g', to: 'friend', points: 71 })],
  ];

  it.each(operations)('%s, told again after a crash, ends as if nothing had happened', async (_, prepare, act) => {
    const attempt = async (mishap?: { at: number; kind: Mishap }) => {
      const memory = new MemoryClient();
      for (const one of prepare) await one(open(memory.asClient()));
      const first = memory.restarted();
      first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
      try {
        await act(open(first.asClient()));
      } catch (error) {
        if (!(error instanceof Died) && (error as Error).name !== 'TimeoutError') throw error;
      }
      await act(open(memory.restarted().asClient()));
      const ledger = open(memory.asClient());
      await expectSound(ledger, 'ada', 'friend');
      return { calls: first.calls, left: [await ledger.account('ada'), await ledger.account('friend')] };
    };
    const clean = await attempt();
    for (let at = 1; at <= clean.calls; at += 1) {
      for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
        counts.crashPoints += 1;
        const { left } = await attempt({ at, kind });
        expect({ at, kind, left }).toEqual({ at, kind, left: clean.left });
      }
    }
  });
});
