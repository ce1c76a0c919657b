import { describe, expect, it } from '@jest/globals';
import type { Adjustment } from '../../lib/loyalty/adjust.ts';
import { type Flagged, flaggedIn, reviewOf } from '../../lib/loyalty/flagged.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openDesk } from '../../lib/runtime/desk.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { type Asked, type Disputed, openStaff } from '../../lib/runtime/staff.ts';
import { openStaffNotes } from '../../lib/runtime/staff-notes.ts';
import { openVelocity } from '../../lib/runtime/velocity.ts';
import { MemoryClient, type Mishap } from './memory-client.ts';
import { ledgerOn, program, refund, sale, TestClock, visit } from './world.ts';

const M = 'm_1';
const rules = { expiry: { kind: 'none' }, fraud: { largestSale: '100.00' } } as const;
const [mia, noor] = [
  { staffId: 'mia', keyId: 'till-key' },
  { staffId: 'noor', keyId: 'office-key' },
];
const asked = (points: number, adjustmentId = 'a'): Adjustment => ({
  adjustmentId,
  points,
  reason: 'goodwill',
  by: mia.staffId,
  belowZero: false,
});

/** The back office over tables that outlive it. */
function office(memory: MemoryClient, clock = new TestClock()) {
  const client = memory.asClient();
  const desk = { client, table: 'test-program', now: clock.now };
  const parts = {
    ledger: ledgerOn(client, clock, rules),
    program: program(rules),
    approvals: openDesk<Asked>({ ...desk, kind: 'approval' }),
    reviews: openDesk<Flagged>({ ...desk, kind: 'review' }),
    disputes: openDesk<Disputed>({ ...desk, kind: 'dispute' }),
    notes: openStaffNotes({ client, table: 'test-members' }),
    now: clock.now,
  };
  return { ...parts, staff: openStaff(parts), clock };
}
type Office = ReturnType<typeof office>;

async function begun(...before: ((at: Office) => Promise<unknown>)[]): Promise<MemoryClient> {
  const memory = new MemoryClient();
  // Somebody to write notes about.
  memory.tables.set('test-members', new Map([[`M#${M}`, new Map([['P', { pk: { S: `M#${M}` }, sk: { S: 'P' } }]])]]));
  for (const step of before) await step(office(memory));
  return memory;
}

/** All that is left, once everything is over. */
async function stateOf(memory: MemoryClient) {
  const { ledger, approvals, reviews, disputes } = office(memory);
  const [account, entries] = [await ledger.account(M), await ledger.entries(M)];
  expect(checkMember(M, entries, account)).toBeUndefined();
  const open = async <About>(desk: { waiting(page: { limit: number }): Promise<{ matters: readonly About[] }> }) =>
    (await desk.waiting({ limit: 100 })).matters;
  return {
    account,
    entries,
    waiting: [await open(approvals), await open(reviews), await open(disputes)],
    notes: [...(memory.tables.get('test-members')?.get(`M#${M}`)?.keys() ?? [])],
  };
}

const flagged = async ({ ledger, reviews }: Office): Promise<void> => {
  const outcome = await ledger.sale(M, sale('o', 20_000, { staffId: 'mia' }));
  if (!('entry' in outcome) || !outcome.entry) throw new Error(outcome.kind);
  const about = flaggedIn(outcome.entry);
  if (!about) throw new Error('nothing was flagged');
  await reviews.open({ id: reviewOf(about), memberId: M, at: outcome.entry.recordedAt, about });
};
const large = ({ staff }: Office) => staff.adjust(M, asked(1_000), { keyId: mia.keyId, note: 'why' });
const approved = ({ staff }: Office) => staff.approve('adjustment:a', noor);
const disputed = ({ staff }: Office) => staff.dispute(M, { disputeId: 'd', text: 'no!', by: 'member' });

