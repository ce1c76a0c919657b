import type { Account, Day } from '../../lib/loyalty/account.ts';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { type Adjustment, decideAdjustment } from '../../lib/loyalty/adjust.ts';
import type { Spent } from '../../lib/loyalty/detail.ts';
import { append, type Draft, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import type { ActivityFact, RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { decideExpiry } from '../../lib/loyalty/lapse.ts';
import { decideActivation, decideLotEnd, type LotEnd } from '../../lib/loyalty/lot-ends.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { decideRedemption, decideRelease } from '../../lib/loyalty/redeem.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { decideGrant, decideGrantEnd, decideReview, type Grant } from '../../lib/loyalty/tiers.ts';
import { decideUndo } from '../../lib/loyalty/undo.ts';
import { checkAccount } from '../../lib/loyalty/verify.ts';
import { program, refund, sale, visit } from '../ledger/world.ts';

/** A point for each euro, nothing else: so that an example's numbers are those of its bills. */
export const onePerEuro = {
  rules: [{ id: 'spend', on: 'sale', earn: { kind: 'per-amount', points: 1, amount: '1.00', base: 'gross' } }],
  caps: [],
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  rewards: [],
} satisfies Partial<ProgramInput>;

/** One member's life under a program, told day by day; noon in Berlin unless an example says when. */
export class Life {
  account: Account = newAccount('m', 'base');
  readonly entries: Entry[] = [];
  private at = new Date('2026-01-01T12:00:00+01:00');
  private readonly rules: Situation['program'];

  constructor(changes: Partial<ProgramInput>) {
    this.rules = program({ ...onePerEuro, ...changes });
  }

  get situation(): Situation {
    return { program: this.rules, now: this.at };
  }

  on(when: Day | string): this {
    this.at = new Date(when.includes('T') ? when : `${when}T12:00:00+01:00`);
    return this;
  }

  private book(draft: Draft | { readonly refused: string } | undefined): Entry | string {
    if (!draft) return 'nothing';
    if ('refused' in draft) return draft.refused;
    const { entry, account } = append(this.account, draft, { recordedAt: this.at.toISOString(), program: 'test' });
    const fault = checkAccount(account);
    if (fault) throw new Error(fault);
    this.account = account;
    this.entries.push(entry);
    return entry;
  }

  buy(
    orderId: string,
    euros: number,
    more: Partial<SaleFact> = {},
    around: Partial<Situation> = {},
    spent?: Spent,
  ): Entry | string {
    const fact = sale(orderId, Math.round(euros * 100), { occurredAt: this.at.toISOString(), ...more });
    return this.book(decideSale(this.account, fact, { ...this.situation, ...around }, spent));
  }

  visit(id: string, more: Partial<ActivityFact> = {}): Entry | string {
    return this.book(
      decideActivity(this.account, visit(id, { occurredAt: this.at.toISOString(), ...more }), this.situation),
    );
  }

  /** The whole order, or so many euros of it. */
  return(orderId: string, euros?: number, id = `${orderId}-${this.entries.length}`): Entry | string {
    const extent: RefundFact['extent'] | number = euros === undefined ? { kind: 'everything' } : euros * 100;
    const ofOrder = this.entries.filter(({ key }) => key.startsWith(`E#till#${orderId}#`));
    const [sold] = ofOrder;
    if (!sold) throw new Error(`nothing was sold as ${orderId}`);
    return this.book(decideRefund(this.account, refund(orderId, id, extent), this.situation, sold, ofOrder));
  }

  spend(points: number, redemptionId = `r${this.entries.length}`): Entry | string {
    return this.book(decideRedemption(this.account, { redemptionId, points, capture: true }, this.situation));
  }

  hold(points: number, redemptionId: string): Entry | string {
    return this.book(decideRedemption(this.account, { redemptionId, points, capture: false }, this.situation));
  }

  letGo(redemptionId: string): Entry | string {
    const started = this.entries.find(
      ({ detail }) => detail.kind === 'authorized' && detail.redemptionId === redemptionId,
    );
    return this.book(decideRelease(this.account, redemptionId, 'voided', this.situation, started));
  }

  /** Yes or no, about an order unless another object is named. */
  say(end: LotEnd['end'], object: string, of: LotEnd['of'] = 'lot'): Entry | string {
    const about = this.entries.filter(
      ({ key, detail }) =>
        key.startsWith(`E#till#${object}#`) ||
        (detail.kind === 'activity' && `${detail.activity}:${detail.activityId}` === object),
    );
    const asked = { source: 'till', object, of, end, because: 'said', by: 'till' };
    return this.book(decideLotEnd(this.account, asked, about, this.situation));
  }

  sweepLots(day: Day): Entry | string {
    return this.book(decideActivation(this.account, day, this.situation));
  }

  sweepPoints(through: Day): Entry | string {
    return this.book(decideExpiry(this.account, through, this.situation));
  }

  review(): Entry | string {
    return this.book(decideReview(this.account, this.situation));
  }

  grant(grant: Grant): Entry | string {
    return this.book(decideGrant(this.account, grant, this.situation));
  }

  endGrant(grantId: string): Entry | string {
    return this.book(decideGrantEnd(this.account, { grantId, by: 'ada' }, this.situation));
  }

  /** Points by hand, given or taken. */
  adjust(points: number, more: Partial<Adjustment> = {}): Entry | string {
    const adjustmentId = `a${this.entries.length}`;
    const asked = { adjustmentId, points, reason: 'goodwill', by: 'mia', belowZero: false, ...more };
    return this.book(decideAdjustment(this.account, asked, this.situation));
  }

  undo(entry: Entry | string): Entry | string {
    if (typeof entry === 'string') throw new Error(`nothing was booked: ${entry}`);
    const asked = { reason: 'correction', by: 'mia' };
    const about = this.entries.filter(
      ({ detail }) =>
        entry.detail.kind === 'activity' &&
        detail.kind === 'declined' &&
        detail.lot.endsWith(`#${entry.detail.activity}:${entry.detail.activityId}`),
    );
    return this.book(decideUndo(this.account, entry, asked, this.situation, about));
  }

  get points() {
    const { available, pending, held, lifetime } = this.account;
    return { available, pending, held, lifetime };
  }
}
