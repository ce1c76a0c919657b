import type { Account } from './account.ts';
import { minor } from './conditions.ts';
import type { ActivityFact, SaleFact } from './facts.ts';
import { shortPeriodOf } from './period.ts';
import type { Program } from './program.ts';
import type { Situation } from './situation.ts';

/** Counted with the member; no cap has a name with a colon. */
const SALES = 'fraud:sales';
/** Orders of which something went back, and of those the ones that are no purchases any more. */
const RETURNED = 'fraud:returned@';
const GONE = 'fraud:gone@';

/** Fewer purchases say nothing about a person. */
const PURCHASES_MIN = 5;

/** Why somebody should look at this before its points can be spent. Nothing of it stops a till. */
export function suspicions(account: Account, fact: SaleFact | ActivityFact, situation: Situation): readonly string[] {
  const { program, flags = [] } = situation;
  if (fact.type !== 'sale') return flags;
  const { largestSale, salesPerMember } = program.fraud;
  const found = [...flags];
  if (largestSale !== undefined && fact.grossMinor > minor(largestSale, program.currency))
    found.push('impossible-amount');
  const sales = salesCounter(fact, program);
  if (salesPerMember && sales !== undefined && (account.counters[sales] ?? 0) >= salesPerMember.max)
    found.push('sales-per-member');
  if (returnsTooOften(account, program)) found.push('refund-ratio');
  return found;
}

/** What a sale counts towards later suspicions. */
export function saleCounts(fact: SaleFact, program: Program): Readonly<Record<string, number>> {
  const sales = salesCounter(fact, program);
  return sales === undefined ? {} : { [sales]: 1 };
}

const salesCounter = ({ occurredAt }: SaleFact, { fraud, timeZone }: Program): string | undefined =>
  fraud.salesPerMember && `${SALES}@${shortPeriodOf(fraud.salesPerMember.per, timeZone, occurredAt)}`;

/** What a refund counts: an order once, however often something of it goes back. */
export function refundCounts(
  { fraud }: Program,
  { first, last }: { readonly first: boolean; readonly last: boolean },
): Readonly<Record<string, number>> {
  if (fraud.refundRatioBp === undefined) return {};
  return { ...(first && { [RETURNED]: 1 }), ...(last && { [GONE]: 1 }) };
}

/** Of all orders, too many of which something went back. */
export function returnsTooOften({ purchases, counters }: Pick<Account, 'purchases' | 'counters'>, { fraud }: Program) {
  if (fraud.refundRatioBp === undefined) return false;
  const all = purchases + (counters[GONE] ?? 0);
  return all >= PURCHASES_MIN && (counters[RETURNED] ?? 0) * 10_000 >= fraud.refundRatioBp * all;
}
