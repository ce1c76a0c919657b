import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { explain } from '../../lib/loyalty/explain.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import fc from '../fast-check.ts';
import { Life } from './life.ts';

const never = { expiry: { kind: 'none' } } satisfies Partial<ProgramInput>;
const detailOf = (entry: Entry | string) => (typeof entry === 'string' ? entry : entry.detail);

describe('points by hand', () => {
  it('go where those go that are earned that day', () => {
    const life = new Life({ expiry: { kind: 'months', months: 12, until: 'end-of-month' } }).on('2026-03-10');
    const given = life.adjust(50);
    expect(detailOf(given)).toEqual({
      kind: 'adjusted',
      adjustmentId: 'a0',
      points: 50,
      reason: 'goodwill',
      to: '2027-03-31',
      by: 'mia',
    });
    expect(life.account.buckets).toEqual({ '2027-03-31': 50 });
    expect(explain(given as Entry)).toEqual([
      { text: '50 points given by hand: goodwill', points: 50, rule: 'goodwill' },
    ]);
  });

  it('count to what was ever earned, and not towards a tier', () => {
    const life = new Life({
      ...never,
      tiers: [
        { id: 'base', name: 'Base', from: 0 },
        { id: 'gold', name: 'Gold', from: 100 },
      ],
    });
    life.adjust(500);
    expect({ ...life.points, tier: life.account.tier, window: life.account.window }).toEqual({
      available: 500,
      pending: 0,
      held: 0,
      lifetime: 500,
      tier: 'base',
      window: {},
    });
  });

  it('pay what is owed first', () => {
    const life = new Life(never);
    life.adjust(-30, { belowZero: true });
    life.adjust(50);
    expect(life.account.buckets).toEqual({ never: 20 });
  });

  it('keep the others alive where points lapse by inactivity', () => {
    const life = new Life({ expiry: { kind: 'inactivity', months: 6, until: 'day' } }).on('2026-01-10');
    life.buy('o', 40);
    life.on('2026-05-10').adjust(10);
    expect(life.account.buckets).toEqual({ '2026-11-10': 50 });
  });

  it('are taken from what expires first, and not from what has', () => {
    const life = new Life({ expiry: { kind: 'months', months: 1, until: 'day' } }).on('2026-01-10');
    life.buy('a', 10);
    life.on('2026-02-05').buy('b', 20);
    life.on('2026-02-08').buy('c', 30);
    life.on('2026-02-11').adjust(-25);
    expect(life.account.buckets).toEqual({ '2026-02-10': 10, '2026-03-08': 25 });
  });

  it.each<[string, Partial<ProgramInput>, object, object]>([
    ['owed, where debt is allowed', {}, { owed: -20 }, {}],
    ['let go, where a balance stops at zero', { refunds: { whenSpent: 'stop-at-zero' } }, {}, { letGo: 20 }],
  ])('what is not there is %s', (_, changes, buckets, more) => {
    const life = new Life({ ...never, ...changes });
    life.adjust(30);
    const taken = life.adjust(-50, { belowZero: true });
    expect(life.account.buckets).toEqual(buckets);
    expect(detailOf(taken)).toEqual({
      kind: 'adjusted',
      adjustmentId: 'a1',
      points: -50,
      reason: 'goodwill',
      by: 'mia',
      ...more,
    });
  });

  it('are refused below zero unless that is said, and the refusal is on record', () => {
    const life = new Life(never);
    life.adjust(30);
    const refused = life.adjust(-31);
    expect(detailOf(refused)).toEqual({
      kind: 'refused',
      of: 'E#staff#a1#adjusted',
      because: 'not-enough-points',
      points: -31,
      by: 'mia',
    });
    expect(life.account.buckets).toEqual({ never: 30 });
  });
});

