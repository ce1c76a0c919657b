import type { Account, Day } from '../loyalty/account.ts';
import { decideActivity, decideSale, saleDifferences } from '../loyalty/accrue.ts';
import { append, type Draft, type Entry, keyOf } from '../loyalty/entry.ts';
import type { ActivityFact, RefundFact, SaleFact } from '../loyalty/facts.ts';
import { decideExpiry } from '../loyalty/lapse.ts';
import { decideNote, type Note } from '../loyalty/notes.ts';
import { isEmptyRound } from '../loyalty/occasions.ts';
import { holdOf } from '../loyalty/redeem.ts';
import { decideEarlyRefund, decideRefund } from '../loyalty/refund.ts';
import { lapsable } from '../loyalty/reminders.ts';
import { type Situation, today } from '../loyalty/situation.ts';
import { type Budgets, wantedBy } from './budgets.ts';
import { type Journal, type JournalOptions, type Outcome, openJournal } from './journal.ts';
import { redeeming, type Supplies } from './ledger/redeeming.ts';
import { time } from './ledger/time.ts';
import type { CampaignsAround, Surroundings } from './surroundings.ts';

/** What would be posted now: the very same decision, not written. */
export interface Quote {
  readonly draft: Draft;
  readonly entry: Entry;
}

export interface LedgerOptions extends JournalOptions {
  /** Absent: nobody looks around, and no sale has tags or flags. */
  readonly surroundings?: Surroundings;
  /** Told of each sale that was booked now, once; it keeps its faults to itself. */
  readonly booked?: ((sale: SaleFact) => Promise<void>) | undefined;
  /** Absent: no budget is counted. */
  readonly budgets?: Budgets | undefined;
  /** Absent: rewards are those of the program. */
  readonly campaigns?: CampaignsAround | undefined;
  /** Absent: no stock is counted, and no code is given out. */
  readonly supplies?: (() => Supplies) | undefined;
}

/**
 * What tills ask of a ledger. Whoever waits at a counter starts a function for it: what only sweeps ask is in
 * `keeper.ts`, what only staff and members' pages do in `ledger.ts`.
 */
export const openTill = (options: LedgerOptions) => commands(openJournal(options), options);

/** Those commands, over a journal that others may use as well. */
export function commands(journal: Journal, options: LedgerOptions) {
  const { account, entry, entries, entriesOf, post } = journal;
  const { spentOn, ...redemptions } = redeeming(journal, options.supplies, options.campaigns);

  async function sale(memberId: string, fact: SaleFact): Promise<Outcome> {
    const around = await options.surroundings?.(memberId, fact, { quote: false });
    const spent = fact.redemptionId ? await spentOn(memberId, fact.redemptionId) : undefined;
    return post(memberId, (account, at) =>
      withinBudgets(account, { ...at, ...around }, (all) => decideSale(account, fact, all, spent)),
    );
  }

  /** Decides, and once more with what the budgets had left where a rule wants of one. */
  async function withinBudgets(
    { memberId }: Account,
    at: Situation,
    decide: (at: Situation) => Draft,
    ask: 'reserve' | 'expect' = 'reserve',
  ): Promise<Draft> {
    const draft = decide(at);
    const wanted = wantedBy(draft, at.program, at.campaigns);
    if (!options.budgets || Object.keys(wanted).length === 0) return draft;
    // What stands already wants nothing more: it is answered from its entry.
    if (await entry(memberId, draft.key)) return draft;
    return decide({ ...at, budgets: await options.budgets[ask](memberId, draft.key, wanted) });
  }

  async function quote(memberId: string, fact: SaleFact): Promise<Quote> {
    const around = await options.surroundings?.(memberId, fact, { quote: true });
    const current = await journal.home(memberId);
    const at = { ...journal.situation(), ...around };
    const hold = fact.redemptionId ? holdOf(current, fact.redemptionId) : undefined;
    const spent =
      hold && fact.redemptionId ? { redemptionId: fact.redemptionId, points: hold.points, from: hold.from } : undefined;
    const draft = await withinBudgets(current, at, (all) => decideSale(current, fact, all, spent), 'expect');
    return { draft, entry: append(current, draft, journal.stamp(at)).entry };
  }

  const refund = (memberId: string, fact: RefundFact): Promise<Outcome> =>
    post(memberId, async (account, at) => {
      const ofOrder = await entriesOf(account, keyOf(fact.source, fact.orderId, ''));
      const theSale = ofOrder.find((one) => one.detail.kind === 'sale');
      if (theSale) {
        const before = ofOrder.filter((one) => one.detail.kind !== 'refund' || one.detail.refundId !== fact.refundId);
        return decideRefund(account, fact, at, theSale, before);
      }
      const draft = decideEarlyRefund(account, fact);
      return 'refused' in draft ? { kind: 'refused', because: draft.refused } : draft;
    });

  return {
    ...redemptions,
    ...time(journal),
    account,
    entry,
    entries,
    quote,
    refund,
    /** Earns, once for the order; captures the redemption that paid for part of it first. */
    async sale(memberId: string, fact: SaleFact): Promise<Outcome> {
      const outcome = await sale(memberId, fact);
      if (outcome.kind === 'posted') await options.booked?.(fact);
      if (outcome.kind !== 'conflict' || outcome.entry.detail.kind !== 'sale') return outcome;
      return { ...outcome, differences: saleDifferences(outcome.entry.detail, fact) };
    },
    async activity(memberId: string, fact: ActivityFact): Promise<Outcome> {
      const around = await options.surroundings?.(memberId, fact, { quote: false });
      return post(memberId, async (account, at) => {
        const draft = await withinBudgets(account, { ...at, ...around }, (all) => decideActivity(account, fact, all));
        return isEmptyRound(draft) ? { kind: 'refused', because: 'nothing-to-give' } : draft;
      });
    },
    note: (memberId: string, note: Note, told: { source: string; object: string; at: string }): Promise<Outcome> =>
      post(memberId, (account) => decideNote(account, note, told)),
    /** Takes out what could be spent through that day and no longer, of which the member was warned. Nothing to take is no entry. */
    expire: (memberId: string, through: Day): Promise<Outcome> =>
      post(memberId, (account, at) =>
        through >= today(at)
          ? { kind: 'refused', because: 'day-not-over' }
          : (decideExpiry(lapsable(account, at.program), through, at) ?? {
              kind: 'refused',
              because: 'nothing-to-expire',
            }),
      ),
  };
}
