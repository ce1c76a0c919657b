import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { codeIdOf, freshCode, openCodes } from '../../lib/runtime/codes.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import { openStock } from '../../lib/runtime/stock.ts';
import { type RunningDynamoDb, startDynamoDb, type Tables } from '../dynamodb.ts';
import { Died, MemoryClient, type Mishap } from './memory-client.ts';
import { transactionUnits } from './size.ts';
import { program, refund, sale, TestClock } from './world.ts';

/** Pieces and codes go with the entry that takes them, or not at all. */

const M = 'm_test';
const catalogue = {
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  caps: [],
  rewards: [
    { id: 'print', name: 'A print', cost: 40, stock: 3 },
    { id: 'film', name: 'A film', cost: 40, code: { from: 'generated', validDays: 30 } },
    { id: 'opera', name: 'A seat', cost: 40, code: { from: 'list', validDays: 30 } },
    { id: 'signed', name: 'A signed print', cost: 40, stock: 3, code: { from: 'list' } },
  ],
  redemption: { pointsPerMinor: 1, holdMinutes: 60 },
} satisfies Partial<ProgramInput>;

const memoryTables = {
  accounts: 'accounts',
  entries: 'entries',
  members: 'members',
  program: 'program',
  reports: 'reports',
};

function shopOn(
  client: DynamoDBClient,
  {
    clock = new TestClock(),
    changes = {},
    on = memoryTables,
    random = () => 0,
  }: { clock?: TestClock; changes?: Partial<ProgramInput>; on?: Tables; random?: () => number } = {},
) {
  const supplies = {
    stock: openStock({ client, table: on.program }),
    codes: openCodes({ client, table: on.program }),
  };
  const ledger = openLedger({
    client,
    tables: on,
    program: program({ ...catalogue, ...changes }),
    version: 'test',
    now: clock.now,
    random,
    supplies: () => supplies,
  });
  return { ledger, clock, ...supplies };
}
type Shop = ReturnType<typeof shopOn>;

const rich = (ledger: Ledger, memberId = M) => ledger.sale(memberId, sale(`rich-${memberId}`, 100_000));
const take = ({ ledger }: Shop, rewardId: string, redemptionId = 'r', memberId = M, capture = true) =>
  ledger.authorize(memberId, { redemptionId, rewardId, capture });
const told = (outcome: { kind: string; because?: string }) => outcome.because ?? outcome.kind;
const used = (useId: string) => ({ kind: 'used', source: 'till', useId }) as const;

async function codeOf({ ledger, codes }: Shop, redemptionId = 'r', memberId = M): Promise<string> {
  const entries = await ledger.entries(memberId, `E#redemption#${redemptionId}#`);
  const ids = entries.flatMap(({ detail }) => (detail.kind === 'redeemed' && detail.code ? [detail.code] : []));
  const row = await codes.row(ids[0] ?? '');
  if (!row) throw new Error('no code was given out');
  return row.code;
}

async function expectSound({ ledger }: Pick<Shop, 'ledger'>, memberId = M): Promise<void> {
  expect(checkMember(memberId, await ledger.entries(memberId), await ledger.account(memberId))).toBeUndefined();
}