describe('undone', () => {
  it('points that were given go back', () => {
    const life = new Life(never);
    const given = life.adjust(50);
    expect(detailOf(life.undo(given))).toEqual({
      kind: 'undone',
      entry: 1,
      of: 'E#staff#a0#adjusted',
      points: -50,
      reason: 'correction',
      by: 'mia',
    });
    expect(life.points).toEqual({ available: 0, pending: 0, held: 0, lifetime: 0 });
  });

  it('points that were spent meanwhile are owed, or let go', () => {
    const owing = new Life(never);
    const given = owing.adjust(50);
    owing.spend(40);
    owing.undo(given);
    expect(owing.points.available).toBe(-40);

    const stopping = new Life({ ...never, refunds: { whenSpent: 'stop-at-zero' } });
    const other = stopping.adjust(50);
    stopping.spend(40);
    expect(detailOf(stopping.undo(other))).toMatchObject({ points: -50, letGo: 40 });
    expect(stopping.points.available).toBe(0);
  });

  it('points that were taken come back to where they were, or for the days of grace', () => {
    const life = new Life({ expiry: { kind: 'months', months: 1, until: 'day' } }).on('2026-01-10');
    life.buy('a', 10);
    life.on('2026-02-05').buy('b', 20);
    const taken = life.adjust(-30);
    life.on('2026-02-11').undo(taken);
    expect(life.account.buckets).toEqual({ '2026-03-05': 20, '2026-03-13': 10 });
  });

  it('a debt is paid by what comes back', () => {
    const life = new Life(never);
    life.adjust(30);
    const taken = life.adjust(-50, { belowZero: true });
    life.undo(taken);
    expect(life.account.buckets).toEqual({ never: 30 });
  });

  it('a visit was none: no points, no visit, no part of a tier, and its room under the limit is free again', () => {
    const life = new Life({
      ...never,
      rules: [{ id: 'visit', on: 'activity', earn: { kind: 'flat', points: 5 } }],
      caps: [{ id: 'daily', points: 5, per: 'day' }],
      tiers: [
        { id: 'base', name: 'Base', from: 0 },
        { id: 'gold', name: 'Gold', from: 5 },
      ],
    });
    const before = life.account;
    const came = life.visit('v1');
    expect(life.account.tier).toBe('gold');
    life.undo(came);
    const { seq: _, headHash: __, lastActivityOn: ___, ...after } = life.account;
    const { seq: ____, headHash: _____, ...was } = before;
    expect(after).toEqual(was);
    life.visit('v2');
    expect(life.points.available).toBe(5);
  });

  it('of what was declined there is nothing left to take', () => {
    const life = new Life({
      ...never,
      rules: [{ id: 'visit', on: 'activity', earn: { kind: 'flat', points: 5 }, pending: { kind: 'confirmation' } }],
    });
    const came = life.visit('v1');
    life.adjust(3);
    life.say('declined', 'visit:v1');
    expect(detailOf(life.undo(came))).toMatchObject({ points: 0 });
    expect(life.points).toEqual({ available: 3, pending: 0, held: 0, lifetime: 3 });
  });

  it('what still waits is taken from where it waits', () => {
    const life = new Life({
      ...never,
      rules: [{ id: 'visit', on: 'activity', earn: { kind: 'flat', points: 5 }, pending: { kind: 'days', days: 7 } }],
    });
    life.adjust(3);
    const came = life.visit('v1');
    life.undo(came);
    expect(life.points).toEqual({ available: 3, pending: 0, held: 0, lifetime: 3 });
  });

  it('a remainder goes with the visit that left it', () => {
    const life = new Life({
      ...never,
      stacking: { rounding: 'carry' },
      multipliers: [{ id: 'half', bp: 15_000 }],
      rules: [{ id: 'visit', on: 'activity', earn: { kind: 'flat', points: 5 } }],
    });
    const [first, second] = [life.visit('v1'), life.visit('v2')];
    expect([life.points.available, life.account.carry]).toEqual([15, 0]);
    life.undo(first);
    expect([life.points.available, life.account.carry]).toEqual([7, 500]);
    life.undo(second);
    expect([life.points.available, life.account.carry]).toEqual([0, 0]);
  });

  it.each([
    ['a sale', (life: Life) => life.buy('o', 10), 'has-an-end-of-its-own'],
    ['a redemption', (life: Life) => [life.buy('o', 10), life.spend(5)].at(-1) as Entry, 'has-an-end-of-its-own'],
    ['an undoing', (life: Life) => life.undo(life.adjust(5)), 'has-an-end-of-its-own'],
    [
      'a tier that another one has replaced',
      (life: Life) => {
        const first = life.grant({ grantId: 'g1', tier: 'base', through: '2026-12-31', by: 'mia' });
        life.grant({ grantId: 'g2', tier: 'base', through: '2026-06-30', by: 'mia' });
        return first;
      },
      'superseded',
    ],
  ])('%s is not', (_, done, because) => {
    const life = new Life(never);
    expect(life.undo(done(life))).toBe(because);
  });

  it('whatever was given and taken in whatever order, undoing all of it leaves what there was', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: -500, max: 500 }).filter((amount) => amount !== 0),
          { minLength: 1, maxLength: 12 },
        ),
        fc.infiniteStream(fc.nat()),
        (amounts, picks) => {
          const life = new Life(never);
          life.buy('o', 100);
          const booked = amounts.map((amount) => life.adjust(amount, { belowZero: true }));
          while (booked.length > 0) {
            const [one] = booked.splice((picks.next().value ?? 0) % booked.length, 1);
            life.undo(one ?? '');
          }
          expect(life.points).toEqual({ available: 100, pending: 0, held: 0, lifetime: 100 });
        },
      ),
      { seed: 20_260_310, numRuns: 200 },
    );
  });
});
