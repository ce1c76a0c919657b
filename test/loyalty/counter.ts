import type { Account } from '../../lib/loyalty/account.ts';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { append, type Draft, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import type { ActivityFact, Line, RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { Condition } from '../../lib/loyalty/program/conditions.ts';
import { Action } from '../../lib/loyalty/program/earning.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { program } from '../ledger/world.ts';

/** A shop's counter with one member in front of it: says what each sale, activity or refund came to. */

export type Rules = ProgramInput['rules'];

/** All that a rule can say. */
export const WORDS = {
  conditions: Condition.options.map(({ shape }) => shape.is.value),
  actions: Action.options.map(({ shape }) => shape.kind.value),
};

/** A point for each euro. */
export const onePerEuro = {
  id: 'spend',
  on: 'sale',
  earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' },
} as const satisfies Rules[number];

export class Counter {
  account: Account;
  readonly entries: Entry[] = [];
  private readonly situation: Situation;

  constructor(changes: Partial<ProgramInput>, account: Partial<Account> = {}, around: Partial<Situation> = {}) {
    const { caps = [], tiers = [{ id: 'base', name: 'Base', from: 0 }], rewards = [], ...more } = changes;
    this.situation = {
      program: program({ caps, tiers, rewards, ...more }),
      now: new Date('2026-03-10T12:00:00Z'),
      ...around,
    };
    this.account = { ...newAccount('m', 'base'), ...account };
  }

  private post(draft: Draft): Entry {
    const stamp = { recordedAt: this.situation.now.toISOString(), program: 'test' };
    const { entry, account } = append(this.account, draft, stamp);
    this.entries.push(entry);
    this.account = account;
    return entry;
  }

  /** What the member has got through it: more for a sale, less for a refund. */
  tell(fact: SaleFact | ActivityFact | RefundFact): number {
    const before = this.account.lifetime;
    if (fact.type === 'sale') this.post(decideSale(this.account, fact, this.situation));
    else if (fact.type === 'activity') this.post(decideActivity(this.account, fact, this.situation));
    else {
      const ofOrder = this.entries.filter(({ detail }) => 'orderId' in detail && detail.orderId === fact.orderId);
      const sold = ofOrder.find(({ detail }) => detail.kind === 'sale');
      if (!sold) throw new Error(`nothing was sold as ${fact.orderId}`);
      this.post(decideRefund(this.account, fact, this.situation, sold, ofOrder));
    }
    return this.account.lifetime - before;
  }

  tellAll = (...facts: readonly (SaleFact | ActivityFact | RefundFact)[]): number[] =>
    facts.map((fact) => this.tell(fact));

  get lastEntry(): Entry {
    const last = this.entries.at(-1);
    if (!last) throw new Error('nothing was told');
    return last;
  }
}

/** Goods of that price, with tax. */
export const goods = (id: string, grossMinor: number, more: Partial<Line> = {}): Line => ({
  id,
  quantity: 1,
  netMinor: grossMinor,
  grossMinor,
  ...more,
});