describe('stock', () => {
  it('begins with what the program says, and ends with the last piece', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    const outcomes = [];
    for (const id of ['a', 'b', 'c', 'd']) outcomes.push(told(await take(shop, 'print', id)));
    expect({ outcomes, left: await shop.stock.left() }).toEqual({
      outcomes: ['posted', 'posted', 'posted', 'out-of-stock'],
      left: new Map([['print', 0]]),
    });
  });

  it('a redemption told twice takes one piece; one that was refused for want of pieces stays refused', async () => {
    const shop = shopOn(new MemoryClient().asClient(), {
      changes: { rewards: [{ id: 'print', name: 'A print', cost: 40, stock: 1 }] },
    });
    await rich(shop.ledger);
    const outcomes = [];
    for (const id of ['a', 'a', 'b']) outcomes.push(told(await take(shop, 'print', id)));
    await shop.stock.add({ id: 'print', stock: 1 }, 'delivery', 5);
    outcomes.push(told(await take(shop, 'print', 'b')), told(await take(shop, 'print', 'c')));
    expect({ outcomes, left: await shop.stock.left() }).toEqual({
      outcomes: ['posted', 'replayed', 'out-of-stock', 'out-of-stock', 'posted'],
      left: new Map([['print', 4]]),
    });
  });

  it('who has too few points takes no piece', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    expect([told(await take(shop, 'print')), await shop.stock.left()]).toEqual(['not-enough-points', new Map()]);
  });

  it.each([
    ['voided', '2026-03-10T12:30:00Z'],
    ['lapsed', '2026-03-10T13:00:00Z'],
  ] as const)('a piece that was put aside comes back, once, when the hold is %s', async (reason, when) => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'print', 'r', M, false);
    const aside = (await shop.stock.left()).get('print');
    shop.clock.to(when);
    const ends = [
      told(await shop.ledger.void(M, { redemptionId: 'r', reason })),
      told(await shop.ledger.void(M, { redemptionId: 'r', reason })),
    ];
    expect({ aside, ends, left: (await shop.stock.left()).get('print') }).toEqual({
      aside: 2,
      ends: ['posted', 'replayed'],
      left: 3,
    });
  });

  it('a piece that was captured does not', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'print', 'r', M, false);
    await shop.ledger.capture(M, { redemptionId: 'r' });
    const late = await shop.ledger.void(M, { redemptionId: 'r', reason: 'voided' });
    expect([told(late), (await shop.stock.left()).get('print')]).toEqual(['conflict', 2]);
  });

  it('nobody’s points are kept because the count was removed', async () => {
    const memory = new MemoryClient();
    const shop = shopOn(memory.asClient());
    await rich(shop.ledger);
    await take(shop, 'print', 'r', M, false);
    memory.tables.get('program')?.delete('STOCK');
    expect(told(await shop.ledger.void(M, { redemptionId: 'r', reason: 'voided' }))).toBe('posted');
  });
});

describe('a code', () => {
  it('is what nobody can guess or misread', () => {
    const codes = Array.from({ length: 200 }, freshCode);
    expect(new Set(codes).size).toBe(200);
    for (const code of codes) expect(code).toMatch(/^([34679ACDEFHJKMNPQRTWXY]{6}-){2}[34679ACDEFHJKMNPQRTWXY]{6}$/);
    expect(18 * Math.log2(22)).toBeGreaterThan(80);
  });

  it('is the same code however it is typed', () => {
    expect(codeIdOf(' 7hkq4x m3ryan 9cwdte')).toBe(codeIdOf('7HKQ4X-M3RYAN-9CWDTE'));
  });

  it('stands in no entry and no account', async () => {
    const memory = new MemoryClient();
    const shop = shopOn(memory.asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    await shop.ledger.endCode(code, used('u'));
    const journal = JSON.stringify([await shop.ledger.entries(M), await shop.ledger.account(M)]);
    expect(journal).not.toContain(code);
    expect(journal).toContain(codeIdOf(code));
  });

  it('is the same one for whoever asks again', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const first = await codeOf(shop);
    expect([told(await take(shop, 'film')), await codeOf(shop)]).toEqual(['replayed', first]);
  });

  it('comes with the capture of what was put aside, not before', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film', 'r', M, false);
    await expect(codeOf(shop)).rejects.toThrow('no code was given out');
    await shop.ledger.capture(M, { redemptionId: 'r' });
    const code = await codeOf(shop);
    expect([told(await shop.ledger.capture(M, { redemptionId: 'r' })), await codeOf(shop)]).toEqual(['replayed', code]);
  });

  it('is not needed where the reward is in the order that it pays for', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film', 'r', M, false);
    await shop.ledger.sale(M, sale('o', 1_000, { redemptionId: 'r' }));
    await expect(codeOf(shop)).rejects.toThrow('no code was given out');
  });

  it('is used once: the same use again is answered as the first time, another one is refused', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    const uses = [];
    for (const useId of ['first', 'first', 'second']) {
      const ended = await shop.ledger.endCode(code, used(useId));
      uses.push(ended && told(ended.outcome));
    }
    const revoked = await shop.ledger.endCode(code, { kind: 'revoked', source: 'office', by: 'ada' });
    expect([...uses, revoked && told(revoked.outcome)]).toEqual(['posted', 'replayed', 'used-before', 'used-before']);
    await expectSound(shop);
  });

  it.each([
    // Valid for thirty days after 10 March; summer time began meanwhile.
    ['the last minute of its last day', '2026-04-09T21:59:00Z', 'posted'],
    ['the first minute after it', '2026-04-09T22:00:00Z', 'no-longer-valid'],
  ])('can be used through its last day in the merchant’s zone: %s', async (_, when, expected) => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    shop.clock.to(when);
    const ended = await shop.ledger.endCode(await codeOf(shop), used('u'));
    expect(ended && told(ended.outcome)).toBe(expected);
  });

  it('that was used in time is answered so to whoever asks again when it would be too late', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    await shop.ledger.endCode(code, used('u'));
    shop.clock.to('2027-01-01T12:00:00Z');
    const again = await shop.ledger.endCode(code, used('u'));
    expect(again && told(again.outcome)).toBe('replayed');
  });

  it('that was taken back cannot be used, and may be taken back again', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    const ends = [];
    for (const end of [
      { kind: 'revoked', source: 'office', by: 'ada' } as const,
      { kind: 'revoked', source: 'office', by: 'grace' } as const,
      used('u'),
    ]) {
      const ended = await shop.ledger.endCode(code, end);
      ends.push(ended && told(ended.outcome));
    }
    expect(ends).toEqual(['posted', 'replayed', 'revoked']);
  });

  it('that ended in a journal which went elsewhere is not used a second time', async () => {
    const memory = new MemoryClient();
    const shop = shopOn(memory.asClient());
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    // As after an unmerge: the row knows that it ended, and the member's own journal has no entry of it.
    const { item } = shop.codes.ending(codeIdOf(code), used('u'), '2026-03-10T12:00:00.000Z');
    await memory.asClient().send(new TransactWriteItemsCommand({ TransactItems: [item] }));
    const ended = await shop.ledger.endCode(code, used('v'));
    expect(ended && told(ended.outcome)).toBe('used-before');
  });

  it('that nobody was given ends no way', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await shop.codes.load('opera', ['SEAT-0001']);
    expect([
      await shop.ledger.endCode('NEVER-MADE', used('u')),
      await shop.ledger.endCode('SEAT-0001', used('u')),
    ]).toEqual([undefined, undefined]);
  });
});

