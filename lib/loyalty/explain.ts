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
    case 'campaign':
      return `campaign ${step.rule}: ${n} points more`;
    case 'budget':
      return `${step.rule}: its budget is used up, ${n} points less`;
    case 'referral':
      return `brought by a friend: ${n} points`;
    case 'flagged':
      return `waits until somebody has looked: ${step.rule}`;
    case 'below-minimum':
      return `${step.rule}: ${amount} is below the minimum`;
    case 'inactive':
      return 'was not there for a while';
    case 'reminded':
      return `${n} points expire soon: the member is told`;
    case 'nobody-to-remind':
      return `${n} points expire soon; no channel is there to tell the member`;
    case 'reminder-sent':
      return `told of points that expire, through ${step.rule}`;
    case 'reminder-impossible':
      return `could not be told of points that expire, through ${step.rule}`;
    case 'refunded-before':
      return `goods were returned before the sale was told: ${n} points less`;
    case 'waits-for-order':
      return 'the order is not known yet: the refund waits for it';
    case 'reversed':
      return `goods were returned: ${n} points taken back`;
    case 'merged':
      return `${n} points went over with the account that was merged`;
    case 'unmerged':
      return `${n} points went back with the account that was parted`;
    case 'returned':
      return `${n} points that were spent on the order given back`;
    case 'spent-before':
      return `${n} of the points had been spent and are let go`;
    case 'lapsed-before':
      return `${n} of the points had lapsed already`;
    case 'day-has-come':
      return `${n} points have waited long enough`;
    case 'activated':
      return `${n} points need wait no longer`;
    case 'waits-for-review':
      return 'said yes to; the points still wait until somebody has looked';
    case 'declined':
      return `${n} points that waited are gone: ${step.rule}`;
    case 'tier-reviewed':
      return `what counts makes it tier ${step.rule} now`;
    case 'tier-granted':
      return `tier ${step.rule} given by staff`;
    case 'tier-grant-ended':
      return `tier ${step.rule} is no longer given by staff`;
    case 'other-currency':
      return 'no points: another currency than the program’s';
    case 'before-program':
      return 'no points: before the program began';
    case 'no-rule':
      return 'no points: no rule is about this';
    case 'unknown-reward':
      return 'refused: there is no such reward';
    case 'points-buy-rewards-only':
      return 'refused: points are no money here, they buy rewards';
    case 'not-available-yet':
      return 'refused: the reward is not to be had yet';
    case 'no-longer-available':
      return 'refused: the reward is not to be had any more';
    case 'tier-too-low':
      return 'refused: the reward is for a higher tier';
    case 'limit-reached':
      return 'refused: the member has had as many of it as one may have';
    case 'wrong-step':
      return 'refused: the program has no such step';
    case 'out-of-stock':
      return 'refused: none is left';
    case 'redeemed':
      return step.rule ? `${step.rule}: ${n} points spent` : `${n} points spent`;
    case 'held':
      return step.rule ? `${step.rule}: ${n} points put aside` : `${n} points put aside`;
    case 'captured':
      return `${n} points that were put aside are spent`;
    case 'released':
      return `${n} points that were put aside given back`;
    case 'voided':
      return `not wanted any more: ${n} points given back`;
    case 'lapsed':
      return `not fetched in time: ${n} points given back`;
    case 'code-used':
      return `the code of ${step.rule} was used`;
    case 'code-revoked':
      return `the code of ${step.rule} was taken back by staff`;
    case 'imported':
      return `brought along from ${step.rule}: ${n} points`;
    case 'not-enough-points':
      return `refused: it takes ${n} points`;
    case 'adjusted':
      return `${n} points ${(step.points ?? 0) < 0 ? 'taken' : 'given'} by hand: ${step.rule}`;
    case 'undone':
      return `undone by hand: ${step.rule}`;
    case 'declined-by-staff':
      return `refused: a second person said no to ${n} points`;
    case 'dispute-opened':
      return 'the member or staff ask for a second look';
    case 'dispute-closed':
      return `the second look is over: ${step.rule}`;
    case 'referred':
      return 'came with the code of a member';
    case 'referral-rewarded':
      return `a friend has bought for the first time: ${n} points`;
    case 'referral-limit':
      return `a friend has bought for the first time; the limit on referrals leaves out ${n} points`;
    case 'referral-reversed':
      return `the order of a friend has come to nothing: ${n} points taken back`;
    case 'no-referrals':
      return 'no points: the program does not reward referrals any more';
    case 'gift-sent':
      return `${n} points given to another member`;
    case 'gift-received':
      return `${n} points from another member`;
    case 'no-gifts':
      return 'refused: the program does not let members give points';
    case 'to-oneself':
      return 'refused: nobody gives points to themselves';
    case 'too-few-points':
      return `refused: ${n} points are fewer than a gift must have`;
    case 'gift-limit':
      return `refused: ${n} points are more than the limit on gifts leaves`;
    default:
      return step.points === undefined ? step.step : `${step.step}: ${n} points`;
  }
}