const commands: readonly [string, ((at: Office) => Promise<unknown>)[], (at: Office) => Promise<unknown>][] = [
  [
    'a small adjustment with its note',
    [],
    ({ staff }) => staff.adjust(M, asked(10), { keyId: mia.keyId, note: 'why' }),
  ],
  ['a large one', [], large],
  ['its approval', [large], approved],
  ['its refusal', [large], ({ staff }) => staff.decline('adjustment:a', noor)],
  ['an undoing', [large, approved], ({ staff }) => staff.undo(`${M}.1`, { reason: 'correction', by: 'mia' }, mia)],
  [
    'an undoing that is approved',
    [large, approved, ({ staff }) => staff.undo(`${M}.1`, { reason: 'correction', by: 'mia' }, mia)],
    ({ staff }) => staff.approve(`undo:${M}.1`, noor),
  ],
  [
    'an undoing that is declined',
    [large, approved, ({ staff }) => staff.undo(`${M}.1`, { reason: 'correction', by: 'mia' }, mia)],
    ({ staff }) => staff.decline(`undo:${M}.1`, noor),
  ],
  [
    'the undoing of a visit',
    [({ ledger }) => ledger.activity(M, visit('v'))],
    ({ staff }) => staff.undo(`${M}.1`, { reason: 'correction', by: 'mia' }, mia),
  ],
  ['a dispute', [], disputed],
  [
    'its end, made good',
    [disputed],
    ({ staff }) =>
      staff.closeDispute(
        { disputeId: 'd', outcome: 'upheld', by: 'mia' },
        { keyId: mia.keyId, adjustment: { points: 5, reason: 'complaint' } },
      ),
  ],
  ['a review', [flagged], ({ staff }) => staff.review({ source: 'till', object: 'o' }, 'activated', noor)],
  ['a review that says no', [flagged], ({ staff }) => staff.review({ source: 'till', object: 'o' }, 'declined', noor)],
];

describe.each(commands)('every call as a crash point: %s', (_, before, command) => {
  it('asked again, it ends as if nothing had happened', async () => {
    const calm = await begun(...before);
    const callsBefore = calm.restarted();
    await command(office(callsBefore));
    const expected = await stateOf(calm);
    for (const kind of ['fail', 'lost', 'die', 'conflict'] as const) {
      for (let at = 1; at <= callsBefore.calls; at += 1) {
        const memory = await begun(...before);
        const broken = memory.restarted();
        broken.mishap = (call): Mishap | undefined => (call === at ? kind : undefined);
        await command(office(broken)).catch(() => undefined);
        await command(office(memory.restarted()));
        expect(await stateOf(memory)).toEqual(expected);
      }
    }
  });
});

describe('at the same time', () => {
  it('yes and no to one request: one of them, for all', async () => {
    for (let round = 0; round < 8; round += 1) {
      const memory = await begun(large);
      const { staff } = office(memory);
      const people = ['a', 'b', 'c', 'd'].map((staffId) => ({ staffId, keyId: 'office-key' }));
      const outcomes = await Promise.all(
        people.map((who, index) => staff[(index + round) % 2 === 0 ? 'approve' : 'decline']('adjustment:a', who)),
      );
      const { account, entries, waiting } = await stateOf(memory);
      expect(entries).toHaveLength(1);
      expect(waiting).toEqual([[], [], []]);
      const yes = entries[0]?.detail.kind === 'adjusted';
      expect(account?.available).toBe(yes ? 1_000 : 0);
      expect(outcomes.filter(({ kind }) => kind === 'refused')).toHaveLength(2);
    }
  });

  it('a request that is made twice waits once', async () => {
    const memory = await begun();
    const at = office(memory);
    expect((await Promise.all([large(at), large(at), large(at)])).map(({ kind }) => kind)).toEqual([
      'waiting',
      'waiting',
      'waiting',
    ]);
    expect((await stateOf(memory)).waiting[0]).toHaveLength(1);
  });

  it('a review against the return of everything leaves nothing', async () => {
    for (const end of ['activated', 'declined'] as const) {
      const memory = await begun(flagged);
      const { staff, ledger } = office(memory);
      await Promise.all([
        staff.review({ source: 'till', object: 'o' }, end, noor),
        ledger.refund(M, refund('o', 'r', { kind: 'everything' })),
      ]);
      const { account, waiting } = await stateOf(memory);
      expect(account).toMatchObject({ available: 0, pending: 0, lifetime: 0, lots: {}, buckets: {} });
      expect(waiting[1]).toEqual([]);
    }
  });
});

