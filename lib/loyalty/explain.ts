import type { Entry, Step } from './entry.ts';
import { formatAmount } from './money.ts';

/** One line of an explanation, as the API and staff see it. */
export interface Sentence {
  readonly text: string;
  readonly points?: number;
  readonly rule?: string;
}

/** Says in words why an entry is what it is. From the entry alone, so that it never changes after the fact. */
export function explain(entry: Pick<Entry, 'detail' | 'trace'>): Sentence[] {
  const currency = entry.detail.kind === 'sale' ? entry.detail.currency : undefined;
  return entry.trace.map((step) => ({
    text: sentence(step, currency),
    ...(step.points !== undefined && { points: step.points }),
    ...(step.rule !== undefined && { rule: step.rule }),
  }));
}

function sentence(step: Step, currency: string | undefined): string {
  const n = Math.abs(step.points ?? 0);
  const amount =
    step.amountMinor !== undefined && currency ? `${formatAmount(step.amountMinor, currency)} ${currency}` : undefined;
  switch (step.step) {
    case 'rule':
      return amount ? `${step.rule}: ${n} points for ${amount}` : `${step.rule}: ${n} points`;
    case 'tier':
      return `tier ${step.rule} multiplies by ${(step.bp ?? 0) / 10_000}`;
    case 'multiplier':
      return `${step.rule} multiplies by ${(step.bp ?? 0) / 10_000}`;
    case 'factor-limit':
      return `all multipliers together are limited to ${(step.bp ?? 0) / 10_000}`;
    case 'group':
      return `${step.rule}: ${n} points that do not count, since another rule of its group does`;
    case 'cap':
      return `the limit ${step.rule} leaves out ${n} points`;
    case 'referral':
      return `brought by a friend: ${n} points`;
    case 'flagged':
      return `waits until somebody has looked: ${step.rule}`;
    case 'below-minimum':
      return `${step.rule}: ${amount} is below the minimum`;
    case 'refunded-before':
      return `goods were returned before the sale was told: ${n} points less`;
    case 'waits-for-order':
      return 'the order is not known yet: the refund waits for it';
    case 'reversed':
      return `goods were returned: ${n} points taken back`;
    case 'returned':
      return `${n} points that were spent on the order given back`;
    case 'spent-before':
      return `${n} of the points had been spent and are let go`;
    case 'lapsed-before':
      return `${n} of the points had lapsed already`;
    case 'other-currency':
      return 'no points: another currency than the program’s';
    case 'before-program':
      return 'no points: before the program began';
    case 'no-rule':
      return 'no points: no rule is about this';
    case 'unknown-reward':
      return 'refused: there is no such reward';
    case 'tier-too-low':
      return 'refused: the reward is for a higher tier';
    case 'not-enough-points':
      return `refused: it takes ${n} points`;
    default:
      return step.points === undefined ? step.step : `${step.step}: ${n} points`;
  }
}