describe('a merchant’s own codes', () => {
  it('are loaded once, each for one reward', async () => {
    const { codes } = shopOn(new MemoryClient().asClient());
    expect([
      await codes.load('opera', ['SEAT-0001', 'SEAT-0002', 'seat 0002']),
      await codes.load('opera', ['SEAT-0002', 'SEAT-0003']),
      await codes.load('signed', ['SEAT-0003', 'SEAT-0004']),
    ]).toEqual([
      { loaded: 2, known: 1, elsewhere: 0 },
      { loaded: 1, known: 1, elsewhere: 0 },
      { loaded: 1, known: 0, elsewhere: 1 },
    ]);
  });

  it('are given out once each, as they were loaded, until there is none', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await shop.codes.load('opera', ['Seat-0001', 'Seat-0002']);
    const outcomes = [];
    for (const id of ['a', 'b', 'c']) outcomes.push(told(await take(shop, 'opera', id)));
    const given = [await codeOf(shop, 'a'), await codeOf(shop, 'b')].sort();
    expect({ outcomes, given, again: await shop.codes.load('opera', ['Seat-0001']) }).toEqual({
      outcomes: ['posted', 'posted', 'out-of-stock'],
      given: ['Seat-0001', 'Seat-0002'],
      again: { loaded: 0, known: 1, elsewhere: 0 },
    });
  });

  it('when there is none, what was put aside can be captured once there are more', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await take(shop, 'opera', 'r', M, false);
    const before = told(await shop.ledger.capture(M, { redemptionId: 'r' }));
    await shop.codes.load('opera', ['SEAT-0001']);
    expect([before, told(await shop.ledger.capture(M, { redemptionId: 'r' }))]).toEqual(['out-of-stock', 'posted']);
  });

  it('one that is taken out of its list is never given out', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    await shop.codes.load('opera', ['SEAT-0001']);
    const row = await shop.codes.find('SEAT-0001');
    if (!row) throw new Error('it was loaded');
    const withdrawn = [await shop.codes.withdraw(row, 'now'), await shop.codes.withdraw(row, 'now')];
    expect([...withdrawn, told(await take(shop, 'opera'))]).toEqual([true, false, 'out-of-stock']);
  });

  it('without a piece no code leaves the list, and without a code no piece is taken', async () => {
    const shop = shopOn(new MemoryClient().asClient());
    await rich(shop.ledger);
    const none = told(await take(shop, 'signed', 'a'));
    const untouched = await shop.stock.left();
    await shop.codes.load('signed', ['S-1', 'S-2', 'S-3', 'S-4']);
    const outcomes = [];
    for (const id of ['b', 'c', 'd', 'e']) outcomes.push(told(await take(shop, 'signed', id)));
    expect({ none, untouched, outcomes, free: await shop.codes.draw('signed') }).toEqual({
      none: 'out-of-stock',
      untouched: new Map(),
      outcomes: ['posted', 'posted', 'posted', 'out-of-stock'],
      free: expect.stringMatching(/^S-[1-4]$/),
    });
  });
});