describe('a review', () => {
  it('is not by who served', async () => {
    const { staff } = office(await begun(flagged));
    expect(await staff.review({ source: 'till', object: 'o' }, 'activated', mia)).toEqual({
      kind: 'refused',
      because: 'same-person',
    });
  });

  it('of what was all returned has nothing to say, and leaves the desk', async () => {
    const memory = await begun(flagged, ({ ledger }) => ledger.refund(M, refund('o', 'r', { kind: 'everything' })));
    const { staff } = office(memory);
    const said = { kind: 'refused', because: 'nothing-waits' };
    expect(await staff.review({ source: 'till', object: 'o' }, 'activated', noor)).toEqual(said);
    expect(await staff.review({ source: 'till', object: 'o' }, 'activated', noor)).toEqual(said);
    expect((await stateOf(memory)).waiting).toEqual([[], [], []]);
  });

  it('does not come back to the desk when the stream tells it again', async () => {
    const memory = await begun(
      flagged,
      ({ staff }) => staff.review({ source: 'till', object: 'o' }, 'activated', noor),
      flagged,
    );
    expect((await stateOf(memory)).waiting).toEqual([[], [], []]);
  });

  it('and an order that is reviewed by the buyer under its own number are two things', async () => {
    const memory = await begun(flagged, ({ ledger }) => ledger.activity(M, visit('o', { activity: 'review' })));
    const outcome = await office(memory).staff.review({ source: 'till', object: 'o' }, 'activated', noor);
    expect(outcome.kind).toBe('posted');
  });
});

describe('a note', () => {
  it('is not written about somebody who is gone', async () => {
    const memory = await begun();
    memory.tables.delete('test-members');
    const { staff } = office(memory);
    expect(await staff.adjust(M, asked(10), { keyId: mia.keyId, note: 'why' })).toEqual({
      kind: 'unknown',
      what: 'member',
    });
    expect(await stateOf(memory)).toMatchObject({ entries: [], notes: [] });
  });
});

describe('how much is sold', () => {
  const velocity = (memory: MemoryClient) =>
    openVelocity({
      client: memory.asClient(),
      table: 'test-program',
      program: program({
        fraud: {
          salesPerStaff: { max: 2, per: 'hour' },
          salesPerLocation: { max: 3, per: 'day' },
          salesPerSource: { max: 4, per: 'day' },
        },
      }),
    });
  const byMia = (order: string, more: object = {}) =>
    sale(order, 100, { staffId: 'mia', locationId: 'north', ...more });

  it('is counted by staff, place and source, each in its own time', async () => {
    const { flagsOf, count } = velocity(new MemoryClient());
    const seen: (readonly string[])[] = [];
    for (const [order, more] of [
      ['1', {}],
      ['2', {}],
      ['3', {}],
      ['4', { staffId: 'noor' }],
      ['5', { occurredAt: '2026-03-10T14:00:00Z', locationId: 'south' }],
      ['6', { occurredAt: '2026-03-11T12:00:00Z' }],
      ['7', { source: 'web', staffId: undefined, locationId: undefined }],
    ] as const) {
      seen.push(await flagsOf(byMia(order, more)));
      await count(byMia(order, more));
    }
    expect(seen).toEqual([[], [], ['sales-per-staff'], ['sales-per-location'], ['sales-per-source'], [], []]);
  });

  it('and a table that cannot be had stops no till', async () => {
    const memory = new MemoryClient();
    memory.mishap = () => 'fail';
    const { flagsOf, count } = velocity(memory);
    expect(await flagsOf(byMia('1'))).toEqual([]);
    await count(byMia('1'));
  });

  it('a sale that is told again is counted once', async () => {
    const counted: string[] = [];
    const client = new MemoryClient().asClient();

    const ledger = openLedger({
      client,
      tables: { accounts: 'a', entries: 'e' },
      program: program(),
      version: 'test',
      now: new TestClock().now,
      booked: async ({ orderId }) => {
        counted.push(orderId);
      },
    });
    for (const order of ['1', '1', '2', '1']) await ledger.sale(M, sale(order, 100));
    expect(counted).toEqual(['1', '2']);
  });
});
