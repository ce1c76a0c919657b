import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ActivityFact, RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';

/** A small program that uses every kind of rule. */
export const programInput = {
  name: 'Test club',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  startsOn: '2026-01-01',
  rules: [
    {
      id: 'spend',
      on: 'sale',
      when: [{ is: 'category-not-in', categories: ['gift-card'] }],
      earn: { kind: 'per-amount', points: 7, amount: '1.00', base: 'net' },
    },
    {
      id: 'visit',
      on: 'activity',
      when: [{ is: 'activity', activities: ['visit'] }],
      earn: { kind: 'flat', points: 5 },
      multiplied: false,
    },
  ],
  caps: [{ id: 'daily', points: 5_000, per: 'day' }],
  tiers: [
    { id: 'base', name: 'Base', from: 0 },
    { id: 'gold', name: 'Gold', from: 1_000, multiplierBp: 15_000 },
  ],
  rewards: [
    { id: 'coffee', name: 'A coffee', cost: 30 },
    { id: 'dinner', name: 'A dinner', cost: 600, tier: 'gold' },
  ],
  expiry: { kind: 'months', months: 12, until: 'end-of-month' },
  // Tests of reminders have a ladder of their own.
  expiryReminders: [],
  redemption: { pointsPerMinor: 1 },
} satisfies ProgramInput;

const programs = new Map<string, Program>();

/** Checked once for all who ask for the same: a check takes longer than most of what is done with it. */
export function program(changes: Partial<ProgramInput> = {}): Program {
  const input = { ...programInput, ...changes };
  const text = JSON.stringify(input);
  const checked = programs.get(text) ?? Program.parse(input);
  programs.set(text, checked);
  return checked;
}

export const tables = { accounts: 'test-accounts', entries: 'test-entries' };

/** A clock that a test moves. */
export class TestClock {
  at: Date;
  constructor(at = '2026-03-10T12:00:00Z') {
    this.at = new Date(at);
  }
  readonly now = (): Date => this.at;
  to(at: string): void {
    this.at = new Date(at);
  }
}

export const ledgerOn = (
  client: DynamoDBClient,
  clock: TestClock,
  changes: Partial<ProgramInput> = {},
  on = tables,
  /** No waiting in memory; where others really are in the way, somebody has to step aside. */
  random: () => number = () => 0,
): Ledger => openLedger({ client, tables: on, program: program(changes), version: 'test', now: clock.now, random });

export const sale = (orderId: string, netMinor: number, more: Partial<SaleFact> = {}): SaleFact => ({
  type: 'sale',
  factId: `test:${orderId}`,
  occurredAt: '2026-03-10T12:00:00Z',
  source: 'till',
  identities: [],
  orderId,
  currency: 'EUR',
  netMinor,
  grossMinor: netMinor,
  lines: [],
  ...more,
});

export const refund = (
  orderId: string,
  refundId: string,
  extent: RefundFact['extent'] | number,
  more: Partial<RefundFact> = {},
): RefundFact => ({
  type: 'refund',
  factId: `test:${orderId}:${refundId}`,
  occurredAt: '2026-03-11T12:00:00Z',
  source: 'till',
  identities: [],
  orderId,
  refundId,
  currency: 'EUR',
  reason: 'return',
  extent: typeof extent === 'number' ? { kind: 'amount', netMinor: extent, grossMinor: extent } : extent,
  ...more,
});

export const visit = (activityId: string, more: Partial<ActivityFact> = {}): ActivityFact => ({
  type: 'activity',
  factId: `test:${activityId}`,
  occurredAt: '2026-03-10T12:00:00Z',
  source: 'till',
  identities: [],
  activity: 'visit',
  activityId,
  ...more,
});