describe('points of the same order', () => {
  const changes = { redemption: { pointsPerMinor: 1, sameOrder: 'waits' } } as const;
  const spend = ({ ledger }: Shop, points: number, redemptionId: string, source = 'till') =>
    ledger.authorize(M, { redemptionId, points, orderId: 'o2', source, capture: true });

  it('wait, where the program says so, and can be spent on any other', async () => {
    const shop = shopOn(new MemoryClient().asClient(), { changes });
    await shop.ledger.sale(M, sale('o1', 1_000));
    await shop.ledger.sale(M, sale('o2', 2_000));
    expect([
      // 70 of the first order, 140 of the second.
      told(await spend(shop, 71, 'a')),
      told(await spend(shop, 70, 'b')),
      told(await spend(shop, 1, 'c')),
      told(await spend(shop, 140, 'd', 'web')),
    ]).toEqual(['not-enough-points', 'posted', 'not-enough-points', 'posted']);
  });

  it('what was returned of it does not wait any more', async () => {
    const shop = shopOn(new MemoryClient().asClient(), { changes });
    await shop.ledger.sale(M, sale('o1', 1_000));
    await shop.ledger.sale(M, sale('o2', 2_000));
    await shop.ledger.refund(M, refund('o2', 'f', 1_000));
    expect([told(await spend(shop, 71, 'a')), told(await spend(shop, 70, 'b'))]).toEqual([
      'not-enough-points',
      'posted',
    ]);
  });

  it('what was declined does not wait any more', async () => {
    const shop = shopOn(new MemoryClient().asClient(), { changes: { ...changes, pending: { kind: 'confirmation' } } });
    for (const order of ['o1', 'o2']) await shop.ledger.sale(M, sale(order, 1_000));
    await shop.ledger.confirmLot(M, { source: 'till', object: 'o1', of: 'lot', because: 'fetched', by: 'ada' });
    await shop.ledger.declineLot(M, { source: 'till', object: 'o2', of: 'lot', because: 'gone', by: 'ada' });
    expect([told(await spend(shop, 71, 'a')), told(await spend(shop, 70, 'b'))]).toEqual([
      'not-enough-points',
      'posted',
    ]);
  });

  it('what still waits for its day is not counted twice', async () => {
    const shop = shopOn(new MemoryClient().asClient(), {
      changes: { ...changes, pending: { kind: 'days', days: 14 } },
    });
    await shop.ledger.sale(M, sale('o1', 1_000, { occurredAt: '2026-02-01T12:00:00Z' }));
    await shop.ledger.sale(M, sale('o2', 2_000));
    expect([told(await spend(shop, 71, 'a')), told(await spend(shop, 70, 'b'))]).toEqual([
      'not-enough-points',
      'posted',
    ]);
  });
});

