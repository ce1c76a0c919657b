import type { Account } from './account.ts';
import { minor } from './conditions.ts';
import type { ActivityFact, SaleFact } from './facts.ts';
import type { Situation } from './situation.ts';

/** Why somebody should look at this before its points can be spent. Nothing of it stops a till. */
export function suspicions(_account: Account, fact: SaleFact | ActivityFact, situation: Situation): readonly string[] {
  const { program, flags = [] } = situation;
  const { largestSale } = program.fraud;
  const large =
    fact.type === 'sale' && largestSale !== undefined && fact.grossMinor > minor(largestSale, program.currency);
  return large ? [...flags, 'impossible-amount'] : flags;
}