describe('what a redemption costs', () => {
  const rewards = [
    {
      id: 'evening-for-two',
      name: 'An evening for two',
      cost: 500,
      cash: '12.50',
      tier: 'base',
      from: '2026-01-01',
      to: '2026-12-31',
      perMember: { max: 5, per: 'month' as const },
      steps: [{ cost: 900, value: { kind: 'percent-off' as const, percentBp: 2_500, maximum: '50.00' } }],
    },
    { id: 'print', name: 'A print', cost: 40, stock: 3 },
    { id: 'signed', name: 'A signed print', cost: 40, stock: 3, code: { from: 'list' as const } },
  ];

  it.each([
    ['four write units with every rule in use', 'evening-for-two', 1, 4],
    ['two more for a piece', 'print', undefined, 6],
    ['and four for a code of a list: out of the list, and to the member', 'signed', undefined, 10],
  ])('%s', async (_, rewardId, step, units) => {
    const memory = new MemoryClient();
    const items: number[] = [];
    const client = {
      send: (command: { input: { TransactItems?: TransactWriteItem[] } }) => {
        items.push(
          ...(command.input.TransactItems ?? []).map(({ Put }) => (Put ? transactionUnits([Put.Item ?? {}]) : 2)),
        );
        return memory.send(command);
      },
    } as unknown as DynamoDBClient;
    const shop = shopOn(client, { changes: { rewards, redemption: { pointsPerMinor: 1, sameOrder: 'waits' } } });
    await rich(shop.ledger);
    await shop.codes.load('signed', ['S-1']);
    items.length = 0;
    const outcome = await shop.ledger.authorize(M, {
      redemptionId: 'f3b0c442-98fc-4c14-9afb-f4c8996fb924',
      rewardId,
      step,
      orderId: '5551234567890',
      source: 'shopify',
      capture: true,
    });
    expect([told(outcome), items.reduce((sum, one) => sum + one, 0)]).toEqual(['posted', units]);
  });
});

describe('whatever breaks at whichever call', () => {
  const operations: [
    name: string,
    prepare: ((shop: Shop) => Promise<unknown>)[],
    act: (shop: Shop) => Promise<unknown>,
  ][] = [
    ['a piece', [], (shop) => take(shop, 'print')],
    ['a piece that is put aside', [], (shop) => take(shop, 'print', 'r', M, false)],
    [
      'a piece that comes back',
      [(shop) => take(shop, 'print', 'r', M, false)],
      ({ ledger }) => ledger.void(M, { redemptionId: 'r', reason: 'voided' }),
    ],
    ['a code that is made', [], (shop) => take(shop, 'film')],
    [
      'a code that is made at the capture',
      [(shop) => take(shop, 'film', 'r', M, false)],
      ({ ledger }) => ledger.capture(M, { redemptionId: 'r' }),
    ],
    [
      'a code of a list, and a piece',
      [({ codes }) => codes.load('signed', ['S-1', 'S-2'])],
      (shop) => take(shop, 'signed'),
    ],
    [
      'the use of a code',
      [({ codes }) => codes.load('opera', ['S-1']), (shop) => take(shop, 'opera')],
      ({ ledger }) => ledger.endCode('S-1', used('u')),
    ],
    ['loading codes', [], ({ codes }) => codes.load('opera', ['S-1', 'S-2'])],
    ['a delivery', [], ({ stock }) => stock.add({ id: 'print', stock: 3 }, 'delivery', 5)],
  ];

  it.each(operations)(
    'promises 1, 4, 5, 16: %s, told again after a crash, ends as if nothing had happened',
    async (_, prepare, act) => {
      const attempt = async (mishap?: { at: number; kind: Mishap }) => {
        const memory = new MemoryClient();
        const before = shopOn(memory.asClient());
        await rich(before.ledger);
        for (const one of prepare) await one(before);
        const first = memory.restarted();
        first.mishap = (call) => (call === mishap?.at ? mishap.kind : undefined);
        try {
          await act(shopOn(first.asClient()));
        } catch (error) {
          if (!(error instanceof Died) && !['TimeoutError', 'LedgerBusy'].includes((error as Error).name)) throw error;
        }
        const shop = shopOn(memory.restarted().asClient());
        await act(shop);
        await expectSound(shop);
        const rows = [...(memory.tables.get('program')?.entries() ?? [])].map(([partition, items]) =>
          partition.startsWith('CODE') ? [partition.slice(0, 5), items.size] : [partition, [...items.values()]],
        );
        const { lots: _lots, headHash: _hash, ...account } = (await shop.ledger.account(M)) ?? {};
        const keys = (await shop.ledger.entries(M)).map(({ key }) => key.replace(/^E#code#[^#]*/, 'E#code'));
        return { calls: first.calls, account, keys, rows: rows.map((row) => JSON.stringify(row)).sort() };
      };
      const { calls, ...clean } = await attempt();
      for (let at = 1; at <= calls; at += 1) {
        for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
          const { calls: _calls, ...end } = await attempt({ at, kind });
          expect({ at, kind, ...end }).toEqual({ at, kind, ...clean });
        }
      }
    },
  );
});

describe('on DynamoDB, by many at once', () => {
  let dynamo: RunningDynamoDb;
  beforeAll(async () => {
    dynamo = await startDynamoDb();
  }, 60_000);
  afterAll(() => dynamo.stop());

  const members = Array.from({ length: 24 }, (_, i) => `m_${i}`);

  it('the last piece and the last code go to one member each', async () => {
    const on = await dynamo.createTables();
    const shop = shopOn(dynamo.client, {
      on,
      random: Math.random,
      changes: {
        rewards: [
          { id: 'print', name: 'A print', cost: 40, stock: 7 },
          { id: 'opera', name: 'A seat', cost: 40, code: { from: 'list', validDays: 30 } },
        ],
      },
    });
    await Promise.all(members.map((member) => rich(shop.ledger, member)));
    const seats = ['S-1', 'S-2', 'S-3', 'S-4', 'S-5'];
    expect(await shop.codes.load('opera', seats)).toEqual({ loaded: 5, known: 0, elsewhere: 0 });
    // Each asks twice, as a till does that heard nothing.
    const prints = await Promise.all(
      [...members, ...members].map((member) => take(shop, 'print', `print-${member}`, member)),
    );
    const operas = await Promise.all(members.map((member) => take(shop, 'opera', `opera-${member}`, member)));
    const counted = (outcomes: readonly { kind: string; because?: string }[]) =>
      Object.fromEntries(
        Map.groupBy(outcomes.map(told), (one) => one)
          .entries()
          .map(([one, all]) => [one, all.length]),
      );
    expect({
      // Two tellings at the very same moment are one request, and both are told that it is posted.
      prints: new Set(prints.flatMap((one) => ('entry' in one && one.kind !== 'refused' ? [one.entry?.hash] : [])))
        .size,
      left: await shop.stock.left(),
      operas: counted(operas),
    }).toEqual({ prints: 7, left: new Map([['print', 0]]), operas: { posted: 5, 'out-of-stock': 19 } });
    const winners = members.filter((_, index) => operas[index]?.kind === 'posted');
    const given = await Promise.all(winners.map((member) => codeOf(shop, `opera-${member}`, member)));
    expect(given.sort()).toEqual(seats);
    for (const member of members) await expectSound(shop, member);
  }, 60_000);

  it('a code is used once by twenty tills, and a delivery counted once', async () => {
    const on = await dynamo.createTables();
    const shop = shopOn(dynamo.client, { on, random: Math.random });
    await rich(shop.ledger);
    await take(shop, 'film');
    const code = await codeOf(shop);
    const uses = await Promise.all(
      Array.from({ length: 20 }, (_, i) => shop.ledger.endCode(code.toLowerCase(), used(`till-${i}`))),
    );
    expect(uses.filter((one) => one?.outcome.kind === 'posted')).toHaveLength(1);
    expect(uses.filter((one) => one && told(one.outcome) === 'used-before')).toHaveLength(19);
    const reward = { id: 'print', stock: 3 };
    const added = await Promise.all(Array.from({ length: 6 }, () => shop.stock.add(reward, 'delivery', 5)));
    expect(added.toSorted()).toEqual(['added', ...Array.from({ length: 5 }, () => 'added-before')]);
    expect([
      await shop.stock.add(reward, 'delivery', 6),
      await shop.stock.add(reward, 'broken', -9),
      await shop.stock.add(reward, 'broken', -8),
      await shop.stock.left(),
    ]).toEqual(['conflict', 'fewer-than-that', 'added', new Map([['print', 0]])]);
    await expectSound(shop);
  }, 60_000);
});
